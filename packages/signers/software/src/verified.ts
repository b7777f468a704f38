import { CofferError, type EcdsaSignature, type Engine } from '@coffer/core'
import { randomBytes } from './random.ts'

/** A key in memory. The signer owns it and wipes it. */
export interface SecretKey {
  readonly secret: Uint8Array
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array
}

/** RFC 6979, and verified with its recovery bit: a fault in memory or engine must not leave as a signature. */
export function signEcdsa(
  engine: Engine,
  { secret, publicKey }: SecretKey,
  hash: Uint8Array,
): EcdsaSignature {
  checkHash(hash)
  const signed = engine.ecdsaSign(hash, secret)
  if (!engine.ecdsaVerify(signed.signature, hash, publicKey, signed.recovery)) throw wrong()
  return signed
}

/**
 * BIP-340, verified. With `tweak`, the 32 bytes of hash_TapTweak(key ‖ merkle root), under the output key of BIP-341.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0341.mediawiki
 */
export function signSchnorr(
  engine: Engine,
  key: SecretKey,
  hash: Uint8Array,
  tweak?: Uint8Array,
): Uint8Array {
  checkHash(hash)
  const { secret, publicKey } = tweak ? tweaked(engine, key, tweak) : key
  try {
    const signature = engine.schnorrSign(hash, secret, randomBytes(32))
    if (!engine.schnorrVerify(signature, hash, publicKey.subarray(1))) throw wrong()
    return signature
  } finally {
    if (tweak) secret.fill(0)
  }
}

function tweaked(engine: Engine, { secret, publicKey }: SecretKey, tweak: Uint8Array): SecretKey {
  const even = publicKey[0] === 2 ? secret.slice() : engine.secretNegate(secret)
  try {
    const outputSecret = engine.secretAdd(even, tweak)
    // From the public key, so that it tells when the private one went wrong.
    const output = engine.publicAdd(Uint8Array.of(2, ...publicKey.subarray(1)), tweak)
    if (outputSecret && output) return { secret: outputSecret, publicKey: output }
  } finally {
    even.fill(0)
  }
  throw new CofferError({
    code: 'INVALID_KEY',
    message: 'This tweak makes no taproot key. Use another address.',
  })
}

function checkHash(hash: Uint8Array): void {
  if (!(hash instanceof Uint8Array) || hash.length !== 32)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'What is signed is a hash of 32 bytes in a Uint8Array.',
    })
}

function wrong(): CofferError {
  return new CofferError({
    code: 'SIGNATURE_WRONG',
    message: 'The signature does not verify and was thrown away. Do not sign on this device.',
  })
}
