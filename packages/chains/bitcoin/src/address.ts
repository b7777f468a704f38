import { CofferError, type Engine, nobleEngine } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { bech32, bech32m, createBase58check } from '@scure/base'
import type { BitcoinNetwork } from './networks.ts'
import { p2pkhScript, p2shScript, scriptKind, witnessProgramOf, witnessScriptOf } from './script.ts'
import { evenKey } from './taproot.ts'

/** What the writing of addresses depends on. */
export type AddressRules = Pick<BitcoinNetwork, 'hrp' | 'pubKeyHash' | 'scriptHash'>

export interface ParsedAddress {
  /** In its one canonical writing. */
  readonly address: string
  /** The output script that it stands for. */
  readonly script: Uint8Array
}

/** Longest texts that are read, of segwit (BIP-173) and of base58. */
const MAX_SEGWIT = 90
const MAX_BASE58 = 35

const base58check = createBase58check(sha256)

/**
 * Reads an address of a network: base58 (P2PKH, P2SH), bech32 (version 0) or bech32m (taproot, P2A). All-upper segwit addresses
 * are accepted and written small.
 *
 * Throws `INVALID_ADDRESS` with a sentence that fits what was given: another network (which one), a wrong checksum, mixed case,
 * look-alike letters, invisible characters, versions that nobody can spend safely yet, a taproot key that is no point of the
 * curve. The text itself is never repeated, since people paste keys by mistake.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki
 * @see https://github.com/bitcoin/bips/blob/master/bip-0350.mediawiki
 *
 * @example
 * parseAddress('BC1QCR8TE4KR609GCAWUTMRZA0J4XV80JY8Z306FYU', bitcoinNetwork).address
 * // 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu'
 */
export function parseAddress(
  text: string,
  network: AddressRules & Pick<BitcoinNetwork, 'name'>,
  engine: Engine = nobleEngine,
): ParsedAddress {
  if (typeof text !== 'string') throw wrong('an address is a text.')
  if (text.length > MAX_SEGWIT)
    throw wrong(EXTENDED.test(text) ? 'it is an extended key, not one address.' : 'it is too long.')
  if (!/^[0-9A-Za-z]+$/.test(text)) throw wrong(oddLetter(text))
  const hrp = SEGWIT.exec(text)?.[1]?.toLowerCase()
  return hrp ? segwit(text, hrp, network, engine) : base58(text, network)
}

/** True for an address that {@link parseAddress} accepts. */
export function isAddress(
  value: unknown,
  network: AddressRules & Pick<BitcoinNetwork, 'name'>,
): value is string {
  try {
    parseAddress(value as string, network)
    return true
  } catch {
    return false
  }
}

/**
 * The address of an output script, in its canonical writing; `undefined` for a script that {@link parseAddress} makes of no text.
 *
 * @example
 * formatAddress(p2wpkhScript(keyHash), bitcoinNetwork) // 'bc1q…'
 */
export function formatAddress(script: Uint8Array, network: AddressRules): string | undefined {
  switch (scriptKind(script)) {
    case 'p2pkh':
      return withVersion(network.pubKeyHash, script.subarray(3, 23))
    case 'p2sh':
      return withVersion(network.scriptHash, script.subarray(2, 22))
    case 'p2wpkh':
    case 'p2wsh':
    case 'p2tr':
    case 'p2a': {
      const { version, program } = witnessProgramOf(script)!
      return encodeSegwit(network.hrp, version, program)
    }
    default:
      return undefined
  }
}

/** The text of a witness program, in the checksum of its version. */
export function encodeSegwit(hrp: string, version: number, program: Uint8Array): string {
  const { encode, toWords } = version === 0 ? bech32 : bech32m
  return encode(hrp, [version, ...toWords(program)], MAX_SEGWIT)
}

/**
 * The witness program of a text with this prefix: any version, whether or not it has a meaning yet. Throws `INVALID_ADDRESS`.
 */
export function decodeSegwit(
  text: string,
  hrp: string,
): { readonly version: number; readonly program: Uint8Array } {
  if (text !== text.toLowerCase() && text !== text.toUpperCase())
    throw wrong('it mixes capital and small letters.')
  const lower = text.toLowerCase()
  const old = unchecked(lower, bech32)
  const words = old ?? unchecked(lower, bech32m)
  if (!words || !lower.startsWith(`${hrp}1`) || lower.lastIndexOf('1') !== hrp.length) throw wrong(MISTYPED)
  const version = words[0]!
  if (version > 16) throw wrong('its version does not exist.')
  if ((version === 0) !== (old !== undefined))
    throw wrong('its checksum is that of another version; ask for it again.')
  let program: Uint8Array
  try {
    program = bech32.fromWords(words.slice(1))
  } catch {
    throw wrong(MISTYPED)
  }
  const { length } = program
  if (length < 2 || length > 40 || (version === 0 && length !== 20 && length !== 32))
    throw wrong('its length is that of no address.')
  return { version, program }
}

