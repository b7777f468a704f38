import { type AccountId, parseJson, type Store, withLock } from '@coffer/core'

/**
 * The nonces of one account that this wallet has given out. They rest in the store, so that a restart or a second wallet
 * on the same store goes on where this one stood.
 *
 * A draft holds its nonce for {@link DRAFT_TTL}; a published transaction until it is mined or {@link PUBLISHED_TTL} has
 * passed. A nonce that nobody holds any more is given out again, lowest first, so that gaps close by themselves.
 */
interface Book {
  /** No nonce below was free when it was last seen; protects against answers that are older than others. */
  readonly floor: number
  readonly floorAt: number
  readonly held: Readonly<Record<string, { readonly until: number; readonly published?: true }>>
}

export interface NodeNonces {
  /** Transactions mined. */
  readonly latest: bigint
  /** Transactions mined or waiting, as this node sees them. */
  readonly pending: bigint
}

export const DRAFT_TTL: number = 10 * 60_000
const PUBLISHED_TTL = 60 * 60_000
/** For how long a node that answers with fewer mined transactions than another one did is taken to be behind. */
const LAG = 60_000

/** Takes `count` nonces for an account, lowest free first, each for this caller alone. */
export function takeNonces(
  store: Store,
  account: AccountId,
  node: NodeNonces,
  count: number,
): Promise<{ nonces: readonly bigint[]; /** Others' transactions wait before ours. */ gap: boolean }> {
  return change(store, account, (book, now) => {
    const latest = Number(node.latest)
    const behind = latest < book.floor && now - book.floorAt < LAG
    const floor = behind ? book.floor : latest
    const held = Object.fromEntries(
      Object.entries(book.held).filter(([nonce, { until }]) => Number(nonce) >= floor && until > now),
    )
    const published = Object.values(held).filter((hold) => hold.published).length
    const nonces: bigint[] = []
    let next = Math.max(floor, Number(node.pending))
    const gap = next - floor > published
    for (; nonces.length < count; next++) {
      if (held[next]) continue
      held[next] = { until: now + DRAFT_TTL }
      nonces.push(BigInt(next))
    }
    return [{ floor, floorAt: behind ? book.floorAt : now, held }, { nonces, gap }]
  })
}

/** Gives a draft's nonce back. */
export function freeNonce(store: Store, account: AccountId, nonce: bigint): Promise<void> {
  return change(store, account, (book) => {
    const hold = book.held[nonce.toString()]
    if (!hold || hold.published) return [book, undefined]
    const { [nonce.toString()]: _, ...held } = book.held
    return [{ ...book, held }, undefined]
  })
}

/** Notes that a transaction with this nonce was handed to the network. */
export function holdPublished(store: Store, account: AccountId, nonce: bigint): Promise<void> {
  return change(store, account, (book, now) => [
    { ...book, held: { ...book.held, [nonce.toString()]: { until: now + PUBLISHED_TTL, published: true } } },
    undefined,
  ])
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
