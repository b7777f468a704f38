// How large the smallest useful browser bundle with Tron is, and that of all three chains, and whether they run there.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle, byPackage, runBare } from './lib/bundles.mjs'
import { kilobytes, runAlone, times } from './lib/harness.mjs'
import { assertBuilt, bench, root } from './lib/places.mjs'

/** For all three chains in one app, gzip. */
const MOST = 100_000

/** The file that tronweb ships for browsers, in place of its modules. */
const dist = { tsconfigRaw: {}, alias: { tronweb: join(bench, 'node_modules/tronweb/dist/TronWeb.js') } }

const apps = {
  tron: [
    { name: 'noble + scure, protobuf by hand', app: 'floor-noble-tron' },
    { name: 'Coffer', app: 'coffer-sign-tron' },
    { name: 'tronweb', app: 'tronweb-sign' },
    { name: 'tronweb, its file for browsers', app: 'tronweb-sign', options: dist },
  ],
  all: [
    { name: '@scure/btc-signer, viem/accounts, protobuf by hand', app: 'floor-sign-all' },
    { name: 'Coffer', app: 'coffer-sign-all' },
    { name: 'bitcoinjs-lib, ethers, tronweb', app: 'peers-sign-all' },
  ],
}

export async function measure() {
  assertBuilt()
  const folder = mkdtempSync(join(tmpdir(), 'coffer-bench-'))
  const results = {}
  try {
    for (const [kind, list] of Object.entries(apps))
      results[kind] = await Promise.all(
        list.map(async ({ name, app, options }) => {
          const built = await bundle(app, options)
          const ran = built.error ? undefined : runBare(folder, app, built.code)
          return { name, app, ...built, ...ran, error: built.error ?? ran?.error }
        }),
      )
  } finally {
    rmSync(folder, { recursive: true })
  }
  const coffer = (kind) => results[kind].find(({ name }) => name === 'Coffer')
  const others = (kind) => results[kind].filter(({ name }) => name !== 'Coffer')
  const ran = (result, kind) =>
    result.error ?? (result.raw === results[kind][0].raw ? 'runs, same bytes' : 'runs, OTHER BYTES')
  const table = (caption, kind) => ({
    caption,
    columns: ['app', 'gzip', 'minified', 'of the first', 'runs'],
    rows: results[kind].map((result) => [
      result.name,
      result.gzip ? kilobytes(result.gzip) : 'does not bundle',
      result.minified ? kilobytes(result.minified) : '',
      result.gzip ? times(result.gzip / results[kind][0].gzip) : '',
      ran(result, kind),
    ]),
  })
  const made = async (app) =>
    byPackage((await bundle(app, { tsconfig: join(root, 'tsconfig.json') })).inputs ?? {})
  const columns = ['package', 'size', 'largest modules']
  const same = (kind) =>
    coffer(kind).raw &&
    coffer(kind).raw === results[kind][0].raw &&
    others(kind).every((result) => result.error || result.raw === coffer(kind).raw)
  return {
    title: 'Tron: browser bundle',
    notes: [
      'As under “Browser bundle” above. The others sign what they are told; Coffer inspects the bytes, rebuilds them from the intent, asks the policy and verifies. tronweb is bundled from its modules, and from the file that it ships for browsers. Compared are the transaction’s id, which is a hash of all that is signed, and the signature.',
    ],
    tables: [
      table('Make words, derive m/44′/195′/0′/0/0, build and sign a TRX payment', 'tron'),
      table('All three chains: the same, a P2WPKH payment and an EIP-1559 payment of the same words', 'all'),
      {
        caption: 'What Coffer’s Tron bundle is made of, by its sources, minified',
        columns,
        rows: await made('coffer-sign-tron'),
      },
      {
        caption: 'What Coffer’s bundle of all three chains is made of, by its sources, minified',
        columns,
        rows: await made('coffer-sign-all'),
      },
    ],
    goals: [
      {
        goal: `all three chains in at most ${kilobytes(MOST)}, gzip`,
        found: kilobytes(coffer('all').gzip),
        holds: coffer('all').gzip <= MOST,
      },
      {
        goal: 'Coffer’s Tron bundles run without shims, and sign what the others sign',
        found: ['tron', 'all'].map((kind) => ran(coffer(kind), kind)).join('; '),
        holds: Boolean(same('tron') && same('all')),
      },
    ],
  }
}

await runAlone(import.meta, measure)
