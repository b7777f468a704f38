import {
  type AccountDescriptor,
  CofferError,
  type Engine,
  formatOrigin,
  type KeyOrigin,
  nobleEngine,
  type PublicKey,
  splitOrigin,
} from '@coffer/core'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { bytesToHex } from './hex.ts'
import type { Address, EvmNetwork } from './intent.ts'

/**
 * Nobody has its key. As the target of a delegation it takes the delegation back; as a recipient it burns.
 */
export const ZERO_ADDRESS: Address = '0x0000000000000000000000000000000000000000'

/**
 * Reads an address and returns it in EIP-55 writing. All-lower and all-upper digits are accepted; mixed case
 * must pass the checksum. Throws `INVALID_ADDRESS` with a sentence that fits what was given; the text itself
 * is never repeated, since people paste keys by mistake.
 *
 * @see https://eips.ethereum.org/EIPS/eip-55
 *
 * @example
 * parseAddress('0xd8da6bf26964af9d7eed9e03e53415d37aa96045') // '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045'
 */
export function parseAddress(text: string): Address {
  if (typeof text !== 'string') throw wrong('an address is a text.')
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw wrong(reason(text))
  const digits = text.slice(2)
  const address = checksum(digits.toLowerCase())
  const oneCase = digits === digits.toLowerCase() || digits === digits.toUpperCase()
  if (!oneCase && address !== text)
    throw wrong('its capital letters do not match its checksum, so a character is wrong; copy it again.')
  return address
}

/** True for an address that {@link parseAddress} accepts. */
export function isAddress(value: unknown): value is string {
  try {
    parseAddress(value as string)
    return true
  } catch {
    return false
  }
}

/** The EIP-55 writing of 20 bytes. */
export function addressFromBytes(bytes: Uint8Array): Address {
  return checksum(bytesToHex(bytes).slice(2))
}

/** The address of a public key of 33 bytes. Throws `INVALID_KEY` when it is not a point of the curve. */
export function addressOf(publicKey: Uint8Array, engine: Engine = nobleEngine): Address {
  return addressFromBytes(keccak_256(engine.uncompressed(publicKey).subarray(1)).subarray(12))
}

/** The descriptor of the account that a public key makes: `[fingerprint/44h/60h/0h/0/0]eip155:1:0x…`. */
export function describe(key: PublicKey, network: EvmNetwork): AccountDescriptor {
  return `${formatOrigin(key.fingerprint, key.path)}${network.id}:${addressOf(key.publicKey)}`
}

/**
 * Reads an account: a bare address, a CAIP-10 id, or either with a key origin before it. Returns the
 * canonical descriptor. Throws `INVALID_ADDRESS`, and `INVALID_ACCOUNT` for a broken origin and for an
 * account of another chain.
 *
 * @example
 * parseAccount('0xd8da6bf26964af9d7eed9e03e53415d37aa96045', ethereumNetwork)
 * // 'eip155:1:0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045'
 */
export function parseAccount(text: string, network: EvmNetwork): AccountDescriptor {
  const { origin, address } = readAccount(text, network)
  return `${origin ? formatOrigin(origin.fingerprint, origin.path) : ''}${network.id}:${address}`
}

/** The address of an account descriptor. Throws as {@link parseAccount} does. */
export function accountAddress(descriptor: AccountDescriptor, network: EvmNetwork): Address {
  return readAccount(descriptor, network).address
}

/**
 * An account's address and, where it is known, the origin of its key. Of any EVM chain when no network is
 * given.
 */
export function readAccount(text: string, network?: EvmNetwork): { address: Address; origin?: KeyOrigin } {
  if (typeof text !== 'string') throw invalidAccount('An account is a text.')
  const { origin, rest } = splitOrigin(text)
  const [, chain, address = rest] = /^(eip155:[0-9]+):(.*)$/s.exec(rest) ?? []
  if (network && chain !== undefined && chain !== network.id)
    throw invalidAccount(`It is an account of ${chain.slice(0, 40)} and not of ${network.id}.`)
  return { ...(origin ? { origin } : {}), address: parseAddress(address) }
}

/** The writings found last. A payment meets the same few addresses a dozen times, and each writing is a hash. */
const written = new Map<string, Address>()

function checksum(digits: string): Address {
  const known = written.get(digits)
  if (known) return known
  const hash = bytesToHex(keccak_256(utf8ToBytes(digits)))
  let text = ''
  for (let i = 0; i < 40; i++) text += hash[i + 2]! >= '8' ? digits[i]!.toUpperCase() : digits[i]!
  if (written.size >= 64) written.clear()
  written.set(digits, `0x${text}`)
  return `0x${text}`
}

const BASE58 = '[1-9A-HJ-NP-Za-km-z]'

/** What is wrong with a text that is not `0x` and forty hexadecimal digits. */
function reason(text: string): string {
  if (text === '') return 'it is empty.'
  if (/[\s\p{C}\p{Z}]/u.test(text))
    return 'it holds a space or an invisible character; copy it again without it.'
  if (/^[^.]+(?:\.[^.]+)+$/u.test(text))
    return 'it looks like a name; names are not looked up, so ask for the address that begins with 0x.'
  if (/[^\x21-\x7e]/.test(text))
    return 'it holds a letter that only looks like one of 0–9 and a–f; type it again or ask for it anew.'
  if (new RegExp(`^T${BASE58}{33}$`).test(text) || /^(?:0x)?41[0-9a-fA-F]{40}$/.test(text))
    return 'it looks like a Tron address; ask for an address of this network, which begins with 0x.'
  if (/^(?:bc|tb|bcrt)1[0-9a-z]+$/i.test(text) || new RegExp(`^[123mn]${BASE58}{24,34}$`).test(text))
    return 'it looks like a Bitcoin address; ask for an address of this network, which begins with 0x.'
  if (/^XE[0-9A-Za-z]{30,33}$/i.test(text))
    return 'it is in the old ICAN form; ask for the form that begins with 0x.'
  if (/^[-a-z0-9]{3,8}:/i.test(text))
    return 'it is a link or an account id; give the address alone, from 0x on.'
  if (/^[0-9a-fA-F]{40}$/.test(text)) return 'the 0x at its beginning is missing.'
  if (/^0X/.test(text)) return 'it must begin with 0x, in a small letter.'
  if (/^(?:0x)?[0-9a-fA-F]{64}$/.test(text))
    return 'it is as long as a key or a transaction id; never give a key to anybody.'
  if (/^0x[0-9a-fA-F]*$/.test(text))
    return `it has ${text.length - 2} digits after 0x and an address has 40; copy it again.`
  return 'an address is 0x and 40 digits from 0–9 and a–f.'
}

function wrong(why: string): CofferError {
  return new CofferError({
    code: 'INVALID_ADDRESS',
    message: `This is not an address of this network: ${why}`,
  })
}

function invalidAccount(why: string): CofferError {
  return new CofferError({ code: 'INVALID_ACCOUNT', message: `This account cannot be used here. ${why}` })
}
