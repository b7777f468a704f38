export interface TxInput {
  /** The transaction whose output is spent, in display order, 64 hex digits. */
  readonly txid: string
  readonly vout: number
  readonly scriptSig: Uint8Array
  readonly sequence: number
  readonly witness: readonly Uint8Array[]
}

export interface TxOutput {
  /** Satoshi. */
  readonly amount: bigint
  readonly script: Uint8Array
}

export interface Tx {
  readonly version: number
  readonly inputs: readonly TxInput[]
  readonly outputs: readonly TxOutput[]
  readonly locktime: number
}

export declare function encodeTx(tx: Tx, options?: { witness?: boolean }): Uint8Array
export declare function decodeTx(bytes: Uint8Array): Tx
export declare function txidOf(tx: Tx | Uint8Array): string
export declare function weightOf(tx: Tx): number
