import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Coin } from './select.ts'
import { findExact } from './select-exact.ts'
import { takeClosest, takeLargest } from './select-largest.ts'
import { makePool, settle, type Terms } from './select-pool.ts'
import { drawRandom } from './select-random.ts'

const P2WPKH = 272

function termsOf(more: Partial<Terms>): Terms {
  return {
    target: 100_000,
    feeRate: 10_000,
    longTermFeeRate: 10_000,
    base: (inputs, change) => 42 + (inputs < 253 ? 0 : 8) + 124 * (change ? 2 : 1),
    dust: 294,
    spendWeight: P2WPKH,
    maxWeight: 400_000,
    required: { count: 0, amount: 0, extra: 0, weight: 0 },
    ...more,
  }
}

function coinsOf(...amounts: readonly number[]): Coin[] {
  return amounts.map((amount, i) => ({ id: `${i}`, amount: BigInt(amount), weight: P2WPKH }))
}

describe('the pool', () => {
  test('has the best first, equal ones in their order, worthless ones not at all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ amount: fc.nat(5_000), weight: fc.constantFrom(230, 272, 364) })),
        fc.integer({ min: 1, max: 20_000 }),
        fc.constantFrom(0, 2_000_000_000_000_000),
        (list, feeRate, whale) => {
          const coins = [...list, ...(whale ? [{ amount: whale, weight: 272 }] : [])].map((coin, i) => ({
            id: `${i}`,
            amount: BigInt(coin.amount),
            weight: coin.weight,
          }))
          const quarters = (i: number): number => {
            const { amount, weight } = coins[i] as Coin
            return 4 * Number(amount) - Math.ceil((weight * feeRate) / 1_000)
          }
          const expected = coins
            .map((_, i) => i)
            .filter((i) => {
              const { amount, weight } = coins[i] as Coin
              return Number(amount) > Math.ceil((Math.ceil(weight / 4) * feeRate) / 1_000)
            })
            .sort((a, b) => quarters(b) - quarters(a) || a - b)
          const pool = makePool(coins, feeRate)
          expect([...pool.index]).toEqual(expected)
          expect([...pool.value]).toEqual(expected.map(quarters))
          expect([...pool.amount]).toEqual(expected.map((i) => Number(coins[i]?.amount)))
        },
      ),
    )
  })
})

describe('exact', () => {
  test('finds a choice where one exists, and one of the fewest coins', () => {
    const seen = { found: 0, none: 0 }
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 10 }),
        fc.integer({ min: 1_000, max: 20_000 }),
        fc.nat(1023),
        fc.integer({ min: -30, max: 30 }),
        (amounts, feeRate, mask, off) => {
          const pool = makePool(coinsOf(...amounts), feeRate)
          const picks = (bits: number): number[] =>
            Array.from({ length: pool.size }, (_, i) => i).filter((i) => bits & (1 << i))
          const chosen = picks(mask)
          const sum = chosen.reduce((total, i) => total + (pool.amount[i] as number), 0)
          const fee = Math.ceil((Math.ceil((166 + P2WPKH * chosen.length) / 4) * feeRate) / 1_000)
          const terms = termsOf({ target: Math.max(0, sum - fee + off), feeRate, longTermFeeRate: feeRate })
          const counts = Array.from({ length: 2 ** pool.size }, (_, bits) => picks(bits))
            .filter((some) => {
              const choice = settle(some, pool, terms)
              return choice?.tight && choice.change === undefined
            })
            .map(({ length }) => length)
          const found = findExact(pool, terms, Number.POSITIVE_INFINITY)
          if (counts.length === 0) {
            seen.none++
            expect(found).toBeUndefined()
            return
          }
          seen.found++
          expect(found?.picks).toHaveLength(Math.min(...counts))
          expect(found?.tight).toBe(true)
          expect(found?.change).toBeUndefined()
        },
      ),
      { numRuns: 2_000 },
    )
    expect(seen.found).toBeGreaterThan(200)
    expect(seen.none).toBeGreaterThan(100)
  })

  test('goes no further than the cost and the steps allow', () => {
    const pool = makePool(coinsOf(50_000, 40_000, 12_460, 90_000, 33_333), 10_000)
    const terms = termsOf({})
    expect(findExact(pool, terms, 2_460)?.picks).toHaveLength(3)
    expect(findExact(pool, terms, 2_459)).toBeUndefined()
    expect(findExact(pool, terms, 2_460, 1)).toBeUndefined()
    const weight = 42 + 124 + 3 * P2WPKH
    expect(findExact(pool, termsOf({ maxWeight: weight }), 2_460)?.picks).toHaveLength(3)
    expect(findExact(pool, termsOf({ maxWeight: weight - 1 }), 2_460)).toBeUndefined()
  })

  test('the same coin a thousand times over is one coin to try', () => {
    const pool = makePool(coinsOf(...Array.from({ length: 1_000 }, () => 20_000)), 10_000)
    const start = performance.now()
    expect(findExact(pool, termsOf({ target: 1_000_000 }), Number.POSITIVE_INFINITY, 1e9)).toBeUndefined()
    expect(performance.now() - start).toBeLessThan(3_000)
  })
})

