import { CofferError, type Store } from '@coffer/core'
import { chunkedStore } from './chunked-store.ts'
import type { DeviceKey } from './device-key.ts'
import { newDeviceSecret, readDeviceSecret, works } from './device-secret.ts'
import { peer } from './peer.ts'

/** What is used of `react-native-keychain`. */
export interface Keychain {
  readonly ACCESSIBLE: { readonly WHEN_UNLOCKED_THIS_DEVICE_ONLY: string }
  readonly ACCESS_CONTROL: { readonly BIOMETRY_CURRENT_SET: string }
  readonly STORAGE_TYPE: { readonly AES_GCM: string; readonly AES_GCM_NO_AUTH: string }
  setGenericPassword(username: string, password: string, options: object): Promise<false | object>
  getGenericPassword(options: object): Promise<false | { readonly password: string }>
  resetGenericPassword(options: object): Promise<boolean>
  getAllGenericPasswordServices(options?: object): Promise<string[]>
  getSupportedBiometryType(): Promise<string | null>
}

export interface KeychainOptions {
  /** Apart from other items of the app; `coffer` when not given. */
  readonly name?: string | undefined
  /** The module, where it is not to be loaded by its name. */
  readonly module?: Keychain | undefined
}

/**
 * A store in the keychain of a phone through `react-native-keychain`, on this device alone, one service for each piece. On iOS this
 * library deletes before it adds, so that a process killed in between loses the value; a vault keeps a second copy for that.
 *
 * @example
 * const vault = await openVault({ store: keychainStore() })
 */
export function keychainStore({ name = 'coffer', module }: KeychainOptions = {}): Store {
  const load = peer('react-native-keychain', module, () => import('react-native-keychain'))
  const run = <T>(task: (keychain: Keychain) => Promise<T>): Promise<T> => guarded(load, task)
  const prefix = `${name}/`
  return chunkedStore({
    name: 'The keychain of this device',
    maxValue: 4096,
    maxName: 200,
    get: (item) =>
      run(async (keychain) => {
        const found = await keychain.getGenericPassword({ service: prefix + item })
        return found === false ? undefined : found.password
      }),
    set: (item, value) =>
      run(async (keychain) => {
        const set = await keychain.setGenericPassword(item, value, {
          service: prefix + item,
          accessible: keychain.ACCESSIBLE.WHEN_UNLOCKED_THIS_DEVICE_ONLY,
          storage: keychain.STORAGE_TYPE.AES_GCM_NO_AUTH,
        })
        if (set === false) throw new Error('it was not set')
      }),
    remove: (item) => run((keychain) => keychain.resetGenericPassword({ service: prefix + item })),
    names: () =>
      run(async (keychain) =>
        (await keychain.getAllGenericPasswordServices({ skipUIAuth: true }))
          .filter((service) => service.startsWith(prefix))
          .map((service) => service.slice(prefix.length)),
      ),
  })
}

export interface KeychainKeyOptions extends KeychainOptions {
  /** What the person is asked; given, the secret lies behind fingerprint or face. */
  readonly prompt?: string | undefined
}

/**
 * A device key in the keychain of a phone: with `prompt`, behind a biometric check; without, behind the lock of the phone, for a PIN.
 *
 * On iOS it is gone when another finger or face is enrolled. On Android this library also takes the phone's own PIN, and keeps its
 * key when a finger is enrolled: whoever knows that PIN can open the vault.
 *
 * @example
 * await vault.addSlot({ key: keychainKey({ prompt: 'Open the wallet' }) })
 */
export function keychainKey({ name = 'coffer', module, prompt }: KeychainKeyOptions = {}): DeviceKey {
  const load = peer('react-native-keychain', module, () => import('react-native-keychain'))
  const run = <T>(task: (keychain: Keychain, options: object) => Promise<T>): Promise<T> =>
    guarded(load, async (keychain) => {
      if (prompt === undefined) return task(keychain, { storage: keychain.STORAGE_TYPE.AES_GCM_NO_AUTH })
      if ((await keychain.getSupportedBiometryType()) === null) throw unavailable()
      return task(keychain, {
        storage: keychain.STORAGE_TYPE.AES_GCM,
        accessControl: keychain.ACCESS_CONTROL.BIOMETRY_CURRENT_SET,
        authenticationPrompt: { title: prompt },
      })
    })
  const serviceOf = (id = ''): string => `${name}-key/${id}`
  const key: DeviceKey = {
    name: prompt === undefined ? 'react-native-keychain' : 'react-native-biometric',
    gate: prompt === undefined ? 'device' : 'biometric',
    hardware: true,
    available: async () => {
      // A round trip would ask the person.
      if (prompt === undefined) return works(key)
      return run(async () => true).catch(() => false)
    },
    create: async () => {
      const { data, secret, text } = newDeviceSecret()
      await run(async (keychain, options) => {
        const accessible = keychain.ACCESSIBLE.WHEN_UNLOCKED_THIS_DEVICE_ONLY
        const set = await keychain.setGenericPassword(data.id, text, {
          ...options,
          accessible,
          service: serviceOf(data.id),
        })
        if (set === false) throw new Error('it was not set')
      })
      return { data, secret }
    },
    get: async (data) => {
      const found = await run((keychain, options) =>
        keychain.getGenericPassword({ ...options, service: serviceOf(data['id']) }),
      )
      return readDeviceSecret(
        data,
        found === false ? undefined : found.password,
        'The keychain of this device',
      )
    },
    delete: (data) =>
      guarded(load, async (keychain) => {
        await keychain.resetGenericPassword({ service: serviceOf(data['id']) })
      }),
  }
  return key
}

async function guarded<T>(
  load: () => Promise<Keychain>,
  task: (keychain: Keychain) => Promise<T>,
): Promise<T> {
  const keychain = await load()
  try {
    return await task(keychain)
  } catch (error) {
    throw translated(error)
  }
}

function unavailable(): CofferError {
  return new CofferError({
    code: 'STORE_UNAVAILABLE',
    message:
      'The keychain of this device cannot be used now: no fingerprint or face is enrolled, or it is locked.',
  })
}

const UNAVAILABLE =
  /-25308|-25291|(^|\D)-[5-8]\b|code: (1|7|9|11|12|14|15)\b|no permissions granted|not assigned current activity/i

/** iOS gives the numbers of its Security framework, Android words of its biometric prompt. */
function translated(error: unknown): CofferError {
  if (error instanceof CofferError) return error
  const { code = '', message = '' } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown }
  const text = `${String(code)} ${String(message)}`
  if (/(^|\D)-(128|2|4|9)\b|cancel|code: (3|5|10|13)\b/i.test(text))
    return new CofferError({
      code: 'STORE_CANCELLED',
      message: 'The question was closed. Ask again when you want.',
    })
  if (UNAVAILABLE.test(text)) return unavailable()
  // A key that Android lost is made anew at once, and does not fit.
  if (/permanently invalidated|KeyPermanentlyInvalidated|tag verification failed/i.test(text))
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
