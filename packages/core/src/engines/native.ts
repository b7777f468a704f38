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
import { nobleEngine } from './noble.ts'
import { recall, remember } from './recovered.ts'

/** What is used of the `secp256k1` package, version 5. */
export interface NativeSecp256k1 {
  privateKeyVerify(privateKey: Uint8Array): boolean
  /** Changes `privateKey` in place. */
  privateKeyNegate(privateKey: Uint8Array): Uint8Array
  /** Changes `privateKey` in place. */
  privateKeyTweakAdd(privateKey: Uint8Array, tweak: Uint8Array): Uint8Array
  publicKeyVerify(publicKey: Uint8Array): boolean
  publicKeyCreate(privateKey: Uint8Array, compressed?: boolean): Uint8Array
  publicKeyConvert(publicKey: Uint8Array, compressed?: boolean): Uint8Array
  publicKeyTweakAdd(publicKey: Uint8Array, tweak: Uint8Array, compressed?: boolean): Uint8Array
  ecdsaSign(message: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array; recid: number }
  ecdsaVerify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
  ecdsaRecover(signature: Uint8Array, recid: number, message: Uint8Array, compressed?: boolean): Uint8Array
}

/**
 * An engine over the `secp256k1` package: libsecp256k1 as a native addon of Node. The fastest one, for servers. You
 * install and import the package; Coffer does not. It has no Schnorr signatures, so those are noble's.
 *
 * @example
 * import secp256k1 from 'secp256k1'
 * import { nativeEngine } from '@coffer/core/engines/native'
 * const signer = softwareSigner({ mnemonic, engine: nativeEngine(secp256k1) })
 * @see https://github.com/cryptocoinjs/secp256k1-node
 */
export function nativeEngine(native: NativeSecp256k1): Engine {
  const checkSecret = (secret: Uint8Array) => {
    if (!isSecret(native, secret)) throw invalidSecret()
  }
  const checkPublic = (publicKey: Uint8Array) => {
    if (!isPublic(native, publicKey)) throw invalidPublicKey()
  }
  const recover = (signature: Uint8Array, recovery: number, hash: Uint8Array) => {
    if (recovery !== 0 && recovery !== 1) return undefined
    return quietly(() => native.ecdsaRecover(signature, recovery, hash, true))
  }

  return {
    name: 'native',
    isSecret: (secret) => isSecret(native, secret),
    publicKey: (secret) => {
      checkSecret(secret)
      return native.publicKeyCreate(secret, true)
    },
    uncompressed: (publicKey) => {
      checkPublic(publicKey)
      return native.publicKeyConvert(publicKey, false)
    },
    ecdsaSign: (hash, secret) => {
      checkBytes(hash, 32, 'hash')
      checkSecret(secret)
      const { signature, recid } = native.ecdsaSign(hash, secret)
      return recoverable(signature, recid)
    },
    ecdsaVerify: (signature, hash, publicKey, recovery) => {
      checkBytes(hash, 32, 'hash')
      if (!looksCompressed(publicKey)) return false
      if (recovery === undefined)
        return quietly(() => native.ecdsaVerify(signature, hash, publicKey)) ?? false
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
    schnorrSign: nobleEngine.schnorrSign,
    schnorrVerify: nobleEngine.schnorrVerify,
    secretAdd: (secret, tweak) => {
      checkSecret(secret)
      checkBytes(tweak, 32, 'tweak')
      const sum = new Uint8Array(secret)
      const done = quietly(() => native.privateKeyTweakAdd(sum, tweak))
      if (!done) sum.fill(0)
      return done
    },
    publicAdd: (publicKey, tweak) => {
      checkPublic(publicKey)
      checkBytes(tweak, 32, 'tweak')
      return quietly(() => native.publicKeyTweakAdd(publicKey, tweak, true))
    },
    secretNegate: (secret) => {
      checkSecret(secret)
      return native.privateKeyNegate(new Uint8Array(secret))
    },
  }
}

function isSecret(native: NativeSecp256k1, secret: Uint8Array): boolean {
  return secret instanceof Uint8Array && secret.length === 32 && native.privateKeyVerify(secret)
}

function isPublic(native: NativeSecp256k1, publicKey: Uint8Array): boolean {
  return looksCompressed(publicKey) && native.publicKeyVerify(publicKey)
}
