export interface AutoLock {
  /** Milliseconds without use after which a vault locks; 300,000 (five minutes) when not given. `Infinity`: never. */
  readonly idle?: number | undefined
  /**
   * Locks as soon as the app is out of sight. A page does so by itself when this is not given; elsewhere, pass a function that
   * calls its argument then and returns another that ends listening, or `false` to stay open.
   *
   * @example
   * background: (lock) => {
   *   const { remove } = AppState.addEventListener('change', (state) => state === 'background' && lock())
   *   return remove
   * }
   */
  readonly background?: ((lock: () => void) => () => void) | false | undefined
}

/** Watches an open vault. */
export interface Watchman {
  /** It was used just now. */
  touch(): void
  /** True when it was not used for too long, also where timers slept with the device. */
  isLate(): boolean
  stop(): void
}

const IDLE = 300_000

export function watchman(
  { idle = IDLE, background = whenHidden }: AutoLock,
  lock: (reason: 'idle' | 'background') => void,
): Watchman {
  let timer: ReturnType<typeof setTimeout> | undefined
  let touched = { clock: 0, steady: 0 }
  const end = background ? background(() => lock('background')) : undefined
  const isLate = (): boolean =>
    Date.now() - touched.clock >= idle ||
    // A clock that was set back must not keep it open.
    performance.now() - touched.steady >= idle
  const touch = (): void => {
    touched = { clock: Date.now(), steady: performance.now() }
    clearTimeout(timer)
    // Longer ones overflow; nobody waits a fortnight.
    if (idle > 2 ** 31 - 1) return
    timer = setTimeout(() => lock('idle'), idle)
    // A program should end when all that is left of it is a vault.
    ;(timer as { unref?: () => void }).unref?.()
  }
  touch()
  return {
    touch,
    isLate,
    stop: () => {
      clearTimeout(timer)
      end?.()
    },
  }
}

function whenHidden(lock: () => void): () => void {
  const { document } = globalThis as { document?: Document }
  if (typeof document?.addEventListener !== 'function') return () => {}
  const onChange = (): void => {
    if (document.visibilityState === 'hidden') lock()
  }
  document.addEventListener('visibilitychange', onChange)
  return () => document.removeEventListener('visibilitychange', onChange)
}
