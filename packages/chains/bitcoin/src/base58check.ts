import { sha256 } from '@noble/hashes/sha2.js'
import { base58 } from '@scure/base'

/*
 * As in core: base58check of texts that may hold a private key. The codec of scure leaves the bytes in an array of
 * its own that nobody can wipe.
 */

/** The bytes before the checksum, for the caller to wipe. Throws what may repeat a part of the text: to be caught. */
export function decodeBase58check(text: string): Uint8Array {
  const whole = base58.decode(text)
  const data = whole.slice(0, -4)
  const sum = checksum(data)
  const right = whole.length > 4 && sum.every((byte, i) => byte === whole[data.length + i])
  whole.fill(0)
  if (right) return data
  data.fill(0)
  throw new Error('The checksum is wrong.')
}

/** The text of `data`, which stays the caller's to wipe. */
export function encodeBase58check(data: Uint8Array): string {
  const whole = new Uint8Array(data.length + 4)
  whole.set(data)
  whole.set(checksum(data), data.length)
  const text = base58.encode(whole)
  whole.fill(0)
  return text
}

function checksum(data: Uint8Array): Uint8Array {
  return sha256(sha256(data)).subarray(0, 4)
}
