// What it costs to begin: time to import, and what an installation brings along.
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { median, runAlone, times } from './lib/harness.mjs'
import { assertBuilt, bench, readJson, root } from './lib/places.mjs'

const ROUNDS = 21

const contestants = {
  Coffer: {
    folder: root,
    packages: ['@coffer/core', '@coffer/evm', '@coffer/signer-software'],
    imports: ['@coffer/core', '@coffer/evm', '@coffer/signer-software'],
  },
  'Coffer with daemon-client': {
    folder: root,
    packages: ['@coffer/core', '@coffer/evm', '@coffer/signer-software', '@coffer/daemon-client'],
    imports: ['@coffer/core', '@coffer/evm', '@coffer/signer-software', '@coffer/daemon-client'],
  },
  viem: { folder: bench, packages: ['viem'], imports: ['viem', 'viem/accounts'] },
  ethers: { folder: bench, packages: ['ethers'], imports: ['ethers'] },
  WDK: { folder: bench, packages: ['@tetherto/wdk-wallet-evm'], imports: ['@tetherto/wdk-wallet-evm'] },
}

export async function measure() {
  assertBuilt()
  const names = Object.keys(contestants)
  const took = Object.fromEntries(['', ...names].map((name) => [name, []]))
  for (let round = -1; round < ROUNDS; round++) {
    for (const name of round % 2 ? ['', ...names] : ['', ...names].toReversed()) {
      const ms = runProcess(name === '' ? [] : contestants[name].imports)
      if (round >= 0) took[name].push(ms)
    }
  }
  const cost = Object.fromEntries(
    names.map((name) => [name, median(took[name].map((ms, i) => ms - took[''][i]))]),
  )
  const trees = Object.fromEntries(names.map((name) => [name, treeOf(contestants[name])]))
  return {
    title: 'Beginning',
    notes: [
      'Import: the time of a Node process that imports the packages and ends, less that of an empty one beside it. Installed: everything that npm puts below the packages on this platform, as the lock files have it, in bytes of files.',
    ],
    tables: [
      {
        columns: ['who', 'import, ms', 'of viem', 'packages', 'MB', 'want an install script'],
        rows: names.map((name) => [
          name,
          cost[name].toFixed(0),
          times(cost[name] / cost.viem),
          trees[name].packages,
          (trees[name].bytes / 1e6).toFixed(1),
          trees[name].scripts.join(', ') || 'none',
        ]),
      },
    ],
    goals: [
      {
        timed: true,
        goal: 'Coffer imports in at most 115 ms over an empty process',
        found: `${cost.Coffer.toFixed(0)} ms`,
        holds: cost.Coffer <= 115,
      },
      {
        timed: true,
        goal: 'Coffer imports faster than viem',
        found: times(cost.Coffer / cost.viem),
        holds: cost.Coffer < cost.viem,
      },
      {
        goal: 'Coffer installs at most 40 packages, none with an install script',
        found: `${trees.Coffer.packages}, ${trees.Coffer.scripts.length}`,
        holds: trees.Coffer.packages <= 40 && trees.Coffer.scripts.length === 0,
      },
    ],
  }
}

function runProcess(imports) {
  const code = imports.map((name) => `import ${JSON.stringify(name)}`).join('\n')
  const start = performance.now()
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: bench,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (status !== 0) throw new Error(`import failed: ${stderr}`)
  return performance.now() - start
}

/** Everything below the packages by the rule of Node: the nearest node_modules going up. */
function treeOf({ folder, packages }) {
  const lock = readJson(join(folder, 'package-lock.json')).packages
  const found = new Map()
  const find = (from, name) => {
    for (let path = from; ; path = path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/')))) {
      const candidate = `${path ? `${path}/` : ''}node_modules/${name}`
      if (lock[candidate]) return candidate
      if (!path.includes('/node_modules/') && path !== '') return find('', name)
      if (path === '') return undefined
    }
  }
  const visit = (from, name) => {
    const path = find(from, name)
    if (!path || found.has(path)) return
    const { link, resolved } = lock[path]
    const place = link ? resolved : path
    // Not for this platform, or an optional peer that nobody installed.
    if (!existsSync(join(folder, place))) return
    const entry = lock[place]
    found.set(path, { name, bytes: sizeOf(join(folder, place), link), script: entry.hasInstallScript })
    const peers = Object.keys(entry.peerDependencies ?? {}).filter(
      (peer) => !entry.peerDependenciesMeta?.[peer]?.optional,
    )
    for (const below of [...Object.keys({ ...entry.dependencies, ...entry.optionalDependencies }), ...peers])
      visit(place, below)
  }
  for (const name of packages) visit('', name)
  const all = [...found.values()]
  return {
    packages: all.length,
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    scripts: all.filter(({ script }) => script).map(({ name }) => name),
  }
}

/** A package's own files; of one of ours, those that its tarball has. */
function sizeOf(folder, ours) {
  if (!ours) return bytesOf(folder)
  return ['dist', 'README.md', 'LICENSE', 'package.json'].reduce(
    (sum, name) => sum + bytesOf(join(folder, name)),
    0,
  )
}

function bytesOf(path) {
  if (!existsSync(path)) return 0
  const stat = lstatSync(path)
  if (!stat.isDirectory()) return stat.size
  return readdirSync(path).reduce(
    (sum, name) => sum + (name === 'node_modules' ? 0 : bytesOf(join(path, name))),
    0,
  )
}

await runAlone(import.meta, measure)
