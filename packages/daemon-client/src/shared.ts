import { abortError, abortWith, orAbort, throwIfAborted } from '@coffer/core'

/**
 * One run of `task` for all who ask while it runs. Who aborts leaves alone; when all have left, the run is aborted. The
 * next caller after its end starts a new one.
 */
export function shared<T>(
  task: (signal: AbortSignal) => Promise<T>,
): (signal: AbortSignal | undefined) => Promise<T> {
  let flight:
    | { readonly promise: Promise<T>; readonly controller: AbortController; callers: number }
    | undefined
  return async (signal) => {
    throwIfAborted(signal)
    if (!flight) {
      const controller = new AbortController()
      const promise = task(controller.signal)
      const mine = { promise, controller, callers: 0 }
      const end = (): void => {
        if (flight === mine) flight = undefined
      }
      promise.then(end, end)
      flight = mine
    }
    const mine = flight
    mine.callers++
    try {
      return await orAbort(mine.promise, signal)
    } finally {
      if (--mine.callers === 0 && flight === mine) {
        flight = undefined
        abortWith(mine.controller, signal?.aborted ? abortError(signal) : undefined)
      }
    }
  }
}
