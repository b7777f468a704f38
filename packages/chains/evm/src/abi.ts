import { concatBytes } from '@noble/hashes/utils.js'
import { addressFromBytes } from './address.ts'
import { bytesToHex, bytesToInt, hexToBytes, intToBytes } from './hex.ts'
import type { Address, Hex } from './intent.ts'

/**
 * A call of which inspection knows what it does. Fields are in base units, Unix seconds and EIP-55 writing.
 */
export type KnownCall =
  | { readonly name: 'transfer'; readonly to: Address; readonly amount: bigint }
  /** ERC-20 and ERC-721 share it: `amount` is an amount of the one and the token's number in the other. */
  | { readonly name: 'transferFrom'; readonly from: Address; readonly to: Address; readonly amount: bigint }
  /** ERC-20 and ERC-721 share it, too. */
  | { readonly name: 'approve'; readonly spender: Address; readonly amount: bigint }
  | { readonly name: 'increaseAllowance'; readonly spender: Address; readonly amount: bigint }
  | { readonly name: 'decreaseAllowance'; readonly spender: Address; readonly amount: bigint }
  /** EIP-2612, or DAI's older form with all or nothing. */
  | { readonly name: 'permit'; readonly owner: Address; readonly spender: Address; readonly amount: bigint }
  | { readonly name: 'setApprovalForAll'; readonly operator: Address; readonly approved: boolean }
  | {
      readonly name: 'nftTransfer'
      readonly standard: 'erc721' | 'erc1155'
      readonly moves: readonly NftMove[]
    }
  | {
      readonly name: 'permit2Approve'
      readonly owner: Address | null
      readonly spender: Address
      readonly grants: readonly Grant[]
    }
  | { readonly name: 'permit2Transfer'; readonly moves: readonly TokenMove[] }

export interface NftMove {
  readonly from: Address
  readonly to: Address
  readonly tokenId: bigint
  readonly amount: bigint
}

export interface TokenMove {
  readonly token: Address
  readonly from: Address
  readonly to: Address
  readonly amount: bigint
}

/** A Permit2 allowance. `owner` is `null` above where the caller itself gives it. */
export interface Grant {
  readonly token: Address
  readonly amount: bigint
  readonly expiration: bigint
}

/** Permit2's address, the same on every chain. @see https://docs.uniswap.org/contracts/permit2/overview */
export const PERMIT2: Address = '0x000000000022D473030F116dDEE9F6B43aC78BA3'

export const MAX_UINT256: bigint = (1n << 256n) - 1n

/**
 * Reads call data as one of the known calls. `undefined` for any other selector, and for data that is not
 * exactly what {@link encodeCall} writes for the arguments: unclean padding, other offsets, bytes left over.
 * Such data is never half understood.
 *
 * @see https://docs.soliditylang.org/en/latest/abi-spec.html
 */
export function decodeCall(data: Hex): KnownCall | undefined {
  const known = Object.hasOwn(CALLS, data.slice(2, 10))
    ? CALLS[data.slice(2, 10) as keyof typeof CALLS]
    : undefined
  const values = known && decodeAbi(known[0], hexToBytes(data).subarray(4))
  return values && (known[1] as (...values: readonly unknown[]) => KnownCall | undefined)(...values)
}

/** True for data that begins like a known call, whether or not it is one. */
export function hasKnownSelector(data: Hex): boolean {
  return Object.hasOwn(CALLS, data.slice(2, 10))
}

/** Writes call data: a selector of eight hex digits, and arguments of the given types. */
export function encodeCall(selector: string, types: string, values: readonly AbiValue[]): Hex {
  return `0x${selector}${bytesToHex(encodeAbi(types, values)).slice(2)}`
}

/** ERC-20 `transfer(address,uint256)`. */
export function encodeTransfer(to: Address, amount: bigint): Hex {
  return encodeCall('a9059cbb', 'address,uint256', [to, amount])
}

/** ERC-20 `approve(address,uint256)`. */
export function encodeApprove(spender: Address, amount: bigint): Hex {
  return encodeCall('095ea7b3', 'address,uint256', [spender, amount])
}

// ---- the calls ----

type Allowance = [spender: Address, amount: bigint]
type Detail = [token: Address, amount: bigint, expiration: bigint, nonce: bigint]
type Permitted = [token: Address, amount: bigint]
type Requested = [to: Address, amount: bigint]
type BatchMove = [from: Address, to: Address, amount: bigint, token: Address]

const grant = ([token, amount, expiration]: Detail): Grant => ({ token, amount, expiration })

