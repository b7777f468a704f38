// How long choosing coins takes out of 10,000, and what the choice costs in the end.

import { coinselect as bitcoinerlab } from '@bitcoinerlab/coinselect'
import { DescriptorsFactory } from '@bitcoinerlab/descriptors'
import { selectCoins } from '@coffer/bitcoin'
import { p2wpkh, selectUTXO } from '@scure/btc-signer'
import coinselect from 'coinselect'
import * as tiny from 'tiny-secp256k1'
import { count, median, runAlone } from './lib/harness.mjs'
import { assertBuilt } from './lib/places.mjs'

const COINS = 10_000
/** Satoshi for a virtual byte, now; and at the time when change is spent. */
const RATES = [2, 10, 50]
const LATER = 10
const WALLETS_PER_RATE = 3
/** P2WPKH: an input with its witness, an output, and the rest of a transaction without counts of inputs, in weight units. */
const INPUT = 272
const OUTPUT = 124
const REST = 4 * 9 + 2
const DUST = 294
const MOST_WEIGHT = 400_000
/** Of the change, later. */
const SPENDING = (INPUT / 4) * LATER

const key = tiny.pointFromScalar(new Uint8Array(32).fill(7), true)
const { script, address } = p2wpkh(key)
const { Output } = DescriptorsFactory(tiny)
const output = new Output({ descriptor: `wpkh(${Buffer.from(key).toString('hex')})` })

const COFFER = 'Coffer: selectCoins'
const SCURE = '@scure/btc-signer: selectUTXO'
const LIMIT_MS = 10
const LIMIT_COST = 1.05

/** Each takes a wallet in its own form, made beforehand, and gives the amounts of inputs and the change. */
const choosers = {
  [COFFER]: {
    prepare: ({ amounts }) =>
      amounts.map((amount, i) => ({ id: `${i}`, amount: BigInt(amount), weight: INPUT })),
    choose: (coins, { target, rate }) => {
      const { coins: chosen, change } = selectCoins({
        groups: [coins],
        target: BigInt(target),
        weight: (inputs, change) => weightOf(inputs, change ? 2 : 1) - inputs * INPUT,
        feeRate: BigInt(rate) * 1_000n,
        longTermFeeRate: BigInt(LATER) * 1_000n,
        change: { dust: BigInt(DUST), spendWeight: INPUT },
      })
      return { inputs: chosen.map(({ amount }) => Number(amount)), change: Number(change ?? 0n) }
    },
  },
  [SCURE]: scure('default'),
  '@scure/btc-signer: selectUTXO, accumBiggest': scure('accumBiggest'),
  '@bitcoinerlab/coinselect': {
    prepare: ({ amounts }) => amounts.map((value) => ({ output, value })),
    choose: (utxos, { target, rate }) => {
      const targets = [{ output, value: target }]
      const { utxos: chosen, targets: made } = bitcoinerlab({
        utxos,
        targets,
        remainder: output,
        feeRate: rate,
      })
      return { inputs: chosen.map(({ value }) => value), change: made.length > 1 ? made.at(-1).value : 0 }
    },
  },
  coinselect: {
    prepare: ({ amounts }) => amounts.map((value, vout) => ({ txid: idOf(0), vout, value })),
    choose: (utxos, { target, rate }) => {
      const { inputs, outputs } = coinselect(utxos, [{ address, value: target }], rate)
      const change = outputs.find((output) => output.address === undefined)
      return { inputs: inputs.map(({ value }) => value), change: change?.value ?? 0 }
    },
  },
}

function scure(strategy) {
  return {
    prepare: ({ amounts }) =>
      amounts.map((amount, i) => ({
        txid: idOf(i),
        index: 0,
        witnessUtxo: { script, amount: BigInt(amount) },
      })),
    choose: (utxos, { target, rate }) => {
      const { inputs, outputs } = selectUTXO(utxos, [{ address, amount: BigInt(target) }], strategy, {
        feePerByte: BigInt(rate),
        changeAddress: address,
        createTx: false,
      })
      const change = outputs.length > 1 ? outputs.find(({ amount }) => amount !== BigInt(target)) : undefined
      return {
        inputs: inputs.map(({ witnessUtxo }) => Number(witnessUtxo.amount)),
        change: Number(change?.amount ?? 0n),
      }
    },
  }
}

