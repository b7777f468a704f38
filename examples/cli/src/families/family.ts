import type { BitcoinAccount, BitcoinChain } from '@coffer/bitcoin'
import type {
  Asset,
  AssetId,
  Balance,
  ChainId,
  CofferError,
  Draft,
  Effects,
  HistoryItem,
  HistoryOptions,
  HistoryPage,
  Payment,
  ReadOptions,
  Receive,
  Signed,
  Source,
  SourceFactory,
} from '@coffer/core'
import type { EvmAccount, EvmChain } from '@coffer/evm'
import type { TronAccount, TronChain } from '@coffer/tron'

export type AppChain = EvmChain | BitcoinChain | TronChain
type Opened = EvmAccount | BitcoinAccount | TronAccount

/** What the program must know of a family of chains; all that differs between families is behind it, in one file each. */
export interface Family<C extends AppChain = AppChain, A extends Opened = Opened> {
  readonly chains: readonly C[]
  /** The types of accounts that words make there, the usual one first; empty where there is one. */
  readonly types: readonly string[]
  /** What a draft that waits for its signature keeps others from, as a sentence. */
  readonly meanwhile: string
  /** What a discarded draft gives back, as a sentence. */
  readonly discarded: string

  /** Reads the URL of a node; throws `INVALID_REQUEST`. */
  source(node: NodeText): SourceFactory
  /** A source that answers every question with an error. */
  silent(chain: ChainId, error: () => CofferError): Source

  /** What `wallet.watch` takes for what a person typed as an account. */
  accountText(chain: C, text: string): string
  /** How people tell an account from others: its address, or its descriptor without the long keys. */
  label(descriptor: string): string
  /** An address that pays an account, found without asking anybody. */
  firstAddress(chain: C, descriptor: string): string
  /** What the JSON of results says of an account beside its chain. */
  named(descriptor: string): Readonly<Record<string, string>>
  account(chain: C, opened: A): AppAccount

  /** The chains that a payment link can be of; `undefined` for what is no link of this family. */
  linkChains(text: string): readonly ChainId[] | undefined
  /** The canonical form of an asset of the chain, or `undefined` when it has no such. */
  assetId(chain: C, asset: { readonly namespace: string; readonly reference: string }): AssetId | undefined

  /** What a signed transaction does. */
  inspectSigned(chain: C, signed: Signed): Effects
  /** With whom a row of the history was. */
  counterparty(item: HistoryItem): string
}

export interface NodeText {
  readonly url: string
  /** Where the URL was written: others on the machine see the arguments of a program. */
  readonly from: 'argument' | 'environment' | 'config' | 'devnet'
  readonly indexer?: { readonly url: string; readonly apiKey?: string } | undefined
}

/** An opened account, as commands use it. */
export interface AppAccount {
  readonly descriptor: string
  /** Each token is named by the address of its contract, or by its number where it has one. */
  balances(tokens: readonly string[], options: ReadOptions): Promise<readonly BalanceRow[]>
  receive(
    words: ReceiveWords,
    options: ReadOptions,
  ): Promise<Receive & { /** For the QR code. */ readonly code: string }>
  history(options: HistoryOptions): Promise<HistoryPage>
  /** Reads what a person wants to pay; a link may not be contradicted: `INVALID_REQUEST`. */
  order(words: PayWords, options: ReadOptions & { say(line: string): void }): Promise<Order>
  replace(sent: Payment | string, words: ReplaceWords, options: ReadOptions): Promise<Draft>
  discard(draft: Draft): Promise<void>
  /** Accounts of coins have more to offer. */
  readonly utxo?: BitcoinAccount
  /** And those of Tron: stake, resources, keys. */
  readonly tron?: TronAccount
}

export type BalanceRow = Balance & {
  /** What it is made of. */
  readonly parts?: readonly { readonly name: string; readonly says: string; readonly amount: bigint }[]
}

export interface ReceiveWords {
  readonly asset?: string | undefined
  readonly amount?: string | undefined
  readonly fresh?: boolean | undefined
}

/** The options of `coffer send`, as they were typed. */
export interface PayWords {
  readonly to: readonly string[]
  /** The path of a table of payments. */
  readonly batch?: string | undefined
  readonly amount?: string | undefined
  readonly asset?: string | undefined
  readonly fee?: string | undefined
  readonly maxFee?: string | undefined
  readonly memo?: string | undefined
  readonly coin?: readonly string[] | undefined
  readonly unconfirmed?: boolean | undefined
  readonly feeLimit?: string | undefined
  /** Seconds. */
  readonly expires?: number | undefined
  readonly permission?: number | undefined
  readonly again?: boolean | undefined
}

/** What was understood, to be made into a draft. */
export interface Order {
  /** Beside those on the chain's list. */
  readonly tokens: readonly Asset[]
  create(options: ReadOptions): Promise<Draft>
}

export interface ReplaceWords {
  readonly action: 'speed-up' | 'cancel'
  readonly fee?: string | undefined
  readonly cpfp?: boolean | undefined
}
