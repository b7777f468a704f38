import {
  type ChainId,
  CofferError,
  type EvmSource,
  parseChainId,
  type TransferPage,
  type TransferRow,
  withTimeout,
} from '@coffer/core'
import { type Endpoint, parseEndpoint } from './endpoint.ts'
import { httpText } from './httpText.ts'
import { readJson } from './readJson.ts'
import { cleanText } from './text.ts'
import { badResponse, networkError, rateLimited, statusError } from './transportErrors.ts'

/** Makes the `transfers` of one chain. */
export type HistoryFactory = (chain: ChainId) => NonNullable<EvmSource['transfers']>

export interface EtherscanOptions {
  /** `https://api.etherscan.io/v2/api`, `https://eth.blockscout.com/api` and their like. */
  readonly url: string
  /** Travels in the query, where this API wants it, and in no error. */
  readonly apiKey?: string | undefined
  /** For one page, in milliseconds; 15,000 when not given. */
  readonly timeout?: number | undefined
  /** The longest answer that is read, in bytes; 10,000,000 when not given. */
  readonly maxResponseBytes?: number | undefined
  readonly fetch?: typeof fetch | undefined
}

/**
 * Account history from an indexer with Etherscan's account API (`txlist` and `tokentx`): transactions that name the
 * account as sender or recipient, and ERC-20 transfers, merged newest first. Not in it: coin that contracts move
 * (internal transactions) and NFTs.
 *
 * An indexer is not the node: nothing proves what it tells, or of which chain. Use it to show, never to decide.
 *
 * Throws `RATE_LIMITED`, `NETWORK`, `TIMEOUT`, `BAD_RESPONSE`, and `INVALID_REQUEST` for a cursor that it did not make.
 *
 * @example
 * jsonRpc(url, { history: etherscan({ url: 'https://api.etherscan.io/v2/api', apiKey }) })
 * @see https://docs.etherscan.io/api-reference/endpoint/txlist
 */
export function etherscan(options: EtherscanOptions): HistoryFactory {
  const endpoint = parseEndpoint(options.url, 'http')
  const { timeout = 15_000 } = options
  return (chain) => {
    const { reference } = parseChainId(chain)
    return async (query, { signal } = {}) => {
      const address = query.address.toLowerCase()
      if (!ADDRESS.test(address) || !Number.isSafeInteger(query.limit) || query.limit < 1)
        throw new CofferError({
          code: 'INVALID_REQUEST',
          message: 'Account history needs a hexadecimal address and a limit above zero.',
        })
      const limit = Math.min(query.limit, MOST)
      const cursor = readCursor(query.cursor)
      return withTimeout(
        timeout,
        signal,
        async (signal) => {
          const read = async (action: Action, seen: number | 'done'): Promise<Stream> => {
            if (seen === 'done') return { rows: [], seen: 0, done: true }
            const asked = limit + seen
            const search = [
              `chainid=${reference}&module=account&action=${action}&address=${address}`,
              ...(cursor.height === undefined ? [] : [`startblock=0&endblock=${cursor.height}`]),
              `page=1&offset=${asked}&sort=desc`,
              ...(options.apiKey === undefined ? [] : [`apikey=${encodeURIComponent(options.apiKey)}`]),
            ].join('&')
            const list = await readList(endpoint, search, options, signal)
            const rows = list.map((row) =>
              readRow(row, { action, chain, address, coin: query.coin, origin: endpoint.origin }),
            )
            checkOrder(rows, cursor.height, endpoint.origin)
            return { rows: rows.slice(seen), seen, done: list.length < asked }
          }
          const [coins, tokens] = await Promise.all([
            read('txlist', cursor.coins),
            read('tokentx', cursor.tokens),
          ])
          return toPage(coins, tokens, limit, cursor.height)
        },
        `${endpoint.origin} gave no answer within ${timeout} ms.`,
      )
    }
  }
}

type Action = 'txlist' | 'tokentx'

interface Row extends TransferRow {
  /** Place of the transaction in its block, for the order of rows only. */
  readonly index: number
}

/** What one list has to offer from the cursor on. */
interface Stream {
  readonly rows: readonly Row[]
  /** Rows of the cursor's block that earlier pages showed. */
  readonly seen: number
  /** True when the indexer has no more than `rows`. */
  readonly done: boolean
}

/** Rows per request: what the free tiers allow. */
const MOST = 1_000
const ADDRESS = /^0x[0-9a-f]{40}$/
const HASH = /^0x[0-9a-f]{64}$/
const DIGITS = /^(?:0|[1-9][0-9]{0,77})$/

/**
 * Where a page ended: a block, and how many of its rows were shown of each list (`-` when a list is at its end). Blocks
 * rather than page numbers, so that a transaction that comes in between shifts nothing, and no list ends at its
 * ten-thousandth row.
 */
interface Cursor {
  readonly height?: number
  readonly coins: number | 'done'
  readonly tokens: number | 'done'
}

