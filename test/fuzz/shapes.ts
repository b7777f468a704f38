import { createHash } from 'node:crypto'
import { type Branch, fromHex, hexOf, join, type Shape, type Tree, toBytes, toText } from './input.ts'

// Readers of formats, written apart from those of the packages: they take any input apart as far as it goes and judge nothing.

const branch = (items: readonly Tree[], write: Branch['write'], writeLonger?: Branch['write']): Branch => ({
  items,
  write,
  ...(writeLonger && { writeLonger }),
})
const attempt = <T>(read: () => T): T | undefined => {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** Text as hexadecimal, with or without `0x`, of bytes that may have a shape themselves. */
export const hex =
  (inner?: Shape): Shape =>
  (input) => {
    if (typeof input !== 'string') return undefined
    const [, prefix = '', digits] = /^(0x)?((?:[0-9a-f]{2})+)$/i.exec(input) ?? []
    if (digits === undefined) return undefined
    const bytes = fromHex(digits)
    return branch([inner?.(bytes) ?? bytes], ([bytes = '']) => prefix + hexOf(bytes))
  }

export const base64 =
  (inner?: Shape): Shape =>
  (input) => {
    if (typeof input !== 'string' || !/^[\w+/]{4,}={0,2}$/.test(input)) return undefined
    const bytes = new Uint8Array(Buffer.from(input, 'base64'))
    return branch([inner?.(bytes) ?? bytes], ([bytes = '']) => Buffer.from(toBytes(bytes)).toString('base64'))
  }

/** Words and the signs between them. */
export const tokens: Shape = (input) => {
  if (typeof input !== 'string' || input.length > 20_000) return undefined
  const parts = input.match(/[\p{L}\p{N}_]+|[^\p{L}\p{N}_]/gu)
  return parts ? branch(parts, (items) => items.map(toText).join('')) : undefined
}

/** Lines, cells and so on, at one sign. */
export const split =
  (sign: string): Shape =>
  (input) =>
    typeof input === 'string' ? branch(input.split(sign), (items) => items.map(toText).join(sign)) : undefined

// ---- JSON ----

/** JSON whose names may come twice; texts in it that have one of the given shapes are taken apart too. */
export const json =
  (...inner: readonly Shape[]): Shape =>
  (input) => {
    if (typeof input !== 'string' || input.length > 100_000) return undefined
    const value = attempt(() => JSON.parse(input) as unknown)
    return typeof value === 'object' && value !== null ? (jsonTree(value, inner) as Branch) : undefined
  }

function jsonTree(value: unknown, inner: readonly Shape[]): Tree {
  if (Array.isArray(value))
    return branch(
      value.map((item) => jsonTree(item, inner)),
      (items) => `[${items.map(toText).join(',')}]`,
    )
  if (typeof value === 'object' && value !== null)
    return branch(
      Object.entries(value).map(([name, member]) =>
        branch([JSON.stringify(name), jsonTree(member, inner)], (items) => items.map(toText).join(':')),
      ),
      (items) => `{${items.map(toText).join(',')}}`,
    )
  if (typeof value !== 'string') return JSON.stringify(value)
  for (const shape of inner) {
    const tree = shape(value)
    if (tree) return branch([tree], ([text = '']) => JSON.stringify(toText(text)))
  }
  return branch(
    [value],
    ([text = '']) => JSON.stringify(toText(text)),
    ([text = '']) => `"${toText(text).replace(/[\s\S]/g, (unit) => `\\u${hexOf16(unit)}`)}"`,
  )
}

function hexOf16(unit: string): string {
  return unit.charCodeAt(0).toString(16).padStart(4, '0')
}

// ---- Ethereum ----

/** RLP, after a type byte where there is one. */
export const rlp: Shape = (input) => {
  const bytes = toBytes(input)
  if (bytes.length === 0) return undefined
  const start = bytes[0]! < 0xc0 ? 1 : 0
  const list = attempt(() => rlpItems(bytes.subarray(start)))
  return list && branch([bytes.subarray(0, start), ...list], join)
}

function rlpItems(bytes: Uint8Array): Tree[] {
  const items: Tree[] = []
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at]!
    const base = first < 0xc0 ? 0x80 : 0xc0
    const isLong = first - base > 55
    const sizeBytes = isLong ? first - base - 55 : 0
    const size = isLong ? Number(`0x${hexOf(bytes.subarray(at + 1, at + 1 + sizeBytes))}`) : first - base
    const from = first < 0x80 ? at : at + 1 + sizeBytes
    const end = first < 0x80 ? at + 1 : from + size
    if (end > bytes.length) throw new Error('too long')
    const body = bytes.subarray(from, end)
    items.push(
      base === 0x80
        ? branch(
            [body],
            (parts) => rlpItem(0x80, join(parts)),
            (parts) => rlpLonger(0x80, join(parts)),
          )
        : branch(
            rlpItems(body),
            (parts) => rlpItem(0xc0, join(parts)),
            (parts) => rlpLonger(0xc0, join(parts)),
          ),
    )
    at = end
  }
  return items
}

