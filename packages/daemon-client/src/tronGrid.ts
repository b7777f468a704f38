import {
  type ChainId,
  CofferError,
  type ReadOptions,
  type TransferPage,
  type TransferQuery,
  type TransferRow,
} from '@coffer/core'
import type { HistoryFactory } from './etherscan.ts'
import { forEach, openGate } from './gate.ts'
import { checkRestOptions, parseRest } from './rest.ts'
import { openScopes } from './scopes.ts'
import { badResponse, networkError, rateLimited } from './transportErrors.ts'
import { tronAddress } from './tronAddress.ts'
import { encodeTronCall } from './tronCalls.ts'
import { checkTronChain } from './tronChain.ts'
import {
  type GridAnswer,
  mergeStreams,
  readGridCursor,
  readStream,
  writeGridCursor,
} from './tronGridPages.ts'
import { checkApiKey, openTronNode, type TronNode, type TronNodeOptions } from './tronNode.ts'
import { pleaIn } from './tronRefusals.ts'
import type { GridRow, RowContext, TronList } from './tronRows.ts'

export interface TronGridOptions extends Omit<TronNodeOptions, 'pollInterval'> {
  /** `https://api.trongrid.io` and its like: a server that has `v1/accounts/…` beside java-tron's `wallet/…`. */
  readonly url: string
}

/**
 * Account history from TronGrid: transfers of TRX and of TRC-10 tokens, TRX that calls carry to a contract, and TRC-20
 * transfers, merged newest first. Not in it: coin that contracts move (internal transactions), staking and its rewards,
 * fees of transactions that move nothing, TRC-10 tokens in calls and under their names of before 2019, and tokens that the
 * indexer cannot name.
 *
 * An indexer is not the node: nothing proves what it tells. Use it to show, never to decide. Its first block is compared
 * with the chain, as `tronHttp` does. `height` is what the indexer says of a row, else what
 * `wallet/gettransactioninfobyid` says of its transaction, and no guess.
 *
 * A page may have fewer rows than asked for, even none, and a `next` all the same: when most transactions of the account
 * are of another kind.
 *
 * Throws `RATE_LIMITED`, `NETWORK`, `TIMEOUT`, `BAD_RESPONSE`, `CHAIN_MISMATCH`, and `INVALID_REQUEST` for a cursor that it
 * did not make.
 *
 * @example
 * const url = 'https://api.trongrid.io'
 * tronHttp({ fullNode: url, apiKey, history: tronGrid({ url, apiKey }) })
 * @see https://developers.tron.network/reference/get-transaction-info-by-account-address
 */
export function tronGrid(options: TronGridOptions): HistoryFactory {
  const { url, ...all } = options
  checkRestOptions(all)
  checkApiKey(all.apiKey)
  parseRest(url)
  return (chain) => {
    checkTronChain(chain, 'tronGrid')
    const scopes = openScopes()
    const gate = openGate(all.concurrency ?? 8)
    const node = openTronNode(url, chain, { ...all, gate, scopes, api: 'wallet' })
    return (query, { signal }: ReadOptions = {}) =>
      scopes.run(signal, async (signal) => {
        const address = tronAddress(query.address)
        if (address === undefined || !Number.isSafeInteger(query.limit) || query.limit < 1)
          throw new CofferError({
            code: 'INVALID_REQUEST',
            message: 'Account history needs an address such as "T…" and a limit above zero.',
          })
        try {
          await node.ensure(signal)
          return await readPage(node, chain, { ...query, address }, signal)
        } catch (error) {
          node.forget()
          throw error
        }
      })
  }
}

/** Rows of one page, and of one request: what TronGrid allows. */
const MOST = 200
/** Most accounts have many rows that are not shown. */
const LEAST_ASKED = 50
const LISTS: readonly TronList[] = ['coins', 'tokens']

