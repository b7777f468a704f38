import { addressFromBytes, addressToHex } from './address.ts'
import { hexToBytes } from './hex.ts'
import type { Address, Hex } from './intent.ts'

/** A call of which inspection knows what it does. Amounts in base units. */
export type KnownCall =
  | { readonly name: 'transfer'; readonly to: Address; readonly amount: bigint }
  /** TRC-20 and TRC-721 share it: `amount` is an amount of the one and the token's number in the other. */
  | { readonly name: 'transferFrom'; readonly from: Address; readonly to: Address; readonly amount: bigint }
  | {
      readonly name: 'approve'
      readonly spender: Address
      readonly amount: bigint
      readonly change?: 'increase' | 'decrease'
    }
  | { readonly name: 'setApprovalForAll'; readonly operator: Address; readonly approved: boolean }

type Word = 'address' | 'uint' | 'bool'
type Value = Address | bigint | boolean

/** By selector: the arguments, and what they mean. USDT has the older names of the two changes of an approval. */
const CALLS: Readonly<
  Record<string, readonly [types: readonly Word[], call: (...values: never[]) => KnownCall]>
> = {
  a9059cbb: [['address', 'uint'], (to: Address, amount: bigint) => ({ name: 'transfer', to, amount })],
  '23b872dd': [
    ['address', 'address', 'uint'],
    (from: Address, to: Address, amount: bigint) => ({ name: 'transferFrom', from, to, amount }),
  ],
  '095ea7b3': [
    ['address', 'uint'],
    (spender: Address, amount: bigint) => ({ name: 'approve', spender, amount }),
  ],
  '39509351': [['address', 'uint'], increase],
  d73dd623: [['address', 'uint'], increase],
  a457c2d7: [['address', 'uint'], decrease],
  '66188463': [['address', 'uint'], decrease],
  a22cb465: [
    ['address', 'bool'],
    (operator: Address, approved: boolean) => ({ name: 'setApprovalForAll', operator, approved }),
  ],
}

function increase(spender: Address, amount: bigint): KnownCall {
  return { name: 'approve', spender, amount, change: 'increase' }
}

function decrease(spender: Address, amount: bigint): KnownCall {
  return { name: 'approve', spender, amount, change: 'decrease' }
}

/**
 * Reads call data (bare hexadecimal) as one of the known calls. `undefined` for any other selector, for unclean padding and
 * for bytes left over: such data is never half understood. Tron's own libraries write addresses with their first byte, 41,
 * into the padding; contracts take them so, and they are read so.
 *
 * @see https://docs.soliditylang.org/en/latest/abi-spec.html
 */
export function decodeCall(data: string): KnownCall | undefined {
  const selector = data.slice(0, 8)
  const known = Object.hasOwn(CALLS, selector) ? CALLS[selector] : undefined
  if (!known || data.length !== 8 + 64 * known[0].length) return undefined
  const values = known[0].map((type, i) => decodeWord(type, data.slice(8 + 64 * i, 72 + 64 * i)))
  if (values.includes(undefined)) return undefined
  return (known[1] as (...values: Value[]) => KnownCall)(...(values as Value[]))
}

/** True for data (bare hexadecimal) that begins like a known call, whether or not it is one. */
export function hasKnownSelector(data: string): boolean {
  return Object.hasOwn(CALLS, data.slice(0, 8))
}

function decodeWord(type: Word, word: string): Value | undefined {
  if (type === 'address')
    return /^0{22}(?:00|41)/.test(word) ? addressFromBytes(hexToBytes(word.slice(24))) : undefined
  const number = BigInt(`0x${word}`)
  if (type === 'uint') return number
  return number > 1n ? undefined : number === 1n
}

/** TRC-20 `transfer(address,uint256)`. */
export function encodeTransfer(to: Address, amount: bigint): Hex {
  return `0xa9059cbb${encodeAddress(to)}${encodeUint(amount)}`
}

/** TRC-20 `approve(address,uint256)`. */
export function encodeApprove(spender: Address, amount: bigint): Hex {
  return `0x095ea7b3${encodeAddress(spender)}${encodeUint(amount)}`
}

/** An address as a word of 32 bytes, without its first byte; bare hexadecimal. */
export function encodeAddress(address: Address): string {
  return addressToHex(address).slice(2).padStart(64, '0')
}

function encodeUint(value: bigint): string {
  return value.toString(16).padStart(64, '0')
}
