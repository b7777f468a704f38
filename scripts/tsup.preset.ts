import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { relative, resolve } from 'node:path'
import { defineConfig, type Options } from 'tsup'
import { type Manifest, readJson, root } from './packages.mjs'
import { sourcePaths } from './source-aliases.ts'

/**
 * How every package is built: ESM and CJS with types for each entry of `exports`, ESM alone for each `bin`.
 *
 * `exports` of package.json says what comes out, the paths of tsconfig.json say what goes in: there is no third list.
 * `platform: 'node'` gives a package the types of Node, and `nodeEntries` gives them to some of its entries; the others
 * are built without them, so that `Buffer` or `process` in code meant for browsers breaks the build.
 */
export function preset({
  platform = 'neutral',
  nodeEntries = [],
}: {
  platform?: 'neutral' | 'node'
  nodeEntries?: readonly string[]
} = {}) {
  const manifest = readJson('package.json') as Manifest
  const entries = libraryEntries(manifest)
  const bins = Object.fromEntries(
    Object.values(manifest.bin ?? {}).map((file) => [built(file), `src/${built(file)}.ts`]),
  )
  const isLibrary = Object.keys(entries).length > 0
  const hasBin = Object.keys(bins).length > 0
  const tsconfig = resolve(root, platform === 'node' ? 'tsconfig.build.node.json' : 'tsconfig.build.json')

  const common: Options = {
    target: 'es2022',
    platform,
    tsconfig,
    shims: platform === 'node',
    sourcemap: true,
    splitting: true,
    // Nothing of ours does anything on import, so no import is kept for its own sake.
    treeshake: { moduleSideEffects: false },
    minify: false,
    removeNodeProtocol: false,
    esbuildPlugins: [rawText],
    noExternal: [/\?raw$/],
    clean: false, // done here once: several configurations write to the same folder at the same time
  }
  rmSync('dist', { recursive: true, force: true })

  if (nodeEntries.length > 0) {
    const isNode = ([name]: [string, string]): boolean => nodeEntries.includes(name)
    const list = Object.entries(entries)
    const only = (entry: Record<string, string>): Options => ({
      ...common,
      entry,
      format: ['esm', 'cjs'],
      dts: { entry },
    })
    return defineConfig([
      only(Object.fromEntries(list.filter((item) => !isNode(item)))),
      {
        ...only(Object.fromEntries(list.filter(isNode))),
        platform: 'node',
        tsconfig: resolve(root, 'tsconfig.build.node.json'),
      },
    ])
  }
  if (!hasBin)
    return defineConfig({ ...common, entry: entries, format: ['esm', 'cjs'], dts: { entry: entries } })
  const esm: Options = { ...common, entry: { ...entries, ...bins }, format: 'esm' }
  if (!isLibrary) return defineConfig(esm)
  return defineConfig([
    { ...esm, dts: { entry: entries } },
    { ...common, entry: entries, format: 'cjs', dts: { entry: entries } },
  ])
}

/** `import text from 'package/file.js?raw'`: the text of a file, as Vite has it. */
export const rawText: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'raw-text',
  setup: (build) => {
    build.onResolve({ filter: /\?raw$/ }, ({ path, resolveDir }) => ({
      path: createRequire(`${resolveDir}/`).resolve(path.slice(0, -'?raw'.length)),
      namespace: 'raw-text',
    }))
    build.onLoad({ filter: /.*/, namespace: 'raw-text' }, ({ path }) => ({
      contents: readFileSync(path, 'utf8'),
      loader: 'text',
    }))
  },
}

/** `{ 'engines/tiny': 'src/engines/tiny.ts' }` from `exports` and the paths. */
function libraryEntries(manifest: Manifest): Record<string, string> {
  const paths = sourcePaths()
  const entries: Record<string, string> = {}
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    if (typeof target === 'string') continue
    const specifier = manifest.name + subpath.slice(1)
    const path = paths[specifier]
    if (!path) throw new Error(`tsconfig.json has no path for ${specifier}`)
    const source = relative(process.cwd(), resolve(root, path))
    const output = built(target.import.default)
    if (!output.includes('*')) entries[output] = source
    else {
      const [folder = '', extension = ''] = source.split('*')
      for (const file of readdirSync(folder)) {
        if (!file.endsWith(extension) || file.endsWith('.test.ts')) continue
        entries[output.replace('*', file.slice(0, -extension.length))] = folder + file
      }
    }
  }
  return entries
}

/** './dist/engines/tiny.js' → 'engines/tiny' */
function built(file: string): string {
  return file.replace(/^\.\/dist\//, '').replace(/\.js$/, '')
}
