import type { ScriptEntry, ScriptHistory, ScriptQuery } from '@coffer/core'
import { digest, HASH, hashHex } from './bitcoinBytes.ts'
import { type EsploraRow, rawOf, readRow } from './esploraRows.ts'
import { forEach } from './gate.ts'
import type { Rest } from './rest.ts'
import { badResponse, networkError, statusError } from './transportErrors.ts'

/** Mined rows of a full page. */
const PAGE = 25
/** Waiting rows that a server shows of one script at most; some servers count mined rows of the first page in. */
const FIRST_PAGE = 50
/** How often a read starts again when blocks are replaced under it. */
const TRIES = 3
/** Rows of one script that are borne. */
const MOST_ROWS = 50_000

/**
 * The history of one script. Its status is a digest over the newest rows with the hashes of their blocks: those commit
 * to all older blocks, so that nothing can change below without changing them. When it is the one of the query, no
 * further page is read.
 *
 * Servers page in two ways. Esplora shows at most 50 waiting rows and then 25 mined ones; mempool.space shares one page
 * of 50 among both, and its releases of 2024 write the waiting ones twice. Both go on at `/txs/chain/` with the last
 * mined row, so the two are told apart nowhere: rows are read until no page could hide one.
 */
export async function readHistory(
  rest: Rest,
  { script, status: known }: ScriptQuery,
  signal: AbortSignal,
): Promise<ScriptHistory> {
  const path = `/scripthash/${hashHex(script)}`
  for (let tries = 0; tries < TRIES; tries++) {
    const rows = newRows(rest.origin)
    const first = await readPage(rest, `${path}/txs`, signal)
    rows.add(first)
    // Doubled rows count as well: they took the place of others.
    const mayHideMined = first.length >= FIRST_PAGE || rows.mined.length >= PAGE
    if (rows.waiting().length >= FIRST_PAGE) await readWaiting(rest, path, rows, signal)
    if (mayHideMined && rows.mined.length === 0) rows.add(await readPage(rest, `${path}/txs/chain`, signal))
    const status = statusOf(rows)
    if (status === known) return { status }
    if (mayHideMined && !(await readMined(rest, path, rows, signal))) continue
    return { status, entries: toEntries(rows, rest.origin) }
  }
  throw networkError(rest.origin, 'replaced blocks while they were read. Try again.')
}

/** Rows as they come in: each once, mined ones newest first. */
interface Rows {
  readonly mined: EsploraRow[]
  waiting(): EsploraRow[]
  /** Takes a page; false when it does not fit to the pages before. */
  add(page: readonly EsploraRow[]): boolean
}

function newRows(origin: string): Rows {
  const byId = new Map<string, EsploraRow>()
  const mined: EsploraRow[] = []
  return {
    mined,
    waiting: () => [...byId.values()].filter(({ height }) => height === 0),
    add(page) {
      for (const row of page) {
        const before = byId.get(row.txid)
        // One that was mined while we read is shown as waiting before, and as mined after; by some, on one page.
        if (row.height === 0) {
          if (!before) byId.set(row.txid, row)
          continue
        }
        if (before && before.height !== 0) {
          if (before.block === row.block) continue
          return false
        }
        const last = mined.at(-1)
        if (last && row.height > last.height) return false
        byId.set(row.txid, row)
        mined.push(row)
      }
      if (byId.size > MOST_ROWS)
        throw badResponse(
          origin,
          `shows more than ${MOST_ROWS} transactions of a script, which are not read.`,
        )
      return true
    },
  }
}

async function readPage(rest: Rest, path: string, signal: AbortSignal): Promise<EsploraRow[]> {
  const list = await rest.json(path, signal)
  if (!Array.isArray(list)) throw badResponse(rest.origin, 'sent no list of transactions.')
  const page = list.map((item) => readRow(item, rest.origin))
  const mined = page.filter(({ height }) => height !== 0)
  if (mined.some(({ height }, i) => height > (mined[i - 1]?.height ?? height)))
    throw badResponse(rest.origin, 'sent history that is not newest first.')
  return page
}

