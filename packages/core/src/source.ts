import type { AssetId, ChainId } from './ids.ts'

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined
}

/** What every source has, whatever its family. A source serves one chain and holds no user data. */
export interface Source {
  readonly family: string
  readonly chain: ChainId
  /** How people tell it from its sisters, such as the origin of its URL; never a path or a key. */
  readonly name?: string
  /**
   * New heads, as they come. Present only where the source can tell of them (a subscription, or cheap polling).
   * Ends when the signal aborts; throws `NETWORK` when the connection is lost for good.
   */
  heads?(options?: ReadOptions): AsyncIterable<Head>
  /** Closes sockets and timers. A closed source may not be used again. */
  close?(): void
}

export interface Head {
  readonly height: number
  readonly hash: string
}

/** Makes the source of one chain. `jsonRpc(url)` and its sisters return one; `cluster` calls it with the chain's id. */
export type SourceFactory<S extends Source = Source> = (chain: ChainId) => S

/** Where a wallet finds the source of each chain; `cluster(…)` makes one. */
export interface Sources {
  /** The source of `chain`; throws `NO_SOURCE` when there is none. The same object each time. */
  for(chain: ChainId): Source
  close?(): void
}

// ---- EVM family: any server of Ethereum's JSON-RPC ----

export interface RpcCall {
  readonly method: string
  readonly params: readonly unknown[]
}

/** The answer to one call of a batch. A server's refusal of one call is data, since its sisters may have succeeded. */
export type RpcResult =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false
      readonly error: { readonly code: number; readonly message: string; readonly data?: unknown }
    }

/**
 * The door to an EVM network.
 *
 * `request` carries a batch in one round trip where the server allows it and answers in the order of the calls. It
 * throws `NETWORK`, `TIMEOUT`, `RATE_LIMITED`, `BAD_RESPONSE`, `CHAIN_MISMATCH` or `ABORTED`; never a foreign error.
 * Values are what the server said: the chain checks each one. A batch is one request to one server, so its values
 * belong together.
 */
export interface EvmSource extends Source {
  readonly family: 'evm'
  request(calls: readonly RpcCall[], options?: ReadOptions): Promise<readonly RpcResult[]>
  /** Account history from an indexer, newest first. Absent when the source has none. */
  transfers?(query: TransferQuery, options?: ReadOptions): Promise<TransferPage>
}

export interface TransferQuery {
  readonly address: string
  /** The asset that rows of the chain's own coin get. */
  readonly coin: AssetId
  readonly limit: number
  /** What the previous page returned as `next`. */
  readonly cursor?: string | undefined
}

export interface TransferPage {
  readonly items: readonly TransferRow[]
  readonly next?: string
}

/** One movement of one asset, as an indexer tells it; hexadecimal where the chain is. The chain checks each field. */
export interface TransferRow {
  readonly txid: string
  readonly height: number
  /** Unix seconds. */
  readonly time?: number
  readonly from: string
  readonly to: string | null
  readonly asset: AssetId
  readonly amount: bigint
  readonly failed?: boolean
  /** Paid by the sender, in base units of the coin; present on the row that moves the coin. */
  readonly fee?: bigint
}

// ---- UTXO family: Bitcoin, by Esplora, Electrum, Blockbook or a node ----

/**
 * The door to a Bitcoin network. Scripts, transactions and headers are lower-case hexadecimal; ids are in display order.
 *
 * Every method takes many questions at once and answers in their order, in as few round trips as its server allows. All
 * throw `NETWORK`, `TIMEOUT`, `RATE_LIMITED`, `BAD_RESPONSE`, `CHAIN_MISMATCH` or `ABORTED`; never a foreign error. A
 * source checks the genesis block of its server before it believes anything. The chain checks what can be proven: the id
 * of raw bytes, and nothing that a server merely claims decides what is signed.
 */
