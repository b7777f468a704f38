// Runs every measure, each in a process of its own, shows the tables and writes them to results.md.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { markdown } from './lib/harness.mjs'
import { assertBuilt, bench, versionOf } from './lib/places.mjs'

const measures = ['bundle', 'round-trips', 'sign', 'start']
const peers = [
  'viem',
  'ethers',
  '@tetherto/wdk-wallet-evm',
  '@noble/curves',
  'tiny-secp256k1',
  'secp256k1',
  'esbuild',
]

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

const goals = reports.flatMap(({ goals = [] }) => goals)
const missed = goals.filter(({ holds }) => !holds)
const text = [
  '# Results',
  'Written by `npm run bench`; [README.md](README.md) says what each figure means. Between machines only ratios travel.',
  `${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}, Node ${process.version}. ${peers.map((name) => `${name} ${versionOf(name)}`).join(', ')}.`,
  missed.length === 0
    ? `All ${goals.length} goals hold.`
    : `${goals.length - missed.length} of ${goals.length} goals hold; missed: ${missed.map(({ goal }) => goal).join('; ')}.`,
  ...reports.map(markdown),
].join('\n\n')

writeFileSync(join(bench, 'results.md'), `${text}\n`)
process.stdout.write(`${readFileSync(join(bench, 'results.md'), 'utf8')}\n`)
// A time tells of this machine and this moment; only what is counted can fail.
process.exitCode = missed.some(({ timed }) => !timed) ? 1 : 0