/** Reads the older pages; false when blocks were replaced meanwhile, so that pages do not fit together. */
async function readMined(rest: Rest, path: string, rows: Rows, signal: AbortSignal): Promise<boolean> {
  const { mined } = rows
  const [newest] = mined
  if (!newest) return true
  for (;;) {
    const last = mined.at(-1)
    // Until an empty page, since a server may have shorter pages than others.
    const page = await readPage(rest, `${path}/txs/chain/${last?.txid}`, signal)
    if (page.length === 0) break
    const before = mined.length
    if (!rows.add(page)) return false
    if (mined.length === before)
      throw badResponse(rest.origin, 'sends the same page of history again and again.')
  }
  // A row that is no longer mined has no rows after it, so an empty page is the end only while the blocks still stand.
  const { status, text } = await rest.get(`/block/${newest.block}/status`, signal)
  if (status === 404) return false
  if (status !== 200) throw statusError(rest.origin, status)
  const { in_best_chain: stands } = (rest.parse(text) ?? {}) as { in_best_chain?: unknown }
  if (typeof stands !== 'boolean')
    throw badResponse(rest.origin, 'does not tell whether a block still stands.')
  return stands
}

/**
 * The waiting rows beyond the 50 that are shown. mempool.space pages them; of other servers the unspent outputs tell, and
 * their own count says whether that was all. Throws `BAD_RESPONSE` when it was not: a wallet must not miss a row silently.
 */
async function readWaiting(rest: Rest, path: string, rows: Rows, signal: AbortSignal): Promise<void> {
  const { origin } = rest
  for (let before = -1, all = rows.waiting(); all.length > before; ) {
    before = all.length
    rows.add(await readPage(rest, `${path}/txs?after_txid=${all.at(-1)?.txid}`, signal))
    all = rows.waiting()
  }
  if (rows.waiting().length >= (await countWaiting(rest, path, signal))) return
  const known = new Set(rows.waiting().map(({ txid }) => txid))
  const coins = await rest.json(`${path}/utxo`, signal)
  if (!Array.isArray(coins)) throw badResponse(origin, 'sent no list of unspent outputs.')
  const missing = new Set<string>()
  for (const coin of coins as readonly { txid?: unknown; status?: { confirmed?: unknown } | null }[])
    if (coin?.status?.confirmed === false && typeof coin.txid === 'string' && !known.has(coin.txid))
      missing.add(coin.txid)
  await forEach([...missing], signal, async (txid, signal) => {
    if (!HASH.test(txid)) throw badResponse(origin, 'sent an unspent output without an id.')
    const { status, text } = await rest.get(`/tx/${txid}`, signal)
    if (status !== 200 && status !== 404) throw statusError(origin, status)
    const row = status === 200 ? readRow(rest.parse(text), origin) : undefined
    if (row?.height === 0) rows.add([row])
  })
  const count = await countWaiting(rest, path, signal)
  const found = rows.waiting().length
  if (found < count)
    throw badResponse(
      origin,
      `shows ${found} of ${count} waiting transactions of a script. Use another server.`,
    )
}

async function countWaiting(rest: Rest, path: string, signal: AbortSignal): Promise<number> {
  const { mempool_stats: stats } = ((await rest.json(path, signal)) ?? {}) as { mempool_stats?: unknown }
  const { tx_count: count } = (stats ?? {}) as { tx_count?: unknown }
  if (!Number.isSafeInteger(count))
    throw badResponse(rest.origin, 'does not count the transactions of a script.')
  return count as number
}

function statusOf(rows: Rows): string {
  const waiting = rows
    .waiting()
    .map(({ txid }) => txid)
    .sort()
  return digest([...rows.mined.map(({ txid, block }) => `${txid}:${block}`), ...waiting].join())
}

function toEntries(rows: Rows, origin: string): ScriptEntry[] {
  return [...rows.mined.slice().reverse(), ...rows.waiting()].map((row) => ({
    txid: row.txid,
    height: row.height,
    raw: rawOf(row, origin),
  }))
}
