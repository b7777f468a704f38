import { throwIfAborted } from '@coffer/core'
import type { Argon2Request } from './argon2-request.ts'

/** Milliseconds at a time, so that a page draws every frame; and between two of them when others have work without end. */
const SLICE = 6
const TURN = 5

/**
 * On this thread, a slice at a time, and all that waits has its turn between two of them. Throws `ABORTED`.
 *
 * @see https://wicg.github.io/scheduling-apis/
 */
export async function argon2InSlices(
  { password, salt, memory, passes, lanes }: Argon2Request,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { argon2idAsync } = await import('@noble/hashes/argon2.js')
  throwIfAborted(signal)
  const result = await politely((begun) =>
    argon2idAsync(password, salt, {
      m: memory,
      t: passes,
      p: lanes,
      dkLen: 32,
      asyncTick: SLICE,
      // Called in every slice: the only place where it can be stopped.
      onProgress: () => {
        throwIfAborted(signal)
        begun()
      },
    }),
  )
  throwIfAborted(signal)
  return result
}

/**
 * Runs a task whose slices end with `scheduler.yield`, where there is one. That goes on before every timer and message; begun in
 * the background it goes on after them, and on a busy page never. So it waits in the background, and a timer calls it to
 * the front for one slice. The task says when one has begun.
 */
async function politely<T>(task: (begun: () => void) => Promise<T>): Promise<T> {
  const { scheduler, TaskController } = globalThis as Scheduling
  if (!scheduler?.postTask || !TaskController) return task(() => {})
  const place = new TaskController({ priority: 'background' })
  const move = (priority: Priority): void => {
    if (place.signal.priority !== priority) place.setPriority(priority)
  }
  const turns = setInterval(() => move('user-visible'), TURN)
  try {
    return await scheduler.postTask(() => task(() => move('background')), { signal: place.signal })
  } finally {
    clearInterval(turns)
  }
}

type Priority = 'background' | 'user-visible'

/** Of a browser, if it has them. */
interface Scheduling {
  readonly scheduler?: {
    postTask?<T>(task: () => Promise<T>, options: { readonly signal: TaskSignal }): Promise<T>
  }
  readonly TaskController?: new (options: {
    readonly priority: Priority
  }) => { readonly signal: TaskSignal; setPriority(priority: Priority): void }
}

interface TaskSignal extends AbortSignal {
  readonly priority: Priority
}