describe('largest and closest', () => {
  test('stops where it pays, where it leaves change, and where the change is as wished', () => {
    // The first pays 101,500 with 400 left, no change; with the second there is some; with the third as much as wished.
    const pool = makePool(coinsOf(101_500, 30_000, 29_000, 28_000), 10_000)
    const { choices, most, full } = takeLargest(pool, termsOf({}), 50_000)
    expect(choices.map(({ picks, change, tight }) => [picks.length, change, tight])).toEqual([
      [1, undefined, false],
      [2, 131_500 - 100_000 - 2_090, true],
      [3, 160_500 - 100_000 - 2_770, true],
    ])
    expect(most).toBe(160_500 - 2_460)
    expect(full).toBe(false)
  })

  test('takes the smallest last coin that leaves the wished change', () => {
    const amounts = [900_000, 800_000, 300_000, 152_000, 151_410, 151_409, 120_000, 1_000]
    const pool = makePool(coinsOf(...amounts), 10_000)
    const terms = termsOf({})
    const [choice] = takeLargest(pool, terms, 50_000).choices
    if (!choice) throw new Error('nothing pays')
    expect(takeClosest(choice, pool, terms, 50_000)).toMatchObject({ picks: [4], change: 50_000 })
    const two = takeLargest(pool, termsOf({ target: 1_000_000 }), 50_000).choices.at(-1)
    if (!two) throw new Error('nothing pays')
    expect(takeClosest(two, pool, termsOf({ target: 1_000_000 }), 50_000)?.picks).toEqual([0, 2])
  })
})

describe('by lot', () => {
  test('draws until there is enough, and gives back what is not needed', () => {
    const pool = makePool(coinsOf(400_000, 20_000, 10_000, 5_000), 10_000)
    // The smallest comes first, then the largest, which alone is enough.
    const last = (below: number): number => below - 1
    expect(drawRandom(pool, termsOf({}), 50_000, last)).toMatchObject({ picks: [0] })
    const both = makePool(coinsOf(151_000, 3_000), 10_000)
    expect(drawRandom(both, termsOf({}), 50_000, last)?.change).toBe(154_000 - 100_000 - 2_090)
    expect(drawRandom(pool, termsOf({ target: 500_000 }), 50_000, last)).toBeUndefined()
    expect(drawRandom(pool, termsOf({ maxWeight: 42 + 248 + P2WPKH }), 50_000, last)).toBeUndefined()
  })

  test('every coin that pays comes as often as any other', () => {
    const pool = makePool(coinsOf(...Array.from({ length: 8 }, (_, i) => 500_000 + i)), 10_000)
    const seen = new Array<number>(8).fill(0)
    let state = 1
    const random = (below: number): number => {
      state = (state * 48271) % 2147483647
      return state % below
    }
    for (let i = 0; i < 8_000; i++)
      for (const pick of drawRandom(pool, termsOf({}), 50_000, random)?.picks ?? []) seen[pick]!++
    for (const count of seen) expect(Math.abs(count - 1_000)).toBeLessThan(200)
  })
})
