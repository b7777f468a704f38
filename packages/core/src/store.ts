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

const queues = new WeakMap<Store, Map<string, Promise<unknown>>>()

/** Runs `task` after every earlier task of the same store and key in this process has ended: read, then write, in peace. */
export function withLock<T>(store: Store, key: string, task: () => Promise<T>): Promise<T> {
  let queue = queues.get(store)
  if (!queue) queues.set(store, (queue = new Map()))
  const turns = queue
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
