import { type Hex, hexToBytes, numberToHex, pad, size, stringToBytes } from 'viem'

type Types = Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>
/** A command of the class e0: instruction, parameters, data. */
export type Command = readonly [ins: number, p1: number, p2: number, data: Uint8Array]

export interface TypedData {
  readonly types: Types
  readonly primaryType: string
  readonly domain: Readonly<Record<string, unknown>>
  readonly message: Readonly<Record<string, unknown>>
}

const DEFINE = 0x1a
const IMPLEMENT = 0x1c
const KINDS = ['', 'int', 'uint', 'address', 'bool', 'string']
const text = (value: string): number[] => [...stringToBytes(value)]

function split(type: string): { base: string; levels: (number | undefined)[] } {
  const levels = [...type.matchAll(/\[(\d*)\]/g)].map(([, length]) => (length ? Number(length) : undefined))
  return { base: type.replace(/\[.*$/, ''), levels }
}

function definition({ name, type }: { name: string; type: string }, types: Types): Uint8Array {
  const { base, levels } = split(type)
  const [, word = '', digits = ''] = /^([a-z]+)(\d*)$/.exec(base) ?? []
  const isStruct = base in types
  let kind = isStruct ? 0 : KINDS.indexOf(word)
  if (word === 'bytes' && !isStruct) kind = digits ? 6 : 7
  const hasSize = !isStruct && digits !== ''
  const bytes = word === 'bytes' ? Number(digits) : Number(digits) / 8
  return Uint8Array.from([
    kind | (levels.length ? 0x80 : 0) | (hasSize ? 0x40 : 0),
    ...(isStruct ? [base.length, ...text(base)] : []),
    ...(hasSize ? [bytes] : []),
    ...(levels.length ? [levels.length] : []),
    ...levels.flatMap((length) => (length === undefined ? [0] : [1, length])),
    name.length,
    ...text(name),
  ])
}

/** A value without what its type fills up. */
function packed(type: string, value: unknown): Uint8Array {
  if (type === 'string') return stringToBytes(value as string)
  if (type === 'bool') return Uint8Array.of(value ? 1 : 0)
  const number = /^(u?)int(\d+)$/.exec(type)
  if (!number) return hexToBytes(value as Hex)
  const isNegative = (value as bigint) < 0n
  const bytes = Number(number[2]) / 8
  const digits = isNegative
    ? numberToHex(value as bigint, { size: bytes, signed: true })
    : numberToHex(value as bigint)
  return hexToBytes(pad(digits, { size: size(digits) }))
}

function* values(types: Types, type: string, value: unknown, chunk: number): Generator<Command> {
  const { base, levels } = split(type)
  if (levels.length) {
    const element =
      base +
      levels
        .slice(0, -1)
        .map((length) => `[${length ?? ''}]`)
        .join('')
    const list = value as readonly unknown[]
    yield [IMPLEMENT, 0x00, 0x0f, Uint8Array.of(list.length)]
    for (const one of list) yield* values(types, element, one, chunk)
  } else if (base in types) {
    for (const { name, type } of types[base]!)
      yield* values(types, type, (value as Record<string, unknown>)[name], chunk)
  } else {
    const bytes = packed(base, value)
    const all = Uint8Array.from([bytes.length >> 8, bytes.length & 0xff, ...bytes])
    for (let at = 0; at < all.length; at += chunk)
      yield [IMPLEMENT, at + chunk < all.length ? 0xff : 0x00, 0xff, all.slice(at, at + chunk)]
  }
}

/** The commands that define typed data. */
export function* definitions({ types }: TypedData): Generator<Command> {
  for (const [name, fields] of Object.entries(types)) {
    yield [DEFINE, 0x00, 0x00, Uint8Array.from(text(name))]
    for (const field of fields) yield [DEFINE, 0x00, 0xff, definition(field, types)]
  }
}

/** The commands that give the values of one of its two parts. */
export function* implementations(
  { types, ...data }: TypedData,
  part: 'domain' | 'message',
  chunk = 255,
): Generator<Command> {
  const name = part === 'domain' ? 'EIP712Domain' : data.primaryType
  yield [IMPLEMENT, 0x00, 0x00, Uint8Array.from(text(name))]
  yield* values(types, name, data[part], chunk)
}