/** By selector: the types of the arguments, and what to make of their values. */
const CALLS = {
  a9059cbb: [
    'address,uint256',
    (to: Address, amount: bigint): KnownCall => ({ name: 'transfer', to, amount }),
  ],
  '23b872dd': [
    'address,address,uint256',
    (from: Address, to: Address, amount: bigint): KnownCall => ({ name: 'transferFrom', from, to, amount }),
  ],
  '095ea7b3': [
    'address,uint256',
    (...[spender, amount]: Allowance): KnownCall => ({ name: 'approve', spender, amount }),
  ],
  '39509351': [
    'address,uint256',
    (...[spender, amount]: Allowance): KnownCall => ({ name: 'increaseAllowance', spender, amount }),
  ],
  a457c2d7: [
    'address,uint256',
    (...[spender, amount]: Allowance): KnownCall => ({ name: 'decreaseAllowance', spender, amount }),
  ],
  // The older names of the two, which some tokens still have.
  d73dd623: [
    'address,uint256',
    (...[spender, amount]: Allowance): KnownCall => ({ name: 'increaseAllowance', spender, amount }),
  ],
  '66188463': [
    'address,uint256',
    (...[spender, amount]: Allowance): KnownCall => ({ name: 'decreaseAllowance', spender, amount }),
  ],
  d505accf: [
    'address,address,uint256,uint256,uint8,bytes32,bytes32',
    (owner: Address, spender: Address, amount: bigint): KnownCall => ({
      name: 'permit',
      owner,
      spender,
      amount,
    }),
  ],
  '8fcbaf0c': [
    'address,address,uint256,uint256,bool,uint8,bytes32,bytes32',
    (owner: Address, spender: Address, _nonce: bigint, _expiry: bigint, allowed: boolean): KnownCall => ({
      name: 'permit',
      owner,
      spender,
      amount: allowed ? MAX_UINT256 : 0n,
    }),
  ],
  a22cb465: [
    'address,bool',
    (operator: Address, approved: boolean): KnownCall => ({ name: 'setApprovalForAll', operator, approved }),
  ],
  // ERC-721 and ERC-1155 safe transfers
  '42842e0e': ['address,address,uint256', transfer721],
  b88d4fde: ['address,address,uint256,bytes', transfer721],
  f242432a: [
    'address,address,uint256,uint256,bytes',
    (from: Address, to: Address, tokenId: bigint, amount: bigint): KnownCall => ({
      name: 'nftTransfer',
      standard: 'erc1155',
      moves: [{ from, to, tokenId, amount }],
    }),
  ],
  '2eb2c2d6': [
    'address,address,uint256[],uint256[],bytes',
    (from: Address, to: Address, ids: bigint[], amounts: bigint[]): KnownCall | undefined => {
      if (ids.length !== amounts.length) return undefined
      const moves = ids.map((tokenId, i) => ({ from, to, tokenId, amount: amounts[i]! }))
      return { name: 'nftTransfer', standard: 'erc1155', moves }
    },
  ],
  // Permit2: allowances that stand, and transfers by allowance or by signature
  '87517c45': [
    'address,address,uint160,uint48',
    (token: Address, spender: Address, amount: bigint, expiration: bigint): KnownCall => ({
      name: 'permit2Approve',
      owner: null,
      spender,
      grants: [{ token, amount, expiration }],
    }),
  ],
  '2b67b570': [
    'address,((address,uint160,uint48,uint48),address,uint256),bytes',
    (owner: Address, [detail, spender]: [Detail, Address]): KnownCall => ({
      name: 'permit2Approve',
      owner,
      spender,
      grants: [grant(detail)],
    }),
  ],
  '2a2d80d1': [
    'address,((address,uint160,uint48,uint48)[],address,uint256),bytes',
    (owner: Address, [details, spender]: [Detail[], Address]): KnownCall => ({
      name: 'permit2Approve',
      owner,
      spender,
      grants: details.map(grant),
    }),
  ],
  '36c78516': [
    'address,address,uint160,address',
    (...[from, to, amount, token]: BatchMove): KnownCall => ({
      name: 'permit2Transfer',
      moves: [{ token, from, to, amount }],
    }),
  ],
  '0d58b1db': [
    '(address,address,uint160,address)[]',
    (details: BatchMove[]): KnownCall => ({
      name: 'permit2Transfer',
      moves: details.map(([from, to, amount, token]) => ({ token, from, to, amount })),
    }),
  ],
  '30f28b7a': [
    '((address,uint256),uint256,uint256),(address,uint256),address,bytes',
    ([[token]]: [Permitted], [to, amount]: Requested, from: Address): KnownCall => ({
      name: 'permit2Transfer',
      moves: [{ token, from, to, amount }],
    }),
  ],
  edd9444b: [
    '((address,uint256)[],uint256,uint256),(address,uint256)[],address,bytes',
    ([permitted]: [Permitted[]], requested: Requested[], from: Address): KnownCall | undefined => {
      if (permitted.length !== requested.length) return undefined
      const moves = requested.map(([to, amount], i) => ({ token: permitted[i]![0], from, to, amount }))
      return { name: 'permit2Transfer', moves }
    },
  ],
} as const

function transfer721(from: Address, to: Address, tokenId: bigint): KnownCall {
  return { name: 'nftTransfer', standard: 'erc721', moves: [{ from, to, tokenId, amount: 1n }] }
}

// ---- the codec ----

/** `bigint` for integers, lower-case hex for bytes, arrays for arrays and tuples. */
export type AbiValue = bigint | boolean | string | readonly AbiValue[]

