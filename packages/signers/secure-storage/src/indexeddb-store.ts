import type { Store } from '@coffer/core'
import { database, failed } from './indexeddb-open.ts'

export interface IndexedDbOptions {
  /** Of the database; `coffer` when not given. */
  readonly name?: string | undefined
}

/**
 * A store in the browser's IndexedDB, whole per key and flushed to the disk. Tabs of one origin see the same values, and wait for
 * each other (Web Locks) where a wallet or vault locks.
 *
 * Any script of the page reads it: keep secrets in a vault. A browser may throw it away when space is short, unless
 * `keepStorage` was granted, and Safari does after seven days without a visit: have a backup.
 *
 * @example
 * const vault = await openVault({ store: indexedDbStore() })
 */
export function indexedDbStore({ name = 'coffer' }: IndexedDbOptions = {}): Store {
  const db = database(name)
  const locks = (globalThis as { navigator?: { locks?: LockManager } }).navigator?.locks
  const store: Store = {
    get: async (key) => {
      const value: unknown = await db.read('values', (values) => values.get(key))
      return typeof value === 'string' ? value : undefined
    },
    set: (key, value) => db.write('values', (values) => values.put(value, key)),
    delete: (key) => db.write('values', (values) => values.delete(key)),
    keys: async (prefix = '') => {
      const keys = await db.read('values', (values) => values.getAllKeys())
      return keys.filter((key): key is string => typeof key === 'string' && key.startsWith(prefix))
    },
  }
  if (!locks) return store
  return {
    ...store,
    lock: async <T>(key: string, task: () => Promise<T>): Promise<T> => {
      let isOurs = false
      const run = (): Promise<T> => {
        isOurs = true
        return task()
      }
      try {
        return (await locks.request(`coffer/${name}/${key}`, run)) as T
      } catch (error) {
        // What the task throws is its own.
        throw isOurs ? error : failed(name, error)
      }
    },
  }
}

/**
 * Asks the browser not to throw away what this page keeps; some ask the person. True when it was granted. Call it after something
 * worth keeping was made.
 */
export async function keepStorage(): Promise<boolean> {
  const { storage } = navigator as { storage?: StorageManager }
  return (await storage?.persist?.()) ?? false
}
