import {
  type Asset,
  CofferError,
  type EvmSource,
  type HistoryItem,
  type HistoryOptions,
  type HistoryPage,
  isCofferError,
  type ReadOptions,
  type TransferRow,
} from '@coffer/core'
import { parseAddress } from './address.ts'
import { hexData, quantity } from './hex.ts'
import type { Address, EvmNetwork } from './intent.ts'
import { ask, type Read, read, take, toQuantity } from './rpc.ts'
import { receipt } from './status.ts'
import { tokenAddress } from './tokens-read.ts'

const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
/** Blocks that one page looks through when there is no indexer, and that one request carries: full ones are large. */
const SCAN = 200
const STEP = 8

/**
 * Movements of the coin and of known tokens, newest first. From the source's indexer where it has one; else by reading
 * the newest blocks and logs, {@link SCAN} blocks a page, and `coverage` says how far that reached. Tokens that are not
 * among `assets` are left out, and movements of nothing: anybody can write a row into anybody's history.
 *
 * Internal transfers are not read: coin that a contract sends is in the balance, and not in the history.
 */
export async function history(
  network: EvmNetwork,
  source: EvmSource,
  address: Address,
  assets: readonly Asset[],
  options: HistoryOptions,
): Promise<HistoryPage> {
  const limit = options.limit ?? 25
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw new CofferError({ code: 'INVALID_REQUEST', message: 'A page has 1 to 1,000 rows.' })
  return source.transfers
    ? indexed(network, source.transfers, address, assets, { ...options, limit })
    : scanned(network, source, address, assets, { ...options, limit })
}

// ---- with an indexer ----

