import { type AccountId, CofferError, parseJson, type Store, withLock } from '@coffer/core'

/**
 * The nonces of one account that this wallet has given out. They rest in the store, so that a restart or a second wallet
 * on the same store goes on where this one stood.
 *
 * A draft holds its nonce for {@link DRAFT_TTL}; a signed transaction until it is mined or {@link SIGNED_TTL} has passed. A
 * nonce that nobody holds any more is given out again, lowest first, so that gaps close by themselves.
 */
interface Book {
  /** No nonce below was free when it was last seen; protects against answers that are older than others. */
  readonly floor: number
  readonly floorAt: number
  readonly held: Readonly<Record<string, Hold>>
}

interface Hold {
  readonly until: number
  /** The transaction that was signed with this nonce; none while it is only a draft's. */
  readonly by?: string
  readonly published?: true
}

export interface NodeNonces {
  /** Transactions mined. */
  readonly latest: bigint
  /** Transactions mined or waiting, as this node sees them. */
  readonly pending: bigint
}

const DRAFT_TTL = 10 * 60_000
const SIGNED_TTL = 60 * 60_000
/** For how long a node that answers with fewer mined transactions than another one did is taken to be behind. */
const LAG = 60_000

/** Takes `count` nonces for an account, lowest free first, each for this caller alone. */
export function takeNonces(
  store: Store,
  account: AccountId,
  node: NodeNonces,
  count: number,
): Promise<{
  nonces: readonly bigint[]
  /** Transactions of others wait before ours. */
  gap: boolean
  /** Nonces of earlier drafts that nobody has signed yet; what comes after them waits for them. */
  unsigned: readonly bigint[]
}> {
  return change(store, account, (book, now) => {
    const latest = Number(node.latest)
    const behind = latest < book.floor && now - book.floorAt < LAG
    const floor = behind ? book.floor : latest
    const held = Object.fromEntries(
      Object.entries(book.held).filter(([nonce, { until }]) => Number(nonce) >= floor && until > now),
    )
    const signed = Object.values(held).filter((hold) => hold.by !== undefined || hold.published).length
    const nonces: bigint[] = []
    let next = Math.max(floor, Number(node.pending))
    const gap = next - floor > signed
    const unsigned = Object.entries(held).flatMap(([nonce, hold]) =>
      hold.by === undefined && !hold.published ? [BigInt(nonce)] : [],
    )
    for (; nonces.length < count; next++) {
      if (held[next]) continue
      held[next] = { until: now + DRAFT_TTL }
      nonces.push(BigInt(next))
    }
    return [
      { floor, floorAt: behind ? book.floorAt : now, held },
      { nonces, gap, unsigned },
    ]
  })
}

/** Gives the nonce of a draft back, unless another transaction has it or it was published. */
export function freeNonce(store: Store, account: AccountId, nonce: bigint, id?: string): Promise<void> {
  return change(store, account, (book) => {
    const hold = book.held[nonce.toString()]
    if (!hold || hold.published || (hold.by !== undefined && hold.by !== id)) return [book, undefined]
    const { [nonce.toString()]: _, ...held } = book.held
    return [{ ...book, held }, undefined]
  })
}

/**
 * Keeps a nonce for the transaction `id` that is about to be signed. Throws `NONCE_TAKEN` when another one was signed with
 * it: two with one nonce would push each other out. A replacement takes it over.
 */
export function claimNonce(
  store: Store,
  account: AccountId,
  nonce: bigint,
  { id, replaces }: { readonly id: string; readonly replaces: boolean },
): Promise<void> {
  return change(store, account, (book, now) => {
    const hold = book.held[nonce.toString()]
    const taken = hold !== undefined && hold.until > now && hold.by !== undefined && hold.by !== id
    if (taken && !replaces)
      throw new CofferError({
        code: 'NONCE_TAKEN',
        message: `Another transaction of this account was signed with nonce ${nonce}. Make a new draft.`,
        details: { nonce },
      })
    return [
      withHold(book, nonce, { ...(hold?.by === id ? hold : {}), until: now + SIGNED_TTL, by: id }),
      undefined,
    ]
  })
}

/** Notes that a transaction with this nonce was handed to the network. */
export function holdPublished(store: Store, account: AccountId, nonce: bigint): Promise<void> {
  return change(store, account, (book, now) => {
    const hold = book.held[nonce.toString()]
    return [withHold(book, nonce, { ...hold, until: now + SIGNED_TTL, published: true }), undefined]
  })
}

function withHold(book: Book, nonce: bigint, hold: Hold): Book {
  return { ...book, held: { ...book.held, [nonce.toString()]: hold } }
}

function change<T>(
  store: Store,
  account: AccountId,
  step: (book: Book, now: number) => [Book, T],
): Promise<T> {
  const key = `evm/nonces/${account}`
  return withLock(store, key, async () => {
    const text = await store.get(key)
    const book = text === undefined ? { floor: 0, floorAt: 0, held: {} } : (parseJson(text) as Book)
    const [next, result] = step(book, Date.now())
    if (next !== book) await store.set(key, JSON.stringify(next))
    return result
  })
}
