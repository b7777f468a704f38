import {
  type ChainId,
  type FeeEstimate,
  type Head,
  type ReadOptions,
  type RpcCall,
  type RpcResult,
  type ScriptHistory,
  type ScriptQuery,
  type TxQuery,
  type TxRecord,
  throwIfAborted,
  type UtxoSource,
} from '@coffer/core'
import { HASH, HEADER, headerHash, readTx } from './bitcoinBytes.ts'
import { checkBitcoinChain, checkGenesis } from './bitcoinChain.ts'
import { scaledUp } from './decimal.ts'
import { readHistoryRows, readStatus, scriptHashOf } from './electrumHistory.ts'
import { type Ask, type ElectrumLink, electrumLink } from './electrumLink.ts'
import { followHeads } from './heads.ts'
import type { Dial } from './lineTransport.ts'
import { refusalOf } from './refusal.ts'
import { openScopes } from './scopes.ts'
import { badResponse, closedError, networkError, rateLimited } from './transportErrors.ts'
import { checkCounts, checkHeight, checkRaw, checkScript, checkTxid } from './utxoQueries.ts'

/** What the sources that speak Electrum have in common. */
export interface ElectrumOptions {
  /** For the connection to open, and for each message to be answered, in milliseconds; 15,000 when not given. */
  readonly timeout?: number | undefined
  /**
   * How many calls travel in one message; `false` when not given, since a connection carries many messages at a time
   * anyway, and some servers hang up on a batch.
   */
  readonly batch?: { readonly max: number } | false | undefined
  /** The longest answer that is read, in bytes; 20,000,000 when not given, which any transaction fits into. */
  readonly maxResponseBytes?: number | undefined
}

export function checkElectrumOptions({ timeout = 1, batch, maxResponseBytes = 1 }: ElectrumOptions): void {
  checkCounts({ timeout, maxResponseBytes, 'batch.max': batch ? batch.max : 1 })
}

/** The source of one server that speaks Electrum's protocol, over any kind of connection. */
export function electrumSource(
  chain: ChainId,
  server: { readonly origin: string; readonly dial: Dial },
  options: ElectrumOptions,
): UtxoSource {
  checkBitcoinChain(chain, 'electrum')
  const { origin, dial } = server
  const { timeout = 15_000, batch = false, maxResponseBytes: maxBytes = 20_000_000 } = options
  const scopes = openScopes()
  let closed = false
  const greet = (ask: Ask, signal: AbortSignal): Promise<void> => greetServer(ask, chain, origin, signal)
  const maxBatch = batch ? batch.max : 1
  const link = electrumLink({ dial, origin, timeout, maxBytes, maxBatch, greet })

  async function run<T>({ signal }: ReadOptions = {}, task: (server: Server) => Promise<T>): Promise<T> {
    throwIfAborted(signal)
    if (closed) throw closedError(origin)
    return scopes.run(signal, (signal) => task({ link, origin, signal }))
  }

  return {
    family: 'utxo',
    chain,
    name: origin,
    tip: (read) => run(read, readTip),
    async headers(heights, read) {
      heights.forEach(checkHeight)
      return run(read, (server) => readHeaders(server, heights))
    },
    async history(queries, read) {
      for (const { script } of queries) checkScript(script)
      return run(read, (server) => readHistory(server, queries))
    },
    async transactions(queries, read) {
      for (const { txid, script } of queries) {
        checkTxid(txid)
        if (script !== undefined) checkScript(script)
      }
      return run(read, (server) => readTransactions(server, queries))
    },
    feeRates: (read) => run(read, readFeeRates),
    async broadcast(raw, read) {
      checkRaw(raw)
      return run(read, (server) => sendRaw(server, raw))
    },
    heads: (read) => {
      const tip = (signal: AbortSignal | undefined): Promise<Head> => run({ signal }, readTip)
      return followHeads(
        {
          pollInterval: 10_000,
          closed: () => closed,
          async subscribe(listener, signal) {
            await tip(signal)
            return link.listen(HEADERS, listener)
          },
          read: tip,
          toHead: (event) => readHead(Array.isArray(event) ? event[0] : undefined, origin),
        },
        read,
      )
    },
    close() {
      closed = true
      scopes.abort(closedError(origin))
      link.close()
    },
  }
}

interface Server {
  readonly link: ElectrumLink
  readonly origin: string
  readonly signal: AbortSignal
}

const HEADERS = 'blockchain.headers.subscribe'
/** What 1.4 and 1.6 mean by the calls below is the same. */
const VERSIONS = ['1.4', '1.6']

