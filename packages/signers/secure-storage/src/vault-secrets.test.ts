import {
  CofferError,
  HARDENED,
  hdDerive,
  hdFromSeed,
  hdToXprv,
  memoryStore,
  nobleEngine,
  type Secret,
  throwIfAborted,
} from '@coffer/core'
import { softwareSigner } from '@coffer/signer-software'
import { wordlist as spanish } from '@coffer/signer-software/wordlists/spanish'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { argon2id } from './argon2.ts'
import {
  type CreateVaultOptions,
  createVault,
  deleteVault,
  hasVault,
  openVault,
  secureStorageSigner,
  type Vault,
} from './index.ts'
import { CHEAP, MNEMONIC, memoryKey, PASSWORD } from './vault.fixture.ts'

vi.mock('./argon2.ts', async () => {
  const { argon2id } = await import('./quick-argon2.fixture.ts')
  return { argon2id: vi.fn(argon2id) }
})
const stretched = vi.mocked(argon2id)

beforeEach(() => void stretched.mockClear())
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const words: Secret = { kind: 'mnemonic', mnemonic: MNEMONIC }
const make = (more: Partial<CreateVaultOptions> = {}): Promise<Vault> =>
  createVault({ store: memoryStore(), password: PASSWORD, secrets: [words], cost: CHEAP, ...more })
const revealed = async (secret: NonNullable<CreateVaultOptions['secrets']>[number]): Promise<Secret> => {
  const vault = await make({ secrets: [secret] })
  return vault.reveal(vault.secrets[0]!.id, { password: PASSWORD })
}

