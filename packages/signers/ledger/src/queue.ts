import { orAbort, throwIfAborted } from '@coffer/core'

/** What runs at a device, one after the other. */
export interface Queue {
  /**
   * Runs `task` when all that came before has ended. A caller who cancels is told at once (`ABORTED`): what waits is taken
   * out, and what runs keeps its turn until the device has answered.
   */
  run<R>(task: () => Promise<R>, signal: AbortSignal | undefined): Promise<R>
}

/** One queue for each device, however many signers share it. */
const queues = new WeakMap<object, Queue>()

/** The queue of a device, told by the transport or by the function that opens one. */
export function queueOf(device: object): Queue {
  const known = queues.get(device)
  if (known) return known
  const queue = makeQueue()
  queues.set(device, queue)
  return queue
}

function makeQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve()
  return {
    run: (task, signal) => {
      throwIfAborted(signal)
      const turn = last.then(() => {
        throwIfAborted(signal)
        return task()
      })
      last = turn.catch(() => {})
      return orAbort(turn, signal)
    },
  }
}
