import {
  CofferError,
  type HistoryItem,
  type HistoryOptions,
  type HistoryPage,
  type UtxoSource,
} from '@coffer/core'
import { formatAddress } from './address.ts'
import type { BitcoinNetwork } from './networks.ts'
import { readHeader } from './proven.ts'
import { nullDataOf } from './script.ts'
import type { AccountState, KnownTx } from './state.ts'
import { feeOfKnown, isOwn, ownOutput } from './view.ts'

/**
 * A page of what went in and out, newest first, from what the last sync knows: one row for each output that pays somebody else, or, where
 * others paid, for each that pays the account. Asks the source only for the times of blocks that it has not seen.
 */
export async function history(
  network: BitcoinNetwork,
  source: UtxoSource,
  state: AccountState,
  { cursor, limit = 25, signal }: HistoryOptions,
): Promise<{ readonly page: HistoryPage; readonly times: ReadonlyMap<number, number> }> {
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000)
    throw new CofferError({ code: 'INVALID_REQUEST', message: 'A page of history has 1 to 1000 rows.' })
  const all = ordered(state)
  const from = cursor === undefined ? 0 : placeAfter(all, cursor)
  const shown: { txid: string; known: KnownTx; rows: readonly HistoryItem[] }[] = []
  let count = 0
  let at = from
  for (; at < all.length && (count === 0 || count < limit); at++) {
    const [txid, known] = all[at]!
    const rows = rowsOf(network, state, txid, known)
    count += rows.length
    shown.push({ txid, known, rows })
  }
  const heights = [...new Set(shown.map(({ known }) => known.height))].filter(
    (height) => height > 0 && !state.times.has(height),
  )
  const headers = heights.length ? await source.headers(heights, { signal }) : []
  const times = new Map(state.times)
  heights.forEach((height, i) => {
    const header = headers[i]
    if (header) times.set(height, timeOf(header))
  })
  const last = shown.at(-1)
  return {
    times,
    page: {
      items: shown.flatMap(({ known, rows }) =>
        rows.map((row) => {
          const time = known.height > 0 ? times.get(known.height) : undefined
          return time === undefined ? row : { ...row, time }
        }),
      ),
      ...(at < all.length && last ? { next: `${last.known.height}.${last.txid}` } : {}),
      coverage: { fromHeight: coverageOf(state), coin: true, tokens: false },
    },
  }
}

/** Waiting ones first, then by height downwards; within a block a child comes before its parent. */
function ordered(state: AccountState): readonly (readonly [string, KnownTx])[] {
  const listed = new Set(
    [...state.scripts.values()].flatMap(({ entries }) => entries.map(({ txid }) => txid)),
  )
  const all = [...state.txs].filter(([txid]) => listed.has(txid))
  const depths = new Map<string, number>()
  const depth = (txid: string): number => {
    const found = depths.get(txid)
    if (found !== undefined) return found
    depths.set(txid, 0)
    const known = state.txs.get(txid)!
    const parents = known.tx.inputs.filter((input) => state.txs.get(input.txid)?.height === known.height)
    const own = parents.length === 0 ? 0 : 1 + Math.max(...parents.map((input) => depth(input.txid)))
    depths.set(txid, own)
    return own
  }
  const rank = ({ height }: KnownTx): number => (height === 0 ? Number.POSITIVE_INFINITY : height)
  const compare = (a: readonly [string, KnownTx], b: readonly [string, KnownTx]): number => {
    if (a[1].height !== b[1].height) return rank(b[1]) - rank(a[1])
    return depth(b[0]) - depth(a[0]) || (a[0] < b[0] ? -1 : 1)
  }
  return all.sort(compare)
}

/** Where to go on: after the transaction of the cursor, or, when it is gone, below its height. */
function placeAfter(all: readonly (readonly [string, KnownTx])[], cursor: string): number {
  const match = /^([0-9]{1,9})\.([0-9a-f]{64})$/.exec(cursor)
  if (!match)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'This cursor of account history is not one of ours.',
    })
  const height = Number(match[1])
  const at = all.findIndex(([txid, known]) => txid === match[2] && known.height === height)
  if (at >= 0) return at + 1
  // It was mined or went away meanwhile: on with what is left of its height, and what is below.
  const rest = all.findIndex(([txid, known]) => known.height === height && txid > match[2]!)
  if (rest >= 0) return rest
  const below = all.findIndex(([, known]) => known.height > 0 && (height === 0 || known.height < height))
  return below < 0 ? all.length : below
}

function rowsOf(
  network: BitcoinNetwork,
  state: AccountState,
  txid: string,
  known: KnownTx,
): readonly HistoryItem[] {
  const { tx, height } = known
  const common = {
    txid,
    asset: network.coin,
    state: height === 0 ? ('pending' as const) : ('confirmed' as const),
    ...(height === 0 ? {} : { height }),
  }
  const spends = tx.inputs.flatMap((input) => ownOutput(state, input.txid, input.vout) ?? [])
  const addressOf = (script: Uint8Array): string | null => formatAddress(script, network) ?? null
  const own = isOwn(state, known)
  if (spends.length === 0)
    return tx.outputs.flatMap((output, vout): HistoryItem[] =>
      ownOutput(state, txid, vout)
        ? [{ ...common, direction: 'in', amount: output.amount, from: null, to: addressOf(output.script) }]
        : [],
    )
  const from = addressOf(spends[0]!.script.script)
  const fee = own ? feeOfKnown(state, known) : undefined
  const paid = tx.outputs.filter(
    (output, vout) => !ownOutput(state, txid, vout) && !(nullDataOf(output.script) && output.amount === 0n),
  )
  if (!own) {
    // Paid together with others: only what it came to can be said.
    const net =
      tx.outputs.reduce((sum, _, vout) => sum + (ownOutput(state, txid, vout)?.amount ?? 0n), 0n) -
      spends.reduce((sum, { amount }) => sum + amount, 0n)
    return net >= 0n
      ? [{ ...common, direction: 'in', amount: net, from: null, to: from }]
      : [{ ...common, direction: 'out', amount: -net, from, to: null }]
  }
  if (paid.length === 0) {
    const amount = tx.outputs.reduce((sum, output) => sum + output.amount, 0n)
    const to = addressOf(tx.outputs[0]!.script)
    return [{ ...common, direction: 'self', amount, from, to, ...(fee === undefined ? {} : { fee }) }]
  }
  return paid.map((output, i) => ({
    ...common,
    direction: 'out' as const,
    amount: output.amount,
    from,
    to: addressOf(output.script),
    ...(i === 0 && fee !== undefined ? { fee } : {}),
  }))
}

function coverageOf(state: AccountState): number {
  let from = 0
  for (const { fromHeight } of state.scripts.values()) from = Math.max(from, fromHeight)
  return from
}

/** Bytes 68 to 71 of a header, little-endian: Unix seconds. */
function timeOf(header: string): number {
  const bytes = readHeader(header)
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(68, true)
}
