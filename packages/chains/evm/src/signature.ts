import { CofferError, type EcdsaSignature, type Engine, nobleEngine } from '@coffer/core'
import { concatBytes } from '@noble/hashes/utils.js'
import { addressOf } from './address.ts'
import { bytesToHex, bytesToInt, hexToBytes, intToBytes, isHex } from './hex.ts'
import type { Address, Authorization, Hex } from './intent.ts'

/** A signature as transactions carry it. `yParity` is 0 or 1. */
export type TxSignature = NonNullable<Authorization['signature']>

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/**
 * True when r and s are in range and s is in the lower half, so that nobody can write the signature in a
 * second way.
 */
export function isCanonical({ r, s, yParity }: TxSignature): boolean {
  return r > 0n && r < N && s > 0n && s <= N / 2n && (yParity === 0 || yParity === 1)
}

export function fromEcdsa({ signature, recovery }: EcdsaSignature): TxSignature {
  return {
    r: bytesToInt(signature.subarray(0, 32)),
    s: bytesToInt(signature.subarray(32)),
    yParity: recovery,
  }
}

/** Who made `signature` over `hash`. Throws `INVALID_SIGNATURE` when nobody can have. */
export function recoverAddress(
  hash: Uint8Array,
  signature: TxSignature,
  engine: Engine = nobleEngine,
): Address {
  if (!isCanonical(signature)) throw invalid()
  try {
    const { r, s, yParity } = signature
    const ecdsa = { signature: concatBytes(intToBytes(r, 32), intToBytes(s, 32)), recovery: yParity }
    return addressOf(engine.ecdsaRecover(ecdsa, hash), engine)
  } catch (cause) {
    throw invalid(cause)
  }
}

/** Writes r ‖ s ‖ v with v 27 or 28, as messages carry it. */
export function formatSignature({ r, s, yParity }: TxSignature): Hex {
  return bytesToHex(concatBytes(intToBytes(r, 32), intToBytes(s, 32), Uint8Array.of(27 + yParity)))
}

/** Reads r ‖ s ‖ v with v 0, 1, 27 or 28 and low s. Throws `INVALID_SIGNATURE`. */
export function parseSignature(text: string): TxSignature {
  if (!isHex(text, 65)) throw invalid()
  const bytes = hexToBytes(text)
  const v = bytes[64]!
  const signature = {
    r: bytesToInt(bytes.subarray(0, 32)),
    s: bytesToInt(bytes.subarray(32, 64)),
    yParity: v === 27 || v === 28 ? v - 27 : v,
  }
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
