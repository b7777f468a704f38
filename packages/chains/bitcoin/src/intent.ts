import type { AssetId, Intent, PayIntent } from '@coffer/core'

/** What goes to one recipient. */
export interface Output {
  readonly to: string
  /** Satoshi. */
  readonly amount: bigint
}

interface Extras {
  /** Data of an OP_RETURN output, lower-case hexadecimal. */
  readonly memo?: string
  /** The transaction of this account that it takes the place of (BIP-125). */
  readonly replaces?: string
}

/** What a person can want of a Bitcoin account, resolved. */
export type BitcoinIntent = (
  | PayIntent
  | {
      /** Several exact payments; what remains goes to `rest`, or comes back as change. */
      readonly kind: 'batch'
      readonly asset: AssetId
      readonly payments: readonly Output[]
      readonly rest?: string
    }
  | {
      /** Everything that the chosen coins hold, less the fee. */
      readonly kind: 'sweep'
      readonly asset: AssetId
      readonly to: string
    }
  | {
      /** Everything comes back, in place of the transaction `replaces`. */
      readonly kind: 'cancel'
    }
  | {
      /** Spends an output of a waiting transaction back to the account, for a fee that pays for both (CPFP). */
      readonly kind: 'bump'
      readonly parent: string
    }
) &
  Intent &
  Extras
