import { CofferError, type Engine, nobleEngine } from '@coffer/core'
import { decodeBase58check, encodeBase58check } from './base58check.ts'
import type { BitcoinNetwork } from './networks.ts'

/** A private key as old wallets and paper hold it. */
export interface WifKey {
  /** 32 bytes, for the caller to wipe. */
  readonly secret: Uint8Array
  /** False for the oldest form, whose public key has 65 bytes: such keys have `p2pkh` addresses only. */
  readonly compressed: boolean
}

/** Both forms, as base58check writes them. */
const LONGEST = 52
const COMPRESSED = 0x01

/**
 * Reads a private key in the wallet import format. Throws `INVALID_KEY`, which never repeats the text, for
 * broken ones and for those of another network.
 *
 * @example
 * const { secret, compressed } = parseWif(text, bitcoinNetwork)
 * // … then
 * secret.fill(0)
 * @see https://en.bitcoin.it/wiki/Wallet_import_format
 */
export function parseWif(text: string, network: BitcoinNetwork, engine: Engine = nobleEngine): WifKey {
  let data: Uint8Array
  try {
    if (typeof text !== 'string' || text.length > LONGEST) throw new Error('too long')
    data = decodeBase58check(text)
  } catch {
    // Without the cause: it may repeat a part of the key.
    throw wrong('A length, letter or checksum is wrong. Check that it was copied whole.')
  }
  try {
    const compressed = data.length === 34
    if (!compressed && data.length !== 33) throw wrong('Its length is wrong.')
    if (data[0] !== network.wif)
      throw wrong(`It is not of ${network.name}. Take it to a wallet of its own network.`)
    if (compressed && data[33] !== COMPRESSED) throw wrong('It is of a kind that is not known here.')
    const secret = data.slice(1, 33)
    if (engine.isSecret(secret)) return { secret, compressed }
    secret.fill(0)
    throw wrong('It holds no valid key.')
  } finally {
    data.fill(0)
  }
}

/**
 * Writes a private key (32 bytes) in the wallet import format. Whoever reads the text owns its coins. Throws
 * `INVALID_KEY`.
 *
 * @example
 * formatWif({ secret, compressed: true }, bitcoinNetwork) // 'KyZpNDKnfs94vbrw…'
 */
export function formatWif(
  { secret, compressed = true }: { readonly secret: Uint8Array; readonly compressed?: boolean },
  network: BitcoinNetwork,
  engine: Engine = nobleEngine,
): string {
  if (!(secret instanceof Uint8Array) || secret.length !== 32 || !engine.isSecret(secret))
    throw wrong('It has 32 bytes, and not every number is a key.')
  const data = new Uint8Array(compressed ? 34 : 33)
  data[0] = network.wif
  data.set(secret, 1)
  if (compressed) data[33] = COMPRESSED
  const text = encodeBase58check(data)
  data.fill(0)
  return text
}

function wrong(reason: string): CofferError {
  return new CofferError({ code: 'INVALID_KEY', message: `This private key cannot be used. ${reason}` })
}
