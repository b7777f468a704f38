import type { Engine } from '../engine.ts'
import {
  checkBytes,
  invalidPublicKey,
  invalidSecret,
  invalidSignature,
  isLowS,
  looksCompressed,
  quietly,
  recoverable,
  sameBytes,
} from './guard.ts'
import { recall, remember } from './recovered.ts'

/** What is used of the `tiny-secp256k1` package, version 2. */
export interface TinySecp256k1 {
  isPrivate(d: Uint8Array): boolean
  isPointCompressed(p: Uint8Array): boolean
  pointFromScalar(d: Uint8Array, compressed?: boolean): Uint8Array | null
  pointCompress(p: Uint8Array, compressed?: boolean): Uint8Array
  pointAddScalar(p: Uint8Array, tweak: Uint8Array, compressed?: boolean): Uint8Array | null
  privateAdd(d: Uint8Array, tweak: Uint8Array): Uint8Array | null
  privateNegate(d: Uint8Array): Uint8Array
  signRecoverable(h: Uint8Array, d: Uint8Array, e?: Uint8Array): { signature: Uint8Array; recoveryId: number }
  verify(h: Uint8Array, Q: Uint8Array, signature: Uint8Array, strict?: boolean): boolean
  recover(h: Uint8Array, signature: Uint8Array, recoveryId: 0 | 1, compressed?: boolean): Uint8Array | null
  signSchnorr(h: Uint8Array, d: Uint8Array, e?: Uint8Array): Uint8Array
  verifySchnorr(h: Uint8Array, Q: Uint8Array, signature: Uint8Array): boolean
}

/**
 * An engine over `tiny-secp256k1`: libsecp256k1 as WebAssembly, several times faster than pure JavaScript. You install
 * and import the package; Coffer does not.
 *
 * @example
 * import * as tiny from 'tiny-secp256k1'
 * import { tinyEngine } from '@coffer/core/engines/tiny'
 * const signer = softwareSigner({ mnemonic, engine: tinyEngine(tiny) })
 * @see https://github.com/bitcoinjs/tiny-secp256k1
 */
export function tinyEngine(tiny: TinySecp256k1): Engine {
  const checkSecret = (secret: Uint8Array) => {
    if (!isSecret(tiny, secret)) throw invalidSecret()
  }
  const checkPublic = (publicKey: Uint8Array) => {
    if (!looksCompressed(publicKey) || !tiny.isPointCompressed(publicKey)) throw invalidPublicKey()
  }
  const recover = (signature: Uint8Array, recovery: number, hash: Uint8Array) => {
    if (recovery !== 0 && recovery !== 1) return undefined
    return quietly(() => tiny.recover(hash, signature, recovery, true)) ?? undefined
  }

  return {
    name: 'tiny',
    isSecret: (secret) => isSecret(tiny, secret),
    publicKey: (secret) => {
      checkSecret(secret)
      return tiny.pointFromScalar(secret, true)!
    },
    uncompressed: (publicKey) => {
      checkPublic(publicKey)
      return tiny.pointCompress(publicKey, false)
    },
    ecdsaSign: (hash, secret) => {
      checkBytes(hash, 32, 'hash')
      checkSecret(secret)
      const { signature, recoveryId } = tiny.signRecoverable(hash, secret)
      return recoverable(signature, recoveryId)
    },
    ecdsaVerify: (signature, hash, publicKey, recovery) => {
      checkBytes(hash, 32, 'hash')
      if (!looksCompressed(publicKey)) return false
      if (recovery === undefined) return quietly(() => tiny.verify(hash, publicKey, signature, true)) ?? false
      // Recovery is verification turned round: it finds this key when, and only when, this key verifies.
      if (!isLowS(signature) || !sameBytes(recover(signature, recovery, hash), publicKey)) return false
      remember(signature, recovery, hash, publicKey)
      return true
    },
    ecdsaRecover: ({ signature, recovery }, hash) => {
      checkBytes(hash, 32, 'hash')
      const known = recall(signature, recovery, hash)
      if (known) return known
      const publicKey = recover(signature, recovery, hash)
      if (!publicKey) throw invalidSignature()
      remember(signature, recovery, hash, publicKey)
      return publicKey
    },
    schnorrSign: (hash, secret, aux) => {
      checkBytes(hash, 32, 'hash')
      checkBytes(aux, 32, 'auxiliary random value')
      checkSecret(secret)
      return tiny.signSchnorr(hash, secret, aux)
    },
    schnorrVerify: (signature, hash, publicKey) => {
      checkBytes(hash, 32, 'hash')
      return quietly(() => tiny.verifySchnorr(hash, publicKey, signature)) ?? false
    },
    secretAdd: (secret, tweak) => {
      checkSecret(secret)
      checkBytes(tweak, 32, 'tweak')
      return quietly(() => tiny.privateAdd(secret, tweak)) ?? undefined
    },
    publicAdd: (publicKey, tweak) => {
      checkPublic(publicKey)
      checkBytes(tweak, 32, 'tweak')
      return quietly(() => tiny.pointAddScalar(publicKey, tweak, true)) ?? undefined
    },
    secretNegate: (secret) => {
      checkSecret(secret)
      return tiny.privateNegate(secret)
    },
  }
}

function isSecret(tiny: TinySecp256k1, secret: Uint8Array): boolean {
  return secret instanceof Uint8Array && secret.length === 32 && tiny.isPrivate(secret)
}
