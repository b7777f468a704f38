import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { publishedPackages, readJson, root } from '../scripts/packages.mjs'
import { sourcePaths } from '../scripts/source-aliases.ts'

const packages = publishedPackages()
const paths = sourcePaths()
/** Not in a comment: examples there may import anything. */
const IMPORT = /^(?!\s*(?:\*|\/\/|\/\*)).*(?:from|import\(?) ?'(@coffer\/[a-z-]+)/gm

const license = readFileSync(join(root, 'LICENSE'), 'utf8')

describe.each(packages)('$name', ({ name, dir, manifest }) => {
  const folder = relative(root, dir).replaceAll('\\', '/')

  test('every entry has a path to its source in tsconfig.json, and every path an entry', () => {
    const entries = Object.entries(manifest.exports)
      .filter(([, target]) => typeof target !== 'string')
      .map(([subpath]) => name + subpath.slice(1))
    const listed = Object.keys(paths).filter((path) => path === name || path.startsWith(`${name}/`))
    expect(listed.sort()).toEqual(entries.sort())
    for (const entry of entries) {
      const source = paths[entry] ?? ''
      expect(source.startsWith(`./${folder}/src/`), source).toBe(true)
      expect(existsSync(join(root, source.replace(/\*.*$/, ''))), source).toBe(true)
    }
  })

  test('it depends on those of ours that its shipped source imports, and on no other', () => {
    const imported = shippedSources(join(dir, 'src')).flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(([, found]) => found),
    )
    const declared = Object.keys(manifest.dependencies ?? {}).filter((dependency) =>
      dependency.startsWith('@coffer/'),
    )
    expect(declared.sort()).toEqual([...new Set(imported)].sort())
  })

  test('the manifest says what all of ours say', () => {
    expect(manifest).toMatchObject({
      license: 'MIT',
      type: 'module',
      sideEffects: false,
      engines: { node: '>=20.19' },
      files: ['dist', 'README.md', 'LICENSE'],
      repository: {
        type: 'git',
        url: 'git+https://github.com/coffer-sdk/coffer.git',
        directory: folder,
      },
      publishConfig: { access: 'public', provenance: true },
    })
  })

  test('the licence is the one of the house', () => {
    expect(readFileSync(join(dir, 'LICENSE'), 'utf8')).toBe(license)
  })

  test('what it may bring along is written down', () => {
    expect(readJson(join(root, 'scripts/allowed-dependencies.json'))).toHaveProperty([name])
  })
})

function shippedSources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /(?<!\.(?:test|fixture))\.ts$/.test(file))
    .map((file) => join(folder, file))
}

describe('package-lock.json', () => {
  const lock = readJson(join(root, 'package-lock.json')) as {
    packages: Record<string, { version?: string; link?: boolean; integrity?: string; resolved?: string }>
  }
  const installed = Object.entries(lock.packages).filter(
    ([path, { link }]) => path.includes('node_modules/') && !link,
  )

  test('says the hash of everything that is installed', () => {
    // npm forgets a hash when it moves a package. The other platforms' anvil was not at hand when this was locked.
    const missing = installed.filter(([path, { integrity }]) => !integrity && !/\/anvil-\w+-\w+$/.test(path))
    expect(missing.map(([path]) => path)).toEqual([])
  })

  test('names no host: every registry that has the package will do', () => {
    expect(installed.filter(([, { resolved }]) => resolved).map(([path]) => path)).toEqual([])
  })
})
