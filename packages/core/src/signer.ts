import type { ApprovedDraft } from './approve.ts'
import type { ChainRules } from './chain.ts'
import type { AccountDescriptor } from './draft.ts'
import type { PublicKey } from './keys.ts'
import type { SignedFields } from './signed.ts'

export interface SignOptions {
  readonly signal?: AbortSignal | undefined
}

export interface MessageRequest {
  readonly chain: ChainRules
  readonly account: AccountDescriptor
  /** Text is signed as UTF-8. */
  readonly message: string | Uint8Array
  /** Which address of the account signs, where it has many; its first one when not given. */
  readonly address?: string | undefined
}

export interface TypedDataRequest {
  readonly chain: ChainRules
  readonly account: AccountDescriptor
  readonly typedData: unknown
}

/**
 * Who holds keys. A signer signs only drafts that `authorise` approved (the wallet calls it): other ones are no
 * {@link ApprovedDraft}, and at run time `assertApproved` refuses them with `NOT_APPROVED`. A person's refusal is `SIGNER_REFUSED`. A signature is checked against the account's own key before
 * it leaves.
 */
export interface Signer {
  readonly name: string
  /** `single`: one key with no derivation; its only path is `m`. */
  readonly keys: 'hd' | 'single'
  /**
   * The path of account `index` of a chain, where the signer cannot use the chain's own: a Ledger's Tron app has no keys but
   * those of coin type 195, for test networks too. The chain's own path when absent or `undefined`.
   */
  path?(chain: ChainRules, index: number, type?: string): string | undefined
  publicKey(path: string, options?: SignOptions): Promise<PublicKey>
  sign(
    request: { readonly chain: ChainRules; readonly draft: ApprovedDraft },
    options?: SignOptions,
  ): Promise<SignedFields>
  /** Adds its signatures to those of a draft of an account of several keys. The same guards as `sign`. */
  cosign?(
    request: { readonly chain: ChainRules; readonly draft: ApprovedDraft },
    options?: SignOptions,
  ): Promise<readonly string[]>
  /** The chain's usual message signature (EIP-191, BIP-322, TIP-191), in the chain's usual text form. */
  signMessage?(request: MessageRequest, options?: SignOptions): Promise<string>
  signTypedData?(request: TypedDataRequest, options?: SignOptions): Promise<string>
  /** Wipes every key. Everything after throws `SIGNER_DISPOSED`. */
  dispose(): void
  [Symbol.dispose]?(): void
}