describe('secrets in a vault', () => {
  const passphrase = 'TREZOR'
  const mnemonic = [...Array(11).fill(spanish[0]), spanish[3]].join(' ')

  it('takes words of another language with their list, and gives them back with their language', async () => {
    const secret: Secret = { kind: 'mnemonic', mnemonic, passphrase, language: 'spanish' }
    const vault = await make({ secrets: [{ ...secret, wordlist: spanish }] })
    const [info] = vault.secrets
    const root = await softwareSigner({ mnemonic, passphrase, wordlist: spanish }).publicKey('m')
    expect(info!.fingerprint).toBe(root.fingerprint)
    expect(await vault.reveal(info!.id, { password: PASSWORD })).toStrictEqual(secret)
  })

  it('refuses words of another language without their list', async () => {
    const vault = await make({ secrets: [] })
    for (const text of [mnemonic, MNEMONIC])
      await expect(
        vault.add({ kind: 'mnemonic', mnemonic: text, language: 'spanish' }),
      ).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(vault.secrets).toEqual([])
  })

  it('needs no list for English, nor a language for words with a list', async () => {
    const english: Secret = { ...words, language: 'english' }
    expect(await revealed(english)).toStrictEqual(english)
    expect(await revealed({ kind: 'mnemonic', mnemonic, wordlist: spanish })).toStrictEqual({
      kind: 'mnemonic',
      mnemonic,
    })
  })

  it('gives words back in one writing, however they were typed', async () => {
    const typed = `\n ${mnemonic.normalize('NFC').toUpperCase().replaceAll(' ', ' \t\u3000 ')}  `
    expect(typed).toContain('ÁBACO')
    expect(await revealed({ kind: 'mnemonic', mnemonic: typed, wordlist: spanish })).toStrictEqual({
      kind: 'mnemonic',
      mnemonic,
    })
  })

  it('keeps where an extended key stands in its tree', async () => {
    // m/0h of the first vector of BIP-32.
    const xprv =
      'xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvUxt4cV1rGL5hj6KCesnDYUhd7oWgT11eZG7XnxHrnYeSvkzY7d2bhkJ7'
    const origin = { fingerprint: '3442193e', path: 'm/0h' }
    const secret: Secret = { kind: 'xprv', xprv, origin }
    const vault = await make({ secrets: [secret] })
    expect(vault.secrets[0]!.fingerprint).toBe('3442193e')
    expect(await vault.reveal(vault.secrets[0]!.id, { password: PASSWORD })).toStrictEqual(secret)
    const signer = secureStorageSigner({ vault })
    expect(await signer.publicKey('m/0h/1')).toMatchObject({ fingerprint: '3442193e', path: 'm/0h/1' })
    await expect(signer.publicKey('m/1h')).rejects.toMatchObject({ code: 'INVALID_PATH' })
    await expect(make({ secrets: [{ kind: 'xprv', xprv }] })).rejects.toMatchObject({ code: 'INVALID_KEY' })
  })

  it('keeps that an extended key is of a test network', async () => {
    const root = hdFromSeed(new Uint8Array(32).fill(3), nobleEngine)
    const node = hdDerive(root, [84 + HARDENED])
    const rooted: Secret = { kind: 'xprv', xprv: hdToXprv(root, { testnet: true }), testnet: true }
    const below: Secret = {
      kind: 'xprv',
      xprv: hdToXprv(node, { testnet: true }),
      origin: { fingerprint: root.fingerprint, path: 'm/84h' },
      testnet: true,
    }
    for (const secret of [rooted, below]) expect(await revealed(secret)).toStrictEqual(secret)
  })

  it('takes an extended key with blanks around it', async () => {
    const xprv = hdToXprv(hdFromSeed(new Uint8Array(32).fill(3), nobleEngine))
    expect(await revealed({ kind: 'xprv', xprv: `\n ${xprv}\t` })).toStrictEqual({ kind: 'xprv', xprv })
  })

  it('copies what it is given, also a Buffer, whose slices are no copies', async () => {
    const given = Buffer.alloc(32, 9)
    const store = memoryStore()
    const vault = await make({ store, secrets: [{ kind: 'private-key', privateKey: given }] })
    await vault.add({ kind: 'private-key', privateKey: given, label: 'again' })
    await secureStorageSigner({ vault }).publicKey('m')
    vault.lock()
    expect(given).toEqual(Buffer.alloc(32, 9))
    given.fill(0)
    for (const { id } of vault.secrets)
      expect(await vault.reveal(id, { password: PASSWORD })).toStrictEqual({
        kind: 'private-key',
        privateKey: new Uint8Array(32).fill(9),
      })
  })

  it('takes as a private key 32 bytes and nothing else', async () => {
    const vault = await make()
    const wrong = [
      new Uint8Array(31).fill(1),
      new Uint8Array(33).fill(1),
      Array(32).fill(1),
      '11'.repeat(32),
      undefined,
    ]
    for (const privateKey of wrong)
      await expect(
        vault.add({ kind: 'private-key', privateKey: privateKey as Uint8Array }),
      ).rejects.toMatchObject({
        code: 'INVALID_KEY',
        message: expect.stringContaining('32 bytes in a Uint8Array'),
      })
    expect(vault.secrets).toHaveLength(1)
  })

  it('refuses a secret of another kind', async () => {
    const vault = await make()
    await expect(vault.add({ kind: 'seed', seed: new Uint8Array(64) } as never)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    expect(vault.secrets).toHaveLength(1)
  })
})

describe('passwords and PINs', () => {
  it('takes a password of eight characters and none of seven, however many bytes they are', async () => {
    const vault = await make({ password: '12345678' })
    await vault.addSlot({ password: '🔑'.repeat(8) })
    for (const password of ['1234567', '🔑'.repeat(7)])
      await expect(vault.addSlot({ password })).rejects.toMatchObject({ code: 'WEAK_PASSWORD' })
    expect(vault.slots).toHaveLength(2)
  })

  it('takes no password that is no text', async () => {
    for (const password of [undefined, 123_456_789, [...PASSWORD]] as unknown[])
      await expect(make({ password: password as string })).rejects.toMatchObject({ code: 'WEAK_PASSWORD' })
  })

  it('refuses a short password before it asks the store', async () => {
    const store = memoryStore()
    const get = vi.spyOn(store, 'get')
    await expect(make({ store, password: '1234567' })).rejects.toMatchObject({ code: 'WEAK_PASSWORD' })
    await make({ store })
    get.mockClear()
    await expect(make({ store, password: '1234567' })).rejects.toMatchObject({ code: 'WEAK_PASSWORD' })
    expect(get).not.toHaveBeenCalled()
  })

  it('takes a PIN of six digits of which one differs', async () => {
    const key = memoryKey()
    const vault = await make()
    await vault.addSlot({ pin: '111112', key })
    vault.lock()
    await vault.unlock({ pin: '111112', key })
    expect(vault.state).toBe('unlocked')
  })

  it('asks no device for a PIN that it refuses', async () => {
    const key = memoryKey()
    const vault = await make()
    for (const pin of ['11111', '2222222', '12345x'])
      await expect(vault.addSlot({ pin, key })).rejects.toMatchObject({ code: 'WEAK_PASSWORD' })
    expect(key.held.size).toBe(0)
  })

  it('stretches a password once for each salt', async () => {
    const vault = await make()
    await vault.addSlot({ password: 'a second password' })
    stretched.mockClear()
    await vault.unlock({ password: PASSWORD })
    expect(stretched).toHaveBeenCalledTimes(1)
    stretched.mockClear()
    await vault.unlock({ password: 'a second password' })
    expect(stretched).toHaveBeenCalledTimes(2)
  })

  it('tells with one stretching which of two vaults a password opens, also after it was changed', async () => {
    const vault = await make({ hiddenRoom: 1024 })
    await vault.hide({ password: 'another password', secrets: [] })
    const opens = async (password: string, part: string): Promise<void> => {
      stretched.mockClear()
      await vault.unlock({ password })
      expect(vault.part).toBe(part)
      expect(stretched).toHaveBeenCalledTimes(1)
    }
    await opens('another password', 'hidden')
    await opens(PASSWORD, 'outer')
    await vault.changePassword({ password: PASSWORD, newPassword: 'a new password' })
    await opens('another password', 'hidden')
    await opens('a new password', 'outer')
  })

  it('stretches every password in the worker of the app', async () => {
    const store = memoryStore()
    const worker = vi.fn()
    const used = (): unknown[] => {
      const workers = stretched.mock.calls.map(([, options]) => options?.worker)
      stretched.mockClear()
      return [...new Set(workers)]
    }
    const vault = await make({ store, worker, hiddenRoom: 1024 })
    expect(used()).toEqual([worker])
    await vault.hide({ password: 'another password', secrets: [] })
    expect(used()).toEqual([worker])
    await vault.addSlot({ pin: '271828', key: memoryKey() })
    expect(used()).toEqual([worker])
    await vault.changePassword({ password: PASSWORD, newPassword: 'a new password' })
    expect(used()).toEqual([worker])
    const again = await openVault({ store, cost: CHEAP, worker })
    await again.unlock({ password: 'another password' })
    expect(used()).toEqual([worker])
  })
})

describe('device keys', () => {
  it('opens with each of two devices its own slot alone', async () => {
    const [one, two] = [memoryKey({ name: 'one' }), memoryKey({ name: 'two' })]
    for (const kind of [{}, { pin: '271828' }]) {
      const vault = await make()
      await vault.addSlot({ ...kind, key: one })
      await vault.addSlot({ ...kind, key: two })
      for (const [key, other] of [
        [one, two],
        [two, one],
      ] as const) {
        const [asked, silent] = [vi.spyOn(key, 'get'), vi.spyOn(other, 'get')]
        vault.lock()
        await vault.unlock({ ...kind, key })
        expect(vault.state).toBe('unlocked')
        expect(asked).toHaveBeenCalledTimes(1)
        expect(silent).not.toHaveBeenCalled()
        asked.mockRestore()
        silent.mockRestore()
      }
    }
  })

  it('tells the slot of a device from that of a PIN with the same device', async () => {
    const key = memoryKey()
    const vault = await make()
    await vault.addSlot({ key })
    await vault.addSlot({ pin: '271828', key })
    const get = vi.spyOn(key, 'get')
    await vault.unlock({ pin: '271828', key })
    await vault.unlock({ key })
    expect(get.mock.calls.map(([data]) => data)).toEqual([{ id: '2' }, { id: '1' }])
  })

  it('says that it has no such slot, and asks no device', async () => {
    const [one, two] = [memoryKey({ name: 'one' }), memoryKey({ name: 'two' })]
    const asked = [vi.spyOn(one, 'get'), vi.spyOn(two, 'get')]
    const vault = await make()
    await vault.addSlot({ key: one })
    await vault.addSlot({ pin: '271828', key: two })
    for (const how of [{ pin: '271828', key: one }, { key: two }, { recoveryCode: 'none' }])
      await expect(vault.unlock(how)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    for (const get of asked) expect(get).not.toHaveBeenCalled()
  })

  it('goes on to another slot when a device is not there', async () => {
    const key = memoryKey()
    const vault = await make()
    await vault.addSlot({ key })
    await vault.addSlot({ key })
    vault.lock()
    const { get } = key
    vi.spyOn(key, 'get').mockImplementation((data) => {
      if (data['id'] === '2') return get(data)
      throw new CofferError({ code: 'STORE_UNAVAILABLE', message: 'There is no such device.' })
    })
    await vault.unlock({ key })
    expect(vault.state).toBe('unlocked')
  })

  it('asks no more when the person said no', async () => {
    for (const kind of [{}, { pin: '271828' }]) {
      const key = memoryKey()
      const vault = await make()
      await vault.addSlot({ ...kind, key })
      await vault.addSlot({ ...kind, key })
      key.answer = 'cancel'
      const get = vi.spyOn(key, 'get')
      await expect(vault.unlock({ ...kind, key })).rejects.toMatchObject({ code: 'STORE_CANCELLED' })
      expect(get).toHaveBeenCalledTimes(1)
    }
  })

  it('hands its signal on to the device, and asks no more when it aborts', async () => {
    for (const kind of [{}, { pin: '271828' }]) {
      const key = memoryKey()
      const vault = await make()
      const controller = new AbortController()
      const { signal } = controller
      const create = vi.spyOn(key, 'create')
      await vault.addSlot({ ...kind, key }, { signal })
      await vault.addSlot({ ...kind, key }, { signal })
      expect(create.mock.calls.map(([options]) => options?.signal)).toEqual([signal, signal])
      const { get: give } = key
      const get = vi.spyOn(key, 'get').mockImplementation((data, options) => {
        controller.abort()
        throwIfAborted(options?.signal)
        return give(data)
      })
      await expect(vault.unlock({ ...kind, key }, { signal })).rejects.toMatchObject({ code: 'ABORTED' })
      expect(get).toHaveBeenCalledTimes(1)
      expect(get.mock.calls[0]![1]?.signal).toBe(signal)
    }
  })

  it('takes 32 bytes from a device and nothing else, and leaves nothing on it', async () => {
    const store = memoryStore()
    const vault = await make({ store })
    const before = await store.get('vault')
    for (const secret of [new Uint8Array(31), new Uint8Array(33), Array(32).fill(1), undefined])
      for (const kind of [{}, { pin: '271828' }]) {
        const key = memoryKey()
        vi.spyOn(key, 'create').mockResolvedValue({ data: { id: '7' }, secret: secret as Uint8Array })
        const erase = vi.spyOn(key, 'delete')
        await expect(vault.addSlot({ ...kind, key })).rejects.toMatchObject({ code: 'STORE_FAILED' })
        expect(erase).toHaveBeenCalledExactlyOnceWith({ id: '7' })
      }
    expect(vault.slots).toHaveLength(1)
    expect(await store.get('vault')).toBe(before)
  })

  it('says what was wrong also when the device cannot forget', async () => {
    const key = memoryKey()
    vi.spyOn(key, 'create').mockResolvedValue({ data: { id: '7' }, secret: new Uint8Array(31) })
    vi.spyOn(key, 'delete').mockRejectedValue(new Error('no device'))
    await expect((await make()).addSlot({ key })).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })
})

describe('making and deleting a vault', () => {
  it('is made empty when there is nothing to keep yet, in its first generation', async () => {
    const store = memoryStore()
    const vault = await createVault({ store, password: PASSWORD, cost: CHEAP })
    expect(vault.secrets).toEqual([])
    expect(vault.part).toBe('outer')
    expect(JSON.parse((await store.get('vault'))!).generation).toBe(1)
    vault.lock()
    await vault.unlock({ password: PASSWORD })
    expect(vault.secrets).toEqual([])
  })

  it('has room for a hidden vault of 1,024 to 1,048,576 bytes', async () => {
    const store = memoryStore()
    await make({ store, hiddenRoom: 1024 })
    // The room is looked at before the store is.
    await expect(make({ store, hiddenRoom: 1_048_576 })).rejects.toMatchObject({ code: 'VAULT_EXISTS' })
    for (const hiddenRoom of [1023, 1_048_577, 1024.5, Number.NaN, '4096' as unknown as number])
      await expect(make({ store, hiddenRoom })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('is not deleted by who leaves out that it is meant', async () => {
    const store = memoryStore()
    await make({ store })
    const careless = deleteVault as (options: { store: typeof store }, yes?: unknown) => Promise<void>
    for (const confirmation of [undefined, null, true, { yesDeleteTheVault: 'true' }])
      await expect(careless({ store }, confirmation)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await hasVault({ store })).toBe(true)
  })
})
