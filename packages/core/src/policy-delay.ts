import type { AccountDescriptor } from './draft.ts'
import type { Effect } from './effects.ts'
import { CofferError } from './error.ts'
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
  /** What it does: `describeEffects` says it in sentences. */
  readonly list: readonly Effect[]
  /** Of a message, what it says. */
  readonly message?: string
  /** Unix seconds: when it was first asked for, and from when on it may be signed. */
  readonly since: number
  readonly until: number
}

/** What waits: what is done, to whom, whatever nonce, coins or fee its drafts have. */
export interface Deed {
  readonly chain: ChainId
  readonly account: AccountDescriptor
  /** All that must be the same the next time. */
  readonly what: unknown
  /** What may be less the next time, and not more: a sweep pays what is left. */
  readonly amounts: readonly bigint[]
  readonly list: readonly Effect[]
  readonly message?: string
}

interface Waiting extends Delay {
  readonly amounts: readonly bigint[]
}

/** Who waited and does not sign for so many seconds has to wait again: nothing may be kept ready for years. */
const LAPSES = 7 * 86_400

/** What of effects a delay is about: not where they are paid from, nor what comes back. */
export function deedOf(list: readonly Effect[]): Pick<Deed, 'what' | 'amounts'> {
  const parts = list
    .filter(({ kind }) => kind !== 'change')
    .map((effect) => {
      const {
        amount = 0n,
        from,
        nonce,
        ...what
      } = effect as { amount?: bigint; from?: string; nonce?: bigint }
      return { text: JSON.stringify(jsonable(what)), amount }
    })
    // On Bitcoin the order is drawn anew for each draft.
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : a.amount < b.amount ? -1 : 1))
  return { what: parts.map(({ text }) => text), amounts: parts.map(({ amount }) => amount) }
}

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
  const { chain, account, what, amounts, list, message } = deed
  const kind = digestOf(`${chain}|${account}|${JSON.stringify(jsonable(what))}`).slice(0, 32)
  return withLock(store, 'policy', async () => {
    const now = Math.floor(Date.now() / 1000)
    const known = (await readWaiting(store, kind, now))
      .filter((one) => covers(one.amounts, amounts))
      .map((one) => ({ ...one, until: Math.max(one.until, one.since + seconds) }))
      .sort((a, b) => a.until - b.until)
    const [first] = known
    if (first && first.until <= now) {
      await store.delete(keyOf(first.id))
      return () => withLock(store, 'policy', () => store.set(keyOf(first.id), write(first)))
    }
    const id = `${kind}${digestOf(amounts.join()).slice(0, 32)}`
    const said = message === undefined ? {} : { message }
    const fresh = { id, chain, account, list, ...said, since: now, until: now + seconds, amounts }
    const waiting: Waiting = first ?? fresh
    await store.set(keyOf(waiting.id), write(waiting))
    throw delayed(waiting)
  })
}

/** What waits in a store, soonest first: for its owner to see what somebody wants to sign. */
export async function readDelays(store: Store): Promise<readonly Delay[]> {
  const found = await readWaiting(store, '', Math.floor(Date.now() / 1000))
  return found.map(({ amounts, ...delay }) => delay).sort((a, b) => a.until - b.until)
}

/** Forgets that something waits: who asks for it again waits from the beginning. */
export async function cancelDelay(store: Store, id: string): Promise<void> {
  await withLock(store, 'policy', () => store.delete(keyOf(id)))
}

const PREFIX = 'policy/delay/'
const keyOf = (id: string): string => PREFIX + id
const write = (waiting: Waiting): string => JSON.stringify(jsonable(waiting))

function covers(most: readonly bigint[], amounts: readonly bigint[]): boolean {
  return most.length === amounts.length && most.every((amount, i) => amounts[i]! <= amount)
}

/**
 * What waits, of those whose ids begin so. What has lapsed waits no more, and neither does what a clock that ran ahead wrote:
 * it would make somebody wait for years.
 */
async function readWaiting(store: Store, start: string, now: number): Promise<readonly Waiting[]> {
  const keys = await store.keys(keyOf(start))
  const all = await Promise.all(keys.map(async (key) => readOne(await store.get(key))))
  return all.flatMap((one) => (one && one.since <= now && now <= one.until + LAPSES ? [one] : []))
}

/** A record that cannot be read proves no waiting. */
function readOne(text: string | undefined): Waiting | undefined {
  if (text === undefined) return undefined
  try {
    const { amounts, list, ...one } = parseJson(text) as Delay & { readonly amounts: readonly string[] }
    if (!Number.isSafeInteger(one.since) || !Number.isSafeInteger(one.until)) return undefined
    return { ...one, list: list.map((effect) => revived(effect) as Effect), amounts: amounts.map(BigInt) }
  } catch {
    return undefined
  }
}

const NUMBERS = ['amount', 'tokenId', 'nonce', 'expires', 'lockSeconds', 'threshold', 'weight', 'count']

/** Effects with the numbers that JSON has as texts. */
function revived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revived)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      NUMBERS.includes(name) && typeof inner === 'string' ? BigInt(inner) : revived(inner),
    ]),
  )
}

function delayed({ id, since, until }: Delay): CofferError {
  return new CofferError({
    code: 'POLICY_DELAYED',
    message: `The policy lets this be signed ${until - since} s after it was first asked for: ask again after ${new Date(until * 1000).toISOString()}. Nothing was signed.`,
    details: { id, since, until },
    retryable: true,
  })
}
