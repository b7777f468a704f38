import { isCofferError } from '@coffer/core'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { type Coin, type SelectRequest, selectAll, selectCoins } from './select.ts'
import type { Random } from './shuffle.ts'

const P2WPKH = 272
const DUST = 294n

/** Weight of a transaction of `outputs` P2WPKH outputs without its inputs, counted by hand. */
function weight(inputs: number, change: boolean): number {
  return 4 * 8 + 2 + 4 * (inputs < 253 ? 1 : 3) + 4 + 124 * (change ? 2 : 1)
}

/** Always the same numbers: a multiplicative generator of Lehmer. */
function seeded(seed: number): Random {
  let state = (seed % 2147483646) + 1
  return (below) => {
    state = (state * 48271) % 2147483647
    return state % below
  }
}

function coin(id: number, amount: bigint, more: Partial<Coin> = {}): Coin {
  return { id: `${id}`, amount, weight: P2WPKH, ...more }
}

function request(more: Partial<SelectRequest<Coin>>): SelectRequest<Coin> {
  return {
    groups: [],
    target: 100_000n,
    weight,
    feeRate: 10_000n,
    longTermFeeRate: 10_000n,
    change: { dust: DUST, spendWeight: P2WPKH },
    random: seeded(1),
    ...more,
  }
}

// ---- the same rules once more, in bigint, without a shared line ----

function feeOf(coins: readonly Coin[], change: boolean, rate: bigint): bigint {
  const units = coins.reduce((sum, one) => sum + one.weight, weight(coins.length, change))
  return (BigInt(Math.ceil(units / 4)) * rate + 999n) / 1000n
}

function sum(coins: readonly Coin[]): bigint {
  return coins.reduce((total, { amount }) => total + amount, 0n)
}

function extraOf(coins: readonly Coin[]): bigint {
  return coins.reduce((total, { extraFee = 0n }) => total + extraFee, 0n)
}

function isWorth({ amount, weight: units, extraFee = 0n }: Coin, rate: bigint): boolean {
  return amount > extraFee + (BigInt(Math.ceil(units / 4)) * rate + 999n) / 1000n
}

function* subsets(coins: readonly Coin[]): Generator<Coin[]> {
  for (let mask = 0; mask < 2 ** coins.length; mask++) yield coins.filter((_, i) => mask & (1 << i))
}

/** Cost of a choice of coins where it is within 1% of the rate, `loose` where it only pays, `undefined` where it does not. */
function priceOf(coins: readonly Coin[], { target, feeRate, longTermFeeRate }: SelectRequest<Coin>) {
  if (coins.length === 0) return undefined
  const bare = feeOf(coins, false, feeRate)
  const excess = sum(coins) - extraOf(coins) - target - bare
  if (excess < 0n) return undefined
  const whole = feeOf(coins, true, feeRate)
  const later = (68n * longTermFeeRate + 999n) / 1000n
  const costs: bigint[] = []
  if (excess * 100n <= bare) costs.push(bare + excess + extraOf(coins))
  if (sum(coins) - extraOf(coins) - target - whole >= DUST) costs.push(whole + extraOf(coins) + later)
  if (costs.length === 0) return 'loose'
  return costs.reduce((least, cost) => (cost < least ? cost : least))
}

function check(selection: ReturnType<typeof selectCoins>, asked: SelectRequest<Coin>): void {
  const { coins, fee, change, excess } = selection
  const { target, feeRate, required = [], groups } = asked
  const extra = extraOf(coins)
  expect(sum(coins)).toBe(target + fee + (change ?? 0n))
  expect(fee - excess).toBe(feeOf(coins, change !== undefined, feeRate) + extra)
  expect(excess).toBeGreaterThanOrEqual(0n)
  expect(new Set(coins.map(({ id }) => id)).size).toBe(coins.length)
  expect(coins).toEqual(expect.arrayContaining([...required]))
  const offered = groups.flat()
  for (const one of coins) if (!required.includes(one)) expect(offered).toContain(one)
  if (change !== undefined) {
    expect(change).toBeGreaterThanOrEqual(DUST)
    expect(excess).toBe(0n)
  }
  // Above 1% only when what remains cannot be an output.
  if (excess * 100n > fee - excess - extra)
    expect(sum(coins) - extra - target - feeOf(coins, true, feeRate)).toBeLessThan(DUST)
}

