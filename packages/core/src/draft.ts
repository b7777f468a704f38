import type { Effects, Fee } from './effects.ts'
import type { AssetId, ChainId } from './ids.ts'

/** The public text that rebuilds an account: a CAIP-10 address with key origin, or a BIP-380 descriptor. */
export type AccountDescriptor = string

/** What a person wants, resolved: amounts are base units, assets CAIP-19 ids, addresses canonical. Plain data. */
export interface Intent {
  readonly kind: string
}

/** Pay `amount` of `asset` to `to`; every chain understands it. */
export interface PayIntent extends Intent {
  readonly kind: 'pay'
  readonly asset: AssetId
  readonly to: string
  readonly amount: bigint
}

/** The part of a draft that travels. Everything else is computed from it. */
export interface DraftFields<I extends Intent = Intent> {
  readonly chain: ChainId
  readonly account: AccountDescriptor
  readonly intent: I
  /** The very bytes that will be signed: `0x…` on account chains, a base64 PSBT on Bitcoin. */
  readonly payload: string
  /** What the network said and the bytes do not hold, for display only. Never trusted. */
  readonly hints: Readonly<Record<string, string>>
  /**
   * Signatures that were collected so far, for accounts of several keys; the chain's own form. Each is checked when it is
   * used. Absent on every other draft.
   */
  readonly signatures?: readonly string[]
}

/**
 * An unsigned transaction with its intent. Immutable; `JSON.stringify(draft)` writes {@link DraftFields} with bigints as
 * decimal strings, and `wallet.draft(json)` reads it back, recomputing effects and fee.
 */
export interface Draft<I extends Intent = Intent> extends DraftFields<I> {
  readonly kind: 'draft'
  readonly version: 1
  /** Recomputed from `payload`. */
  readonly effects: Effects
  readonly fee: Fee
}
