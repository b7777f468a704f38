import { keccak_256 } from '@noble/hashes/sha3.js'
import { StatusWord } from './apdu.ts'
import { concat, hex, numberOf, textOf } from './byte-strings.ts'
import { shownAddress } from './ethereum-address.ts'
import { fieldsOf, type StructField, type Structs, typeHash } from './ethereum-types.ts'

/** What comes next: the value of a field, or how many elements an array has. */
export type Wanted =
  | { readonly what: 'value'; readonly field: StructField; readonly path: string }
  | { readonly what: 'length'; readonly field: StructField; readonly path: string }

const DEEPEST_ARRAY = 8
const DEEPEST_PATH = 16

const padded = (value: Uint8Array, at: number, fill: number): Uint8Array => {
  if (value.length > 32) throw new StatusWord(0x6a80)
  const word = new Uint8Array(32).fill(fill)
  if (at === 0) word.fill(0)
  word.set(value, at)
  return word
}

export const isDynamic = ({ kind }: StructField): boolean => kind === 'string' || kind === 'bytes'

/** The value in 32 bytes. Throws 0x6a80 for what does not fit its type. */
function encoded(field: StructField, value: Uint8Array): Uint8Array {
  const left = 32 - value.length
  switch (field.kind) {
    case 'string':
    case 'bytes':
      return keccak_256(value)
    case 'bytesFixed':
      return padded(value, 0, 0)
    case 'int': {
      if (value.length < 1) throw new StatusWord(0x6a80)
      const isNegative = value.length === field.size && value[0]! >= 0x80
      return padded(value, left, isNegative ? 0xff : 0)
    }
    case 'bool':
      if (value.length !== 1) throw new StatusWord(0x6a80)
      return padded(value, left, 0)
    case 'address':
      if (value.length !== 20) throw new StatusWord(0x6a80)
      return padded(value, left, 0)
    default:
      return padded(value, left, 0)
  }
}

/** A value as the screen has it. */
export function shownValue({ kind, size }: StructField, value: Uint8Array): string {
  switch (kind) {
    case 'string':
      return textOf(value)
    case 'address':
      return shownAddress(value)
    case 'bool':
      return value[0] ? 'true' : 'false'
    case 'uint':
      return numberOf(value).toString()
    case 'int':
      return (value.length === size ? BigInt.asIntN(size * 8, numberOf(value)) : numberOf(value)).toString()
    default:
      return `0x${hex(value)}`
  }
}

/** Takes one value or length after another, in the order of the definitions; returns the hash of the struct. */
export function* hashStruct(
  structs: Structs,
  name: string,
  prefix: readonly string[] = [],
  arrays = 0,
): Generator<Wanted, Uint8Array, Uint8Array> {
  const fields = fieldsOf(structs, name)
  if (fields.length === 0 || prefix.length >= DEEPEST_PATH) throw new StatusWord(0x6a80)
  const parts = [typeHash(structs, name)]
  for (const field of fields)
    parts.push(yield* hashField(structs, field, field.levels, [...prefix, field.name], arrays))
  return keccak_256(concat(...parts))
}

function* hashField(
  structs: Structs,
  field: StructField,
  levels: readonly (number | undefined)[],
  names: readonly string[],
  arrays: number,
): Generator<Wanted, Uint8Array, Uint8Array> {
  const path = names.join('.')
  if (levels.length === 0) {
    if (field.kind === 'struct') return yield* hashStruct(structs, field.type, names, arrays)
    return encoded(field, yield { what: 'value', field, path })
  }
  if (arrays >= DEEPEST_ARRAY) throw new StatusWord(0x6a80)
  const given = yield { what: 'length', field, path }
  const fixed = levels.at(-1)
  const [length = 0] = given
  if (given.length !== 1 || (fixed !== undefined && fixed !== length)) throw new StatusWord(0x6a80)
  const parts: Uint8Array[] = []
  for (let element = 0; element < length; element++)
    parts.push(
      yield* hashField(
        structs,
        field,
        levels.slice(0, -1),
        [...names.slice(0, -1), `${names.at(-1)}.[]`],
        arrays + 1,
      ),
    )
  return keccak_256(concat(...parts))
}
