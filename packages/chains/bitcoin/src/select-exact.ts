import { type Choice, changeCost, feeFor, type Pool, settle, type Terms, tolerance } from './select-pool.ts'

/** How many steps a search may take: a few milliseconds. */
const STEPS = 500_000
/** What settling a choice takes more than a step, beside a step for each coin. */
const SETTLING = 10

/**
 * Searches for coins that pay without change and almost exactly: branch and bound, over choices of one coin, of two, of
 * three … while the fee stays within `maxCost`, the last two coins by walking towards each other from both ends. The first
 * that fits has the fewest inputs. `undefined` when there is none, or none was found within the steps.
 */
export function findExact(
  pool: Pool,
  terms: Terms,
  maxCost: number,
  steps: number = STEPS,
): Choice | undefined {
  const { size, value, weight } = pool
  const { required, feeRate, base } = terms
  const upTo = prefixSums(value)
  const lightest = weight.reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY)
  // Values round down, by less than one each, and the fee rounds up, by no more than this: sums so close are looked at.
  const slack = Math.ceil((3 * feeRate) / 1_000) + 4
  const picks: number[] = []
  let left = steps
  let need = 0
  let width = 0

  const fits = (): Choice | 'short' | 'above' => {
    left -= SETTLING + picks.length
    const choice = settle(picks, pool, terms)
    if (!choice) return 'short'
    return choice.change === undefined && choice.tight ? choice : 'above'
  }

  /** The greatest sum of `count` values from position `start` on. */
  const greatest = (start: number, count: number): number =>
    (upTo[start + count] as number) - (upTo[start] as number)

  /** The first position from `start` on whose value is at most `most`. */
  const firstAtMost = (start: number, most: number): number => {
    let low = start
    let high = size
    while (low < high) {
      const middle = (low + high) >> 1
      if ((value[middle] as number) <= most) high = middle
      else low = middle + 1
    }
    return low
  }

  const one = (start: number, sum: number): Choice | undefined => {
    for (let i = firstAtMost(start, need + width - sum); i < size && left-- > 0; i++) {
      if (sum + (value[i] as number) < need) return undefined
      picks.push(i)
      const found = fits()
      picks.pop()
      if (typeof found !== 'string') return found
    }
    return undefined
  }

  const two = (start: number, sum: number): Choice | undefined => {
    let i = firstAtMost(start, need + width - sum)
    let j = size - 1
    while (i < j && left-- > 0) {
      const both = sum + (value[i] as number) + (value[j] as number)
      if (both > need + width) i++
      else if (both < need) j--
      else {
        picks.push(i, j)
        const found = fits()
        picks.length -= 2
        if (typeof found !== 'string') return found
        if (found === 'short') j--
        else i++
      }
    }
    return undefined
  }

  const many = (start: number, sum: number, count: number): Choice | undefined => {
    if (count === 1) return one(start, sum)
    if (count === 2) return two(start, sum)
    const smallest = greatest(size - count + 1, count - 1)
    for (let i = firstAtMost(start, need + width - sum - smallest); i + count <= size && left-- > 0; i++) {
      if (sum + greatest(i, count) < need) return undefined
      // The same coin over again leads to the same sums.
      if (i > start && value[i] === value[i - 1] && weight[i] === weight[i - 1]) continue
      picks.push(i)
      const found = many(i + 1, sum + (value[i] as number), count - 1)
      picks.pop()
      if (found) return found
    }
    return undefined
  }

  for (let count = 1; count <= size && left > 0; count++) {
    const inputs = required.count + count
    const rest = required.weight + base(inputs, false)
    const fee = feeFor(rest + count * lightest, feeRate)
    if (fee > maxCost || rest + count * lightest > terms.maxWeight) return undefined
    need =
      4 * (terms.target + required.extra - required.amount) + Math.floor((rest * feeRate) / 1_000) - count
    if (need <= 0) return undefined
    width = 4 * tolerance(2 * fee, changeCost(inputs, terms)) + slack + count
    if (greatest(0, count) < need) continue
    const found = many(0, 0, count)
    if (found) return found
  }
  return undefined
}

function prefixSums(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1)
  for (let i = 0; i < values.length; i++) sums[i + 1] = (sums[i] as number) + (values[i] as number)
  return sums
}
