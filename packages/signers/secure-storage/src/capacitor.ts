import { CofferError, type Store } from '@coffer/core'
import { chunkedStore } from './chunked-store.ts'
import { peer } from './peer.ts'

/** What is used of `SecureStorage` of `@aparajita/capacitor-secure-storage`. */
export interface CapacitorSecureStorage {
  get(key: string, convertDate: boolean, sync: boolean): Promise<unknown>
  set(key: string, data: string, convertDate: boolean, sync: boolean, access: number): Promise<void>
  remove(key: string, sync: boolean): Promise<boolean>
}

export interface CapacitorOptions {
  /** Apart from other items of the app; `coffer` when not given. */
  readonly name?: string | undefined
  /** The plugin and the platform it runs on, where they are not to be loaded by their names. */
  readonly module?: { readonly storage: CapacitorSecureStorage; readonly platform: string } | undefined
}

/** `KeychainAccess.whenUnlockedThisDeviceOnly`. */
const THIS_DEVICE_ONLY = 1

/** An item that is there once anything was read, by which a locked keychain is told from an empty one. */
const HERE = 'here'

/**
 * A store in the keychain of a phone through `@aparajita/capacitor-secure-storage`, on this device alone and not in iCloud. A key that
 * Android lost is told from one that never was: `STORE_INVALIDATED`; so is a locked iPhone: `STORE_UNAVAILABLE`. On the web that plugin
 * writes plain text into localStorage, so there it is `STORE_UNAVAILABLE` too: use `indexedDbStore`.
 *
 * @example
 * const vault = await openVault({ store: capacitorStore() })
 */
export function capacitorStore({ name = 'coffer', module }: CapacitorOptions = {}): Store {
  const load = peer('@aparajita/capacitor-secure-storage', module, async () => {
    const { SecureStorage: storage } = await import('@aparajita/capacitor-secure-storage')
    const { Capacitor } = await import('@capacitor/core')
    return { storage, platform: Capacitor.getPlatform() }
  })
  const run = async <T>(task: (storage: CapacitorSecureStorage) => Promise<T>): Promise<T> => {
    const { storage, platform } = await load()
    if (platform !== 'ios' && platform !== 'android')
      throw new CofferError({
        code: 'STORE_UNAVAILABLE',
        message: `On the platform ${platform} this plugin writes plain text. Use indexedDbStore there.`,
      })
    try {
      return await task(storage)
    } catch (error) {
      throw translated(error)
    }
  }
  const prefix = `${name}_`
  const read = async (storage: CapacitorSecureStorage, item: string): Promise<string | undefined> => {
    const value = await storage.get(prefix + item, false, false)
    if (value === null) return undefined
    if (typeof value === 'string') return value
    throw new Error('it is not a text')
  }
  const write = (storage: CapacitorSecureStorage, item: string, value: string): Promise<void> =>
    storage.set(prefix + item, value, false, false, THIS_DEVICE_ONLY)

  // Its list of keys is not used: it leaves out what Android lost, and is empty on an iPhone that is locked.
  return chunkedStore({
    name: 'The keychain of this device',
    maxValue: 4096,
    maxName: 200,
    get: (item) =>
      run(async (storage) => {
        const value = await read(storage, item)
        if (value !== undefined) return value
        // A locked iPhone says that nothing is there, but does not let anything be written either.
        if ((await read(storage, HERE)) === undefined) await write(storage, HERE, '1')
        return read(storage, item)
      }),
    set: (item, value) => run((storage) => write(storage, item, value)),
    remove: (item) => run((storage) => storage.remove(prefix + item, false)),
    // Android deletes the key of an item at once, and writes its file some time after.
    empty: (item) => run((storage) => write(storage, item, '-')),
  })
}

/** iOS gives the numbers of its Security framework, Android the names of its exceptions. */
function translated(error: unknown): CofferError {
  if (error instanceof CofferError) return error
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown }
  if (/\((-25308|-25291)\)/.test(String(message)))
    return new CofferError({
      code: 'STORE_UNAVAILABLE',
      message: 'The keychain of this device cannot be used now. Unlock the phone and try again.',
      cause: error,
    })
  if (code === 'invalidData' || /AEADBadTag|KeyPermanentlyInvalidated/.test(String(message)))
    return new CofferError({
      code: 'STORE_INVALIDATED',
      message: 'The keychain of this device holds what it cannot decrypt any more. Restore from a backup.',
      cause: error,
    })
  return new CofferError({
    code: 'STORE_FAILED',
    message: `The keychain of this device failed (${typeof code === 'string' ? code : 'unknown error'}). Try again.`,
    cause: error,
  })
}