async function readPage(
  node: TronNode,
  chain: ChainId,
  query: TransferQuery,
  signal: AbortSignal,
): Promise<TransferPage> {
  const { address, coin } = query
  const limit = Math.min(query.limit, MOST)
  const cursor = readGridCursor(query.cursor)
  const [coins, tokens] = await forEach(LISTS, signal, async (list, signal) => {
    const about: RowContext = { list, chain, address, coin, origin: node.origin }
    const shown = cursor?.shown[list].length ?? 0
    const search = [
      `limit=${Math.min(Math.max(limit + shown, LEAST_ASKED), MOST)}`,
      'order_by=block_timestamp,desc',
      // Its coin comes without the block, and twice.
      ...(list === 'coins' ? ['search_internal=false'] : []),
      // Tells the block of each event.
      ...(list === 'tokens' ? ['get_detail=true'] : []),
      // One more, since "max" may mean "below"; blocks are three seconds apart.
      ...(cursor ? [`max_timestamp=${cursor.at + 1}`] : []),
    ].join('&')
    const path = `v1/accounts/${address}/transactions${list === 'tokens' ? '/trc20' : ''}`
    return readStream(
      async (fingerprint) => {
        const more = fingerprint === undefined ? '' : `&fingerprint=${encodeURIComponent(fingerprint)}`
        return readAnswer(await node.get(`${path}?${search}${more}`, signal), node)
      },
      cursor,
      limit,
      about,
    )
  })
  if (!coins || !tokens) return { items: [] }
  const { rows, next } = mergeStreams({ coins, tokens }, cursor, limit)
  if (rows.length === 0 && next && next.at === cursor?.at)
    throw badResponse(node.origin, 'has more rows of one moment than can be read.')
  const items = await withHeights(node, rows, signal)
  return { items, ...(next ? { next: writeGridCursor(next) } : {}) }
}

function readAnswer(json: unknown, node: TronNode): GridAnswer {
  const { data, success, error, Error: other, meta } = (json ?? {}) as Record<string, unknown>
  const { fingerprint } = (meta ?? {}) as { fingerprint?: unknown }
  const said = error ?? other
  const plea = typeof said === 'string' ? pleaIn(said) : undefined
  if (plea) throw rateLimited(node.origin, { ...plea, sent: false })
  if (!Array.isArray(data) || success === false) {
    const shown = node.show(said)
    throw badResponse(node.origin, `gave no history${shown ? `: ${shown}` : ''}.`)
  }
  if (fingerprint === undefined || fingerprint === null || fingerprint === '')
    return { data, fingerprint: undefined }
  if (typeof fingerprint !== 'string' || fingerprint.length > 2_000)
    throw badResponse(node.origin, 'sent history with a wrong fingerprint.')
  return { data, fingerprint }
}

async function withHeights(
  node: TronNode,
  rows: readonly GridRow[],
  signal: AbortSignal,
): Promise<TransferRow[]> {
  const known = new Map(rows.flatMap(({ row, height }) => (height === undefined ? [] : [[row.txid, height]])))
  const missing = [...new Set(rows.map(({ row }) => row.txid))].filter((txid) => !known.has(txid))
  const found = await forEach(missing, signal, (txid, signal) => readHeight(node, txid, signal))
  missing.forEach((txid, i) => void known.set(txid, found[i] as number))
  return rows.map(({ row, height }) => ({ ...row, height: height ?? (known.get(row.txid) as number) }))
}

async function readHeight(node: TronNode, txid: string, signal: AbortSignal): Promise<number> {
  const call = encodeTronCall({ path: 'wallet/gettransactioninfobyid', body: { value: txid } })
  const result = await node.ask(call, signal)
  const { id, blockNumber } = (result.ok ? result.value : {}) as { id?: unknown; blockNumber?: unknown }
  if (id !== undefined && id !== txid)
    throw badResponse(node.origin, 'sent another transaction than was asked for.')
  if (id === undefined || blockNumber === undefined)
    throw networkError(node.origin, `does not tell yet in which block ${txid} is. Try again later.`)
  if (!Number.isSafeInteger(blockNumber) || (blockNumber as number) < 0)
    throw badResponse(node.origin, 'sent a transaction with a wrong blockNumber.')
  return blockNumber as number
}
