// Runs every measure, each in a process of its own, shows the tables and writes them to results.md. With names, or the
// beginnings of names, those alone: `node run.mjs bitcoin`; the sections of the others stay as they are.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { markdown } from './lib/harness.mjs'
import { assertBuilt, bench, versionOf } from './lib/places.mjs'

const all = [
  'bundle',
  'round-trips',
  'sign',
  'start',
  'bitcoin-bundle',
  'bitcoin-addresses',
  'bitcoin-sign',
  'bitcoin-select',
  'bitcoin-restore',
  'tron-bundle',
  'tron-round-trips',
  'tron-sign',
]
const peers = [
  'viem',
  'ethers',
  '@tetherto/wdk-wallet-evm',
  '@tetherto/wdk-wallet-btc',
  '@scure/bip32',
  '@scure/btc-signer',
  'bip32',
  'bitcoinjs-lib',
  '@metamask/bitcoindevkit',
  '@trustwallet/wallet-core',
  '@bitcoinerlab/coinselect',
  'coinselect',
  'tronweb',
  '@noble/curves',
  'tiny-secp256k1',
  'secp256k1',
  'esbuild',
]

const wanted = process.argv.slice(2)
const measures = all.filter((name) => wanted.length === 0 || wanted.some((start) => name.startsWith(start)))
if (measures.length === 0) throw new Error(`There is no such measure. There are: ${all.join(', ')}.`)

assertBuilt()
const reports = measures.map((name) => {
  process.stderr.write(`${name} …\n`)
  const output = execFileSync(process.execPath, [join(bench, `${name}.mjs`), '--json'], {
    cwd: bench,
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return JSON.parse(output)
})

const file = join(bench, 'results.md')
const sections = wanted.length > 0 && existsSync(file) ? sectionsOf(readFileSync(file, 'utf8')) : new Map()
for (const report of reports) sections.set(report.title, markdown(report))
const body = [...sections.values()].join('\n\n')
const goals = goalsOf(body)
const missed = goals.filter(({ holds }) => !holds)
const text = [
  '# Results',
  'Written by `npm run bench`; [README.md](README.md) says what each figure means. Between machines only ratios travel.',
  `${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}, Node ${process.version}. ${peers.map((name) => `${name} ${versionOf(name)}`).join(', ')}.`,
  missed.length === 0
    ? `All ${goals.length} goals hold.`
    : `${goals.length - missed.length} of ${goals.length} goals hold; missed: ${missed.map(({ goal }) => goal).join('; ')}.`,
  body,
].join('\n\n')

writeFileSync(file, `${text}\n`)
process.stdout.write(wanted.length > 0 ? `${reports.map(markdown).join('\n\n')}\n` : `${text}\n`)
// A time tells of this machine and this moment; only what is counted can fail.
const failed = reports.flatMap(({ goals = [] }) => goals).filter(({ holds, timed }) => !holds && !timed)
process.exitCode = failed.length > 0 ? 1 : 0

/** The sections of results.md by title, in their order. */
function sectionsOf(text) {
  const parts = text.trimEnd().split(/\n\n(?=## )/)
  return new Map(parts.slice(1).map((part) => [part.slice(3, part.indexOf('\n')), part]))
}

/** The goals of all sections, as they stand in their tables. */
function goalsOf(text) {
  const rows = text.matchAll(/^\| (.+?) +\| .* \| +(holds|\*\*missed\*\*) \|$/gm)
  return [...rows].map(([, goal, outcome]) => ({ goal, holds: outcome === 'holds' }))
}
