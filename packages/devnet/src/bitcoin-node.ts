/** A local Bitcoin: a real bitcoind on regtest, the servers that wallets talk to, and the controls a test needs. */
export interface BitcoinNode {
  /** The RPC server, `http://127.0.0.1:PORT`. It asks for the credentials of `access`. */
  readonly url: string
  /** What a client of the RPC server needs, such as `bitcoinCore(…)` of `@coffer/daemon-client`. */
  readonly access: RpcAccess
  /** CAIP-2, with the genesis block of regtest: `bip122:0f9188f13cb7b2c71f2a335e3a4fc328`. */
  readonly chain: string
  /** Esplora's REST API as Blockstream serves it, from the root: `http://127.0.0.1:PORT`. */
  readonly esploraUrl: string
  /** The same with the pages of mempool.space. */
  readonly mempoolSpaceUrl: string
  /** Electrum's protocol over TCP, `tcp://127.0.0.1:PORT`. */
  readonly electrumUrl: string
  /** Electrum's protocol over WebSocket, `ws://127.0.0.1:PORT`. */
  readonly electrumWsUrl: string
  /** Blockbook's REST API, from the root: `http://127.0.0.1:PORT`. */
  readonly blockbookUrl: string

  /**
   * The faucet: pays `amount` satoshi to `address` by a transaction of its own, which is in a block when this returns.
   * Calls that come together share one block. While no blocks are mined on their own it waits in the mempool. Throws
   * `INVALID_ADDRESS`, `INVALID_AMOUNT`, or `DEVNET_FAILED` when the node refuses.
   */
  fund(address: string, what: { readonly amount: bigint }): Promise<string>
  /** Mines `blocks` blocks, 1 by default, whose rewards go to `to`, to nobody by default. */
  mine(blocks?: number, options?: { readonly to?: string }): Promise<void>
  /**
   * Replaces the last `depth` blocks by one more than that: an empty branch, with the raw transactions of `include` in
   * its first block. The transactions of the old branch wait again for the next block, even while automine is on, unless
   * what is included conflicts with them; with `drop` they are gone. Not deeper than where the devnet began.
   */
  reorg(depth: number, options?: ReorgOptions): Promise<void>
  /** Whether blocks come on their own: at once for each transaction, or by the clock of `blockTime`. */
  setAutomine(on: boolean): Promise<void>
  /** Forgets a waiting transaction and all that spend from it, as nodes with a full mempool do. False when none such waits. */
  dropTransaction(txid: string): Promise<boolean>
  /**
   * What the servers answer for fees from now on: satoshi for one virtual byte as a decimal text, by the number of
   * blocks to wait. Targets between hold the rate of the next lower one. Empty: the servers know nothing.
   */
  setFeeEstimates(rates: Readonly<Record<number, string>>): void
  /** Any other method of the node. The servers show what it changed when this returns. */
  rpc<T = unknown>(method: string, params?: readonly unknown[]): Promise<T>
  /** The same for a wallet of the node, which is made when it does not exist. */
  walletRpc<T = unknown>(wallet: string, method: string, params?: readonly unknown[]): Promise<T>
}

export interface RpcAccess {
  readonly url: string
  readonly username: string
  readonly password: string
}

export interface ReorgOptions {
  readonly drop?: boolean
  readonly include?: readonly string[]
}
