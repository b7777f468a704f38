import { CofferError, isCofferError } from './error.ts'

/** Throws `ABORTED` when `signal` has aborted (or its reason, where that is a Coffer error such as `TIMEOUT`). */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal)
}

/** What to throw for an aborted signal: its reason where that is a Coffer error, else `ABORTED`. */
export function abortError(signal: AbortSignal): CofferError {
  if (isCofferError(signal.reason)) return signal.reason
  return new CofferError({ code: 'ABORTED', message: 'The caller cancelled this.' })
}

/**
 * Waits for `ms` milliseconds, or throws `ABORTED` as soon as `signal` aborts. Leaves no timer and no listener behind.
 *
 * @example
 * await sleep(1_000, signal)
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortError(signal))
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, clampDelay(ms))
    const onAbort = (): void => {
      clearTimeout(timer)
      if (signal) reject(abortError(signal))
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

export interface Deadline {
  /** Aborts with `TIMEOUT` when the time is up, and with the caller's reason when the caller aborts. */
  readonly signal: AbortSignal
  /** Gives back the timer and the listener. Call it when the work has ended, whichever way. */
  clear(): void
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
    controller.abort(abortError(signal))
    return { signal: controller.signal, clear: () => {} }
  }
  const timer = setTimeout(() => {
    signal?.removeEventListener('abort', onAbort)
    controller.abort(
      new CofferError({
        code: 'TIMEOUT',
        message: message ?? `This took longer than ${ms} ms.`,
        details: { ms },
        retryable: true,
      }),
    )
  }, clampDelay(ms))
  const onAbort = (): void => {
    clearTimeout(timer)
    if (signal) controller.abort(abortError(signal))
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    },
  }
}

/**
 * Runs `task` under a time limit and the caller's signal. Rejects with `TIMEOUT` or `ABORTED` at that moment, even when
 * the task pays no heed to the signal that it is given.
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
    return await orAbort(task(limit.signal), limit.signal)
  } finally {
    limit.clear()
  }
}

/** `promise`, or the abort of `signal`, whichever comes first. A later failure of `promise` is not left unhandled. */
export function orAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortError(signal))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** Timers of more than 24.8 days fire at once on every platform. */
function clampDelay(ms: number): number {
  return Math.max(0, Math.min(ms, 2_147_483_647))
}
