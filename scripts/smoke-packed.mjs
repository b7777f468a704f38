// Installs the packages as a stranger would, from tarballs into an empty folder, and looks at what arrives:
// what is in the tarballs, what else gets installed, and what every entry does when it is imported.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publishedPackages, readJson, root } from './packages.mjs'

/** What each app of a Ledger needs, over each of Ledger's libraries; the first is what is missed first. */
const LEDGER = {
  'ledgerjs bitcoin': ['@ledgerhq/ledger-bitcoin'],
  'ledgerjs ethereum': ['@ledgerhq/hw-app-eth'],
  'ledgerjs tron': ['@ledgerhq/hw-app-trx'],
  'dmk bitcoin': ['@ledgerhq/device-signer-kit-bitcoin'],
  'dmk ethereum': ['@ledgerhq/device-signer-kit-ethereum'],
  'dmk tron': ['@ledgerhq/device-signer-kit-tron'],
}

const packages = publishedPackages()
const problems = []
const folder = mkdtempSync(join(tmpdir(), 'coffer-smoke-'))
try {
  const tarballs = pack()
  const app = install(tarballs)
  checkTrees(app)
  importEntries(app)
  startBins(app)
  useLedger(app, (_, needed) => needed[0])
  installPeers(app)
  useLedgerWithoutEach(app)
  compile(app)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (problems.length > 0) {
  console.error(`\n${problems.map((problem) => `✗ ${problem}`).join('\n')}`)
  process.exit(1)
}
console.log('\nAll packed packages install, import and start as they should.')

function pack() {
  heading('Tarballs')
  for (const { name, dir } of packages) {
    if (!existsSync(join(dir, 'dist'))) throw new Error(`${name} is not built: npm run build`)
  }
  const output = run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder, ...packages.map((p) => p.dir)],
    root,
  )
  const packed = Object.values(JSON.parse(output))
  return packed.map(({ name, filename, size, files }) => {
    const paths = files.map((file) => file.path)
    for (const needed of ['README.md', 'LICENSE', 'package.json']) {
      if (!paths.includes(needed)) problems.push(`${name}: no ${needed} in the tarball`)
    }
    const strange = paths.filter(
      (path) => !/^(dist\/.+\.(js|cjs|d\.ts|d\.cts|map)|README\.md|LICENSE|package\.json)$/.test(path),
    )
    if (strange.length > 0) problems.push(`${name}: the tarball has ${strange.join(', ')}`)
    console.log(`${name.padEnd(26)} ${String(paths.length).padStart(4)} files ${kilobytes(size)} packed`)
    return [name, join(folder, filename)]
  })
}

function install(tarballs) {
  const app = join(folder, 'app')
  mkdirSync(app)
  const dependencies = Object.fromEntries(tarballs.map(([name, file]) => [name, `file:${file}`]))
  const { overrides } = readJson(join(root, 'package.json'))
  writeFileSync(join(app, 'package.json'), JSON.stringify({ private: true, dependencies, overrides }))
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], app)
  cpSync(join(root, 'test/smoke'), app, { recursive: true })
  return app
}

/** Everything below each package, against scripts/allowed-dependencies.json: a new name is a decision, not an accident. */
function checkTrees(app) {
  heading('Runtime dependencies')
  const allowed = readJson(join(root, 'scripts/allowed-dependencies.json'))
  const installed = readJson(join(app, 'package-lock.json')).packages
  for (const { name } of packages) {
    const expected = allowed[name] ?? { dependencies: [], installScripts: [] }
    const tree = runtimeTree(installed, name)
    const names = new Set([...tree.values()].map((node) => node.name))
    const scripts = [...tree.values()].filter((node) => node.hasInstallScript).map((node) => node.name)

    const added = [...names].filter((dependency) => !expected.dependencies.includes(dependency))
    const optional = new Set(
      [...tree.values()].flatMap((node) => Object.keys(node.optionalDependencies ?? {})),
    )
    const gone = expected.dependencies.filter(
      (dependency) => !names.has(dependency) && !optional.has(dependency),
    )
    const running = scripts.filter((dependency) => !expected.installScripts.includes(dependency))
    if (added.length > 0)
      problems.push(`${name} brings ${added.join(', ')}: not in scripts/allowed-dependencies.json`)
    if (gone.length > 0)
      problems.push(
        `${name} no longer brings ${gone.join(', ')}: remove from scripts/allowed-dependencies.json`,
      )
    if (running.length > 0) problems.push(`${name}: ${running.join(', ')} would run a script on install`)
    console.log(
      `${name.padEnd(26)} ${String(tree.size).padStart(4)} packages${scripts.length > 0 ? `, install scripts: ${scripts.join(', ')}` : ''}`,
    )
  }
}

