import { memoryStore, type Secret, type Signer, type Store } from '@coffer/core'
import { softwareSigner } from '@coffer/signer-software'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { writeEnvelope } from './envelope.ts'
import { type CreateVaultOptions, createVault, openVault, secureStorageSigner, type Vault } from './index.ts'
import { insideOf } from './keeper.ts'
import { CHEAP, MNEMONIC, memoryKey, OTHER, PASSWORD } from './vault.fixture.ts'

// What a vault is after a change, and what it refuses to change.

const stretched = vi.hoisted(() => ({ count: 0 }))
vi.mock('./argon2.ts', async () => {
  const { argon2id } = await import('./quick-argon2.fixture.ts')
  return {
    argon2id: (...given: Parameters<typeof argon2id>) => {
      stretched.count++
      return argon2id(...given)
    },
  }
})

const NEW = 'a new password'
const words: Secret = { kind: 'mnemonic', mnemonic: MNEMONIC }
const other: Secret = { kind: 'mnemonic', mnemonic: OTHER }

let store: Store
beforeEach(() => {
  store = memoryStore()
  stretched.count = 0
})
afterEach(() => vi.useRealTimers())

const make = (more: Partial<CreateVaultOptions> = {}): Promise<Vault> =>
  createVault({ store, password: PASSWORD, secrets: [words], cost: CHEAP, ...more })
const open = (more = {}): Promise<Vault> => openVault({ store, cost: CHEAP, ...more })
const opensWith = async (password: string, more = {}): Promise<boolean> => {
  const vault = await open(more)
  await vault.unlock({ password }).catch(() => {})
  return vault.state === 'unlocked'
}
const text = async () => JSON.parse((await store.get('vault'))!)

describe('a vault that cannot be read', () => {
  it('opens, shows nothing, and refuses the right password', async () => {
    await make()
    await store.set('vault', 'no vault at all')
    const vault = await open()
    expect([vault.id, vault.state, vault.part, vault.secrets, vault.slots]).toEqual([
      '',
      'locked',
      undefined,
      [],
      [],
    ])
    await expect(vault.unlock({ password: PASSWORD })).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
  })

  it.each<[string, () => Promise<void>]>([
    ['was deleted', async () => store.delete('vault')],
    ['was damaged', async () => store.set('vault', 'no vault at all')],
    [
      'is another one',
      async () => {
        await store.delete('vault')
        await make()
      },
    ],
  ])('refuses the right password when it %s while it was open here', async (_, happen) => {
    await make()
    const vault = await open()
    await happen()
    await expect(vault.unlock({ password: PASSWORD })).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
    expect(vault.state).toBe('locked')
  })

  it('has a generation before it, which takes its place once it was opened', async () => {
    const vault = await make()
    await vault.add(other)
    await store.set('vault', 'no vault at all')
    const earlier = await open({ generation: 'previous' })
    expect(earlier.secrets).toHaveLength(1)
    await earlier.unlock({ password: PASSWORD })
    expect((await open()).secrets).toHaveLength(1)
    await earlier.add({ ...other, label: 'again' })
    expect((await open()).secrets.map(({ label }) => label)).toEqual(['', 'again'])
  })

  it('stays locked when the generation before it cannot be put in its place', async () => {
    const vault = await make()
    await vault.add(other)
    const reading: Store = {
      ...store,
      set: (key, value) =>
        key.includes('attempts') ? store.set(key, value) : Promise.reject(new Error('read-only')),
    }
    const earlier = await openVault({ store: reading, cost: CHEAP, generation: 'previous' })
    const heard: string[] = []
    earlier.on('lock', (reason) => heard.push(reason))
    await expect(earlier.unlock({ password: PASSWORD })).rejects.toThrow('read-only')
    expect([earlier.state, heard]).toEqual(['locked', ['asked']])
  })
})

