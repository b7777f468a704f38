import { abortError, abortWith, onAbort } from '@coffer/core'

/** The work of one source: each piece ends with its caller's signal, and all of it when the source is closed. */
export interface Scopes {
  run<T>(signal: AbortSignal | undefined, task: (signal: AbortSignal) => Promise<T>): Promise<T>
  abort(reason: unknown): void
}

export function openScopes(): Scopes {
  const running = new Set<AbortController>()
  return {
    async run(signal, task) {
      const controller = new AbortController()
      if (signal?.aborted) abortWith(controller, abortError(signal))
      const forget = signal && onAbort(signal, () => abortWith(controller, abortError(signal)))
      running.add(controller)
      try {
        return await task(controller.signal)
      } finally {
        running.delete(controller)
        forget?.()
      }
    },
    abort(reason) {
      for (const controller of running) abortWith(controller, reason)
    },
  }
}
