import {
  type Bulk,
  CofferError,
  type EcdsaSignature,
  type Engine,
  isBulk,
  randomBytes,
  type SignatureClaim,
} from '@coffer/core'

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
  bulk?: Bulk,
): EcdsaSignature | Promise<EcdsaSignature> {
  checkHash(hash)
  const signed = engine.ecdsaSign(hash, secret)
  return proven(engine, { ...signed, hash, publicKey }, signed, bulk)
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
  bulk?: Bulk,
): Uint8Array | Promise<Uint8Array> {
  checkHash(hash)
  const { secret, publicKey } = tweak ? tweaked(engine, key, tweak) : key
  try {
    const signature = engine.schnorrSign(hash, secret, randomBytes(32), publicKey)
    return proven(engine, { signature, hash, publicKey: publicKey.subarray(1) }, signature, bulk)
  } finally {
    if (tweak) secret.fill(0)
  }
}

/** `signed`, once its claim was found to be right. */
function proven<T>(engine: Engine, claim: SignatureClaim, signed: T, bulk: Bulk | undefined): T | Promise<T> {
  const { signature, hash, publicKey, recovery } = claim
  const judge = (right: boolean): T => {
    if (right) return signed
    throw new CofferError({
      code: 'SIGNATURE_WRONG',
      message: 'The signature does not verify and was thrown away. Do not sign on this device.',
    })
  }
  if (isBulk(bulk)) return bulk.verify(engine, claim).then(judge)
  return judge(
    recovery === undefined
      ? engine.schnorrVerify(signature, hash, publicKey)
      : engine.ecdsaVerify(signature, hash, publicKey, recovery),
  )
}

function tweaked(engine: Engine, { secret, publicKey }: SecretKey, tweak: Uint8Array): SecretKey {
  const even = publicKey[0] === 2 ? Uint8Array.from(secret) : engine.secretNegate(secret)
  try {
    // From the public key, so that it tells when the private one went wrong.
    const output = engine.publicAdd(Uint8Array.of(2, ...publicKey.subarray(1)), tweak)
    const outputSecret = output && engine.secretAdd(even, tweak)
    if (output && outputSecret) return { secret: outputSecret, publicKey: output }
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
