import { CofferError, isCofferError, parseJson, type Store, writeJson } from '@coffer/core'
import { textOf } from './generations.ts'

/** So many wrong ones cost nothing; after that the waits begin. */
const FREE = 5
/** Minutes to wait after the fifth, sixth, seventh and every later wrong one. */
const WAITS = [1, 5, 15, 60]
/** The wrong PIN that erases what hardware held for it. */
export const MOST_PINS = 10
/** No person tries so often; more than that was written by somebody else. */
const MOST = 1_000_000

interface Attempts {
  readonly failures: number
  /** When the last one began, in Unix milliseconds. */
  readonly last: number
}

/**
 * Counts a try before it is made, so that a program that is killed in between gains nothing, and forgets the count when the try
 * succeeds: when `attempt` answers anything but `undefined`. Throws `TOO_MANY_ATTEMPTS` while there is a wait.
 *
 * It slows down who has the device, not who has a copy of the vault: that one is held up by the cost of a password.
 */
export async function counted<T>(
  store: Store,
  key: string,
  attempt: () => Promise<T | undefined>,
): Promise<{ readonly result: T | undefined; readonly failures: number }> {
  const before = await readAttempts(store, key)
  const now = Date.now()
  const wait = waitOf(before, now)
  if (wait > 0) {
    // A clock that was set back starts the wait again, rather than make it last for years.
    if (before.last > now) await write(store, key, { ...before, last: now })
    throw new CofferError({
      code: 'TOO_MANY_ATTEMPTS',
      message: `There were ${before.failures} wrong tries. Try again in ${said(wait)}.`,
      details: { failures: before.failures, retryAfter: Math.ceil(wait / 1000) },
      retryable: true,
    })
  }
  const failures = before.failures + 1
  await write(store, key, { failures, last: now })
  let result: T | undefined
  try {
    result = await attempt()
  } catch (error) {
    // It ended before anything was learnt: cancelled, or the device did not give its part.
    if (isCofferError(error)) await write(store, key, before)
    throw error
  }
  if (result !== undefined) await store.delete(key)
  return { result, failures }
}

/** How many wrong tries there were since the last right one, and the seconds to wait before the next. */
export async function attemptsOf(
  store: Store,
  key: string,
): Promise<{ readonly failures: number; readonly retryAfter: number }> {
  const attempts = await readAttempts(store, key)
  return {
    failures: attempts.failures,
    retryAfter: Math.ceil(Math.max(0, waitOf(attempts, Date.now())) / 1000),
  }
}

function waitOf({ failures, last }: Attempts, now: number): number {
  if (failures < FREE) return 0
  const minutes = WAITS[Math.min(failures - FREE, WAITS.length - 1)]!
  const passed = Math.max(0, now - last)
  return minutes * 60_000 - passed
}

async function readAttempts(store: Store, key: string): Promise<Attempts> {
  const text = await countOf(store, key)
  if (text === undefined) return { failures: 0, last: 0 }
  try {
    const { failures, last } = parseJson(text) as Attempts
    if (isCount(failures) && failures < MOST && isCount(last)) return { failures, last }
  } catch {
    // Told below.
  }
  // A count that cannot be read is no reason to begin at zero; written down, so that the wait for it ends.
  const attempts = { failures: FREE, last: Date.now() }
  await write(store, key, attempts)
  return attempts
}

/** Some phones keep a value and lose its key, when they are cut short while they delete it: the count is lost, and not the vault. */
async function countOf(store: Store, key: string): Promise<string | undefined> {
  try {
    return await textOf(store, key)
  } catch (error) {
    if (isCofferError(error, 'STORE_INVALIDATED')) return ''
    throw error
  }
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

const write = (store: Store, key: string, attempts: Attempts): Promise<void> =>
  store.set(key, writeJson(attempts))

function said(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000)
  return seconds === 1
    ? '1 second'
    : seconds < 90
      ? `${seconds} seconds`
      : `${Math.ceil(seconds / 60)} minutes`
}
