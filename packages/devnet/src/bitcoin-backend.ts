import type { Indexer } from './indexer.ts'

/** What the servers over the index need from the node. */
export interface BitcoinBackend {
  readonly index: Indexer
  /** Sends a transaction. The index knows it when this returns. Throws what the node said. */
  broadcast(raw: string): Promise<string>
  /** Sends a transaction with the parents that it pays for. */
  broadcastPackage(raws: readonly string[]): Promise<PackageResult>
  /** The script of an address of this network, in hexadecimal; `undefined` when it is none. */
  scriptOf(address: string): Promise<string | undefined>
  /** Satoshi for one virtual byte within so many blocks; `undefined` while nothing is known. */
  feeRate(blocks: number): number | undefined
  rpc<T>(method: string, params?: readonly unknown[]): Promise<T>
}

/** What bitcoind answers to `submitpackage`, as far as it is read here. */
export interface PackageResult {
  readonly package_msg: string
  readonly 'tx-results': Readonly<Record<string, { readonly txid: string; readonly error?: string }>>
}

/** bitcoind's refusal, as it was told. */
export interface RpcRefusal {
  readonly code: number
  readonly message: string
}

/** The refusal in an error of `jsonRpc`, without the words that it puts before it. */
export function refusalOf(error: unknown): RpcRefusal | undefined {
  const { details } = error as { details?: { rpcCode?: unknown; rpcMessage?: unknown } }
  if (typeof details?.rpcCode !== 'number' || typeof details.rpcMessage !== 'string') return undefined
  return { code: details.rpcCode, message: details.rpcMessage }
}
