import { randomBytes } from '@coffer/core'
import { gcm } from '@noble/ciphers/aes.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concat, isEqual, utf8 } from './bytes.ts'

/*
 * AES-256-GCM with random nonces: a key seals a handful of values in its life. GCM does not commit to its key, so what is sealed
 * under a key that comes of a password begins with a tag of that key: no file opens with two passwords.
 */

const NONCE = 12
const TAG = 16
const COMMITMENT = 32

/** How many bytes {@link seal} adds. */
export const SEAL_OVERHEAD: number = NONCE + TAG
/** How many bytes {@link wrap} makes of a key of 32. */
export const WRAPPED: number = COMMITMENT + SEAL_OVERHEAD + 32

export function seal(key: Uint8Array, plain: Uint8Array, context: string): Uint8Array {
  const nonce = randomBytes(NONCE)
  return concat(nonce, gcm(key, nonce, utf8(context)).encrypt(plain))
}

/** Throws when the key is another one, or a byte of box or context was changed. */
export function unseal(key: Uint8Array, box: Uint8Array, context: string): Uint8Array {
  return gcm(key, box.subarray(0, NONCE), utf8(context)).decrypt(box.subarray(NONCE))
}

/** Seals the data key under what a slot gives. */
export function wrap(material: Uint8Array, dataKey: Uint8Array, context: string): Uint8Array {
  return withKeyOf(material, context, (key, commitment) => concat(commitment, seal(key, dataKey, context)))
}

/** The data key; `undefined` when the material is of another password or anything was changed. */
export function unwrap(material: Uint8Array, wrapped: Uint8Array, context: string): Uint8Array | undefined {
  return withKeyOf(material, context, (key, commitment) => {
    if (!isEqual(commitment, wrapped.subarray(0, COMMITMENT))) return undefined
    try {
      return unseal(key, wrapped.subarray(COMMITMENT), context)
    } catch {
      return undefined
    }
  })
}

function withKeyOf<T>(
  material: Uint8Array,
  context: string,
  use: (key: Uint8Array, commitment: Uint8Array) => T,
): T {
  const both = hkdf(sha256, material, utf8(context), utf8('coffer vault slot'), 32 + COMMITMENT)
  try {
    return use(both.subarray(0, 32), both.slice(32))
  } finally {
    both.fill(0)
  }
}
