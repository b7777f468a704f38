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
    await expect(key.get(one.data)).rejects.toMatchObject({ code: 'STORE_FAILED' })
    for (const { data } of [one, two])
      await expect(key.get(data)).rejects.toMatchObject({ code: 'STORE_INVALIDATED' })
  })

  it('has ten places of secure storage', async () => {
    const key = telegramSecureKey(telegramMock().port)
    const made = []
    for (let i = 0; i < 10; i++) made.push(await key.create())
    await expect(key.create()).rejects.toMatchObject({ code: 'STORE_FULL' })
    await key.delete(made[0]!.data)
    await key.create()
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

  it('tells a person who refuses from a token that another finger threw away', async () => {
    const mock = telegramMock()
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
