import { CofferError } from '@coffer/core'
import { encodeRlp as ethersEncode } from 'ethers'
import fc from 'fast-check'
import { toRlp } from 'viem'
import { describe, expect, test } from 'vitest'
import { bytesToHex, hexToBytes } from './hex.ts'
import { decodeRlp, encodeRlp, type Rlp } from './rlp.ts'

const wrong = (message: string): CofferError => new CofferError({ code: 'INVALID_DRAFT', message })
const decode = (hex: string): Rlp => decodeRlp(hexToBytes(hex), wrong)

const bytes = fc.oneof(fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ minLength: 250, maxLength: 300 }))
const item: fc.Arbitrary<Rlp> = fc.letrec<{ item: Rlp }>((tie) => ({
  item: fc.oneof({ maxDepth: 5, withCrossShrink: true }, bytes, fc.array(tie('item'), { maxLength: 6 })),
})).item

type Nested = `0x${string}` | readonly Nested[]
const asHex = (value: Rlp): Nested => (value instanceof Uint8Array ? bytesToHex(value) : value.map(asHex))

describe('rlp', () => {
  // https://ethereum.org/en/developers/docs/data-structures-and-encoding/rlp/#examples
  test.each<[Rlp, string]>([
    [new TextEncoder().encode('dog'), '0x83646f67'],
    [[new TextEncoder().encode('cat'), new TextEncoder().encode('dog')], '0xc88363617483646f67'],
    [new Uint8Array(), '0x80'],
    [[], '0xc0'],
    [Uint8Array.of(0), '0x00'],
    [Uint8Array.of(15), '0x0f'],
    [Uint8Array.of(0x7f), '0x7f'],
    [Uint8Array.of(0x80), '0x8180'],
    [Uint8Array.of(0xff), '0x81ff'],
    [Uint8Array.of(4, 0), '0x820400'],
    [[[], [[]], [[], [[]]]], '0xc7c0c1c0c3c0c1c0'],
    [
      new TextEncoder().encode('Lorem ipsum dolor sit amet, consectetur adipisicing elit'),
      '0xb8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164697069736963696e6720656c6974',
    ],
  ])('writes and reads the example %#', (value, hex) => {
    expect(bytesToHex(encodeRlp(value))).toBe(hex)
    expect(decode(hex)).toEqual(value)
  })

  test('writes what viem and ethers write, and reads it back', () => {
    fc.assert(
      fc.property(item, (value) => {
        const hex = bytesToHex(encodeRlp(value))
        expect(hex).toBe(toRlp(asHex(value) as never))
        expect(hex).toBe(ethersEncode(asHex(value) as never))
        expect(decode(hex)).toEqual(value)
      }),
    )
  })

  test('large items', () => {
    const value = new Uint8Array(70_000).fill(7)
    expect(decode(bytesToHex(encodeRlp([value])))).toEqual([value])
  })

  test.each([
    ['nothing', '0x'],
    ['bytes left over', '0x8000'],
    ['a list that ends early', '0xc20a'],
    ['an item that reaches past its list', '0xc28300000000'],
    ['an item that reaches past its list into the next', '0xc4c1820000'],
    ['a short byte in a longer form', '0x8105'],
    ['the last of the short bytes in a longer form', '0x817f'],
    ['a short string in a longer form', `0xb801ff`],
    ['a short list in a longer form', '0xf800'],
    ['a length with a zero in front', `0xb90038${'00'.repeat(56)}`],
    ['a huge length', '0xbfffffffffffffffff'],
    ['a length of five bytes', '0xbc0000000001'],
    ['a length that is not there', '0xb8'],
    ['a length that is half there', '0xb938'],
    ['deep nesting', `0x${'c9c8c7c6c5c4c3c2c1c0'}`],
  ])('refuses %s', (_, hex) => {
    expect(() => decode(hex)).toThrow(expect.objectContaining({ code: 'INVALID_DRAFT' }))
  })

  test('nests eight deep and no deeper', () => {
    const nested = (depth: number): Rlp => (depth === 1 ? [] : [nested(depth - 1)])
    expect(decode(bytesToHex(encodeRlp(nested(8))))).toEqual(nested(8))
    expect(() => decode(bytesToHex(encodeRlp(nested(9))))).toThrow(/nests too deep/)
    expect(() => decode('0x')).toThrow(/ends too early/)
  })

  test('has one form for each value: what is read is written the same', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (input) => {
        let value: Rlp
        try {
          value = decodeRlp(input, wrong)
        } catch (error) {
          expect(error).toBeInstanceOf(CofferError)
          return
        }
        expect(encodeRlp(value)).toEqual(input)
      }),
      { numRuns: 2000 },
    )
  })
})
