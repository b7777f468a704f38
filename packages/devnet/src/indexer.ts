import type { Rpc, RpcCall } from './rpc.ts'
import { type IndexedBlock, type IndexedTx, type NodeBlock, type NodeTx, readBlock, readTx } from './indexed.ts'

/**
 * All blocks and waiting transactions of one bitcoind, by id and by script, in memory. It shows the node as it was at the
 * last `sync`, whole: readers between two `sync`s see one state.
 */
export interface Indexer {
  /** The active chain; the index is the height. */
  readonly blocks: readonly IndexedBlock[]
  readonly mempool: ReadonlyMap<string, IndexedTx>
  tip(): IndexedBlock
  /** A block of the active chain, or one that a reorganization has left behind. */
  block(hash: string): IndexedBlock | undefined
  tx(txid: string): IndexedTx | undefined
  /** The transaction that spends an output. */
  spender(txid: string, vout: number): Spender | undefined
  /** What pays to or spends from the script with this SHA-256, in hexadecimal. */
  history(scriptHash: string): ScriptHistory
  /** Whether one of its inputs is an output that still waits itself. */
  hasWaitingParent(tx: IndexedTx): boolean
  /** Catches up with the node. Not for two callers at once. */
  sync(): Promise<void>
  /** Hears of every `sync` that changed something. Returns the way to stop that. */
  onChange(listener: () => void): () => void
}

export interface Spender {
  readonly tx: IndexedTx
  readonly vin: number
}

export interface ScriptHistory {
  /** Oldest first, in the order of the chain. */
  readonly confirmed: readonly IndexedTx[]
  /** First those without, then those with waiting parents, each by id. */
  readonly waiting: readonly IndexedTx[]
}

interface NodeState {
  readonly hash: string
  readonly height: number
  readonly txids: readonly string[]
  readonly sequence: number
}

/** How many calls go into one request to the node. */
const BATCH = 100
/** How often a look is repeated while the node changes under it. */
const PATIENCE = 20

