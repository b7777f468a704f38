import {
  type AssetId,
  CofferError,
  type Draft,
  isCofferError,
  type Payment,
  type PaymentStatus,
  parseJson,
  type ReadOptions,
  type Signed,
  type Store,
  sleep,
  throwIfAborted,
  withLock,
} from '@coffer/core'
import type { TronAccount } from './account.ts'
import { resolveRequest } from './request.ts'

/** One payment of a queue. */
export interface Payout {
  /** Yours, such as the number of an invoice: the same one is never paid twice, however often it is added. */
  readonly id: string
  readonly to: string
  /** Base units, or whole coins or tokens as text. */
  readonly amount: bigint | string
  /** A symbol of the list or a CAIP-19 id; the coin when left out. */
  readonly asset?: string | undefined
  readonly memo?: string | undefined
}

/**
 * Where a payout stands. `waiting`: nothing of it can be mined. `signed`: signed, and perhaps sent. `confirmed` may still be
 * undone by a reorganisation, `final` may not. `failed`: mined, and the contract refused. `refused`: a node refused it; once it
 * has expired for certain, a later run pays it anew.
 */
export type PayoutState = 'waiting' | 'signed' | 'confirmed' | 'final' | 'failed' | 'refused'

/** A payout, and what became of it. */
export interface PayoutStatus {
  readonly id: string
  readonly to: string
  readonly asset: AssetId
  /** Base units. */
  readonly amount: bigint
  readonly memo?: string
  readonly state: PayoutState
  readonly txid?: string
  /** What was paid for it, in sun, once it was mined. */
  readonly fee?: bigint
  /** Why it was refused; a sentence. */
  readonly reason?: string
}

/** Payments that are made one after the other, each once. */
export interface PayoutQueue {
  /** Adds payouts, in order; those whose id is there already are passed over. Throws what `create` throws for words that are wrong. */
  add(payouts: readonly Payout[]): Promise<void>
  /** How each stands, in order. */
  list(): Promise<readonly PayoutStatus[]>
  /**
   * Pays whatever waits and follows what was sent, and yields each change. Ends when all are final, failed or refused; with
   * `ABORTED` when the signal aborts; with the error that stopped it, such as `INSUFFICIENT_FUNDS` or `POLICY_REFUSED`. Nothing
   * is lost then: the next run goes on, in this process or another.
   */
  run(options?: PayoutRunOptions): AsyncGenerator<PayoutStatus, void, undefined>
}

/** How a run goes on, and how it is stopped. */
export interface PayoutRunOptions extends ReadOptions {
  /** Milliseconds between questions after payouts that wait for a block; 3,000 when not given. */
  readonly interval?: number | undefined
}

/** What a queue needs: who pays, and where it is written down. */
export interface PayoutQueueConfig {
  /** What signs and sends: a wallet with a signer. */
  readonly wallet: {
    sign(draft: Draft, options?: ReadOptions): Promise<Signed>
    signed(json: unknown): Signed
    publish(signed: Signed, options?: ReadOptions): Promise<Payment>
    payment(signed: Signed): Payment
  }
  readonly account: TronAccount
  /** Where the queue rests. Give one that survives a restart, or a restart forgets who was paid. */
  readonly store: Store
  /** Tells queues of one account apart; `default` when not given. */
  readonly name?: string | undefined
  /** How many may wait for a block at the same time; 20 when not given. */
  readonly inFlight?: number | undefined
}

interface Row {
  readonly id: string
  readonly place: number
  readonly to: string
  readonly asset: AssetId
  /** Base units. */
  readonly amount: string
  readonly memo?: string
  readonly state: PayoutState
  readonly signed?: string
  readonly txid?: string
  readonly fee?: string
  readonly reason?: string
}

/** Final blocks come a minute later: confirmed payouts are asked after less often. */
const PATIENCE = 5

