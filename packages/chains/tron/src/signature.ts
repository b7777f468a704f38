import { CofferError, type EcdsaSignature, type Engine, nobleEngine } from '@coffer/core'
import { concatBytes } from '@noble/hashes/utils.js'
import { addressOf } from './address.ts'
import { bytesToHex, hexToBytes, isHex } from './hex.ts'
import type { Address, Hex } from './intent.ts'

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/**
 * True for r ‖ s ‖ v of 65 bytes with r and s in range, s in the lower half, so that nobody can write the
 * signature in a second way, and v 0, 1, 27 or 28.
 */
export function isCanonical(signature: Uint8Array): boolean {
  if (signature.length !== 65) return false
  const r = BigInt(`0x${bytesToHex(signature.subarray(0, 32))}`)
  const s = BigInt(`0x${bytesToHex(signature.subarray(32, 64))}`)
  return r > 0n && r < N && s > 0n && s <= N / 2n && [0, 1, 27, 28].includes(signature[64]!)
}

/** r ‖ s ‖ v with v 27 or 28, as transactions and messages carry it. */
export function fromEcdsa({ signature, recovery }: EcdsaSignature): Uint8Array {
  return concatBytes(signature, Uint8Array.of(27 + recovery))
}

/** Who made `signature` over `hash`. Throws `INVALID_SIGNATURE` when nobody can have. */
export function recoverAddress(
  hash: Uint8Array,
  signature: Uint8Array,
  engine: Engine = nobleEngine,
): Address {
  if (!isCanonical(signature)) throw invalid()
  try {
    const ecdsa = { signature: signature.slice(0, 64), recovery: signature[64]! % 27 }
    return addressOf(engine.ecdsaRecover(ecdsa, hash), engine)
  } catch (cause) {
    throw invalid(cause)
  }
}

/** Writes a signature in hex with `0x`, as messages carry it. */
export function formatSignature(signature: Uint8Array): Hex {
  return `0x${bytesToHex(signature)}`
}

/** Reads r ‖ s ‖ v in hex, with `0x` or without, with v 0, 1, 27 or 28 and low s. Throws `INVALID_SIGNATURE`. */
export function parseSignature(text: string): Uint8Array {
  const hex = typeof text === 'string' ? text.replace(/^0x/, '') : text
  if (!isHex(hex, 65)) throw invalid()
  const signature = hexToBytes(hex)
  if (!isCanonical(signature)) throw invalid()
  return signature
}

function invalid(cause?: unknown): CofferError {
  return new CofferError({
    code: 'INVALID_SIGNATURE',
    message: 'This is not a signature: it must be 65 bytes in hex with low s and v 27, 28, 0 or 1.',
    cause,
  })
}
