import { type AccountId, CofferError, parseJson, type Store, withLock } from '@coffer/core'

/**
 * The nonces of one account that this wallet has given out. They rest in the store, so that a restart, or another wallet
 * over the same store in this process, goes on where this one stood.
 *
 * A draft holds its nonce for {@link DRAFT_TTL}, a signed transaction for {@link SIGNED_TTL}, a published one until it is
 * final or {@link PUBLISHED_TTL} has passed. What nobody holds is given out again, lowest first, so that gaps close by themselves.
 * What one node says of mined transactions frees nothing: only finality does.
 */
interface Book {
  /** Every nonce below is used for good. */
  readonly final: number
  /** The highest count of mined transactions that a node has told. */
  readonly seen: number
  readonly held: Readonly<Record<string, Hold>>
}

interface Hold {
  readonly until: number
  /** The draft that it was given to. */
  readonly draft?: string
  /** The transaction that was signed with it. */
  readonly by?: string
  readonly published?: true
}

export interface NodeNonces {
  /** Transactions mined. */
  readonly latest: bigint
  /** Transactions mined or waiting, as this node sees them. */
  readonly pending: bigint
  /** Transactions mined for good, where the node can tell. */
  readonly finalized?: bigint | undefined
}

/** What stands before the nonces that are given out. */
export interface Ahead {
  /** Transactions that this wallet does not know wait first, or the node's count has jumped. */
  readonly gap: boolean
  /** Nonces of earlier drafts that nobody has signed yet. */
  readonly unsigned: readonly bigint[]
}

const DRAFT_TTL = 10 * 60_000
const SIGNED_TTL = 60 * 60_000
const PUBLISHED_TTL = 7 * 24 * 60 * 60_000
/** Without a finalized count, so many mined transactions on top make one final. */
const DEEP = 256
/** More new transactions than this since the node was last asked are shown to the person. */
const JUMP = 64

/**
 * Gives a nonce to each draft that `build` makes, in its place of `wanted` where one is named, else the lowest free one. `build`
 * gets the nonces and returns the drafts with their ids; when it throws, nothing was taken.
 */
export function giveNonces<T>(
  store: Store,
  account: AccountId,
  node: NodeNonces,
  wanted: readonly (bigint | undefined)[],
  build: (nonces: readonly bigint[], ahead: Ahead) => { readonly ids: readonly string[]; readonly drafts: T },
): Promise<T> {
  return change(store, account, (book, now) => {
    const latest = Number(node.latest)
    const final = Math.max(book.final, node.finalized === undefined ? latest - DEEP : Number(node.finalized))
    const held: Record<string, Hold> = Object.fromEntries(
      Object.entries(book.held).filter(([nonce, { until }]) => Number(nonce) >= final && until > now),
    )
    const known = Object.entries(held)
    const signed = known.filter(([nonce, hold]) => hold.by !== undefined && Number(nonce) >= latest).length
    const highest = Math.max(book.seen, ...known.map(([nonce]) => Number(nonce) + 1))
    const ahead: Ahead = {
      gap: Number(node.pending) - latest > signed || (book.seen > 0 && latest > highest + JUMP),
      unsigned: known.flatMap(([nonce, hold]) => (hold.by === undefined ? [BigInt(nonce)] : [])),
    }
    const fixed = new Set(wanted.map(String))
    let next = Math.max(final, latest, Number(node.pending))
    const nonces = wanted.map((nonce) => {
      if (nonce !== undefined) return nonce
      while (held[next] || fixed.has(String(next))) next++
      return BigInt(next++)
    })
    const { ids, drafts } = build(nonces, ahead)
    nonces.forEach((nonce, i) => {
      if (held[nonce.toString()]?.by === undefined)
        held[nonce.toString()] = { until: now + DRAFT_TTL, draft: ids[i]! }
    })
    // A jump is believed when it is told twice.
    const seen = latest > highest + JUMP && book.seen > 0 ? highest + JUMP : Math.max(book.seen, latest)
    return [{ final, seen, held }, drafts]
  })
}

/** Gives the nonce of a draft back, unless it was given to another one or signed with. */
export function freeNonce(store: Store, account: AccountId, nonce: bigint, id: string): Promise<void> {
  return change(store, account, (book) => {
    const hold = book.held[nonce.toString()]
    return [hold?.draft === id && hold.by === undefined ? withHold(book, nonce, undefined) : book, undefined]
  })
}

/**
 * Keeps a nonce for the transaction `id` that is about to be signed, and returns what undoes that. Throws `NONCE_TAKEN`
 * when another one was signed with it: two with one nonce would push each other out. A replacement takes it over.
 */
export async function claimNonce(
  store: Store,
  account: AccountId,
  nonce: bigint,
  { id, replaces }: { readonly id: string; readonly replaces: boolean },
): Promise<() => Promise<void>> {
  const before = await change(store, account, (book, now) => {
    const hold = book.held[nonce.toString()]
    const taken = hold?.by !== undefined && hold.by !== id && hold.until > now
    if (taken && !replaces)
      throw new CofferError({
        code: 'NONCE_TAKEN',
        message: `Another transaction of this account was signed with nonce ${nonce}. Make a new draft.`,
        details: { nonce },
      })
    const until = Math.max(hold?.until ?? 0, now + SIGNED_TTL)
    return [withHold(book, nonce, { ...hold, until, by: id }), hold]
  })
  return () =>
    change(store, account, (book) => {
      const hold = book.held[nonce.toString()]
      const untouched = hold?.by === id && hold.published === before?.published
      return [untouched ? withHold(book, nonce, before) : book, undefined]
    })
}

/**
 * Notes that the transaction `id` is handed to the network, and returns what to do when it was not taken: `retry` leaves the
 * nonce to the signed transaction, which will be sent again; `free` gives it to the next draft, unless an earlier transaction
 * was published with it.
 */
export async function holdPublished(
  store: Store,
  account: AccountId,
  nonce: bigint,
  id: string,
): Promise<(next: 'retry' | 'free') => Promise<void>> {
  const before = await change(store, account, (book, now) => {
    const hold = book.held[nonce.toString()]
    return [
      withHold(book, nonce, { ...hold, until: now + PUBLISHED_TTL, by: id, published: true }),
      { hold, signed: { ...hold, until: now + SIGNED_TTL, by: id } },
    ]
  })
  return (next) =>
    change(store, account, (book) => {
      if (before.hold?.published) return [withHold(book, nonce, before.hold), undefined]
      return [withHold(book, nonce, next === 'retry' ? before.signed : undefined), undefined]
    })
}

function withHold(book: Book, nonce: bigint, hold: Hold | undefined): Book {
  const { [nonce.toString()]: _, ...held } = book.held
  return { ...book, held: hold ? { ...held, [nonce.toString()]: hold } : held }
}

function change<T>(
  store: Store,
  account: AccountId,
  step: (book: Book, now: number) => [Book, T],
): Promise<T> {
  const key = `evm/nonces/${account}`
  return withLock(store, key, async () => {
    const text = await store.get(key)
    const book = text === undefined ? { final: 0, seen: 0, held: {} } : (parseJson(text) as Book)
    const [next, result] = step(book, Date.now())
    if (next !== book) await store.set(key, JSON.stringify(next))
    return result
  })
}
