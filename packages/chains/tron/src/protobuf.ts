import type { CofferError } from '@coffer/core'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { addressFromBytes, addressToBytes } from './address.ts'
import { bytesToHex, hexToBytes, isHex } from './hex.ts'

/** Makes the error to throw, of a sentence that says what is wrong. */
export type Wrong = (reason: string) => CofferError

/** A field that holds bytes, and how they are shown: `address` in base58check, `digits` as the number of a token. */
export type TextKind = 'hex' | 'text' | 'digits' | 'address'

/**
 * What a field holds. `int64` is a bigint of 64 bits with its sign, `amount` one that is not negative; a number n
 * stands for whole numbers from 0 to n, as enums have them; a schema is a message within.
 */
export type Kind = IntegerKind | TextKind | Schema
type IntegerKind = 'int64' | 'amount' | 'bool' | number

/**
 * The number of a field, its kind, and: `list` for any number of them, `maybe` for a message or an address that can be absent,
 * `always` for an integer that is written even when it is zero.
 */
export type Field = readonly [number: number, kind: Kind, how?: 'list' | 'maybe' | 'always']

/** The fields of a message by name, in the order of their numbers. No schema contains itself, so nesting has an end. */
export interface Schema {
  readonly [name: string]: Field
}

/** The schema that fits a type. */
export type SchemaOf<T> = { readonly [K in keyof T]-?: FieldOf<T[K]> }

type FieldOf<T> = [T] extends [readonly (infer Item)[]]
  ? readonly [number, KindOf<Item>, 'list']
  : undefined extends T
    ? readonly [number, KindOf<Exclude<T, undefined>>, 'maybe']
    : [T] extends [string]
      ? readonly [number, TextKind] | readonly [number, 'address', 'maybe']
      : readonly [number, KindOf<T>] | readonly [number, KindOf<T> & string, 'always']

type KindOf<T> = [T] extends [bigint]
  ? 'int64' | 'amount'
  : [T] extends [boolean]
    ? 'bool'
    : [T] extends [number]
      ? number
      : [T] extends [string]
        ? TextKind
        : SchemaOf<T>

/** The type that fits a schema. */
export type ValueOf<S> = { readonly [K in keyof S]: FieldValue<S[K]> }

type FieldValue<F> = F extends readonly [number, infer K, 'list']
  ? readonly KindValue<K>[]
  : F extends readonly [number, infer K extends Schema, 'maybe']
    ? KindValue<K> | undefined
    : F extends readonly [number, infer K, ...unknown[]]
      ? KindValue<K>
      : never

type KindValue<K> = K extends 'int64' | 'amount'
  ? bigint
  : K extends 'bool'
    ? boolean
    : K extends number
      ? number
      : K extends TextKind
        ? string
        : ValueOf<K>

const MAX_INT64 = (1n << 63n) - 1n

/** The least and the most that a field holds. */
const RANGES: Readonly<Record<Exclude<IntegerKind, number>, readonly [least: bigint, most: bigint]>> = {
  int64: [-MAX_INT64 - 1n, MAX_INT64],
  amount: [0n, MAX_INT64],
  bool: [0n, 1n],
}

/**
 * Writes a message in its canonical form: fields in the order of their numbers, none that has its default, integers in
 * the fewest bytes. Throws what `wrong` makes for a value that is missing, of another kind or out of range, and
 * `INVALID_ADDRESS`.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function encode<T>(schema: SchemaOf<T>, message: T, wrong: Wrong): Uint8Array {
  return write(schema as Schema, message, wrong)
}

/**
 * Reads what {@link encode} writes, and nothing else. Fields that are absent get their default: 0, `''`, an empty
 * list, `undefined` for a message. Throws what `wrong` makes for everything that is not canonical, for fields that the
 * schema does not have, and for an address that is missing.
 */
export function decode<T>(schema: SchemaOf<T>, bytes: Uint8Array, wrong: Wrong): T {
  const message = read(schema as Schema, bytes, wrong)
  const again = write(schema as Schema, message, wrong)
  if (bytesToHex(again) !== bytesToHex(bytes)) throw wrong('It is not written in the one way that counts.')
  return message as T
}

/** How many bytes an integer takes. */
export function varintSize(value: number): number {
  return varint(BigInt(value)).length
}

// ---- writing ----

function write(schema: Schema, message: unknown, wrong: Wrong): Uint8Array {
  const values = record(message, wrong)
  const parts: Uint8Array[] = []
  for (const [name, [number, kind, how]] of Object.entries(schema)) {
    const value = values[name]
    if (how === 'maybe' && (value === undefined || value === '')) continue
    for (const item of how === 'list' ? list(value, wrong) : [value]) {
      const body = bodyOf(kind, item, wrong)
      const isInteger = typeof body === 'bigint'
      const isDefault = isInteger ? body === 0n : body.length === 0 && typeof kind === 'string'
      if (isDefault && how !== 'list' && how !== 'always') continue
      parts.push(varint(BigInt(number * 8 + (isInteger ? 0 : 2))))
      if (isInteger) parts.push(varint(BigInt.asUintN(64, body)))
      else parts.push(varint(BigInt(body.length)), body)
    }
  }
  return join(parts)
}

