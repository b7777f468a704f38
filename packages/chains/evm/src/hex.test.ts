import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesToHex, bytesToInt, hexData, hexToBytes, intToBytes, isHex, quantity } from './hex.ts'

const UNCLEAN = [
  '',
  '0',
  '0x0 ',
  ' 0x00',
  '0xzz',
  '0X00',
  '00',
  '0x\u200b00',
  '0x٠٠',
  null,
  undefined,
  1,
  0n,
  {},
  ['0x00'],
]

describe('bytes', () => {
  test('go to hex and back', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(hexToBytes(bytesToHex(bytes))).toEqual(bytes)
      }),
    )
  })

  test.each([...UNCLEAN, '0x0'])('%s is not hex', (value) => {
    expect(isHex(value)).toBe(false)
    expect(() => hexToBytes(value as string)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })

  test('a size counts bytes', () => {
    expect(isHex('0x0000', 2)).toBe(true)
    expect(isHex('0x0000', 1)).toBe(false)
  })
})

describe('integers', () => {
  test('go to the fewest bytes and back', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 256n) - 1n), (value) => {
        const bytes = intToBytes(value)
        expect(bytes[0]).not.toBe(0)
        expect(bytesToInt(bytes)).toBe(value)
        expect(bytesToInt(intToBytes(value, 32))).toBe(value)
        expect(intToBytes(value, 32)).toHaveLength(32)
      }),
    )
    expect(intToBytes(0n)).toHaveLength(0)
  })
})

describe('G9: what a node says', () => {
  test('quantities are read exactly, up to 256 bits', () => {
    expect(quantity('0x0')).toBe(0n)
    expect(quantity('0x41')).toBe(65n)
    expect(quantity('0x20000000000001')).toBe(9007199254740993n)
    expect(quantity(`0x${'f'.repeat(64)}`)).toBe((1n << 256n) - 1n)
  })

  test.each([...UNCLEAN, '0x', '-0x1', '65', `0x1${'0'.repeat(64)}`, Number.NaN])(
    '%s is no quantity',
    (value) => {
      expect(() => quantity(value)).toThrow(expect.objectContaining({ code: 'BAD_RESPONSE' }))
    },
  )

  test('data is read in lower case, up to a size', () => {
    expect(hexData('0x')).toBe('0x')
    expect(hexData('0xAB', 1)).toBe('0xab')
    expect(() => hexData('0xabcd', 1)).toThrow(expect.objectContaining({ code: 'BAD_RESPONSE' }))
    expect(() => hexData(`0x${'00'.repeat(1_048_577)}`)).toThrow(
      expect.objectContaining({ code: 'BAD_RESPONSE' }),
    )
  })

  test.each([...UNCLEAN, '0x0'])('%s is no data', (value) => {
    expect(() => hexData(value)).toThrow(expect.objectContaining({ code: 'BAD_RESPONSE' }))
  })
})
