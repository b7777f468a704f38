import { StatusWord } from './apdu.ts'
import { textOf } from './byte-strings.ts'

/**
 * How the app takes a field: a number, a message or text of any length, an address of 21 bytes, or bytes with the most
 * that it has room for. Fields without a kind are skipped.
 */
export type FieldKind = 'number' | 'any' | 'address' | { readonly most: number }

export interface Decoded {
  /** The last number of a field; 0 when it has none. */
  number(tag: number): bigint
  /** The last bytes of a field; `undefined` when it has none. */
  bytes(tag: number): Uint8Array | undefined
  /** All bytes of a field. */
  all(tag: number): readonly Uint8Array[]
  /** The last address of a field; zeros when it has none. */
  address(tag: number): Uint8Array
  text(tag: number): string
}

const ADDRESS_LENGTH = 21
const VARINT = 0
const FIXED64 = 1
const LENGTH = 2
const FIXED32 = 5

function malformed(): never {
  throw new StatusWord(0x6a80)
}

function checked(kind: FieldKind, value: Uint8Array): Uint8Array {
  if (typeof kind === 'object' && value.length > kind.most) malformed()
  if (kind !== 'address') return value
  // No bytes stand for zeros.
  if (value.length === 0) return new Uint8Array(ADDRESS_LENGTH)
  return value.length === ADDRESS_LENGTH ? value : malformed()
}

/** Reads a protobuf message. Throws 0x6a80 for what is none, and for fields that are not of their kind. */
export function decode(bytes: Uint8Array, kinds: Readonly<Record<number, FieldKind>>): Decoded {
  const numbers = new Map<number, bigint>()
  const strings = new Map<number, Uint8Array[]>()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++] ?? malformed()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    return malformed()
  }
  const take = (length: number): Uint8Array => {
    const value = bytes.slice(at, at + length)
    if (value.length !== length) malformed()
    at += length
    return value
  }
  while (at < bytes.length) {
    const key = Number(varint())
    const [tag, wire] = [Math.floor(key / 8), key % 8]
    const kind = kinds[tag]
    if (tag === 0) malformed()
    if (kind && (kind === 'number') !== (wire === VARINT)) malformed()
    if (wire === VARINT) numbers.set(tag, varint())
    else if (wire === FIXED64) take(8)
    else if (wire === FIXED32) take(4)
    else if (wire === LENGTH) {
      const value = take(Number(varint()))
      if (kind) strings.set(tag, [...(strings.get(tag) ?? []), checked(kind, value)])
    } else malformed()
  }
  const last = (tag: number): Uint8Array | undefined => strings.get(tag)?.at(-1)
  return {
    number: (tag) => numbers.get(tag) ?? 0n,
    bytes: last,
    all: (tag) => strings.get(tag) ?? [],
    address: (tag) => last(tag) ?? new Uint8Array(ADDRESS_LENGTH),
    text: (tag) => textOf(last(tag) ?? new Uint8Array()),
  }
}
