import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from '../../scripts/packages.mjs'
import { sourcePaths } from '../../scripts/source-aliases.ts'
import { rawText } from '../../scripts/tsup.preset.ts'

/** A script for a page, of the sources, as an app's bundler makes it. */
export async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'test/browser', entry)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    alias: Object.fromEntries(
      Object.entries(sourcePaths())
        .filter(([path]) => !path.includes('*'))
        .sort(([a], [b]) => b.length - a.length)
        .map(([path, file]) => [path, join(root, file)]),
    ),
    plugins: [rawText],
    logLevel: 'error',
  })
  return outputFiles[0]!.text
}