/** The first talk on each connection: the protocol, and the chain by its first block. */
async function greetServer(ask: Ask, chain: ChainId, origin: string, signal: AbortSignal): Promise<void> {
  const [version] = await ask([call('server.version', 'coffer', VERSIONS)], signal)
  resultOf(version, origin)
  const [[features], [header]] = await Promise.all([
    ask([call('server.features')], signal),
    ask([call('blockchain.block.header', 0)], signal),
  ])
  // Some servers have no features to tell; the block itself they all have.
  if (features?.ok)
    checkGenesis(origin, chain, (features.value as { genesis_hash?: unknown } | null)?.genesis_hash)
  checkGenesis(origin, chain, headerHash(readHeader(resultOf(header, origin), origin)))
}

async function readTip({ link, origin, signal }: Server): Promise<Head> {
  const [result] = await link.request([call(HEADERS)], signal)
  return readHead(resultOf(result, origin), origin)
}

/** The newest block, as the subscription to headers tells it. */
function readHead(value: unknown, origin: string): Head {
  const { height, hex } = (value ?? {}) as { height?: unknown; hex?: unknown }
  if (!Number.isSafeInteger(height) || (height as number) < 0)
    throw badResponse(origin, 'does not tell its latest block.')
  return { height: height as number, hash: headerHash(readHeader(hex, origin)) }
}

async function readHeaders(server: Server, heights: readonly number[]): Promise<(string | undefined)[]> {
  const { link, origin, signal } = server
  if (heights.length === 0) return []
  // Servers refuse what is above their tip in words of their own.
  const { height: top } = await readTip(server)
  const asked = [...new Set(heights)].filter((height) => height <= top)
  const results = await link.request(
    asked.map((height) => call('blockchain.block.header', height)),
    signal,
  )
  const found = new Map(asked.map((height, i) => [height, readHeader(resultOf(results[i], origin), origin)]))
  return heights.map((height) => found.get(height))
}

async function readHistory(server: Server, queries: readonly ScriptQuery[]): Promise<ScriptHistory[]> {
  const { link, origin, signal } = server
  const hashes = queries.map(({ script }) => scriptHashOf(script))
  const answers = await link.request(
    hashes.map((hash) => call('blockchain.scripthash.subscribe', hash)),
    signal,
  )
  const statuses = answers.map((answer) => readStatus(resultOf(answer, origin), origin))
  const changed = [...queries.keys()].filter((i) => statuses[i] !== queries[i]?.status)
  const rows = await link.request(
    changed.map((i) => call('blockchain.scripthash.get_history', hashes[i])),
    signal,
  )
  const histories: ScriptHistory[] = statuses.map((status) => ({ status }))
  changed.forEach((i, at) => {
    histories[i] = readHistoryRows(resultOf(rows[at], origin), statuses[i] ?? '', origin)
  })
  return histories
}

async function readTransactions(
  server: Server,
  queries: readonly TxQuery[],
): Promise<(TxRecord | undefined)[]> {
  const raws = await readRaws(
    server,
    queries.map(({ txid }) => txid),
  )
  const heights = await readHeights(server, queries, raws)
  return raws.map((raw, i) => (raw === undefined ? undefined : { raw, height: heights[i] ?? 0 }))
}

/** Each in a message of its own: several of the largest would be longer than the longest answer that is read. */
async function readRaws(server: Server, txids: readonly string[]): Promise<(string | undefined)[]> {
  const { link, origin, signal } = server
  const calls = txids.map((txid) => call('blockchain.transaction.get', txid))
  const results = await link.request(calls, signal, true)
  return results.map((result, i) => {
    if (!result.ok && isUnknown(result.error.message)) return undefined
    const raw = resultOf(result, origin)
    if (typeof raw !== 'string' || readTx(raw)?.txid !== txids[i])
      throw badResponse(
        origin,
        `sent the transaction ${txids[i]} with contents that are not those of its id.`,
      )
    return raw
  })
}

/**
 * The height of each transaction, from the history of a script that it touches, which is the only place where every
 * server tells it: the script of the query, else one of its outputs, else one that it spends.
 */
