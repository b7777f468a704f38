import { keccak_256 } from '@noble/hashes/sha3.js'
import { StatusWord } from './apdu.ts'
import { textOf, utf8 } from './byte-strings.ts'

/** A field of an EIP-712 struct as the app keeps it. */
export interface StructField {
  readonly name: string
  readonly kind: 'struct' | 'int' | 'uint' | 'address' | 'bool' | 'string' | 'bytesFixed' | 'bytes'
  /** The name of the type without its array levels, such as `uint256` or `Person`. */
  readonly type: string
  /** In bytes; 0 where the type has none. */
  readonly size: number
  /** The levels of an array, innermost first: a length, or `undefined` for any. */
  readonly levels: readonly (number | undefined)[]
}

export type Structs = ReadonlyMap<string, readonly StructField[]>

const KINDS = ['struct', 'int', 'uint', 'address', 'bool', 'string', 'bytesFixed', 'bytes'] as const
const IS_ARRAY = 0x80
const HAS_SIZE = 0x40

function typeName(kind: StructField['kind'], size: number | undefined, custom: string): string {
  if (kind === 'struct') return custom
  const name = kind === 'bytesFixed' ? 'bytes' : kind
  if (size === undefined) return name
  if (kind === 'int' || kind === 'uint') return `${name}${size * 8}`
  if (kind === 'bytesFixed') return `${name}${size}`
  throw new StatusWord(0x6a80)
}

/** Reads a field definition: what it is, its type or size, array levels, name. Throws 0x6a80 for anything else. */
export function readField(data: Uint8Array): StructField {
  let at = 0
  const byte = (): number => {
    const value = data[at++]
    if (value === undefined) throw new StatusWord(0x6a80)
    return value
  }
  const text = (): string => {
    const length = byte()
    const bytes = data.slice(at, (at += length))
    if (bytes.length < length) throw new StatusWord(0x6a80)
    return textOf(bytes)
  }
  const level = (): number | undefined => {
    const type = byte()
    if (type > 1) throw new StatusWord(0x6a80)
    return type === 1 ? byte() : undefined
  }
  const what = byte()
  const kind = KINDS[what & 0x0f]
  if (!kind) throw new StatusWord(0x6a80)
  const hasSize = (what & HAS_SIZE) !== 0
  if (hasSize && kind === 'struct') throw new StatusWord(0x6a80)
  const size = hasSize ? byte() : undefined
  const type = typeName(kind, size, kind === 'struct' ? text() : '')
  const levels = what & IS_ARRAY ? Array.from({ length: byte() }, level) : []
  const name = text()
  if (at !== data.length) throw new StatusWord(0x6a80)
  return { name, kind, type, size: size ?? 0, levels }
}

const written = ({ type, levels, name }: StructField): string =>
  `${type}${levels.map((length) => `[${length ?? ''}]`).join('')} ${name}`

/** The fields of a struct; throws 0x6a80 for one that was not defined. */
export function fieldsOf(structs: Structs, name: string): readonly StructField[] {
  const fields = structs.get(name)
  if (!fields) throw new StatusWord(0x6a80)
  return fields
}

function collect(structs: Structs, name: string, found: Set<string>): Set<string> {
  for (const { kind, type } of fieldsOf(structs, name)) {
    if (kind !== 'struct' || found.has(type)) continue
    found.add(type)
    collect(structs, type, found)
  }
  return found
}

export function typeHash(structs: Structs, name: string): Uint8Array {
  const others = collect(structs, name, new Set())
  others.delete(name)
  const text = [name, ...[...others].sort()]
    .map((name) => `${name}(${fieldsOf(structs, name).map(written).join(',')})`)
    .join('')
  return keccak_256(utf8(text))
}
