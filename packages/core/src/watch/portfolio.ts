import type { Account, Balance, HistoryItem } from '../account.ts'
import type { Asset } from '../asset.ts'
import { CofferError, isCofferError } from '../error.ts'
import type { AssetId } from '../ids.ts'
import type { ReadOptions } from '../source.ts'
import { throwIfAborted } from '../wait.ts'
import type { WatchWallet } from '../wallet.ts'
import type { WatchEntry, WatchList } from './watch-list.ts'

/** An account that can be looked at and never spent from: it has no `create`. */
export type WatchedAccount = Pick<Account, 'chain' | 'descriptor' | 'balances' | 'receive' | 'history'>

/** The balances of one entry, or why they could not be read. */
export type BalancesRow =
  | { readonly entry: WatchEntry; readonly balances: readonly Balance[]; readonly error?: undefined }
  | { readonly entry: WatchEntry; readonly balances?: undefined; readonly error: CofferError }

/** The sum of one asset over all entries. */
export interface Total {
  readonly asset: Asset
  readonly amount: bigint
  /** False when it could not be read everywhere: there may be more. */
  readonly complete: boolean
}

/** One movement, with whose it is; or why an entry's history ends here. */
export type PortfolioItem =
  | { readonly entry: WatchEntry; readonly item: HistoryItem; readonly error?: undefined }
  | { readonly entry: WatchEntry; readonly item?: undefined; readonly error: CofferError }

export interface PortfolioOptions extends ReadOptions {
  readonly group?: string | undefined
  /** So many accounts are asked at once, and at least 1; 8 when not given. */
  readonly concurrency?: number | undefined
}

export interface Portfolio {
  /** Opens an entry for reading. */
  account(entry: WatchEntry): Promise<WatchedAccount>
  /** The balances of every entry, as they come; a failed read is a row with its error. */
  balances(options?: PortfolioOptions): AsyncIterable<BalancesRow>
  /**
   * The sums of all of them, coins first in the order of the chains. Throws `UNKNOWN_CHAIN`, before anything is read, for an entry of a
   * chain that the list has not; `ABORTED`.
   */
  totals(options?: PortfolioOptions): Promise<readonly Total[]>
  /**
   * The movements of all entries, newest first, with as much of each history as is asked for. One whose time is not known comes just
   * before the next of its entry. Throws `ABORTED` instead of reading on.
   */
  history(options?: PortfolioOptions): AsyncIterable<PortfolioItem>
}

const AT_ONCE = 8
const PAGE = 25

/**
 * Looks at all accounts of a list at once. It has no keys and no way to send.
 *
 * @example
 * const portfolio = createPortfolio({ wallet: createWallet({ chains, source }), list })
 * for await (const { entry, balances, error } of portfolio.balances()) show(entry, balances ?? error)
 * const totals = await portfolio.totals()
 */
