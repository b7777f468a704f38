import { bytesOf, hexOf, hexUtf8, utf8Hex } from './bytes.ts'

/**
 * How the value of a field is held: `bytes`, `address` and `text` as hex (they differ in how JSON shows them when addresses are
 * visible), `int64` as bigint, `int32` and `enum` as number. A `map` is from string to int64.
 */
export type FieldKind =
  | 'bytes'
  | 'address'
  | 'text'
  | 'string'
  | 'int64'
  | 'int32'
  | 'bool'
  | 'map'
  | { readonly names: Readonly<Record<number, string>> }
  | AnyMessage

export interface Field {
  readonly number: number
  readonly name: string
  readonly kind: FieldKind
  readonly isRepeated: boolean
}

/** One message of the protocol. The type parameter is what its values look like, every field present. */
export interface Message<T> {
  readonly name: string
  readonly fields: readonly Field[]
  /** Never there: it ties the type to the table. */
  readonly sample?: T
}

type AnyMessage = Message<unknown>
type Values = Record<string | symbol, unknown>

/** Fields that the table does not know are kept as they came, since they count in the hash of a transaction. */
const unknownFields = Symbol('unknown fields')

type FieldRow = readonly [number: number, kind: FieldKind, repeated?: 'repeated']

export function message<T>(
  name: string,
  rows: Readonly<Record<keyof NoInfer<T> & string, FieldRow>>,
): Message<T> {
  const fields = Object.entries<FieldRow>(rows)
    .map(([field, [number, kind, repeated]]): Field => {
      return { number, name: field, kind, isRepeated: repeated !== undefined }
    })
    .sort((a, b) => a.number - b.number)
  return { name, fields }
}

export function isMessage(kind: FieldKind): kind is AnyMessage {
  return typeof kind === 'object' && 'fields' in kind
}

export function isEnum(kind: FieldKind): kind is { readonly names: Readonly<Record<number, string>> } {
  return typeof kind === 'object' && 'names' in kind
}

/** A value with the given fields, and proto3's defaults elsewhere. */
export function make<T>(type: Message<T>, given: Partial<T> = {}): T {
  const value: Values = {}
  for (const field of type.fields) value[field.name] = defaultOf(field)
  return Object.assign(value, given) as T
}

function defaultOf({ kind, isRepeated }: Field): unknown {
  if (isRepeated) return []
  if (kind === 'map') return new Map()
  if (kind === 'int64') return 0n
  if (kind === 'int32') return 0
  if (kind === 'bool') return false
  if (typeof kind === 'object') return isMessage(kind) ? undefined : 0
  return ''
}

export function isDefault(field: Field, value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  if (value instanceof Map) return value.size === 0
  return value === undefined || value === defaultOf(field)
}

// ---- writing ----

/** The canonical encoding, as hex: known fields by number, then the unknown ones. */
export function encode<T>(type: Message<T>, value: T): string {
  const values = value as Values
  let out = ''
  for (const field of type.fields) {
    const given = values[field.name]
    if (isDefault(field, given)) continue
    if (field.kind === 'map') {
      for (const [key, amount] of given as ReadonlyMap<string, bigint>) {
        const entry = `${chunk(1, utf8Hex(key))}${varint(2n << 3n)}${varint(amount)}`
        out += chunk(field.number, entry)
      }
      continue
    }
    for (const item of field.isRepeated ? (given as unknown[]) : [given]) out += encodeField(field, item)
  }
  return out + ((values[unknownFields] as string | undefined) ?? '')
}

function encodeField({ number, kind }: Field, value: unknown): string {
  if (kind === 'string') return chunk(number, utf8Hex(value as string))
  if (kind === 'bytes' || kind === 'address' || kind === 'text') return chunk(number, value as string)
  if (isMessage(kind)) return chunk(number, encode(kind, value))
  return varint(BigInt(number) << 3n) + varint(BigInt(value as bigint | number | boolean))
}

function chunk(number: number, hex: string): string {
  return varint((BigInt(number) << 3n) | 2n) + varint(BigInt(hex.length / 2)) + hex
}

function varint(value: bigint): string {
  let rest = BigInt.asUintN(64, value)
  let out = ''
  do {
    const byte = Number(rest & 0x7fn)
    rest >>= 7n
    out += (rest > 0n ? byte | 0x80 : byte).toString(16).padStart(2, '0')
  } while (rest > 0n)
  return out
}

// ---- reading ----

/** Reads what any protobuf library would read. Throws a plain Error for bytes that are no message. */
export function decode<T>(type: Message<T>, hex: string): T {
  return decodeBytes(type, bytesOf(hex))
}

function decodeBytes<T>(type: Message<T>, bytes: Uint8Array): T {
  const value = make(type) as Values
  let unknown = ''
  let at = 0
  const readVarint = (): bigint => {
    let result = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw truncated()
      result |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, result)
    }
    throw new Error('CodedInputStream encountered a malformed varint.')
  }
  const readChunk = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw truncated()
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const start = at
    const tag = readVarint()
    const wire = Number(tag & 7n)
    const number = Number(tag >> 3n)
    if (number === 0) throw new Error('Protocol message contained an invalid tag (zero).')
    let content: Uint8Array | bigint
    if (wire === 0) content = readVarint()
    else if (wire === 1) content = readChunk(8)
    else if (wire === 2) content = readChunk(Number(readVarint()))
    else if (wire === 5) content = readChunk(4)
    else throw new Error('Protocol message tag had invalid wire type.')
    const field = type.fields.find((known) => known.number === number)
    if (!field || !fits(field.kind, wire)) {
      unknown += hexOf(bytes.subarray(start, at))
      continue
    }
    if (field.kind === 'map') {
      const { key, value: amount } = decodeBytes(mapEntry, content as Uint8Array)
      ;(value[field.name] as Map<string, bigint>).set(key, amount)
      continue
    }
    const item = decodeContent(field.kind, content)
    if (field.isRepeated) (value[field.name] as unknown[]).push(item)
    else value[field.name] = item
  }
  if (unknown) value[unknownFields] = unknown
  return value as T
}

function decodeContent(kind: FieldKind, content: Uint8Array | bigint): unknown {
  if (typeof content === 'bigint') {
    if (kind === 'int64') return BigInt.asIntN(64, content)
    if (kind === 'bool') return content !== 0n
    return Number(BigInt.asIntN(32, content))
  }
  if (isMessage(kind)) return decodeBytes(kind, content)
  return kind === 'string' ? hexUtf8(hexOf(content)) : hexOf(content)
}

function fits(kind: FieldKind, wire: number): boolean {
  const isVarint = kind === 'int64' || kind === 'int32' || kind === 'bool' || isEnum(kind)
  return wire === (isVarint ? 0 : 2)
}

function truncated(): Error {
  return new Error(
    'While parsing a protocol message, the input ended unexpectedly in the middle of a field. This could mean either that the input has been truncated or that an embedded message misreported its own length.',
  )
}

const mapEntry: Message<{ key: string; value: bigint }> = message('entry', {
  key: [1, 'string'],
  value: [2, 'int64'],
})
