/**
 * A map that can be forked in no time: parent and child share what neither has changed since. Every block and every
 * transaction works on a fork, so that going back is to forget one. Keys are hex or end in it.
 */
export interface Table<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
  values(): Iterable<V>
  keys(): Iterable<string>
  fork(): Table<V>
}

type Bucket<V> = ReadonlyMap<string, V>

const BUCKETS = 256
const empty: Bucket<never> = new Map<string, never>()

export function table<V>(buckets: readonly Bucket<V>[] = Array(BUCKETS).fill(empty)): Table<V> {
  let current = buckets
  /** The buckets that nobody else can see: they are changed in place. */
  const own = new Map<number, Map<string, V>>()
  const writable = (key: string): Map<string, V> => {
    const at = bucketOf(key)
    const known = own.get(at)
    if (known) return known
    const copy = new Map(current[at])
    if (own.size === 0) current = [...current]
    ;(current as Bucket<V>[])[at] = copy
    own.set(at, copy)
    return copy
  }
  return {
    get: (key) => current[bucketOf(key)]?.get(key),
    set(key, value) {
      writable(key).set(key, value)
    },
    delete(key) {
      if (current[bucketOf(key)]?.has(key)) writable(key).delete(key)
    },
    *values() {
      for (const bucket of current) yield* bucket.values()
    },
    *keys() {
      for (const bucket of current) yield* bucket.keys()
    },
    fork() {
      own.clear()
      return table(current)
    },
  }
}

function bucketOf(key: string): number {
  return Number.parseInt(key.slice(-2), 16) & (BUCKETS - 1)
}
