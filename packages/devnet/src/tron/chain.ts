import { sha256Hex } from './bytes.ts'
import { type BlockRaw, blockRaw, type Transaction, transaction } from './messages.ts'
import { type Executed, execute, type Surroundings } from './process.ts'
import { encode, make } from './protobuf.ts'
import { Refusal } from './refusal.ts'
import { adoptState, forkState, type Head, SLOT_MS, type State } from './state.ts'
import type { Tvm } from './tvm.ts'

export interface Block extends Head {
  readonly id: string
  readonly raw: BlockRaw
  readonly transactions: readonly Executed[]
  /** All that is known after this block. */
  state: State
}

/** Blocks, what waits for the next one, and the clock. All methods that return promises are to be called one at a time. */
export interface Chain {
  readonly tvm: Tvm
  head(): Block
  /** The newest block that cannot be undone. */
  solid(): Block
  block(number: bigint): Block | undefined
  /** The block that holds a transaction. */
  blockOf(txid: string): Block | undefined
  /** Blocks with transactions, newest first. */
  history(): Iterable<Block>
  pending(): readonly Executed[]
  /** What the chain will look like once all that waits is in: what a node answers from. */
  pendingState(): State
  around(state: State): Surroundings

  /** Takes a transaction, into a block of its own while automine is on. Throws `Refusal`. */
  accept(tx: Transaction): Promise<Executed>
  mine(blocks: number): Promise<void>
  /** Lets a chain that stood still catch up with the clock, as a network that never stops would have. */
  catchUp(): Promise<void>
  setAutomine(on: boolean): Promise<void>
  reorg(depth: number, drop: boolean): Promise<void>
  dropTransaction(txid: string): Promise<boolean>
  advance(seconds: number): void
  setSolidBehind(blocks: number): void
  /** Changes what is known, in every block from the solid one on. */
  change(edit: (state: State, head: Head) => void | Promise<void>): Promise<void>
  snapshot(): string
  revert(id: string): Promise<boolean>
}

export interface ChainOptions {
  readonly tvm: Tvm
  readonly genesisId: string
  readonly state: State
  readonly witnesses: readonly string[]
  /** Whether a transaction that comes in makes a block at once; otherwise blocks are made by `mine` only. */
  readonly minesOnArrival: boolean
}

interface Saved {
  readonly blocks: readonly Block[]
  readonly waiting: readonly Transaction[]
  readonly offset: bigint
  readonly solidBehind: bigint
}

const BLOCK_VERSION = 31
/** References to blocks are two bytes of their number. */
const RECENT = 65_536n
/** A chain that is older than this has missed blocks. */
const STALE_MS = 12_000n

