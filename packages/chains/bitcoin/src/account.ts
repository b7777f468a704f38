import {
  type Account,
  type Balance,
  CofferError,
  type Draft,
  type Engine,
  type HistoryOptions,
  type HistoryPage,
  isCofferError,
  type OpenContext,
  orAbort,
  type Payment,
  type ReadOptions,
  type Receive,
  type ReceiveOptions,
  rememberPaid,
  type Signed,
  throwIfAborted,
  toBaseUnits,
  type UtxoSource,
} from '@coffer/core'
import { formatAddress } from './address.ts'
import { accountKey, changeBook, heldIn, readBook } from './book.ts'
import { release } from './claim.ts'
import { type Building, create } from './create.ts'
import { type AccountScript, deriveScripts, type Keychain, scriptAt } from './derive.ts'
import { readDescriptor, type ScriptType } from './descriptor.ts'
import { history } from './history.ts'
import type { BitcoinIntent } from './intent.ts'
import { formatLabels, type Label, parseLabels, type SkippedLine } from './labels.ts'
import type { BitcoinNetwork } from './networks.ts'
import { type ReplaceRequest, replace } from './replace.ts'
import type { BitcoinRequest } from './request.ts'
import { type AccountState, firstUnused, noState, readState, writeState } from './state.ts'
import { type SyncOptions, sync } from './sync.ts'
import { txidOf } from './transaction.ts'
import { formatUri } from './uri.ts'
import { coinsOf, type Package } from './view.ts'

/** A coin of the account. */
export interface Coin {
  /** `txid:vout`; names the coin for coin control and freezing. */
  readonly outpoint: string
  /** Satoshi. */
  readonly amount: bigint
  readonly address: string
  /** Of the key, from the account on: `0/7` is receiving address 7. */
  readonly path: string
  /** 0 while it waits, 1 in the newest block. */
  readonly confirmations: number
  /** Made by the account itself, such as change: nobody else can take it back. */
  readonly own: boolean
  /** New coins of a miner, not spendable before 100 confirmations. */
  readonly immature: boolean
  /** Not spent unless it is picked by hand. */
  readonly frozen: boolean
  /** A draft or a signed transaction is about to spend it. */
  readonly held: boolean
  /** Waiting transactions that must be mined with it, itself among them; for a waiting coin. */
  readonly ancestors?: Package
  readonly label?: string
}

/** What an account holds, in satoshi. The parts add up to the whole. */
export interface BitcoinBalance {
  readonly total: bigint
  /** In a block. */
  readonly confirmed: bigint
  /** Waiting change of the account's own payments. */
  readonly pendingOwn: bigint
  /** Waiting payments of others, which they may still take back. */
  readonly pendingIncoming: bigint
  /** New coins of a miner, not spendable before 100 confirmations. */
  readonly immature: bigint
}

export interface BitcoinReceiveOptions extends ReceiveOptions {
  /** Another address than the last one given out, even if that was not used yet. */
  readonly fresh?: boolean | undefined
  readonly label?: string | undefined
  readonly message?: string | undefined
}

