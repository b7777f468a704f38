import { type AccountId, CofferError, parseJson, type Store, withLock } from '@coffer/core'

/**
 * The transactions of one account that were signed here and may still be mined. They rest in the store, so that a restart
 * does not forget them. On Tron nothing ties one transaction to the next, as a nonce or a coin does elsewhere: two of the
 * same intent are both mined. So a second one is signed only when the first is settled, or when the caller means two.
 */
interface Book {
  /** The newest time that a transaction was given, in Unix milliseconds: each has its own, so that no two are the same bytes. */
  readonly last: number
  readonly open: readonly Open[]
}

export interface Open {
  readonly txid: string
  /** Stands for what the transaction does, whatever its times and reference block. */
  readonly deed: string
  /** Unix milliseconds. */
  readonly expiration: number
}

/** Kept for so long after expiring by this machine's clock, which may be a day wrong. */
const KEEP = 2 * 24 * 60 * 60_000

/** Gives `count` times from `from` on that no transaction of the account has had, in Unix milliseconds. */
export function giveTimes(store: Store, account: AccountId, from: bigint, count: number): Promise<bigint[]> {
  return change(store, account, (book) => {
    const first = Math.max(Number(from), book.last + 1)
    const times = Array.from({ length: count }, (_, i) => BigInt(first + i))
    return [{ ...book, last: first + count - 1 }, times]
  })
}

/** The open transactions that do one of `deeds`. */
export async function readOpen(
  store: Store,
  account: AccountId,
  deeds: readonly string[],
): Promise<readonly Open[]> {
  const { open } = await readBook(store, account)
  return open.filter(({ deed }) => deeds.includes(deed))
}

/** Forgets transactions that were mined, or never can be. */
export function settle(store: Store, account: AccountId, txids: readonly string[]): Promise<void> {
  return change(store, account, (book) => {
    if (!book.open.some(({ txid }) => txids.includes(txid))) return [book, undefined]
    return [{ ...book, open: book.open.filter(({ txid }) => !txids.includes(txid)) }, undefined]
  })
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
  const isNew = await change(store, account, (book) => {
    if (book.open.some((one) => one.txid === txid)) return [book, false]
    const other = book.open.find((one) => one.deed === deed)
    if (other && !again) throw stillOpen(other.txid, BigInt(other.expiration))
    return [{ ...book, open: [...book.open, { txid, deed, expiration }] }, true]
  })
  return async () => {
    if (isNew) await settle(store, account, [txid])
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

async function readBook(store: Store, account: AccountId): Promise<Book> {
  const text = await store.get(keyOf(account))
  return text === undefined ? { last: 0, open: [] } : (parseJson(text) as Book)
}

function change<T>(store: Store, account: AccountId, step: (book: Book) => [Book, T]): Promise<T> {
  const key = keyOf(account)
  return withLock(store, key, async () => {
    const book = await readBook(store, account)
    const [next, result] = step(book)
    const now = Date.now()
    const open = next.open.filter(({ expiration }) => expiration + KEEP > now)
    if (next !== book || open.length < book.open.length)
      await store.set(key, JSON.stringify({ ...next, open }))
    return result
  })
}

const keyOf = (account: AccountId): string => `tron/open/${account}`
