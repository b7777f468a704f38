/*
 * What signatures were proven to come from, shared by all engines. A wallet checks the same signature when it signs it,
 * reads it back and publishes it; and recovery, the dearest of all operations, gives the same answer each time.
 */

import { keep } from './keep.ts'

const KEPT = 64

const keys = new Map<string, Uint8Array>()

/** The compressed public key that an engine has proven to have made the signature. */
export function recall(signature: Uint8Array, recovery: number, hash: Uint8Array): Uint8Array | undefined {
  if (signature.length !== 64 || (recovery !== 0 && recovery !== 1)) return undefined
  return keys.get(nameOf(signature, recovery, hash))?.slice()
}

/** Only for what was proven: a recovered key, or one that verified together with the recovery bit. */
export function remember(
  signature: Uint8Array,
  recovery: number,
  hash: Uint8Array,
  publicKey: Uint8Array,
): void {
  keep(keys, nameOf(signature, recovery, hash), new Uint8Array(publicKey), KEPT)
}

function nameOf(signature: Uint8Array, recovery: number, hash: Uint8Array): string {
  return String.fromCharCode(recovery, ...signature, ...hash)
}
