import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { createBase58check } from '@scure/base'

const base58check = createBase58check(sha256)

/** Bytes travel through this simulator as bare lower-case hex: it compares, it keys maps, and it prints. */
export function hexOf(bytes: Uint8Array): string {
  return bytesToHex(bytes)
}

export function bytesOf(hex: string): Uint8Array {
  return hexToBytes(hex)
}

export function sha256Hex(...parts: readonly string[]): string {
  return hexOf(sha256(concatBytes(...parts.map(bytesOf))))
}

export function utf8Hex(text: string): string {
  return hexOf(new TextEncoder().encode(text))
}

export function hexUtf8(hex: string): string {
  return new TextDecoder().decode(bytesOf(hex))
}

/** `41…`, 42 digits, as `T…`. */
export function base58Of(address: string): string {
  return base58check.encode(bytesOf(address))
}

/** `T…` as `41…`, or undefined when the text is no address. */
export function addressOf(base58: string): string | undefined {
  try {
    const hex = hexOf(base58check.decode(base58))
    return isAddress(hex) ? hex : undefined
  } catch {
    return undefined
  }
}

/** Either notation of an address as `41…`, or undefined. */
export function parseAddress(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined
  return isAddress(text.toLowerCase()) ? text.toLowerCase() : addressOf(text)
}

export function isAddress(hex: string): boolean {
  return /^41[0-9a-f]{40}$/.test(hex)
}

/** Hex as java-tron takes it: with or without `0x`, an odd digit count padded. Undefined when it is none. */
export function parseHex(text: string): string | undefined {
  const digits = text.replace(/^0x/i, '').toLowerCase()
  if (!/^[0-9a-f]*$/.test(digits)) return undefined
  return digits.length % 2 === 0 ? digits : `0${digits}`
}