const rate = fc.oneof(fc.constantFrom(1_000n, 2_000n, 10_000n), fc.bigInt({ min: 1_000n, max: 60_000n }))
const amount = fc.oneof(
  fc.bigInt({ min: 0n, max: 3_000n }),
  fc.bigInt({ min: 0n, max: 100_000n }),
  fc.bigInt({ min: 0n, max: 10_000_000n }),
)
const coinsOf = (most: number, mixed: boolean): fc.Arbitrary<readonly Coin[]> =>
  fc
    .array(
      fc.record({
        amount,
        weight: mixed ? fc.constantFrom(230, 272, 364, 592) : fc.constant(P2WPKH),
        extraFee: mixed ? fc.constantFrom(0n, 0n, 0n, 500n, 5_000n) : fc.constant(0n),
      }),
      { maxLength: most },
    )
    .map((list) => list.map((one, i) => ({ id: `${i}`, ...one })))

/** A target that some choice of these coins about pays. */
const asked = (most: number, mixed = false): fc.Arbitrary<SelectRequest<Coin>> =>
  fc
    .record({
      coins: coinsOf(most, mixed),
      feeRate: rate,
      longTermFeeRate: rate,
      seed: fc.nat(),
      chosen: fc.nat(),
      off: fc.bigInt({ min: -1_500n, max: 1_500n }),
      exact: fc.boolean(),
      must: fc.nat({ max: 3 }),
    })
    .map(({ coins, feeRate, longTermFeeRate, seed, chosen, off, exact, must }) => {
      const some = coins.filter((_, i) => chosen & (1 << (i % 31)))
      const aim = sum(some) - feeOf(some, false, feeRate) - extraOf(some) - (exact ? 0n : off)
      return request({
        groups: [coins.slice(must, 8), coins.slice(8)],
        required: coins.slice(0, must),
        target: aim > 0n ? aim : 0n,
        feeRate,
        longTermFeeRate,
        random: seeded(seed),
      })
    })

function attempt(wanted: SelectRequest<Coin>): ReturnType<typeof selectCoins> | undefined {
  try {
    return selectCoins(wanted)
  } catch (error) {
    if (isCofferError(error, 'INSUFFICIENT_FUNDS')) return undefined
    throw error
  }
}

describe('every selection', () => {
  test('adds up, pays the rate exactly, leaves no dust and takes no coin twice', () => {
    let paid = 0
    fc.assert(
      fc.property(
        fc.boolean().chain((mixed) => asked(40, mixed)),
        (wanted) => {
          const selection = attempt(wanted)
          if (!selection) return
          paid++
          check(selection, wanted)
        },
      ),
      { numRuns: 1_000 },
    )
    expect(paid).toBeGreaterThan(400)
  })

  test('is found where there is one, within 1% where any is, and refused only where there is none', () => {
    const seen = { none: 0, loose: 0, tight: 0 }
    fc.assert(
      fc.property(
        fc.boolean().chain((mixed) => asked(8, mixed)),
        (wanted) => {
          const { required = [], groups, feeRate } = wanted
          const worth = groups.flat().filter((one) => isWorth(one, feeRate))
          const prices = [...subsets(worth)].map((some) => priceOf([...required, ...some], wanted))
          const best = prices.reduce<bigint | undefined>(
            (least, price) =>
              typeof price === 'bigint' && (least === undefined || price < least) ? price : least,
            undefined,
          )
          const selection = attempt(wanted)
          if (!selection) {
            seen.none++
            expect(prices.every((price) => price === undefined)).toBe(true)
            return
          }
          check(selection, wanted)
          if (best === undefined) {
            seen.loose++
            return
          }
          seen.tight++
          expect(typeof priceOf(selection.coins, wanted)).toBe('bigint')
        },
      ),
      { numRuns: 1_000 },
    )
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(2)
  })

  test('costs at most 5% more than the best of all choices', () => {
    fc.assert(
      fc.property(asked(8), (wanted) => {
        const one = { ...wanted, groups: [wanted.groups.flat()] }
        const { required = [], groups, feeRate, longTermFeeRate } = one
        const worth = groups.flat().filter((each) => isWorth(each, feeRate))
        const prices = [...subsets(worth)].map((some) => priceOf([...required, ...some], one))
        const tight = prices.filter((price) => typeof price === 'bigint')
        if (tight.length === 0) return
        const best = tight.reduce((least, price) => (price < least ? price : least))
        const { fee, change } = selectCoins(one)
        const cost = fee + (change === undefined ? 0n : (68n * longTermFeeRate + 999n) / 1000n)
        expect(cost * 100n).toBeLessThanOrEqual(best * 105n)
      }),
      { numRuns: 1_000 },
    )
  })

  test('is the same for the same lots, whatever Math.random says', () => {
    vi.spyOn(Math, 'random').mockImplementation(() => {
      throw new Error('Math.random was asked')
    })
    try {
      fc.assert(
        fc.property(asked(30), fc.nat(), (wanted, seed) => {
          const first = attempt({ ...wanted, random: seeded(seed) })
          expect(attempt({ ...wanted, random: seeded(seed) })).toEqual(first)
        }),
      )
      const { random: _, ...own } = request({ groups: [[coin(1, 200_000n), coin(2, 300_000n)]] })
      selectCoins(own)
    } finally {
      vi.restoreAllMocks()
    }
  })
})

