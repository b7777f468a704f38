import { CofferError, type Store } from '@coffer/core'
import { chunkedStore } from './chunked-store.ts'
import type { DeviceKey } from './device-key.ts'
import { newDeviceSecret, readDeviceSecret, works } from './device-secret.ts'
import { peer } from './peer.ts'

/** What is used of `expo-secure-store`. */
export interface ExpoSecureStore {
  readonly WHEN_UNLOCKED_THIS_DEVICE_ONLY: number
  isAvailableAsync(): Promise<boolean>
  getItemAsync(key: string, options?: object): Promise<string | null>
  setItemAsync(key: string, value: string, options?: object): Promise<void>
  deleteItemAsync(key: string, options?: object): Promise<void>
  canUseBiometricAuthentication(): boolean
}

export interface ExpoOptions {
  /** Apart from other stores of the app; `coffer` when not given. */
  readonly name?: string | undefined
  /** The module, where it is not to be loaded by its name. */
  readonly module?: ExpoSecureStore | undefined
}

/** Older versions of iOS refuse longer values. */
const LONGEST = 2048

/**
 * A store in the keychain of a phone through `expo-secure-store`, on this device alone and cut into pieces of 2,048 characters. A
 * key that Android lost is told from one that never was: `STORE_INVALIDATED`.
 *
 * Exclude it from Android's backup (the plugin's `configureAndroidBackup`), and call {@link forgetEarlierInstall} at the first
 * start, since iOS keeps it when the app is removed.
 *
 * @example
 * const vault = await openVault({ store: expoStore() })
 */
export function expoStore({ name = 'coffer', module }: ExpoOptions = {}): Store {
  const load = peer('expo-secure-store', module, () => import('expo-secure-store'))
  const run = async <T>(task: (expo: ExpoSecureStore, options: object) => Promise<T>): Promise<T> => {
    const expo = await load()
    try {
      if (!(await expo.isAvailableAsync())) throw unavailable()
      return await task(expo, {
        keychainService: name,
        keychainAccessible: expo.WHEN_UNLOCKED_THIS_DEVICE_ONLY,
      })
    } catch (error) {
      throw translated(error)
    }
  }
  return chunkedStore({
    name: 'The keychain of this device',
    maxValue: LONGEST,
    maxName: 200,
    get: (item) =>
      run(async (expo, options) => (await expo.getItemAsync(`${name}.${item}`, options)) ?? undefined),
    set: (item, value) => run((expo, options) => expo.setItemAsync(`${name}.${item}`, value, options)),
    remove: (item) => run((expo, options) => expo.deleteItemAsync(`${name}.${item}`, options)),
  })
}

export interface ExpoKeyOptions extends ExpoOptions {
  /** What the person is asked; given, the secret lies behind fingerprint or face, of those enrolled now. */
  readonly prompt?: string | undefined
}

/**
 * A device key in the keychain of a phone: with `prompt`, behind a biometric check, and gone for good when another finger or face is
 * enrolled; without, behind the lock of the phone alone, for a PIN.
 *
 * @example
 * await vault.addSlot({ key: expoKey({ prompt: 'Open the wallet' }) })
 * await vault.addSlot({ key: expoKey(), pin })
 */
export function expoKey({ name = 'coffer', module, prompt }: ExpoKeyOptions = {}): DeviceKey {
  const load = peer('expo-secure-store', module, () => import('expo-secure-store'))
  const run = async <T>(
    task: (expo: ExpoSecureStore, options: object) => Promise<T>,
    { asks = prompt !== undefined } = {},
  ): Promise<T> => {
    const expo = await load()
    try {
      if (!(await expo.isAvailableAsync()) || (asks && !expo.canUseBiometricAuthentication()))
        throw unavailable()
      return await task(expo, {
        // Items with and without a check may not share a service.
        keychainService: `${name}.${prompt === undefined ? 'device' : 'biometric'}`,
        keychainAccessible: expo.WHEN_UNLOCKED_THIS_DEVICE_ONLY,
        ...(prompt !== undefined && { requireAuthentication: true, authenticationPrompt: prompt }),
      })
    } catch (error) {
      throw translated(error)
    }
  }
  const itemOf = (id = ''): string => `${name}.key.${id}`
  const key: DeviceKey = {
    name: prompt === undefined ? 'expo-secure-store' : 'expo-biometric',
    gate: prompt === undefined ? 'device' : 'biometric',
    hardware: true,
    available: async () => {
      // A round trip would ask the person.
      if (prompt === undefined) return works(key)
      return run(async () => true).catch(() => false)
    },
    create: async () => {
      const { data, secret, text } = newDeviceSecret()
      await run((expo, options) => expo.setItemAsync(itemOf(data.id), text, options))
      return { data, secret }
    },
    // A key that was invalidated reads as null, like a missing one; the slot knows that it was there.
    get: async (data) => {
      const text = await run((expo, options) => expo.getItemAsync(itemOf(data['id']), options))
      return readDeviceSecret(data, text ?? undefined, 'The keychain of this device')
    },
    // Nobody is asked, so that it can be forgotten when no finger is enrolled any more.
    delete: (data) =>
      run((expo, options) => expo.deleteItemAsync(itemOf(data['id']), options), { asks: false }),
  }
  return key
}

/**
 * Deletes what an earlier installation of the app left in `store`, which iOS keeps. `marker` is a store that goes with the app, such
 * as its database. Call it once at the start, before anything is opened. True when something was deleted.
 */
export async function forgetEarlierInstall(store: Store, marker: Store): Promise<boolean> {
  if ((await marker.get(INSTALLED)) !== undefined) return false
  const keys = await store.keys()
  for (const key of keys) await store.delete(key)
  await marker.set(INSTALLED, '1')
  return keys.length > 0
}

const INSTALLED = 'coffer/installed'

function unavailable(): CofferError {
  return new CofferError({
    code: 'STORE_UNAVAILABLE',
    message:
      'The keychain of this device cannot be used now: it is not a phone, it is locked, or no fingerprint or face is enrolled.',
  })
}

const UNAVAILABLE =
  /no hardware|hardware (not present|unavailable)|no biometrics|no device credential|the user: lockout|not in the foreground|already in progress|an update is required|biometric authentication (is unsupported|status is unknown|requires)|interaction is not allowed|no keychain is available|NSFaceIDUsage/i

/**
 * By the words of its errors, which have no codes that tell these apart. What Android cannot decrypt for good reads as null; an error
 * from decrypting may pass.
 */
function translated(error: unknown): CofferError {
  if (error instanceof CofferError) return error
  const text = String((error as { readonly message?: unknown } | null)?.message ?? '')
  if (/cancel|-128\b|the user: timeout|error \(code: 5\)/i.test(text))
    return new CofferError({
      code: 'STORE_CANCELLED',
      message: 'The question was closed. Ask again when you want.',
    })
  if (UNAVAILABLE.test(text)) return unavailable()
  if (/permanently invalidated/i.test(text))
    return new CofferError({
      code: 'STORE_INVALIDATED',
      message:
        'The device threw away its key, for instance since a fingerprint was enrolled. Unlock in another way.',
    })
  return new CofferError({
    code: 'STORE_FAILED',
    message: 'The keychain of this device failed. Try again.',
    cause: error,
  })
}
