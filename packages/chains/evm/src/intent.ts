import type { AssetId, ChainId, Intent, PayIntent } from '@coffer/core'

/** An address in EIP-55 writing. */
export type Address = `0x${string}`
export type Hex = `0x${string}`

/** The transaction whose nonce an intent takes over: a speed-up or a cancel. */
export interface Replaces {
  readonly txid: Hex
  readonly nonce: bigint
}

/** What a person can want of an EVM account, resolved. `replaces` is there when it takes the place of a sent one. */
export type EvmIntent = (
  | PayIntent
  | { readonly kind: 'approve'; readonly asset: AssetId; readonly spender: Address; readonly amount: bigint }
  | {
      readonly kind: 'call'
      readonly to: Address
      readonly value: bigint
      readonly data: Hex
      readonly accessList?: AccessList
    }
  | { readonly kind: 'deploy'; readonly value: bigint; readonly data: Hex }
  | {
      /** Makes the account run the code of a pinned delegate, or its own empty code again (`null`). EIP-7702. */
      readonly kind: 'delegate'
      readonly to: Address | null
    }
  | { readonly kind: 'cancel' }
) &
  Intent & { readonly replaces?: Replaces }

export type AccessList = readonly { readonly address: Address; readonly storageKeys: readonly Hex[] }[]

/** An EIP-7702 authorisation; without a signature it is still to be signed by the account itself. */
export interface Authorization {
  readonly chainId: bigint
  readonly address: Address
  readonly nonce: bigint
  readonly signature?: { readonly yParity: number; readonly r: bigint; readonly s: bigint }
}

interface Common {
  readonly chainId: bigint
  readonly nonce: bigint
  readonly gasLimit: bigint
  /** `null` deploys a contract. */
  readonly to: Address | null
  readonly value: bigint
  readonly data: Hex
}

interface DynamicFee {
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
  readonly accessList: AccessList
}

/** An unsigned transaction, field by field. Legacy ones always carry the chain id (EIP-155). */
export type EvmTransaction =
  | (Common & { readonly type: 'legacy'; readonly gasPrice: bigint })
  | (Common & { readonly type: 'eip2930'; readonly gasPrice: bigint; readonly accessList: AccessList })
  | (Common & { readonly type: 'eip1559' } & DynamicFee)
  | (Common & {
      readonly type: 'eip7702'
      readonly to: Address
      readonly authorizationList: readonly Authorization[]
    } & DynamicFee)

/** The facts of one EVM network, as data: one literal each. */
export interface EvmNetwork<Id extends ChainId = ChainId, Name extends string = string> {
  /** CAIP-2, `eip155:<chain id>`. */
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
  /** `eip1559` where blocks have a base fee that matters, `legacy` where the chain wants a gas price. */
  readonly fees: 'eip1559' | 'legacy'
  /** The lowest tip or gas price that nodes of this network take, in wei per gas. */
  readonly minGasPrice: bigint
  /** Above this a fee is refused unless a policy says otherwise, in wei. */
  readonly maxFee: bigint
  /** Milliseconds between blocks. */
  readonly blockTime: number
  /** Confirmations after which a payment counts as final where the node has no `finalized` tag. */
  readonly finalAfter: number
  /** Contracts to which EIP-7702 delegation is allowed; empty means none. */
  readonly delegates: readonly Address[]
  /** SLIP-44 coin type of the accounts' paths: 60, or 1 on testnets. */
  readonly coinType: number
}

export interface TokenData {
  readonly address: Address
  readonly symbol: string
  readonly name: string
  readonly decimals: number
}
