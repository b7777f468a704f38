import type { TxOutput } from './transaction.ts'

/** Where a key of a PSBT comes from. */
export interface PsbtDerivation {
  /** 33 bytes; 32 (x-only) in the taproot fields. */
  readonly publicKey: Uint8Array
  /** Eight hex digits. */
  readonly fingerprint: string
  /** Indexes, hardened ones with 2^31 added. */
  readonly path: readonly number[]
  /** Taproot: the leaves that the key signs for; empty for the key path. */
  readonly leafHashes?: readonly Uint8Array[]
}

export interface PsbtPair {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export interface PsbtInput {
  readonly txid: string
  readonly vout: number
  readonly sequence: number
  /** The whole previous transaction. */
  readonly previous?: Uint8Array
  readonly witnessUtxo?: TxOutput
  /** Sorted by public key. */
  readonly partialSignatures: readonly { readonly publicKey: Uint8Array; readonly signature: Uint8Array }[]
  readonly sighashType?: number
  readonly redeemScript?: Uint8Array
  readonly witnessScript?: Uint8Array
  readonly derivations: readonly PsbtDerivation[]
  readonly finalScriptSig?: Uint8Array
  readonly finalWitness?: readonly Uint8Array[]
  readonly tapKeySignature?: Uint8Array
  readonly tapInternalKey?: Uint8Array
  readonly tapMerkleRoot?: Uint8Array
  readonly tapDerivations: readonly PsbtDerivation[]
  /** BIP-370: the lowest locktimes that the input allows. */
  readonly requiredTime?: number
  readonly requiredHeight?: number
  /** Every other pair (tap script fields, preimages, proprietary, unknown), as it came, in the order of keys. */
  readonly other: readonly PsbtPair[]
}

export interface PsbtOutput extends TxOutput {
  readonly redeemScript?: Uint8Array
  readonly witnessScript?: Uint8Array
  readonly derivations: readonly PsbtDerivation[]
  readonly tapInternalKey?: Uint8Array
  readonly tapTree?: Uint8Array
  readonly tapDerivations: readonly PsbtDerivation[]
  readonly other: readonly PsbtPair[]
}

/** A PSBT of either version, in one form. */
export interface Psbt {
  /** The version that it was read in; what `encodePsbt` writes when not told otherwise. */
  readonly version: 0 | 2
  readonly txVersion: number
  /** Of the transaction; in version 2 computed from the inputs' wishes and the fallback (BIP-370). */
  readonly locktime: number
  readonly inputs: readonly PsbtInput[]
  readonly outputs: readonly PsbtOutput[]
  /** 78 bytes each, with its origin. */
  readonly xpubs: readonly {
    readonly xpub: Uint8Array
    readonly fingerprint: string
    readonly path: readonly number[]
  }[]
  /** BIP-370: the locktime where no input asks for one, where given. What `locktime` is stays with that field. */
  readonly fallbackLocktime?: number
  /** BIP-370 PSBT_GLOBAL_TX_MODIFIABLE, where given. */
  readonly modifiable?: number
  readonly other: readonly PsbtPair[]
}
