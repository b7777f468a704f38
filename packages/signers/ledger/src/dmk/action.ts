/** A device action of a signer kit, told by its shape. */
export interface KitAction<O> {
  readonly observable: {
    subscribe(observer: {
      next(state: KitState<O>): void
      error(error: unknown): void
      complete(): void
    }): unknown
  }
  cancel(): void
}

export type KitState<O> =
  | { readonly status: 'not-started' | 'pending' | 'stopped' }
  | { readonly status: 'completed'; readonly output: O }
  | { readonly status: 'error'; readonly error: unknown }

const STOPPED = { _tag: 'DeviceActionStopped', message: 'The device action was stopped.' }

/** What a device action ends in. Rejects with a {@link kitError} where it fails, is stopped, or cannot even start. */
export async function outputOf<O>(start: () => KitAction<O>): Promise<O> {
  let action: KitAction<O>
  try {
    action = start()
  } catch (error) {
    throw kitError(error)
  }
  return new Promise((resolve, reject) => {
    let ended = false
    const fail = (error: unknown): void => {
      if (ended) return
      ended = true
      reject(kitError(error))
      // Nobody waits for what may still run.
      action.cancel()
    }
    action.observable.subscribe({
      next: (state) => {
        if (state.status === 'not-started' || state.status === 'pending') return
        ended = true
        if (state.status === 'completed') resolve(state.output)
        else reject(kitError(state.status === 'error' ? state.error : STOPPED))
      },
      error: fail,
      complete: () => fail(STOPPED),
    })
  })
}

/** The kits throw plain objects: an `Error` with their tag as its name, their status word and what they were made of. */
export function kitError(error: unknown): Error {
  if (error instanceof Error) return error
  const { _tag, errorCode, originalError, message } = (error ?? {}) as {
    _tag?: string
    errorCode?: string
    originalError?: unknown
    message?: string
  }
  const reason = message ?? (originalError as Error | undefined)?.message ?? 'The device action failed.'
  return Object.assign(new Error(reason), { name: _tag ?? 'DmkError', _tag, errorCode, originalError })
}
