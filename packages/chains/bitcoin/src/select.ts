import { CofferError } from '@coffer/core'
import { findExact } from './select-exact.ts'
import { type Ladder, takeClosest, takeLargest } from './select-largest.ts'
import { type Choice, type Coin, feeFor, makePool, type Sums, type Terms } from './select-pool.ts'
import { drawRandom } from './select-random.ts'
import { type Random, secureRandom } from './shuffle.ts'

export type { Coin } from './select-pool.ts'

/** What both ways of choosing need to know. */
export interface Spending<C extends Coin> {
  /** These are spent in any case: what a person picked by hand, or what a replacement must spend again. */
  readonly required?: readonly C[] | undefined
  /** Weight of everything but the inputs, by the number of inputs and with or without the change output. */
  readonly weight: (inputs: number, change: boolean) => number
  /** Satoshi for 1,000 virtual bytes. */
  readonly feeRate: bigint
  /** The most that the transaction may weigh; what nodes relay when not given. */
  readonly maxWeight?: number | undefined
}

export interface SelectRequest<C extends Coin> extends Spending<C> {
  /** Coins to choose from, by preference: a group is touched only when those before it cannot pay. */
  readonly groups: readonly (readonly C[])[]
  /** The sum of all outputs but the change, in satoshi. */
  readonly target: bigint
  /** What a coin is expected to cost to spend at another time, in satoshi for 1,000 virtual bytes. */
  readonly longTermFeeRate: bigint
  readonly change: {
    /** The smallest amount that is worth an output, in satoshi. */
    readonly dust: bigint
    /** Weight of the input that will spend it, in weight units. */
    readonly spendWeight: number
  }
  readonly random?: Random | undefined
}

export interface Selection<C extends Coin> {
  /** In no order that means anything; shuffle them before they become inputs. */
  readonly coins: readonly C[]
  /** All that goes to miners: the inputs less the target and the change. */
  readonly fee: bigint
  /** Absent when there is none. */
  readonly change?: bigint
  /**
   * The part of the fee above the rate because no change was made of it. At most 1% of the fee, unless no choice of coins
   * does better: then the rest is dust.
   */
  readonly excess: bigint
  /** The waste metric, in satoshi; below zero when spending now saves against spending later. */
  readonly waste: bigint
  readonly algorithm: 'required' | 'exact' | 'random' | 'closest' | 'largest'
}

/** What nodes relay at most (MAX_STANDARD_TX_WEIGHT). */
const MAX_WEIGHT = 400_000

const MOST_MONEY = 2_100_000_000_000_000
/** A hundred times what anybody ever paid: keeps every product of weight and rate exact. */
const MOST_RATE = 1_000_000_000n
const MOST_COINS = 1_000_000
const MOST_WEIGHT = 4_000_000

/** Change is wished to be at least this, so that it can be spent again and looks like a payment. */
const CHANGE_FROM = 50_000
const CHANGE_TO = 1_000_000

/**
 * Chooses the coins of a payment. The fee is exact for the final weight, counted in whole virtual bytes as nodes do: never
 * below the rate, and never more than 1% above it unless what remains is too small to be an output.
 *
 * Several ways are tried: coins that pay almost exactly and leave no change, coins drawn by lot, the smallest that suffice
 * and the largest. Of those within 3% of the lowest cost (the fee, and at the long-term rate the spending of the change) the
 * one with the least waste is taken. Coins that cost more to spend than they hold are left alone unless they are required.
 * No step takes more than n·log n time or a fixed number of steps.
 *
 * Throws `INSUFFICIENT_FUNDS` with `details.reason` `funds` or `weight` (the funds are there, in too many small coins),
 * `details.needed` (the target) and `details.available` (the most that can be paid at this rate); `INVALID_REQUEST` for
 * coins, amounts or rates that cannot be, and coins given twice.
 *
 * @example
 * selectCoins({
 *   groups: [confirmed, unconfirmedChange],
 *   target: 100_000n,
 *   weight: (inputs, change) => txWeight(inputs, change ? 2 : 1),
 *   feeRate: 12_000n,
 *   longTermFeeRate: 10_000n,
 *   change: { dust: 294n, spendWeight: 272 },
 * }) // { coins: […], fee: 1_692n, change: 48_308n, excess: 0n, … }
 */
