import { type AccountId, CofferError, parseJson, type Store, withLock } from '@coffer/core'

/*
 * The transactions of an account that were signed here and may still be mined. They rest in the store, so that a restart does
 * not forget them. On Tron nothing ties one transaction to the next, as a nonce or a coin does elsewhere: two of the same intent
 * are both mined. So a second one is signed only when the first is settled, or when the caller means two. Each deed has a key of
 * its own: however many are open, noting one costs the same.
 */

export interface Open {
  readonly txid: string
  /** Stands for what the transaction does, whatever its times and reference block. */
  readonly deed: string
  /** Unix milliseconds. */
  readonly expiration: number
}

type Note = Omit<Open, 'deed'>

/** Kept for so long after expiring by this machine's clock, which may be a day wrong. */
const KEEP = 2 * 24 * 60 * 60_000
/** Milliseconds after the newest block within which times are given; a transaction lives longer than that. */
const SPREAD = 50_000
/** So many times are given between two sweeps. */
const SWEEP = 256

/**
 * Gives `count` times from `from` on, in Unix milliseconds, so that no two transactions are the same bytes. They stay near `from`
 * whatever a node said before: a head that was a day ahead must not spoil the drafts after it.
 */
export function giveTimes(store: Store, account: AccountId, from: bigint, count: number): Promise<bigint[]> {
  const key = `tron/times/${account}`
  return withLock(store, key, async () => {
    const text = await store.get(key)
    // Two machines of one account begin at different places.
    const serial = text === undefined ? Date.now() % SPREAD : Number(text)
    if (text === undefined || serial % SWEEP < count) await sweep(store, account)
    await store.set(key, String((serial + count) % (SPREAD * SWEEP)))
    return Array.from({ length: count }, (_, i) => from + BigInt((serial + i) % SPREAD))
  })
}

/** The open transactions that do one of `deeds`. */
export async function readOpen(
  store: Store,
  account: AccountId,
  deeds: readonly string[],
): Promise<readonly Open[]> {
  const found = await Promise.all(
    [...new Set(deeds)].map(async (deed) => {
      const notes = await readNotes(store, keyOf(account, deed))
      return notes.map((note) => ({ ...note, deed }))
    }),
  )
  return found.flat()
}

/** Forgets transactions that were mined, or never can be. */
export async function settle(
  store: Store,
  account: AccountId,
  settled: readonly Pick<Open, 'txid' | 'deed'>[],
): Promise<void> {
  for (const { txid, deed } of settled) {
    const key = keyOf(account, deed)
    await withLock(store, key, async () => {
      const notes = await readNotes(store, key)
      await writeNotes(
        store,
        key,
        notes.filter((note) => note.txid !== txid),
      )
    })
  }
}

/**
 * Notes a transaction that is about to be signed, and returns what takes the note back. Throws `PAYMENT_OPEN` when another
 * one that does the same is open, unless the caller means both.
 */
export async function openDeed(
  store: Store,
  account: AccountId,
  { txid, deed, expiration }: Open,
  again: boolean,
): Promise<() => Promise<void>> {
  const key = keyOf(account, deed)
  const isNew = await withLock(store, key, async () => {
    const notes = await readNotes(store, key)
    if (notes.some((note) => note.txid === txid)) return false
    const [other] = notes
    if (other && !again) throw stillOpen(other.txid, BigInt(other.expiration))
    await writeNotes(store, key, [...notes, { txid, expiration }])
    return true
  })
  return async () => {
    if (isNew) await settle(store, account, [{ txid, deed }])
  }
}

/** The very same was signed before and is not settled. */
export function stillOpen(txid: string, expiration: bigint): CofferError {
  const until = new Date(Number(expiration)).toISOString()
  return new CofferError({
    code: 'PAYMENT_OPEN',
    message: `The very same was signed before, as ${txid}, and may still be mined until ${until}. Publish that one again, or wait until it has expired; if you mean a second one, say so with again: true.`,
    details: { txid, expiration },
    retryable: true,
  })
}

/** The notes of a deed that are not long past. */
async function readNotes(store: Store, key: string): Promise<readonly Note[]> {
  const text = await store.get(key)
  if (text === undefined) return []
  const now = Date.now()
  return (parseJson(text) as Note[]).filter(({ expiration }) => expiration + KEEP > now)
}

async function writeNotes(store: Store, key: string, notes: readonly Note[]): Promise<void> {
  if (notes.length === 0) await store.delete(key)
  else await store.set(key, JSON.stringify(notes))
}

/** Deletes what is long past. */
async function sweep(store: Store, account: AccountId): Promise<void> {
  for (const key of await store.keys(keyOf(account, '')))
    await withLock(store, key, async () => {
      if ((await readNotes(store, key)).length === 0) await store.delete(key)
    })
}

const keyOf = (account: AccountId, deed: string): string => `tron/open/${account}/${deed}`
