// How long it takes to build, sign and finalise a payment of many coins.
import { decodeTx, txidOf } from '@coffer/bitcoin'
import {
  AT_ONE,
  BITCOINJS,
  COFFER,
  COFFER_NATIVE,
  COFFER_TINY,
  NATIVE_ONE,
  SCURE,
  SCURE_KEYS,
  spenders,
  spendOf,
  TINY_ONE,
  TRUST,
  TRUST_ONE,
} from './lib/bitcoin-spends.mjs'
import { count, median, runAlone, times } from './lib/harness.mjs'
import { assertBuilt } from './lib/places.mjs'

const AGAIN = 'Coffer, the same addresses again'
const SIZES = [1, 10, 100, 500, 1500]
/** Rounds for each size: what is short is noisy. */
const ROUNDS = { 1: 9, 10: 7, 100: 3, 500: 2, 1500: 2 }
/** Beyond this at 500 coins, nobody is asked for 1,500: a quadratic one would take minutes. */
const PATIENCE = 800
const WHO = [COFFER, AGAIN, COFFER_TINY, COFFER_NATIVE, SCURE, SCURE_KEYS, BITCOINJS, TRUST, ...AT_ONE]
const OURS = [COFFER, COFFER_TINY, COFFER_NATIVE]
const MOST_EXPONENT = 1.1

const types = {
  p2wpkh: { goal: 6, sizes: SIZES },
  p2tr: { goal: 4, sizes: SIZES },
  p2pkh: { goal: 5, sizes: SIZES },
  'p2sh-p2wpkh': { sizes: [1, 10, 100] },
}

/** An account of its own for each first time; the last one is the one that is signed for again. */
let accounts = 0
let salts = 0
const OLD_ACCOUNT = 1_000_000

export async function measure() {
  assertBuilt()
  const sign = {}
  for (const [name, make] of Object.entries(spenders)) sign[name] = await make()
  sign[AGAIN] = sign[COFFER]
  await assertSame(sign)
  const found = {}
  for (const [type, { sizes }] of Object.entries(types)) {
    found[type] = {}
    for (const size of sizes) {
      process.stderr.write(`  ${type} × ${size} …\n`)
      found[type][size] = await timesOf(sign, type, size, found[type][500])
    }
  }
  return {
    title: 'Bitcoin: signing many coins',
    notes: [
      'From coins and words to the bytes to broadcast, in milliseconds. Each coin has an address of its own, whose key is derived of the root in the measured time, but for “keys at hand”. Coffer does strictly more: it carries and hashes the previous transaction of every coin, derives each address again from the account and holds it against the coin, inspects the draft twice, rebuilds it from the intent, asks the policy, verifies every signature and reads the result back. The others have the previous transaction for P2PKH alone, and verify nothing that they did not make. Each time is of an account that was never signed for before, in a warm process; “again” is one whose addresses are known, with other coins. scure signs with `tx.sign(root)`, and with `tx.signIdx(key, i)` where keys are at hand; bitcoinjs-lib signs with `signAllInputsHD`, and taproot one by one, since its tweaked keys are no HD keys. Trust Wallet Core signs by its `signingV2`; since it tries every key on every coin it is asked for 100 such coins at most. “One address” is less work: all coins are at one, with one key, which Trust Wallet Core has at hand. A payment of 1,500 P2WPKH coins is above what nodes relay, which Trust Wallet Core refuses to sign. The native `secp256k1` has no Schnorr signatures: for P2TR its engine signs in JavaScript.',
    ],
    tables: Object.entries(types).flatMap(([type, { sizes }]) => table(type, sizes, found[type])),
    goals: Object.entries(types).flatMap(([type, { goal }]) =>
      goal ? goalsOf(type, goal, found[type]) : [],
    ),
  }
}

function table(type, sizes, results) {
  const most = Math.min(500, ...sizes.slice(-1))
  const isThere = (name) => sizes.some((size) => results[size][name])
  return [
    {
      caption: `${type.toUpperCase()}, ms`,
      columns: [
        'who',
        ...sizes.map((size) => `${count(size)} coin${size > 1 ? 's' : ''}`),
        `at ${most}, as fast as scure`,
        'exponent',
      ],
      rows: WHO.filter(isThere).map((name) => [
        name,
        ...sizes.map((size) => shown(results[size][name]?.ms)),
        results[most][name] ? times(results[most][SCURE].ms / results[most][name].ms) : '',
        exponent(results, name)?.toFixed(2) ?? '',
      ]),
    },
  ]
}

