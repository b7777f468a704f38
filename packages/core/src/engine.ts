export interface EcdsaSignature {
  /** r ‖ s, 64 bytes, low s. */
  readonly signature: Uint8Array
  /** 0 or 1. */
  readonly recovery: number
}

/** A signature to verify: of ECDSA when the public key has 33 bytes, of BIP-340 when it has 32 (x only). */
export interface SignatureClaim {
  readonly signature: Uint8Array
  readonly hash: Uint8Array
  readonly publicKey: Uint8Array
  /** Of ECDSA only, and then it must be right as well. */
  readonly recovery?: number | undefined
}

/**
 * The one narrow slot for secp256k1. `nobleEngine` is the default; a faster one is an explicit choice at the place
 * where a signer is made (`@coffer/core/engines/tiny`, `@coffer/core/engines/native`). All pass the same vectors.
 *
 * Secrets are 32 bytes, hashes are 32 bytes, public keys 33 bytes compressed unless said. A secret outside 1…n−1 or a
 * point off the curve throws `INVALID_KEY`, a hash or tweak of another length `INVALID_REQUEST`. Results are new arrays;
 * an engine keeps no secret and changes none of its arguments.
 */
export interface Engine {
  readonly name: string
  isSecret(secret: Uint8Array): boolean
  publicKey(secret: Uint8Array): Uint8Array
  /** 65 bytes, beginning with 4. */
  uncompressed(publicKey: Uint8Array): Uint8Array
  /** RFC 6979, low s. Not verified: the signer does that, against the public key that it knows. */
  ecdsaSign(hash: Uint8Array, secret: Uint8Array): EcdsaSignature
  /**
   * False for high s, for malformed signatures and for malformed keys. With `recovery`, that bit must be right as well.
   */
  ecdsaVerify(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array, recovery?: number): boolean
  /** The compressed public key that made the signature, of either s; throws `INVALID_SIGNATURE` when there is none. */
  ecdsaRecover(signature: EcdsaSignature, hash: Uint8Array): Uint8Array
  /**
   * BIP-340 with auxiliary randomness `aux` (32 bytes; zeros make it deterministic). Not verified, as above. Who knows the
   * public key (33 bytes) may say it, to save half of the work; with a wrong one the signature does not verify.
   */
  schnorrSign(hash: Uint8Array, secret: Uint8Array, aux: Uint8Array, publicKey?: Uint8Array): Uint8Array
  /** `publicKey` is x-only, 32 bytes. False for malformed signatures and keys. */
  schnorrVerify(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean
  /** (secret + tweak) mod n; `undefined` when the result is zero or the tweak is not below n. */
  secretAdd(secret: Uint8Array, tweak: Uint8Array): Uint8Array | undefined
  /** publicKey + tweak·G, compressed; `undefined` at infinity or when the tweak is not below n. */
  publicAdd(publicKey: Uint8Array, tweak: Uint8Array): Uint8Array | undefined
  /** n − secret. */
  secretNegate(secret: Uint8Array): Uint8Array
}

/**
 * For chains whose transactions have many inputs: signatures that are made in one turn of the event loop are verified
 * together, which is cheaper. The chain brings it to the key ring, so that apps of other chains do not carry it.
 */
export interface Bulk {
  /** `ecdsaVerify` or `schnorrVerify` of the engine. */
  verify(engine: Engine, claim: SignatureClaim): Promise<boolean>
  /** How many were found right so far. */
  verified(): number
}
