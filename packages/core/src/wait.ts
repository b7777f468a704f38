import { CofferError, isCofferError } from './error.ts'

/** Throws `ABORTED` when `signal` has aborted (or its reason, where that is a Coffer error such as `TIMEOUT`). */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal)
}

/** What to throw for an aborted signal: its reason where that is a Coffer error, else `ABORTED`. */
export function abortError(signal: AbortSignal): CofferError {
  const reason: unknown = signal.reason ?? reasons.get(signal)
  if (isCofferError(reason)) return reason
  return new CofferError({ code: 'ABORTED', message: 'The caller cancelled this.' })
}

/** `controller.abort(reason)`, with a reason that {@link abortError} finds on React Native too, whose signals have none. */
export function abortWith(controller: AbortController, reason: unknown): void {
  reasons.set(controller.signal, reason)
  controller.abort(reason)
}

const reasons = new WeakMap<AbortSignal, unknown>()

/**
 * Runs `run` when `signal` aborts; give back with the function that is returned. However many wait for a signal, it gets
 * one listener, so that Node does not warn of a leak. Nothing runs for a signal that has aborted before.
 */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  let waiters = waitersOf.get(signal)
  if (!waiters) {
    const all = new Set<{ run(): void }>()
    const listener = (): void => {
      waitersOf.delete(signal)
      for (const waiter of [...all]) waiter.run()
    }
    signal.addEventListener('abort', listener, { once: true })
    waiters = { all, listener }
    waitersOf.set(signal, waiters)
  }
  const { all, listener } = waiters
  const waiter = { run }
  all.add(waiter)
  return () => {
    if (!all.delete(waiter) || all.size > 0 || waitersOf.get(signal)?.all !== all) return
    waitersOf.delete(signal)
    signal.removeEventListener('abort', listener)
  }
}

const waitersOf = new WeakMap<AbortSignal, { all: Set<{ run(): void }>; listener: () => void }>()

/**
 * Waits for `ms` milliseconds, or throws `ABORTED` as soon as `signal` aborts. Leaves no timer and no listener behind.
 *
 * @example
 * await sleep(1_000, signal)
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!signal) return void setTimeout(resolve, clampDelay(ms))
    if (signal.aborted) return reject(abortError(signal))
    const timer = setTimeout(() => {
      forget()
      resolve()
    }, clampDelay(ms))
    const forget = onAbort(signal, () => {
      clearTimeout(timer)
      reject(abortError(signal))
    })
  })
}

export interface Deadline {
  /** Aborts with `TIMEOUT` when the time is up, and with the caller's reason when the caller aborts. */
  readonly signal: AbortSignal
  /** Gives back the timer and the listener. Call it when the work has ended, whichever way. */
  clear(): void
  /** Clears, and aborts `signal` for whatever still runs under it. */
  abort(reason: unknown): void
}

/**
 * A time limit joined with the caller's own signal, for platforms without `AbortSignal.any`.
 *
 * @param message what the `TIMEOUT` error says.
 * @example
 * const limit = deadline(15_000, signal)
 * try { await fetch(url, { signal: limit.signal }) } finally { limit.clear() }
 */
export function deadline(ms: number, signal?: AbortSignal, message?: string): Deadline {
  const controller = new AbortController()
  if (signal?.aborted) {
    abortWith(controller, abortError(signal))
    return { signal: controller.signal, clear: () => {}, abort: () => {} }
  }
  const timer = setTimeout(() => {
    forget?.()
    abortWith(
      controller,
      new CofferError({
        code: 'TIMEOUT',
        message: message ?? `This took longer than ${ms} ms.`,
        details: { ms },
        retryable: true,
      }),
    )
  }, clampDelay(ms))
  const forget =
    signal &&
    onAbort(signal, () => {
      clearTimeout(timer)
      abortWith(controller, abortError(signal))
    })
  const clear = (): void => {
    clearTimeout(timer)
    forget?.()
  }
  return {
    signal: controller.signal,
    clear,
    abort: (reason) => {
      clear()
      abortWith(controller, reason)
    },
  }
}

/**
 * Runs `task` under a time limit and the caller's signal. Rejects with `TIMEOUT` or `ABORTED` at that moment, even when
 * the task pays no heed to the signal that it is given. That signal aborts when the task fails, too, so that nothing which
 * it began runs on without a limit.
 *
 * @example
 * const answer = await withTimeout(15_000, signal, (signal) => fetch(url, { signal }))
 */
export async function withTimeout<T>(
  ms: number,
  signal: AbortSignal | undefined,
  task: (signal: AbortSignal) => Promise<T>,
  message?: string,
): Promise<T> {
  throwIfAborted(signal)
  const limit = deadline(ms, signal, message)
  try {
    const value = await orAbort(task(limit.signal), limit.signal)
    limit.clear()
    return value
  } catch (error) {
    limit.abort(error)
    throw error
  }
}

/** `promise`, or the abort of `signal`, whichever comes first. A later failure of `promise` is not left unhandled. */
export function orAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(abortError(signal))
    const forget = signal.aborted ? leave() : onAbort(signal, leave)
    promise.then(resolve, reject).finally(() => forget?.())
  })
}

/** Timers of more than 24.8 days fire at once on every platform. */
function clampDelay(ms: number): number {
  return Math.max(0, Math.min(ms, 2_147_483_647))
}
