// How large the smallest useful browser bundle is, and whether it runs there.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDevnet } from '@coffer/devnet'
import { bundle, byPackage, runBare } from './lib/bundles.mjs'
import { kilobytes, runAlone, times } from './lib/harness.mjs'
import { address } from './lib/payment.mjs'
import { assertBuilt, bench, root } from './lib/places.mjs'

/** What WDK needs before esbuild and a browser take it: its optional peer, and Node's Buffer. */
const wdkShims = {
  tsconfigRaw: {},
  alias: { 'sodium-native': join(bench, 'node_modules/sodium-javascript-for-wdk') },
  inject: [join(bench, 'apps/shim-buffer.mjs')],
}

const apps = [
  { name: 'noble + scure, RLP by hand', app: 'floor-noble', kind: 'sign' },
  { name: 'viem/accounts, word list by hand', app: 'floor-viem', kind: 'sign' },
  { name: 'Coffer', app: 'coffer-sign', kind: 'sign' },
  { name: 'viem/accounts', app: 'viem-sign', kind: 'sign' },
  { name: 'ethers', app: 'ethers-sign', kind: 'sign' },
  { name: 'WDK', app: 'wdk-sign', kind: 'sign' },
  { name: 'WDK with two shims', app: 'wdk-sign', kind: 'sign', options: wdkShims },
  { name: 'Coffer', app: 'coffer-send', kind: 'send' },
  { name: 'viem, word list by hand', app: 'floor-viem-send', kind: 'send' },
  { name: 'viem', app: 'viem-send', kind: 'send' },
  { name: 'ethers', app: 'ethers-send', kind: 'send' },
  { name: 'WDK', app: 'wdk-send', kind: 'send' },
  { name: 'WDK with two shims', app: 'wdk-send', kind: 'send', options: wdkShims },
]

export async function measure() {
  assertBuilt()
  const folder = mkdtempSync(join(tmpdir(), 'coffer-bench-'))
  const devnet = await startDevnet({ chains: ['ethereum'] })
  const results = []
  try {
    await devnet.ethereum.setBalance(address, 10n ** 20n)
    for (const { name, app, kind, options } of apps) {
      const built = await bundle(app, options)
      const ran = built.error
        ? undefined
        : runBare(folder, app, built.code, kind === 'send' ? devnet.ethereum.url : undefined)
      if (ran?.txid && !(await devnet.ethereum.rpc('eth_getTransactionByHash', [ran.txid])))
        ran.error = 'its transaction did not arrive'
      results.push({ name, app, kind, ...built, ...ran, error: built.error ?? ran?.error })
    }
  } finally {
    await devnet.stop()
    rmSync(folder, { recursive: true })
  }

  const floor = results.find((result) => result.app === 'floor-viem')
  const lean = results.find((result) => result.app === 'floor-viem-send')
  const coffer = (kind) => results.find((result) => result.app === `coffer-${kind}`)
  const rows = (kind) =>
    results
      .filter((result) => result.kind === kind)
      .map((result) => [
        result.name,
        result.gzip ? kilobytes(result.gzip) : 'does not bundle',
        result.minified ? kilobytes(result.minified) : '',
        result.gzip ? times(result.gzip / floor.gzip) : '',
        result.error ?? (kind === 'sign' ? sameBytes(result, floor) : 'runs, sends'),
      ])
  return {
    title: 'Browser bundle',
    notes: [
      'esbuild: bundle, minify, ESM, platform browser; no shims, defines or externals unless said. gzip level 9. “Runs” means in a realm that has the globals of a browser and none of Node’s.',
    ],
    tables: [
      {
        caption: 'Make words, derive m/44′/60′/0′/0/0, build and sign an EIP-1559 payment',
        columns: ['app', 'gzip', 'minified', 'of viem/accounts by hand', 'runs'],
        rows: rows('sign'),
      },
      {
        caption: 'The same with a client: nonce, gas and fees from a node, broadcast',
        columns: ['app', 'gzip', 'minified', 'of viem/accounts by hand', 'runs'],
        rows: rows('send'),
      },
      {
        caption: 'What Coffer’s offline bundle is made of, by its sources, minified',
        columns: ['package', 'size', 'largest modules'],
        rows: byPackage((await bundle('coffer-sign', { tsconfig: join(root, 'tsconfig.json') })).inputs),
      },
    ],
    goals: [
      {
        goal: 'Coffer signs within 1.3× of viem/accounts by hand, gzip',
        found: times(coffer('sign').gzip / floor.gzip),
        holds: coffer('sign').gzip <= floor.gzip * 1.3,
      },
      {
        goal: 'with a client Coffer is no larger than viem by hand, gzip',
        found: times(coffer('send').gzip / lean.gzip),
        holds: coffer('send').gzip <= lean.gzip,
      },
      {
        goal: 'Coffer’s bundles run without shims, and sign the same bytes as viem',
        found: coffer('sign').error ?? coffer('send').error ?? sameBytes(coffer('sign'), floor),
        holds: !coffer('sign').error && !coffer('send').error && coffer('sign').raw === floor.raw,
      },
    ],
  }
}

const sameBytes = (result, floor) => (result.raw === floor.raw ? 'runs, same bytes' : 'runs, OTHER BYTES')

await runAlone(import.meta, measure)
