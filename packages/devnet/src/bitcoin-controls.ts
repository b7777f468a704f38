import { CofferError } from '@coffer/core'
import { type BitcoinBackend, type PackageResult, refusalOf } from './bitcoin-backend.ts'
import type { BitcoinNode, ReorgOptions } from './bitcoin-node.ts'
import { type IndexedTx, toBitcoin } from './indexed.ts'
import type { Indexer } from './indexer.ts'
import type { Rpc, RpcCall } from './rpc.ts'

/** How often the index looks at the node on its own, in milliseconds. */
const POLL = 80
/** Coins of 50 bitcoin that the faucet starts with. They come from blocks too old for any reorganization. */
const COINS = 20
const MATURITY = 100
/** What the faucet pays for its transactions, in satoshi for one virtual byte. */
const FAUCET_RATE = 2
/** As many transactions of the faucet go into one block, well below the longest chain of waiting ones. */
const FAUCET_BATCH = 20
/** After so many blocks bitcoind no longer gives the transactions of undone blocks back to its mempool. */
const FORGETFUL_DEPTH = 10
const FAUCET = 'faucet'
/** bitcoind's code for a wallet that is not loaded. */
const NO_SUCH_WALLET = -18
const MAX_MONEY = 2_100_000_000_000_000n

const defaultRates = { 1: '12.5', 3: '8', 6: '4', 25: '2', 144: '1' }

export interface ControlParts {
  readonly rpc: Rpc
  wallet(name: string): Rpc
  readonly index: Indexer
  readonly blockTime: number | undefined
}

export interface Controls {
  readonly node: Pick<
    BitcoinNode,
    'fund' | 'mine' | 'reorg' | 'setAutomine' | 'dropTransaction' | 'setFeeEstimates' | 'rpc' | 'walletRpc'
  >
  readonly backend: Omit<BitcoinBackend, 'index'>
  close(): void
}

interface Gift {
  readonly to: string
  readonly amount: bigint
  resolve(txid: string): void
  reject(error: unknown): void
}

