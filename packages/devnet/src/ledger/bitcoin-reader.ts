import { StatusWord } from './apdu.ts'
import { bytesOfNumber, concat } from './byte-strings.ts'

export interface ByteReader {
  readonly left: number
  u8(): number
  bytes(length: number): Uint8Array
  u32be(): number
  u32le(): number
  u64le(): bigint
  /** Bitcoin's compact size. */
  varint(): number
}

/** Reads bytes one after another; throws `word` at their end. */
export function byteReader(data: Uint8Array, word: number): ByteReader {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  let at = 0
  const skip = (length: number): number => {
    if (at + length > data.length) throw new StatusWord(word)
    at += length
    return at - length
  }
  const number = (size: bigint): number => {
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new StatusWord(word)
    return Number(size)
  }
  const reader: ByteReader = {
    get left() {
      return data.length - at
    },
    u8: () => view.getUint8(skip(1)),
    bytes: (length) => {
      const start = skip(length)
      return data.slice(start, start + length)
    },
    u32be: () => view.getUint32(skip(4)),
    u32le: () => view.getUint32(skip(4), true),
    u64le: () => view.getBigUint64(skip(8), true),
    varint: () => {
      const first = reader.u8()
      if (first < 0xfd) return first
      if (first === 0xfd) return view.getUint16(skip(2), true)
      return first === 0xfe ? reader.u32le() : number(reader.u64le())
    },
  }
  return reader
}

export const littleEndian = (value: bigint | number, length: number): Uint8Array =>
  bytesOfNumber(value, length).reverse()

export function varint(value: number): Uint8Array {
  if (value < 0xfd) return Uint8Array.of(value)
  if (value < 0x10000) return concat(Uint8Array.of(0xfd), littleEndian(value, 2))
  return value < 0x100000000
    ? concat(Uint8Array.of(0xfe), littleEndian(value, 4))
    : concat(Uint8Array.of(0xff), littleEndian(value, 8))
}

export const withLength = (bytes: Uint8Array): Uint8Array => concat(varint(bytes.length), bytes)

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at])