function bodyOf(kind: Kind, value: unknown, wrong: Wrong): bigint | Uint8Array {
  if (typeof kind === 'object') return write(kind, value, wrong)
  const integer = integerFrom(kind, value)
  if (typeof integer === 'bigint' && !isText(kind)) {
    if (fits(kind, integer)) return integer
    throw wrong('One of its numbers is out of range.')
  }
  if (typeof value !== 'string' || !isText(kind))
    throw wrong('One of its values is missing or of the wrong kind.')
  switch (kind) {
    case 'address':
      return addressToBytes(value)
    case 'hex':
      if (!isHex(value)) throw wrong('One of its values is not whole bytes in hex.')
      return hexToBytes(value)
    default:
      if (!isWritable(kind, value)) throw wrong('One of its texts cannot be written.')
      return utf8ToBytes(value)
  }
}

/** A number or a yes as bigint; what it is not, as it is. */
function integerFrom(kind: Kind, value: unknown): unknown {
  if (typeof kind === 'number') return Number.isSafeInteger(value) ? BigInt(value as number) : undefined
  if (kind === 'bool') return typeof value === 'boolean' ? BigInt(value) : undefined
  return value
}

function fits(kind: IntegerKind, integer: bigint): boolean {
  const [least, most] = typeof kind === 'number' ? [0n, BigInt(kind)] : RANGES[kind]
  return least <= integer && integer <= most
}

function isText(kind: Kind): kind is TextKind {
  return kind === 'hex' || kind === 'text' || kind === 'digits' || kind === 'address'
}

function isWritable(kind: TextKind, value: string): boolean {
  return kind === 'digits' ? /^[1-9][0-9]{0,18}$/.test(value) : !/\p{Surrogate}/u.test(value)
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Uint8Array.of(...bytes, Number(rest))
}

/** Not `concatBytes(...parts)`: a hostile list has more parts than a call may have arguments. */
function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function record(value: unknown, wrong: Wrong): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  throw wrong('A part of it is missing.')
}

function list(value: unknown, wrong: Wrong): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw wrong('One of its lists is missing.')
}

// ---- reading ----

function read(schema: Schema, bytes: Uint8Array, wrong: Wrong): Record<string, unknown> {
  const fields = Object.entries(schema)
  const message: Record<string, unknown> = {}
  let at = 0
  let last = 0

  const integer = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw wrong('It ends too early.')
      value |= BigInt(byte & 127) << shift
      if (byte > 127) continue
      if (byte === 0 && shift !== 0n)
        throw wrong('One of its numbers is written in a longer form than needed.')
      if (value >> 64n) break
      return value
    }
    throw wrong('One of its numbers is out of range.')
  }

  while (at < bytes.length) {
    const tag = integer()
    const found = fields.find(([, [number]]) => number === Number(tag >> 3n))
    if (!found) throw wrong(`It has a field (${tag >> 3n}) that has no place there.`)
    const [name, [number, kind, how]] = found
    if (number < last || (number === last && how !== 'list'))
      throw wrong('Its fields are out of order, or one is there twice.')
    last = number
    const isBytes = typeof kind === 'object' || isText(kind)
    if ((tag & 7n) !== (isBytes ? 2n : 0n)) throw wrong('One of its fields is of the wrong kind.')

    const number64 = integer()
    let value: unknown
    if (isBytes) {
      const end = at + Number(number64)
      if (end > bytes.length) throw wrong('One of its lengths reaches past the end.')
      const body = bytes.subarray(at, end)
      at = end
      value = typeof kind === 'object' ? read(kind, body, wrong) : textOf(kind, body, wrong)
    } else value = integerOf(kind, number64, wrong)

    const isDefault = isBytes ? value === '' : number64 === 0n
    if (isDefault && how !== 'list' && how !== 'always')
      throw wrong('One of its fields is written though it is empty.')
    if (how === 'list') ((message[name] ??= []) as unknown[]).push(value)
    else message[name] = value
  }
  return Object.fromEntries(fields.map(([name, field]) => [name, message[name] ?? defaultOf(field, wrong)]))
}

function defaultOf([, kind, how]: Field, wrong: Wrong): unknown {
  if (how === 'list') return []
  if (how === 'always') throw wrong('One of its numbers is missing.')
  if (how === 'maybe') return typeof kind === 'object' ? undefined : ''
  if (typeof kind === 'object') throw wrong('A part of it is missing.')
  return isText(kind) ? textOf(kind, new Uint8Array(), wrong) : integerOf(kind, 0n, wrong)
}

function integerOf(kind: IntegerKind, value: bigint, wrong: Wrong): bigint | number | boolean {
  const integer = BigInt.asIntN(64, value)
  if (!fits(kind, integer)) throw wrong('One of its numbers is out of range.')
  return kind === 'bool' ? integer === 1n : typeof kind === 'number' ? Number(integer) : integer
}

function textOf(kind: TextKind, bytes: Uint8Array, wrong: Wrong): string {
  if (kind === 'hex') return bytesToHex(bytes)
  try {
    if (kind === 'address' && bytes.length === 21) return addressFromBytes(bytes)
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    if (kind !== 'address' && isWritable(kind, text)) return text
  } catch {
    // Told below, like all that is not what the field holds.
  }
  throw wrong(
    kind === 'address'
      ? 'One of its addresses is missing or is not an address.'
      : `One of its texts is not ${kind === 'text' ? 'UTF-8' : 'the number of a token'}.`,
  )
}
