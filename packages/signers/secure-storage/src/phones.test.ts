import { memoryStore } from '@coffer/core'
import { storeConformance } from '@coffer/core/testing'
import { describe, expect, it } from 'vitest'
import { type CapacitorSecureStorage, capacitorStore } from './capacitor.ts'
import { type ExpoSecureStore, expoKey, expoStore, forgetEarlierInstall } from './expo.ts'
import { createVault, openVault } from './index.ts'
import { type Keychain, keychainKey, keychainStore } from './react-native-keychain.ts'
import { deviceKeyConformance } from './testing/index.ts'
import { CHEAP, MNEMONIC, PASSWORD } from './vault.fixture.ts'

interface Person {
  answer: 'yes' | 'cancel'
  isEnrolled: boolean
}

/** expo-secure-store as it is on Android: an invalidated key reads as null, services with and without a check are apart. */
function expoMock(): ExpoSecureStore & { items: Map<string, string>; person: Person; isPhone: boolean } {
  const items = new Map<string, string>()
  const mock = {
    items,
    person: { answer: 'yes', isEnrolled: true } as Person,
    isPhone: true,
    WHEN_UNLOCKED_THIS_DEVICE_ONLY: 6,
    isAvailableAsync: async () => mock.isPhone,
    canUseBiometricAuthentication: () => mock.person.isEnrolled,
    getItemAsync: async (key: string, options?: object) => {
      guard(key, options)
      return items.get(placeOf(key, options)) ?? null
    },
    setItemAsync: async (key: string, value: string, options?: object) => {
      guard(key, options)
      if (new TextEncoder().encode(value).length > 2048) throw new Error('Value is larger than 2048 bytes')
      items.set(placeOf(key, options), value)
    },
    deleteItemAsync: async (key: string, options?: object) => {
      guard(key)
      items.delete(placeOf(key, options))
    },
  }
  const placeOf = (key: string, options: object = {}): string =>
    `${(options as { keychainService?: string }).keychainService}:${key}`
  const guard = (key: string, options: object = {}): void => {
    if (!/^[A-Za-z0-9._-]+$/.test(key)) throw new Error('Invalid key provided to SecureStore.')
    const { requireAuthentication, keychainAccessible } = options as Record<string, unknown>
    if (keychainAccessible !== undefined && keychainAccessible !== 6)
      throw new Error('it would leave the device')
    if (requireAuthentication && mock.person.answer === 'cancel')
      throw new Error('Could not Authenticate the user: User canceled the authentication')
  }
  return mock
}

function keychainMock(): Keychain & { items: Map<string, string>; person: Person } {
  const items = new Map<string, string>()
  const mock = {
    items,
    person: { answer: 'yes', isEnrolled: true } as Person,
    ACCESSIBLE: { WHEN_UNLOCKED_THIS_DEVICE_ONLY: 'AccessibleWhenUnlockedThisDeviceOnly' },
    ACCESS_CONTROL: { BIOMETRY_CURRENT_SET: 'BiometryCurrentSet' },
    STORAGE_TYPE: { AES_GCM: 'KeystoreAESGCM', AES_GCM_NO_AUTH: 'KeystoreAESGCM_NoAuth' },
    getSupportedBiometryType: async () => (mock.person.isEnrolled ? 'Fingerprint' : null),
    setGenericPassword: async (_: string, password: string, options: object) => {
      const { service, accessible } = options as { service: string; accessible: string }
      if (accessible !== 'AccessibleWhenUnlockedThisDeviceOnly') throw new Error('it would leave the device')
      guard(options)
      items.set(service, password)
      return { service }
    },
    getGenericPassword: async (options: object) => {
      const password = items.get((options as { service: string }).service)
      if (password === undefined) return false as const
      guard(options)
      return { password }
    },
    resetGenericPassword: async (options: object) => items.delete((options as { service: string }).service),
    getAllGenericPasswordServices: async () => [...items.keys()],
  }
  const guard = (options: object): void => {
    if (
      (options as { accessControl?: string }).accessControl !== undefined &&
      mock.person.answer === 'cancel'
    )
      throw Object.assign(new Error('code: 13, msg: Cancel'), { code: 'E_CRYPTO_FAILED' })
  }
  return mock
}