async function readHeights(
  server: Server,
  queries: readonly TxQuery[],
  raws: readonly (string | undefined)[],
): Promise<(number | undefined)[]> {
  const { link, origin, signal } = server
  const heights: (number | undefined)[] = queries.map(() => undefined)
  const candidates = raws.map((raw, i) => {
    const { script } = queries[i] ?? {}
    const outputs = (raw === undefined ? undefined : readTx(raw))?.outputs ?? []
    return [...new Set([...(script === undefined ? [] : [script]), ...outputs.filter(isIndexed).slice(0, 3)])]
  })
  const look = async (round: readonly { readonly at: number; readonly script: string }[]): Promise<void> => {
    const hashes = round.map(({ script }) => scriptHashOf(script))
    const unique = [...new Set(hashes)]
    const answers = await link.request(
      unique.map((hash) => call('blockchain.scripthash.get_history', hash)),
      signal,
    )
    round.forEach(({ at }, i) => {
      const answer = answers[unique.indexOf(hashes[i] ?? '')]
      // A history may be too long for the server. The next script is as good.
      if (answer && !answer.ok && !isBusy(answer)) return
      const { entries = [] } = readHistoryRows(resultOf(answer, origin), '', origin)
      heights[at] ??= entries.find(({ txid }) => txid === queries[at]?.txid)?.height
    })
  }
  for (
    let turn = 0;
    candidates.some((list, at) => heights[at] === undefined && list[turn] !== undefined);
    turn++
  )
    await look(
      candidates.flatMap((list, at) => {
        const script = list[turn]
        return heights[at] === undefined && script !== undefined ? [{ at, script }] : []
      }),
    )
  const spent = raws.flatMap((raw, at) => {
    const [input] = raw === undefined || heights[at] !== undefined ? [] : (readTx(raw)?.inputs ?? [])
    return input ? [{ at, input }] : []
  })
  const previous = await readRaws(
    server,
    spent.map(({ input }) => input.txid),
  )
  await look(
    spent.flatMap(({ at, input }, i) => {
      const script = readTx(previous[i] ?? '')?.outputs[input.vout]
      return script === undefined ? [] : [{ at, script }]
    }),
  )
  return heights
}

/** Not a script that nobody can spend, which servers leave out. */
function isIndexed(script: string): boolean {
  return !script.startsWith('6a')
}

const TARGETS = [1, 2, 3, 6, 12, 25, 144]

async function readFeeRates({ link, origin, signal }: Server): Promise<FeeEstimate[]> {
  const results = await link.request(
    TARGETS.map((blocks) => call('blockchain.estimatefee', blocks)),
    signal,
  )
  return TARGETS.flatMap((blocks, i) => {
    const result = results[i]
    if (result && !result.ok && !isBusy(result)) return []
    const value = resultOf(result, origin)
    // Whole coins for 1,000 bytes; -1 where the server cannot tell.
    if (value === -1 || value === null) return []
    const satPerKvb = scaledUp(value, 8)
    if (satPerKvb === undefined) throw badResponse(origin, 'sent fee estimates that cannot be read.')
    return [{ blocks, satPerKvb }]
  })
}

async function sendRaw({ link, origin, signal }: Server, raw: string): Promise<string> {
  const result = await link.send(call('blockchain.transaction.broadcast', raw), signal)
  if (!result.ok) {
    if (isBusy(result)) throw rateLimited(origin, { sent: false })
    const { code, message } = result.error
    if (code === -32601)
      throw networkError(origin, 'takes no transactions. Use another server.', {
        retryable: false,
        sent: false,
      })
    throw refusalOf(message, origin)
  }
  if (typeof result.value !== 'string' || !HASH.test(result.value))
    throw badResponse(origin, 'does not tell whether it took the transaction.')
  return result.value
}

function call(method: string, ...params: unknown[]): RpcCall {
  return { method, params }
}

function resultOf(result: RpcResult | undefined, origin: string): unknown {
  if (result?.ok) return result.value
  if (result && isBusy(result)) throw rateLimited(origin)
  throw badResponse(origin, `refused a question${result ? `: ${result.error.message}` : '.'}`)
}

/** ElectrumX: excessive resource usage, server busy. */
function isBusy(result: RpcResult): boolean {
  if (result.ok) return false
  const { code, message } = result.error
  return (
    code === -101 ||
    code === -102 ||
    /excessive resource usage|server busy|too many requests|rate limit/i.test(message)
  )
}

/**
 * True when a server says that there is no such transaction. Their words differ, and those of a node that cannot look
 * among the mined ones say nothing.
 */
function isUnknown(message: string): boolean {
  if (/txindex|indexed|indexing/i.test(message)) return false
  return /no such mempool or blockchain transaction|missing transaction|transaction not found|no transaction matching|unknown transaction/i.test(
    message,
  )
}

function readHeader(value: unknown, origin: string): string {
  if (typeof value === 'string' && HEADER.test(value)) return value
  throw badResponse(origin, 'sent a block header that is none.')
}
