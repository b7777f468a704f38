import type { ScriptHistory } from '@coffer/core'
import { digest, HASH, isHex, readTx } from './bitcoinBytes.ts'
import type { Rest } from './rest.ts'
import { badResponse, networkError, statusError } from './transportErrors.ts'

/** One transaction of a Blockbook server. */
export interface BlockbookRow {
  readonly txid: string
  /** 0 while it waits to be mined. */
  readonly height: number
  /** The block that it is in; empty while it waits. */
  readonly block: string
  readonly raw?: string
}

interface Page {
  readonly rows: readonly BlockbookRow[]
  /** Its number, which is that of the last page when a later one was asked for. */
  readonly page: number
  readonly pages: number
  /** Waiting transactions, as the server counts them. */
  readonly waiting: number
}

/** Rows of a page. Servers allow 1,000, which can be longer than the longest answer. */
const PAGE = 200
/** How often a read starts again when blocks are replaced under it. */
const TRIES = 3
/** Rows of one address that are borne. */
const MOST_ROWS = 50_000

/**
 * The history of one address. Its status is a digest over the first page with the hashes of its blocks, which commit to
 * all older blocks. When it is `known`, nothing more is read.
 *
 * The first page has the waiting rows before mined ones, and newer servers cut it to its length then, so that mined rows
 * fall out at its end. Older rows are therefore read from a list without waiting ones: up to a height, which no new block
 * can shift.
 */
export async function readHistory(
  rest: Rest,
  address: string,
  known: string | undefined,
  signal: AbortSignal,
): Promise<ScriptHistory> {
  const { origin } = rest
  const path = `/api/v2/address/${address}?pageSize=${PAGE}&`
  if (known !== undefined) {
    const { rows } = await readPage(rest, `${path}details=txslight&page=1`, signal)
    if (statusOf(rows) === known) return { status: known }
  }
  for (let tries = 0; tries < TRIES; tries++) {
    const first = await readPage(rest, `${path}details=txs&page=1`, signal)
    const waiting = unique(first.rows.filter(({ height }) => height === 0))
    if (waiting.length < first.waiting)
      throw badResponse(
        origin,
        `shows ${waiting.length} of ${first.waiting} waiting transactions of an address.`,
      )
    const newest = first.rows.filter(({ height }) => height !== 0)
    const isWhole = first.rows.length < PAGE && first.pages <= 1
    const mined = isWhole ? newest : await readMined(rest, path, newest[0], signal)
    if (!mined) continue
    checkOrder(mined, origin)
    const ids = new Set(mined.map(({ txid }) => txid))
    const all = [...unique(mined).reverse(), ...waiting.filter(({ txid }) => !ids.has(txid))]
    const status = statusOf(first.rows)
    // It may have changed back meanwhile.
    if (status === known) return { status }
    return {
      status,
      entries: all.map(({ txid, height, raw }) => ({ txid, height, ...(raw === undefined ? {} : { raw }) })),
    }
  }
  throw networkError(origin, 'replaced blocks while they were read. Try again.')
}

/** All mined rows, newest first; `undefined` when blocks were replaced meanwhile. */
async function readMined(
  rest: Rest,
  path: string,
  newest: BlockbookRow | undefined,
  signal: AbortSignal,
): Promise<BlockbookRow[] | undefined> {
  const top = newest?.height ?? (await readHeight(rest, signal))
  const mined: BlockbookRow[] = []
  for (let number = 1; ; number++) {
    const { rows, page } = await readPage(rest, `${path}details=txs&to=${top}&page=${number}`, signal)
    if (page !== number && number > 1) break
    if (rows.some(({ height }) => height === 0))
      throw badResponse(rest.origin, 'sent waiting transactions unasked.')
    mined.push(...rows)
    if (mined.length > MOST_ROWS)
      throw badResponse(
        rest.origin,
        `shows more than ${MOST_ROWS} transactions of an address, which are not read.`,
      )
    if (rows.length < PAGE) break
  }
  const [last] = mined
  if (!last) return newest ? undefined : mined
  return (await blockAt(rest, last.height, signal)) === last.block ? mined : undefined
}