export function selectCoins<C extends Coin>(request: SelectRequest<C>): Selection<C> {
  const { groups, required = [], random = secureRandom() } = request
  checkCoins(required, groups)
  const terms = termsOf(request)
  const wishedChange = Math.max(terms.dust, wishOf(terms.target, random))
  const must = new Set(required.map(({ id }) => id))
  const result = (choice: Found, pool: readonly C[]): Selection<C> => ({
    coins: [...required, ...choice.coins.map((i) => pool[i] as C)],
    fee: BigInt(choice.fee),
    ...(choice.change === undefined ? {} : { change: BigInt(choice.change) }),
    excess: BigInt(choice.excess),
    waste: BigInt(choice.waste),
    algorithm: choice.algorithm,
  })

  let coins: readonly C[] = []
  let loose: Selection<C> | undefined
  let most = Number.NEGATIVE_INFINITY
  let full = false
  for (const group of groups.length === 0 ? [[]] : groups) {
    const fresh = must.size === 0 ? group : group.filter(({ id }) => !must.has(id))
    coins = coins.length === 0 ? fresh : [...coins, ...fresh]
    const attempt = choose(coins, terms, wishedChange, random)
    most = Math.max(most, attempt.most)
    full ||= attempt.full
    if (!attempt.best) continue
    if (attempt.best.tight) return result(attempt.best, coins)
    loose ??= result(attempt.best, coins)
  }
  if (loose) return loose
  throw insufficient(most, terms.target, full || most >= terms.target)
}

export interface SelectAllRequest<C extends Coin> extends Spending<C> {
  readonly coins: readonly C[]
  /** The sum of the outputs beside the one that gets the rest, in satoshi. */
  readonly target?: bigint | undefined
  /** The smallest rest that makes an output, in satoshi. */
  readonly dust: bigint
}

/**
 * Takes every coin that holds more than it costs to spend, and the required ones; what remains after the fee goes to one output,
 * which `weight(inputs, false)` counts. Throws as {@link selectCoins} does.
 *
 * @example
 * selectAll({ coins, weight, feeRate: 5_000n, dust: 294n }) // { coins: […], amount: 149_450n, fee: 550n }
 */
export function selectAll<C extends Coin>({
  coins,
  required = [],
  target = 0n,
  dust,
  ...spending
}: SelectAllRequest<C>): { readonly coins: readonly C[]; readonly amount: bigint; readonly fee: bigint } {
  checkCoins(required, [coins])
  const terms = termsOf({
    ...spending,
    required,
    target,
    longTermFeeRate: 0n,
    change: { dust, spendWeight: 0 },
  })
  const must = new Set(required.map(({ id }) => id))
  const optional = coins.filter(({ id }) => !must.has(id))
  const pool = makePool(optional, terms.feeRate)
  const all = [...required, ...Array.from(pool.index, (i) => optional[i] as C)]
  const { amount, extra, weight, count } = sumsOf(all)
  const whole = weight + terms.base(count, false)
  const fee = feeFor(whole, terms.feeRate) + extra
  const rest = amount - terms.target - fee
  if (whole > terms.maxWeight) throw insufficient(rest + terms.target, terms.target, true)
  if (count === 0 || rest < terms.dust) throw insufficient(amount - fee, terms.target + terms.dust, false)
  return { coins: all, amount: BigInt(rest), fee: BigInt(fee) }
}

type Found = Choice & { readonly algorithm: Selection<Coin>['algorithm']; readonly coins: readonly number[] }

/** The best choice among these coins, if any pays. */
function choose(
  coins: readonly Coin[],
  terms: Terms,
  wishedChange: number,
  random: Random,
): Pick<Ladder, 'most' | 'full'> & { readonly best: Found | undefined } {
  const pool = makePool(coins, terms.feeRate)
  const { choices: ladder, most, full } = takeLargest(pool, terms, wishedChange)
  const costs = ladder.filter(({ tight }) => tight).map(({ cost }) => cost)
  const found: Found[] = []
  const add = (way: Found['algorithm'], choice: Choice | undefined): void => {
    if (!choice) return
    const picked = choice.picks.map((pick) => pool.index[pick] as number)
    found.push({ ...choice, algorithm: picked.length === 0 ? 'required' : way, coins: picked })
  }
  add('exact', findExact(pool, terms, withShare(Math.min(...costs))))
  if (ladder.length > 0) {
    add('random', drawRandom(pool, terms, wishedChange, random))
    for (const choice of ladder) {
      if ((choice.change ?? 0) >= wishedChange) add('closest', takeClosest(choice, pool, terms, wishedChange))
      add('largest', choice)
    }
  }
  return { best: judge(found), most, full }
}

