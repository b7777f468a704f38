import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scaledUp } from './decimal.ts'

describe('scaledUp', () => {
  it.each([
    [1, 3, 1_000n],
    [87.882, 3, 87_882n],
    [87.8821, 3, 87_883n],
    [0.0001, 3, 1n],
    [1e-8, 8, 1n],
    [1.5e-9, 8, 1n],
    ['0.00012345', 8, 12_345n],
    ['0.000000001', 8, 1n],
    ['1E+2', 0, 100n],
    ['0012.50', 1, 125n],
    [12.000000000000002, 3, 12_001n],
  ])('%o with %d digits is %s', (value, digits, expected) => {
    expect(scaledUp(value, digits)).toBe(expected)
  })

  it.each([
    0,
    '0',
    '0.000',
    -1,
    '-1',
    '',
    ' 1',
    '1 ',
    '1.',
    '.5',
    'NaN',
    NaN,
    Infinity,
    1e300,
    '1e99',
    '9e15',
    null,
    undefined,
    {},
    [],
    true,
    1n,
    '0x10',
    `1${'0'.repeat(30)}`,
  ])('%o is no rate', (value) => {
    expect(scaledUp(value, 3)).toBeUndefined()
  })

  it('never rounds down, and never by more than one', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 15n), fc.nat(12), fc.nat(8), (units, places, digits) => {
        const text = units.toString().padStart(places + 1, '0')
        const written = places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`
        const scaled = scaledUp(written, digits)
        const exact = units * 10n ** BigInt(digits)
        if (scaled === undefined) {
          expect(exact / 10n ** BigInt(places)).toBeGreaterThanOrEqual(2_100_000_000_000_000n)
          return
        }
        expect(scaled * 10n ** BigInt(places)).toBeGreaterThanOrEqual(exact)
        expect((scaled - 1n) * 10n ** BigInt(places)).toBeLessThan(exact)
      }),
    )
  })
})
