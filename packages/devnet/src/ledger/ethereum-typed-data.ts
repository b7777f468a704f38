import { keccak_256 } from '@noble/hashes/sha3.js'
import { type Apdu, StatusWord } from './apdu.ts'
import type { AppContext } from './app.ts'
import { concat, hex, numberOf, textOf } from './byte-strings.ts'
import { ethereumKey } from './ethereum-address.ts'
import { readFilter } from './ethereum-filter.ts'
import { networkName } from './ethereum-networks.ts'
import { hashStruct, isDynamic, shownValue, type Wanted } from './ethereum-struct-values.ts'
import { readField, type StructField } from './ethereum-types.ts'
import type { Screen } from './person.ts'
import { readPath, signHash } from './secp-key.ts'

/** Typed data whose definitions and values come piece by piece. */
export interface TypedDataSession {
  define(apdu: Apdu): Uint8Array
  /** `onShown` is called when the app has something to show for the first time. */
  implement(apdu: Apdu, blindSigning: boolean, onShown: () => void): Uint8Array
  filter(apdu: Apdu, onShown: () => void): Uint8Array
  sign(data: Uint8Array, context: AppContext): Promise<Uint8Array>
}

const DONE = new Uint8Array()
const NAME = 0x00
const ARRAY = 0x0f
const FIELD = 0xff
const COMPLETE = 0x00
const DISCARDED = 0x01
const DOMAIN = 'EIP712Domain'
const COSMOS = 'cosmos'

type Walk = Generator<Wanted, Uint8Array, Uint8Array>

/** The domain names the contract by its address; Ethermint has the text `cosmos` there. */
function checkDomainField({ name, kind }: StructField, value: Uint8Array): void {
  if (name !== 'verifyingContract' || kind === 'address') return
  if (kind !== 'string' || textOf(value) !== COSMOS) throw new StatusWord(0x6a80)
}

