import { shared } from './shared.ts'

/** How long a genesis block, once seen, is believed to stand behind an address. */
const RECHECK_MS = 5 * 60_000

export interface Pin {
  /** Returns once the server is known to serve the chain. */
  ensure(signal: AbortSignal | undefined): Promise<void>
  /** After a failure: another server may stand there now. */
  forget(): void
}

/** Looks at the server's first block before the first use, after {@link Pin.forget}, and every five minutes. */
export function openPin(check: (signal: AbortSignal) => Promise<void>): Pin {
  let checkedAt = Number.NEGATIVE_INFINITY
  const look = shared(async (signal) => {
    await check(signal)
    checkedAt = performance.now()
  })
  return {
    async ensure(signal) {
      if (performance.now() - checkedAt > RECHECK_MS) await look(signal)
    },
    forget() {
      checkedAt = Number.NEGATIVE_INFINITY
    },
  }
}