/**
 * Pays many, each once. Tron has no transaction with several recipients, and no nonce that would keep two payments apart: this
 * queue does. A payout is written down signed before it is sent, and after a restart the identical bytes are sent again; new
 * ones are signed only when the chain proves that the old ones can no longer be mined.
 *
 * @example
 * const queue = payoutQueue({ wallet, account, store })
 * await queue.add([{ id: 'salary-11-ann', to: 'T…', amount: '1500', asset: 'USDT' }])
 * for await (const { id, state, txid } of queue.run()) console.log(id, state, txid)
 */
export function payoutQueue({
  account,
  wallet,
  store,
  name = 'default',
  inFlight = 20,
}: PayoutQueueConfig): PayoutQueue {
  if (!ID.test(name))
    throw invalid('The name of a queue has 1 to 100 letters, digits, dots, colons, dashes or underscores.')
  const prefix = `tron/payouts/${account.chain}:${account.address}/${name}/`
  /** Sent by this object; whatever else is signed may not have been sent before a restart. */
  const sent = new Set<string>()

  const read = async (key: string): Promise<Row | undefined> => {
    const text = await store.get(key)
    return text === undefined ? undefined : (parseJson(text) as Row)
  }
  const rows = async (): Promise<Row[]> => {
    const found = await Promise.all((await store.keys(prefix)).map(read))
    return found.flatMap((row) => row ?? []).sort((a, b) => a.place - b.place)
  }
  /** Changes a row that still stands as it was seen; others may run the same queue. */
  const step = (seen: Row, change: (row: Row) => Promise<Row>): Promise<Row> =>
    withLock(store, prefix + seen.id, async () => {
      const row = await read(prefix + seen.id)
      if (row?.state !== seen.state || row.txid !== seen.txid) return row ?? seen
      const next = await change(row)
      if (next !== row) await store.set(prefix + row.id, JSON.stringify(next))
      return next
    })

  const sign = (row: Row, options: ReadOptions): Promise<Row> =>
    step(row, async ({ reason: _, ...row }) => {
      const { to, asset, memo, amount } = row
      // Two rows may be the same on purpose: here it is the id that keeps them apart.
      const request = { to, asset, amount: BigInt(amount), memo, again: true }
      let draft: Draft
      try {
        draft = await account.create(request, options)
      } catch (error) {
        // The others can be paid all the same.
        if (!isCofferError(error, 'EXECUTION_REVERTED', 'INVALID_REQUEST')) throw error
        return { ...row, state: 'refused', reason: error.message }
      }
      const signed = await wallet.sign(draft, options)
      return { ...row, state: 'signed', signed: JSON.stringify(signed), txid: signed.txid }
    })

  const send = (row: Row, options: ReadOptions): Promise<Row> =>
    step(row, async (row) => {
      try {
        await wallet.publish(wallet.signed(row.signed), options)
        sent.add(row.txid!)
        return row
      } catch (error) {
        // Stopped while it was on its way: whether it arrived or not, the next run sends the identical bytes.
        if (isCofferError(error, 'BROADCAST_UNKNOWN')) throwIfAborted(options.signal)
        if (!isCofferError(error, 'BROADCAST_REJECTED', 'INSUFFICIENT_FUNDS')) throw error
        return { ...row, state: 'refused', reason: error.message }
      }
    })

  const follow = (row: Row, options: ReadOptions): Promise<Row> =>
    step(row, async (row) => {
      const payment = wallet.payment(wallet.signed(row.signed))
      const now = await payment.status(options)
      let last: PaymentStatus | undefined
      // Watched to its end, the wallet forgets it too: what is left among its payments might be paid anew by hand. And the
      // watch is a second opinion before anybody is paid anew: another node may know of a block that has it.
      if (now.state === 'expired' || (now.state === 'mined' && now.final))
        for await (const seen of payment.watch(options)) last = seen
      const { reason: _, signed: __, txid: ___, ...bare } = row
      // The watch forgets what it saw the end of: what it saw is the last that is heard of it.
      if (last?.state === 'final' || last?.state === 'failed')
        return { ...withoutReason(row), state: last.state, fee: last.fee.toString() }
      if (now.state === 'expired') return last?.state === 'expired' ? { ...bare, state: 'waiting' } : row
      // A reorganisation took it out of its block: it waits for another one.
      if (now.state !== 'mined') return row.state === 'confirmed' ? { ...row, state: 'signed' } : row
      const state = now.ok ? (now.final ? 'final' : 'confirmed') : now.final ? 'failed' : row.state
      return state === row.state ? row : { ...withoutReason(row), state, fee: now.fee.toString() }
    })

  async function* run({ signal, interval = 3_000 }: PayoutRunOptions = {}) {
    for (const row of await rows())
      if (row.state === 'refused' && row.signed === undefined)
        await step(row, async ({ reason: _, ...row }) => ({ ...row, state: 'waiting' }))
    for (let round = 0; ; round++) {
      let moved = false
      for (const row of await rows()) {
        throwIfAborted(signal)
        if (row.signed === undefined || row.state === 'final' || row.state === 'failed') continue
        if (row.state === 'confirmed' && round % PATIENCE > 0) continue
        let next = await follow(row, { signal })
        if (next.state === 'signed' && !sent.has(next.txid!)) next = await send(next, { signal })
        if (next.state === row.state) continue
        moved = true
        yield toStatus(next)
      }
      const open = await rows()
      const free = inFlight - open.filter(({ state }) => state === 'signed').length
      for (const row of open.filter(({ state }) => state === 'waiting').slice(0, Math.max(0, free))) {
        throwIfAborted(signal)
        const signed = await sign(row, { signal })
        if (signed.state === row.state) continue
        moved = true
        yield toStatus(signed)
        if (signed.state !== 'signed') continue
        const next = await send(signed, { signal })
        if (next.state !== 'signed') yield toStatus(next)
      }
      const left = (await rows()).filter(({ state }) => !['final', 'failed', 'refused'].includes(state))
      if (left.length === 0) return
      if (!moved) await sleep(interval, signal)
    }
  }

  return {
    add: (payouts) =>
      withLock(store, `${prefix}add`, async () => {
        const known = await rows()
        const ids = new Set(known.map(({ id }) => id))
        // All are read before one is written.
        const fresh = payouts.map((payout) => readPayout(payout, account))
        let place = Math.max(0, ...known.map((row) => row.place + 1))
        for (const row of fresh) {
          if (ids.has(row.id)) continue
          ids.add(row.id)
          await store.set(prefix + row.id, JSON.stringify({ ...row, place: place++ }))
        }
      }),
    list: async () => (await rows()).map(toStatus),
    run,
  }
}

function readPayout({ id, ...request }: Payout, { network }: TronAccount): Omit<Row, 'place'> {
  if (typeof id !== 'string' || !ID.test(id))
    throw invalid('The id of a payout has 1 to 100 letters, digits, dots, colons, dashes or underscores.')
  const { intent } = resolveRequest(request, network)
  if (intent.kind !== 'pay' || request.amount === 'max') throw invalid('A payout pays an amount to somebody.')
  const { to, asset, amount } = intent
  const memo = request.memo === undefined ? {} : { memo: request.memo }
  return { id, to, asset, amount: amount.toString(), ...memo, state: 'waiting' }
}

function withoutReason({ reason: _, ...row }: Row): Row {
  return row
}

function toStatus({ id, to, asset, amount, memo, state, txid, fee, reason }: Row): PayoutStatus {
  return {
    id,
    to,
    asset,
    amount: BigInt(amount),
    ...(memo === undefined ? {} : { memo }),
    state,
    ...(txid === undefined ? {} : { txid }),
    ...(fee === undefined ? {} : { fee: BigInt(fee) }),
    ...(reason === undefined ? {} : { reason }),
  }
}

const ID = /^[\w.:-]{1,100}$/

function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
