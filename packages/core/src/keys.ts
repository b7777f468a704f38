import type { Bulk, EcdsaSignature } from './engine.ts'

/** A public key and where it comes from. */
export interface PublicKey {
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array
  /** 32 bytes; absent when the key stands alone. */
  readonly chainCode?: Uint8Array
  /** The first four bytes of the root key's HASH160, as eight hex digits. */
  readonly fingerprint: string
  /** Canonical, `m/44h/60h/0h/0/0`; `m` when the key stands alone. */
  readonly path: string
  /** The first four bytes of the HASH160 of the key one step above, as eight hex digits, where the signer knows it. */
  readonly parentFingerprint?: string
}

/** What the software signing of a chain needs of one path: nothing but signatures over hashes. */
export interface Keys {
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array
  /** RFC 6979, low s, verified against `publicKey` before it returns. `hash` has 32 bytes. */
  ecdsa(hash: Uint8Array): EcdsaSignature | Promise<EcdsaSignature>
  /** BIP-340, verified before it returns; with `tweak`, under the taproot output key (BIP-341). 64 bytes. */
  schnorr?(hash: Uint8Array, options?: { readonly tweak?: Uint8Array }): Uint8Array | Promise<Uint8Array>
}

/** With `bulk`, signatures that are made in one turn may be verified together: see {@link createBulk}. */
export type KeyRing = (path: string, bulk?: Bulk) => Promise<Keys>