/** What npm installed below a package, by the rule of Node: the nearest node_modules going up. */
function runtimeTree(installed, name) {
  const tree = new Map()
  const visit = (path) => {
    const node = installed[path]
    const needed = { ...node.dependencies, ...node.optionalDependencies, ...requiredPeers(node) }
    for (const dependency of Object.keys(needed)) {
      const found = find(path, dependency)
      if (!found || tree.has(found)) continue
      tree.set(found, { ...installed[found], name: dependency })
      visit(found)
    }
  }
  const find = (from, dependency) => {
    for (let path = from; ; path = path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/')))) {
      const candidate = `${path ? `${path}/` : ''}node_modules/${dependency}`
      if (installed[candidate]) return candidate
      if (path === '') return undefined
    }
  }
  visit(`node_modules/${name}`)
  return tree
}

function requiredPeers({ peerDependencies = {}, peerDependenciesMeta = {} }) {
  return Object.fromEntries(
    Object.entries(peerDependencies).filter(([peer]) => !peerDependenciesMeta[peer]?.optional),
  )
}

function importEntries(app) {
  heading('Entries: import and require')
  for (const entry of entriesOf(app)) {
    const esm = probe(app, 'probe.mjs', entry)
    const cjs = probe(app, 'probe.cjs', entry)
    if (!esm || !cjs) continue
    if (esm.names.length === 0) problems.push(`${entry} exports nothing`)
    const differing = [...esm.names, ...cjs.names].filter(
      (name) => !esm.names.includes(name) || !cjs.names.includes(name),
    )
    if (differing.length > 0) problems.push(`${entry}: import and require differ in ${differing.join(', ')}`)
    console.log(
      `${entry.padEnd(46)} ${String(esm.names.length).padStart(4)} exports, import ${time(esm)}, require ${time(cjs)}`,
    )
  }
}

/** Every specifier of `exports` that leads to code, with `*` spelled out by the files that are there. */
function entriesOf(app) {
  return packages.flatMap(({ name, manifest }) =>
    Object.entries(manifest.exports).flatMap(([subpath, target]) => {
      if (typeof target === 'string') return []
      const specifier = name + subpath.slice(1)
      if (!specifier.includes('*')) return [specifier]
      const [before, after] = target.import.default.split('*')
      return readdirSync(join(app, 'node_modules', name, before))
        .filter((file) => file.endsWith(after))
        .map((file) => specifier.replace('*', file.slice(0, -after.length)))
    }),
  )
}

function probe(app, file, entry) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, entry], {
    cwd: app,
    encoding: 'utf8',
    timeout: 30_000,
  })
  if (status === 0) return JSON.parse(stdout)
  problems.push(`${entry} (${file}): ${stderr.trim() || 'does not end'}`)
}

function startBins(app) {
  heading('Programs')
  for (const { name, manifest } of packages) {
    for (const [bin, file] of Object.entries(manifest.bin ?? {})) {
      const path = join(app, 'node_modules', name, file)
      const { status, stdout, stderr } = spawnSync(process.execPath, [path, '--help'], {
        cwd: app,
        encoding: 'utf8',
        timeout: 30_000,
      })
      if (status !== 0 || stdout.trim() === '')
        problems.push(`${bin} --help ended with ${status}: ${stderr.trim()}`)
      else console.log(`${bin} --help: ${stdout.trim().split('\n')[0]}`)
    }
  }
}

