import {
  type ChainId,
  CofferError,
  type FeeEstimate,
  type ReadOptions,
  type SourceFactory,
  type TxQuery,
  type TxRecord,
  type UtxoSource,
} from '@coffer/core'
import { HASH, HEADER, headerHash, isHex, readTx } from './bitcoinBytes.ts'
import { checkBitcoinChain } from './bitcoinChain.ts'
import { type CoreHistory, openCoreHistory, readTip } from './coreHistory.ts'
import { type CoreRpc, openCoreRpc, resultOf } from './coreRpc.ts'
import { scaledUp } from './decimal.ts'
import { type Endpoint, parseEndpoint } from './endpoint.ts'
import { pollHeads } from './heads.ts'
import { refusalOf } from './refusal.ts'
import { badResponse, networkError } from './transportErrors.ts'
import { checkCounts, checkHeight, checkRaw, checkScript, checkTxid } from './utxoQueries.ts'

export interface BitcoinCoreOptions {
  /** Of the RPC server, such as `http://127.0.0.1:8332`. */
  readonly url: string
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** For one request, body included, in milliseconds; 30,000 when not given. */
  readonly timeout?: number | undefined
  /** For one scan of all unspent outputs or blocks, in milliseconds; 1,800,000 (half an hour) when not given. */
  readonly scanTimeout?: number | undefined
  /** How many calls travel in one message, 100 when not given. */
  readonly batch?: { readonly max: number } | undefined
  /** The longest answer that is read, in bytes; 100,000,000 when not given, since whole blocks are read. */
  readonly maxResponseBytes?: number | undefined
  /** How many waiting transactions of the network are kept in memory, at most; 200,000 when not given. */
  readonly mempoolLimit?: number | undefined
  /** How often `heads` asks, in milliseconds; 4,000 when not given. */
  readonly pollInterval?: number | undefined
  readonly fetch?: typeof fetch | undefined
}

/**
 * A Bitcoin network through the RPC of a node of your own: Bitcoin Core 25 or later, or Knots, and nothing else. No server
 * learns which scripts are yours.
 *
 * The price is time, since a node has no index of scripts. With `-blockfilterindex=1` history is complete: the first look
 * at a script scans the filters of all blocks (minutes on mainnet), later looks only those of new blocks. Without it the
 * node looks through its unspent outputs at each new block: what was spent is not shown, and `fromHeight` says so. Waiting
 * transactions are found by reading all that the node has, once each. All of it is kept in memory, until `close`.
 * Without `-txindex=1`, `transactions` finds a mined one only by a script that it touches.
 *
 * The node's first block must be that of the chain. A scan that is no longer waited for is ended; one of somebody else is
 * waited for. Nothing is retried: that is for `cluster`.
 *
 * Throws `INVALID_REQUEST` for options that cannot be used; the source throws `INVALID_CHAIN` for a chain that is no
 * `bip122:…`.
 *
 * @example
 * const open = bitcoinCore({ url: 'http://127.0.0.1:8332', username: 'alice', password })
 * const source = open('bip122:000000000019d6689c085ae165831e93')
 * @see https://developer.bitcoin.org/reference/rpc/
 */
