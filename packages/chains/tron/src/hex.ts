import { CofferError } from '@coffer/core'
import { hexToBytes as decode, bytesToHex as encode } from '@noble/hashes/utils.js'

/** Writes bytes as lower-case hex, bare as Tron's API has it. */
export function bytesToHex(bytes: Uint8Array): string {
  return encode(bytes)
}

/** Reads hex that {@link isHex} accepts. Throws `INVALID_REQUEST` for anything else. */
export function hexToBytes(hex: string): Uint8Array {
  if (isHex(hex)) return decode(hex)
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: 'Bytes are written as two hexadecimal digits for each byte, without 0x.',
  })
}

/** True for whole bytes without `0x`, of either letter case; of exactly `size` bytes when a size is given. */
export function isHex(value: unknown, size?: number): value is string {
  if (typeof value !== 'string' || !/^(?:[0-9a-fA-F]{2})*$/.test(value)) return false
  return size === undefined || value.length === 2 * size
}