/** A Bitcoin account: all addresses of a descriptor, watched together. */
export interface BitcoinAccount extends Account<BitcoinRequest> {
  readonly network: BitcoinNetwork
  readonly type: ScriptType
  /**
   * Reads what is new. Every method that shows or spends does it by itself; call it to hear of progress, to look further than the gap
   * limit, or to ask after every old address at once.
   */
  sync(options?: SyncOptions): Promise<void>
  /** One balance, in satoshi: what is in blocks and what waits. */
  balance(options?: ReadOptions): Promise<BitcoinBalance>
  /** The unspent coins, oldest first. */
  coins(options?: ReadOptions): Promise<readonly Coin[]>
  /** The next unused receiving address. The same one until it is used, unless `fresh`. */
  receive(options?: BitcoinReceiveOptions): Promise<Receive>
  /** Addresses by place, without asking anybody: for lists, and to check a device's display. */
  addresses(range: {
    readonly change?: boolean
    readonly from?: number
    readonly count: number
  }): readonly string[]
  create(request: BitcoinRequest, options?: ReadOptions): Promise<Draft<BitcoinIntent>>
  /** A draft that speeds a waiting transaction up (RBF, or CPFP for those of others), or cancels it. */
  replace(
    sent: Signed | Payment | string,
    request: ReplaceRequest,
    options?: ReadOptions,
  ): Promise<Draft<BitcoinIntent>>
  /** Gives back the coins of a draft that will not be signed, or will not be sent. A refused one gives them back itself. */
  discard(draft: Draft): Promise<void>
  /** Leaves coins alone until they are thawed. Outpoints; unknown ones are kept too. */
  freeze(...outpoints: readonly string[]): Promise<void>
  thaw(...outpoints: readonly string[]): Promise<void>
  /** Labels as BIP-329 lines. */
  exportLabels(): Promise<string>
  /** Reads BIP-329 lines: new labels take the place of old ones; `spendable: false` freezes a coin. Lines that are wrong are told of. */
  importLabels(text: string): Promise<{ readonly read: number; readonly skipped: readonly SkippedLine[] }>
  /** What the account knows, to be reopened with `restore`; it rests in the wallet's store by itself. */
  snapshot(): Promise<string>
  restore(snapshot: string): Promise<void>
}

/** Characters of labels that one account keeps. */
const MOST_LABELS = 4_000_000

export interface AccountOptions {
  readonly engine?: Engine | undefined
  readonly gapLimit?: number | undefined
}

