import { type Choice, feeFor, outcomeOf, type Pool, type Sums, settle, type Terms } from './select-pool.ts'

/** Where taking the best coins one after another leads. */
export interface Ladder {
  readonly choices: readonly Choice[]
  /** The most that these coins can pay, in satoshi; below zero when they do not even pay their fee. */
  readonly most: number
  /** True when coins were left out because the transaction would weigh too much. */
  readonly full: boolean
}

/** The last of the stages below. */
const WISHED = 4

/**
 * Takes the best coins one after another: until they pay, until they pay exactly, until there is change, and until the change is
 * as large as wished. Where all coins weigh the same, no choice pays with fewer inputs than the first of these.
 */
export function takeLargest(pool: Pool, terms: Terms, wishedChange: number): Ladder {
  const choices: Choice[] = []
  const picks: number[] = []
  let sums = terms.required
  let most = mostOf(sums, terms)
  let full = false
  let reached = 0
  const reach = (): void => {
    const outcome = outcomeOf(sums, terms)
    if (!outcome) return
    const { change, tight } = outcome
    const stage = change === undefined ? (tight ? 2 : 1) : change < wishedChange ? 3 : WISHED
    if (stage <= reached) return
    reached = stage
    const choice = settle(picks, pool, terms)
    if (choice) choices.push(choice)
  }
  reach()
  for (let i = 0; i < pool.size && reached < WISHED; i++) {
    const more = plus(sums, pool, i)
    if (more.weight + terms.base(more.count, false) > terms.maxWeight) {
      full = true
      continue
    }
    sums = more
    picks.push(i)
    most = Math.max(most, mostOf(sums, terms))
    reach()
  }
  return { choices, most, full }
}

/** The same choice with the smallest last coin that still leaves the wished change, so that large coins stay whole. */
export function takeClosest(
  choice: Choice,
  pool: Pool,
  terms: Terms,
  wishedChange: number,
): Choice | undefined {
  const last = choice.picks.at(-1)
  if (last === undefined) return undefined
  const rest = choice.picks.slice(0, -1)
  const sums = rest.reduce((sum, pick) => plus(sum, pool, pick), terms.required)
  let best = last
  for (let low = last + 1, high = pool.size - 1; low <= high; ) {
    const middle = (low + high) >> 1
    const change = outcomeOf(plus(sums, pool, middle), terms)?.change ?? -1
    if (change >= wishedChange) {
      best = middle
      low = middle + 1
    } else high = middle - 1
  }
  return settle([...rest, best], pool, terms)
}

function plus({ count, amount, extra, weight }: Sums, pool: Pool, i: number): Sums {
  return {
    count: count + 1,
    amount: amount + (pool.amount[i] as number),
    extra: extra + (pool.extra[i] as number),
    weight: weight + (pool.weight[i] as number),
  }
}

function mostOf({ count, amount, extra, weight }: Sums, { base, feeRate }: Terms): number {
  return amount - extra - feeFor(weight + base(count, false), feeRate)
}
