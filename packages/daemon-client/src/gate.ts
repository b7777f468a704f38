import { abortError, abortWith, onAbort, throwIfAborted } from '@coffer/core'

/** Lets `most` tasks run at a time; the others wait in line, and leave it when their signal aborts. */
export type Gate = <T>(signal: AbortSignal, task: () => Promise<T>) => Promise<T>

export function openGate(most: number): Gate {
  const line = new Set<() => void>()
  let running = 0
  const enter = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const forget = onAbort(signal, () => {
        line.delete(turn)
        reject(abortError(signal))
      })
      const turn = (): void => {
        forget()
        line.delete(turn)
        running++
        resolve()
      }
      line.add(turn)
    })
  return async (signal, task) => {
    throwIfAborted(signal)
    if (running < most && line.size === 0) running++
    else await enter(signal)
    try {
      return await task()
    } finally {
      running--
      const [next] = line
      next?.()
    }
  }
}

/** Runs `task` on each item, all at once, and gives the results in order. The first failure aborts the others. */
export async function forEach<T, R>(
  items: readonly T[],
  signal: AbortSignal,
  task: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  throwIfAborted(signal)
  const controller = new AbortController()
  const forget = onAbort(signal, () => abortWith(controller, abortError(signal)))
  try {
    return await Promise.all(items.map((item) => task(item, controller.signal)))
  } catch (error) {
    abortWith(controller, error)
    throw error
  } finally {
    forget()
  }
}
