import { CofferError } from '@coffer/core'
import { badResponse } from './transportErrors.ts'
import { type GridRow, type RowContext, readGridRow, type TronList, timeOf } from './tronRows.ts'

/*
 * Two lists, paged as one. A page ends at a moment, and the cursor says which rows of that moment were shown: those of the
 * next page are the ones that are not newer and not among them. So a transaction that comes in between shifts nothing, and
 * neither does an indexer that sorts the rows of one block anew. Fingerprints, which stand for the indexer's own order,
 * lead from request to request and stay out of the cursor.
 */

/** Where a page ended. */
export interface GridCursor {
  /** Milliseconds; nothing newer is shown. */
  readonly at: number
  /** For each list the keys of the rows of that moment that were shown; `ended` when it has no more. */
  readonly shown: Readonly<Record<TronList, readonly string[] | 'ended'>>
}

/** One answer of the indexer. */
export interface GridAnswer {
  readonly data: readonly unknown[]
  readonly fingerprint: string | undefined
}

/** What one list has to offer from the cursor on, newest first. */
export interface GridStream {
  readonly rows: readonly GridRow[]
  /** Every row that is newer is among `rows`; below every time when the list has ended. */
  readonly low: number
}

/** Requests for one page of one list, when most of its rows are not shown. */
const MOST_REQUESTS = 10
const ENDED: GridStream = { rows: [], low: Number.NEGATIVE_INFINITY }

/**
 * Reads on until `limit` rows were found, or enough was asked.
 *
 * @param ask gets the rows that follow the fingerprint.
 */
export async function readStream(
  ask: (fingerprint: string | undefined) => Promise<GridAnswer>,
  cursor: GridCursor | undefined,
  limit: number,
  about: RowContext,
): Promise<GridStream> {
  const { list, origin } = about
  const shown = cursor?.shown[list] ?? []
  if (shown === 'ended') return ENDED
  const skip = [...shown]
  const rows: GridRow[] = []
  let low = Number.POSITIVE_INFINITY
  let fingerprint: string | undefined
  for (let asked = 0; asked < MOST_REQUESTS && rows.length < limit; asked++) {
    const answer = await ask(fingerprint)
    for (const json of answer.data) {
      const at = timeOf(json, origin)
      if (at > low) throw badResponse(origin, 'sent history that is not newest first.')
      low = at
      if (cursor && at > cursor.at) continue
      const row = readGridRow(json, about)
      if (!row) continue
      const seen = cursor && at === cursor.at ? skip.indexOf(row.key) : -1
      if (seen < 0) rows.push(row)
      else skip.splice(seen, 1)
    }
    if (answer.data.length === 0 || answer.fingerprint === undefined) return { ...ENDED, rows }
    if (answer.fingerprint === fingerprint)
      throw badResponse(origin, 'sends the same page of history again and again.')
    fingerprint = answer.fingerprint
  }
  return { rows, low }
}

/** The newest `limit` rows of both lists, as far as both were read, and where that ends. */
export function mergeStreams(
  streams: Readonly<Record<TronList, GridStream>>,
  cursor: GridCursor | undefined,
  limit: number,
): { readonly rows: readonly GridRow[]; readonly next: GridCursor | undefined } {
  const { coins, tokens } = streams
  const low = Math.max(coins.low, tokens.low)
  const ready = [...coins.rows, ...tokens.rows].filter(({ at }) => at >= low).sort((a, b) => b.at - a.at)
  const rows = ready.slice(0, limit)
  const at = rows.length < ready.length ? rows.at(-1)?.at : low
  if (at === undefined || at === Number.NEGATIVE_INFINITY) return { rows, next: undefined }
  const shownOf = (list: TronList): readonly string[] | 'ended' => {
    const stream = streams[list]
    const given = rows.filter((row) => row.list === list)
    if (stream.low === Number.NEGATIVE_INFINITY && given.length === stream.rows.length) return 'ended'
    const before = cursor?.at === at ? cursor.shown[list] : []
    const now = given.filter((row) => row.at === at).map(({ key }) => key)
    return before === 'ended' ? before : [...before, ...now]
  }
  return { rows, next: { at, shown: { coins: shownOf('coins'), tokens: shownOf('tokens') } } }
}

const CURSOR = /^([0-9]{1,13})\.(-|(?:[0-9a-f]{16}){0,5000})\.(-|(?:[0-9a-f]{16}){0,5000})$/

/** Throws `INVALID_REQUEST` for a text that {@link writeGridCursor} did not make. */
export function readGridCursor(text: string | undefined): GridCursor | undefined {
  if (text === undefined) return undefined
  const match = typeof text === 'string' ? CURSOR.exec(text) : null
  if (!match)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'This cursor of account history is not one of ours.',
    })
  const [, at, coins = '', tokens = ''] = match
  const keys = (part: string): readonly string[] | 'ended' =>
    part === '-' ? 'ended' : (part.match(/.{16}/g) ?? [])
  return { at: Number(at), shown: { coins: keys(coins), tokens: keys(tokens) } }
}

export function writeGridCursor({ at, shown }: GridCursor): string {
  const part = (keys: readonly string[] | 'ended'): string => (keys === 'ended' ? '-' : keys.join(''))
  return `${at}.${part(shown.coins)}.${part(shown.tokens)}`
}
