import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatAmount, parseAmount, parseBaseUnits, toBaseUnits } from './amount.ts'

describe('amounts', () => {
  it('reads and writes whole coins exactly', () => {
    expect(parseAmount('0.25', 18)).toBe(250000000000000000n)
    expect(parseAmount('1', 0)).toBe(1n)
    expect(parseAmount('92233720368547758.07', 2)).toBe(9223372036854775807n)
    expect(formatAmount(250000000000000000n, 18)).toBe('0.25')
    expect(formatAmount(-5n, 2)).toBe('-0.05')
    expect(formatAmount(1n, 0)).toBe('1')
  })

  it('G3: round-trips every amount at every number of decimals', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }),
        fc.integer({ min: 0, max: 36 }),
        (amount, decimals) => {
          expect(parseAmount(formatAmount(amount, decimals), decimals)).toBe(amount)
          expect(parseBaseUnits(amount.toString())).toBe(amount)
        },
      ),
    )
  })

  const bad: unknown[] = [
    '',
    ' 1',
    '1 ',
    '+1',
    '-1',
    '1e18',
    '0x10',
    '01',
    '.5',
    '5.',
    '1,5',
    '1_000',
    '1.123',
    'NaN',
    'Infinity',
    '١',
    '１',
    '1\u200b',
    '\u202e1',
    0.25,
    25,
    NaN,
    null,
    undefined,
    {},
    '9'.repeat(200),
  ]
  it.each(bad)('G3: refuses %j with INVALID_AMOUNT', (value) => {
    expect(() => parseAmount(value as string, 2)).toThrow(expect.objectContaining({ code: 'INVALID_AMOUNT' }))
    expect(() => toBaseUnits(value as string, 2)).toThrow(expect.objectContaining({ code: 'INVALID_AMOUNT' }))
  })

  it('G3: refuses negative base units and numbers where a bigint belongs', () => {
    expect(() => toBaseUnits(-1n, 2)).toThrow(expect.objectContaining({ code: 'INVALID_AMOUNT' }))
    expect(() => formatAmount(1 as unknown as bigint, 2)).toThrow(
      expect.objectContaining({ code: 'INVALID_AMOUNT' }),
    )
    expect(() => parseBaseUnits(5)).toThrow(expect.objectContaining({ code: 'INVALID_AMOUNT' }))
    expect(() => parseBaseUnits('-5')).toThrow(expect.objectContaining({ code: 'INVALID_AMOUNT' }))
  })

  it('says what to do', () => {
    expect(() => parseAmount('1.123', 2)).toThrow(
      'The amount "1.123" cannot be used. It has 3 decimals; this asset has 2.',
    )
    expect(() => parseAmount(0.1 as unknown as string, 2)).toThrow(
      'The amount a number cannot be used. Write it as a decimal string such as "0.25", or a bigint of base units.',
    )
  })
})