export function bitcoinCore(options: BitcoinCoreOptions): SourceFactory<UtxoSource> {
  const endpoint = readEndpoint(options)
  const { timeout = 30_000, scanTimeout = 1_800_000, mempoolLimit = 200_000, pollInterval = 4_000 } = options
  const { maxResponseBytes: maxBytes = 100_000_000, batch = { max: 100 }, fetch } = options
  checkCounts({
    timeout,
    scanTimeout,
    mempoolLimit,
    pollInterval,
    maxResponseBytes: maxBytes,
    'batch.max': batch.max,
  })

  return (chain: ChainId): UtxoSource => {
    checkBitcoinChain(chain, 'bitcoinCore')
    const rpc = openCoreRpc({ endpoint, chain, timeout, maxBytes, maxBatch: batch.max, fetch })
    const history = openCoreHistory({ scanTimeout, mempoolLimit })
    const tip: UtxoSource['tip'] = (read) => rpc.run(read, (signal) => readTip(rpc, signal))
    return {
      family: 'utxo',
      chain,
      name: rpc.origin,
      tip,
      async headers(heights, read) {
        heights.forEach(checkHeight)
        return rpc.run(read, (signal) => readHeaders(rpc, heights, signal))
      },
      async history(queries, read) {
        for (const { script } of queries) checkScript(script)
        return rpc.run(read, (signal) => history.read(rpc, queries, signal))
      },
      async transactions(queries, read) {
        for (const { txid, script } of queries) {
          checkTxid(txid)
          if (script !== undefined) checkScript(script)
        }
        return rpc.run(read, (signal) => readTransactions(rpc, history, queries, signal))
      },
      feeRates: (read) => rpc.run(read, (signal) => readFeeRates(rpc, signal)),
      async broadcast(raw, read) {
        checkRaw(raw)
        return send(rpc, raw, read)
      },
      heads: (read) =>
        pollHeads({ pollInterval, closed: rpc.closed, read: (signal) => tip({ signal }) }, read),
      close: rpc.close,
    }
  }
}

function readEndpoint({ url, username, password }: BitcoinCoreOptions): Endpoint {
  const endpoint = parseEndpoint(url, 'http')
  if (username === undefined && password === undefined) return endpoint
  if (endpoint.headers.authorization !== undefined)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'Give the user name and password of the node in its URL or as options, not both.',
    })
  const userinfo = [username ?? '', password ?? ''].map(encodeURIComponent).join(':')
  return parseEndpoint(url.replace('://', `://${userinfo}@`), 'http')
}

async function readHeaders(
  rpc: CoreRpc,
  heights: readonly number[],
  signal: AbortSignal,
): Promise<(string | undefined)[]> {
  const { origin } = rpc
  const found = await rpc.ask(
    heights.map((height) => ({ method: 'getblockhash', params: [height] })),
    signal,
  )
  const hashes = found.map((answer) => {
    // -8: above the tip.
    if (!answer.ok && answer.error.code === -8) return undefined
    const hash = resultOf(answer, 'getblockhash', origin)
    if (typeof hash !== 'string' || !HASH.test(hash))
      throw badResponse(origin, 'sent a block without a hash.')
    return hash
  })
  const wanted = [...new Set(hashes.filter((hash) => hash !== undefined))]
  const headers = await rpc.ask(
    wanted.map((hash) => ({ method: 'getblockheader', params: [hash, false] })),
    signal,
  )
  const byHash = new Map(
    wanted.map((hash, i) => {
      const header = resultOf(headers[i], 'getblockheader', origin)
      if (typeof header !== 'string' || !HEADER.test(header) || headerHash(header) !== hash)
        throw badResponse(origin, `sent a header that is not the one of block ${hash}.`)
      return [hash, header]
    }),
  )
  return hashes.map((hash) => (hash === undefined ? undefined : byHash.get(hash)))
}

/** Of a transaction that the node knows: its bytes, and the block that it is in, if any. */
interface Found {
  readonly raw: string
  readonly block?: string
}

async function readTransactions(
  rpc: CoreRpc,
  history: CoreHistory,
  queries: readonly TxQuery[],
  signal: AbortSignal,
): Promise<(TxRecord | undefined)[]> {
  const answers = await rpc.ask(
    queries.map(({ txid }) => ({ method: 'getrawtransaction', params: [txid, 1] })),
    signal,
  )
  const found: (Found | undefined | 'hidden')[] = answers.map((answer, i) => {
    if (answer.ok) return readFound(answer.value, queries[i]?.txid, rpc.origin)
    if (answer.error.code !== -5) return resultOf(answer, 'getrawtransaction', rpc.origin) as never
    // Other words say that the node did not look among the mined ones.
    return /no such mempool or blockchain transaction/i.test(answer.error.message) ? undefined : 'hidden'
  })
  for (const [i, query] of queries.entries())
    if (found[i] === 'hidden') found[i] = await readHidden(rpc, history, query, signal)
  const records = found as (Found | undefined)[]
  const blocks = [...new Set(records.flatMap((record) => record?.block ?? []))]
  const headers = await rpc.ask(
    blocks.map((hash) => ({ method: 'getblockheader', params: [hash] })),
    signal,
  )
  const heights = new Map(
    blocks.map((hash, i) => {
      const header = resultOf(headers[i], 'getblockheader', rpc.origin) as Record<string, unknown> | null
      const { height, confirmations } = header ?? {}
      if (!Number.isSafeInteger(height) || !Number.isSafeInteger(confirmations))
        throw badResponse(rpc.origin, 'sent a block header that cannot be read.')
      return [hash, (confirmations as number) > 0 ? (height as number) : undefined]
    }),
  )
  return records.map((record) => {
    if (record?.block === undefined) return record && { raw: record.raw, height: 0 }
    const height = heights.get(record.block)
    // In a block that was replaced, and nowhere else.
    return height === undefined ? undefined : { raw: record.raw, height }
  })
}