describe('what another tab changed', () => {
  it('is known once this one is unlocked', async () => {
    const vault = await make()
    const here = await open()
    await vault.add(other)
    await vault.addSlot({ recoveryCode: true })
    expect([here.secrets.length, here.slots.length]).toEqual([1, 1])
    await here.unlock({ password: PASSWORD })
    expect([here.secrets.length, here.slots.length]).toEqual([2, 2])
    here.lock()
    expect([here.secrets.length, here.slots.length]).toEqual([2, 2])
  })

  it('locks this one when it was the data key, and says so', async () => {
    const vault = await make()
    const here = await open()
    await here.unlock({ password: PASSWORD })
    await vault.rotate([{ password: PASSWORD }])
    const heard: string[] = []
    here.on('lock', (reason) => heard.push(reason))
    await expect(here.add(other)).rejects.toMatchObject({ code: 'VAULT_CHANGED' })
    expect([here.state, heard]).toEqual(['locked', ['changed']])
  })
})

describe('what somebody changed', () => {
  it('locks a hidden vault whose room is gone', async () => {
    const vault = await make({ hiddenRoom: 2048 })
    await vault.hide({ password: NEW, secrets: [other] })
    await vault.unlock({ password: NEW })
    const { sum: _, hidden: __, ...rest } = await text()
    await store.set('vault', writeEnvelope(rest))
    await expect(vault.add(words)).rejects.toMatchObject({ code: 'VAULT_CHANGED' })
    expect(vault.state).toBe('locked')
  })
})

describe('idle time', () => {
  it('begins anew with each unlocking and each change, and ends with the lock', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const vault = await make({ autoLock: { idle: 60_000 } })
    await vi.advanceTimersByTimeAsync(50_000)
    await vault.unlock({ password: PASSWORD })
    await vi.advanceTimersByTimeAsync(50_000)
    expect(vault.state).toBe('unlocked')
    await vault.add(other)
    await vi.advanceTimersByTimeAsync(50_000)
    expect(vault.state).toBe('unlocked')
    vault.lock()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('never ends where that is wanted', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    const vault = await make({ autoLock: false })
    expect(vi.getTimerCount()).toBe(0)
    vault.touch()
    await vi.advanceTimersByTimeAsync(86_400_000)
    expect(vault.state).toBe('unlocked')
  })

  it('is over by the clock as well, for the same reason', async () => {
    const vault = await make({ autoLock: { idle: 60_000 } })
    const heard: string[] = []
    vault.on('lock', (reason) => heard.push(reason))
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 60_001)
    expect(vault.state).toBe('locked')
    vi.restoreAllMocks()
    expect(heard).toEqual(['idle'])
  })
})

