// How fast addresses come of an extended public key: many of them in a warm process, the first few in a fresh one.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import {
  account,
  BDK,
  BITCOINJS,
  COFFER,
  COFFER_NATIVE,
  COFFER_TINY,
  makers,
  SCURE,
  TRUST,
} from './lib/address-makers.mjs'
import { count, median, ratio, runAlone, takeTurns, times } from './lib/harness.mjs'
import { assertBuilt, bench } from './lib/places.mjs'

const MANY = 2_000
const FIRST = 40
/** So slow that a tenth of the addresses says it as well: each one costs the same. */
const FEWER = { [TRUST]: MANY / 10 }
const OTHER_TYPES = ['p2pkh', 'p2sh-p2wpkh', 'p2tr']
const OTHERS = [COFFER, COFFER_TINY, COFFER_NATIVE, SCURE, BITCOINJS, BDK]

export async function measure() {
  assertBuilt()
  const make = {}
  for (const name of Object.keys(makers)) make[name] = await makers[name]()
  assertSame(make)
  const warm = await bulk(make, Object.keys(makers), 'p2wpkh', { rounds: 5, warmUp: 1 })
  const others = {}
  for (const type of OTHER_TYPES) others[type] = await bulk(make, OTHERS, type, { rounds: 2, warmUp: 1 })
  const fresh = freshProcesses()
  const faster = (a, b) => ratio(warm[a], warm[b])
  const sooner = (a, b, part) => ratio(fresh[b][part], fresh[a][part])
  const best = faster(COFFER, SCURE)
  return {
    title: 'Bitcoin: addresses of an extended public key',
    notes: [
      `Each round makes addresses that were not made before, ${count(MANY)} in a row, from the text of the key or what the library keeps of it. Trust Wallet Core makes ${count(FEWER[TRUST])}. All make the same addresses. bdk-wasm is \`@metamask/bitcoindevkit\`.`,
    ],
    tables: [
      {
        caption: `P2WPKH addresses, ${count(MANY)} at a time in a warm process`,
        columns: ['who', 'per second', 'of scure', 'of bip32 + tiny-secp256k1'],
        rows: Object.entries(warm).map(([name, result]) => [
          name,
          count(result.perSecond),
          times(faster(name, SCURE)),
          times(faster(name, BITCOINJS)),
        ]),
      },
      {
        caption: 'Other types, per second',
        columns: ['who', ...OTHER_TYPES.map((type) => type.toUpperCase())],
        rows: OTHERS.map((name) => [name, ...OTHER_TYPES.map((type) => count(others[type][name].perSecond))]),
      },
      {
        caption: `The first ${FIRST} P2WPKH addresses of a fresh process`,
        columns: ['who', 'import, ms', 'make, ms', 'make, as fast as scure', 'both, as fast as scure'],
        rows: Object.entries(fresh).map(([name, { importing, making }]) => [
          name,
          importing.median.toFixed(0),
          making.median.toFixed(1),
          times(sooner(name, SCURE, 'making')),
          times(sooner(name, SCURE, 'both')),
        ]),
      },
    ],
    goals: [
      {
        timed: true,
        goal: 'P2WPKH addresses in bulk at least 5× as fast as scure, in pure JavaScript',
        found: times(best),
        holds: best >= 5,
      },
      {
        timed: true,
        goal: 'P2WPKH addresses in bulk at least 2× as fast as bip32 with tiny-secp256k1, in pure JavaScript',
        found: times(faster(COFFER, BITCOINJS)),
        holds: faster(COFFER, BITCOINJS) >= 2,
      },
      {
        timed: true,
        goal: `the first ${FIRST} addresses of a fresh process at least 1.3× as fast as scure`,
        found: times(sooner(COFFER, SCURE, 'making')),
        holds: sooner(COFFER, SCURE, 'making') >= 1.3,
      },
    ],
  }
}

/** Addresses per second, each round from where the last one ended. */
async function bulk(make, names, type, options) {
  const next = {}
  const tasks = names.map((name) => {
    const each = FEWER[name] ?? MANY
    const task = () => {
      const from = next[name] ?? 100_000
      next[name] = from + each
      if (make[name](account, type, from, each).length !== each) throw new Error(`${name} made too few`)
    }
    return [name, task]
  })
  const calls = await takeTurns(Object.fromEntries(tasks), { slice: 0, ...options })
  return Object.fromEntries(
    names.map((name) => {
      const rounds = calls[name].rounds.map((rate) => rate * (FEWER[name] ?? MANY))
      return [name, { perSecond: median(rounds), rounds }]
    }),
  )
}

/** Milliseconds in processes of their own, in turns; as `rounds`, so that ratios are those of neighbours. */
function freshProcesses(rounds = 7) {
  const names = Object.keys(makers)
  const found = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = -1; round < rounds; round++)
    for (const name of round % 2 ? names : names.toReversed()) {
      const args = [join(bench, 'lib/fresh-addresses.mjs'), name, String(FIRST)]
      const answer = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
      if (round >= 0) found[name].push(answer)
      if (answer.last !== found[names[0]][0]?.last && found[names[0]][0])
        throw new Error(`${name} makes another address`)
    }
  const series = (values) => ({ median: median(values), rounds: values })
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        importing: series(found[name].map(({ importing }) => importing)),
        making: series(found[name].map(({ making }) => making)),
        both: series(found[name].map(({ importing, making }) => importing + making)),
      },
    ]),
  )
}

function assertSame(make) {
  for (const type of ['p2wpkh', ...OTHER_TYPES]) {
    const names = type === 'p2wpkh' ? Object.keys(make) : OTHERS
    const texts = names.map((name) => make[name](account, type, 3, 5).join())
    const other = texts.findIndex((text) => text !== texts[0])
    if (other > 0) throw new Error(`${names[other]} makes other ${type} addresses`)
  }
}

await runAlone(import.meta, measure)
