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
      /** It begins like a call that inspection knows, and goes on as that call does not: some contracts take it all the same. */
      readonly disguised?: true
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
  | {
      /** Coin of the account is staked for a resource, or its staking is ended and it comes back after a wait. */
      readonly kind: 'freeze' | 'unfreeze'
      readonly asset: AssetId
      readonly amount: bigint
      readonly resource: Resource
    }
  | {
      /**
       * `cancel-unfreeze`: all coin that waits to come back is staked again. `withdraw`: coin whose wait is over comes back.
       * `claim`: the rewards of voting are paid out. How much is not in the bytes.
       */
      readonly kind: 'cancel-unfreeze' | 'withdraw' | 'claim'
    }
  | {
      /** What staked coin yields is lent to another account, or taken back; the coin stays. */
      readonly kind: 'delegate-resource' | 'undelegate-resource'
      readonly asset: AssetId
      readonly amount: bigint
      readonly resource: Resource
      readonly to: string
      /** For so long it cannot be taken back. */
      readonly lockSeconds?: bigint
    }
  | {
      /** In the place of all earlier votes of the account. */
      readonly kind: 'vote'
      readonly votes: readonly { readonly to: string; readonly count: bigint }[]
    }
  | {
      /** An account is opened at an address. */
      readonly kind: 'activate'
      readonly to: string
    }
  | {
      /** From now on these keys, and no others, decide over the account. */
      readonly kind: 'permissions'
      readonly account: string
      readonly permissions: readonly PermissionEffect[]
      /** Who decides now, a line for each permission, as the node said when the draft was made. */
      readonly before?: readonly string[]
    }

/** Every kind of effect. */
export const EFFECT_KINDS: readonly Effect['kind'][] = [
  'transfer',
  'nft-transfer',
  'approve',
  'approve-all',
  'call',
  'deploy',
  'delegate',
  'cancel',
  'change',
  'memo',
  'freeze',
  'unfreeze',
  'cancel-unfreeze',
  'withdraw',
  'claim',
  'delegate-resource',
  'undelegate-resource',
  'vote',
  'activate',
  'permissions',
]

/** What staking yields on Tron. */
export type Resource = 'bandwidth' | 'energy'

export interface PermissionEffect {
  /** `owner`, `witness`, or `active` with the number that transactions name it by. */
  readonly role: string
  readonly threshold: bigint
  readonly keys: readonly { readonly address: string; readonly weight: bigint }[]
  /** What it may do, where that is less than everything. */
  readonly operations?: readonly string[]
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
  /** What it is made of, in a few words: `2 sat/vB for 141 vB`. Rests in part on what the node said. */
  readonly detail?: string
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
  | 'activation'
  | 'permission-change'

export interface Warning {
  readonly code: WarningCode
  /** One plain sentence. */
  readonly message: string
}

/** What the bytes of a draft do. Recomputed from them by `inspect`, which trusts no summary, server or word of the draft. */
export interface Effects {
  /** The address that acts, on chains where an account has one. */
  readonly account?: string
  readonly list: readonly Effect[]
  readonly fee: Fee
  readonly warnings: readonly Warning[]
  /** The chain's own fields, for display: nonce, type, gas limit … */
  readonly fields: Readonly<Record<string, string>>
}