const shown = (ms) => (ms === undefined ? '' : ms < 10 ? ms.toFixed(1) : count(ms))

function goalsOf(type, least, results) {
  const label = type.toUpperCase()
  const faster = (name, than) =>
    median(results[500][name].rounds.map((ms, i) => results[500][than].rounds[i] / ms))
  const goals = [
    {
      timed: true,
      goal: `500 ${label} coins at least ${least}× as fast as scure, in pure JavaScript`,
      found: times(faster(COFFER, SCURE)),
      holds: faster(COFFER, SCURE) >= least,
    },
    {
      timed: true,
      goal: `500 ${label} coins of one address ahead of Trust Wallet Core, with an engine`,
      found: `${times(faster(TINY_ONE, TRUST_ONE))} tiny-secp256k1, ${times(faster(NATIVE_ONE, TRUST_ONE))} secp256k1`,
      holds: Math.max(faster(TINY_ONE, TRUST_ONE), faster(NATIVE_ONE, TRUST_ONE)) >= 1,
    },
  ]
  if (type === 'p2pkh') return goals
  const grown = exponent(results, COFFER)
  const withTiny = exponent(results, COFFER_TINY)
  goals.push({
    timed: true,
    goal: `${label} grows with an exponent of at most ${MOST_EXPONENT} from 100 to 1,500 coins`,
    found: `${grown.toFixed(2)}, ${withTiny.toFixed(2)} with tiny-secp256k1`,
    holds: grown <= MOST_EXPONENT && withTiny <= MOST_EXPONENT,
  })
  return goals
}

/** The slope of the line through (log coins, log ms), of those from 100 coins on. */
function exponent(results, name) {
  const points = Object.entries(results)
    .filter(([size, found]) => size >= 100 && found[name])
    .map(([size, found]) => [Math.log(size), Math.log(found[name].ms)])
  if (!points.some(([x]) => x === Math.log(1500))) return undefined
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [0, 1].map((axis) => mean(points.map((point) => point[axis])))
  const above = points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0)
  return above / points.reduce((sum, [px]) => sum + (px - x) ** 2, 0)
}

async function timesOf(sign, type, size, at500) {
  const names = WHO.filter((name) => takesPart(name, type, size, at500))
  const rounds = Object.fromEntries(names.map((name) => [name, []]))
  if (names.includes(AGAIN)) await sign[AGAIN](spendOf(type, size, OLD_ACCOUNT, { salt: salts++ }))
  for (let round = size >= 100 ? 0 : -1; round < ROUNDS[size]; round++) {
    const account = accounts++
    for (const name of round % 2 ? names : names.toReversed()) {
      // Coins of its own for each, so that nobody finds what another one left behind.
      const spend = spendOf(type, size, name === AGAIN ? OLD_ACCOUNT : account, {
        salt: salts++,
        atOne: AT_ONE.includes(name),
      })
      sign[name].prepare?.(spend)
      const start = performance.now()
      const raw = await sign[name](spend)
      const ms = performance.now() - start
      if (decodeTx(Buffer.from(raw, 'hex')).inputs.length !== size) throw new Error(`${name} signs less`)
      if (round >= 0) rounds[name].push(ms)
    }
  }
  return Object.fromEntries(names.map((name) => [name, { ms: median(rounds[name]), rounds: rounds[name] }]))
}

function takesPart(name, type, size, at500) {
  if ((name === TRUST || AT_ONE.includes(name)) && type === 'p2sh-p2wpkh') return false
  // With a key for each coin it tries all of them on all coins.
  if (name === TRUST) return size <= 100
  // It refuses what is above the weight that nodes relay.
  if (AT_ONE.includes(name)) return size <= 500
  return size <= 500 || OURS.includes(name) || (name !== AGAIN && at500[name].ms < PATIENCE)
}

/** The same bytes, or, where signatures are random, the same id and length. */
async function assertSame(sign) {
  for (const type of Object.keys(types)) {
    const account = accounts++
    for (const atOne of [false, true]) {
      const spend = spendOf(type, 3, account, { atOne })
      const seen = new Set()
      for (const name of WHO.filter((name) => takesPart(name, type, 3) && AT_ONE.includes(name) === atOne)) {
        sign[name].prepare?.(spend)
        const raw = await sign[name](spend)
        seen.add(type === 'p2tr' ? `${txidOf(decodeTx(Buffer.from(raw, 'hex')))} ${raw.length}` : raw)
        if (seen.size > 1) throw new Error(`${name} signs other bytes for ${type}`)
      }
    }
  }
}

await runAlone(import.meta, measure)
