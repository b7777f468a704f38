import { StatusWord } from './apdu.ts'
import { numberOf } from './byte-strings.ts'
import { readHeader } from './ethereum-rlp.ts'

export const LEGACY = 0xc0
const EIP2930 = 1
const EIP1559 = 2
const EIP7702 = 4
const TYPED_FIRST_BYTE_MAX = 0x7f

/** A field of a transaction and the most bytes that the app takes; a list, or anything when not given. */
type Rule = readonly [field: string, most?: number | 'list']

const FEES_1559: readonly Rule[] = [['priority'], ['gasPrice', 32]]
const CALL: readonly Rule[] = [['gasLimit', 32], ['to', 20], ['value', 32], ['data']]
const HEAD: readonly Rule[] = [
  ['chainId', 32],
  ['nonce', 32],
]

const RULES: Readonly<Record<number, readonly Rule[]>> = {
  [LEGACY]: [['nonce', 32], ['gasPrice', 32], ...CALL, ['v', 8], ['r'], ['s']],
  [EIP2930]: [...HEAD, ['gasPrice', 32], ...CALL, ['accessList', 'list']],
  [EIP1559]: [...HEAD, ...FEES_1559, ...CALL, ['accessList', 'list']],
  [EIP7702]: [...HEAD, ...FEES_1559, ...CALL, ['accessList', 'list'], ['authorizations', 'list']],
}

/** The type of a transaction by its first byte. Throws 0x6501 for one that the app does not know. */
export function transactionType(first: number): number {
  if (first > TYPED_FIRST_BYTE_MAX) return LEGACY
  if (!RULES[first]) throw new StatusWord(0x6501)
  return first
}

export interface TransactionFields {
  readonly type: number
  readonly chainId: bigint
  /** `v` of a legacy transaction, as it came. */
  readonly v: Uint8Array
  readonly gasPrice: bigint
  readonly gasLimit: bigint
  /** No bytes for a contract creation. */
  readonly to: Uint8Array
  readonly value: bigint
  readonly data: Uint8Array
}

/** The data field as far as it came: what stands before it is known by then. */
export interface ComingData {
  readonly to: Uint8Array
  readonly value: bigint
  readonly length: number
  readonly come: Uint8Array
}

/**
 * Reads as much of a transaction as came: `undefined` while fields are missing. Calls `onData` once its data field has
 * begun, so that the app refuses it as early as the real one does.
 */
export function readTransaction(
  bytes: Uint8Array,
  type: number,
  onData: (data: ComingData) => void,
): TransactionFields | undefined {
  const list = readHeader(bytes, 0)
  if (!list) return undefined
  if (!list.isList) throw new StatusWord(0x6a80)
  const found = new Map<string, Uint8Array>()
  const field = (name: string): Uint8Array => found.get(name) ?? new Uint8Array()
  let at = list.start
  for (const [name, most] of RULES[type]!) {
    const header = readHeader(bytes, at)
    if (!header) return undefined
    if (header.isList !== (most === 'list')) throw new StatusWord(0x6a80)
    if (typeof most === 'number' && header.length > most) throw new StatusWord(0x6a80)
    at = header.start + header.length
    const come = bytes.slice(header.start, at)
    if (name === 'data' && header.length > 0)
      onData({ to: field('to'), value: numberOf(field('value')), length: header.length, come })
    if (come.length < header.length) return undefined
    found.set(name, come)
  }
  // The real app reads no further; here a transaction that is not exactly its list is malformed.
  if (at !== list.start + list.length || at !== bytes.length) throw new StatusWord(0x6a80)
  return {
    type,
    chainId: numberOf(field(type === LEGACY ? 'v' : 'chainId')),
    v: field('v'),
    gasPrice: numberOf(field('gasPrice')),
    gasLimit: numberOf(field('gasLimit')),
    to: field('to'),
    value: numberOf(field('value')),
    data: field('data'),
  }
}
