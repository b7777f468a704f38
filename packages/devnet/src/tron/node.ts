/** A local Tron: an honest simulator of java-tron's rules behind its HTTP API, and the controls a test needs. */
export interface TronNode {
  /** Full node, solidity node and TronGrid's `v1`, all from this root: `http://127.0.0.1:PORT`. */
  readonly url: string
  /** CAIP-2: `tron:0xc0ffe001`, the last four bytes of the genesis block's id. */
  readonly chain: string
  readonly tokens: TronTokens
  /** Addresses of the 27 that make blocks, `T…`: what votes can go to. */
  readonly witnesses: readonly string[]

  /**
   * The faucet: sends `amount` sun to `address`, or base units of `token` (an address or a key of `tokens`), by a transaction
   * that is in a block when this returns. TRX brings an account into being, tokens do not. While no blocks are made on their
   * own it makes one, with whatever else waits. Gives the transaction's id. Throws `INVALID_ADDRESS`, `INVALID_AMOUNT` or
   * `DEVNET_FAILED`.
   */
  fund(address: string, what: { readonly amount: bigint; readonly token?: string }): Promise<string>
  /** A new token at a new address, with open `mint`; `T…`. Costs no block. */
  deployToken(options: TronTokenOptions): Promise<string>

  /** Makes `blocks` blocks, 1 by default, three seconds apart where the clock does not ask for more. */
  mine(blocks?: number): Promise<void>
  /**
   * Replaces the last `depth` blocks by one more than that, all empty. Their transactions wait for the next block if they still
   * fit, which they do not when they name a block that is gone; with `drop` they are gone in any case.
   */
  reorg(depth: number, options?: { readonly drop?: boolean }): Promise<void>
  /** Whether blocks come on their own: at once for each transaction, or by the clock of `blockTime`. On makes one of what waits. */
  setAutomine(on: boolean): Promise<void>
  /** Forgets a waiting transaction. False when none such waits. */
  dropTransaction(txid: string): Promise<boolean>
  /** Moves the clock of the following blocks, and makes a block there unless automine is off. */
  advanceTime(seconds: number): Promise<void>
  /** How many blocks behind the newest one the newest final one is: 2 at first. */
  setSolidBehind(blocks: number): void

  /** Sets chain parameters, by their names in `wallet/getchainparameters`. */
  setParameters(parameters: Readonly<Record<string, bigint>>): Promise<void>
  /** Writes into an account as no transaction could. Makes the account if it does not exist; costs no block. */
  setAccount(address: string, state: TronAccountState): Promise<void>
  /** The same for a contract. */
  setContract(address: string, state: TronContractState): Promise<void>

  /** Remembers everything. */
  snapshot(): Promise<string>
  /** Goes back to a snapshot, which is used up by it, and so are later ones. */
  revert(id: string): Promise<void>
  /** One question to the API, such as `request('wallet/getnowblock')`, with integers beyond 2^53 as strings of digits. */
  request<T = unknown>(path: string, body?: Readonly<Record<string, unknown>>): Promise<T>
}

export interface TronToken {
  readonly address: string
  readonly symbol: string
  readonly decimals: number
}

export interface TronTokens {
  /** At its address of the main network, an ordinary token otherwise. */
  readonly USDT: TronToken
  readonly USDC: TronToken
  /** With 18 decimals, unlike most of Tron. */
  readonly TEX: TronToken
  /** Lies about its decimals, shows a symbol that reads as another, may refuse transfers without reverting. */
  readonly LIAR: TronToken
}

export interface TronTokenOptions {
  readonly name: string
  readonly symbol: string
  /** 0 to 255. */
  readonly decimals: number
  /** The share of the energy that callers pay, 0 to 100; 100 when not given. */
  readonly userPercent?: number
  /** The most energy of its deployer that one call may use; 10,000,000 when not given. */
  readonly originEnergyLimit?: bigint
}

/** What is not named stays as it is. Amounts in sun. */
export interface TronAccountState {
  readonly balance?: bigint
  /** Stake for each resource. */
  readonly frozen?: { readonly bandwidth?: bigint; readonly energy?: bigint }
  /** What is used up, in bytes and energy, as of `at` seconds before the newest block, 0 when not given. */
  readonly used?: {
    readonly freeBandwidth?: bigint
    readonly bandwidth?: bigint
    readonly energy?: bigint
    readonly at?: number
  }
  /** Rewards of voting that wait to be withdrawn. */
  readonly rewards?: bigint
  /** TRC-10 tokens by id, such as `1000001`, which come into being with it. */
  readonly trc10?: Readonly<Record<string, bigint>>
  /** TRC-20 balances by address or key of `tokens`, of tokens that this devnet made. */
  readonly tokens?: Readonly<Record<string, bigint>>
}

export interface TronContractState {
  /** 0 to 100. */
  readonly userPercent?: number
  readonly originEnergyLimit?: bigint
  /** The dynamic energy model's surcharge in ten-thousandths: 2,000 makes each operation a fifth dearer. */
  readonly energyFactor?: bigint
}
