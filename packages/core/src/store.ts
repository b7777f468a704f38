/**
 * Where small values rest: a key-value store of strings, atomic for each key.
 *
 * `get` answers `undefined` for a key that is not there and throws `STORE_FAILED` when it cannot tell.
 */
export interface Store {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
  delete(key: string): Promise<void>
  /** Every key that begins with `prefix`, in no order. */
  keys(prefix?: string): Promise<readonly string[]>
  /**
   * Runs `task` while nobody else who uses the same storage runs one for `key`, in other processes and tabs too. Present only
   * where the storage can; without it, only the users of this very object wait for each other.
   */
  lock?<T>(key: string, task: () => Promise<T>): Promise<T>
}

/** A store in this process's memory. */
export function memoryStore(): Store {
  const values = new Map<string, string>()
  return {
    get: async (key) => values.get(key),
    set: async (key, value) => void values.set(key, value),
    delete: async (key) => void values.delete(key),
    keys: async (prefix = '') => [...values.keys()].filter((key) => key.startsWith(prefix)),
  }
}

type Queues = WeakMap<Store, Map<string, Promise<unknown>>>

/** Kept once in a program, so that two copies of this package in it wait for each other. */
const QUEUES = Symbol.for('@coffer/core:queues')

/** Runs `task` after every earlier task of the same store and key has ended: read, then write, in peace. */
export function withLock<T>(store: Store, key: string, task: () => Promise<T>): Promise<T> {
  if (store.lock) return store.lock(key, task)
  const turns = queuesOf(store)
  const run = (turns.get(key) ?? Promise.resolve()).then(task, task)
  const settled = run.then(
    () => {},
    () => {},
  )
  turns.set(key, settled)
  void settled.then(() => {
    if (turns.get(key) === settled) turns.delete(key)
  })
  return run
}

function queuesOf(store: Store): Map<string, Promise<unknown>> {
  const shared = globalThis as { [QUEUES]?: Queues }
  if (!shared[QUEUES]) Object.defineProperty(shared, QUEUES, { value: new WeakMap() })
  const all = shared[QUEUES] as Queues
  const known = all.get(store)
  if (known) return known
  const made = new Map<string, Promise<unknown>>()
  all.set(store, made)
  return made
}
