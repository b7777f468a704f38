import { CofferError } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  byteReader,
  byteWriter,
  compareBytes,
  equalBytes,
  hash160,
  hash256,
  idBytes,
  idText,
  sizeLength,
  taggedHash,
} from './bytes.ts'

const wrong = (reason: string) => new CofferError({ code: 'INTERNAL', message: reason })
const reading = (hex: string) => byteReader(hexToBytes(hex), wrong)

describe('counts and lengths', () => {
  test.each([
    [0, '00'],
    [0xfc, 'fc'],
    [0xfd, 'fdfd00'],
    [0xffff, 'fdffff'],
    [0x10000, 'fe00000100'],
    [0xffffffff, 'feffffffff'],
  ])('%i is %s', (value, hex) => {
    const writer = byteWriter(0)
    writer.size(value)
    expect(bytesToHex(writer.done())).toBe(hex)
    expect(sizeLength(value)).toBe(hex.length / 2)
    expect(reading(hex).size()).toBe(value)
  })

  test('up to what a number can hold', () => {
    expect(reading('ff0000000001000000').size()).toBe(2 ** 32)
    expect(reading('ffffffffffffff1f00').size()).toBe(Number.MAX_SAFE_INTEGER)
    expect(() => reading('ff00000000000020ff').size()).toThrow('past the end')
  })

  test.each(['fd0000', 'fdfc00', 'fe00000000', 'feffff0000', 'ff0000000000000000', 'ffffffffff00000000'])(
    '%s is longer than needed',
    (hex) => {
      expect(() => reading(hex).size()).toThrow('longer form')
    },
  )

  test('a count must fit into what is left', () => {
    expect(reading('020000').count(1)).toBe(2)
    expect(() => reading('020000').count(2)).toThrow('more parts')
    expect(() => reading('feffffffff00').count(1)).toThrow('more parts')
  })
})

describe('reading', () => {
  test('numbers are little-endian', () => {
    const reader = reading('01020304050607ff0102030405060708aa')
    expect(reader.u8()).toBe(1)
    expect(reader.u32()).toBe(0x05040302)
    expect(reader.left()).toBe(12)
    expect(bytesToHex(reader.bytes(2))).toBe('0607')
    expect(reader.peek()).toBe(0xff)
    expect(reader.u8()).toBe(0xff)
    expect(reader.u64()).toBe(0x0807060504030201n)
    expect(() => reader.end()).toThrow('left over')
    reader.u8()
    expect(reader.peek()).toBeUndefined()
    expect(() => reader.end()).not.toThrow()
  })

  test.each<[string, (reader: ReturnType<typeof reading>) => unknown]>([
    ['a byte', (reader) => reader.u8()],
    ['four bytes', (reader) => reader.u32()],
    ['eight bytes', (reader) => reader.u64()],
    ['a length', (reader) => reader.size()],
    ['bytes', (reader) => reader.bytes(1)],
    ['a byte string', (reader) => reader.varBytes()],
  ])('ends where it ends: %s', (_, read) => {
    expect(() => read(reading(''))).toThrow(CofferError)
  })

  test('what is handed out is a copy, also from the middle of a buffer', () => {
    const buffer = Uint8Array.of(9, 2, 3, 4, 9)
    const reader = byteReader(buffer.subarray(1, 4), wrong)
    const bytes = reader.varBytes()
    buffer.fill(0)
    expect(bytes).toEqual(Uint8Array.of(3, 4))
  })
})

test('what is written is read back, whatever the room', () => {
  const any = fc.record({
    room: fc.nat(100),
    u8: fc.nat(255),
    u32: fc.nat(0xffffffff),
    u64: fc.bigInt(0n, (1n << 64n) - 1n),
    bytes: fc.uint8Array({ maxLength: 600 }),
  })
  fc.assert(
    fc.property(any, ({ room, u8, u32, u64, bytes }) => {
      const writer = byteWriter(room)
      writer.u8(u8)
      writer.varBytes(bytes)
      writer.u32(u32)
      writer.bytes(bytes)
      writer.u64(u64)
      const reader = byteReader(writer.done(), wrong)
      expect(reader.u8()).toBe(u8)
      expect(reader.varBytes()).toEqual(bytes)
      expect(reader.u32()).toBe(u32)
      expect(reader.bytes(bytes.length)).toEqual(bytes)
      expect(reader.u64()).toBe(u64)
      reader.end()
    }),
  )
})

test('comparing', () => {
  const bytes = fc.uint8Array({ max: 2, maxLength: 3 })
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const [x, y] = [bytesToHex(a), bytesToHex(b)]
      expect(Math.sign(compareBytes(a, b))).toBe(x < y ? -1 : x > y ? 1 : 0)
      expect(equalBytes(a, b)).toBe(x === y)
    }),
  )
})

test('hashes and ids', () => {
  expect(bytesToHex(hash256(utf8ToBytes('hello')))).toBe(
    '9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50',
  )
  expect(bytesToHex(hash160(utf8ToBytes('hello')))).toBe('b6a9c8c230722b7c748331a8b450f05566dc7d0f')
  const id = '0102'.padEnd(64, '0')
  expect(idText(idBytes(id))).toBe(id)
  expect(idBytes(id)[31]).toBe(1)
  const bytes = idBytes(id)
  idText(bytes)
  expect(bytes[31]).toBe(1)
})

test('tagged hashes, the second as the first', () => {
  const tag = sha256(utf8ToBytes('TapLeaf'))
  const expected = sha256(concatBytes(tag, tag, Uint8Array.of(1, 2)))
  expect(taggedHash('TapLeaf', Uint8Array.of(1, 2))).toEqual(expected)
  expect(taggedHash('TapLeaf', Uint8Array.of(1), Uint8Array.of(2))).toEqual(expected)
  expect(taggedHash('TapBranch', Uint8Array.of(1, 2))).not.toEqual(expected)
})