export function createIndexer(rpc: Rpc): Indexer {
  const blocks: IndexedBlock[] = []
  const byHash = new Map<string, IndexedBlock>()
  const txs = new Map<string, IndexedTx>()
  const mempool = new Map<string, IndexedTx>()
  const spenders = new Map<string, Spender>()
  const byScript = new Map<string, Set<IndexedTx>>()
  const listeners = new Set<() => void>()
  let seen: NodeState | undefined

  const isSame = (a: NodeState | undefined, b: NodeState): boolean =>
    a?.hash === b.hash && a.sequence === b.sequence

  const look = async (): Promise<NodeState> => {
    const [hash, height, pool] = (await rpc.batch([
      ['getbestblockhash'],
      ['getblockcount'],
      ['getrawmempool', [false, true]],
    ])) as [string, number, { txids: string[]; mempool_sequence: number }]
    return { hash, height, txids: pool.txids, sequence: pool.mempool_sequence }
  }

  const batched = async <T>(calls: readonly RpcCall[]): Promise<T[]> => {
    const answers: T[] = []
    for (let at = 0; at < calls.length; at += BATCH) {
      answers.push(...((await rpc.batch(calls.slice(at, at + BATCH))) as T[]))
    }
    return answers
  }

  /** The height of the last block that this index and the node share; -1 for none. */
  const findFork = async (height: number): Promise<number> => {
    for (let top = Math.min(height, blocks.length - 1); top >= 0; top -= BATCH) {
      const heights = Array.from({ length: Math.min(BATCH, top + 1) }, (_, i) => top - i)
      const hashes = await batched<string>(heights.map((at) => ['getblockhash', [at]]))
      const found = heights.find((at, i) => blocks[at]?.hash === hashes[i])
      if (found !== undefined) return found
    }
    return -1
  }

  const fetchBlocks = async (from: number, to: number): Promise<NodeBlock[]> => {
    const found: NodeBlock[] = []
    for (let at = from; at <= to; at += BATCH) {
      const heights = Array.from({ length: Math.min(BATCH, to - at + 1) }, (_, i) => at + i)
      const hashes = await batched<string>(heights.map((height) => ['getblockhash', [height]]))
      const bodies = await batched<Omit<NodeBlock, 'header'>>(hashes.map((hash) => ['getblock', [hash, 2]]))
      const headers = await batched<string>(hashes.map((hash) => ['getblockheader', [hash, false]]))
      found.push(...bodies.map((body, i) => ({ ...body, header: headers[i] as string })))
    }
    return found
  }

  const insert = (node: NodeTx): IndexedTx => {
    const known = txs.get(node.txid)
    if (known) return known
    const tx = readTx(node)
    txs.set(tx.txid, tx)
    return tx
  }

  /** Needs the transactions that it spends to be there. */
  const connect = (tx: IndexedTx): void => {
    for (const [vin, input] of tx.inputs.entries()) {
      if (!input.isCoinbase) spenders.set(outpoint(input.txid, input.vout), { tx, vin })
    }
    if (tx.isLinked) return
    tx.isLinked = true
    for (const input of tx.inputs) {
      const output = txs.get(input.txid)?.outputs[input.vout]
      if (output) input.prevout = output
    }
    for (const scriptHash of scriptHashes(tx)) {
      const known = byScript.get(scriptHash)
      if (known) known.add(tx)
      else byScript.set(scriptHash, new Set([tx]))
    }
  }

  const forget = (tx: IndexedTx): void => {
    txs.delete(tx.txid)
    for (const { txid, vout } of tx.inputs) {
      if (spenders.get(outpoint(txid, vout))?.tx === tx) spenders.delete(outpoint(txid, vout))
    }
    for (const scriptHash of scriptHashes(tx)) {
      const known = byScript.get(scriptHash)
      known?.delete(tx)
      if (known?.size === 0) byScript.delete(scriptHash)
    }
  }

  const apply = (state: NodeState, fork: number, added: readonly NodeBlock[], waiting: readonly NodeTx[]) => {
    const orphans = new Set<IndexedTx>(mempool.values())
    for (const block of blocks.splice(fork + 1)) {
      for (const txid of block.txids) {
        const tx = txs.get(txid) as IndexedTx
        tx.block = undefined
        orphans.add(tx)
      }
    }
    for (const node of added) {
      const block = byHash.get(node.hash) ?? readBlock(node)
      blocks.push(block)
      byHash.set(block.hash, block)
      for (const [position, item] of node.tx.entries()) {
        const tx = insert(item)
        tx.block = block
        tx.position = position
        orphans.delete(tx)
      }
    }
    for (const node of waiting) insert(node)
    mempool.clear()
    for (const txid of state.txids) {
      const tx = txs.get(txid)
      if (!tx || tx.block) continue
      mempool.set(txid, tx)
      orphans.delete(tx)
    }
    for (const tx of orphans) forget(tx)
    for (const block of blocks.slice(fork + 1)) {
      for (const txid of block.txids) connect(txs.get(txid) as IndexedTx)
    }
    for (const tx of mempool.values()) connect(tx)
    seen = state
  }

  const hasWaitingParent = (tx: IndexedTx): boolean => tx.inputs.some(({ txid }) => mempool.has(txid))

  return {
    blocks,
    mempool,
    tip: () => blocks.at(-1) as IndexedBlock,
    block: (hash) => byHash.get(hash),
    tx: (txid) => txs.get(txid),
    spender: (txid, vout) => spenders.get(outpoint(txid, vout)),
    history(scriptHash) {
      const all = [...(byScript.get(scriptHash) ?? [])]
      const confirmed = all.filter(({ block }) => block)
      confirmed.sort((a, b) => (a.block?.height ?? 0) - (b.block?.height ?? 0) || a.position - b.position)
      const waiting = all.filter(({ block }) => !block)
      const rank = (tx: IndexedTx): string => `${hasWaitingParent(tx) ? 1 : 0}${tx.txid}`
      waiting.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
      return { confirmed, waiting }
    },
    hasWaitingParent,
    async sync() {
      let state = await look()
      let changed = false
      for (let tries = 0; !isSame(seen, state); tries++) {
        const found = await gather(state).catch((error) => {
          // What was there a moment ago may be gone, which a new look tells.
          if (tries >= PATIENCE) throw error
        })
        const now = await look()
        if (found && (isSame(state, now) || tries >= PATIENCE)) {
          apply(state, found.fork, found.added, found.waiting)
          changed = true
        }
        state = now
      }
      if (changed) for (const listener of listeners) listener()
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }

  async function gather(
    state: NodeState,
  ): Promise<{ fork: number; added: NodeBlock[]; waiting: NodeTx[] }> {
    const fork = seen?.hash === state.hash ? blocks.length - 1 : await findFork(state.height)
    const added = await fetchBlocks(fork + 1, state.height)
    const unknown = state.txids.filter((txid) => !txs.has(txid))
    const waiting = await batched<NodeTx>(unknown.map((txid) => ['getrawtransaction', [txid, true]]))
    return { fork, added, waiting }
  }
}

function outpoint(txid: string, vout: number): string {
  return `${txid}:${vout}`
}

function scriptHashes(tx: IndexedTx): Set<string> {
  const found = new Set(tx.outputs.map((output) => output.scriptHash))
  for (const { prevout } of tx.inputs) if (prevout) found.add(prevout.scriptHash)
  return found
}
