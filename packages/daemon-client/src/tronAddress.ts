import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { createBase58check } from '@scure/base'

/**
 * A Tron address as base58check (`T…`), from that or from 42 hexadecimal digits that begin with 41; `undefined` for
 * anything else.
 */
export function tronAddress(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > 50) return undefined
  const base58check = createBase58check(sha256)
  if (/^41[0-9a-fA-F]{40}$/.test(text)) return base58check.encode(hexToBytes(text))
  try {
    return /^41[0-9a-f]{40}$/.test(bytesToHex(base58check.decode(text))) ? text : undefined
  } catch {
    return undefined
  }
}