// ---- inside ----

const MISTYPED = 'its checksum is wrong, so a character is wrong or missing; copy it again.'

const EXTENDED = /^[xyztuv](pub|prv)[0-9a-z]+$/i

/** Prefixes that addresses of Bitcoin have, and those that are most often taken for one. */
const SEGWIT = /^(bc|tb|bcrt)1/i

function segwit(
  text: string,
  hrp: string,
  network: AddressRules & Pick<BitcoinNetwork, 'name'>,
  engine: Engine,
): ParsedAddress {
  const { version, program } = decodeSegwit(text, hrp)
  if (hrp !== network.hrp) throw wrong(`it is of ${HRPS[hrp]!}, and not of ${network.name}.`)
  const script = witnessScriptOf(version, program)
  const kind = scriptKind(script)
  if (kind === 'witness')
    throw wrong(
      'it is of a future version, from which anybody could take the coins today; ask for another one.',
    )
  if (kind === 'p2tr' && !isKey(program, engine))
    throw wrong('its key does not exist, so nobody could spend the coins; ask for another one.')
  return { address: text.toLowerCase(), script }
}

function base58(text: string, network: AddressRules & Pick<BitcoinNetwork, 'name'>): ParsedAddress {
  const kind = KINDS.find(([form]) => form.test(text))?.[1]
  if (kind) throw wrong(`it looks like ${kind}; ask for an address such as begins with ${network.hrp}1.`)
  if (text.length > MAX_BASE58) throw wrong('it is too long.')
  let bytes: Uint8Array
  try {
    bytes = base58check.decode(text)
  } catch {
    throw wrong(/[0OIl]/.test(text) ? `it holds one of 0, O, I and l, which no such address does.` : MISTYPED)
  }
  const [version] = bytes
  if (bytes.length !== 21) throw wrong('its length is that of no address.')
  const hash = bytes.subarray(1)
  if (version === network.pubKeyHash) return { address: text, script: p2pkhScript(hash) }
  if (version === network.scriptHash) return { address: text, script: p2shScript(hash) }
  const other = VERSIONS.get(version!)
  throw wrong(other ? `it is of ${other}, and not of ${network.name}.` : 'it is of another chain.')
}

const HRPS: Readonly<Record<string, string>> = {
  bc: 'bitcoin (mainnet)',
  tb: 'a Bitcoin test network (testnet, signet)',
  bcrt: 'a local Bitcoin test network (regtest)',
}

const VERSIONS: ReadonlyMap<number, string> = new Map([
  [0x00, 'bitcoin (mainnet)'],
  [0x05, 'bitcoin (mainnet)'],
  [0x6f, 'a Bitcoin test network'],
  [0xc4, 'a Bitcoin test network'],
  [0x30, 'Litecoin or another chain'],
  [0x41, 'Tron'],
])

/** What is often pasted where an address should be. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^0x[0-9a-f]+$/i, 'an Ethereum address'],
  [/^T[1-9A-HJ-NP-Za-km-z]{33}$/, 'a Tron address'],
  [/^ln(bc|tb)/i, 'a Lightning invoice'],
  [/^ltc1/i, 'a Litecoin address'],
  [/^(lq|ex|el)1/i, 'a Liquid address'],
  [/^([5KLc9][1-9A-HJ-NP-Za-km-z]{50,51}|[0-9a-f]{64})$/i, 'a key, which nobody should be given'],
]

function isKey(xOnly: Uint8Array, engine: Engine): boolean {
  try {
    engine.uncompressed(evenKey(xOnly))
    return true
  } catch {
    return false
  }
}

function unchecked(text: string, { decode }: typeof bech32): number[] | undefined {
  try {
    return decode(text as `${string}1${string}`, MAX_SEGWIT).words
  } catch {
    return undefined
  }
}

function withVersion(version: number, hash: Uint8Array): string {
  const bytes = new Uint8Array(21)
  bytes[0] = version
  bytes.set(hash, 1)
  return base58check.encode(bytes)
}

/** What is wrong with a text of other characters than digits and letters. */
function oddLetter(text: string): string {
  if (text === '') return 'it is empty.'
  if (/[\s\p{C}\p{Z}]/u.test(text)) return 'it holds a space or an invisible character.'
  if (/[^\x21-\x7e]/.test(text)) return 'it holds a letter that only looks like another one.'
  if (/^[-a-z0-9]{3,}:/i.test(text)) return 'it looks like a link; take the address out of it.'
  if (/^[^.@]+([.@][^.@]+)+$/.test(text)) return 'it looks like a name.'
  return 'an address is of digits and letters only.'
}

function wrong(why: string): CofferError {
  return new CofferError({
    code: 'INVALID_ADDRESS',
    message: `This is not an address of this network: ${why}`,
  })
}
