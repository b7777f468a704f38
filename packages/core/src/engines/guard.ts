import type { EcdsaSignature } from '../engine.ts'
import { CofferError } from '../error.ts'

/** Throws `INVALID_REQUEST` unless `value` is a byte array of this length. */
export function checkBytes(value: Uint8Array, length: number, what: string): void {
  if (!(value instanceof Uint8Array) || value.length !== length)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `A ${what} is ${length} bytes in a Uint8Array.`,
    })
}

export function invalidSecret(): CofferError {
  return new CofferError({
    code: 'INVALID_KEY',
    message: 'This is not a private key: 32 bytes, from 1 to n − 1.',
  })
}

export function invalidPublicKey(): CofferError {
  return new CofferError({
    code: 'INVALID_KEY',
    message: 'This is not a public key: 33 bytes, a point of secp256k1.',
  })
}

export function invalidSignature(): CofferError {
  return new CofferError({
    code: 'INVALID_SIGNATURE',
    message: 'No public key fits this signature. Check its bytes and its hash.',
  })
}

/** True for 33 bytes that begin with 02 or 03; whether the point exists is for the engine to say. */
export function looksCompressed(publicKey: Uint8Array): boolean {
  return (
    publicKey instanceof Uint8Array && publicKey.length === 33 && (publicKey[0] === 2 || publicKey[0] === 3)
  )
}

/** A signature with its recovery bit. About one in 2^127 would need the ids 2 and 3, which no chain here can carry. */
export function recoverable(signature: Uint8Array, recovery: number): EcdsaSignature {
  if (recovery !== 0 && recovery !== 1)
    throw new CofferError({
      code: 'SIGNATURE_WRONG',
      message: 'This hash has no signature that a chain accepts. Sign another one.',
    })
  return { signature, recovery }
}

/** (n − 1) / 2 */
const HALF_ORDER = [
  0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57,
  0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
]

/** True when s, the second half of a signature of 64 bytes, is not above half the order. */
export function isLowS(signature: Uint8Array): boolean {
  const at = HALF_ORDER.findIndex((byte, i) => byte !== signature[32 + i])
  return signature.length === 64 && (at < 0 || signature[32 + at]! < HALF_ORDER[at]!)
}

export function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** The libraries throw on malformed arguments where the seam answers. */
export function quietly<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}