/** A mined transaction of a node without an index of transactions: by its block, which a scan for its script finds. */
async function readHidden(
  rpc: CoreRpc,
  history: CoreHistory,
  { txid, script }: TxQuery,
  signal: AbortSignal,
): Promise<Found | undefined> {
  let isComplete = false
  if (script !== undefined) {
    const [answer] = await history.read(rpc, [{ script }], signal)
    isComplete = answer?.fromHeight === undefined
  }
  const block = history.blockOf(txid)
  if (block === undefined) {
    if (isComplete) return undefined
    throw networkError(
      rpc.origin,
      'cannot look for a transaction without an index. Start the node with -txindex=1 or -blockfilterindex=1.',
      { retryable: false, reason: 'txindex' },
    )
  }
  return readFound(await rpc.value('getrawtransaction', [txid, 1, block], signal), txid, rpc.origin)
}

function readFound(value: unknown, txid: string | undefined, origin: string): Found {
  const { hex: raw, blockhash: block } = (value ?? {}) as { hex?: unknown; blockhash?: unknown }
  if (!isHex(raw) || readTx(raw)?.txid !== txid)
    throw badResponse(origin, `sent the transaction ${txid} with contents that are not those of its id.`)
  if (block === undefined) return { raw }
  if (typeof block !== 'string' || !HASH.test(block))
    throw badResponse(origin, 'sent a block without a hash.')
  return { raw, block }
}

async function readFeeRates(rpc: CoreRpc, signal: AbortSignal): Promise<FeeEstimate[]> {
  const answers = await rpc.ask(
    [1, 3, 6, 12, 144].map((blocks) => ({ method: 'estimatesmartfee', params: [blocks] })),
    signal,
  )
  const rates = new Map<number, bigint>()
  for (const answer of answers) {
    const value = resultOf(answer, 'estimatesmartfee', rpc.origin)
    const { feerate, blocks } = (value ?? {}) as { feerate?: unknown; blocks?: unknown }
    // Too little was seen for an estimate.
    if (feerate === undefined) continue
    // Whole coins for 1,000 virtual bytes; `blocks` is the target that it is for, which may be longer than the one asked.
    const satPerKvb = scaledUp(feerate, 8)
    if (satPerKvb === undefined || !Number.isSafeInteger(blocks) || (blocks as number) < 1)
      throw badResponse(rpc.origin, 'sent fee estimates that cannot be read.')
    rates.set(blocks as number, satPerKvb)
  }
  return [...rates].map(([blocks, satPerKvb]) => ({ blocks, satPerKvb })).sort((a, b) => a.blocks - b.blocks)
}

async function send(rpc: CoreRpc, raw: string, read: ReadOptions | undefined): Promise<string> {
  const result = await rpc.post({ method: 'sendrawtransaction', params: [raw] }, read)
  if (!result.ok) {
    const { code, message } = result.error
    // Refused before it was looked at.
    if (code === -32601 || code === -32600)
      throw networkError(rpc.origin, 'takes no transactions. Use another node.', {
        retryable: false,
        sent: false,
      })
    throw refusalOf(message, rpc.origin, code)
  }
  if (typeof result.value !== 'string' || !HASH.test(result.value))
    throw badResponse(rpc.origin, 'does not tell whether it took the transaction.')
  return result.value
}