export function typedDataSession(): TypedDataSession {
  const structs = new Map<string, StructField[]>()
  const hashes: Uint8Array[] = []
  const fields: (readonly [string, string])[] = []
  const filtered = new Set<string>()
  let last: StructField[] | undefined
  let root: string | undefined
  let walk: Walk | undefined
  let wanted: Wanted | undefined
  let value: { length: number; bytes: Uint8Array } | undefined
  let chainId = 0n
  /** The path of a field of an empty array, for the filter that follows. */
  let discarded: string | undefined
  /** How many fields are to be shown under names of Ledger's; `undefined` when they are shown as they are. */
  let filters: { announced: number | undefined; label: string | undefined } | undefined

  /** Gives what was wanted and finds what is wanted next. */
  const advance = (given: Uint8Array): void => {
    const step = walk!.next(given)
    wanted = step.done ? undefined : step.value
    if (step.done) hashes.push(step.value)
  }

  const begin = (name: string): void => {
    if (!structs.has(name)) throw new StatusWord(0x6a80)
    // The domain first, then the message.
    const isInOrder = root === undefined ? name === DOMAIN : root === DOMAIN && name !== DOMAIN
    if (!isInOrder) throw new StatusWord(0x6a00)
    if (wanted) throw new StatusWord(0x6a80)
    root = name
    walk = hashStruct(structs, name)
    advance(DONE)
    if (name !== DOMAIN && filters && chainId !== 1n) fields.push(['Network', networkName(chainId)])
  }

  const finish = (
    field: StructField,
    bytes: Uint8Array,
    blindSigning: boolean,
    onShown: () => void,
  ): void => {
    if (root === DOMAIN) {
      checkDomainField(field, bytes)
      if (field.name === 'chainId') chainId = numberOf(bytes)
    }
    if (!filters) {
      if (!blindSigning && root === DOMAIN) throw new StatusWord(0x6a80)
      onShown()
      fields.push([field.name, shownValue(field, bytes)])
    } else if (filters.label !== undefined) {
      fields.push([filters.label, shownValue(field, bytes)])
      filters.label = undefined
    }
  }

  const takeValue = (apdu: Apdu, blindSigning: boolean, onShown: () => void): void => {
    if (wanted?.what !== 'value') throw new StatusWord(0x6a80)
    const { field } = wanted
    let part = apdu.data
    if (!value) {
      if (part.length < 2) throw new StatusWord(0x6a80)
      value = { length: Number(numberOf(part.slice(0, 2))), bytes: DONE }
      part = part.slice(2)
    }
    value = { ...value, bytes: concat(value.bytes, part) }
    const { bytes, length } = value
    const isWhole = bytes.length === length
    if (bytes.length > length || isWhole !== (apdu.p1 === COMPLETE)) throw new StatusWord(0x6a80)
    if (!isWhole) {
      if (!isDynamic(field)) throw new StatusWord(0x6a80)
      return
    }
    value = undefined
    advance(bytes)
    finish(field, bytes, blindSigning, onShown)
  }

  return {
    define: ({ p2, data }) => {
      if (root !== undefined) throw new StatusWord(0x6a00)
      if (p2 === NAME) structs.set(textOf(data), (last = []))
      else if (p2 !== FIELD) throw new StatusWord(0x6b00)
      else if (!last || data.length === 0) throw new StatusWord(0x6a80)
      else last.push(readField(data))
      return DONE
    },
    implement: (apdu, blindSigning, onShown) => {
      if (apdu.p2 === NAME) begin(textOf(apdu.data))
      else if (apdu.p2 === FIELD) takeValue(apdu, blindSigning, onShown)
      else if (apdu.p2 !== ARRAY) throw new StatusWord(0x6b00)
      else if (wanted?.what !== 'length') throw new StatusWord(0x6a80)
      else advance(apdu.data)
      return DONE
    },
    filter: ({ p1, p2, data }, onShown) => {
      if (p2 === 0x00) {
        filters = { announced: undefined, label: undefined }
        return DONE
      }
      if (!filters) return DONE
      const filter = readFilter(p2, data)
      if (filter.kind === 'message' ? root !== DOMAIN : root === undefined || root === DOMAIN)
        throw new StatusWord(0x6980)
      if (filter.kind === 'message') {
        filters.announced = filter.count
        fields.push(['Contract', filter.name])
        onShown()
      } else if (filter.kind === 'discarded') {
        discarded = filter.path
      } else {
        const isDiscarded = p1 === DISCARDED
        filtered.add((isDiscarded ? discarded : wanted?.path) ?? '')
        if (filtered.size > (filters.announced ?? 0)) throw new StatusWord(0x6a80)
        if (!isDiscarded) filters.label = filter.label
        discarded = undefined
      }
      return DONE
    },
    sign: async (data, context) => {
      const [domain, message] = hashes
      if (!domain || !message || wanted) throw new StatusWord(0x6a80)
      if (filters && filters.announced !== filtered.size) throw new StatusWord(0x6a88)
      const read = readPath(data)
      if (!read) throw new StatusWord(0x6a80)
      const hash = [['Message hash', `0x${hex(message)}`] as const]
      await context.ask({
        kind: 'typed data',
        fields: filters ? fields : [...fields, ...hash],
        warnings: filters ? [] : ['Blind signing'],
      })
      return signed(context, read.path, domain, message)
    },
  }
}

function signed(
  context: AppContext,
  path: readonly number[],
  domain: Uint8Array,
  message: Uint8Array,
): Uint8Array {
  const hash = keccak_256(concat(Uint8Array.of(0x19, 0x01), domain, message))
  const { rs, parity } = signHash(ethereumKey(context.root, path), hash)
  return concat(Uint8Array.of(27 + parity), rs)
}

/** Typed data of which the app gets nothing but the two hashes: always signed blindly. */
export async function signHashedTypedData(
  { p1, data }: Apdu,
  context: AppContext,
  blindSigning: boolean,
): Promise<Uint8Array> {
  if (p1 !== 0) throw new StatusWord(0x6b00)
  if (!blindSigning) throw new StatusWord(0x6a80)
  const read = readPath(data)
  if (!read || read.rest.length < 64) throw new StatusWord(0x6a80)
  const [domain, message] = [read.rest.slice(0, 32), read.rest.slice(32, 64)]
  const fields: Screen['fields'] = [
    ['Domain hash', `0x${hex(domain)}`],
    ['Message hash', `0x${hex(message)}`],
  ]
  await context.ask({ kind: 'typed data', fields, warnings: ['Blind signing'] })
  return signed(context, read.path, domain, message)
}
