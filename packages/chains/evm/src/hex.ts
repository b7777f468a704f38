import { CofferError } from '@coffer/core'
import { hexToBytes as decode, bytesToHex as encode } from '@noble/hashes/utils.js'
import type { Hex } from './intent.ts'

/** Writes bytes as lower-case hex with `0x`. */
export function bytesToHex(bytes: Uint8Array): Hex {
  return `0x${encode(bytes)}`
}

/** Reads hex that {@link isHex} accepts. Throws `INVALID_REQUEST` for anything else. */
export function hexToBytes(hex: string): Uint8Array {
  if (!isHex(hex))
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'Bytes are written as 0x and two hexadecimal digits for each byte.',
    })
  return decode(hex.slice(2))
}

/** True for `0x` and whole bytes, of either letter case; of exactly `size` bytes when a size is given. */
export function isHex(value: unknown, size?: number): value is Hex {
  if (typeof value !== 'string' || !/^0x(?:[0-9a-fA-F]{2})*$/.test(value)) return false
  return size === undefined || value.length === 2 + 2 * size
}

/** Reads a big-endian integer; no bytes are zero. */
export function bytesToInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(bytesToHex(bytes))
}

/** Writes a big-endian integer: in `size` bytes, or in the fewest (none for zero). */
export function intToBytes(value: bigint, size?: number): Uint8Array {
  const digits = value === 0n ? '' : value.toString(16)
  const width = size === undefined ? digits.length + (digits.length & 1) : size * 2
  return decode(digits.padStart(width, '0'))
}

/**
 * Reads a JSON-RPC quantity: `0x` and 1 to 64 hexadecimal digits, so at most 2^256 − 1.
 * Throws `BAD_RESPONSE` for numbers, decimal strings, signs, `0x` alone and anything longer.
 *
 * @see https://ethereum.org/en/developers/docs/apis/json-rpc/#hex-encoding
 *
 * @example
 * quantity('0x41') // 65n
 */
export function quantity(value: unknown): bigint {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value)) return BigInt(value)
  throw badResponse('a number')
}

/**
 * Reads the bytes of a JSON-RPC answer and returns them in lower case. Throws `BAD_RESPONSE` for anything but
 * whole bytes, and for more than `maxBytes` (one mebibyte when not given).
 */
export function hexData(value: unknown, maxBytes = 1_048_576): Hex {
  if (typeof value === 'string' && value.length <= 2 + 2 * maxBytes && isHex(value))
    return value.toLowerCase() as Hex
  throw badResponse('data')
}

function badResponse(what: string): CofferError {
  return new CofferError({
    code: 'BAD_RESPONSE',
    message: `The node answered with something that is not ${what}. Try again, or use another node.`,
  })
}