describe('what is chosen', () => {
  test('a coin that pays exactly, without change', () => {
    const coins = [coin(1, 5_000_000n), coin(2, 101_100n), coin(3, 140_000n)]
    expect(selectCoins(request({ groups: [coins] }))).toMatchObject({
      algorithm: 'exact',
      coins: [coins[1]],
      fee: 1_100n,
      excess: 0n,
    })
  })

  test('two and three that pay exactly; what remains of at most 1% goes to the fee and is told', () => {
    // Two inputs: 1,780 satoshi; three: 2,460; change would cost 310 now and 680 later.
    const two = [coin(1, 60_000n), coin(2, 41_790n), coin(3, 3_000_000n), coin(4, 22_345n)]
    expect(selectCoins(request({ groups: [two] }))).toMatchObject({
      algorithm: 'exact',
      fee: 1_790n,
      excess: 10n,
    })
    const three = [coin(1, 50_000n), coin(2, 40_000n), coin(3, 12_460n), coin(4, 60_500n)]
    expect(selectCoins(request({ groups: [three], longTermFeeRate: 60_000n }))).toMatchObject({
      algorithm: 'exact',
      coins: three.slice(0, 3),
      fee: 2_460n,
    })
  })

  test('of 1% no more than change costs goes to the fee', () => {
    // 200 inputs cost 136,420 satoshi: 1% of that is 1,364. Change costs 310 now and 680 later.
    const coins = Array.from({ length: 200 }, (_, i) => coin(i, 10_000n))
    const target = sum(coins) - feeOf(coins, false, 10_000n)
    const least = feeOf(coins, false, 10_000n)
    expect(selectCoins(request({ groups: [coins], target: target - 990n }))).toMatchObject({
      fee: least + 990n,
    })
    expect(selectCoins(request({ groups: [coins], target: target - 991n }))).toMatchObject({
      fee: least + 310n,
      change: 681n,
    })
  })

  test('coins that pay exactly once their parents are paid for', () => {
    const coins = [60_000n, 47_780n, 90_000n].map((amount, i) => coin(i, amount, { extraFee: 3_000n }))
    expect(selectCoins(request({ groups: [coins] }))).toMatchObject({
      algorithm: 'exact',
      fee: 7_780n,
      excess: 0n,
    })
  })

  test('an exact choice before one that gives away a little more than 1%', () => {
    const selected = selectCoins(
      request({
        required: [0, 1, 2].map((i) => coin(i, 0n, { weight: 230 })),
        groups: [[coin(3, 282n), coin(4, 775n, { weight: 230, extraFee: 500n })]],
        target: 0n,
        feeRate: 1_000n,
      }),
    )
    expect(selected).toMatchObject({ fee: 282n, excess: 0n })
  })

  test('change where the rest is above 1% and no dust; the fee where it is dust', () => {
    // One input, two outputs: 141 vB.
    const selected = selectCoins(request({ groups: [[coin(1, 101_704n)]] }))
    expect(selected).toMatchObject({ fee: 1_410n, change: 294n, excess: 0n })
    expect(selectCoins(request({ groups: [[coin(1, 101_703n)]] }))).toMatchObject({
      fee: 1_703n,
      excess: 603n,
    })
    expect(selectCoins(request({ groups: [[coin(1, 101_703n)]] }))).not.toHaveProperty('change')
    expect(selectCoins(request({ groups: [[coin(1, 101_111n)]] }))).toMatchObject({
      fee: 1_111n,
      excess: 11n,
    })
  })

  test('the smallest coin that suffices and leaves change of use, so that large ones stay whole', () => {
    const coins = [10_000_000n, 5_000_000n, 400_000n, 120_000n].map((one, i) => coin(i, one))
    // Drawn by lot, the first one comes out: the smallest last coin is preferred when the lot costs the same but wastes no less.
    const selected = selectCoins(request({ groups: [coins], random: () => 0 }))
    expect(['random', 'closest']).toContain(selected.algorithm)
    const many = Array.from({ length: 300 }, (_, i) => coin(i, 1_000_000n + BigInt(i) * 10_007n))
    const ids = new Set(
      Array.from({ length: 50 }, (_, seed) =>
        selectCoins(request({ groups: [many], random: seeded(seed) }))
          .coins.map(({ id }) => id)
          .join(),
      ),
    )
    expect(ids.size).toBeGreaterThan(20)
  })

  test('B7: dust and coins that cost more than they hold are never chosen by themselves', () => {
    fc.assert(
      fc.property(asked(30, true), (wanted) => {
        const { required = [], feeRate } = wanted
        for (const one of attempt(wanted)?.coins ?? [])
          if (!required.includes(one)) expect(isWorth(one, feeRate)).toBe(true)
      }),
    )
    // 68 vB at 10 sat/vB: 680 satoshi buy nothing, 681 do.
    expect(() => selectCoins(request({ groups: [[coin(1, 680n), coin(2, 101_099n)]] }))).toThrow(
      /101099|99999/,
    )
    expect(selectCoins(request({ groups: [[coin(1, 681n), coin(2, 101_099n)]] })).coins).toHaveLength(2)
  })

  test('required coins are spent whatever they cost, and are not asked for twice', () => {
    const poor = coin(1, 10n)
    const rich = coin(2, 500_000n)
    const { coins, fee, change } = selectCoins(request({ required: [poor], groups: [[poor, rich]] }))
    expect(coins).toEqual([poor, rich])
    expect(fee).toBe(2_090n)
    expect(change).toBe(500_010n - 100_000n - 2_090n)
    expect(selectCoins(request({ required: [rich] }))).toMatchObject({ algorithm: 'required', coins: [rich] })
    expect(selectCoins(request({ required: [rich], groups: [[coin(3, 900_000n)]] })).coins).toEqual([rich])
    expect(() => selectCoins(request({ required: [poor] }))).toThrow(/Send less/)
    const some = coin(4, 60_000n)
    const more = coin(5, 70_000n)
    expect(selectCoins(request({ required: [some], groups: [[some, more]] })).coins).toEqual([some, more])
    expect(() => selectCoins(request({ required: [some], groups: [[some]] }))).toThrow(/Send less/)
  })

  test('a group is touched only when those before it cannot pay', () => {
    const confirmed = [coin(1, 60_000n), coin(2, 90_000n)]
    const fresh = [coin(3, 101_100n), coin(4, 5_000_000n)]
    expect(selectCoins(request({ groups: [confirmed, fresh] })).coins).toHaveLength(2)
    expect(selectCoins(request({ groups: [confirmed, fresh] })).coins).toEqual(
      expect.arrayContaining(confirmed),
    )
    expect(selectCoins(request({ groups: [[coin(1, 60_000n)], fresh] })).coins).toEqual([fresh[0]])
    // The first group pays, but only with a fee far above the rate: the next one is asked.
    const close = selectCoins(request({ groups: [[coin(1, 101_500n)], [coin(2, 70_000n)]] }))
    expect(close).toMatchObject({ change: 101_500n + 70_000n - 100_000n - 2_090n, excess: 0n })
  })

  test('what a coin owes to its parents is paid, and counts against it', () => {
    const owing = coin(1, 200_000n, { extraFee: 5_000n })
    expect(selectCoins(request({ groups: [[owing]] }))).toMatchObject({ fee: 6_410n, change: 93_590n })
    expect(
      selectCoins(request({ groups: [[coin(1, 104_000n, { extraFee: 3_000n }), coin(2, 300_000n)]] })).coins,
    ).toEqual([coin(2, 300_000n)])
  })

  test('spending little is worth more than tidying up, even when fees are low', () => {
    const coins = [coin(0, 1_000_000n), ...Array.from({ length: 60 }, (_, i) => coin(i + 1, 20_000n))]
    for (let seed = 0; seed < 20; seed++)
      expect(
        selectCoins(request({ groups: [coins], feeRate: 1_000n, random: seeded(seed) })).coins,
      ).toHaveLength(1)
  })

  test('253 inputs: the longer count is paid for', () => {
    const coins = Array.from({ length: 300 }, (_, i) => coin(i, 10_000n))
    for (const count of [252, 253, 254]) {
      const selected = coins.slice(0, count)
      const target = sum(selected) - feeOf(selected, false, 10_000n)
      const result = selectCoins(request({ groups: [coins], target }))
      expect(result).toMatchObject({ fee: feeOf(selected, false, 10_000n), excess: 0n })
      expect(result.coins).toHaveLength(count)
    }
    expect(feeOf(coins.slice(0, 253), false, 10_000n) - feeOf(coins.slice(0, 252), false, 10_000n)).toBe(700n)
  })
})

