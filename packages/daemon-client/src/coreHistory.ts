import {
  type Head,
  orAbort,
  type ScriptEntry,
  type ScriptHistory,
  type ScriptQuery,
  sleep,
} from '@coffer/core'
import { digest } from './bitcoinBytes.ts'
import { type BlockRow, readBlock } from './coreBlocks.ts'
import { openMempool } from './coreMempool.ts'
import { type CoreRpc, resultOf } from './coreRpc.ts'
import { scanBlocks, scanUnspent } from './coreScans.ts'
import { badResponse, networkError } from './transportErrors.ts'

export interface CoreHistory {
  read(rpc: CoreRpc, queries: readonly ScriptQuery[], signal: AbortSignal): Promise<ScriptHistory[]>
  /** The block of a transaction, where a scan found it. */
  blockOf(txid: string): string | undefined
}

export interface CoreHistoryOptions {
  /** For one scan, in milliseconds. */
  readonly scanTimeout: number
  readonly mempoolLimit: number
}

/** What is known of one script, up to the block that was read last. */
interface Known {
  rows: { readonly txid: string; readonly height: number; readonly block: string; readonly raw?: string }[]
  /** Outputs that pay it, as `txid:vout`; those of filters with the spent ones. */
  coins: Set<string>
}

/** How often a read starts again when a block comes in between. */
const TRIES = 5
/** How deep a reorganisation is followed. A deeper one begins everything again. */
const DEEPEST = 200

/**
 * Histories by a node without an index of scripts. What was found is kept in memory, so that a later read looks at new
 * blocks only.
 *
 * With block filters every row is found. Without, only what created today's unspent outputs: spent ones are gone, and
 * `fromHeight` says so.
 */
