import type { Account } from './account.ts'
import type { Asset } from './asset.ts'
import type { AccountDescriptor, Draft, DraftFields, Intent } from './draft.ts'
import type { Effects } from './effects.ts'
import type { ChainId } from './ids.ts'
import type { KeyRing, PublicKey } from './keys.ts'
import type { SignedFields } from './signed.ts'
import type { ReadOptions, Source } from './source.ts'
import type { Store } from './store.ts'

/** What an opened account may use. */
export interface OpenContext {
  readonly descriptor: AccountDescriptor
  readonly source: Source
  readonly store: Store
}

/** What a node says of a transaction, read once. */
export type TxState =
  | { readonly state: 'unknown' }
  | { readonly state: 'pending' }
  | {
      readonly state: 'mined'
      readonly height: number
      readonly hash: string
      readonly confirmations: number
      /** False when it was mined and reverted. */
      readonly ok: boolean
      readonly final: boolean
      /** What was paid, in base units of the coin. */
      readonly fee: bigint
    }
  | {
      /** Another transaction took its nonce or its coins and was mined. */
      readonly state: 'replaced'
      /** False while a reorganisation could still bring it back. */
      readonly final: boolean
      readonly by?: string
    }
  | {
      /** It named a time by which it had to be mined. That has passed for good, and it was not. */
      readonly state: 'expired'
    }

/**
 * The rules of one network, and all that a machine without a network needs: what bytes do, and signing them. Pure. Core
 * never looks inside a payload: the chain does.
 */
export interface ChainRules<Id extends ChainId = ChainId, Name extends string = string> {
  /** CAIP-2. */
  readonly id: Id
  /** A short name for people and command lines, such as `ethereum`. */
  readonly name: Name
  readonly family: string
  readonly testnet: boolean
  readonly coin: Asset
  /** Tokens of the built-in list. */
  readonly assets: readonly Asset[]
  /** Above this a fee is refused unless a policy says otherwise; base units of the coin. */
  readonly maxFee: bigint
  /** The same for the rate of the fee, in the unit of the chain's `FeeRate`. Not limited when absent. */
  readonly maxFeeRate?: bigint

  /** The path of the key that describes account `index`, of a `type` of account where the chain has several. */
  path(index: number, type?: string): string
  /** The descriptor of the account that a public key makes; its `type` follows from the key's path when not given. */
  describe(key: PublicKey, type?: string): AccountDescriptor
  /** Reads a descriptor or a bare address; returns its canonical form, or throws `INVALID_ACCOUNT` / `INVALID_ADDRESS`. */
  parseAccount(text: string): AccountDescriptor
  /** The canonical form of an address of this chain; throws `INVALID_ADDRESS`. */
  parseAddress(text: string): string

  /** What the bytes do. Pure. Throws `INVALID_DRAFT` for bytes that are not exactly one canonical transaction. */
  inspect(draft: DraftFields): Effects
  /**
   * The payload that the intent makes, given the free numbers (nonce, gas, coins …) that the draft's payload holds.
   * Pure. Signing is refused unless it equals the payload, byte by byte.
   */
  rebuild(draft: DraftFields): string
  /** Reads an intent from its JSON form; throws `INVALID_DRAFT`. */
  parseIntent(json: unknown): Intent

  /**
   * Keeps what only one transaction may use (a nonce) for a draft that is about to be signed. Throws when another one
   * was signed with it; returns what undoes it. `release` gives back what a draft held that will not be signed.
   */
  claim?(draft: Draft, store: Store): Promise<() => Promise<void>>
  release?(draft: Draft, store: Store): Promise<void>

  /** Signs the payload with software keys and checks the result against the account. */
  sign(draft: Draft, keys: KeyRing): Promise<SignedFields>
  /**
   * For accounts of several keys: the draft's signatures with those of `keys` added. Throws `WRONG_ACCOUNT` when no key of
   * the account is among them.
   */
  cosign?(draft: Draft, keys: KeyRing): Promise<readonly string[]>
  /** Puts the draft's signatures together; throws `SIGNATURES_MISSING` while there are too few. */
  finish?(draft: Draft): SignedFields
  /** Checks that `raw` is whole, signed by the account, of this chain, and that `txid` is its id; throws `INVALID_SIGNED`. */
  checkSigned(signed: SignedFields): void

  /** The chain's usual message signature over software keys. */
  signMessage?(
    request: { account: AccountDescriptor; message: string | Uint8Array; address?: string | undefined },
    keys: KeyRing,
  ): Promise<string>
  verifyMessage?(request: { address: string; message: string | Uint8Array; signature: string }): boolean
  signTypedData?(request: { account: AccountDescriptor; typedData: unknown }, keys: KeyRing): Promise<string>
  /** What a typed message would allow when signed (permits and their like); for the policy. */
  inspectTypedData?(request: {
    account: AccountDescriptor
    typedData: unknown
  }): Pick<Effects, 'list' | 'warnings'>
}

/** A network with its nodes: the rules, and what takes a source. Made by a factory such as `ethereum()`. */
export interface Chain<Id extends ChainId = ChainId, Name extends string = string, A = Account>
  extends ChainRules<Id, Name> {
  /** How often to ask after a payment, in milliseconds. */
  readonly pollInterval: number
  open(context: OpenContext): A
  /** Broadcasts; "already known" is success. Never signs, never retries. Returns the txid. */
  publish(signed: SignedFields, context: { source: Source; store: Store } & ReadOptions): Promise<string>
  /** Where the transaction stands now. */
  status(signed: SignedFields, context: { source: Source } & ReadOptions): Promise<TxState>
}