async function indexed(
  network: EvmNetwork,
  transfers: NonNullable<EvmSource['transfers']>,
  address: Address,
  assets: readonly Asset[],
  { limit, cursor, signal }: HistoryOptions & { limit: number },
): Promise<HistoryPage> {
  const page = await transfers({ address, coin: network.coin.id, limit, cursor }, { signal })
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
  network: EvmNetwork,
): HistoryItem | undefined {
  const asset = assets.find(({ id }) => id.toLowerCase() === row.asset.toLowerCase())
  // A transfer of nothing costs its maker nothing and is how addresses get poisoned.
  if (!asset || (row.amount === 0n && asset.id !== network.coin.id)) return undefined
  const from = parseAddress(row.from)
  const to = row.to === null ? null : parseAddress(row.to)
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

// ---- without one: blocks for the coin, logs for tokens ----

async function scanned(
  network: EvmNetwork,
  source: EvmSource,
  address: Address,
  assets: readonly Asset[],
  { limit, cursor, signal }: HistoryOptions & { limit: number },
): Promise<HistoryPage> {
  let top = cursor === undefined ? await newest(source, { signal }) : readCursor(cursor)
  const bottom = Math.max(0, top - SCAN + 1)
  const items: HistoryItem[] = []
  let step = STEP
  while (top >= bottom && items.length < limit) {
    const from = Math.max(bottom, top - step + 1)
    try {
      items.push(...(await scanRange(network, source, address, assets, from, top, { signal })))
      top = from - 1
    } catch (error) {
      if (from === top || !isBadResponse(error)) throw error
      step = (top - from + 1) >> 1
    }
  }
  return {
    items,
    ...(top < 0 ? {} : { next: `block:${top}` }),
    coverage: { fromHeight: top + 1, coin: true, tokens: true },
  }
}

/** What an answer that is too long comes as, from one source or from several. */
function isBadResponse(error: unknown): boolean {
  if (!isCofferError(error, 'SOURCES_FAILED')) return isCofferError(error, 'BAD_RESPONSE')
  const failures = error.details['failures'] as readonly { readonly code: string }[] | undefined
  return failures?.some(({ code }) => code === 'BAD_RESPONSE') ?? false
}

async function newest(source: EvmSource, options: ReadOptions): Promise<number> {
  const [head] = await ask(source, [read('eth_blockNumber', [], quantity)] as const, options)
  return Number(take(head))
}

function readCursor(cursor: string): number {
  const match = /^block:(0|[1-9][0-9]{0,14})$/.exec(cursor)
  if (!match)
    throw new CofferError({ code: 'INVALID_REQUEST', message: 'Go on with the `next` of the page before.' })
  return Number(match[1])
}

interface Found extends TransferRow {
  /** Order within the block. */
  readonly place: number
}

async function scanRange(
  network: EvmNetwork,
  source: EvmSource,
  address: Address,
  assets: readonly Asset[],
  from: number,
  to: number,
  options: ReadOptions,
): Promise<HistoryItem[]> {
  const tokens = assets.flatMap((asset) => tokenAddress(asset.id, network) ?? [])
  const topic = `0x${address.slice(2).toLowerCase().padStart(64, '0')}`
  const range = { fromBlock: toQuantity(BigInt(from)), toBlock: toQuantity(BigInt(to)), address: tokens }
  const heights = Array.from({ length: to - from + 1 }, (_, i) => to - i)
  const logs =
    tokens.length === 0
      ? []
      : [
          read('eth_getLogs', [{ ...range, topics: [TRANSFER, topic] }], transferLogs(network)),
          read('eth_getLogs', [{ ...range, topics: [TRANSFER, null, topic] }], transferLogs(network)),
        ]
  const blocks = heights.map((height) =>
    read('eth_getBlockByNumber', [toQuantity(BigInt(height)), true], (value) =>
      coinMoves(value, address, network),
    ),
  )
  const answers = await ask(
    source,
    [...logs, ...blocks] as Read<{ rows: Found[]; times: Map<number, number> }>[],
    options,
  )
  const taken = answers.map(take)
  const times = new Map(taken.flatMap((answer) => [...answer.times]))
  const rows = new Map(
    taken
      .flatMap((answer) => answer.rows)
      .map((row) => [`${row.txid}:${row.asset}:${row.place}`, row] as const),
  )
  const found = [...rows.values()].sort((a, b) => b.height - a.height || b.place - a.place)
  const receipts = await readReceipts(
    source,
    found.filter((row) => row.asset === network.coin.id),
    options,
  )
  return found.flatMap((row) => {
    const paid = receipts.get(row.txid)
    const time = times.get(row.height)
    return (
      toItem(
        {
          ...row,
          ...(time === undefined ? {} : { time }),
          ...(paid ? { failed: !paid.ok, fee: paid.fee } : {}),
        },
        address,
        assets,
        network,
      ) ?? []
    )
  })
}

async function readReceipts(
  source: EvmSource,
  rows: readonly Found[],
  options: ReadOptions,
): Promise<Map<string, { ok: boolean; fee: bigint }>> {
  if (rows.length === 0) return new Map()
  const answers = await ask(
    source,
    rows.map(({ txid }) => read('eth_getTransactionReceipt', [txid], (value) => receipt(value, txid))),
    options,
  )
  return new Map(
    answers.flatMap((answer, i) => {
      const paid = take(answer)
      return paid ? [[rows[i]!.txid, paid] as const] : []
    }),
  )
}

function coinMoves(
  value: unknown,
  address: Address,
  network: EvmNetwork,
): { rows: Found[]; times: Map<number, number> } {
  const block = value as { number?: unknown; timestamp?: unknown; transactions?: unknown } | null
  if (!Array.isArray(block?.transactions))
    throw new CofferError({
      code: 'BAD_RESPONSE',
      message: 'The node gave a block without its transactions.',
    })
  const height = Number(quantity(block.number))
  const own = address.toLowerCase()
  const rows = (block.transactions as Record<string, unknown>[]).flatMap((tx): Found[] => {
    const from = String(tx['from']).toLowerCase()
    const to = tx['to'] === null || tx['to'] === undefined ? null : String(tx['to']).toLowerCase()
    const amount = quantity(tx['value'])
    if ((from !== own && to !== own) || amount === 0n) return []
    // After every log of its transaction, so that the coin stands above the tokens that it moved.
    const place = Number(quantity(tx['transactionIndex'])) * 1e6 + 999_999
    return [{ txid: hexData(tx['hash'], 32), height, from, to, asset: network.coin.id, amount, place }]
  })
  return { rows, times: new Map([[height, Number(quantity(block.timestamp))]]) }
}

function transferLogs(
  network: EvmNetwork,
): (value: unknown) => { rows: Found[]; times: Map<number, number> } {
  return (value) => {
    if (!Array.isArray(value))
      throw new CofferError({ code: 'BAD_RESPONSE', message: 'The node gave no list of logs.' })
    const rows = (value as Record<string, unknown>[]).flatMap((log): Found[] => {
      const topics = log['topics']
      const data = hexData(log['data'])
      // Three topics and one word: an ERC-20 Transfer. Four topics are an NFT's.
      if (!Array.isArray(topics) || topics.length !== 3 || topics[0] !== TRANSFER || data.length !== 66)
        return []
      const amount = BigInt(data)
      const place =
        Number(quantity(log['transactionIndex'])) * 1e6 + (Number(quantity(log['logIndex'])) % 999_999)
      return [
        {
          txid: hexData(log['transactionHash'], 32),
          height: Number(quantity(log['blockNumber'])),
          from: topicAddress(topics[1]),
          to: topicAddress(topics[2]),
          asset: `${network.id}/erc20:${parseAddress(String(log['address']))}`,
          amount,
          place,
        },
      ]
    })
    return { rows, times: new Map() }
  }
}

function topicAddress(topic: unknown): string {
  const hex = hexData(topic, 32)
  if (!/^0x0{24}[0-9a-f]{40}$/.test(hex))
    throw new CofferError({ code: 'BAD_RESPONSE', message: 'The node gave a transfer without an address.' })
  return `0x${hex.slice(26)}`
}
