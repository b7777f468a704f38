import type { AccountDescriptor } from './draft.ts'
import type { ChainId } from './ids.ts'

/** The part of a signed transaction that travels. */
export interface SignedFields {
  readonly chain: ChainId
  readonly account: AccountDescriptor
  /** The transaction id, computed here from the bytes. */
  readonly txid: string
  /** The bytes to broadcast: `0x…` or hex, as the chain's nodes take them. */
  readonly raw: string
  /**
   * What the transaction spends, where its bytes alone do not say it: on Bitcoin the key path and the amount of each
   * input, on Tron the permission of an account of several keys; so that whoever reads it can check every signature.
   */
  readonly spent?: string
}

/** A signed transaction. `JSON.stringify(signed)` writes it; `wallet.signed(json)` reads it back and checks it again. */
export interface Signed extends SignedFields {
  readonly kind: 'signed'
  readonly version: 1
}