describe('what is refused', () => {
  test('more than there is: says what could be paid', () => {
    const error = attemptError(request({ groups: [[coin(1, 50_000n), coin(2, 40_000n), coin(3, 100n)]] }))
    expect(error).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      details: { reason: 'funds', needed: 100_000n, available: 88_220n },
    })
    expect(
      selectCoins(request({ groups: [[coin(1, 50_000n), coin(2, 40_000n)]], target: 88_220n })).fee,
    ).toBe(1_780n)
    expect(attemptError(request({ groups: [] }))).toMatchObject({ details: { available: 0n } })
    expect(attemptError(request({ groups: [[], []], target: 0n }))).toMatchObject({
      details: { reason: 'funds' },
    })
  })

  test('more coins than fit in a transaction', () => {
    const coins = Array.from({ length: 2_000 }, (_, i) => coin(i, 10_000n))
    // (400,000 − 40 − 124 − 8 for the count) / 272 = 1,469 inputs.
    const error = attemptError(request({ groups: [coins], target: 15_000_000n }))
    expect(error).toMatchObject({ details: { reason: 'weight', needed: 15_000_000n } })
    const available = (error as { details: { available: bigint } }).details.available
    const most = selectCoins(request({ groups: [coins], target: available }))
    expect(most.coins).toHaveLength(1_469)
    expect(attemptError(request({ groups: [coins], target: available + 1n }))).toMatchObject({
      details: { reason: 'weight' },
    })
  })

  test('ten thousand coins of which too many would be needed', () => {
    const coins = Array.from({ length: 10_000 }, (_, i) => coin(i, 10_000n + BigInt(i % 7)))
    const target = sum(coins) - feeOf(coins, false, 10_000n)
    expect(attemptError(request({ groups: [coins], target }))).toMatchObject({
      details: { reason: 'weight' },
    })
  })

  test('never gives to miners what change has no room for', () => {
    const coins = [coin(1, 500_000n)]
    const limit = weight(1, false) + P2WPKH
    expect(attemptError(request({ groups: [coins], maxWeight: limit }))).toMatchObject({
      details: { reason: 'weight' },
    })
    expect(selectCoins(request({ groups: [coins], maxWeight: limit + 124 })).change).toBe(398_590n)
  })

  test.each<[string, Partial<SelectRequest<Coin>>]>([
    ['a coin twice', { groups: [[coin(1, 1n)], [coin(1, 1n)]] }],
    ['a required coin twice', { required: [coin(1, 1n), coin(1, 1n)] }],
    ['a negative amount', { groups: [[coin(1, -1n)]] }],
    ['an amount above all there is', { groups: [[coin(1, 2_100_000_000_000_001n)]] }],
    [
      'coins above all there is',
      { groups: [[coin(1, 2_000_000_000_000_000n), coin(2, 200_000_000_000_000n)]] },
    ],
    ['a negative extra fee', { groups: [[coin(1, 1n, { extraFee: -1n })]] }],
    ['no weight', { groups: [[coin(1, 1n, { weight: 0 })]] }],
    ['half a weight', { groups: [[coin(1, 1n, { weight: 1.5 })]] }],
    ['NaN as weight', { groups: [[coin(1, 1n, { weight: Number.NaN })]] }],
    ['a negative target', { target: -1n }],
    ['a target above all there is', { target: 2_100_000_000_000_001n }],
    ['no rate', { feeRate: 0n }],
    ['a rate beyond reason', { feeRate: 1_000_000_001n }],
    ['a negative long-term rate', { longTermFeeRate: -1n }],
  ])('%s', (_, more) => {
    expect(attemptError(request({ groups: [[coin(9, 500_000n)]], ...more }))).toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })
})

