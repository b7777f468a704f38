import { coinselect } from '@bitcoinerlab/coinselect'
import { DescriptorsFactory } from '@bitcoinerlab/descriptors'
import { nobleEngine } from '@coffer/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import { p2wpkh, selectUTXO } from '@scure/btc-signer'
import * as ecc from 'tiny-secp256k1'
import { describe, expect, test } from 'vitest'
import { type Coin, selectCoins } from './select.ts'

const VSIZE = 68
const DUST = 294
const key = nobleEngine.publicKey(new Uint8Array(32).fill(7))
const { script, address } = p2wpkh(key)
const output = new (DescriptorsFactory(ecc).Output)({ descriptor: `wpkh(${bytesToHex(key)})` })

function weight(inputs: number, change: boolean): number {
  return 4 * 8 + 2 + 4 * (inputs < 253 ? 1 : 3) + 4 + 124 * (change ? 2 : 1)
}

/** What others choose, by the sum of the inputs and their number. */
function others(
  coins: readonly Coin[],
  target: bigint,
  rate: bigint,
): { raw: number[]; choices: bigint[][] } {
  const strategies = [
    'default',
    'exactBiggest/accumBiggest',
    'exactSmallest/accumBiggest',
    'accumBiggest',
    'accumSmallest',
    'accumOldest',
  ] as const
  const raw: number[] = []
  const choices: bigint[][] = []
  const later = VSIZE * 10
  for (const strategy of strategies) {
    const chosen = selectUTXO(
      coins.map(({ amount }, i) => ({
        txid: bytesToHex(new Uint8Array(32).fill(i + 1)),
        index: 0,
        witnessUtxo: { script, amount },
      })),
      [{ address: address as string, amount: target }],
      strategy,
      { feePerByte: rate, changeAddress: address as string, createTx: false },
    )
    if (!chosen) continue
    raw.push(Number(chosen.fee) + (chosen.change ? later : 0))
    choices.push(chosen.inputs.map(({ witnessUtxo }) => witnessUtxo?.amount ?? 0n))
  }
  const chosen = coinselect({
    utxos: coins.map(({ amount }) => ({ output, value: Number(amount) })),
    targets: [{ output, value: Number(target) }],
    remainder: output,
    feeRate: Number(rate),
  })
  if (chosen) {
    raw.push(chosen.fee + (chosen.targets.length > 1 ? later : 0))
    choices.push(chosen.utxos.map(({ value }) => BigInt(value)))
  }
  return { raw, choices }
}

/** What a choice costs when no more than 1% above the rate goes to miners; `undefined` when that cannot be. */
function priceOf(amounts: readonly bigint[], target: bigint, rate: bigint): number | undefined {
  const sum = Number(amounts.reduce((total, amount) => total + amount, 0n))
  const fee = (change: boolean): number =>
    Math.ceil((weight(amounts.length, change) + 4 * VSIZE * amounts.length) / 4) * Number(rate)
  const left = sum - Number(target) - fee(false)
  if (left >= 0 && left * 100 <= fee(false)) return fee(false) + left
  return sum - Number(target) - fee(true) >= DUST ? fee(true) + VSIZE * 10 : undefined
}

describe('against @scure/btc-signer (six strategies) and @bitcoinerlab/coinselect', () => {
  test.each([2n, 10n, 50n])('at %d sat/vB, 10 later: at most 5% above the best of all', (rate) => {
    let state = 1 + Number(rate)
    const random = (below: number): number => {
      state = (state * 48271) % 2147483647
      return state % below
    }
    let ours = 0
    let best = 0
    let wallets = 0
    for (const count of [5, 20, 60])
      for (let round = 0; round < 15; round++) {
        const coins = Array.from({ length: count }, (_, i) => ({
          id: `${i}`,
          amount: BigInt(Math.floor(Math.exp(7 + random(9_000) / 1_000))),
          weight: 4 * VSIZE,
        }))
        const sum = coins.reduce((total, { amount }) => total + amount, 0n)
        const target = (sum * BigInt(1 + random(round % 2 ? 100 : 700))) / 1_000n
        const { raw, choices } = others(coins, target, rate)
        if (raw.length === 0) continue
        const { fee, change } = selectCoins({
          groups: [coins],
          target,
          weight,
          feeRate: rate * 1_000n,
          longTermFeeRate: 10_000n,
          change: { dust: BigInt(DUST), spendWeight: 4 * VSIZE },
          random,
        })
        const cost = Number(fee) + (change === undefined ? 0 : VSIZE * 10)
        const fair = choices.flatMap((amounts) => priceOf(amounts, target, rate) ?? [])
        // Under the same rule about the rate, in every single wallet.
        if (fair.length > 0) expect(cost).toBeLessThanOrEqual(1.05 * Math.min(...fair))
        ours += cost
        best += Math.min(...raw)
        wallets++
      }
    expect(wallets).toBeGreaterThan(30)
    // Those who give away what change would be, far above the rate, included.
    expect(ours).toBeLessThanOrEqual(1.05 * best)
  })
})