export function createPortfolio(config: {
  readonly wallet: Pick<WatchWallet, 'watch'>
  readonly list: Pick<WatchList, 'entries' | 'chains'>
}): Portfolio {
  const { wallet, list } = config

  const account = async ({ chain, descriptor }: WatchEntry): Promise<WatchedAccount> =>
    readOnly((await wallet.watch(descriptor, { chain })) as Account)

  const balancesOf = (
    entries: readonly WatchEntry[],
    { concurrency = AT_ONCE, signal }: PortfolioOptions,
  ): AsyncIterable<BalancesRow> =>
    asTheyCome(entries, concurrency, async (entry) => {
      try {
        return { entry, balances: await (await account(entry)).balances({ signal }) }
      } catch (error) {
        return { entry, error: asCoffer(error) }
      }
    })

  return {
    account,
    async *balances(options = {}) {
      yield* balancesOf(await list.entries({ group: options.group }), options)
    },
    totals: async (options = {}) => {
      const entries = await list.entries({ group: options.group })
      // Its coin is not known here, so that nothing could say that it is missing.
      const stray = entries.find(({ chain }) => !list.chains.some(({ id }) => id === chain))
      if (stray) throw unknownChain(stray)
      const totals = new Map<AssetId, { asset: Asset; amount: bigint }>()
      const failed = { assets: new Set<AssetId>(), chains: new Set<string>() }
      for await (const { entry, balances = [], error } of balancesOf(entries, options)) {
        if (error) {
          if (error.code === 'ABORTED') throw error
          failed.chains.add(entry.chain)
        }
        for (const { asset, amount, error } of balances) {
          const sum = totals.get(asset.id)?.amount ?? 0n
          totals.set(asset.id, { asset, amount: sum + (amount ?? 0n) })
          if (error) failed.assets.add(asset.id)
        }
      }
      // Of an entry that failed as a whole its chain is known: at least the coin of it is missing.
      for (const { id, coin } of list.chains)
        if (failed.chains.has(id) && !totals.has(coin.id)) totals.set(coin.id, { asset: coin, amount: 0n })
      const coins = list.chains.map(({ coin }) => coin.id)
      const rank = (id: AssetId): number => (coins.includes(id) ? coins.indexOf(id) : coins.length)
      return [...totals.values()]
        .map(({ asset, amount }) => ({
          asset,
          amount,
          complete: !failed.assets.has(asset.id) && !failed.chains.has(asset.id.split('/')[0]!),
        }))
        .sort((a, b) => rank(a.asset.id) - rank(b.asset.id))
    },
    async *history({ group, concurrency = AT_ONCE, signal } = {}) {
      const entries = await list.entries({ group })
      const lines: Line[] = []
      const read = async (line: Line): Promise<void> => {
        throwIfAborted(signal)
        try {
          line.opened ??= await account(line.entry)
          const page = await line.opened.history({ limit: PAGE, cursor: line.next, signal })
          line.items = [...page.items]
          line.next = page.next
          line.isOver = page.next === undefined
        } catch (error) {
          line.error = asCoffer(error)
          line.isOver = true
        }
      }
      for await (const line of asTheyCome(entries, concurrency, async (entry) => {
        const line: Line = { entry, items: [], isOver: false }
        await read(line)
        return line
      }))
        lines.push(line)
      for (;;) {
        // A page may be empty, and more may follow.
        for (const line of lines) while (line.items.length === 0 && !line.isOver) await read(line)
        for (const line of lines)
          if (line.error && line.items.length === 0) {
            yield { entry: line.entry, error: line.error }
            line.error = undefined
          }
        const newest = lines.reduce<Line | undefined>(
          (best, line) => (line.items.length > 0 && (!best || timeOf(line) > timeOf(best)) ? line : best),
          undefined,
        )
        if (!newest) return
        newest.last = timeOf(newest)
        yield { entry: newest.entry, item: newest.items.shift()! }
      }
    },
  }
}

/** How far the history of one entry was read. */
interface Line {
  readonly entry: WatchEntry
  opened?: WatchedAccount
  items: HistoryItem[]
  next?: string | undefined
  isOver: boolean
  error?: CofferError | undefined
  /** When its last movement was that was given out. */
  last?: number
}

/**
 * When the next movement of a line was. What waits for a block is newer than all blocks; of others whose time is not known it is that of
 * the next one whose time is, or else of the one before.
 */
function timeOf({ items, last = Number.POSITIVE_INFINITY }: Line): number {
  if (items[0]?.time === undefined && items[0]?.state === 'pending') return Number.POSITIVE_INFINITY
  return items.find(({ time }) => time !== undefined)?.time ?? last
}

/** Only what reads; a program that goes past the types hears why it cannot send. */
function readOnly({ chain, descriptor, balances, receive, history }: Account): WatchedAccount {
  const watched: WatchedAccount = { chain, descriptor, balances, receive, history }
  const create = async (): Promise<never> => {
    throw new CofferError({
      code: 'WATCH_ONLY',
      message:
        'This account is only watched: nothing is sent from it. Open it with a wallet that has its key.',
    })
  }
  return Object.freeze(Object.defineProperty(watched, 'create', { value: create, enumerable: false }))
}

/** Runs a task for each item, so many at a time, and gives results in the order in which they come. */
async function* asTheyCome<T, R>(
  items: readonly T[],
  atOnce: number,
  task: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const left = [...items]
  const running = new Map<number, Promise<readonly [number, R]>>()
  let started = 0
  const start = (): void => {
    // A number that is none is not more than anything.
    while (running.size < (atOnce > 1 ? atOnce : 1) && left.length > 0) {
      const number = started++
      running.set(
        number,
        task(left.shift()!).then((result) => [number, result] as const),
      )
    }
  }
  for (start(); running.size > 0; start()) {
    const [number, result] = await Promise.race(running.values())
    running.delete(number)
    yield result
  }
}

function unknownChain({ id, chain }: WatchEntry): CofferError {
  return new CofferError({
    code: 'UNKNOWN_CHAIN',
    message: `An account of ${JSON.stringify(chain.slice(0, 60))} is watched, and the list has no such chain. Pass the chain to watchList, or remove the entry ${JSON.stringify(id.slice(0, 40))}.`,
    details: { chain, entry: id },
  })
}

function asCoffer(error: unknown): CofferError {
  if (isCofferError(error)) return error
  return new CofferError({ code: 'INTERNAL', message: 'This account could not be read.', cause: error })
}
