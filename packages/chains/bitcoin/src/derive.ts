import type { Descriptor } from './descriptor.ts'

/** Receiving addresses are of keychain 0, change of keychain 1. */
export type Keychain = 0 | 1

/** One output script of an account and all that spending it takes. */
export interface AccountScript {
  readonly keychain: Keychain
  readonly index: number
  /** The output script (scriptPubKey). */
  readonly script: Uint8Array
  readonly redeemScript?: Uint8Array
  readonly witnessScript?: Uint8Array
  /** Taproot: the internal key, x-only, 32 bytes. */
  readonly internalKey?: Uint8Array
  /** In the order of the descriptor; empty for type `address`. */
  readonly keys: readonly {
    /** 33 bytes, compressed. */
    readonly publicKey: Uint8Array
    readonly fingerprint: string
    /** From the root of the fingerprint, indexes with 2^31 added for hardened ones. */
    readonly path: readonly number[]
  }[]
}

export declare function deriveScripts(
  descriptor: Descriptor,
  keychain: Keychain,
  from: number,
  count: number,
): readonly AccountScript[]