function rlpItem(base: number, body: Uint8Array): Uint8Array {
  if (base === 0x80 && body.length === 1 && body[0]! < 0x80) return body
  if (body.length < 56) return join([Uint8Array.of(base + body.length), body])
  const digits = body.length.toString(16)
  const size = fromHex(digits.length % 2 ? `0${digits}` : digits)
  return join([Uint8Array.of(base + 55 + size.length), size, body])
}

/** A byte that stands for itself behind a length, short lengths as long ones, long ones with a zero before them. */
function rlpLonger(base: number, body: Uint8Array): Uint8Array {
  if (base === 0x80 && body.length === 1) return join([Uint8Array.of(0x81), body])
  const size = fromHex(body.length.toString(16).padStart(4, '0'))
  return body.length < 56
    ? join([Uint8Array.of(base + 56, body.length), body])
    : join([Uint8Array.of(base + 58, 0), size, body])
}

/** Call data: a selector and words of 32 bytes. */
export const words: Shape = (input) => {
  const bytes = toBytes(input)
  if (bytes.length < 36) return undefined
  const parts: Uint8Array[] = [bytes.subarray(0, 4)]
  for (let at = 4; at < bytes.length; at += 32) parts.push(bytes.subarray(at, at + 32))
  return branch(parts, join)
}

// ---- Tron ----

/** Protocol buffers: fields, and messages in them. */
export const protobuf: Shape = (input) => {
  const bytes = toBytes(input)
  const fields = bytes.length > 0 ? attempt(() => protobufFields(bytes)) : undefined
  return fields && branch(fields, join)
}

function protobufFields(bytes: Uint8Array): Tree[] {
  const fields: Tree[] = []
  let at = 0
  const varint = (): { raw: Uint8Array; value: number } => {
    const from = at
    let value = 0
    let shift = 1
    for (;;) {
      const byte = bytes[at++]
      if (byte === undefined || at - from > 10) throw new Error('no varint')
      value += (byte & 0x7f) * shift
      shift *= 128
      if (byte < 0x80) return { raw: bytes.subarray(from, at), value }
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const wire = tag.value % 8
    if (tag.value < 8) throw new Error('no field')
    if (wire === 0) {
      fields.push(
        branch([tag.raw, varint().raw], join, ([tag = '', value = '']) =>
          join([tag, varintLonger(toBytes(value))]),
        ),
      )
    } else if (wire === 2) {
      const size = varint().value
      if (at + size > bytes.length) throw new Error('too long')
      const body = bytes.subarray(at, at + size)
      at += size
      fields.push(
        branch(
          [tag.raw, protobuf(body) ?? body],
          ([tag = '', body = '']) => join([tag, varintOf(body.length), body]),
          ([tag = '', body = '']) => join([tag, varintLonger(varintOf(body.length)), body]),
        ),
      )
    } else throw new Error('no such wire type')
  }
  return fields
}

function varintOf(value: number): Uint8Array {
  const bytes: number[] = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128)
  return Uint8Array.of(...bytes, value)
}

/** With a last byte that adds nothing. */
function varintLonger(bytes: Uint8Array): Uint8Array {
  return join([bytes.subarray(0, -1), Uint8Array.of((bytes.at(-1) ?? 0) | 0x80, 0)])
}

// ---- Bitcoin ----

/** A PSBT: its maps, their pairs, and transactions in them. */
export const psbt: Shape = (input) => {
  const bytes = toBytes(input)
  if (hexOf(bytes.subarray(0, 5)) !== '70736274ff') return undefined
  return attempt(() => {
    const reader = compactReader(bytes, 5)
    const maps: Tree[] = []
    while (reader.left() > 0) {
      const pairs: Tree[] = []
      for (let key = reader.varBytes(); key.length > 0; key = reader.varBytes()) {
        const value = reader.varBytes()
        pairs.push(
          branch(
            [key, (key[0] === 0 && bitcoinTx(value)) || value],
            ([key = '', value = '']) =>
              join([compactSize(key.length), key, compactSize(value.length), value]),
            ([key = '', value = '']) =>
              join([compactSize(key.length), key, compactLonger(value.length), value]),
          ),
        )
      }
      maps.push(branch(pairs, (pairs) => join([...pairs, Uint8Array.of(0)])))
    }
    return branch(maps, (maps) => join([bytes.subarray(0, 5), ...maps]))
  })
}

