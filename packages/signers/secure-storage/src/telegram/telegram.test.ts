import { storeConformance } from '@coffer/core/testing'
import { describe, expect, it, vi } from 'vitest'
import { createVault, openVault } from '../index.ts'
import { deviceKeyConformance, type TelegramMock, telegramMock } from '../testing/index.ts'
import { CHEAP, MNEMONIC, PASSWORD } from '../vault.fixture.ts'
import {
  type TelegramPort,
  telegramBiometricKey,
  telegramCloudStore,
  telegramDeviceStore,
  telegramSecureKey,
  tmaPort,
  webAppPort,
} from './index.ts'

const reason = { reason: 'Open the wallet' }
const ports = new WeakMap<object, TelegramPort>()
function over<T extends object>({ port }: TelegramMock, make: (port: TelegramPort) => T): T {
  const made = make(port)
  ports.set(made, port)
  return made
}

storeConformance(
  { describe, it },
  {
    name: 'telegramCloudStore',
    make: () => over(telegramMock(), telegramCloudStore),
    reopen: (store) => telegramCloudStore(ports.get(store)!),
  },
)
for (const platform of ['android', 'ios'] as const) {
  storeConformance(
    { describe, it },
    {
      name: `telegramDeviceStore on ${platform}`,
      make: () => over(telegramMock({ platform }), telegramDeviceStore),
      reopen: (store) => telegramDeviceStore(ports.get(store)!),
    },
  )
  deviceKeyConformance(
    { describe, it },
    {
      name: `telegramSecureKey on ${platform}`,
      make: () => over(telegramMock({ platform }), telegramSecureKey),
      reopen: (key) => telegramSecureKey(ports.get(key)!),
    },
  )
  deviceKeyConformance(
    { describe, it },
    {
      name: `telegramBiometricKey on ${platform}`,
      make: () => over(telegramMock({ platform }), (port) => telegramBiometricKey(port, reason)),
      reopen: (key) => telegramBiometricKey(ports.get(key)!, reason),
      single: true,
    },
  )
}

const codeOf = (task: Promise<unknown>): Promise<unknown> =>
  task.then(
    () => 'done',
    ({ code }) => code,
  )

/** What comes of a task when a minute has passed. */
async function later<T>(task: Promise<T>): Promise<T> {
  await vi.advanceTimersByTimeAsync(60_000)
  return task
}