/** Of those that cost little more than the cheapest, the one that wastes least; the first of equals. */
function judge(found: readonly Found[]): Found | undefined {
  const tight = found.filter((choice) => choice.tight)
  const all = tight.length > 0 ? tight : found
  const cheapest = Math.min(...all.map(({ cost }) => cost))
  let best: Found | undefined
  for (const choice of all)
    if (choice.cost <= withShare(cheapest) && (!best || choice.waste < best.waste)) best = choice
  return best
}

/** What a choice may cost to be taken for less waste: 3% above the cheapest. */
function withShare(cost: number): number {
  return cost + Math.floor((cost * 3) / 100)
}

/** How large change should be: drawn by lot up to twice the payment, so that its size tells nothing. */
function wishOf(target: number, random: Random): number {
  const most = Math.min(2 * target, CHANGE_TO)
  return most <= CHANGE_FROM ? CHANGE_FROM : CHANGE_FROM + random(most - CHANGE_FROM + 1)
}

function insufficient(most: number, target: number, full: boolean): CofferError {
  return new CofferError({
    code: 'INSUFFICIENT_FUNDS',
    message: full
      ? 'The coins that this payment takes do not fit in one transaction. Send less, or first merge small coins by sending to yourself.'
      : `At this fee rate the spendable coins pay ${Math.max(most, 0)} satoshi at most, of ${target}. Send less, or wait for a lower fee rate.`,
    details: {
      reason: full ? 'weight' : 'funds',
      needed: BigInt(target),
      available: BigInt(Math.max(most, 0)),
    },
  })
}

// ---- what comes in ----

function termsOf<C extends Coin>({
  required = [],
  target,
  weight,
  feeRate,
  longTermFeeRate,
  change,
  maxWeight = MAX_WEIGHT,
}: Omit<SelectRequest<C>, 'groups' | 'random'>): Terms {
  if (feeRate <= 0n || feeRate > MOST_RATE || longTermFeeRate < 0n || longTermFeeRate > MOST_RATE)
    throw wrong('The fee rates must be above zero and at most 1,000,000,000 satoshi for 1,000 virtual bytes.')
  if (target < 0n || target > MOST_MONEY || change.dust < 0n || change.dust > MOST_MONEY)
    throw wrong('The sum of the outputs is not an amount that Bitcoin has.')
  return {
    target: Number(target),
    feeRate: Number(feeRate),
    longTermFeeRate: Number(longTermFeeRate),
    base: weight,
    dust: Math.max(Number(change.dust), 1),
    spendWeight: change.spendWeight,
    maxWeight,
    required: sumsOf(required),
  }
}

function sumsOf(coins: readonly Coin[]): Sums {
  let amount = 0
  let extra = 0
  let weight = 0
  for (const coin of coins) {
    amount += Number(coin.amount)
    extra += Number(coin.extraFee ?? 0n)
    weight += coin.weight
  }
  return { count: coins.length, amount, extra, weight }
}

/** Every amount is one that Bitcoin has, and so are all together; no coin comes twice, but for required ones in a group. */
function checkCoins(required: readonly Coin[], groups: readonly (readonly Coin[])[]): void {
  checkList([required])
  checkList(groups)
}

function checkList(groups: readonly (readonly Coin[])[]): void {
  const count = groups.reduce((sum, { length }) => sum + length, 0)
  if (count > MOST_COINS) throw wrong('There are too many coins.')
  const seen = new Set<string>()
  let total = 0
  for (const group of groups)
    for (const { id, amount, weight, extraFee = 0n } of group) {
      if (amount < 0n || amount > MOST_MONEY || extraFee < 0n || extraFee > MOST_MONEY)
        throw wrong(`The coin ${id.slice(0, 80)} has an amount that Bitcoin does not have.`)
      if (!Number.isSafeInteger(weight) || weight <= 0 || weight > MOST_WEIGHT)
        throw wrong(`The coin ${id.slice(0, 80)} has no possible weight.`)
      total += Number(amount)
      if (total > MOST_MONEY) throw wrong('The coins hold more than there is of Bitcoin.')
      seen.add(id)
    }
  if (seen.size < count) throw wrong('A coin is given twice.')
}

function wrong(hint: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message: `No coins can be chosen. ${hint}` })
}