function readCursor(text: string | undefined): Cursor {
  if (text === undefined) return { coins: 0, tokens: 0 }
  const match = /^([0-9]{1,15})\.([0-9]{1,4}|-)\.([0-9]{1,4}|-)$/.exec(text)
  if (!match)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'This cursor of account history is not one of ours.',
    })
  const seen = (part: string | undefined): number | 'done' => (part === '-' ? 'done' : Number(part))
  return { height: Number(match[1]), coins: seen(match[2]), tokens: seen(match[3]) }
}

function toPage(coins: Stream, tokens: Stream, limit: number, from: number | undefined): TransferPage {
  const items: TransferRow[] = []
  let coin = 0
  let token = 0
  let height = from
  while (items.length < limit) {
    const a = coins.rows[coin]
    const b = tokens.rows[token]
    if (!a && !b) break
    const coinFirst = a && (!b || a.height > b.height || (a.height === b.height && a.index >= b.index))
    const { index: _, ...row } = (coinFirst ? a : b) as Row
    items.push(row)
    height = row.height
    if (coinFirst) coin++
    else token++
  }
  const rest = (stream: Stream, taken: number): number | '-' => {
    if (stream.done && taken === stream.rows.length) return '-'
    const shown = stream.rows.slice(0, taken).filter((row) => row.height === height).length
    return shown + (height === from ? stream.seen : 0)
  }
  const next = [rest(coins, coin), rest(tokens, token)]
  return next.every((part) => part === '-') ? { items } : { items, next: `${height}.${next.join('.')}` }
}

async function readList(
  endpoint: Endpoint,
  search: string,
  options: EtherscanOptions,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const { origin } = endpoint
  const { maxResponseBytes: maxBytes = 10_000_000, fetch } = options
  const query = `${endpoint.url.includes('?') ? '&' : '?'}${search}`
  const { status, text } = await httpText({ endpoint, query, maxBytes, signal, fetch })
  if (status < 200 || status >= 300) throw statusError(origin, status)
  const json = readJson(text, maxBytes, origin)
  const { message, result } = (json ?? {}) as { message?: unknown; result?: unknown }
  // "No transactions found" comes with status "0" and an empty list; every real error with a text.
  if (Array.isArray(result)) return result
  const said = cleanText([message, result].filter((part) => typeof part === 'string').join(': '))
  if (/rate limit|max calls|too many/i.test(said)) throw rateLimited(origin)
  if (result === null && /^No .* found/i.test(said)) return []
  if (/api.?key/i.test(said))
    throw networkError(origin, 'does not accept the API key. Check it.', {
      retryable: false,
      reason: 'api-key',
    })
  const shown = options.apiKey ? said.replaceAll(options.apiKey, '…') : said
  throw badResponse(origin, `gave no history${shown ? `: ${shown}` : '.'}`)
}

function readRow(
  json: unknown,
  about: { action: Action; chain: ChainId; address: string; coin: TransferRow['asset']; origin: string },
): Row {
  const { action, chain, address, coin, origin } = about
  const row = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>
  const wrong = (field: string): CofferError =>
    badResponse(origin, `sent a row of history with a wrong ${field}.`)
  const digits = (field: string): bigint => {
    const value = row[field]
    if (typeof value !== 'string' || !DIGITS.test(value)) throw wrong(field)
    return BigInt(value)
  }
  const count = (field: string): number => {
    const value = Number(digits(field))
    if (!Number.isSafeInteger(value)) throw wrong(field)
    return value
  }
  const hex = (field: string, shape: RegExp): string => {
    const value = typeof row[field] === 'string' ? (row[field] as string).toLowerCase() : ''
    if (!shape.test(value)) throw wrong(field)
    return value
  }
  const from = hex('from', ADDRESS)
  // A deployment has no recipient.
  const to = row.to === '' || row.to === null ? null : hex('to', ADDRESS)
  const contract =
    row.contractAddress === '' || row.contractAddress == null ? undefined : hex('contractAddress', ADDRESS)
  const isAbout =
    from === address || to === address || (action === 'txlist' && to === null && contract === address)
  if (!isAbout) throw badResponse(origin, 'sent history of another account.')
  const common = {
    txid: hex('hash', HASH),
    height: count('blockNumber'),
    time: count('timeStamp'),
    index: count('transactionIndex'),
    from,
    to,
    amount: digits('value'),
  }
  if (action === 'tokentx') {
    if (contract === undefined) throw wrong('contractAddress')
    return { ...common, asset: `${chain}/erc20:${contract}` }
  }
  const failed = row.isError === '1' || row.txreceipt_status === '0'
  const fee = row.gasPrice === '' || row.gasPrice == null ? undefined : digits('gasUsed') * digits('gasPrice')
  return { ...common, asset: coin, ...(failed ? { failed } : {}), ...(fee === undefined ? {} : { fee }) }
}

function checkOrder(rows: readonly Row[], from: number | undefined, origin: string): void {
  let above = from ?? Number.MAX_SAFE_INTEGER
  for (const { height } of rows) {
    if (height > above) throw badResponse(origin, 'sent history that is not newest first.')
    above = height
  }
}