describe('Telegram', () => {
  it('says where there is nothing: on the desktop, on the web, in old clients', async () => {
    vi.useFakeTimers()
    try {
      for (const platform of ['tdesktop', 'web'] as const) {
        const { port } = telegramMock({ platform })
        expect(await later(telegramSecureKey(port).available())).toBe(false)
        expect(await later(codeOf(telegramSecureKey(port).create()))).toBe('STORE_UNAVAILABLE')
        expect(await later(telegramBiometricKey(port, reason).available())).toBe(false)
        expect(await later(codeOf(telegramBiometricKey(port, reason).create()))).toBe('STORE_UNAVAILABLE')
      }
      const { port } = telegramMock({ version: '6.0' })
      for (const use of [
        () => telegramCloudStore(port).get('a'),
        () => telegramDeviceStore(port).get('a'),
        () => telegramSecureKey(port).create(),
        () => telegramBiometricKey(port, reason).create(),
      ])
        expect(await later(codeOf(use()))).toBe('STORE_UNAVAILABLE')
      expect(await later(telegramBiometricKey(port, reason).available())).toBe(false)
    } finally {
      vi.useRealTimers()
    }
  })

  it('knows that Android threw everything away after one item that it could not decrypt', async () => {
    const mock = telegramMock()
    const key = telegramSecureKey(mock.port)
    const [one, two] = [await key.create(), await key.create()]
    mock.loseKeystore()
    for (const { data } of [one, two])
      await expect(key.get(data)).rejects.toMatchObject({ code: 'STORE_INVALIDATED' })
  })

  it('has ten places of secure storage', async () => {
    const key = telegramSecureKey(telegramMock().port)
    const made = []
    for (let i = 0; i < 10; i++) made.push(await key.create())
    await expect(key.create()).rejects.toMatchObject({ code: 'STORE_FULL' })
    expect(await key.available()).toBe(true)
    await key.delete(made[0]!.data)
    const again = await key.create()
    expect(await key.get(again.data)).toEqual(again.secret)
    // What stood in that place before does not take the new one away.
    await key.delete(made[0]!.data)
    expect(await key.get(again.data)).toEqual(again.secret)
    await expect(key.get(made[0]!.data)).rejects.toMatchObject({ code: 'STORE_INVALIDATED' })
  })

  it('uses the places again that Android does not free', async () => {
    const mock = telegramMock({ platform: 'android' })
    const key = telegramSecureKey(mock.port)
    for (let i = 0; i < 15; i++) {
      expect(await key.available()).toBe(true)
      const { data } = await key.create()
      await key.delete(data)
      await expect(key.get(data)).rejects.toMatchObject({ code: 'STORE_INVALIDATED' })
    }
    expect([...mock.secure.values()]).toEqual(['null'])
  })

  it('gives two secrets that are made at once a place each', async () => {
    const { port } = telegramMock()
    const made = await Promise.all([1, 2, 3].map(() => telegramSecureKey(port).create()))
    for (const { data, secret } of made) expect(await telegramSecureKey(port).get(data)).toEqual(secret)
  })

  it('says that an iPhone needs a passcode', async () => {
    const key = telegramSecureKey(telegramMock({ platform: 'ios', hasPasscode: false }).port)
    expect(await key.available()).toBe(false)
    await expect(key.create()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('passcode'),
    })
  })

  it('does not take for missing what it cannot read', async () => {
    const { port } = telegramMock()
    /** The same client with another answer in place of its own. */
    const answering = (change: (data: Record<string, unknown>) => object): TelegramPort => ({
      ...port,
      on: (event, listener) => port.on(event, (data) => listener(change(data as Record<string, unknown>))),
    })
    for (const result of [undefined, null, 'text', 7, { k_YQ: 7 }, { k_YQ: null }]) {
      const store = telegramCloudStore(answering((data) => ({ ...data, result })))
      await expect(store.get('a'), String(result)).rejects.toMatchObject({ code: 'STORE_FAILED' })
    }
    for (const result of [undefined, null, 'text', {}, [7]]) {
      const store = telegramCloudStore(answering((data) => ({ ...data, result })))
      await expect(store.keys(), String(result)).rejects.toMatchObject({ code: 'STORE_FAILED' })
    }
    for (const value of [7, {}, true, 'of another']) {
      const store = telegramDeviceStore(answering((data) => ({ ...data, value })))
      await expect(store.get('a'), String(value)).rejects.toMatchObject({ code: 'STORE_FAILED' })
    }
    // What no client was asked for is left out by some, and an error of null is none.
    const store = telegramCloudStore(answering((data) => ({ ...data, result: [], error: null })))
    expect(await store.get('a')).toBe(undefined)
  })

  it('counts what the web overwrites', async () => {
    const store = telegramDeviceStore(telegramMock({ platform: 'web' }).port)
    const writing = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) await store.set('key', String(i))
    }
    await expect(writing()).rejects.toMatchObject({ code: 'STORE_FULL' })
  })

  it('has 1,024 places in the cloud, each of 4,096 characters', async () => {
    const mock = telegramMock()
    const store = telegramCloudStore(mock.port)
    await store.set('long', 'x'.repeat(50_000))
    expect(Math.max(...[...mock.cloud.values()].map(({ length }) => length))).toBe(4096)
    expect([...mock.cloud.keys()].every((key) => /^[A-Za-z0-9_-]{1,128}$/.test(key))).toBe(true)
    for (let i = mock.cloud.size; i < 1024; i++) mock.cloud.set(`other-${i}`, '')
    await expect(store.set('more', '1')).rejects.toMatchObject({ code: 'STORE_FULL' })
    expect(await store.get('long')).toHaveLength(50_000)
    await expect(store.set('k'.repeat(200), '1')).rejects.toMatchObject({ code: 'STORE_FULL' })
  })

  it('lists its own keys among those of others', async () => {
    const mock = telegramMock()
    for (const name of ['k_a', 'k_-', 'k_gICA', 'other', 'c_0']) mock.cloud.set(name, 'of another')
    const store = telegramCloudStore(mock.port)
    await store.set('mine', '1')
    expect(await store.keys()).toEqual(['mine'])
  })

  it('leaves nothing behind of a value for which there was no room', async () => {
    const mock = telegramMock()
    const store = telegramCloudStore(mock.port)
    for (let i = 0; i < 1020; i++) mock.cloud.set(`other-${i}`, '1')
    await expect(store.set('long', 'x'.repeat(50_000))).rejects.toMatchObject({ code: 'STORE_FULL' })
    expect(mock.cloud.size).toBe(1020)
  })

  it('holds one whole value when two devices write at once', async () => {
    const mock = telegramMock()
    const here = telegramCloudStore(mock.port)
    // Another copy of the code, which shares nothing in memory with this one.
    vi.resetModules()
    const other = await import('./cloud-store.ts')
    const there = other.telegramCloudStore(mock.port)
    for (let round = 0; round < 20; round++) {
      const values = ['a', 'b'].map((letter) => `${round}${letter.repeat(9_000)}`) as [string, string]
      await Promise.allSettled([here.set('key', values[0]), there.set('key', values[1])])
      expect(values).toContain(await here.get('key'))
      expect(await there.get('key')).toBe(await here.get('key'))
    }
  })

  it('G9: asks for no more chunks than are there, however many a forged head names', async () => {
    const mock = telegramMock()
    const store = telegramCloudStore(mock.port)
    for (const count of [2000, 99_999]) {
      mock.cloud.set('k_YQ', `c.a.${count}.0123456789abcdef`)
      mock.posted.length = 0
      await expect(store.get('a')).rejects.toMatchObject({ code: 'STORE_FAILED', details: { damaged: true } })
      expect(mock.posted.length).toBeLessThan(10)
    }
  })

  it('G9: gives up on a head that changes each time it is read', async () => {
    const mock = telegramMock()
    let reads = 0
    const store = telegramCloudStore({
      ...mock.port,
      post: (event, data) => {
        mock.cloud.set('k_YQ', `c.a.${++reads}.0123456789abcdef`)
        mock.port.post(event, data)
      },
    })
    await expect(store.get('a')).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })

  it('tells a person who refuses from a token that is gone, where the client tells', async () => {
    const mock = telegramMock({ platform: 'ios' })
    const key = telegramBiometricKey(mock.port, reason)
    mock.person = 'no'
    await expect(key.create()).rejects.toMatchObject({ code: 'STORE_CANCELLED' })
    mock.person = 'yes'
    const { data } = await key.create()
    mock.person = 'no'
    await expect(key.get(data)).rejects.toMatchObject({ code: 'STORE_CANCELLED' })
    mock.person = 'yes'
    mock.enrol()
    await expect(key.get(data)).rejects.toMatchObject({ code: 'STORE_INVALIDATED' })
  })

  it('says on Android what else a check may mean that goes on failing', async () => {
    const mock = telegramMock({ platform: 'android' })
    const key = telegramBiometricKey(mock.port, reason)
    const { data } = await key.create()
    mock.enrol()
    for (const use of [() => key.get(data), () => key.create()])
      await expect(use()).rejects.toMatchObject({
        code: 'STORE_CANCELLED',
        message: expect.stringContaining('enrolled'),
      })
    await key.delete(data)
    await expect(key.get(data)).rejects.toMatchObject({ code: 'STORE_INVALIDATED' })
  })

  it('does not believe a client that says it has kept a token and has not', async () => {
    const { port } = telegramMock()
    const key = telegramBiometricKey(
      {
        ...port,
        on: (event, listener) =>
          port.on(event, (data) => listener({ ...(data as object), token_saved: false })),
      },
      reason,
    )
    await expect(key.create()).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })

  it('is asked one biometric question at a time, and can be cancelled', async () => {
    const mock = telegramMock()
    const key = telegramBiometricKey(mock.port, reason)
    const { data, secret } = await key.create()
    const found = await Promise.all([key.get(data), key.get(data), key.get(data)])
    for (const one of found) expect(one).toEqual(secret)
    await expect(
      telegramBiometricKey(
        {
          ...mock.port,
          post: (event, data) => (event.endsWith('auth') ? undefined : mock.port.post(event, data)),
        },
        reason,
      ).get(data, {
        signal: AbortSignal.timeout(50),
      }),
    ).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('holds a vault: the text in the cloud and on the device, its keys behind a finger and a PIN', async () => {
    const { port } = telegramMock()
    for (const store of [telegramCloudStore(port), telegramDeviceStore(port)]) {
      const secrets = [{ kind: 'mnemonic', mnemonic: MNEMONIC } as const]
      const vault = await createVault({ store, password: PASSWORD, secrets, cost: CHEAP, hiddenRoom: 4096 })
      await vault.addSlot({ key: telegramBiometricKey(port, reason) })
      await vault.addSlot({ pin: '271828', key: telegramSecureKey(port) })
      for (const how of [
        { password: PASSWORD },
        { key: telegramBiometricKey(port, reason) },
        { pin: '271828', key: telegramSecureKey(port) },
      ]) {
        const again = await openVault({ store, cost: CHEAP })
        await again.unlock(how)
        expect(again.secrets).toHaveLength(1)
      }
    }
  })
})