describe('all coins', () => {
  const all = { weight, feeRate: 5_000n, dust: DUST }

  test('everything that is worth it, less the fee, and no change', () => {
    const coins = [coin(1, 100_000n), coin(2, 50_000n), coin(3, 340n), coin(4, 341n)]
    const selected = selectAll({ ...all, coins })
    expect(selected.coins.map(({ id }) => id).sort()).toEqual(['1', '2', '4'])
    expect(selected.fee).toBe(feeOf(selected.coins, false, 5_000n))
    expect(selected.amount).toBe(150_341n - selected.fee)
    expect(selectAll({ ...all, coins, required: [coins[2] as Coin] }).coins).toHaveLength(4)
    expect(selectAll({ ...all, coins, target: 30_000n }).amount).toBe(120_341n - selected.fee)
  })

  test('adds up for any coins', () => {
    fc.assert(
      fc.property(coinsOf(30, true), rate, (coins, feeRate) => {
        try {
          const { coins: taken, amount: rest, fee } = selectAll({ ...all, coins, feeRate })
          expect(sum(taken)).toBe(rest + fee)
          expect(fee).toBe(feeOf(taken, false, feeRate) + extraOf(taken))
          expect(taken).toHaveLength(coins.filter((one) => isWorth(one, feeRate)).length)
        } catch (error) {
          if (!isCofferError(error, 'INSUFFICIENT_FUNDS')) throw error
        }
      }),
    )
  })

  test('refuses what is not worth an output, and what does not fit', () => {
    // 110 vB at 5 sat/vB, and 294 that an output holds at least.
    expect(selectAll({ ...all, coins: [coin(1, 844n)] })).toMatchObject({ amount: 294n, fee: 550n })
    expect(() => selectAll({ ...all, coins: [coin(1, 843n)] })).toThrow(/Send less/)
    expect(() => selectAll({ ...all, coins: [] })).toThrow(
      expect.objectContaining({ code: 'INSUFFICIENT_FUNDS' }),
    )
    const many = Array.from({ length: 1_500 }, (_, i) => coin(i, 10_000n))
    expect(() => selectAll({ ...all, coins: many })).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ reason: 'weight' }) }),
    )
  })
})

