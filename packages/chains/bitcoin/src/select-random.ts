import { type Choice, feeFor, type Pool, settle, type Terms } from './select-pool.ts'
import type { Random } from './shuffle.ts'

/**
 * Draws coins by lot until they pay and leave the wished change, then gives back those that are not needed, the smallest
 * first. Tells an observer least about the rest of the wallet. `undefined` when the draw weighs too much or runs out.
 */
export function drawRandom(
  pool: Pool,
  terms: Terms,
  wishedChange: number,
  random: Random,
): Choice | undefined {
  const { required, base, feeRate, maxWeight } = terms
  const order = Uint32Array.from({ length: pool.size }, (_, i) => i)
  let { count, weight } = required
  let net = required.amount - required.extra
  const above = (): number => net - terms.target - wishedChange - feeFor(weight + base(count, true), feeRate)
  const drawn: number[] = []
  for (let i = 0; above() < 0; i++) {
    if (i === pool.size) return undefined
    const j = i + random(pool.size - i)
    const pick = order[j] as number
    order[j] = order[i] as number
    drawn.push(pick)
    count++
    weight += pool.weight[pick] as number
    net += (pool.amount[pick] as number) - (pool.extra[pick] as number)
    if (weight + base(count, true) > maxWeight) return undefined
  }
  // The pool is in the order of worth, so the highest position is the smallest coin.
  const picks = drawn
    .sort((a, b) => b - a)
    .filter((pick) => {
      const before = { count, weight, net }
      count--
      weight -= pool.weight[pick] as number
      net -= (pool.amount[pick] as number) - (pool.extra[pick] as number)
      if (above() >= 0) return false
      ;({ count, weight, net } = before)
      return true
    })
  return settle(picks, pool, terms)
}