describe('ports', () => {
  it('go over the script of the client', async () => {
    const { port } = telegramMock()
    const heard = new Map<unknown, () => void>()
    const store = telegramCloudStore(
      webAppPort({
        WebApp: { version: '9.1', platform: 'android' },
        WebView: {
          postEvent: (event, _, data) => port.post(event, data as Record<string, unknown>),
          onEvent: (event, listener) =>
            void heard.set(
              listener,
              port.on(event, (data) => listener(event, data)),
            ),
          offEvent: (_, listener) => {
            heard.get(listener)?.()
            heard.delete(listener)
          },
        },
      }),
    )
    await store.set('a', '1')
    expect(await store.get('a')).toBe('1')
    expect(heard.size).toBe(0)
  })

  it('go over @tma.js/bridge, which refuses what the version does not have', async () => {
    const { port } = telegramMock({ version: '6.9' })
    const bridge = tmaPort({
      postEvent: (event: string, data: Record<string, unknown>) => {
        if (event.includes('device_storage')) throw new Error('MethodUnsupportedError')
        port.post(event, data)
      },
      on: port.on,
      retrieveLaunchParams: () => ({ tgWebAppVersion: '6.9', tgWebAppPlatform: 'ios' }),
    })
    expect([bridge.version, bridge.platform]).toEqual(['6.9', 'ios'])
    await telegramCloudStore(bridge).set('a', '1')
    await expect(telegramDeviceStore(bridge).get('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})
