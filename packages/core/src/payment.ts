import type { Chain, TxState } from './chain.ts'
import { CofferError, isCofferError } from './error.ts'
import type { ChainId } from './ids.ts'
import type { Signed } from './signed.ts'
import type { Head, ReadOptions, Source } from './source.ts'
import { sleep, throwIfAborted } from './wait.ts'

/**
 * Where a payment stands. `confirmed` may still be undone by a reorganisation, `final` may not. `dropped` means that no
 * node has known it for a while: publishing the same signed bytes again is safe. `replaced` means that another transaction took its
 * place; until that is `final`, it may still come back. `expired` means that it can no longer be mined, and paid nothing.
 */
export type PaymentStatus =
  | { readonly state: 'pending' }
  | ({ readonly state: 'confirmed' | 'final' | 'failed' } & Mined)
  | { readonly state: 'reorged' }
  | { readonly state: 'replaced'; readonly final: boolean; readonly by?: string }
  | { readonly state: 'dropped' }
  | { readonly state: 'expired' }

interface Mined {
  readonly height: number
  readonly hash: string
  /** 1 in the block that holds it. */
  readonly confirmations: number
  /** What was paid, in base units of the coin. */
  readonly fee: bigint
}

export interface WatchOptions extends ReadOptions {
  /** Milliseconds between questions; the chain's own when not given. */
  readonly interval?: number | undefined
  /** Milliseconds for which no node knows the payment before it counts as dropped; 120,000 when not given. */
  readonly dropAfter?: number | undefined
}

export interface ConfirmOptions extends WatchOptions {
  /** Milliseconds after which `TIMEOUT` is thrown; the payment goes on by itself. */
  readonly timeout?: number | undefined
}

/** A published transaction, followed to its end. */
export interface Payment {
  readonly chain: ChainId
  readonly txid: string
  readonly signed: Signed
  /** One question, one answer. */
  status(options?: ReadOptions): Promise<TxState>
  /**
   * Yields each change: state or confirmations. Ends when the payment is final, failed, expired or replaced for good, or when the signal aborts
   * (with `ABORTED`). Bridges short network troubles; throws the last error when ten questions in a row fail.
   */
  watch(options?: WatchOptions): AsyncGenerator<PaymentStatus, void, undefined>
  /**
   * Waits for `n` confirmations. Throws `PAYMENT_FAILED` when it was mined and reverted, `PAYMENT_REPLACED`,
   * `PAYMENT_DROPPED`, `PAYMENT_EXPIRED`, `TIMEOUT` or `ABORTED`.
   */
  confirmed(
    n?: number,
    options?: ConfirmOptions,
  ): Promise<Extract<PaymentStatus, { state: 'confirmed' | 'final' | 'failed' }>>
}

const DROP_AFTER = 120_000
const PATIENCE = 10
const FIRST_WAIT = 100

/** Follows `signed` on `source`. Asks nothing until it is used. */
export function followPayment(
  chain: Chain,
  source: Source,
  signed: Signed,
  /** Called when the payment was watched to its end. */
  onEnd: () => Promise<void> = async () => {},
): Payment {
  const status = (options: ReadOptions = {}): Promise<TxState> =>
    chain.status(signed, { source, signal: options.signal })
  const watch = (options: WatchOptions = {}): AsyncGenerator<PaymentStatus, void, undefined> =>
    watchStates({ chain, source, status, onEnd }, options)
  return {
    chain: chain.id,
    txid: signed.txid,
    signed,
    status,
    watch,
    confirmed: (n = 1, options = {}) => waitForConfirmations(watch, signed, n, options),
  }
}

async function* watchStates(
  {
    chain,
    source,
    status,
    onEnd,
  }: { chain: Chain; source: Source; status: Payment['status']; onEnd: () => Promise<void> },
  options: WatchOptions,
): AsyncGenerator<PaymentStatus, void, undefined> {
  const { signal, interval = chain.pollInterval, dropAfter = DROP_AFTER } = options
  const bell = ringOnHeads(source, signal)
  let seen: PaymentStatus | undefined
  let block: string | undefined
  let lastKnown = Date.now()
  let failures = 0
  // Fast chains answer at once; slow ones are asked at their own pace after a few questions.
  let wait = FIRST_WAIT
  try {
    for (;;) {
      throwIfAborted(signal)
      let now: TxState
      try {
        now = await status({ signal })
        failures = 0
      } catch (error) {
        if (!isPassing(error) || ++failures >= PATIENCE) throw error
        await bell.next(interval * Math.min(failures, 5))
        continue
      }
      if (now.state === 'pending' || now.state === 'mined') lastKnown = Date.now()

      const undone = block !== undefined && (now.state !== 'mined' || now.hash !== block)
      if (undone && now.state !== 'pending' && now.state !== 'unknown') yield (seen = { state: 'reorged' })
      block = now.state === 'mined' ? now.hash : undefined

      const next =
        undone && block === undefined && now.state !== 'replaced' && now.state !== 'expired'
          ? ({ state: 'reorged' } as const)
          : toStatus(now)
      const shown =
        now.state === 'unknown' && Date.now() - lastKnown >= dropAfter
          ? ({ state: 'dropped' } as const)
          : next
      const keep = seen?.state === 'reorged' && shown.state === 'pending'
      const ended =
        now.state === 'expired' || ((now.state === 'mined' || now.state === 'replaced') && now.final)
      if (ended) await onEnd()
      if (!keep && changed(seen, shown)) yield (seen = shown)
      if (ended) return
      await bell.next(Math.min(interval, wait))
      wait *= 2
    }
  } finally {
    bell.stop()
  }
}

