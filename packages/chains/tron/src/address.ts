import {
  type AccountDescriptor,
  type AccountId,
  CofferError,
  type Engine,
  formatOrigin,
  type KeyOrigin,
  nobleEngine,
  type PublicKey,
  splitOrigin,
} from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { createBase58check } from '@scure/base'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { Address, TronNetwork } from './intent.ts'

/** Nobody has its key: what is sent there is burnt. */
export const ZERO_ADDRESS: Address = 'T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb'

/**
 * Reads an address and returns it in base58check, `T…`. Its hexadecimal form, 42 digits that begin with 41, is
 * accepted in any letter case. Throws `INVALID_ADDRESS` with a sentence that fits what was given; the text
 * itself is never repeated, since people paste keys by mistake.
 *
 * @see https://developers.tron.network/docs/account#account-address-format
 *
 * @example
 * parseAddress('41a614f803b6fd780986a42c78ec9c7f77e6ded13c') // 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'
 */
export function parseAddress(text: string): Address {
  return base58Of(addressToHex(text))
}

/** True for an address that {@link parseAddress} accepts. */
export function isAddress(value: unknown): value is string {
  try {
    addressToHex(value as string)
    return true
  } catch {
    return false
  }
}

/** An address in lower-case hex, 42 digits. Throws as {@link parseAddress} does. */
export function addressToHex(text: string): string {
  if (typeof text !== 'string') throw wrong('an address is a text.')
  if (/^41[0-9a-fA-F]{40}$/.test(text)) return text.toLowerCase()
  if (!/^T[1-9A-HJ-NP-Za-km-z]{33}$/.test(text)) throw wrong(reason(text))
  const hex = written.get(text) ?? bytesToHex(decode(text))
  if (!hex.startsWith('41') || hex.length !== 42) throw wrong('its first byte is of another network.')
  return remember(hex, text)
}

/** The 21 bytes of an address, the first of them 0x41. Throws as {@link parseAddress} does. */
export function addressToBytes(address: string): Uint8Array {
  return hexToBytes(addressToHex(address))
}

/** The address of 20 bytes, or of 21 of which the first is 0x41. Throws `INVALID_ADDRESS` for others. */
export function addressFromBytes(bytes: Uint8Array): Address {
  return parseAddress(bytesToHex(bytes).padStart(bytes.length === 20 ? 42 : 0, '41'))
}

/** The address of a public key of 33 bytes. Throws `INVALID_KEY` when it is not a point of the curve. */
export function addressOf(publicKey: Uint8Array, engine: Engine = nobleEngine): Address {
  return addressFromBytes(keccak_256(engine.uncompressed(publicKey).subarray(1)).subarray(12))
}

/** CAIP-10. */
export function accountId(network: Pick<TronNetwork, 'id'>, address: Address): AccountId {
  return `${network.id}:${address}`
}

/** The descriptor of the account that a public key makes: `[fingerprint/44h/195h/0h/0/0]tron:0x2b6653dc:T…`. */
export function describe(key: PublicKey, network: Pick<TronNetwork, 'id'>): AccountDescriptor {
  return `${formatOrigin(key.fingerprint, key.path)}${accountId(network, addressOf(key.publicKey))}`
}

/**
 * Reads an account: a bare address, a CAIP-10 id, or either with a key origin before it. Returns the
 * canonical descriptor. Throws `INVALID_ADDRESS`, and `INVALID_ACCOUNT` for a broken origin and for an
 * account of another chain.
 *
 * @example
 * parseAccount('41a614f803b6fd780986a42c78ec9c7f77e6ded13c', tronNetwork)
 * // 'tron:0x2b6653dc:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'
 */
export function parseAccount(text: string, network: Pick<TronNetwork, 'id'>): AccountDescriptor {
  const { origin, address } = readAccount(text, network)
  return `${origin ? formatOrigin(origin.fingerprint, origin.path) : ''}${accountId(network, address)}`
}

/** The address of an account descriptor. Throws as {@link parseAccount} does. */
export function accountAddress(descriptor: AccountDescriptor, network: Pick<TronNetwork, 'id'>): Address {
  return readAccount(descriptor, network).address
}

/**
 * An account's address and, where it is known, the origin of its key. Of any Tron chain when no network is
 * given.
 */
export function readAccount(
  text: string,
  network?: Pick<TronNetwork, 'id'>,
): { address: Address; origin?: KeyOrigin } {
  if (typeof text !== 'string') throw invalidAccount('An account is a text.')
  const { origin, rest } = splitOrigin(text)
  const [, chain, address = rest] = /^(tron:0x[0-9a-f]{1,30}):(.*)$/s.exec(rest) ?? []
  if (network && chain !== undefined && chain !== network.id)
    throw invalidAccount(`It is an account of ${chain} and not of ${network.id}.`)
  return { ...(origin ? { origin } : {}), address: parseAddress(address) }
}

/** The writings found last, each to the other. A payment meets the same few addresses many times, and each is two hashes. */
const written = new Map<string, string>()

function remember(hex: string, base58: string): string {
  if (!written.has(hex)) {
    if (written.size >= 128) written.clear()
    written.set(hex, base58).set(base58, hex)
  }
  return hex
}

function base58Of(hex: string): Address {
  const known = written.get(hex)
  if (known) return known
  const text = createBase58check(sha256).encode(hexToBytes(hex))
  remember(hex, text)
  return text
}

function decode(text: string): Uint8Array {
  try {
    return createBase58check(sha256).decode(text)
  } catch {
    throw wrong('it does not match its checksum, so a character is wrong; copy it again.')
  }
}

/** What is wrong with a text that has not the form of an address. */
function reason(text: string): string {
  if (/[\s\p{C}\p{Z}]/u.test(text)) return 'it holds a space or an invisible character.'
  if (/[^\x21-\x7e]/.test(text)) return 'it holds a letter that only looks like a Latin one.'
  const kind = KINDS.find(([form]) => form.test(text))?.[1]
  if (kind) return `it looks like ${kind}; ask for an address that begins with T.`
  if (/^T[0-9A-Za-z]{33}$/.test(text)) return 'it holds one of 0, O, I and l, which no address holds.'
  return 'an address is T and 33 digits and letters.'
}

const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^[^.]+(\.[^.]+)+$/, 'a name'],
  [/^(0x)?41[0-9a-fA-F]{40}$/i, 'the inner form of an address with 0x before it'],
  [/^(0x)?[0-9a-fA-F]{40}$/i, 'an Ethereum address'],
  [
    /^((0x)?[0-9a-fA-F]{64}|[5KLc9][1-9A-Za-z]{50,51}|[xyz]prv[1-9A-Za-z]{50,})$/i,
    'a key, which nobody should be given',
  ],
  [/^((bc|tb|bcrt)1[0-9a-z]+|[123mn][1-9A-Za-z]{25,34})$/i, 'a Bitcoin address'],
  [/^[-a-z0-9]{3,8}:/i, 'a link or an account id'],
]

function wrong(why: string): CofferError {
  return new CofferError({
    code: 'INVALID_ADDRESS',
    message: `This is not an address of this network: ${why}`,
  })
}

function invalidAccount(why: string): CofferError {
  return new CofferError({ code: 'INVALID_ACCOUNT', message: `This account cannot be used here. ${why}` })
}
