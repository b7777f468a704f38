import type { AmountInput } from './amount.ts'
import type { Asset } from './asset.ts'
import type { AccountDescriptor, Draft } from './draft.ts'
import type { CofferError } from './error.ts'
import type { AssetId, ChainId } from './ids.ts'
import type { ReadOptions } from './source.ts'

/** A balance that was read, or the reason why it could not be. Never `0` for a failed read. */
export type Balance =
  | { readonly asset: Asset; readonly amount: bigint; readonly error?: undefined }
  | { readonly asset: Asset; readonly amount?: undefined; readonly error: CofferError }

/** Where to be paid. */
export interface Receive {
  readonly address: string
  /** A payment link that other wallets read (ERC-681, BIP-321). */
  readonly uri: string
}

export interface ReceiveOptions extends ReadOptions {
  readonly asset?: AssetId | undefined
  readonly amount?: AmountInput | undefined
}

/** One movement of one asset into or out of an account. */
export interface HistoryItem {
  readonly txid: string
  readonly direction: 'in' | 'out' | 'self'
  readonly asset: Asset
  readonly amount: bigint
  /** Who paid; `null` where a transaction does not say it. */
  readonly from: string | null
  readonly to: string | null
  readonly state: 'pending' | 'confirmed' | 'failed'
  readonly height?: number
  /** Unix seconds. */
  readonly time?: number
  /** What this account paid for the transaction, in base units of the coin; on outgoing rows where it is known. */
  readonly fee?: bigint
}

export interface HistoryOptions extends ReadOptions {
  /** What the previous page returned as `next`. */
  readonly cursor?: string | undefined
  /** Rows wanted, 25 when not given; a page may hold fewer. */
  readonly limit?: number | undefined
}

export interface HistoryPage {
  /** Newest first. */
  readonly items: readonly HistoryItem[]
  /** Give it back to read on; absent at the end. */
  readonly next?: string
  /** How far the answer reaches: blocks from `fromHeight` on were read, for the kinds of movement named. */
  readonly coverage: { readonly fromHeight: number; readonly coin: boolean; readonly tokens: boolean }
}

/**
 * A descriptor opened on a chain and a source. Always watch-only: it prepares drafts and never signs. Each chain adds
 * to it what its model offers.
 */
export interface Account<Request = never> {
  readonly chain: ChainId
  readonly descriptor: AccountDescriptor
  /** The coin first, then the tokens of the chain's list and of `assets`. */
  balances(options?: BalancesOptions): Promise<readonly Balance[]>
  receive(options?: ReceiveOptions): Promise<Receive>
  history(options?: HistoryOptions): Promise<HistoryPage>
  create(request: Request, options?: ReadOptions): Promise<Draft>
}

export interface BalancesOptions extends ReadOptions {
  /** Instead of the chain's list: assets, their ids, or symbols of the list. */
  readonly assets?: readonly (Asset | string)[] | undefined
}