/** A transaction with or without witnesses. */
export const bitcoinTx: Shape = (input) => {
  const bytes = toBytes(input)
  return attempt(() => {
    const reader = compactReader(bytes, 0)
    const list = (read: () => Tree): Branch =>
      branch(
        Array.from({ length: reader.count() }, () => read()),
        (items) => join([compactSize(items.length), ...items]),
        (items) => join([compactLonger(items.length), ...items]),
      )
    const text = (): Branch =>
      branch(
        [reader.varBytes()],
        ([body = '']) => join([compactSize(body.length), body]),
        ([body = '']) => join([compactLonger(body.length), body]),
      )
    const version = reader.bytes(4)
    const marker = bytes[4] === 0 ? reader.bytes(2) : new Uint8Array()
    const inputs = list(() => branch([reader.bytes(32), reader.bytes(4), text(), reader.bytes(4)], join))
    const outputs = list(() => branch([reader.bytes(8), text()], join))
    const witnesses = marker.length > 0 ? inputs.items.map(() => list(text)) : []
    const tree = branch([version, marker, inputs, outputs, ...witnesses, reader.bytes(4)], join)
    if (reader.left() > 0) throw new Error('more')
    return tree
  })
}

function compactReader(bytes: Uint8Array, at: number) {
  const take = (size: number): Uint8Array => {
    if (at + size > bytes.length) throw new Error('too long')
    at += size
    return bytes.subarray(at - size, at)
  }
  const count = (): number => {
    const first = take(1)[0]!
    if (first < 0xfd) return first
    const size = take(2 ** (first - 0xfc))
    return size.reduceRight((sum, byte) => sum * 256 + byte, 0)
  }
  return {
    left: () => bytes.length - at,
    bytes: take,
    count: () => {
      const n = count()
      if (n > bytes.length - at) throw new Error('too many')
      return n
    },
    varBytes: () => take(count()),
  }
}

function compactSize(value: number): Uint8Array {
  if (value < 0xfd) return Uint8Array.of(value)
  if (value < 0x10000) return Uint8Array.of(0xfd, value & 255, value >> 8)
  return Uint8Array.of(0xfe, value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24)
}

function compactLonger(value: number): Uint8Array {
  return value < 0xfd
    ? Uint8Array.of(0xfd, value, 0)
    : Uint8Array.of(0xfe, value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24)
}

// ---- texts with a checksum ----

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())

/** Base58 with its checksum, which is right again after a change. */
export const base58check: Shape = (input) => {
  if (typeof input !== 'string' || input.length < 10 || input.length > 200) return undefined
  let value = 0n
  for (const letter of input) {
    const digit = BASE58.indexOf(letter)
    if (digit < 0) return undefined
    value = value * 58n + BigInt(digit)
  }
  const digits = value.toString(16)
  const zeros = /^1*/.exec(input)![0].length
  const bytes = join([new Uint8Array(zeros), fromHex(digits.length % 2 ? `0${digits}` : digits)])
  return branch([bytes.subarray(0, -4)], ([body = '']) =>
    // Writing base58 takes the square of its length.
    base58checkOf(toBytes(body).subarray(0, 500)),
  )
}

export function base58checkOf(body: Uint8Array): string {
  const bytes = join([body, sha256(sha256(body)).subarray(0, 4)])
  let value = BigInt(`0x${hexOf(bytes)}`)
  let text = ''
  for (; value > 0n; value /= 58n) text = BASE58[Number(value % 58n)] + text
  const zeros = bytes.findIndex((byte) => byte !== 0)
  return '1'.repeat(zeros < 0 ? bytes.length : zeros) + text
}

const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'

/** Bech32 or bech32m, with the checksum of the one or the other: the first word decides, and a spare byte can turn it round. */
export const bech32: Shape = (input) => {
  if (typeof input !== 'string' || input.length < 8 || input.length > 200) return undefined
  const text = input.toLowerCase()
  const at = text.lastIndexOf('1')
  const words = Uint8Array.from(text.slice(at + 1, -6), (letter) => BECH32.indexOf(letter))
  if (at < 1 || words.includes(255)) return undefined
  return branch([text.slice(0, at), words], ([prefix = '', words = '']) => {
    const five = Array.from(toBytes(words), (word) => word % 32)
    return bech32Of(toText(prefix), five, five[0] === 0 ? 1 : 0x2bc830a3)
  })
}

function bech32Of(prefix: string, words: readonly number[], constant: number): string {
  const codes = [...prefix].map((letter) => letter.charCodeAt(0))
  const all = [
    ...codes.map((code) => code >> 5),
    0,
    ...codes.map((code) => code & 31),
    ...words,
    0,
    0,
    0,
    0,
    0,
    0,
  ]
  let sum = 1
  for (const value of all) {
    const top = sum >>> 25
    sum = ((sum & 0x1ffffff) << 5) ^ value
    for (const [i, part] of [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3].entries())
      if ((top >>> i) & 1) sum ^= part
  }
  const check = [5, 4, 3, 2, 1, 0].map((i) => ((sum ^ constant) >>> (5 * i)) & 31)
  return `${prefix}1${[...words, ...check].map((word) => BECH32[word]).join('')}`
}

/** A text with a checksum behind `#`, as descriptors have. */
export const sealed =
  (checksum: (text: string) => string | undefined): Shape =>
  (input) => {
    if (typeof input !== 'string') return undefined
    const body = input.replace(/#[^#]*$/, '')
    return branch([tokens(body) ?? body], ([text = '']) => `${toText(text)}#${checksum(toText(text)) ?? ''}`)
  }
