import type { AssetId } from './ids.ts'

/** One thing that the bytes of a draft do when they are mined. Addresses are in the chain's own canonical writing. */
export type Effect =
  | {
      readonly kind: 'transfer'
      readonly asset: AssetId
      readonly from: string
      readonly to: string
      readonly amount: bigint
    }
  | {
      readonly kind: 'nft-transfer'
      readonly collection: AssetId
      readonly tokenId: bigint
      readonly from: string
      readonly to: string
      readonly amount: bigint
    }
  | {
      readonly kind: 'approve'
      readonly asset: AssetId
      readonly owner: string
      readonly spender: string
      readonly amount: bigint
      /** True when the amount is so large that it never runs out. */
      readonly unlimited: boolean
      /** How the amount changes what the spender may take already; when absent, it takes its place. */
      readonly change?: 'increase' | 'decrease'
      /** Unix seconds after which the approval ends, where it does. */
      readonly expires?: bigint
    }
  | {
      readonly kind: 'approve-all'
      readonly collection: AssetId
      readonly owner: string
      readonly operator: string
      readonly approved: boolean
    }
  | {
      /** A contract call that inspection does not understand: anything the contract may do to its caller, it may do. */
      readonly kind: 'call'
      readonly to: string
      /** The first four bytes of the data, or `0x` when there are none. */
      readonly selector: string
      readonly data: string
    }
  | { readonly kind: 'deploy'; readonly codeSize: number; readonly codeHash: string }
  | {
      /** The account's code becomes that of `to` (`null` takes it back). EIP-7702. */
      readonly kind: 'delegate'
      readonly authority: string
      readonly to: string | null
      readonly nonce: bigint
    }
  | {
      /** Nothing moves; the transaction takes the place of another one. */
      readonly kind: 'cancel'
    }
  | {
      /** Comes back to the account itself: the address was rebuilt from its own descriptor. */
      readonly kind: 'change'
      readonly asset: AssetId
      readonly to: string
      readonly amount: bigint
      /** Of the key, from the account on: `1/7` is change address 7. */
      readonly path: string
    }
  | {
      /** Data that stays readable on the chain for ever; lower-case hexadecimal. */
      readonly kind: 'memo'
      readonly data: string
    }

/** A number with its unit, both for people and for programs: `{ value: 12_000_000_000n, unit: 'weiPerGas' }`. */
export interface FeeRate {
  readonly value: bigint
  readonly unit: 'weiPerGas' | 'satPerKvb' | 'sunPerEnergy'
}

export interface Fee {
  /** The asset in which the fee is paid. */
  readonly asset: AssetId
  /** What it will most likely cost. A forecast: it rests on what the node said, and never exceeds `ceiling`. */
  readonly expected: bigint
  /** What it can cost at most. Computed from the signed bytes alone. */
  readonly ceiling: bigint
  readonly rate: FeeRate
}

export type WarningCode =
  | 'unlimited-approval'
  | 'approval-for-all'
  | 'unknown-call'
  | 'unlisted-token'
  | 'token-or-nft'
  | 'no-chain-id'
  | 'recipient-is-self'
  | 'recipient-is-token'
  | 'zero-amount'
  | 'fee-above-amount'
  | 'dust'
  | 'unknown-script'
  | 'nonce-gap'
  | 'lookalike'
  | 'delegation'
  | 'deployment'
  | 'simulation-failed'

export interface Warning {
  readonly code: WarningCode
  /** One plain sentence. */
  readonly message: string
}

/** What the bytes of a draft do. Recomputed from them by `inspect`, which trusts no summary, server or word of the draft. */
export interface Effects {
  readonly list: readonly Effect[]
  readonly fee: Fee
  readonly warnings: readonly Warning[]
  /** The chain's own fields, for display: nonce, type, gas limit … */
  readonly fields: Readonly<Record<string, string>>
}
