import { CofferError, parseJson, type Store, withLock } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/**
 * What the owner of an account decided, and no chain tells: addresses given out, frozen coins, labels, and which coins drafts and
 * signed transactions hold. It rests in the wallet's store.
 */
export interface Book {
  /** The next index to give out, of each keychain. */
  readonly given: readonly [number, number]
  /** Outpoints, `txid:vout`. */
  readonly frozen: readonly string[]
  /** BIP-329 lines. */
  readonly labels: string
  readonly holds: Readonly<Record<string, Hold>>
}

/** A coin that something of ours spends. */
export interface Hold {
  /** Milliseconds of the clock; afterwards the coin is free again. */
  readonly until: number
  /** The id of the unsigned transaction, without signatures: of the draft that chose it. */
  readonly draft: string
  /** It was signed. */
  readonly signed?: true
  /** Of the signed transaction, where it is known before it is signed. */
  readonly txid?: string | undefined
}

/** A draft that nobody signs holds its coins so long. */
const DRAFT_TTL: number = 10 * 60_000
/** A signed transaction holds them until the chain shows what became of it, at most so long. */
const SIGNED_TTL: number = 60 * 60_000

const EMPTY: Book = { given: [0, 0], frozen: [], labels: '', holds: {} }

/** Names an account in the store. */
export function accountKey(chain: string, descriptor: string): string {
  return `bitcoin/${bytesToHex(sha256(utf8ToBytes(`${chain}|${descriptor}`))).slice(0, 32)}`
}

export async function readBook(store: Store, account: string): Promise<Book> {
  const text = await store.get(`${account}/book`)
  return text === undefined ? EMPTY : (parseJson(text) as Book)
}

/** Changes the book in peace: read, step, write. */
export function changeBook<T>(
  store: Store,
  account: string,
  step: (book: Book, now: number) => readonly [Book, T] | Promise<readonly [Book, T]>,
): Promise<T> {
  return withLock(store, `${account}/book`, async () => {
    const book = await readBook(store, account)
    const [next, result] = await step(book, Date.now())
    if (next !== book) await store.set(`${account}/book`, JSON.stringify(next))
    return result
  })
}

/** The coins that something holds now. */
export function heldIn({ holds }: Book, now: number): ReadonlyMap<string, Hold> {
  return new Map(Object.entries(holds).filter(([, { until }]) => until > now))
}

/** The book with coins held for a draft; holds that have ended are dropped. */
export function withHolds(
  book: Book,
  now: number,
  outpoints: readonly string[],
  hold: Omit<Hold, 'until'>,
): Book {
  const until = now + (hold.signed ? SIGNED_TTL : DRAFT_TTL)
  const added = Object.fromEntries(outpoints.map((outpoint) => [outpoint, { until, ...hold }]))
  return { ...book, holds: { ...Object.fromEntries(heldIn(book, now)), ...added } }
}

/**
 * Keeps the coins of a draft that is about to be signed for it alone, and returns what undoes that. Throws `COIN_TAKEN` when another
 * one was signed with one of them, unless this draft was made to replace that one.
 */
export async function claimCoins(
  store: Store,
  account: string,
  {
    id,
    outpoints,
    txid,
    replaces,
  }: {
    readonly id: string
    readonly outpoints: readonly string[]
    readonly txid: string | undefined
    readonly replaces: string | undefined
  },
): Promise<() => Promise<void>> {
  const before = await changeBook(store, account, (book, now) => {
    const held = heldIn(book, now)
    const taken = outpoints.find((outpoint) => {
      const hold = held.get(outpoint)
      if (!hold?.signed || hold.draft === id) return false
      // A replacement takes over the coins of what it replaces, and of nothing else.
      return replaces === undefined || (hold.txid !== undefined && hold.txid !== replaces)
    })
    if (taken !== undefined)
      throw new CofferError({
        code: 'COIN_TAKEN',
        message:
          'Another transaction of this account was signed with a coin of this draft. Make a new draft.',
        details: { outpoint: taken },
      })
    return [
      withHolds(book, now, outpoints, { draft: id, signed: true, ...(txid === undefined ? {} : { txid }) }),
      outpoints.map((outpoint) => [outpoint, held.get(outpoint)] as const),
    ]
  })
  return () =>
    changeBook(store, account, (book) => {
      const holds = { ...book.holds }
      for (const [outpoint, hold] of before) {
        if (holds[outpoint]?.draft !== id) continue
        if (hold) holds[outpoint] = hold
        else delete holds[outpoint]
      }
      return [{ ...book, holds }, undefined]
    })
}

/** Gives the coins of a draft back that was not signed; with `signed`, also those of one that was and will not be sent. */
export function freeCoins(
  store: Store,
  account: string,
  id: string,
  { signed = false }: { readonly signed?: boolean } = {},
): Promise<void> {
  return changeBook(store, account, (book) => {
    const left = Object.entries(book.holds).filter(
      ([, hold]) => hold.draft !== id || (hold.signed && !signed),
    )
    if (left.length === Object.keys(book.holds).length) return [book, undefined]
    return [{ ...book, holds: Object.fromEntries(left) }, undefined]
  })
}
