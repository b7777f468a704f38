import type { CofferError } from '@coffer/core'
import { ripemd160 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'

/** Makes the error to throw, of a sentence that says what is wrong. */
export type Wrong = (reason: string) => CofferError

/** Reads a byte string from its beginning to its end. What it hands out are copies. */
export interface ByteReader {
  /** How many bytes are left. */
  left(): number
  u8(): number
  u32(): number
  u64(): bigint
  /** A CompactSize, in the shortest form only. */
  size(): number
  /** A CompactSize that counts things of at least so many bytes each, which must fit into what is left. */
  count(atLeast: number): number
  bytes(length: number): Uint8Array
  /** A CompactSize and so many bytes. */
  varBytes(): Uint8Array
  /** Passes over so many bytes. */
  skip(length: number): void
  /** The next byte, without reading it; `undefined` at the end. */
  peek(): number | undefined
  /** Throws when bytes are left over. */
  end(): void
}

/** Throws what `wrong` makes for numbers in longer forms than needed, lengths that reach too far and bytes left over. */
export function byteReader(source: Uint8Array, wrong: Wrong): ByteReader {
  const length = source.length
  let at = 0
  /** Where the next `n` bytes begin. */
  const next = (n: number): number => {
    if (n > length - at) throw wrong('It ends too early.')
    const from = at
    at += n
    return from
  }
  const size = (): number => {
    const first = source[next(1)]!
    if (first < 0xfd) return first
    let value: number
    let least: number
    if (first === 0xfd) {
      const from = next(2)
      value = source[from]! + source[from + 1]! * 256
      least = 0xfd
    } else if (first === 0xfe) {
      value = u32At(source, next(4))
      least = 0x10000
    } else {
      const from = next(8)
      value = u32At(source, from) + u32At(source, from + 4) * 0x100000000
      least = 0x100000000
      if (value > Number.MAX_SAFE_INTEGER) throw wrong('One of its lengths reaches past the end.')
    }
    if (value < least) throw wrong('One of its lengths is written in a longer form than needed.')
    return value
  }
  const bytes = (n: number): Uint8Array => {
    if (n > length - at) throw wrong('One of its lengths reaches past the end.')
    at += n
    return source.slice(at - n, at)
  }
  return {
    left: () => length - at,
    u8: () => source[next(1)]!,
    u32: () => u32At(source, next(4)),
    u64: () => u64At(source, next(8)),
    size,
    count: (atLeast) => {
      const n = size()
      if (n > (length - at) / atLeast) throw wrong('It counts more parts than it has room for.')
      return n
    },
    bytes,
    varBytes: () => bytes(size()),
    skip: (n) => {
      if (n > length - at) throw wrong('One of its lengths reaches past the end.')
      at += n
    },
    peek: () => source[at],
    end: () => {
      if (at < length) throw wrong('There are bytes left over at its end.')
    },
  }
}

/** Numbers are little-endian. Grows as needed. */
export interface ByteWriter {
  u8(value: number): void
  u32(value: number): void
  u64(value: bigint): void
  size(value: number): void
  bytes(value: Uint8Array): void
  varBytes(value: Uint8Array): void
  done(): Uint8Array
}

/** `room` is how many bytes will be needed, about; said exactly, nothing is copied twice. */
export function byteWriter(room = 256): ByteWriter {
  let buffer = new Uint8Array(room)
  let at = 0
  /** Where the next `n` bytes go. */
  const make = (n: number): number => {
    if (at + n > buffer.length) {
      const larger = new Uint8Array(Math.max(buffer.length * 2, at + n))
      larger.set(buffer)
      buffer = larger
    }
    at += n
    return at - n
  }
  // Each place is made before `buffer` is named: making room may put a new one in its place.
  const u8 = (value: number): void => {
    const place = make(1)
    buffer[place] = value
  }
  const u32 = (value: number): void => {
    const place = make(4)
    setU32(buffer, place, value)
  }
  const bytes = (value: Uint8Array): void => {
    const place = make(value.length)
    buffer.set(value, place)
  }
  const size = (value: number): void => {
    if (value < 0xfd) u8(value)
    else if (value < 0x10000) {
      u8(0xfd)
      u8(value & 0xff)
      u8(value >> 8)
    } else {
      u8(0xfe)
      u32(value)
    }
  }
  return {
    u8,
    u32,
    u64: (value) => {
      const place = make(8)
      setU64(buffer, place, value)
    },
    size,
    bytes,
    varBytes: (value) => {
      size(value.length)
      bytes(value)
    },
    done: () => (at === buffer.length ? buffer : buffer.slice(0, at)),
  }
}

/** The 32-bit number at a place, little-endian. */
export function u32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

/** Writes a 32-bit number at a place, little-endian. */
export function setU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

export function u64At(bytes: Uint8Array, at: number): bigint {
  return (BigInt(u32At(bytes, at + 4)) << 32n) | BigInt(u32At(bytes, at))
}

export function setU64(bytes: Uint8Array, at: number, value: bigint): void {
  setU32(bytes, at, Number(value & 0xffffffffn))
  setU32(bytes, at + 4, Number((value >> 32n) & 0xffffffffn))
}

/** How many bytes a CompactSize takes. */
export function sizeLength(value: number): number {
  return value < 0xfd ? 1 : value < 0x10000 ? 3 : 5
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Byte by byte, the shorter first where one begins with the other. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}

/** The bytes of a hash that is shown in reverse, as ids of transactions and blocks are. */
export function idBytes(id: string): Uint8Array {
  return hexToBytes(id).reverse()
}

/** How a hash is shown; `bytes` are left as they are. */
export function idText(bytes: Uint8Array): string {
  return bytesToHex(new Uint8Array(bytes).reverse())
}

export function hash256(bytes: Uint8Array): Uint8Array {
  return sha256(sha256(bytes))
}

export function hash160(bytes: Uint8Array): Uint8Array {
  return ripemd160(sha256(bytes))
}

type Sha256 = ReturnType<typeof sha256.create>
const tags = new Map<string, Sha256>()

/**
 * The hash of BIP-340 for one of the standards' own tags, whose state is kept.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0340.mediawiki
 */
export function taggedHash(
  tag: 'TapLeaf' | 'TapBranch' | 'TapTweak' | 'TapSighash' | 'BIP0322-signed-message',
  ...parts: readonly Uint8Array[]
): Uint8Array {
  let state = tags.get(tag)
  if (!state) {
    const name = sha256(utf8ToBytes(tag))
    state = sha256.create().update(name).update(name)
    tags.set(tag, state)
  }
  const hash = state.clone()
  for (const part of parts) hash.update(part)
  return hash.digest()
}