export async function measure() {
  assertBuilt()
  const wallets = RATES.flatMap((rate, i) =>
    Array.from({ length: WALLETS_PER_RATE }, (_, seed) => walletOf(1 + i * WALLETS_PER_RATE + seed, rate)),
  )
  const names = Object.keys(choosers)
  const found = Object.fromEntries(names.map((name) => [name, []]))
  // Everybody once, so that no wallet pays for the first time.
  for (const name of names)
    run(name, { ...wallets[0], amounts: wallets[0].amounts.slice(0, 200), target: 50_000 })
  wallets.forEach((wallet, i) => {
    for (const name of i % 2 ? names : names.toReversed()) found[name].push(run(name, wallet))
  })
  const lowest = (what) =>
    wallets.map((_, i) => Math.min(...names.map((name) => found[name][i][what] ?? Number.POSITIVE_INFINITY)))
  const best = lowest('cost')
  const bestHonest = lowest('honest')
  const rows = names.map((name) => {
    const ms = found[name].map((result) => result.ms)
    const valid = found[name].filter(({ cost }) => cost !== undefined)
    const ratios = found[name].flatMap(({ cost }, i) => (cost === undefined ? [] : [cost / best[i]]))
    const faults = found[name].flatMap(({ fault }) => fault ?? [])
    return {
      name,
      ms: median(ms),
      worstMs: Math.max(...ms),
      ratio: ratios.length ? median(ratios) : undefined,
      worstRatio: ratios.length ? Math.max(...ratios) : undefined,
      worstHonest: ratios.length
        ? Math.max(...found[name].map(({ honest = 0 }, i) => honest / bestHonest[i]))
        : undefined,
      inputs: valid.length ? median(valid.map(({ inputs }) => inputs)) : undefined,
      faults: faults.length
        ? `${faults.length} of ${wallets.length}: ${[...new Set(faults)].join(', ')}`
        : 'none',
    }
  })
  const ours = rows.find(({ name }) => name === COFFER)
  const text = (value, digits) => (value === undefined ? '' : value.toFixed(digits))
  return {
    title: 'Bitcoin: choosing coins',
    notes: [
      `${wallets.length} wallets of ${count(COINS)} P2WPKH coins of very different size (seeded, the same each time), one payment each, at ${RATES.join(', ')} sat/vB. All-in: what the transaction leaves to miners, counted from its real amounts, and what its change will cost to spend at ${LATER} sat/vB; beside the lowest of all who were asked; “at 1%” as if whoever leaves more than 1% above the rate to miners had made change of it, which Coffer always does. Each is given the coins in the form that it takes, made beforehand. A choice that pays less than the rate, is too heavy to be relayed, or makes dust is a fault and no cost. coinselect takes every coin for a P2PKH one.`,
    ],
    tables: [
      {
        caption: `Choosing from ${count(COINS)} coins`,
        columns: [
          'who',
          'ms',
          'worst, ms',
          'inputs',
          'all-in, of the best',
          'worst',
          'worst at 1%',
          'faults',
        ],
        rows: rows.map(({ name, ms, worstMs, inputs, ratio, worstRatio, worstHonest, faults }) => [
          name,
          ms.toFixed(1),
          worstMs.toFixed(1),
          inputs ?? '',
          text(ratio, 3),
          text(worstRatio, 3),
          text(worstHonest, 3),
          faults,
        ]),
      },
    ],
    goals: [
      {
        timed: true,
        goal: `choosing from ${count(COINS)} coins takes at most ${LIMIT_MS} ms`,
        found: `${ours.ms.toFixed(1)} ms, at worst ${ours.worstMs.toFixed(1)}`,
        holds: ours.ms <= LIMIT_MS,
      },
      {
        goal: `what it costs all in is at most ${LIMIT_COST} of the best of all, by the median`,
        found: `${text(ours.ratio, 3)}, at worst ${text(ours.worstRatio, 3)}`,
        holds: ours.ratio <= LIMIT_COST && ours.faults === 'none',
      },
      {
        goal: `and in every wallet when nobody gives miners more than 1% above the rate`,
        found: text(ours.worstHonest, 3),
        holds: ours.worstHonest <= LIMIT_COST,
      },
    ],
  }
}

/** One choice, priced. Ours draws by lot, so that it is made several times and the dearest one counts. */
function run(name, wallet) {
  const { prepare, choose } = choosers[name]
  const runs = Array.from({ length: name === COFFER ? 5 : 1 }, () => {
    const coins = prepare(wallet)
    const start = performance.now()
    let chosen
    try {
      chosen = choose(coins, wallet)
    } catch (error) {
      return { ms: performance.now() - start, fault: `fails (${String(error.message).slice(0, 60)})` }
    }
    return { ms: performance.now() - start, ...priceOf(chosen, wallet) }
  })
  const ms = median(runs.map((one) => one.ms))
  const fault = runs.find((one) => one.fault)?.fault
  const [dearest] = runs.toSorted((a, b) => b.cost - a.cost)
  return fault ? { ms, fault } : { ...dearest, ms }
}

function priceOf({ inputs, change }, { target, rate }) {
  const weight = weightOf(inputs.length, change > 0 ? 2 : 1)
  const fee = inputs.reduce((sum, amount) => sum + amount, 0) - target - change
  if (fee < Math.ceil(weight / 4) * rate) return { fault: 'pays less than the rate' }
  if (weight > MOST_WEIGHT) return { fault: 'too heavy' }
  if (change > 0 && change < DUST) return { fault: 'dust' }
  const cost = fee + (change > 0 ? SPENDING : 0)
  return { cost, inputs: inputs.length, honest: honestPrice(inputs, target, rate) }
}

/** What the same coins cost when no more than 1% above the rate goes to miners; `undefined` when that cannot be. */
function honestPrice(inputs, target, rate) {
  const feeOf = (outputs) => Math.ceil(weightOf(inputs.length, outputs) / 4) * rate
  const left = inputs.reduce((sum, amount) => sum + amount, 0) - target
  if (left - feeOf(1) <= feeOf(1) / 100) return left
  return left - feeOf(2) >= DUST ? feeOf(2) + SPENDING : undefined
}

function weightOf(inputs, outputs) {
  return REST + 4 * (inputs < 253 ? 1 : 3) + inputs * INPUT + outputs * OUTPUT
}

/** Amounts from a thousand satoshi to nine million, evenly by their logarithm. */
function walletOf(seed, rate) {
  let state = seed
  const random = (below) => {
    state = (state * 48271) % 2147483647
    return state % below
  }
  for (let i = 0; i < 10; i++) random(1)
  const amounts = Array.from({ length: COINS }, () => Math.floor(Math.exp(7 + random(9_000) / 1_000)))
  const sum = amounts.reduce((total, amount) => total + amount, 0)
  return { amounts, rate, target: Math.floor((sum * (1 + random(500))) / 10_000) }
}

const idOf = (i) => (i + 1).toString(16).padStart(64, '0')

await runAlone(import.meta, measure)
