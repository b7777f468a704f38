import type { AccountDescriptor, Intent } from './draft.ts'
import { CofferError, isCofferError } from './error.ts'
import type { ChainId } from './ids.ts'
import { parseJson } from './json.ts'
import { jsonable } from './jsonable.ts'
import type { PolicyStep } from './policy.ts'
import { digestOf } from './policy-windows.ts'
import { type Store, withLock } from './store.ts'

/** Something that was asked to be signed and has to wait. */
export interface Delay {
  readonly id: string
  readonly chain: ChainId
  readonly account: AccountDescriptor
  /** What it does, in sentences. */
  readonly sentences: readonly string[]
  /** Unix seconds: when it was first asked for, and from when on it may be signed. */
  readonly since: number
  readonly until: number
}

/** What waits: one intent of one account, whatever nonce, coins or fee its drafts have. */
export interface Deed {
  readonly chain: ChainId
  readonly account: AccountDescriptor
  /** The intent, or the message. */
  readonly what: Intent | unknown
  readonly sentences: readonly string[]
}

/** Who waited and does not sign for so many seconds has to wait again: nothing may be kept ready for years. */
const LAPSES = 7 * 86_400

/**
 * Lets a deed pass whose time has come, once: the next of its kind waits again. Throws `POLICY_DELAYED` before that, and
 * begins to count at the first time. Returns what gives the waiting back, for a signature that was not made.
 */
export async function passDelays(
  steps: readonly PolicyStep[],
  deed: Deed,
  store: Store,
): Promise<() => Promise<void>> {
  const seconds = Math.max(0, ...steps.map(({ delay = 0 }) => delay))
  if (seconds === 0) return async () => {}
  const { chain, account, what, sentences } = deed
  const id = digestOf(`${chain}|${account}|${JSON.stringify(jsonable(what))}`)
  return withLock(store, 'policy', async () => {
    const now = Math.floor(Date.now() / 1000)
    const known = await readDelay(store, id)
    // A clock that was set back would make somebody wait for years: then the time counts from now.
    const isSound = known && known.since <= now && now <= known.since + seconds + LAPSES
    const since = isSound ? known.since : now
    const until = since + seconds
    if (!isSound || until > now) {
      const delay: Delay = { id, chain, account, sentences, since, until }
      await store.set(keyOf(id), JSON.stringify(delay))
      throw delayed(delay)
    }
    await store.delete(keyOf(id))
    return () => store.set(keyOf(id), JSON.stringify(known))
  })
}

/** What waits in a store, soonest first: for its owner to see what somebody wants to sign. */
export async function readDelays(store: Store): Promise<readonly Delay[]> {
  const ids = (await store.keys(PREFIX)).map((key) => key.slice(PREFIX.length))
  const found = await Promise.all(ids.map((id) => readDelay(store, id)))
  return found.flatMap((delay) => delay ?? []).sort((a, b) => a.until - b.until)
}

/** Forgets that something waits: who asks for it again waits from the beginning. */
export async function cancelDelay(store: Store, id: string): Promise<void> {
  await withLock(store, 'policy', () => store.delete(keyOf(id)))
}

const PREFIX = 'policy/delay/'
const keyOf = (id: string): string => PREFIX + id

async function readDelay(store: Store, id: string): Promise<Delay | undefined> {
  const text = await store.get(keyOf(id))
  if (text === undefined) return undefined
  try {
    const delay = parseJson(text) as Delay
    return Number.isSafeInteger(delay.since) ? delay : undefined
  } catch (error) {
    // A record that cannot be read proves no waiting.
    if (isCofferError(error, 'INVALID_JSON')) return undefined
    throw error
  }
}

function delayed({ id, since, until }: Delay): CofferError {
  return new CofferError({
    code: 'POLICY_DELAYED',
    message: `The policy lets this be signed ${until - since} s after it was first asked for: ask again after ${new Date(until * 1000).toISOString()}. Nothing was signed.`,
    details: { id, since, until },
    retryable: true,
  })
}