export function openCoreHistory({ scanTimeout, mempoolLimit }: CoreHistoryOptions): CoreHistory {
  const mempool = openMempool(mempoolLimit)
  let known = new Map<string, Known>()
  let anchor: Head | undefined
  let hasFilters = false
  let queue: Promise<unknown> = Promise.resolve()

  /** One at a time: the node scans one at a time, too, and what is known must not be half of two reads. */
  function read(
    rpc: CoreRpc,
    queries: readonly ScriptQuery[],
    signal: AbortSignal,
  ): Promise<ScriptHistory[]> {
    const turn = queue.catch(() => {}).then(() => readNow(rpc, queries, signal))
    queue = turn
    return orAbort(turn, signal)
  }

  async function readNow(
    rpc: CoreRpc,
    queries: readonly ScriptQuery[],
    signal: AbortSignal,
  ): Promise<ScriptHistory[]> {
    const scripts = [...new Set(queries.map(({ script }) => script))]
    if (scripts.length === 0) return []
    const mode = await findFilters(rpc, signal)
    // What unspent outputs told is not all that filters tell.
    if (hasFilters !== (mode !== undefined)) forget()
    hasFilters = mode !== undefined
    for (let tries = 0; tries < TRIES; tries++) {
      const tip = await readTip(rpc, signal)
      if (mode) await followFilters(rpc, scripts, tip, mode.from, signal)
      else if (!(await followUnspent(rpc, scripts, tip, signal))) continue
      await mempool.refresh(rpc, signal)
      // What was mined in between is in neither.
      const now = await rpc.value('getbestblockhash', [], signal)
      if (now !== tip.hash) continue
      const fromHeight = mode ? mode.from : tip.height + 1
      return queries.map((query) => toHistory(query, fromHeight))
    }
    throw networkError(rpc.origin, 'finds blocks faster than they can be read. Try again.')
  }

  function forget(): void {
    known = new Map()
    anchor = undefined
  }

  /** Brings what is known to the tip, and finds all of the scripts that are new. */
  async function followFilters(
    rpc: CoreRpc,
    scripts: readonly string[],
    tip: Head,
    from: number,
    signal: AbortSignal,
  ): Promise<void> {
    await stepBack(rpc, signal)
    const old = [...known.keys()]
    if (anchor && anchor.height < tip.height) await find(rpc, old, [anchor.height + 1, tip], known, signal)
    anchor = tip
    const fresh = new Map<string, Known>()
    for (const script of scripts) if (!known.has(script)) fresh.set(script, { rows: [], coins: new Set() })
    if (fresh.size === 0) return
    await find(rpc, [...fresh.keys()], [from, tip], fresh, signal)
    for (const [script, what] of fresh) known.set(script, what)
  }

  async function find(
    rpc: CoreRpc,
    scripts: readonly string[],
    [from, tip]: readonly [from: number, to: Head],
    into: ReadonlyMap<string, Known>,
    signal: AbortSignal,
  ): Promise<void> {
    if (scripts.length === 0 || from > tip.height) return
    await waitForFilter(rpc, tip.hash, signal)
    const found: { script: string; row: BlockRow; coins: readonly string[] }[] = []
    const wanted = new Set(scripts)
    for (const hash of await scanBlocks(rpc, scripts, [from, tip.height], signal, scanTimeout))
      await readBlock(rpc, hash, wanted, signal, (script, row, coins) => found.push({ script, row, coins }))
    // Only when all of it is there, so that a failure leaves no half of it behind.
    found.sort((a, b) => a.row.height - b.row.height)
    for (const { script, row, coins } of found) {
      const what = into.get(script)
      what?.rows.push(row)
      for (const coin of coins) what?.coins.add(coin)
    }
  }

  /** Forgets blocks that were replaced. */
  async function stepBack(rpc: CoreRpc, signal: AbortSignal): Promise<void> {
    let last = anchor
    for (let steps = 0; last; steps++) {
      const [answer] = await rpc.ask([{ method: 'getblockheader', params: [last.hash] }], signal)
      // -5: another node stands there now, which never saw the block.
      if (answer && !answer.ok && answer.error.code === -5) {
        last = undefined
        break
      }
      const header = resultOf(answer, 'getblockheader', rpc.origin) as Record<string, unknown> | null
      const { confirmations, previousblockhash: hash } = header ?? {}
      if (!Number.isSafeInteger(confirmations))
        throw badResponse(rpc.origin, 'sent a block header that cannot be read.')
      if ((confirmations as number) > 0) break
      last = steps < DEEPEST && typeof hash === 'string' ? { height: last.height - 1, hash } : undefined
    }
    if (last === anchor) return
    anchor = last
    if (!last) known = new Map()
    const { height } = last ?? { height: -1 }
    for (const what of known.values()) {
      const gone = new Set(what.rows.filter((row) => row.height > height).map(({ txid }) => txid))
      what.rows = what.rows.filter((row) => row.height <= height)
      for (const coin of what.coins) if (gone.has(coin.slice(0, 64))) what.coins.delete(coin)
    }
  }

  /** Looks at the unspent outputs of the scripts that were not looked for at this tip; false when the tip moved on. */
  async function followUnspent(
    rpc: CoreRpc,
    scripts: readonly string[],
    tip: Head,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (anchor?.hash !== tip.hash) known = new Map()
    anchor = tip
    const missing = scripts.filter((script) => !known.has(script))
    if (missing.length === 0) return true
    const { tip: seen, coins } = await scanUnspent(rpc, missing, signal, scanTimeout)
    if (seen !== tip.hash) return false
    const hashes = await blockHashes(rpc, [...new Set(coins.map(({ height }) => height))], signal)
    const fresh = new Map<string, Known>(missing.map((script) => [script, { rows: [], coins: new Set() }]))
    for (const { txid, vout, height, script } of coins.slice().sort((a, b) => a.height - b.height)) {
      const what = fresh.get(script)
      if (!what) throw badResponse(rpc.origin, 'sent an unspent output of another script.')
      if (what.rows.every((row) => row.txid !== txid))
        what.rows.push({ txid, height, block: hashes.get(height) ?? '' })
      what.coins.add(`${txid}:${vout}`)
    }
    for (const [script, what] of fresh) known.set(script, what)
    return true
  }

  function toHistory({ script, status: before }: ScriptQuery, fromHeight: number): ScriptHistory {
    const { rows, coins } = known.get(script) ?? { rows: [], coins: [] }
    const mined = new Set(rows.map(({ txid }) => txid))
    const waiting = mempool.touching(script, coins).filter((txid) => !mined.has(txid))
    const status = digest(
      [...rows.map(({ txid, block }) => `${txid}:${block}`), ...waiting.slice().sort()].join(),
    )
    const from = fromHeight > 0 ? { fromHeight } : {}
    if (status === before) return { status, ...from }
    const entries: ScriptEntry[] = rows.map(({ txid, height, raw }) => ({
      txid,
      height,
      ...(raw ? { raw } : {}),
    }))
    return { status, entries: [...entries, ...waiting.map((txid) => ({ txid, height: 0 }))], ...from }
  }

  return {
    read,
    blockOf(txid) {
      for (const { rows } of known.values()) {
        const row = rows.find((row) => row.txid === txid)
        if (row) return row.block
      }
      return undefined
    },
  }
}

