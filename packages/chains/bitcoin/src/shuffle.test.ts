import { isCofferError } from '@coffer/core'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { secureRandom, shuffle } from './shuffle.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** A `crypto` that gives these words, over and over. */
function stub(...words: number[]): void {
  let at = 0
  vi.stubGlobal('crypto', {
    getRandomValues: (array: Uint32Array) => array.set(array.map(() => words[at++ % words.length] ?? 0)),
  })
}

describe('shuffle', () => {
  test('keeps every item, and leaves the list as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (list) => {
        const before = [...list]
        const shuffled = shuffle(list)
        expect(list).toEqual(before)
        expect(shuffled.sort((a, b) => a - b)).toEqual(before.sort((a, b) => a - b))
      }),
    )
  })

  test('every order comes equally often', () => {
    const rounds = 24_000
    const seen = new Map<string, number>()
    const random = secureRandom()
    for (let i = 0; i < rounds; i++) {
      const order = shuffle(['a', 'b', 'c', 'd'], random).join('')
      seen.set(order, (seen.get(order) ?? 0) + 1)
    }
    expect(seen.size).toBe(24)
    const expected = rounds / 24
    const chi = [...seen.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    // 23 degrees of freedom: above 80 once in ten million runs.
    expect(chi).toBeLessThan(80)
  })
})

describe('secureRandom', () => {
  test('leaves out the words that would make small numbers more likely', () => {
    // 2^32 = 3 · 1,431,655,765 + 1: the very last word alone is one too many.
    stub(0xffffffff, 5)
    expect(secureRandom()(3)).toBe(2)
    stub(0xfffffffe, 5)
    expect(secureRandom()(3)).toBe(2)
    stub(0x80000000, 7)
    expect(secureRandom()(0x80000001)).toBe(0x80000000)
    stub(0x80000001, 7)
    expect(secureRandom()(0x80000001)).toBe(7)
  })

  test('asks for new words when they are used up', () => {
    const random = secureRandom()
    const drawn = new Set(Array.from({ length: 2_000 }, () => random(2 ** 32)))
    expect(drawn.size).toBeGreaterThan(1_990)
  })

  test('G4: nothing but crypto.getRandomValues is asked', () => {
    vi.spyOn(Math, 'random').mockImplementation(() => {
      throw new Error('Math.random was asked')
    })
    vi.spyOn(Date, 'now').mockImplementation(() => {
      throw new Error('the clock was asked')
    })
    expect(shuffle([1, 2, 3])).toHaveLength(3)
  })

  test.each([
    ['NO_RANDOMNESS', undefined],
    ['NO_RANDOMNESS', {}],
    ['WEAK_RANDOMNESS', { getRandomValues: () => {} }],
    ['WEAK_RANDOMNESS', { getRandomValues: (words: Uint32Array) => words.fill(7) }],
  ])('G4: %s', (code, crypto) => {
    vi.stubGlobal('crypto', crypto)
    expect(() => shuffle([1, 2])).toThrow(expect.objectContaining({ code }))
  })

  test.each([0, -1, 1.5, Number.NaN, 2 ** 32 + 1])('refuses a number below %d', (below) => {
    let error: unknown
    try {
      secureRandom()(below)
    } catch (thrown) {
      error = thrown
    }
    expect(isCofferError(error, 'INTERNAL')).toBe(true)
  })
})
