import type { AssetId, ChainId, Intent, PayIntent, Resource } from '@coffer/core'

/** An address in base58check, `T…`. */
export type Address = string
/** `0x` and whole bytes. */
export type Hex = `0x${string}`

/** What a person can want of a Tron account, resolved. */
export type TronIntent = (
  | PayIntent
  | {
      readonly kind: 'approve'
      readonly asset: AssetId
      readonly spender: Address
      readonly amount: bigint
    }
  | {
      readonly kind: 'call'
      readonly to: Address
      /** Sun to send along. */
      readonly value: bigint
      readonly data: Hex
      /** A TRC-10 token to send along. */
      readonly token?: { readonly id: bigint; readonly amount: bigint }
    }
  | {
      readonly kind: 'deploy'
      readonly value: bigint
      /** The code that makes the contract, with its arguments. */
      readonly data: Hex
      readonly name: string
      /** The share of the energy that its callers pay themselves, in percent. */
      readonly userPercent: bigint
      /** The most energy that the deployer pays for one call. */
      readonly originEnergyLimit: bigint
    }
  | { readonly kind: 'activate'; readonly to: Address }
  | { readonly kind: 'freeze' | 'unfreeze'; readonly amount: bigint; readonly resource: Resource }
  | { readonly kind: 'cancel-unfreeze' | 'withdraw' | 'claim' }
  | {
      readonly kind: 'delegate'
      readonly to: Address
      readonly amount: bigint
      readonly resource: Resource
      /** Blocks of three seconds for which it cannot be taken back; 0 for none. */
      readonly lockBlocks: bigint
    }
  | {
      readonly kind: 'undelegate'
      readonly to: Address
      readonly amount: bigint
      readonly resource: Resource
    }
  | { readonly kind: 'vote'; readonly votes: readonly Vote[] }
  | {
      readonly kind: 'permissions'
      readonly owner: KeySet
      readonly actives: readonly ActiveKeySet[]
      /** For accounts that make blocks. */
      readonly witness?: KeySet
    }
) &
  Intent & {
    /** Readable for all, for ever; lower-case hexadecimal. */
    readonly memo?: string
    /** Whose keys sign, for accounts whose own key does not suffice. */
    readonly permission?: SigningPermission
    /** Meant in addition to the same one that was signed before. */
    readonly again?: true
  }

/** Votes for one who makes blocks: one for each whole coin of stake. */
export interface Vote {
  readonly to: Address
  readonly count: bigint
}

/** Keys with their weights; together they must reach the threshold. */
export interface KeySet {
  readonly threshold: bigint
  readonly keys: readonly { readonly address: Address; readonly weight: bigint }[]
}

/** Keys that may sign some contracts of an account, and which. */
export interface ActiveKeySet extends KeySet {
  readonly name: string
  /** Which contracts it may sign: 32 bytes in hexadecimal, one bit for each type of contract. */
  readonly operations: string
}

/** The permission that a transaction names, and who can sign for it. */
export interface SigningPermission extends KeySet {
  /** 0 owner, 1 witness, 2 and above active. */
  readonly id: number
}

/** A TRC-20 token of a network's list. */
export interface TokenData {
  readonly address: Address
  readonly symbol: string
  readonly name: string
  readonly decimals: number
}

/** The facts of one Tron network, as data: one literal each. Amounts in sun. */
export interface TronNetwork<Id extends ChainId = ChainId, Name extends string = string> {
  /** CAIP-2: `tron:0x` and the last four bytes of the id of the genesis block. */
  readonly id: Id
  readonly name: Name
  readonly testnet: boolean
  readonly coin: {
    readonly id: AssetId
    readonly symbol: string
    readonly name: string
    readonly decimals: number
  }
  readonly tokens: readonly TokenData[]
  /**
   * The prices with which the ceiling of a fee is computed. They are parameters that witnesses vote about: when a node tells
   * of a higher one, `create` refuses, and says which.
   */
  readonly prices: Prices
  /** Above this a fee is refused unless a policy says otherwise. */
  readonly maxFee: bigint
  /** SLIP-44 coin type of the accounts' paths: 195, or 1 on testnets. */
  readonly coinType: number
}

/** What the network charges beside energy, in sun. */
export interface Prices {
  /** For each byte that neither stake nor the free allowance pays. */
  readonly byte: bigint
  /** To open an account: by the transfer itself, and for the bandwidth of doing so. */
  readonly activation: bigint
  /** For a memo. */
  readonly memo: bigint
  /** For more signatures than one. */
  readonly multiSign: bigint
  /** For other permissions. */
  readonly permissions: bigint
}