export function createChain(options: ChainOptions): Chain {
  const { tvm, witnesses } = options
  let blocks: Block[] = [genesisBlock(options)]
  let containing = new Map<string, Block>()
  let waiting: Executed[] = []
  let pendingState = forkState(options.state)
  let offset = 0n
  let solidBehind = 2n
  let automine = true
  let branch = 0
  const snapshots = new Map<string, Saved>()

  const head = (): Block => blocks[blocks.length - 1] as Block
  const at = (number: bigint): Block | undefined => blocks[Number(number)]
  const now = (): bigint => BigInt(Date.now()) + offset

  const next = (): Surroundings['next'] => {
    const { number, timestamp } = head()
    const clock = now() - (now() % SLOT_MS)
    const time = clock > timestamp + SLOT_MS ? clock : timestamp + SLOT_MS
    const turn = (Number(time / SLOT_MS) + branch) % witnesses.length
    return { number: number + 1n, timestamp: time, witness: witnesses[turn] as string }
  }

  const around = (state: State, coming: Surroundings['next'] = next()): Surroundings => ({
    state,
    head: head(),
    tvm,
    next: coming,
    recentBlock: (bytes) => recentBlock(bytes)?.id,
    blockHash: (number) => blocks[number]?.id,
    isKnown: (txid) => containing.has(txid) || waiting.some((one) => one.txid === txid),
  })

  const recentBlock = (bytes: string): Block | undefined => {
    if (!/^[0-9a-f]{4}$/.test(bytes)) return undefined
    const { number } = head()
    const candidate = number - (number % RECENT) + BigInt(`0x${bytes}`)
    return at(candidate <= number ? candidate : candidate - RECENT)
  }

  const seal = (coming: Surroundings['next'], transactions: readonly Executed[], state: State): void => {
    const parent = head()
    const raw = make(blockRaw, {
      timestamp: coming.timestamp,
      txTrieRoot: merkleRoot(transactions),
      parentHash: parent.id,
      number: coming.number,
      witness_address: coming.witness,
      version: BLOCK_VERSION,
    })
    const height = coming.number.toString(16).padStart(16, '0')
    const id = height + sha256Hex(encode(blockRaw, raw)).slice(16)
    const block = { number: coming.number, timestamp: coming.timestamp, id, raw, transactions, state }
    blocks.push(block)
    for (const { txid } of transactions) containing.set(txid, block)
  }

  /** Runs what waits once more, on top of the newest block. What no longer fits is gone. */
  const replay = async (txs: readonly Transaction[]): Promise<void> => {
    waiting = []
    pendingState = forkState(head().state)
    for (const tx of txs) await queue(tx).catch(ignoreRefusal)
  }

  const queue = async (tx: Transaction): Promise<Executed> => {
    const state = forkState(pendingState)
    const executed = await execute(around(state), tx)
    pendingState = state
    waiting.push(executed)
    return executed
  }

  const mineOne = async (): Promise<void> => {
    const coming = next()
    if (waiting.length === 0) {
      seal(coming, [], head().state)
    } else {
      const txs = waiting.map(({ tx }) => tx)
      waiting = []
      const state = forkState(head().state)
      const done: Executed[] = []
      for (const tx of txs) {
        const attempt = forkState(state)
        try {
          done.push(await execute(around(attempt, coming), tx))
          adoptState(state, attempt)
        } catch (error) {
          ignoreRefusal(error)
        }
      }
      seal(coming, done, state)
    }
    pendingState = forkState(head().state)
  }

  const chain: Chain = {
    tvm,
    head,
    solid: () => at(head().number > solidBehind ? head().number - solidBehind : 0n) as Block,
    block: at,
    blockOf: (txid) => containing.get(txid),
    *history() {
      for (let i = blocks.length - 1; i >= 0; i--) {
        const block = blocks[i] as Block
        if (block.transactions.length > 0) yield block
      }
    },
    pending: () => waiting,
    pendingState: () => pendingState,
    around,

    async accept(tx) {
      if (!automine || !options.minesOnArrival) return queue(tx)
      if (waiting.length > 0) {
        const executed = await queue(tx)
        await mineOne()
        return executed
      }
      const coming = next()
      const state = forkState(head().state)
      const executed = await execute(around(state, coming), tx)
      seal(coming, [executed], state)
      pendingState = forkState(state)
      return executed
    },
    async mine(count) {
      for (let i = 0; i < count; i++) await mineOne()
    },
    async catchUp() {
      if (automine && options.minesOnArrival && now() - head().timestamp >= STALE_MS) await mineOne()
    },
    async setAutomine(on) {
      automine = on
      if (on && waiting.length > 0) await mineOne()
    },
    async reorg(depth, drop) {
      const undone = blocks.slice(blocks.length - depth)
      const txs = drop ? [] : undone.flatMap(({ transactions }) => transactions.map(({ tx }) => tx))
      const later = waiting.map(({ tx }) => tx)
      blocks = blocks.slice(0, blocks.length - depth)
      for (const { transactions } of undone) for (const { txid } of transactions) containing.delete(txid)
      branch += 1
      for (let i = 0; i <= depth; i++) seal(next(), [], head().state)
      await replay([...txs, ...later])
    },
    async dropTransaction(txid) {
      const rest = waiting.filter((one) => one.txid !== txid)
      if (rest.length === waiting.length) return false
      await replay(rest.map(({ tx }) => tx))
      return true
    },
    advance(seconds) {
      // A chain that was made faster than the clock is ahead of it, and goes on from there.
      const ahead = head().timestamp - now()
      offset += BigInt(seconds) * 1_000n + (ahead > 0n ? ahead : 0n)
    },
    setSolidBehind(count) {
      solidBehind = BigInt(count)
    },
    async change(edit) {
      const edited = new Map<State, State>()
      for (const block of blocks.slice(Number(chain.solid().number))) {
        let state = edited.get(block.state)
        if (!state) {
          state = forkState(block.state)
          await edit(state, head())
          edited.set(block.state, state)
        }
        block.state = state
      }
      await replay(waiting.map(({ tx }) => tx))
    },
    snapshot() {
      const id = `0x${(snapshots.size + 1).toString(16)}`
      const saved = blocks.map((block) => ({ ...block }))
      snapshots.set(id, { blocks: saved, waiting: waiting.map(({ tx }) => tx), offset, solidBehind })
      return id
    },
    async revert(id) {
      const saved = snapshots.get(id)
      if (!saved) return false
      const ids = [...snapshots.keys()]
      for (const later of ids.slice(ids.indexOf(id))) snapshots.delete(later)
      blocks = saved.blocks.map((block) => ({ ...block }))
      offset = saved.offset
      solidBehind = saved.solidBehind
      containing = new Map()
      for (const block of blocks) for (const { txid } of block.transactions) containing.set(txid, block)
      branch += 1
      await replay(saved.waiting)
      return true
    },
  }
  return chain
}

function genesisBlock({ genesisId, state, witnesses }: ChainOptions): Block {
  const raw = make(blockRaw, { txTrieRoot: ''.padEnd(64, '0'), witness_address: witnesses[0] ?? '' })
  return { number: 0n, timestamp: 0n, id: genesisId, raw, transactions: [], state }
}

function merkleRoot(transactions: readonly Executed[]): string {
  let row = transactions.map(({ tx }) => sha256Hex(encode(transaction, tx)))
  while (row.length > 1) {
    const above: string[] = []
    for (let i = 0; i < row.length; i += 2) {
      const [left, right] = [row[i] as string, row[i + 1]]
      above.push(right === undefined ? left : sha256Hex(left, right))
    }
    row = above
  }
  return row[0] ?? ''.padEnd(64, '0')
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof Refusal)) throw error
}