describe('large wallets', () => {
  const wallets: readonly [string, (i: number) => bigint][] = [
    ['of all sizes', (i) => BigInt(Math.floor(1_000 * 1.0012 ** i)) + BigInt((i * 7919) % 997)],
    ['of equal coins', () => 10_000n],
    ['of coins that never match', (i) => 2_000n * BigInt(1 + ((i * 7919) % 5_000))],
    ['with a whale', (i) => (i === 0 ? 1_900_000_000_000_000n : BigInt(10_000 + ((i * 7919) % 5_000)))],
  ]
  test.each(wallets)('10,000 coins %s in a moment', (_, amountOf) => {
    const coins = Array.from({ length: 10_000 }, (__, i) => coin(i, amountOf(i)))
    const times: number[] = []
    for (const share of [3n, 50n, 700n, 4_000n, 9_000n, 100n, 1_000n]) {
      const target = (sum(coins) * share) / 100_000n + 777n
      const start = performance.now()
      const wanted = request({ groups: [coins], target })
      check(selectCoins(wanted), wanted)
      times.push(performance.now() - start)
    }
    expect(times.sort((a, b) => a - b)[3]).toBeLessThan(500)
  })
})

function attemptError(wanted: SelectRequest<Coin>): unknown {
  try {
    return selectCoins(wanted)
  } catch (error) {
    return error
  }
}
