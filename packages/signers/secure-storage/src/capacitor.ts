import { CofferError, type Store } from '@coffer/core'
import { chunkedStore } from './chunked-store.ts'
import { peer } from './peer.ts'

/** What is used of `SecureStorage` of `@aparajita/capacitor-secure-storage`. */
export interface CapacitorSecureStorage {
  setSynchronize(sync: boolean): Promise<void>
  keys(sync?: boolean): Promise<string[]>
  getItem(key: string): Promise<string | null>
  set(key: string, data: string, convertDate: boolean, sync: boolean, access: number): Promise<void>
  remove(key: string, sync?: boolean): Promise<boolean>
}

export interface CapacitorOptions {
  /** Apart from other items of the app; `coffer` when not given. */
  readonly name?: string | undefined
  /** The plugin and the platform it runs on, where they are not to be loaded by their names. */
  readonly module?: { readonly storage: CapacitorSecureStorage; readonly platform: string } | undefined
}

/** `KeychainAccess.whenUnlockedThisDeviceOnly`. */
const THIS_DEVICE_ONLY = 1

/**
 * A store in the keychain of a phone through `@aparajita/capacitor-secure-storage`, on this device alone and not in iCloud. On the web
 * that plugin writes plain text into localStorage, so there it is `STORE_UNAVAILABLE`: use `indexedDbStore`.
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
  let ready: Promise<void> | undefined
  const run = async <T>(task: (storage: CapacitorSecureStorage) => Promise<T>): Promise<T> => {
    const { storage, platform } = await load()
    if (platform !== 'ios' && platform !== 'android')
      throw new CofferError({
        code: 'STORE_UNAVAILABLE',
        message: `On the platform ${platform} this plugin writes plain text. Use indexedDbStore there.`,
      })
    try {
      ready ??= storage.setSynchronize(false)
      await ready
      return await task(storage)
    } catch (error) {
      ready = undefined
      throw translated(error)
    }
  }
  const prefix = `${name}_`
  return chunkedStore({
    name: 'The keychain of this device',
    maxValue: 4096,
    maxName: 200,
    get: (item) =>
      run(async (storage) => {
        const text = await storage.getItem(prefix + item)
        // `set` writes JSON, `getItem` gives it as it is.
        return text === null ? undefined : (JSON.parse(text) as string)
      }),
    set: (item, value) => run((storage) => storage.set(prefix + item, value, false, false, THIS_DEVICE_ONLY)),
    remove: (item) =>
      run(async (storage) => {
        await storage.remove(prefix + item, false)
      }),
    names: () =>
      run(async (storage) =>
        (await storage.keys(false))
          .filter((item) => item.startsWith(prefix))
          .map((item) => item.slice(prefix.length)),
      ),
  })
}

function translated(error: unknown): CofferError {
  if (error instanceof CofferError) return error
  const { code } = (error ?? {}) as { readonly code?: unknown }
  if (code === 'invalidData')
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