describe('passwords', () => {
  it('are written anew only where the one that was typed is cheap', async () => {
    const vault = await make()
    const dearer = { ...CHEAP, passes: 3 }
    const dear = await open({ cost: dearer })
    await dear.unlock({ password: PASSWORD })
    vault.lock()
    await vault.unlock({ password: PASSWORD })
    await vault.addSlot({ password: NEW })
    const costs = async () => (await text()).slots.map(({ kdf }: { kdf: { passes: number } }) => kdf.passes)
    expect(await costs()).toEqual([3, 2])
    const before = await store.get('vault')
    stretched.count = 0
    await (await open({ cost: dearer })).unlock({ password: PASSWORD })
    expect(await store.get('vault')).toBe(before)
    expect(stretched.count).toBe(1)
    await (await open({ cost: dearer })).unlock({ password: NEW })
    expect(await costs()).toEqual([3, 3])
    expect([await opensWith(PASSWORD), await opensWith(NEW)]).toEqual([true, true])
  })

  it('change one by one, and at the cost of today', async () => {
    const vault = await make()
    await vault.addSlot({ password: NEW })
    await vault.changePassword({ password: NEW, newPassword: 'the third password' })
    expect([await opensWith(PASSWORD), await opensWith(NEW), await opensWith('the third password')]).toEqual([
      true,
      false,
      true,
    ])
    expect(vault.slots.map(({ type }) => type)).toEqual(['password', 'password'])
  })

  it('and PINs are at most four together; other ways come beside them', async () => {
    const key = memoryKey()
    const vault = await make()
    for (let i = 0; i < 3; i++) await vault.addSlot({ pin: `27182${i}`, key })
    await expect(vault.addSlot({ pin: '314159', key })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(vault.addSlot({ password: NEW })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    const code = await vault.addSlot({ recoveryCode: true })
    expect(code.recoveryCode).toBeDefined()
    const device = await vault.addSlot({ key })
    expect(Object.keys(device)).not.toContain('recoveryCode')
    expect(vault.slots.map(({ type }) => type)).toEqual([
      'password',
      'pin',
      'pin',
      'pin',
      'recovery',
      'device',
    ])
  })

  it('that are wrong keep nobody from another way', async () => {
    const key = memoryKey()
    const vault = await make()
    await vault.addSlot({ key })
    vault.lock()
    for (let i = 0; i < 5; i++) await vault.unlock({ password: 'a wrong password' }).catch(() => {})
    await expect(vault.unlock({ password: PASSWORD })).rejects.toMatchObject({ code: 'TOO_MANY_ATTEMPTS' })
    await vault.unlock({ key })
    expect(vault.state).toBe('unlocked')
    expect((await vault.attempts()).failures).toBe(5)
  })

  it('that are PINs are erased on their own device alone', async () => {
    const [mine, yours] = [memoryKey({ name: 'mine' }), memoryKey({ name: 'yours' })]
    const vault = await make()
    await vault.addSlot({ pin: '271828', key: mine })
    await vault.addSlot({ pin: '314159', key: yours })
    await store.set('vault/attempts/pin', JSON.stringify({ failures: 9, last: 0 }))
    await expect(vault.unlock({ pin: '000001', key: mine })).rejects.toMatchObject({
      code: 'TOO_MANY_ATTEMPTS',
      details: { erased: true },
    })
    expect([mine.held.size, yours.held.size]).toEqual([0, 1])
  })
})

describe('what is not there', () => {
  it('is not taken away', async () => {
    const vault = await make()
    const before = await store.get('vault')
    await expect(vault.remove('00')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(vault.removeSlot('00')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await store.get('vault')).toBe(before)
  })

  it('is no vault to a signer', () => {
    expect(() => secureStorageSigner({ vault: {} as never })).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })
})

describe('public keys', () => {
  const path = 'm/44h/60h/0h/0/0'
  const keyOf = async (vault: Vault, secret: string): Promise<string> =>
    Buffer.from((await secureStorageSigner({ vault, secret }).publicKey(path)).publicKey).toString('hex')

  it('are kept once for each secret, and forgotten with it', async () => {
    const vault = await make({ secrets: [words, other] })
    const [first, second] = vault.secrets.map(({ id }) => id) as [string, string]
    const keys = [await keyOf(vault, first), await keyOf(vault, second)]
    await keyOf(vault, first)
    expect(keys[0]).not.toBe(keys[1])
    expect((await text()).shown.keys.map(({ secret }: { secret: string }) => secret)).toEqual([first, second])
    const locked = await open()
    expect([await keyOf(locked, first), await keyOf(locked, second)]).toEqual(keys)
    await vault.remove(first)
    expect((await text()).shown.keys.map(({ secret }: { secret: string }) => secret)).toEqual([second])
    await expect(keyOf(await open(), second)).resolves.toBe(keys[1])
    await vault.add({ ...words, label: 'again' })
    expect((await text()).shown.keys).toHaveLength(1)
  })

  it('are not kept where a vault shows nothing, nor of a hidden one', async () => {
    const silent = await make({ name: 'silent', showWhileLocked: false })
    const before = await store.get('silent')
    await keyOf(silent, silent.secrets[0]!.id)
    expect(await store.get('silent')).toBe(before)

    const vault = await make({ hiddenRoom: 2048 })
    await vault.hide({ password: NEW, secrets: [other] })
    await vault.unlock({ password: NEW })
    const text = await store.get('vault')
    await keyOf(vault, vault.secrets[0]!.id)
    expect(await store.get('vault')).toBe(text)
  })
})

describe('a hidden vault', () => {
  it('has no other way in, and none is taken from it', async () => {
    const vault = await make({ hiddenRoom: 2048 })
    await vault.hide({ password: NEW, secrets: [other] })
    await vault.unlock({ password: NEW })
    const slot = vault.slots[0]!
    const refused = { code: 'UNSUPPORTED' }
    await expect(vault.addSlot({ recoveryCode: true })).rejects.toMatchObject(refused)
    await expect(vault.removeSlot(slot.id)).rejects.toMatchObject(refused)
    await expect(vault.rotate([{ password: NEW }])).rejects.toMatchObject(refused)
    await expect(vault.hide({ password: 'the third password', secrets: [] })).rejects.toMatchObject(refused)
  })

  it('takes no short password, and not that of the one that is open', async () => {
    const vault = await make({ hiddenRoom: 2048 })
    await expect(vault.hide({ password: '1234567', secrets: [] })).rejects.toMatchObject({
      code: 'WEAK_PASSWORD',
    })
    await vault.hide({ password: NEW, secrets: [] })
    await expect(
      vault.changePassword({ password: NEW, newPassword: 'the third password' }),
    ).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
    expect([await opensWith(NEW), await opensWith('the third password')]).toEqual([true, false])
  })

  it('keeps its salt in common with the other, so that one stretching tells which it is', async () => {
    const vault = await make({ hiddenRoom: 2048 })
    await vault.hide({ password: NEW, secrets: [] })
    await vault.changePassword({ password: PASSWORD, newPassword: 'the third password' })
    const { slots, hidden } = await text()
    expect(slots[0].kdf).toEqual(hidden.kdf)
    stretched.count = 0
    expect(await opensWith(NEW)).toBe(true)
    expect(stretched.count).toBe(1)
  })

  it('leaves no text of the time before it', async () => {
    const vault = await make({ hiddenRoom: 2048 })
    await vault.hide({ password: NEW, secrets: [] })
    expect(await store.get('vault/previous')).toBe(await store.get('vault'))
  })
})

describe('a new data key', () => {
  it('shuts every way that is not kept, in the generation before as well', async () => {
    const key = memoryKey()
    const vault = await make()
    await vault.addSlot({ key })
    await vault.addSlot({ password: NEW })
    await vault.rotate([{ password: PASSWORD }, { password: PASSWORD }])
    expect(vault.slots.map(({ type }) => type)).toEqual(['password'])
    for (const generation of ['current', 'previous']) {
      expect([await opensWith(PASSWORD, { generation }), await opensWith(NEW, { generation })]).toEqual([
        true,
        false,
      ])
      await expect((await open({ generation })).unlock({ key })).rejects.toMatchObject({
        code: 'UNSUPPORTED',
      })
    }
    await vault.add(other)
    expect((await open()).secrets).toHaveLength(2)
  })

  it('takes what leads to nobody and to a way out alone for no way', async () => {
    const key = memoryKey()
    const vault = await make()
    await vault.addSlot({ key })
    await expect(vault.rotate([{ key }])).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(vault.rotate([])).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(vault.rotate([{ password: NEW }])).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
    expect(await opensWith(PASSWORD)).toBe(true)
  })

  it('is not that of a vault that locks meanwhile', async () => {
    const vault = await make()
    const rotating = vault.rotate([{ password: PASSWORD }])
    vault.lock()
    await rotating
    expect([vault.state, vault.secrets.length, await opensWith(PASSWORD)]).toEqual(['locked', 1, true])
  })
})

it('is what was opened last, whatever a change that began before it has to say', async () => {
  let release = (): void => {}
  let held: Promise<void> | undefined
  const inner = store
  store = {
    ...inner,
    set: async (key, value) => {
      if (key === 'vault/next') await held
      await inner.set(key, value)
    },
  }
  const vault = await make({ hiddenRoom: 2048 })
  await vault.hide({ password: NEW, secrets: [{ ...other, label: 'hidden' }] })
  held = new Promise((resolve) => {
    release = resolve
  })
  const rotating = vault.rotate([{ password: PASSWORD }])
  const unlocked = new Promise<void>((resolve) => void vault.on('unlock', resolve))
  const unlocking = vault.unlock({ password: NEW })
  await unlocked
  release()
  await Promise.all([rotating, unlocking])
  expect([vault.part, vault.secrets.map(({ label }) => label)]).toEqual(['hidden', ['hidden']])
})

describe('signers of a vault', () => {
  const at = 'm/1'
  const hexOf = async (signer: Signer): Promise<string> =>
    Buffer.from((await signer.publicKey(at)).publicKey).toString('hex')
  const expected = async (mnemonic: string): Promise<string> => hexOf(softwareSigner({ mnemonic }))

  it('give keys of what is open alone, also when another part is opened without a lock between', async () => {
    const vault = await make({ hiddenRoom: 2048 })
    await vault.hide({ password: NEW, secrets: [other] })
    const signer = secureStorageSigner({ vault })
    expect(await hexOf(signer)).toBe(await expected(MNEMONIC))
    await vault.unlock({ password: NEW })
    expect(await hexOf(signer)).toBe(await expected(OTHER))
    await vault.unlock({ password: PASSWORD })
    expect(await hexOf(signer)).toBe(await expected(MNEMONIC))
    expect(await store.get('vault')).not.toContain(await expected(OTHER))
  })

  it('keep no key of a part that was left while it was derived', async () => {
    const vault = await make({ hiddenRoom: 2048 })
    await vault.hide({ password: NEW, secrets: [other] })
    await vault.unlock({ password: NEW })
    const { id } = vault.secrets[0]!
    const key = await softwareSigner({ mnemonic: OTHER }).publicKey(at)
    await vault.unlock({ password: PASSWORD })
    await insideOf(vault).remember(id, key)
    expect((await text()).shown.keys).toEqual([])
  })

  it('end with their secret, and never go on with its keys under the name of another', async () => {
    const vault = await make({ secrets: [words, other] })
    const [first, second] = vault.secrets.map(({ id }) => id) as [string, string]
    const own = secureStorageSigner({ vault, secret: first })
    const any = secureStorageSigner({ vault })
    const message = { path: at, message: 'hello', scheme: 'eip191' } as never
    await own.signMessage!(message).catch(() => {})
    expect(await hexOf(own)).toBe(await expected(MNEMONIC))
    expect(await hexOf(any)).toBe(await expected(MNEMONIC))
    await vault.remove(first)
    await expect(own.signMessage!(message)).rejects.toMatchObject({ code: 'NO_SIGNER' })
    await expect(own.publicKey(at)).rejects.toMatchObject({ code: 'NO_SIGNER' })
    expect(await hexOf(any)).toBe(await expected(OTHER))
    vault.lock()
    const again = secureStorageSigner({ vault: await open(), secret: second })
    expect(await hexOf(again)).toBe(await expected(OTHER))
  })

  it('lock it when the last one is disposed, and count each once', async () => {
    const vault = await make()
    const heard: string[] = []
    vault.on('lock', (reason) => heard.push(reason))
    const [first, second] = [secureStorageSigner({ vault }), secureStorageSigner({ vault })]
    first.dispose()
    first.dispose()
    expect(vault.state).toBe('unlocked')
    second.dispose()
    expect([vault.state, heard]).toEqual(['locked', ['asked']])
  })
})
