import { wasteOf } from './waste.ts'

/** A coin that may be spent. */
export interface Coin {
  /** Tells it from all others: `txid:vout`. */
  readonly id: string
  /** Satoshi. */
  readonly amount: bigint
  /** Of its input with scriptSig and witness, in weight units: what it has at most. */
  readonly weight: number
  /** What must be paid on top so that its unconfirmed parents reach the same rate, in satoshi. */
  readonly extraFee?: bigint
}

/**
 * The rules of one selection, and what is spent in any case. Amounts are whole satoshi, held as numbers: all there is of
 * Bitcoin stays below 2^51, and sums of whole numbers below 2^53 are exact.
 */
export interface Terms {
  readonly target: number
  readonly feeRate: number
  readonly longTermFeeRate: number
  /** Weight of all but the inputs, by the number of inputs. */
  readonly base: (inputs: number, change: boolean) => number
  readonly dust: number
  readonly spendWeight: number
  readonly maxWeight: number
  /** What the coins that must be spent bring along. */
  readonly required: Sums
}

/** Coins taken together. */
export interface Sums {
  readonly count: number
  readonly amount: number
  /** What they must pay for the transactions that they come from. */
  readonly extra: number
  readonly weight: number
}

/**
 * Coins that are worth spending, the best first. The arrays go together by position.
 *
 * A value is what a coin brings once its own input is paid, in quarters of a satoshi: exact where a weight unit costs whole
 * quarters, otherwise rounded down. It guides the search; what a choice really pays is counted by {@link settle}.
 */
export interface Pool {
  readonly size: number
  readonly value: Float64Array
  readonly amount: Float64Array
  readonly extra: Float64Array
  readonly weight: Float64Array
  /** Position in the list of coins. */
  readonly index: Uint32Array
}

export interface Outcome {
  readonly fee: number
  readonly change?: number
  /** The part of the fee that is not made change of. */
  readonly excess: number
  /** Whether the fee is within 1% of what the rate asks for. */
  readonly tight: boolean
}

/** A choice of coins, with the change or the fee that follows from it. */
export interface Choice extends Outcome {
  /** Positions in the pool. */
  readonly picks: readonly number[]
  /** Fee and, at the long-term rate, the price of spending the change. */
  readonly cost: number
  readonly waste: number
}

/** Where change could be made, the fee may be above the rate by one part in this many, and no more. */
const SHARE = 100

export function feeFor(weight: number, feeRate: number): number {
  return Math.ceil((Math.ceil(weight / 4) * feeRate) / 1_000)
}

export function makePool(coins: readonly Coin[], feeRate: number): Pool {
  const values = new Float64Array(coins.length)
  const worth = new Uint32Array(coins.length)
  let size = 0
  for (let i = 0; i < coins.length; i++) {
    const { amount, weight, extraFee = 0n } = coins[i] as Coin
    const net = Number(amount) - Number(extraFee)
    // Counted in whole virtual bytes, so that a coin never makes a payment dearer than it is worth.
    if (net <= feeFor(weight, feeRate)) continue
    values[i] = 4 * net - Math.ceil((weight * feeRate) / 1_000)
    worth[size++] = i
  }
  const index = byValue(worth.subarray(0, size), values)
  const pool = {
    size,
    index,
    value: new Float64Array(size),
    amount: new Float64Array(size),
    extra: new Float64Array(size),
    weight: new Float64Array(size),
  }
  for (let at = 0; at < size; at++) {
    const i = index[at] as number
    const { amount, extraFee = 0n, weight } = coins[i] as Coin
    pool.value[at] = values[i] as number
    pool.amount[at] = Number(amount)
    pool.extra[at] = Number(extraFee)
    pool.weight[at] = weight
  }
  return pool
}

/** The highest value first, equal ones in the order they came. */
function byValue(index: Uint32Array, values: Float64Array): Uint32Array {
  const span = values.length
  const greatest = values.reduce((most, value) => Math.max(most, value), 0)
  if ((greatest + 1) * span > Number.MAX_SAFE_INTEGER)
    return index.slice().sort((a, b) => (values[b] as number) - (values[a] as number) || a - b)
  // Value and place in one number: sorting numbers without a comparison function is ten times as fast.
  const keys = new Float64Array(index.length)
  for (let at = 0; at < index.length; at++) {
    const i = index[at] as number
    keys[at] = (values[i] as number) * span + (span - 1 - i)
  }
  keys.sort().reverse()
  return Uint32Array.from(keys, (key) => span - 1 - (key % span))
}

/** What a choice of coins comes to: `undefined` when it does not pay, or weighs too much. */
export function settle(picks: readonly number[], pool: Pool, terms: Terms): Choice | undefined {
  const sums = { ...terms.required, count: terms.required.count + picks.length }
  for (const pick of picks) {
    sums.amount += pool.amount[pick] as number
    sums.extra += pool.extra[pick] as number
    sums.weight += pool.weight[pick] as number
  }
  const outcome = outcomeOf(sums, terms)
  if (!outcome) return undefined
  const { feeRate, longTermFeeRate } = terms
  const later = outcome.change === undefined ? 0 : feeFor(terms.spendWeight, longTermFeeRate)
  return {
    ...outcome,
    picks: [...picks],
    cost: outcome.fee + later,
    waste: wasteOf({
      inputsWeight: sums.weight,
      feeRate,
      longTermFeeRate,
      extraFee: sums.extra,
      excess: outcome.excess,
      changeCost: outcome.change === undefined ? undefined : changeCost(sums.count, terms),
    }),
  }
}

/** Fee and change of coins that sum up to `sums`; `undefined` when they do not pay, or weigh too much. */
export function outcomeOf(sums: Sums, terms: Terms): Outcome | undefined {
  const { count, weight, extra } = sums
  const bare = weight + terms.base(count, false)
  if (bare > terms.maxWeight) return undefined
  const fee = feeFor(bare, terms.feeRate)
  const left = sums.amount - extra - terms.target - fee
  if (left < 0) return undefined
  if (left > tolerance(fee, changeCost(count, terms))) {
    const whole = weight + terms.base(count, true)
    const change = left + fee - feeFor(whole, terms.feeRate)
    if (change >= terms.dust)
      // Without room for the change all of it would go to the fee.
      return whole > terms.maxWeight
        ? undefined
        : { fee: left + fee - change + extra, change, excess: 0, tight: true }
  }
  return { fee: fee + left + extra, excess: left, tight: left * SHARE <= fee }
}

/** How much may go to the fee in place of change although change could be made: never more than the change would cost. */
export function tolerance(fee: number, costOfChange: number): number {
  return Math.min(Math.floor(fee / SHARE), costOfChange)
}

/** What change costs: its output now, and at the long-term rate its input later. */
export function changeCost(count: number, { base, feeRate, longTermFeeRate, spendWeight }: Terms): number {
  return feeFor(base(count, true) - base(count, false), feeRate) + feeFor(spendWeight, longTermFeeRate)
}