async function readPage(rest: Rest, path: string, signal: AbortSignal): Promise<Page> {
  const json = ((await rest.json(path, signal)) ?? {}) as Record<string, unknown>
  const { page = 1, totalPages: pages = 1, unconfirmedTxs: waiting = 0, transactions = [] } = json
  if (!Number.isSafeInteger(page) || !Number.isSafeInteger(pages) || !Number.isSafeInteger(waiting))
    throw badResponse(rest.origin, 'sent a page of history without its number.')
  // Some servers write null where there are none.
  const list: unknown = transactions ?? []
  if (!Array.isArray(list)) throw badResponse(rest.origin, 'sent no list of transactions.')
  const rows = list.map((item) => readRow(item, rest.origin))
  // -1: the server did not count them.
  return {
    rows,
    page: page as number,
    pages: (pages as number) < 0 ? Number.POSITIVE_INFINITY : (pages as number),
    waiting: waiting as number,
  }
}

/** Reads a transaction; where it brings its bytes along, they must hash to its id. */
export function readRow(json: unknown, origin: string): BlockbookRow {
  const {
    txid,
    blockHeight: height,
    blockHash: block,
    confirmations,
    hex: raw,
  } = (json ?? {}) as Record<string, unknown>
  if (typeof txid !== 'string' || !HASH.test(txid))
    throw badResponse(origin, 'sent a transaction without an id.')
  const bytes = raw === undefined || raw === '' ? {} : { raw: raw as string }
  if (bytes.raw !== undefined && (!isHex(raw) || readTx(raw)?.txid !== txid))
    throw badResponse(origin, `sent the transaction ${txid} with contents that are not those of its id.`)
  if (confirmations === 0 && Number.isSafeInteger(height) && (height as number) <= 0 && !block)
    return { txid, height: 0, block: '', ...bytes }
  const isMined = Number.isSafeInteger(confirmations) && (confirmations as number) > 0
  if (
    !isMined ||
    !Number.isSafeInteger(height) ||
    (height as number) < 1 ||
    typeof block !== 'string' ||
    !HASH.test(block)
  )
    throw badResponse(origin, `sent the transaction ${txid} with a wrong status.`)
  return { txid, height: height as number, block, ...bytes }
}

/** The id of the block at a height; `undefined` above the tip. */
export async function blockAt(rest: Rest, height: number, signal: AbortSignal): Promise<string | undefined> {
  const answer = await rest.get(`/api/v2/block-index/${height}`, signal)
  if (answer.status === 404 && !/^\s*</.test(answer.text)) return undefined
  if (answer.status !== 200) throw statusError(rest.origin, answer.status)
  const { blockHash: hash } = (rest.parse(answer.text) ?? {}) as { blockHash?: unknown }
  if (hash === '') return undefined
  if (typeof hash !== 'string' || !HASH.test(hash))
    throw badResponse(rest.origin, 'sent a block without a hash.')
  return hash
}

/** The height of the newest block that the server has indexed. */
export async function readHeight(rest: Rest, signal: AbortSignal): Promise<number> {
  const json = ((await rest.json('/api/v2', signal)) ?? {}) as { blockbook?: { bestHeight?: unknown } | null }
  const height = json.blockbook?.bestHeight
  if (!Number.isSafeInteger(height) || (height as number) < 0)
    throw badResponse(rest.origin, 'does not tell its latest block.')
  return height as number
}

function unique(rows: readonly BlockbookRow[]): BlockbookRow[] {
  return [...new Map(rows.map((row) => [row.txid, row])).values()]
}

function checkOrder(mined: readonly BlockbookRow[], origin: string): void {
  if (mined.some(({ height }, i) => height > (mined[i - 1]?.height ?? height)))
    throw badResponse(origin, 'sent history that is not newest first.')
}

function statusOf(rows: readonly BlockbookRow[]): string {
  const lines = unique(rows).map(({ txid, height, block }) => (height === 0 ? txid : `${txid}:${block}`))
  return digest(lines.sort().join())
}
