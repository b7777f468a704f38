import { CofferError, type ErrorCode } from '@coffer/core'

const VALUES = 'values'
const KEYS = 'keys'

/** What a transaction does, as one request whose answer is wanted. */
export type Work<T> = (store: IDBObjectStore) => IDBRequest<T>

/** A database of this package: its values, and its keys that cannot be exported. */
export interface Database {
  read<T>(part: 'values' | 'keys', work: Work<T>): Promise<T>
  write<T>(part: 'values' | 'keys', work: Work<T>): Promise<void>
}

/**
 * Opens a database when it is first needed, and again after the browser closed it. Throws `STORE_UNAVAILABLE`, `STORE_FULL`,
 * `STORE_FAILED`.
 */
export function database(name: string): Database {
  let opening: Promise<IDBDatabase> | undefined
  const open = (): Promise<IDBDatabase> => {
    opening ??= openDatabase(name, () => {
      opening = undefined
    }).catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }
  const run = async <T>(
    part: 'values' | 'keys',
    mode: IDBTransactionMode,
    work: Work<T>,
    isAgain = false,
  ): Promise<T> => {
    const db = await open()
    let transaction: IDBTransaction
    try {
      transaction = db.transaction(part, mode, { durability: 'strict' })
    } catch (error) {
      // The browser closed it in the meantime: another tab wants to delete it, or storage was cleared.
      opening = undefined
      if (!isAgain && nameOf(error) === 'InvalidStateError') return run(part, mode, work, true)
      throw failed(name, error)
    }
    return new Promise((resolve, reject) => {
      let result: T
      let request: IDBRequest<T>
      const fail = (): void => reject(failed(name, transaction.error ?? request.error))
      transaction.oncomplete = () => resolve(result)
      transaction.onabort = fail
      transaction.onerror = fail
      try {
        request = work(transaction.objectStore(part))
      } catch (error) {
        return reject(failed(name, error))
      }
      request.onsuccess = () => {
        result = request.result
      }
    })
  }
  return {
    read: (part, work) => run(part, 'readonly', work),
    write: async (part, work) => void (await run(part, 'readwrite', work)),
  }
}

function openDatabase(name: string, onClosed: () => void): Promise<IDBDatabase> {
  const { indexedDB } = globalThis as { indexedDB?: IDBFactory }
  if (!indexedDB)
    return Promise.reject(
      new CofferError({
        code: 'STORE_UNAVAILABLE',
        message: 'This platform has no IndexedDB. Use another store.',
      }),
    )
  return new Promise((resolve, reject) => {
    let request: IDBOpenDBRequest
    try {
      request = indexedDB.open(name, 1)
    } catch (error) {
      return reject(failed(name, error))
    }
    request.onupgradeneeded = () => {
      request.result.createObjectStore(VALUES)
      request.result.createObjectStore(KEYS)
    }
    request.onerror = () => reject(failed(name, request.error))
    request.onsuccess = () => {
      const db = request.result
      db.onversionchange = () => {
        db.close()
        onClosed()
      }
      db.onclose = onClosed
      resolve(db)
    }
  })
}

const MEANINGS: Readonly<Record<string, ErrorCode>> = {
  InvalidStateError: 'STORE_UNAVAILABLE',
  QuotaExceededError: 'STORE_FULL',
  SecurityError: 'STORE_UNAVAILABLE',
}

/** The error of a database that could not be used. */
export function failed(name: string, error: unknown): CofferError {
  const reason = nameOf(error)
  const code = MEANINGS[reason] ?? 'STORE_FAILED'
  const advice =
    code === 'STORE_FULL'
      ? 'There is no room: free some, or allow this page more storage.'
      : code === 'STORE_UNAVAILABLE'
        ? 'The browser does not allow storage here, as in some private windows.'
        : 'Load the page again.'
  return new CofferError({
    code,
    message: `The database ${name} of the browser failed (${reason}). ${advice}`,
    cause: error,
  })
}

function nameOf(error: unknown): string {
  return String((error as { readonly name?: unknown } | null)?.name ?? 'unknown error')
}
