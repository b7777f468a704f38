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

function capacitorMock(): { storage: CapacitorSecureStorage; platform: string; items: Map<string, string> } {
  const items = new Map<string, string>()
  const storage: CapacitorSecureStorage = {
    setSynchronize: async (sync) => {
      if (sync) throw new Error('it would go to iCloud')
    },
    keys: async () => [...items.keys()],
    getItem: async (key) => items.get(key) ?? null,
    set: async (key, data, convertDate, sync, access) => {
      if (convertDate || sync || access !== 1) throw new Error('it would leave the device')
      items.set(key, JSON.stringify(data))
    },
    remove: async (key) => items.delete(key),
  }
  return { storage, platform: 'ios', items }
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
  it('tells what Android lost from what never was', async () => {
    const module = expoMock()
    const store = expoStore({ module })
    await store.set('vault', 'text')
    expect(await store.get('never')).toBe(undefined)
    for (const name of module.items.keys()) if (!name.includes('index')) module.items.delete(name)
    await expect(store.get('vault')).rejects.toMatchObject({ code: 'STORE_INVALIDATED' })
    await store.delete('vault')
    expect(await store.get('vault')).toBe(undefined)
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
