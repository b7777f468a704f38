// Builds apps as a browser gets them, runs them, and tells what they are made of.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { kilobytes } from './harness.mjs'
import { bench, root } from './places.mjs'

/** As shipped, unless told otherwise: the paths of the tsconfig.json above lead to the sources. */
export async function bundle(app, options = { tsconfigRaw: {} }) {
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: [join(bench, 'apps', `${app}.mjs`)],
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      write: false,
      metafile: true,
      logLevel: 'silent',
      absWorkingDir: root,
      ...options,
    })
    const code = outputFiles[0].contents
    const [{ inputs }] = Object.values(metafile.outputs)
    return { code, inputs, minified: code.length, gzip: gzipSync(code, { level: 9 }).length }
  } catch (error) {
    return { error: error.errors?.[0]?.text ?? String(error) }
  }
}

/** Runs a bundle in a realm with the globals of a browser: signs, or sends by the node at `url`. */
export function runBare(folder, app, code, url) {
  const file = join(folder, `${app}.mjs`)
  writeFileSync(file, code)
  const args = [
    '--experimental-vm-modules',
    '--no-warnings',
    join(bench, 'lib/bare.mjs'),
    file,
    ...(url ? [url] : []),
  ]
  const answer = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 }))
  return answer.error || answer.words === 12 ? answer : { ...answer, error: `made ${answer.words} words` }
}

/** What a bundle is made of: package, size, largest modules. */
export function byPackage(inputs) {
  const packages = new Map()
  for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
    if (bytesInOutput === 0) continue
    const name =
      /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? file.replace(/\/(dist|src)\/.*/, '')
    const known = packages.get(name) ?? { bytes: 0, modules: [] }
    known.bytes += bytesInOutput
    known.modules.push([
      relative('.', file).replace(/.*node_modules\/(@[^/]+\/)?[^/]+\/|.*\/(dist|src)\//, ''),
      bytesInOutput,
    ])
    packages.set(name, known)
  }
  return [...packages]
    .toSorted(([, a], [, b]) => b.bytes - a.bytes)
    .map(([name, { bytes, modules }]) => [name, kilobytes(bytes), largest(modules)])
}

const largest = (modules) =>
  modules
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 4)
    .map(([module, bytes]) => `${module} ${kilobytes(bytes)}`)
    .join(', ')