/** Opens an account on a network. Asks nothing until it is used. */
export function openAccount(
  network: BitcoinNetwork,
  { descriptor: text, source: given, store }: OpenContext,
  { engine, gapLimit }: AccountOptions = {},
): BitcoinAccount {
  if (given.family !== 'utxo' || given.chain !== network.id)
    throw new CofferError({
      code: 'CHAIN_MISMATCH',
      message: `The source given for ${network.name} serves ${given.chain}. Check the configuration.`,
    })
  const source = given as UtxoSource
  const descriptor = readDescriptor(text, network, engine)
  const key = accountKey(network.id, descriptor.text)
  let state: AccountState | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let waiting: Promise<AccountState> | undefined

  const load = async (): Promise<AccountState> => {
    if (state) return state
    const saved = await store.get(`${key}/state`)
    try {
      state ??= saved === undefined ? noState : readState(saved, key, descriptor, txidOf)
    } catch (error) {
      if (!isCofferError(error, 'INVALID_JSON')) throw error
      state ??= noState
    }
    return state
  }
  const keep = async (next: AccountState): Promise<void> => store.set(`${key}/state`, writeState(next, key))
  /** A store that has no room for it costs time at the next start, and nothing else. */
  const save = async (next: AccountState): Promise<AccountState> => {
    state = next
    await keep(next).catch(() => {})
    return next
  }
  const update = async (options: SyncOptions): Promise<AccountState> => {
    const [before, { given }] = await Promise.all([load(), readBook(store, key)])
    const next = await sync(before, descriptor, source, { gapLimit, ...options, given })
    await forgetSpent(next)
    if (next.fresh || before.round === 0) return save(next)
    state = next
    return next
  }
  /** One at a time, so that an older answer never takes the place of a newer one. */
  const enqueue = (options: SyncOptions, onStart: () => void = () => {}): Promise<AccountState> => {
    const run = turn.then(() => {
      onStart()
      throwIfAborted(options.signal)
      return update(options)
    })
    turn = run.catch(() => {})
    return options.signal ? orAbort(run, options.signal) : run
  }
  /** Those who ask before a read begins share it; whoever asks later may know of something newer, and gets the next one. */
  const refresh = ({ signal }: ReadOptions = {}): Promise<AccountState> => {
    if (signal) return enqueue({ signal })
    waiting ??= enqueue({}, () => {
      waiting = undefined
    })
    return waiting
  }
  /** Holds end when the chain shows that the coin is gone. */
  const forgetSpent = async (next: AccountState): Promise<void> => {
    const book = await readBook(store, key)
    if (Object.keys(book.holds).length === 0) return
    const spent = new Set(
      [...next.txs.values()]
        .filter(({ height }) => height > 0)
        .flatMap(({ tx }) => tx.inputs.map(({ txid, vout }) => `${txid}:${vout}`)),
    )
    await changeBook(store, key, (now) => {
      const left = Object.entries(now.holds).filter(([outpoint]) => !spent.has(outpoint))
      if (left.length === Object.keys(now.holds).length) return [now, undefined]
      return [{ ...now, holds: Object.fromEntries(left) }, undefined]
    })
  }
  const building: Building = { network, source, store, engine, descriptor, key, refresh }
  const addressOf = ({ script }: AccountScript): string => formatAddress(script, network)!

  const balance = async (options: ReadOptions = {}): Promise<BitcoinBalance> => {
    let confirmed = 0n
    let pendingOwn = 0n
    let pendingIncoming = 0n
    let immature = 0n
    for (const coin of coinsOf(await refresh(options))) {
      if (coin.immature) immature += coin.amount
      else if (coin.height > 0) confirmed += coin.amount
      else if (coin.own) pendingOwn += coin.amount
      else pendingIncoming += coin.amount
    }
    const total = confirmed + pendingOwn + pendingIncoming + immature
    return { total, confirmed, pendingOwn, pendingIncoming, immature }
  }

  return {
    chain: network.id,
    descriptor: descriptor.text,
    network,
    type: descriptor.type,
    sync: async (options = {}) => void (await enqueue(options)),
    balance,
    balances: async ({ assets, signal } = {}): Promise<readonly Balance[]> => {
      const wrong = assets?.find((asset) => !isCoin(asset, network))
      if (wrong !== undefined)
        throw new CofferError({
          code: 'UNKNOWN_ASSET',
          message: `Bitcoin accounts hold ${network.coin.symbol} alone.`,
        })
      return [{ asset: network.coin, amount: (await balance({ signal })).total }]
    },
    coins: async (options = {}) => {
      const known = await refresh(options)
      const book = await readBook(store, key)
      const held = heldIn(book, Date.now())
      const frozen = new Set(book.frozen)
      const labels = new Map(
        parseLabels(book.labels, network).labels.map((one) => [nameOf(one), one.label] as const),
      )
      return coinsOf(known).map(({ txid, vout, amount, script, confirmations, own, immature, ancestors }) => {
        const outpoint = `${txid}:${vout}`
        const label = labels.get(nameOf({ type: 'output', ref: outpoint }))
        return {
          outpoint,
          amount,
          address: addressOf(script),
          path: `${script.keychain}/${script.index}`,
          confirmations,
          own,
          immature,
          frozen: frozen.has(outpoint),
          held: held.has(outpoint),
          ...(ancestors ? { ancestors } : {}),
          ...(label === undefined ? {} : { label }),
        }
      })
    },
    receive: async ({ asset, amount, fresh = false, label, message, signal } = {}) => {
      if (asset !== undefined && !isCoin(asset, network))
        throw new CofferError({
          code: 'UNKNOWN_ASSET',
          message: `Bitcoin accounts hold ${network.coin.symbol} alone.`,
        })
      const satoshi = amount === undefined ? undefined : toBaseUnits(amount, network.coin.decimals)
      const script = descriptor.ranged ? await nextAddress(fresh, signal) : scriptAt(descriptor, 0, 0)
      const address = addressOf(script)
      return { address, uri: formatUri({ to: address, amount: satoshi, label, message }, network) }
    },
    addresses: ({ change = false, from = 0, count }) =>
      deriveScripts(descriptor, (change ? descriptor.keychains - 1 : 0) as Keychain, from, count).map(
        addressOf,
      ),
    history: async (options: HistoryOptions = {}): Promise<HistoryPage> => {
      // Later pages go on in what the first one saw, so that no row is shown twice.
      const seen = options.cursor === undefined ? undefined : await load()
      const known = seen && seen.round > 0 ? seen : await refresh(options)
      const { page, times } = await history(network, source, known, options)
      if (times.size !== known.times.size && state === known) await save({ ...known, times })
      await rememberPaid(store, network.id, page.items)
      return page
    },
    create: (request, options = {}) => create(building, request, options),
    replace: (sent, request, options = {}) =>
      replace(
        building,
        typeof sent === 'string' ? { txid: sent } : 'signed' in sent ? sent.signed : sent,
        request,
        options,
      ),
    discard: (draft) => release(draft, store, network, engine, { signed: true }),
    freeze: (...outpoints) => setFrozen(outpoints, true),
    thaw: (...outpoints) => setFrozen(outpoints, false),
    exportLabels: async () => {
      const { labels, frozen } = await readBook(store, key)
      const known = new Map(
        parseLabels(labels, network).labels.map((label) => [nameOf(label), label] as const),
      )
      for (const ref of frozen) {
        const bare: Label = { type: 'output', ref }
        known.set(nameOf(bare), { ...bare, ...known.get(nameOf(bare)), spendable: false })
      }
      return formatLabels([...known.values()], network)
    },
    importLabels: async (lines) => {
      const { labels, skipped } = parseLabels(lines, network)
      await changeBook(store, key, (book) => {
        const known = new Map(
          parseLabels(book.labels, network).labels.map((label) => [nameOf(label), label] as const),
        )
        const frozen = new Set(book.frozen)
        for (const label of labels) {
          const { spendable, ...rest } = { ...known.get(nameOf(label)), ...label }
          known.set(nameOf(label), rest)
          if (label.type !== 'output' || label.spendable === undefined) continue
          if (label.spendable) frozen.delete(label.ref)
          else frozen.add(label.ref)
        }
        const text = formatLabels([...known.values()], network)
        if (text.length > MOST_LABELS)
          throw new CofferError({
            code: 'INVALID_REQUEST',
            message: `An account keeps at most ${MOST_LABELS / 1e6} MB of labels. Import fewer of them.`,
          })
        return [{ ...book, labels: text, frozen: [...frozen] }, undefined]
      })
      return { read: labels.length, skipped }
    },
    snapshot: async () => writeState(await load(), key),
    restore: (snapshot) => {
      const restored = turn.then(async () => {
        const next = readState(snapshot, key, descriptor, txidOf)
        await keep(next)
        state = next
      })
      turn = restored.catch(() => {})
      return restored
    },
  }

  async function nextAddress(fresh: boolean, signal: AbortSignal | undefined): Promise<AccountScript> {
    const known = (await load()).round === 0 || !fresh ? await refresh({ signal }) : await load()
    const unused = firstUnused(known)[0]
    const index = await changeBook(store, key, (book) => {
      const last = Math.max(unused, book.given[0] - 1)
      const next = fresh ? Math.max(unused, book.given[0]) : last
      return [{ ...book, given: [Math.max(book.given[0], next + 1), book.given[1]] }, next]
    })
    return scriptAt(descriptor, 0, index)
  }

  function setFrozen(outpoints: readonly string[], on: boolean): Promise<void> {
    const wrong = outpoints.find((outpoint) => !/^[0-9a-f]{64}:(?:0|[1-9][0-9]{0,9})$/.test(outpoint))
    if (wrong !== undefined)
      throw new CofferError({
        code: 'INVALID_REQUEST',
        message: 'Coins are named by their outpoints, "txid:vout".',
      })
    return changeBook(store, key, (book) => {
      const named = new Set(outpoints)
      const rest = book.frozen.filter((outpoint) => !named.has(outpoint))
      return [{ ...book, frozen: on ? [...rest, ...outpoints] : rest }, undefined]
    })
  }
}

function isCoin(asset: unknown, { coin }: BitcoinNetwork): boolean {
  const name = typeof asset === 'object' && asset !== null ? (asset as { id?: unknown }).id : asset
  return name === coin.id || name === coin.symbol
}

const nameOf = ({ type, ref }: Label): string => `${type}|${ref}`