/** The newest block. */
export async function readTip(rpc: CoreRpc, signal: AbortSignal): Promise<Head> {
  const info = (await rpc.value('getblockchaininfo', [], signal)) as Record<string, unknown> | null
  const { blocks: height, bestblockhash: hash } = info ?? {}
  if (
    !Number.isSafeInteger(height) ||
    (height as number) < 0 ||
    typeof hash !== 'string' ||
    !/^[0-9a-f]{64}$/.test(hash)
  )
    throw badResponse(rpc.origin, 'does not tell its latest block.')
  return { height: height as number, hash }
}

/** From which height on the node can tell of blocks by its filters; `undefined` when it has none, or not yet. */
async function findFilters(rpc: CoreRpc, signal: AbortSignal): Promise<{ from: number } | undefined> {
  const name = 'basic block filter index'
  const [indexes, info] = await rpc.ask(
    [
      { method: 'getindexinfo', params: [name] },
      { method: 'getblockchaininfo', params: [] },
    ],
    signal,
  )
  // Nodes before 0.21 know neither this call nor how to scan by filters.
  if (!indexes?.ok) return undefined
  const index = (indexes.value as Record<string, { synced?: unknown } | undefined> | null)?.[name]
  if (index?.synced !== true) return undefined
  const { pruned, pruneheight } = (resultOf(info, 'getblockchaininfo', rpc.origin) ?? {}) as Record<
    string,
    unknown
  >
  if (pruned !== true) return { from: 0 }
  if (!Number.isSafeInteger(pruneheight)) throw badResponse(rpc.origin, 'does not tell which blocks it has.')
  return { from: pruneheight as number }
}

/**
 * Returns once the node has the filter of a block, and so of all before it. A scan passes silently over blocks whose
 * filters are not there yet.
 */
async function waitForFilter(rpc: CoreRpc, hash: string, signal: AbortSignal): Promise<void> {
  for (let tries = 0; ; tries++) {
    const [answer] = await rpc.ask([{ method: 'getblockfilter', params: [hash, 'basic'] }], signal)
    if (answer?.ok) return
    if (tries === 20) resultOf(answer, 'getblockfilter', rpc.origin)
    await sleep(25 * (tries + 1), signal)
  }
}

async function blockHashes(
  rpc: CoreRpc,
  heights: readonly number[],
  signal: AbortSignal,
): Promise<Map<number, string>> {
  const results = await rpc.ask(
    heights.map((height) => ({ method: 'getblockhash', params: [height] })),
    signal,
  )
  return new Map(
    heights.map((height, i) => [height, String(resultOf(results[i], 'getblockhash', rpc.origin))]),
  )
}