/** `address`, `bool`, `bytes32`, `bytes`, a `uintN`, an array `T[]` or a tuple `(A,B)`. */
type AbiType = string

/** Writes values of comma-separated types, in the standard's strict form. */
export function encodeAbi(types: string, values: readonly AbiValue[]): Uint8Array {
  return encodeTuple(split(types), values)
}

/** Reads values, or `undefined` unless the data is exactly what {@link encodeAbi} writes for them. */
export function decodeAbi(types: string, data: Uint8Array): AbiValue[] | undefined {
  try {
    const [values, end] = decodeTuple(split(types), data, 0)
    return end === data.length ? values : undefined
  } catch (error) {
    if (error === NOT_CANONICAL) return undefined
    throw error
  }
}

const NOT_CANONICAL = Symbol()

function encodeTuple(types: readonly AbiType[], values: readonly AbiValue[]): Uint8Array {
  let offset = headSize(types)
  const heads: Uint8Array[] = []
  const tails: Uint8Array[] = []
  for (const [i, type] of types.entries()) {
    const encoded = encodeValue(type, values[i]!)
    heads.push(isDynamic(type) ? intToBytes(BigInt(offset), 32) : encoded)
    if (!isDynamic(type)) continue
    tails.push(encoded)
    offset += encoded.length
  }
  return concatBytes(...heads, ...tails)
}

function encodeValue(type: AbiType, value: AbiValue): Uint8Array {
  if (type.endsWith('[]')) {
    const items = value as readonly AbiValue[]
    const of = type.slice(0, -2)
    const body = encodeTuple(new Array<AbiType>(items.length).fill(of), items)
    return concatBytes(intToBytes(BigInt(items.length), 32), body)
  }
  if (type.startsWith('(')) return encodeTuple(split(type.slice(1, -1)), value as readonly AbiValue[])
  if (type === 'bytes') {
    const bytes = hexToBytes(value as string)
    return concatBytes(intToBytes(BigInt(bytes.length), 32), bytes, new Uint8Array(padding(bytes.length)))
  }
  return intToBytes(BigInt(value as bigint | boolean | string), 32)
}

function decodeTuple(
  types: readonly AbiType[],
  data: Uint8Array,
  base: number,
): [values: AbiValue[], end: number] {
  let head = base
  let tail = base + headSize(types)
  const values = types.map((type) => {
    if (isDynamic(type)) {
      // The tails follow one another without gaps, in the order of their heads.
      if (size(data, head) !== tail - base) throw NOT_CANONICAL
      head += 32
      const [value, end] = decodeValue(type, data, tail)
      tail = end
      return value
    }
    const [value, end] = decodeValue(type, data, head)
    head = end
    return value
  })
  return [values, tail]
}

function decodeValue(type: AbiType, data: Uint8Array, at: number): [value: AbiValue, end: number] {
  if (type.endsWith('[]')) {
    const count = size(data, at)
    const of = type.slice(0, -2)
    return decodeTuple(new Array<AbiType>(count).fill(of), data, at + 32)
  }
  if (type.startsWith('(')) return decodeTuple(split(type.slice(1, -1)), data, at)
  if (type === 'bytes') {
    const length = size(data, at)
    const end = at + 32 + length
    // An end behind the data is seen by `decodeAbi`: tails only move on.
    if (data.subarray(end, end + padding(length)).some((byte) => byte !== 0)) throw NOT_CANONICAL
    return [bytesToHex(data.subarray(at + 32, end)), end + padding(length)]
  }
  return [decodeWord(type, word(data, at)), at + 32]
}

function decodeWord(type: AbiType, bytes: Uint8Array): AbiValue {
  if (type === 'bytes32') return bytesToHex(bytes)
  const value = bytesToInt(bytes)
  const bits = type === 'address' ? 160n : type === 'bool' ? 1n : BigInt(type.slice(4))
  if (value >> bits !== 0n) throw NOT_CANONICAL
  if (type === 'address') return addressFromBytes(bytes.subarray(12))
  return type === 'bool' ? value === 1n : value
}

function word(data: Uint8Array, at: number): Uint8Array {
  if (at + 32 > data.length) throw NOT_CANONICAL
  return data.subarray(at, at + 32)
}

/** An offset or a length. */
function size(data: Uint8Array, at: number): number {
  const value = bytesToInt(word(data, at))
  if (value > BigInt(data.length)) throw NOT_CANONICAL
  return Number(value)
}

function padding(length: number): number {
  return -length & 31
}

function isDynamic(type: AbiType): boolean {
  return type.includes('[]') || /\bbytes\b/.test(type)
}

function headSize(types: readonly AbiType[]): number {
  return types.reduce(
    (sum, type) => sum + (isDynamic(type) || !type.startsWith('(') ? 32 : headSize(split(type.slice(1, -1)))),
    0,
  )
}

/** Splits at the commas that are not inside brackets. */
function split(types: string): AbiType[] {
  let depth = 0
  const parts = ['']
  for (const char of types) {
    if (char === '(') depth++
    if (char === ')') depth--
    if (char === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += char
  }
  return parts
}
