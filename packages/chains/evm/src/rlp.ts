import type { CofferError } from '@coffer/core'
import { concatBytes } from '@noble/hashes/utils.js'
import { intToBytes } from './hex.ts'

/** A byte string, or a list of items. */
export type Rlp = Uint8Array | readonly Rlp[]

/** Makes the error to throw, of a sentence that says what is wrong. */
export type Wrong = (reason: string) => CofferError

/** A transaction with an access list nests four deep. */
const MAX_DEPTH = 8

/** @see https://ethereum.org/en/developers/docs/data-structures-and-encoding/rlp/ */
export function encodeRlp(item: Rlp): Uint8Array {
  if (item instanceof Uint8Array) {
    if (item.length === 1 && item[0]! < 0x80) return item
    return concatBytes(header(0x80, item.length), item)
  }
  const body = concatBytes(...item.map(encodeRlp))
  return concatBytes(header(0xc0, body.length), body)
}

function header(base: number, length: number): Uint8Array {
  if (length < 56) return Uint8Array.of(base + length)
  const size = intToBytes(BigInt(length))
  return Uint8Array.of(base + 55 + size.length, ...size)
}

/**
 * Reads one item that fills `bytes` to the end, in the only form that {@link encodeRlp} writes. Throws what
 * `wrong` makes for longer forms than needed, lengths that reach too far, bytes left over and nesting deeper
 * than eight.
 */
export function decodeRlp(bytes: Uint8Array, wrong: Wrong): Rlp {
  const [item, end] = read(bytes, 0, bytes.length, 0, wrong)
  if (end !== bytes.length) throw wrong('There are bytes left over at its end.')
  return item
}

function read(
  bytes: Uint8Array,
  at: number,
  limit: number,
  depth: number,
  wrong: Wrong,
): [item: Rlp, end: number] {
  if (at >= limit) throw wrong('It ends too early.')
  const first = bytes[at]!
  if (first < 0x80) return [bytes.slice(at, at + 1), at + 1]

  const base = first < 0xc0 ? 0x80 : 0xc0
  const [start, end] = span(bytes, at, limit, base, wrong)
  if (base === 0x80) {
    if (end - start === 1 && bytes[start]! < 0x80)
      throw wrong('One of its bytes is written in a longer form than needed.')
    return [bytes.slice(start, end), end]
  }
  if (depth >= MAX_DEPTH) throw wrong('It nests too deep.')
  const items: Rlp[] = []
  for (let next = start; next < end; ) {
    const [item, after] = read(bytes, next, end, depth + 1, wrong)
    items.push(item)
    next = after
  }
  return [items, end]
}

/** Where the content of the item at `at` begins and ends. */
function span(
  bytes: Uint8Array,
  at: number,
  limit: number,
  base: number,
  wrong: Wrong,
): [start: number, end: number] {
  const short = bytes[at]! - base
  let start = at + 1
  let length = short
  if (short > 55) {
    start += short - 55
    length = bytes.subarray(at + 1, start).reduce((sum, byte) => sum * 256 + byte, 0)
    if (bytes[at + 1] === 0 || length < 56)
      throw wrong('One of its lengths is written in a longer form than needed.')
  }
  if (start + length > limit) throw wrong('One of its lengths reaches past the end.')
  return [start, start + length]
}