/** Fills the faucet, then keeps index, blocks and node in step. One thing happens at a time. */
export async function bitcoinControls({ rpc, wallet, index, blockTime }: ControlParts): Promise<Controls> {
  const faucet = wallet(FAUCET)
  let branch = 0
  let automine = true
  let rates = readRates(defaultRates)
  let closed = false
  /** What had its block already or waits on purpose: automine passes it over. */
  let passedOver = new Set<string>()
  const gifts: Gift[] = []

  /** Rewards go to scripts that nobody can spend from, to another one in each branch, so that no two blocks are the same. */
  const nobody = (): string => `raw(0014${branch.toString(16).padStart(40, '0')})`

  let queue: Promise<unknown> = Promise.resolve()
  const exclusive = <T>(work: () => Promise<T>): Promise<T> => {
    const done = queue.then(work)
    queue = done.catch(() => {})
    return done
  }

  const generate = async (blocks: number, to?: string): Promise<void> => {
    await (to === undefined
      ? rpc.call('generatetodescriptor', [blocks, nobody()])
      : rpc.call('generatetoaddress', [blocks, to]))
  }

  const emptyBlocks = (blocks: number): Promise<unknown[]> =>
    rpc.batch(Array.from({ length: blocks }, (): RpcCall => ['generateblock', [nobody(), []]]))

  /** Brings the index up to date, and mines what has newly come where that is due. */
  const settle = async (): Promise<void> => {
    await index.sync()
    const isDue = automine && blockTime === undefined
    if (isDue && [...index.mempool.keys()].some((txid) => !passedOver.has(txid))) {
      await generate(1)
      await index.sync()
    }
    passedOver = new Set(
      isDue ? index.mempool.keys() : [...passedOver].filter((txid) => index.mempool.has(txid)),
    )
  }

  const giveAll = async (): Promise<void> => {
    while (gifts.length > 0) {
      const batch = gifts.splice(0, FAUCET_BATCH)
      const given: (() => void)[] = []
      for (const { to, amount, resolve, reject } of batch) {
        const params = [to, toBitcoin(amount), '', '', false, null, null, null, null, FAUCET_RATE]
        await faucet.call<string>('sendtoaddress', params).then(
          (txid) => given.push(() => resolve(txid)),
          (error) => reject(error),
        )
      }
      try {
        if (automine) await generate(1)
        await settle()
        for (const tell of given) tell()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
  }

  /** Puts transactions back that the node has lost on the way, parents first. Some may have become impossible. */
  const resubmit = async (raws: readonly string[]): Promise<void> => {
    for (const raw of raws) {
      await rpc.call('sendrawtransaction', [raw, 0]).catch((error) => {
        if (!refusalOf(error)) throw error
      })
    }
  }

  const abandon = async (txids: readonly string[]): Promise<void> => {
    // The faucet would keep what it has spent in them; most of them are not its own, which the node answers.
    for (const txid of txids) await faucet.call('abandontransaction', [txid]).catch(() => {})
  }

  const scriptOf = async (address: string): Promise<string | undefined> => {
    if (!/^[\x21-\x7e]{1,100}$/.test(address)) return undefined
    const found = await rpc.call<{ isvalid: boolean; scriptPubKey?: string }>('validateaddress', [address])
    return found.isvalid ? found.scriptPubKey : undefined
  }

  const checkAddress = async (address: string): Promise<string> => {
    if ((await scriptOf(address)) !== undefined) return address
    throw new CofferError({
      code: 'INVALID_ADDRESS',
      message: `"${address}" is not an address of regtest: one that begins with bcrt1, m, n or 2 is due.`,
    })
  }

  await rpc.call('createwallet', [FAUCET])
  const own = await faucet.call<string>('getnewaddress', ['', 'bech32'])
  await generate(COINS, own)
  await generate(MATURITY)
  await index.sync()
  const start = index.tip().height

  let timer: NodeJS.Timeout | undefined
  const poll = (): void => {
    if (closed) return
    timer = setTimeout(() => {
      exclusive(settle)
        .catch(() => {}) // The node may have been stopped; whoever asks it for something hears of it.
        .then(poll)
    }, POLL).unref()
  }
  poll()
  const clock =
    blockTime === undefined
      ? undefined
      : setInterval(() => {
          if (!automine) return
          exclusive(async () => {
            await generate(1)
            await settle()
          }).catch(() => {})
        }, blockTime * 1000).unref()

  return {
    node: {
      async fund(address, { amount }) {
        checkAmount(amount)
        const to = await checkAddress(address)
        return new Promise<string>((resolve, reject) => {
          gifts.push({ to, amount, resolve, reject })
          if (gifts.length === 1) void exclusive(giveAll)
        })
      },

      async mine(blocks = 1, { to } = {}) {
        checkCount(blocks, 'blocks')
        if (to !== undefined) await checkAddress(to)
        await exclusive(async () => {
          await generate(blocks, to)
          await settle()
        })
      },

      reorg: (depth, options = {}) => exclusive(() => reorg(depth, options)),

      setAutomine: (on) =>
        exclusive(async () => {
          automine = on
          if (on) passedOver.clear()
          await settle()
        }),

      dropTransaction: (txid) => exclusive(() => drop(txid)),

      setFeeEstimates(given) {
        rates = readRates(given)
      },

      async rpc<T>(method: string, params: readonly unknown[] = []) {
        const result = await rpc.call<T>(method, params)
        await exclusive(settle)
        return result
      },

      async walletRpc<T>(name: string, method: string, params: readonly unknown[] = []) {
        const call = (): Promise<T> => wallet(name).call<T>(method, params)
        const result = await call().catch((error) => {
          if (refusalOf(error)?.code !== NO_SUCH_WALLET) throw error
          return exclusive(async () => {
            const loaded = await rpc.call<string[]>('listwallets')
            if (!loaded.includes(name)) await rpc.call('createwallet', [name])
            return call()
          })
        })
        await exclusive(settle)
        return result
      },
    },

    backend: {
      broadcast: (raw) =>
        exclusive(async () => {
          const txid = await rpc.call<string>('sendrawtransaction', [raw])
          await settle()
          return txid
        }),
      broadcastPackage: (raws) =>
        exclusive(async () => {
          const result = await rpc.call<PackageResult>('submitpackage', [raws])
          await settle()
          return result
        }),
      scriptOf,
      feeRate: (blocks) => rates.filter(([target]) => target <= blocks).at(-1)?.[1],
      rpc: rpc.call,
    },

    close() {
      closed = true
      clearTimeout(timer)
      clearInterval(clock)
    },
  }

  async function reorg(depth: number, { drop = false, include = [] }: ReorgOptions): Promise<void> {
    await index.sync()
    checkCount(depth, 'blocks to replace')
    const { height } = index.tip()
    if (depth > height - start) {
      throw new CofferError({
        code: 'INVALID_REQUEST',
        message: `Only the last ${height - start} blocks can be replaced, those since the devnet began, not ${depth}.`,
      })
    }
    const gone = index.blocks.slice(-depth)
    const txids = gone.flatMap((block) => block.txids.slice(1))
    const raws = txids.map((txid) => index.tx(txid)?.raw as string)
    const waiting = parentsFirst([...index.mempool.values()])
    if (drop) await emptyBlocks(FORGETFUL_DEPTH)
    await rpc.call('invalidateblock', [gone[0]?.hash])
    branch += 1
    if (include.length > 0) await rpc.call('generateblock', [nobody(), include])
    await emptyBlocks(depth + 1 - Math.sign(include.length))
    if (drop) await abandon(txids)
    else await resubmit([...raws, ...waiting])
    await index.sync()
    for (const txid of index.mempool.keys()) passedOver.add(txid)
    await settle()
  }

  /**
   * bitcoind has no call for this. But it forgets the transactions of a block that it undoes along with more than ten
   * others: so the transaction gets a block, ten empty ones follow, and all of them are declared invalid.
   */
  async function drop(txid: string): Promise<boolean> {
    await index.sync()
    const tx = index.mempool.get(txid)
    if (!tx) return false
    const [ancestors, descendants] = (await rpc.batch([
      ['getmempoolancestors', [txid, true]],
      ['getmempooldescendants', [txid]],
    ])) as [Record<string, { ancestorcount: number }>, string[]]
    const parents = Object.entries(ancestors)
      .sort(([, a], [, b]) => a.ancestorcount - b.ancestorcount)
      .map(([id]) => id)
    const lost = new Set([txid, ...descendants])
    const kept = parentsFirst([...index.mempool.values()].filter((other) => !lost.has(other.txid)))
    branch += 1
    const { hash } = await rpc.call<{ hash: string }>('generateblock', [nobody(), [...parents, txid]])
    await emptyBlocks(FORGETFUL_DEPTH)
    await rpc.call('invalidateblock', [hash])
    branch += 1
    await resubmit(kept)
    await abandon([...lost])
    for (const id of index.mempool.keys()) passedOver.add(id)
    await settle()
    return true
  }
}

/** The raw bytes of waiting transactions, parents before children. */
function parentsFirst(txs: readonly IndexedTx[]): string[] {
  const left = new Map(txs.map((tx) => [tx.txid, tx]))
  const raws: string[] = []
  // As deep as the longest chain of waiting transactions, which nodes keep short.
  const take = (tx: IndexedTx): void => {
    if (!left.delete(tx.txid)) return
    for (const { txid } of tx.inputs) {
      const parent = left.get(txid)
      if (parent) take(parent)
    }
    raws.push(tx.raw)
  }
  for (const tx of txs) take(tx)
  return raws
}

function readRates(given: Readonly<Record<number, string>>): [blocks: number, rate: number][] {
  return Object.entries(given).map(([target, rate]) => {
    const isText = typeof rate === 'string' && /^\d{1,7}(\.\d{1,8})?$/.test(rate)
    if (isText && /^[1-9]\d{0,3}$/.test(target)) return [Number(target), Number(rate)]
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `A fee estimate is a number of blocks and a decimal text such as '12.5', not ${target} and ${String(rate)}.`,
    })
  })
}

function checkAmount(amount: bigint): void {
  if (typeof amount === 'bigint' && amount > 0n && amount <= MAX_MONEY) return
  throw new CofferError({
    code: 'INVALID_AMOUNT',
    message: `An amount is a bigint of satoshi from 1n to 2_100_000_000_000_000n, not ${String(amount)}.`,
  })
}

function checkCount(count: number, what: string): void {
  if (Number.isInteger(count) && count > 0 && count <= 100_000) return
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: `The number of ${what} is a whole number above zero, not ${String(count)}.`,
  })
}