/** A node that refuses or babbles once may answer the next time. */
function isPassing(error: unknown): boolean {
  return isCofferError(error) && (error.retryable || isCofferError(error, 'RPC_ERROR', 'BAD_RESPONSE'))
}

function toStatus(now: TxState): PaymentStatus {
  if (now.state === 'unknown' || now.state === 'pending') return { state: 'pending' }
  if (now.state === 'replaced' || now.state === 'expired') return now
  const { height, hash, confirmations, fee } = now
  return { state: now.ok ? (now.final ? 'final' : 'confirmed') : 'failed', height, hash, confirmations, fee }
}

function changed(before: PaymentStatus | undefined, after: PaymentStatus): boolean {
  if (before?.state !== after.state) return true
  if (before.state === 'replaced' && after.state === 'replaced') return before.final !== after.final
  if (!('hash' in before) || !('hash' in after)) return false
  return before.hash !== after.hash || before.confirmations !== after.confirmations
}

/** Wakes the watcher at each new head where the source tells of them, and after `ms` in any case. */
function ringOnHeads(
  source: Source,
  signal: AbortSignal | undefined,
): { next(ms: number): Promise<void>; stop(): void } {
  const ended = new AbortController()
  const stop = (): void => ended.abort()
  signal?.addEventListener('abort', stop, { once: true })
  let wake: (() => void) | undefined
  const listen = async (heads: AsyncIterable<Head>): Promise<void> => {
    for await (const _ of heads) wake?.()
  }
  // A source that loses its heads is no reason to stop: the timer goes on asking.
  if (source.heads) listen(source.heads({ signal: ended.signal })).catch(() => {})
  return {
    next: async (ms) => {
      const timer = new AbortController()
      const rung = new Promise<void>((resolve) => {
        wake = resolve
      })
      const cancel = (): void => timer.abort()
      ended.signal.addEventListener('abort', cancel, { once: true })
      if (ended.signal.aborted) cancel()
      try {
        await Promise.race([rung, sleep(ms, timer.signal).catch(() => {})])
      } finally {
        wake = undefined
        cancel()
        ended.signal.removeEventListener('abort', cancel)
      }
    },
    stop: () => {
      signal?.removeEventListener('abort', stop)
      ended.abort()
    },
  }
}

async function waitForConfirmations(
  watch: Payment['watch'],
  signed: Signed,
  n: number,
  { timeout, signal, ...options }: ConfirmOptions,
): Promise<Extract<PaymentStatus, { state: 'confirmed' | 'final' | 'failed' }>> {
  if (!Number.isInteger(n) || n < 1)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'Ask for a whole number of confirmations, 1 or more.',
    })
  const details = { chain: signed.chain, txid: signed.txid }
  const limit = new AbortController()
  let late = false
  let failed: PaymentStatus | undefined
  const cancel = (): void => limit.abort(signal?.reason)
  signal?.addEventListener('abort', cancel, { once: true })
  if (signal?.aborted) cancel()
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => {
          late = true
          limit.abort()
        }, timeout)
  try {
    for await (const status of watch({ ...options, signal: limit.signal })) {
      failed = status.state === 'failed' ? status : undefined
      if (status.state === 'failed' && status.confirmations >= n) break
      if (status.state === 'replaced' && status.final)
        throw new CofferError({
          code: 'PAYMENT_REPLACED',
          message: 'Another transaction took its place. It will not be mined.',
          details: { ...details, ...(status.by === undefined ? {} : { by: status.by }) },
        })
      if (status.state === 'expired')
        throw new CofferError({
          code: 'PAYMENT_EXPIRED',
          message: 'No block took it in time, and none can any more: nothing was paid. Make a new draft.',
          details,
        })
      if (status.state === 'dropped')
        throw new CofferError({
          code: 'PAYMENT_DROPPED',
          message:
            'No node knows the transaction any more. Publish the same signed transaction again; it cannot pay twice.',
          details,
          retryable: true,
        })
      if (
        (status.state === 'confirmed' || status.state === 'final') &&
        (status.confirmations >= n || status.state === 'final')
      )
        return status
    }
    // The watch ends without a return above only for a transaction that failed, for good or deep enough.
    throw new CofferError({
      code: 'PAYMENT_FAILED',
      message: 'The transaction was mined, and it reverted: nothing moved, the fee was paid.',
      details: failed && 'fee' in failed ? { ...details, height: failed.height, fee: failed.fee } : details,
    })
  } catch (error) {
    if (late && isCofferError(error, 'ABORTED'))
      throw new CofferError({
        code: 'TIMEOUT',
        message: `The payment did not have ${n} confirmation${n === 1 ? '' : 's'} after ${timeout} ms. It goes on; ask again later.`,
        details,
        retryable: true,
      })
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', cancel)
  }
}
