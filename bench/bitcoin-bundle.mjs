// How large the smallest useful browser bundle with Bitcoin is, and whether it runs there.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle, byPackage, runBare } from './lib/bundles.mjs'
import { kilobytes, runAlone, times } from './lib/harness.mjs'
import { assertBuilt, root } from './lib/places.mjs'

/** For all three chains in one app, gzip. */
const MOST = 100_000

const apps = {
  btc: [
    { name: '@scure/btc-signer', app: 'scure-sign-btc' },
    { name: 'Coffer', app: 'coffer-sign-btc' },
    { name: 'bitcoinjs-lib', app: 'bitcoinjs-sign-btc' },
  ],
  both: [
    { name: '@scure/btc-signer, viem/accounts by hand', app: 'scure-sign-both' },
    { name: 'Coffer', app: 'coffer-sign-both' },
  ],
}

export async function measure() {
  assertBuilt()
  const folder = mkdtempSync(join(tmpdir(), 'coffer-bench-'))
  const results = {}
  try {
    for (const [kind, list] of Object.entries(apps))
      results[kind] = await Promise.all(
        list.map(async ({ name, app }) => {
          const built = await bundle(app)
          const ran = built.error ? undefined : runBare(folder, app, built.code)
          return { name, app, ...built, ...ran, error: built.error ?? ran?.error }
        }),
      )
  } finally {
    rmSync(folder, { recursive: true })
  }
  const coffer = (kind) => results[kind].find(({ name }) => name === 'Coffer')
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
  const { inputs } = await bundle('coffer-sign-btc', { tsconfig: join(root, 'tsconfig.json') })
  const left = MOST - coffer('both').gzip
  return {
    title: 'Bitcoin: browser bundle',
    notes: [
      'As under “Browser bundle” above. The others sign what they are told; Coffer inspects the PSBT against its previous transaction, rebuilds it, asks the policy and verifies. bitcoinjs-lib has its curve from `@bitcoinerlab/secp256k1`, which is noble.',
    ],
    tables: [
      table('Make words, derive m/84′/0′/0′, sign one P2WPKH payment with change', 'btc'),
      table('The same, and an EIP-1559 payment of the same words', 'both'),
      {
        caption: 'What Coffer’s Bitcoin bundle is made of, by its sources, minified',
        columns: ['package', 'size', 'largest modules'],
        rows: byPackage(inputs ?? {}),
      },
    ],
    goals: [
      {
        goal: `Bitcoin and Ethereum leave room for Tron below ${kilobytes(MOST)}, gzip`,
        found: `${kilobytes(coffer('both').gzip)}, ${kilobytes(left)} left`,
        holds: left > 0,
      },
      {
        goal: 'Coffer’s Bitcoin bundles run without shims, and sign the same bytes as scure and viem',
        found: ['btc', 'both'].map((kind) => ran(coffer(kind), kind)).join('; '),
        holds: ['btc', 'both'].every((kind) => coffer(kind).raw && coffer(kind).raw === results[kind][0].raw),
      },
    ],
  }
}

await runAlone(import.meta, measure)