export interface UtxoSource extends Source {
  readonly family: 'utxo'
  /** The newest block. */
  tip(options?: ReadOptions): Promise<Head>
  /** The 80 bytes of the block header at each height; `undefined` above the tip. */
  headers(heights: readonly number[], options?: ReadOptions): Promise<readonly (string | undefined)[]>
  /** What happened at each output script. */
  history(queries: readonly ScriptQuery[], options?: ReadOptions): Promise<readonly ScriptHistory[]>
  /** Single transactions by id; `undefined` where the server knows none, neither mined nor waiting. */
  transactions(queries: readonly TxQuery[], options?: ReadOptions): Promise<readonly (TxRecord | undefined)[]>
  /** What the server would pay to be mined within so many blocks, lowest target first; empty where it cannot tell. */
  feeRates(options?: ReadOptions): Promise<readonly FeeEstimate[]>
  /**
   * Sends signed bytes to one server, once, and returns the id that it answered. Throws `BROADCAST_REJECTED` with the
   * server's reason in `details.reason` when it was refused; "already known" comes as that refusal too.
   */
  broadcast(raw: string, options?: ReadOptions): Promise<string>
}

export interface ScriptQuery {
  /** The output script. */
  readonly script: string
  /** What the last answer for this script gave as `status`: when it is the same, the rows are left out. */
  readonly status?: string | undefined
}

export interface ScriptHistory {
  /** Stands for the whole answer: equal when nothing changed. Opaque; of this source alone. */
  readonly status: string
  /**
   * Every transaction that pays to or spends from the script, mined ones first, oldest first. Absent when `status` is
   * the one of the query. Empty when the script was never used.
   */
  readonly entries?: readonly ScriptEntry[]
  /** Rows below this height may be missing, where the server cannot look back further. Absent when all are there. */
  readonly fromHeight?: number
}

export interface ScriptEntry {
  readonly txid: string
  /** 0 while it waits to be mined. */
  readonly height: number
  /** The whole transaction, with witnesses, where the answer brought it along. */
  readonly raw?: string
}

export interface TxQuery {
  readonly txid: string
  /** An output script of the transaction, for servers that find transactions by script alone. */
  readonly script?: string | undefined
}

export interface TxRecord {
  /** With witnesses. */
  readonly raw: string
  /** 0 while it waits to be mined. */
  readonly height: number
}

export interface FeeEstimate {
  /** Blocks to wait. */
  readonly blocks: number
  /** Satoshi for 1,000 virtual bytes. */
  readonly satPerKvb: bigint
}

// ---- Tron family: java-tron's HTTP API, and TronGrid's history ----

/** One question of java-tron's HTTP API. */
export interface TronCall {
  /** `wallet/…` for the newest block, `walletsolidity/…` for the newest one that is final. */
  readonly path: string
  /** Its JSON body; bigints are written as integers. Empty when not given. */
  readonly body?: Readonly<Record<string, unknown>>
}

/**
 * The answer to one call. A server's refusal of one call (an `Error` in its answer, a path that it does not serve) is data,
 * since its sisters may have succeeded.
 */
export type TronResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: { readonly message: string; readonly status?: number } }

/**
 * The door to a Tron network.
 *
 * `request` makes all calls at the same time, since the API has no batches, and answers in their order. It throws
 * `NETWORK`, `TIMEOUT`, `RATE_LIMITED`, `BAD_RESPONSE`, `CHAIN_MISMATCH` or `ABORTED`; never a foreign error. Values are
 * what the server said: the chain checks each one. Integers beyond 2^53 come as strings of digits. All calls of a request
 * go to one server; a source looks at its genesis block before it believes anything.
 */
export interface TronSource extends Source {
  readonly family: 'tron'
  request(calls: readonly TronCall[], options?: ReadOptions): Promise<readonly TronResult[]>
  /**
   * Account history from an indexer, newest first; addresses in base58check, assets `…/slip44:…`, `…/trc20:T…`,
   * `…/trc10:…`. Absent when the source has none.
   */
  transfers?(query: TransferQuery, options?: ReadOptions): Promise<TransferPage>
}