/** Everything above ran without the optional peers. The types of an entry that is made for one of them need it. */
function installPeers(app) {
  const { devDependencies = {}, overrides = {} } = readJson(join(root, 'package.json'))
  const peers = new Set(packages.flatMap(({ manifest }) => Object.keys(manifest.peerDependencies ?? {})))
  for (const peer of peers) {
    if (existsSync(join(app, 'node_modules', peer))) problems.push(`${peer}: an optional peer was installed`)
  }
  // Of those that are not at hand, such as a phone's, our types name nothing.
  const known = Object.assign(
    {},
    ...packages.map(({ manifest }) => manifest.devDependencies),
    devDependencies,
    overrides,
  )
  const wanted = [...peers].flatMap((peer) => (known[peer] ? [`${peer}@${known[peer]}`] : []))
  if (wanted.length === 0) return
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', ...wanted], app)
}

/** Signs with a simulated Ledger in plain Node, from both kinds of modules; `expected` says what has to become of each app. */
function useLedger(app, expected, title = 'nothing of Ledger’s installed') {
  heading(`Ledger: ${title}`)
  for (const file of ['use-ledger.mjs', 'use-ledger.cjs']) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], { cwd: app, encoding: 'utf8' })
    if (status !== 0) {
      problems.push(`${file} failed: ${stderr.trim()}`)
      continue
    }
    const found = JSON.parse(stdout)
    for (const [name, needed] of Object.entries(LEDGER)) {
      const wanted = expected(name, needed)
      if (found[name] !== wanted)
        problems.push(`${file}, ${title}: ${name} gave ${found[name]} and not ${wanted}`)
    }
    console.log(
      `${file.padEnd(16)} ${Object.entries(found)
        .map(([name, what]) => `${name}: ${what}`)
        .join(', ')}`,
    )
  }
}

/** All of them there, then each of them gone by itself: its app says so, and the others do not notice. */
function useLedgerWithoutEach(app) {
  useLedger(app, () => 'ok', 'all of Ledger’s packages installed')
  for (const peer of new Set(Object.values(LEDGER).flat())) {
    const place = join(app, 'node_modules', peer)
    const away = join(folder, 'away')
    renameSync(place, away)
    useLedger(app, (_, needed) => (needed.includes(peer) ? peer : 'ok'), `without ${peer}`)
    renameSync(away, place)
  }
}

/** The types as a strict user sees them: no skipLibCheck on ours, no types of Node unless a package needs them. */
function compile(app) {
  heading('Types')
  const entries = entriesOf(app)
  const imports = entries.map((entry, index) => `import * as entry${index} from '${entry}'`)
  const uses = `export const entries: unknown[] = [${entries.map((_, index) => `entry${index}`).join(', ')}]`
  const text = [...imports, uses, ''].join('\n')
  writeFileSync(join(app, 'user.mts'), text)
  writeFileSync(join(app, 'user.cts'), text)
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const options =
    '--noEmit --strict --exactOptionalPropertyTypes --module nodenext --target es2022 --lib es2022,dom,esnext.disposable --skipLibCheck false'
  const { status, stdout } = spawnSync(
    process.execPath,
    [tsc, ...options.split(' '), 'user.mts', 'user.cts'],
    { cwd: app, encoding: 'utf8' },
  )
  if (status !== 0) problems.push(`types: ${stdout.trim()}`)
  else console.log(`${entries.length} entries compile from ESM and from CommonJS`)
}

function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stdout}\n${stderr}`)
  return stdout
}

function heading(text) {
  console.log(`\n${text}`)
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`.padStart(10)
}

function time({ milliseconds }) {
  return `${milliseconds.toFixed(0)} ms`.padStart(6)
}