/** The plugin as it is: a locked iPhone says that nothing is there, and deletes before it fails to add. */
function capacitorMock(): {
  storage: CapacitorSecureStorage
  platform: string
  items: Map<string, string>
  isLocked: boolean
} {
  const items = new Map<string, string>()
  const storage: CapacitorSecureStorage = {
    get: async (key, convertDate, sync) => {
      if (convertDate || sync) throw new Error('it would come from iCloud')
      return mock.isLocked ? null : JSON.parse(items.get(key) ?? 'null')
    },
    set: async (key, data, convertDate, sync, access) => {
      if (convertDate || sync || access !== 1) throw new Error('it would leave the device')
      items.delete(key)
      if (mock.isLocked) throw Object.assign(new Error('An OS error occurred (-25308)'), { code: 'osError' })
      items.set(key, JSON.stringify(data))
    },
    remove: async (key) => items.delete(key),
  }
  const mock = { storage, platform: 'ios', items, isLocked: false }
  return mock
}

const modules = new WeakMap<object, unknown>()
function over<M, S extends object>(module: M, make: (module: M) => S): S {
  const made = make(module)
  modules.set(made, module)
  return made
}

storeConformance(
  { describe, it },
  {
    name: 'expoStore',
    make: () => over(expoMock(), (module) => expoStore({ module })),
    reopen: (store) => expoStore({ module: modules.get(store) as ExpoSecureStore }),
  },
)
storeConformance(
  { describe, it },
  {
    name: 'keychainStore',
    make: () => over(keychainMock(), (module) => keychainStore({ module })),
    reopen: (store) => keychainStore({ module: modules.get(store) as Keychain }),
  },
)
storeConformance(
  { describe, it },
  {
    name: 'capacitorStore',
    make: () => over(capacitorMock(), (module) => capacitorStore({ module })),
    reopen: (store) => capacitorStore({ module: modules.get(store) as ReturnType<typeof capacitorMock> }),
  },
)
for (const prompt of [undefined, 'Open the wallet']) {
  deviceKeyConformance(
    { describe, it },
    {
      name: `expoKey ${prompt ?? ''}`,
      make: () => over(expoMock(), (module) => expoKey({ module, prompt })),
      reopen: (key) => expoKey({ module: modules.get(key) as ExpoSecureStore, prompt }),
    },
  )
  deviceKeyConformance(
    { describe, it },
    {
      name: `keychainKey ${prompt ?? ''}`,
      make: () => over(keychainMock(), (module) => keychainKey({ module, prompt })),
      reopen: (key) => keychainKey({ module: modules.get(key) as Keychain, prompt }),
    },
  )
}

