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

/** CAIP-10. */
export function accountId(network: Pick<EvmNetwork, 'id'>, address: Address): AccountId {
  return `${network.id}:${address}`
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

/** What is wrong with a text that is not `0x` and forty hexadecimal digits. */
function reason(text: string): string {
  if (/[\s\p{C}\p{Z}]/u.test(text)) return 'it holds a space or an invisible character.'
  if (/[^\x21-\x7e]/.test(text)) return 'it holds a letter that only looks like one of 0–9 and a–f.'
  const kind = KINDS.find(([form]) => form.test(text))?.[1]
  if (kind) return `it looks like ${kind}; ask for an address that begins with 0x.`
  return 'an address is 0x and 40 digits from 0–9 and a–f.'
}

const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^[^.]+(\.[^.]+)+$/, 'a name'],
  [/^(T[1-9A-Za-z]{33}|(0x)?41[0-9a-fA-F]{40})$/, 'a Tron address'],
  [/^((bc|tb|bcrt)1[0-9a-z]+|[123mn][1-9A-Za-z]{25,34})$/i, 'a Bitcoin address'],
  [/^[-a-z0-9]{3,8}:/i, 'a link or an account id'],
  [/^(0x)?[0-9a-fA-F]{64}$/, 'a key, which nobody should be given'],
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
