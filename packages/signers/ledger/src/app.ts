import type {
  AccountDescriptor,
  ApprovedDraft,
  ChainRules,
  MessageRequest,
  PublicKey,
  SignedFields,
  TypedDataRequest,
} from '@coffer/core'
import type { LedgerLink } from './link.ts'
import type { AppVersion } from './open-app.ts'
import type { LedgerPrompt } from './prompt.ts'
import type { Asked } from './status.ts'

/** A device at hand for one operation, with the right app open. */
export interface Session<T> {
  readonly transport: T
  readonly app: AppVersion
  /** What the root key's fingerprint is where the app cannot tell: only Bitcoin's can. */
  readonly fingerprint: string
  /** Tells the person to look at the device. */
  prompt(prompt: LedgerPrompt): void
}

export interface SignRequest {
  readonly chain: ChainRules
  readonly draft: ApprovedDraft
}

export interface AddressRequest {
  readonly chain: ChainRules
  readonly account: AccountDescriptor
  /** Which address, where the account has many; its first one when not given. */
  readonly address?: string | undefined
}

export interface RegisterRequest {
  readonly chain: ChainRules
  readonly account: AccountDescriptor
  /** What the device calls the account: 1 to 64 letters, digits and spaces, of which the device shows the first 16. */
  readonly name: string
}

/**
 * One of the device's apps, for one family of chains. Made by `bitcoinApp()`, `ethereumApp()` and `tronApp()` of
 * `@coffer/signer-ledger/ledgerjs` and `/dmk`.
 */
export interface LedgerApp<T = unknown> {
  /** Of the chains that it signs for: `utxo`, `evm`, `tron`. */
  readonly family: string
  readonly link: LedgerLink<T>
  /** The oldest version that has what is needed. */
  readonly oldest: string
  readonly words: NonNullable<Asked['words']>
  /** What the app is called on the device. */
  appOfChain(chain: ChainRules): string
  /** The same for the app that has the key of a path; `undefined` where it has none. */
  appOfPath(path: readonly number[]): string | undefined
  /** See `Signer.path`. */
  path?(chain: ChainRules, index: number): string | undefined
  publicKey(session: Session<T>, path: string): Promise<PublicKey>
  sign(session: Session<T>, request: SignRequest): Promise<SignedFields>
  cosign?(session: Session<T>, request: SignRequest): Promise<readonly string[]>
  signMessage(session: Session<T>, request: MessageRequest): Promise<string>
  signTypedData?(session: Session<T>, request: TypedDataRequest): Promise<string>
  showAddress(session: Session<T>, request: AddressRequest): Promise<string>
  registerAccount?(session: Session<T>, request: RegisterRequest): Promise<void>
}