describe('on a phone', () => {
  it.each([
    ['expo-secure-store', () => over(expoMock(), (module) => expoStore({ module }))],
    [
      '@aparajita/capacitor-secure-storage',
      () => over(capacitorMock(), (module) => capacitorStore({ module })),
    ],
  ])('tells what Android lost from what never was: %s', async (_, make) => {
    const store = make()
    const module = modules.get(store) as { items: Map<string, string> }
    await store.set('vault', 'text')
    expect(await store.get('never')).toBe(undefined)
    for (const name of module.items.keys()) if (!name.includes('index')) module.items.delete(name)
    await expect(store.get('vault')).rejects.toMatchObject({ code: 'STORE_INVALIDATED' })
    await store.delete('vault')
    expect(await store.get('vault')).toBe(undefined)
  })

  it('does not take a locked iPhone for an empty one, and loses nothing there', async () => {
    const module = capacitorMock()
    const store = capacitorStore({ module })
    await store.set('vault', 'text')
    module.isLocked = true
    for (const use of [
      () => store.get('vault'),
      () => store.get('never'),
      () => store.keys(),
      () => store.set('vault', 'new'),
      () => store.delete('vault'),
    ])
      await expect(use()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    module.isLocked = false
    expect(await store.get('vault')).toBe('text')
    expect(await store.get('never')).toBe(undefined)
    expect(await store.keys()).toEqual(['vault'])
  })

  it('keeps every key of two stores over one place that are written at once', async () => {
    const module = expoMock()
    const stores = [expoStore({ module }), expoStore({ module })] as const
    await Promise.all(
      stores.flatMap((store, i) => ['a', 'b', 'c'].map((key) => store.set(`${key}${i}`, key))),
    )
    expect([...(await stores[0].keys())].sort()).toEqual(['a0', 'a1', 'b0', 'b1', 'c0', 'c1'])
    const values = ['a', 'b'].map((letter) => letter.repeat(9_000))
    await Promise.all(stores.map((store, i) => store.set('long', values[i]!)))
    expect(values).toContain(await stores[0].get('long'))
  })

  it('forgets a secret also when no finger is enrolled any more', async () => {
    const module = expoMock()
    const key = expoKey({ module, prompt: 'Open' })
    const { data } = await key.create()
    module.person.isEnrolled = false
    await key.delete(data)
    expect(module.items.size).toBe(0)
  })

  // The words are those of the libraries and of the systems below them.
  const android = (text: string): Error => new Error(`Could not Authenticate the user: ${text}`)
  const ios = (text: string): Error =>
    new Error(`Calling the 'getValueWithKeyAsync' function has failed\n→ ${text}`)
  it.each([
    [android('User canceled the authentication. Cancel'), 'STORE_CANCELLED'],
    [android('Unknown error (code: 5). Fingerprint operation was stopped.'), 'STORE_CANCELLED'],
    [android('Timeout. Try again.'), 'STORE_CANCELLED'],
    [ios('Caused by: User canceled the operation.'), 'STORE_CANCELLED'],
    [android('No biometrics are currently enrolled'), 'STORE_UNAVAILABLE'],
    [android('No biometrics enrolled. '), 'STORE_UNAVAILABLE'],
    [android('No hardware available for biometric authentication.'), 'STORE_UNAVAILABLE'],
    [android('Hardware unavailable. '), 'STORE_UNAVAILABLE'],
    [android('Lockout. Too many attempts.'), 'STORE_UNAVAILABLE'],
    [android('Lockout permanent. Too many attempts.'), 'STORE_UNAVAILABLE'],
    [android('Cannot display biometric prompt when the app is not in the foreground'), 'STORE_UNAVAILABLE'],
    [android('Authentication is already in progress'), 'STORE_UNAVAILABLE'],
    [ios('Caused by: User interaction is not allowed.'), 'STORE_UNAVAILABLE'],
    [ios('Caused by: No keychain is available. You may need to restart your computer.'), 'STORE_UNAVAILABLE'],
    [new Error('Encryption Failed. The key x has been permanently invalidated'), 'STORE_INVALIDATED'],
    [
      new Error("Could not decrypt the value for key 'x'. Caused by: Keystore operation failed"),
      'STORE_FAILED',
    ],
    [ios('Caused by: I/O error.'), 'STORE_FAILED'],
    [undefined, 'STORE_FAILED'],
  ])('translates what expo-secure-store says: %s', async (error, code) => {
    const module = { ...expoMock(), getItemAsync: () => Promise.reject(error) }
    await expect(expoStore({ module }).get('a')).rejects.toMatchObject({ code })
  })

  const coded = (code: string, text: string): Error => Object.assign(new Error(text), { code })
  it.each([
    [coded('-128', 'User canceled the operation.'), 'STORE_CANCELLED'],
    [coded('-2', 'Canceled by user.'), 'STORE_CANCELLED'],
    [coded('-4', 'System.'), 'STORE_CANCELLED'],
    [coded('E_CRYPTO_FAILED', 'code: 13, msg: Zurück'), 'STORE_CANCELLED'],
    [coded('E_CRYPTO_FAILED', 'code: 10, msg: Abgebrochen'), 'STORE_CANCELLED'],
    [coded('E_CRYPTO_FAILED', 'code: 3, msg: Zeit'), 'STORE_CANCELLED'],
    [coded('-25308', 'User interaction is not allowed.'), 'STORE_UNAVAILABLE'],
    [coded('-5', 'Passcode not set.'), 'STORE_UNAVAILABLE'],
    [coded('-7', 'No identities are enrolled.'), 'STORE_UNAVAILABLE'],
    [coded('E_CRYPTO_FAILED', 'code: 7, msg: Zu viele Versuche'), 'STORE_UNAVAILABLE'],
    [coded('E_CRYPTO_FAILED', 'code: 9, msg: Zu viele Versuche'), 'STORE_UNAVAILABLE'],
    [coded('E_CRYPTO_FAILED', 'code: 11, msg: Keine'), 'STORE_UNAVAILABLE'],
    [coded('E_CRYPTO_FAILED', 'Wrapped error: Key permanently invalidated'), 'STORE_INVALIDATED'],
    [
      coded('E_CRYPTO_FAILED', 'Decryption failed: Authentication tag verification failed.'),
      'STORE_INVALIDATED',
    ],
    [coded('-25293', 'The user name or passphrase you entered is not correct.'), 'STORE_FAILED'],
    [coded('E_CRYPTO_FAILED', 'code: 8, msg: Vendor'), 'STORE_FAILED'],
    [coded('E_UNKNOWN_ERROR', 'Keystore operation failed'), 'STORE_FAILED'],
    [undefined, 'STORE_FAILED'],
  ])('translates what react-native-keychain says: %s', async (error, code) => {
    const module = { ...keychainMock(), getGenericPassword: () => Promise.reject(error) }
    await expect(keychainStore({ module }).get('a')).rejects.toMatchObject({ code })
  })

  it.each([
    [coded('osError', 'An OS error occurred (-25308)'), 'STORE_UNAVAILABLE'],
    [coded('osError', 'An OS error occurred (AEADBadTagException)'), 'STORE_INVALIDATED'],
    [coded('invalidData', 'The data in the store is in an invalid format'), 'STORE_INVALIDATED'],
    [coded('osError', 'An OS error occurred (-34018)'), 'STORE_FAILED'],
    [coded('unknownError', 'An unknown error occurred: ProviderException'), 'STORE_FAILED'],
    [undefined, 'STORE_FAILED'],
  ])('translates what the Capacitor plugin says: %s', async (error, code) => {
    const { storage } = capacitorMock()
    const module = { platform: 'android', storage: { ...storage, get: () => Promise.reject(error) } }
    await expect(capacitorStore({ module }).get('a')).rejects.toMatchObject({ code })
  })

  it.each([
    ['expo-secure-store', () => over(expoMock(), (module) => expoKey({ module, prompt: 'Open' }))],
    [
      'react-native-keychain',
      () => over(keychainMock(), (module) => keychainKey({ module, prompt: 'Open' })),
    ],
  ])('tells apart cancelled, unavailable and gone: %s', async (_, make) => {
    const key = make()
    const { person, items } = modules.get(key) as { person: Person; items: Map<string, string> }
    const { data } = await key.create()
    person.answer = 'cancel'
    await expect(key.get(data)).rejects.toMatchObject({ code: 'STORE_CANCELLED' })
    person.answer = 'yes'
    person.isEnrolled = false
    await expect(key.get(data)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await key.available()).toBe(false)
    person.isEnrolled = true
    items.clear()
    await expect(key.get(data)).rejects.toMatchObject({ code: 'STORE_INVALIDATED' })
  })

  it('notices a piece that was changed, and one that is missing', async () => {
    const module = expoMock()
    const store = expoStore({ module })
    await store.set('vault', 'x'.repeat(10_000))
    const piece = [...module.items.keys()].find((name) => name.includes('c_'))!
    const honest = module.items.get(piece)!
    module.items.set(piece, honest.replace('x', 'y'))
    await expect(store.get('vault')).rejects.toMatchObject({
      code: 'STORE_FAILED',
      details: { damaged: true },
    })
    module.items.delete(piece)
    await expect(store.get('vault')).rejects.toMatchObject({ code: 'STORE_FAILED' })
    module.items.set(piece, honest)
    expect(await store.get('vault')).toHaveLength(10_000)
    // And leaves no pieces behind.
    await store.set('vault', 'short')
    await store.delete('vault')
    expect([...module.items.keys()].filter((name) => name.includes('c_'))).toEqual([])
  })

  it('keeps the old value when the power goes at any write of a new one', async () => {
    const long = ['a', 'b'].map((letter) => letter.repeat(9_000)) as [string, string]
    for (let at = 0; ; at++) {
      const module = expoMock()
      const store = expoStore({ module })
      await store.set('vault', long[0])
      let writes = 0
      const real = module.setItemAsync
      module.setItemAsync = async (...given) => {
        if (writes++ >= at) throw new Error('power')
        return real(...given)
      }
      const isDone = await store.set('vault', long[1]).then(
        () => true,
        () => false,
      )
      module.setItemAsync = real
      expect(await expoStore({ module }).get('vault')).toBe(long[isDone ? 1 : 0])
      if (isDone) break
    }
  })

  it('is not there on the web: neither Expo nor plain text', async () => {
    const module = { ...capacitorMock(), platform: 'web' }
    await expect(capacitorStore({ module }).set('a', '1')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
    expect(module.items.size).toBe(0)
    const expo = expoMock()
    expo.isPhone = false
    await expect(expoStore({ module: expo }).get('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await expoKey({ module: expo }).available()).toBe(false)
  })

  it.each([
    ['expo-secure-store', () => expoStore().get('a')],
    ['react-native-keychain', () => keychainStore().get('a')],
    ['@aparajita/capacitor-secure-storage', () => capacitorStore().get('a')],
  ])('says which package to install: %s', async (name, use) => {
    await expect(use()).rejects.toMatchObject({
      code: 'MISSING_DEPENDENCY',
      message: expect.stringContaining(`npm install ${name}`),
    })
  })

  it('forgets what an earlier installation left, once', async () => {
    const store = expoStore({ module: expoMock() })
    const marker = memoryStore()
    await store.set('vault', 'stale')
    expect(await forgetEarlierInstall(store, marker)).toBe(true)
    expect(await store.keys()).toEqual([])
    await store.set('vault', 'new')
    expect(await forgetEarlierInstall(store, marker)).toBe(false)
    expect(await store.get('vault')).toBe('new')
  })

  it('holds a vault that opens by fingerprint, and by a PIN', async () => {
    const module = expoMock()
    const store = expoStore({ module })
    const finger = expoKey({ module, prompt: 'Open the wallet' })
    const secrets = [{ kind: 'mnemonic', mnemonic: MNEMONIC } as const]
    const vault = await createVault({ store, password: PASSWORD, secrets, cost: CHEAP })
    await vault.addSlot({ key: finger })
    await vault.addSlot({ pin: '271828', key: expoKey({ module }) })
    for (const how of [{ key: finger }, { pin: '271828', key: expoKey({ module }) }]) {
      const again = await openVault({ store, cost: CHEAP })
      await again.unlock(how)
      expect(again.state).toBe('unlocked')
    }
  })
})
