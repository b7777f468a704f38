import {
  type IndexedBlock,
  type IndexedTx,
  type NodeBlock,
  type NodeTx,
  readBlock,
  readTx,
} from './indexed.ts'
import type { Rpc, RpcCall } from './rpc.ts'

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

  const hashesOf = (from: number, to: number): Promise<string[]> =>
    batched(Array.from({ length: to - from + 1 }, (_, i): RpcCall => ['getblockhash', [from + i]]))

  /** The height of the last block that index and node share, -1 for none, and the hashes of the node above it. */
  const findFork = async (height: number): Promise<{ fork: number; hashes: string[] }> => {
    let low = Math.max(0, Math.min(height, blocks.length - 1))
    let hashes = await hashesOf(low, height)
    for (;;) {
      for (let i = hashes.length - 1; i >= 0; i--) {
        if (blocks[low + i]?.hash === hashes[i]) return { fork: low + i, hashes: hashes.slice(i + 1) }
      }
      if (low === 0) return { fork: -1, hashes }
      const lower = Math.max(0, low - BATCH)
      hashes = [...(await hashesOf(lower, low - 1)), ...hashes]
      low = lower
    }
  }

  const fetchBlocks = async (hashes: readonly string[]): Promise<NodeBlock[]> => {
    const answers = await batched(
      hashes.flatMap((hash): RpcCall[] => [
        ['getblock', [hash, 2]],
        ['getblockheader', [hash, false]],
      ]),
    )
    return hashes.map((_, i) => ({
      ...(answers[2 * i] as Omit<NodeBlock, 'header'>),
      header: answers[2 * i + 1] as string,
    }))
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
    for (const { txid, vout } of tx.inputs) spenders.delete(outpoint(txid, vout))
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
    // Before others are connected, since they may spend the same.
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

  async function gather(state: NodeState): Promise<{ fork: number; added: NodeBlock[]; waiting: NodeTx[] }> {
    const isSameTip = seen?.hash === state.hash
    const { fork, hashes } = isSameTip
      ? { fork: blocks.length - 1, hashes: [] }
      : await findFork(state.height)
    const added = await fetchBlocks(hashes)
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
