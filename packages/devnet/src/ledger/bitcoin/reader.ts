import { StatusWord } from '../apdu.ts'

/** Reads bytes from front to back; what is not there throws the status word. */
export interface Reader {
  byte(): number
  bytes(length: number): Uint8Array
  /** Bitcoin's number of variable length. */
  varint(): number
  uint32(littleEndian?: boolean): number
  uint64(): bigint
  readonly left: number
  /** Throws when anything is left. */
  end(): void
}

export function reader(data: Uint8Array, word = 0x6a80): Reader {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  let at = 0
  const step = (length: number): number => {
    if (data.length - at < length) throw new StatusWord(word)
    at += length
    return at - length
  }
  const read: Reader = {
    byte: () => view.getUint8(step(1)),
    bytes: (length) => {
      const from = step(length)
      return data.slice(from, from + length)
    },
    varint: () => {
      const first = read.byte()
      if (first < 0xfd) return first
      if (first === 0xfd) return view.getUint16(step(2), true)
      if (first === 0xfe) return view.getUint32(step(4), true)
      const number = read.uint64()
      if (number > BigInt(Number.MAX_SAFE_INTEGER)) throw new StatusWord(word)
      return Number(number)
    },
    uint32: (littleEndian = true) => view.getUint32(step(4), littleEndian),
    uint64: () => view.getBigUint64(step(8), true),
    get left() {
      return data.length - at
    },
    end: () => {
      if (at !== data.length) throw new StatusWord(word)
    },
  }
  return read
}

/** Bitcoin's number of variable length. */
export function varint(number: number): Uint8Array {
  if (number < 0xfd) return Uint8Array.of(number)
  if (number <= 0xffff) return Uint8Array.of(0xfd, number & 0xff, number >> 8)
  const bytes = new Uint8Array(5)
  bytes[0] = 0xfe
  new DataView(bytes.buffer).setUint32(1, number, true)
  return bytes
}
