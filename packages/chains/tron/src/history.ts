import {
  type Asset,
  CofferError,
  type HistoryItem,
  type HistoryOptions,
  type HistoryPage,
  type TransferRow,
  type TronSource,
} from '@coffer/core'
import { addressIn, badResponse, hex } from './answers.ts'
import type { Address, TronNetwork } from './intent.ts'

/**
 * Movements of the coin and of known tokens, newest first, from the source's indexer. Tokens that are not among `assets` are
 * left out, and token movements of nothing: anybody can write a row into anybody's history.
 *
 * Coin that contracts move is in the balance, and not in the history. Throws `UNSUPPORTED` for a source without an indexer.
 */
export async function history(
  network: TronNetwork,
  source: TronSource,
  address: Address,
  assets: readonly Asset[],
  { limit = 25, cursor, signal }: HistoryOptions,
): Promise<HistoryPage> {
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw new CofferError({ code: 'INVALID_REQUEST', message: 'A page has 1 to 1,000 rows.' })
  if (!source.transfers)
    throw new CofferError({
      code: 'UNSUPPORTED',
      message: `Nodes of ${network.name} keep no history. Give the source an indexer: tronHttp({ …, history: tronGrid({ url }) }).`,
    })
  const page = await source.transfers({ address, coin: network.coin.id, limit, cursor }, { signal })
  const items = page.items.flatMap((row) => toItem(row, address, assets, network) ?? [])
  // Before the end, the last row tells how far it came; none tells of no block at all.
  const fromHeight = page.next === undefined ? 0 : (page.items.at(-1)?.height ?? Number.MAX_SAFE_INTEGER)
  return {
    items,
    ...(page.next === undefined ? {} : { next: page.next }),
    coverage: { fromHeight, coin: true, tokens: true },
  }
}

function toItem(
  row: TransferRow,
  address: Address,
  assets: readonly Asset[],
  network: TronNetwork,
): HistoryItem | undefined {
  const asset = assets.find(({ id }) => id === row.asset)
  if (!asset || (row.amount === 0n && asset.id !== network.coin.id)) return undefined
  const from = addressIn(row.from)
  const to = row.to === null ? null : addressIn(row.to)
  const { height, time = 0, fee = 0n } = row
  hex(row.txid, 32)
  if ([height, time].some((value) => !Number.isSafeInteger(value) || value < 0))
    throw badResponse('a history')
  if ([row.amount, fee].some((value) => typeof value !== 'bigint' || value < 0n))
    throw badResponse('a history')
  if (from !== address && to !== address)
    throw new CofferError({
      code: 'BAD_RESPONSE',
      message: `The indexer of ${network.name} gave a row of another account.`,
    })
  return {
    txid: row.txid,
    direction: from !== address ? 'in' : to === address ? 'self' : 'out',
    asset,
    amount: row.amount,
    from,
    to,
    state: row.failed ? 'failed' : 'confirmed',
    height: row.height,
    ...(row.time === undefined ? {} : { time: row.time }),
    ...(row.fee === undefined || from !== address ? {} : { fee: row.fee }),
  }
}
