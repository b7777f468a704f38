import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { publishedPackages, readJson, root } from '../scripts/packages.mjs'

// What a user installs, as the lock file has it: only what was decided on, whole, and nothing that runs by itself.
// scripts/smoke-packed.mjs looks at the same list once more in a tree that npm has made from the packed packages.

interface Entry {
  readonly name?: string
  readonly version?: string
  readonly link?: boolean
  readonly resolved?: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
  readonly inBundle?: boolean
  readonly dev?: boolean
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>
}

const lock = readJson(join(root, 'package-lock.json')) as {
  readonly lockfileVersion: number
  readonly packages: Record<string, Entry>
}
const allowed = readJson(join(root, 'scripts/allowed-dependencies.json')) as Record<
  string,
  { readonly dependencies: readonly string[]; readonly installScripts: readonly string[] }
>
const packages = publishedPackages().map((one) => ({
  ...one,
  path: relative(root, one.dir).replaceAll('\\', '/'),
}))

/** Made for another platform, and not at hand when this was locked: anvil for the local chain, of which npm takes one. */
const WITHOUT_HASH = /^@foundry-rs\/anvil-(darwin|linux|win32)-(amd64|arm64)$/

/** What is installed with a package, by the rule of Node: each name from the nearest `node_modules` going up. */
function runtimeTree(start: string): Map<string, Entry & { readonly name: string }> {
  const tree = new Map<string, Entry & { readonly name: string }>()
  const visit = (path: string): void => {
    const entry = lock.packages[path]!
    const { peerDependencies = {}, peerDependenciesMeta = {} } = entry
    const peers = Object.keys(peerDependencies).filter((peer) => !peerDependenciesMeta[peer]?.optional)
    for (const name of [...Object.keys({ ...entry.dependencies, ...entry.optionalDependencies }), ...peers]) {
      const found = find(path, name)
      if (!found || tree.has(found)) continue
      tree.set(found, { ...lock.packages[found]!, name })
      visit(found)
    }
  }
  visit(start)
  return tree
}

function find(from: string, name: string): string | undefined {
  for (let path = from; ; path = path.slice(0, Math.max(0, path.lastIndexOf('/')))) {
    const entry = lock.packages[`${path ? `${path}/` : ''}node_modules/${name}`]
    if (entry) return entry.link ? entry.resolved : `${path ? `${path}/` : ''}node_modules/${name}`
    if (path === '') return undefined
  }
}

describe.each(packages)('G15: $name', ({ name, path, dir, manifest }) => {
  const tree = runtimeTree(path)
  const rows = [...tree.values()]
  const foreign = rows.filter((row) => !row.name.startsWith('@coffer/'))

  it('brings along what is on the list, and nothing else', () => {
    const names = new Set(rows.map((row) => row.name))
    const optional = new Set(rows.flatMap((row) => Object.keys(row.optionalDependencies ?? {})))
    const { dependencies } = allowed[name]!
    expect([...names].filter((one) => !dependencies.includes(one))).toEqual([])
    expect(dependencies.filter((one) => !names.has(one) && !optional.has(one))).toEqual([])
  })

  it('runs nothing when it is installed, but for what is on the list', () => {
    const running = foreign.filter((row) => row.hasInstallScript).map((row) => row.name)
    expect(running.filter((one) => !allowed[name]!.installScripts.includes(one))).toEqual([])
    const scripts = Object.keys((readJson(join(dir, 'package.json')) as { scripts?: object }).scripts ?? {})
    expect(scripts.filter((one) => /^(pre|post)?(install|uninstall|prepare)$/.test(one))).toEqual([])
  })

  it('is locked: a hash for each, from a registry, no bundles, no development version', () => {
    for (const row of foreign) {
      if (!WITHOUT_HASH.test(row.name)) expect(row.integrity, row.name).toMatch(/^sha512-[\w+/]{86}==$/)
      // An address would be of a git repository, a file or one host; npm takes the registry of whoever installs.
      expect(row.resolved, row.name).toBeUndefined()
      expect(row.inBundle, row.name).toBeUndefined()
      expect(row.dev, row.name).toBeUndefined()
      expect(row.version, row.name).toMatch(/^\d+\.\d+\.\d+$/)
    }
  })

  it('names versions that are the locked ones: exact, or with a caret', () => {
    const own = lock.packages[path]!
    for (const kind of ['dependencies', 'optionalDependencies', 'peerDependencies'] as const) {
      const declared = (manifest as Entry)[kind] ?? {}
      expect(own[kind] ?? {}).toEqual(declared)
      for (const [dependency, range] of Object.entries(declared)) {
        if (kind === 'peerDependencies') continue
        const found = find(path, dependency)!
        expect(lock.packages[found]!.version, dependency).toSatisfy((version: string) => fits(version, range))
      }
    }
  })
})

describe('G15: the whole house', () => {
  it('has install scripts of development tools alone, and npm is told to run none', () => {
    const running = Object.entries(lock.packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path.replace(/^.*node_modules\//, ''))
    const shipped = new Set(packages.flatMap(({ name }) => allowed[name]!.installScripts))
    expect([...shipped]).toEqual(['@foundry-rs/anvil'])
    expect([...new Set(running)].sort()).toMatchInlineSnapshot(`
      [
        "@foundry-rs/anvil",
        "esbuild",
        "keccak",
        "pkcs11js",
        "secp256k1",
      ]
    `)
    expect(readFileSync(join(root, '.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m)
  })

  it('lets only the local chain and the command line bring such a script', () => {
    const with_ = packages.filter(({ name }) => allowed[name]!.installScripts.length > 0)
    expect(with_.map(({ name }) => name).sort()).toEqual(['@coffer/cli', '@coffer/devnet'])
  })

  it('has one lock file, of the third version, that knows every package', () => {
    expect(lock.lockfileVersion).toBe(3)
    for (const { path, name } of packages) expect(lock.packages[path]).toMatchObject({ name })
  })

  it('reads ranges as npm does', () => {
    for (const [version, range, wanted] of [
      ['1.2.3', '1.2.3', true],
      ['1.2.4', '1.2.3', false],
      ['1.3.0', '^1.2.3', true],
      ['1.2.2', '^1.2.3', false],
      ['2.0.0', '^1.2.3', false],
      ['0.2.4', '^0.2.3', true],
      ['0.3.0', '^0.2.3', false],
      ['0.0.0', '^0.0.0', true],
      ['0.0.1', '^0.0.0', false],
      ['1.2.3', '*', false],
      ['1.2.3', '>=1.0.0', false],
      ['1.2.3', 'git+https://example.org/x', false],
    ] as const)
      expect(fits(version, range), `${version} in ${range}`).toBe(wanted)
  })
})

/** Whether a version is in an exact range or one with a caret; others are none that a package of ours may name. */
function fits(version: string, range: string): boolean {
  if (!/^\^?\d+\.\d+\.\d+$/.test(range)) return false
  const [have, want] = [version, range.replace('^', '')].map((text) => text.split('.').map(Number))
  if (!range.startsWith('^')) return version === range
  const fixed = want!.findIndex((part) => part > 0)
  const depth = fixed < 0 ? 2 : fixed
  if (have!.some((part, i) => i <= depth && part !== want![i])) return false
  const at = want!.findIndex((part, i) => part !== have![i])
  return at < 0 || have![at]! > want![at]!
}
