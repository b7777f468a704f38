import { CofferError, memoryStore, type Secret, type Store } from '@coffer/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { attemptsOf, counted } from './attempts.ts'
import { fromBase64 } from './bytes.ts'
import { readEnvelope } from './envelope.ts'
import { loadVault, settleVault } from './generations.ts'
import { type CreateVaultOptions, createVault, hasVault, openVault, type Vault } from './index.ts'
import { isKdf, isWeaker, newKdf, stretch } from './kdf.ts'
import { CHEAP, MNEMONIC, memoryKey, PASSWORD } from './vault.fixture.ts'

// Where one more or one less makes the difference, and what is left of a write that was cut short or that a store spoilt.
vi.mock('./argon2.ts', () => import('./quick-argon2.fixture.ts'))

const words: Secret = { kind: 'mnemonic', mnemonic: MNEMONIC }
const keyOf = (fill: number): Secret => ({ kind: 'private-key', privateKey: new Uint8Array(32).fill(fill) })
const make = (store: Store, more: Partial<CreateVaultOptions> = {}): Promise<Vault> =>
  createVault({ store, password: PASSWORD, secrets: [words], cost: CHEAP, ...more })
const open = (store: Store): Promise<Vault> => openVault({ store, cost: CHEAP })
const unlocked = async (store: Store): Promise<Vault> => {
  const vault = await open(store)
  await vault.unlock({ password: PASSWORD })
  return vault
}

/** The texts of a store by their keys. */
async function textsOf(store: Store): Promise<Record<string, string>> {
  const texts: Record<string, string> = {}
  for (const key of await store.keys()) texts[key] = (await store.get(key))!
  return texts
}

async function storeOf(texts: Readonly<Record<string, string | undefined>>): Promise<Store> {
  const store = memoryStore()
  for (const [key, text] of Object.entries(texts)) if (text !== undefined) await store.set(key, text)
  return store
}

afterEach(() => {
  vi.useRealTimers()
})

describe('the count of wrong tries', () => {
  const KEY = 'vault/attempts/password'
  const NOW = 1_700_000_000_000
  const after = (failures: number, passed: number): Promise<Store> =>
    storeOf({ [KEY]: JSON.stringify({ failures, last: NOW - passed }) })
  const wrong = async (): Promise<undefined> => undefined

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW })
  })

  it.each([
    [0, 0],
    [4, 0],
    [5, 1],
    [6, 5],
    [7, 15],
    [8, 60],
    [9, 60],
    [1000, 60],
  ])('after %i of them asks for %i minutes', async (failures, minutes) => {
    expect(await attemptsOf(await after(failures, 0), KEY)).toEqual({ failures, retryAfter: minutes * 60 })
    expect(await attemptsOf(await after(failures, 100), KEY)).toEqual({ failures, retryAfter: minutes * 60 })
    expect(await attemptsOf(await after(failures, minutes * 60_000), KEY)).toEqual({
      failures,
      retryAfter: 0,
    })
    const late = await after(failures, 7_200_000)
    expect(await attemptsOf(late, KEY)).toEqual({ failures, retryAfter: 0 })
    expect(await counted(late, KEY, wrong)).toEqual({ result: undefined, failures: failures + 1 })
  })

  it('lets nobody in a millisecond early', async () => {
    const store = await after(5, 59_999)
    const attempt = vi.fn(wrong)
    await expect(counted(store, KEY, attempt)).rejects.toMatchObject({
      code: 'TOO_MANY_ATTEMPTS',
      details: { failures: 5, retryAfter: 1 },
    })
    expect(attempt).not.toHaveBeenCalled()
    vi.setSystemTime(NOW + 1)
    expect((await counted(store, KEY, attempt)).failures).toBe(6)
    expect(attempt).toHaveBeenCalledOnce()
    expect(await attemptsOf(store, KEY)).toEqual({ failures: 6, retryAfter: 300 })
  })

  it('makes a wait no longer for who tries in the middle of it', async () => {
    const store = await after(6, 240_000)
    const before = await store.get(KEY)
    await expect(counted(store, KEY, wrong)).rejects.toMatchObject({ details: { retryAfter: 60 } })
    expect(await store.get(KEY)).toBe(before)
    vi.setSystemTime(NOW + 60_000)
    expect((await counted(store, KEY, async () => 'opened')).result).toBe('opened')
    expect(await store.keys()).toEqual([])
  })

  it.each([
    [60_000, '60 seconds'],
    [89_000, '89 seconds'],
    [89_001, '2 minutes'],
    [120_000, '2 minutes'],
    [120_001, '3 minutes'],
    [300_000, '5 minutes'],
    [300_001, '6 minutes'],
    [3_600_000, '60 minutes'],
  ])('says of %i milliseconds that they are %s', async (left, said) => {
    await expect(counted(await after(8, 3_600_000 - left), KEY, wrong)).rejects.toMatchObject({
      message: `There were 8 wrong tries. Try again in ${said}.`,
      details: { retryAfter: Math.ceil(left / 1000) },
    })
  })

  it.each([
    '{"failures":-1,"last":0}',
    '{"failures":1.5,"last":0}',
    '{"failures":"0","last":0}',
    '{"failures":null,"last":0}',
    '{"last":0}',
    '{"failures":0,"last":0.5}',
    '{"failures":0,"last":"0"}',
    '{"failures":0,"last":null}',
    '{"failures":0}',
    '{}',
    '[]',
    'null',
    '0',
    '',
    '{"failures":0,"last":',
    '{"failures":0,"last":-1}',
    '{"failures":1000000,"last":0}',
    '{"failures":9007199254740991,"last":0}',
  ])('is five, of just now, when it says %s', async (text) => {
    expect(await attemptsOf(await storeOf({ [KEY]: text }), KEY)).toEqual({ failures: 5, retryAfter: 60 })
  })

  it('is five once, when it cannot be read, and the wait for it ends', async () => {
    const store = await storeOf({ [KEY]: '{"failures":' })
    await expect(counted(store, KEY, wrong)).rejects.toMatchObject({ details: { retryAfter: 60 } })
    vi.setSystemTime(NOW + 59_999)
    await expect(counted(store, KEY, wrong)).rejects.toMatchObject({
      message: 'There were 5 wrong tries. Try again in 1 second.',
    })
    vi.setSystemTime(NOW + 60_000)
    expect(await counted(store, KEY, async () => 'right')).toMatchObject({ result: 'right' })
    expect(await textsOf(store)).toEqual({})
  })

  it('is five when the store says that it is damaged', async () => {
    const inner = await storeOf({ [KEY]: '{"failures":0,"last":0}' })
    const damaged = new CofferError({ code: 'STORE_FAILED', message: 'torn', details: { damaged: true } })
    const get = (): Promise<never> => Promise.reject(damaged)
    expect(await attemptsOf({ ...inner, get }, KEY)).toEqual({ failures: 5, retryAfter: 60 })
    expect(await textsOf(inner)).toEqual({ [KEY]: `{"failures":5,"last":${NOW}}` })
  })

  it('is nothing more once it is as great as anybody can make it', async () => {
    const store = await storeOf({ [KEY]: '{"failures":999999,"last":0}' })
    expect(await counted(store, KEY, wrong)).toEqual({ result: undefined, failures: 1_000_000 })
    expect(await attemptsOf(store, KEY)).toEqual({ failures: 5, retryAfter: 60 })
  })

  it('counts a try that a defect ended, and none that a person did', async () => {
    const store = memoryStore()
    const cancelled = new CofferError({ code: 'STORE_CANCELLED', message: 'The question was closed.' })
    await expect(counted(store, KEY, () => Promise.reject(cancelled))).rejects.toBe(cancelled)
    expect(await textsOf(store)).toEqual({ [KEY]: '{"failures":0,"last":0}' })
    const defect = new TypeError('a defect of the device')
    await expect(counted(store, KEY, () => Promise.reject(defect))).rejects.toBe(defect)
    expect(await textsOf(store)).toEqual({ [KEY]: `{"failures":1,"last":${NOW}}` })
    vi.setSystemTime(NOW + 5_000)
    await expect(counted(store, KEY, () => Promise.reject(cancelled))).rejects.toBe(cancelled)
    expect(await textsOf(store)).toEqual({ [KEY]: `{"failures":1,"last":${NOW}}` })
  })

  it('spares a PIN at the ninth and erases it at the tenth', async () => {
    const store = memoryStore()
    const key = memoryKey()
    const vault = await make(store, { autoLock: false })
    await vault.addSlot({ pin: '271828', key })
    await store.set('vault/attempts/pin', '{"failures":8,"last":0}')
    await expect(vault.unlock({ pin: '000001', key })).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
    expect(key.held.size).toBe(1)
    expect(await store.get('vault/attempts/pin')).toBe(`{"failures":9,"last":${NOW}}`)
    vi.setSystemTime(NOW + 3_600_000)
    await expect(vault.unlock({ pin: '000001', key })).rejects.toMatchObject({
      code: 'TOO_MANY_ATTEMPTS',
      message: expect.stringContaining('10 times'),
    })
    expect(key.held.size).toBe(0)
  })
})

describe('the cost of a password', () => {
  const floor = { memory: 19_456, passes: 2, lanes: 1 }
  const ceiling = { memory: 262_144, passes: 10, lanes: 4 }
  const kdf = newKdf(CHEAP)

  it('is 64 MiB in three passes when nothing is said, with a salt of 16 bytes', async () => {
    const store = memoryStore()
    await createVault({ store, password: PASSWORD })
    const { slots } = JSON.parse((await store.get('vault'))!)
    const { salt, ...rest } = slots[0].kdf
    expect(rest).toEqual({ name: 'argon2id', memory: 65_536, passes: 3, lanes: 1 })
    expect(fromBase64(salt)).toHaveLength(16)
  })

  it.each([floor, ceiling])('may be $memory KiB in $passes passes with $lanes lanes', async (cost) => {
    const store = memoryStore()
    await make(store, { cost })
    expect((await unlocked(store)).state).toBe('unlocked')
    const stored = JSON.parse((await store.get('vault'))!).slots[0].kdf
    expect(stored).toMatchObject(cost)
    expect(isKdf(stored)).toBe(true)
  })

  const outside = [
    { ...floor, memory: 19_455 },
    { ...floor, passes: 1 },
    { ...floor, lanes: 0 },
    { ...ceiling, memory: 262_145 },
    { ...ceiling, passes: 11 },
    { ...ceiling, lanes: 5 },
    { ...floor, memory: 20_000.5 },
    { ...floor, passes: 2.5 },
    { ...floor, lanes: 1.5 },
    { ...floor, memory: Number.NaN },
  ]

  it.each(outside)('is not $memory KiB in $passes passes with $lanes lanes', async (cost) => {
    const store = memoryStore()
    await expect(make(store, { cost })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('19456 KiB in 2 passes and 262144 KiB in 10, with 1 to 4 lanes'),
    })
    expect(await store.keys()).toEqual([])
    expect(isKdf({ ...kdf, ...cost })).toBe(false)
  })

  it('is read in one way of writing alone', () => {
    const { salt: _, ...saltless } = kdf
    expect(isKdf(kdf)).toBe(true)
    for (const other of [
      saltless,
      { ...kdf, salt: 16 },
      { ...kdf, salt: 'A'.repeat(20) },
      { ...kdf, salt: `${'A'.repeat(22)}A` },
      { ...kdf, name: 'argon2i' },
      { ...kdf, more: 1 },
      { ...kdf, more: undefined },
      { ...kdf, memory: '65536' },
      { ...kdf, passes: undefined },
    ])
      expect(isKdf(other), JSON.stringify(other)).toBe(false)
  })

  it('is weaker only when less memory is filled in all', () => {
    const wanted = { memory: 65_536, passes: 3, lanes: 1 }
    expect(isWeaker({ ...kdf, ...wanted }, wanted)).toBe(false)
    expect(isWeaker({ ...kdf, memory: 98_304, passes: 2 }, wanted)).toBe(false)
    expect(isWeaker({ ...kdf, memory: 65_535, passes: 3 }, wanted)).toBe(true)
    expect(isWeaker({ ...kdf, memory: 262_144, passes: 10 }, wanted)).toBe(false)
  })

  it('takes a zero byte for a password that is empty', async () => {
    expect(await stretch('', kdf, {})).toEqual(await stretch('\0', kdf, {}))
    expect(await stretch('', kdf, {})).not.toEqual(await stretch(' ', kdf, {}))
  })
})

describe('the two generations of a vault', () => {
  /** A vault after one change, and its three texts. */
  async function changed() {
    const store = memoryStore()
    const vault = await make(store)
    const first = (await store.get('vault'))!
    await vault.add(keyOf(1))
    const second = (await store.get('vault'))!
    await vault.add(keyOf(2))
    const third = (await store.get('vault'))!
    return { store, vault, first, second, third }
  }

  it('are one when it is made, and the text before after a change', async () => {
    const store = memoryStore()
    const vault = await make(store)
    expect(await store.keys()).toEqual(['vault'])
    const first = (await store.get('vault'))!
    await vault.add(keyOf(1))
    const second = (await store.get('vault'))!
    expect(second).not.toBe(first)
    expect(await textsOf(store)).toEqual({ vault: second, 'vault/previous': first })
    await vault.addSlot({ recoveryCode: true })
    expect(await textsOf(store)).toEqual({ vault: await store.get('vault'), 'vault/previous': second })
  })

  it('are numbered from one, without a gap', async () => {
    const { first, second, third } = await changed()
    expect([first, second, third].map((text) => readEnvelope(text)?.generation)).toEqual([1, 2, 3])
  })

  it.each<[string, (vault: Vault) => Promise<unknown>]>([
    [
      'another password',
      (vault) => vault.changePassword({ password: PASSWORD, newPassword: 'a new password' }),
    ],
    ['a secret that was removed', (vault) => vault.remove(vault.secrets[0]!.id)],
    ['a new data key', (vault) => vault.rotate([{ password: PASSWORD }])],
  ])('are the same after %s', async (_, change) => {
    const { store, vault, third } = await changed()
    await change(vault)
    const text = (await store.get('vault'))!
    expect(text).not.toBe(third)
    expect(await textsOf(store)).toEqual({ vault: text, 'vault/previous': text })
  })

  it('are written one after the other, the new text beside them first', async () => {
    const { store, second } = await changed()
    const seen: string[] = []
    const watching: Store = {
      ...store,
      set: (key, text) => {
        seen.push(`set ${key}`)
        return store.set(key, text)
      },
      delete: (key) => {
        seen.push(`delete ${key}`)
        return store.delete(key)
      },
    }
    const vault = await unlocked(watching)
    expect(seen).toEqual(['set vault/attempts/password', 'delete vault/attempts/password'])
    expect(await store.get('vault/previous')).toBe(second)
    seen.length = 0
    await vault.add(keyOf(3))
    expect(seen).toEqual(['set vault/next', 'set vault/previous', 'set vault', 'delete vault/next'])
  })

  it('change places when the one before is opened', async () => {
    const { store, second, third } = await changed()
    const before = await openVault({ store, cost: CHEAP, generation: 'previous' })
    expect(before.secrets).toHaveLength(2)
    expect((await open(store)).secrets).toHaveLength(3)
    await before.unlock({ password: PASSWORD })
    expect(await textsOf(store)).toEqual({ vault: second, 'vault/previous': third })
  })

  it('are not taken for one another', async () => {
    const store = memoryStore()
    await make(store)
    await expect(openVault({ store, generation: 'previous' })).rejects.toMatchObject({
      code: 'VAULT_MISSING',
    })
    await store.set('vault/previous', 'half of a text')
    const damaged = await openVault({ store, cost: CHEAP, generation: 'previous' })
    expect(damaged.secrets).toEqual([])
    await expect(damaged.unlock({ password: PASSWORD })).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
    expect((await open(store)).secrets).toHaveLength(1)
  })

  it.each<[string, string, string, string]>([
    // current, next, previous, and which of them is read
    ['whole', 'whole', 'whole', 'current'],
    ['whole', 'torn', 'torn', 'current'],
    ['torn', 'whole', 'whole', 'next'],
    ['absent', 'whole', 'whole', 'next'],
    ['torn', 'torn', 'whole', 'previous'],
    ['absent', 'torn', 'whole', 'previous'],
    ['absent', 'absent', 'whole', 'previous'],
    ['absent', 'absent', 'torn', 'damaged'],
    ['torn', 'absent', 'whole', 'damaged'],
    ['empty', 'absent', 'whole', 'damaged'],
    ['empty', 'absent', 'absent', 'damaged'],
    ['torn', 'absent', 'absent', 'damaged'],
    ['torn', 'torn', 'absent', 'damaged'],
    ['absent', 'torn', 'absent', 'nothing'],
    ['absent', 'absent', 'absent', 'nothing'],
  ])('with %s, next %s, before %s are read as %s', async (current, next, previous, read) => {
    const { first, second, third } = await changed()
    const state = (text: string, how: string): string | undefined =>
      ({ whole: text, torn: text.slice(0, 200), empty: '' })[how]
    const store = await storeOf({
      vault: state(second, current),
      'vault/next': state(third, next),
      'vault/previous': state(first, previous),
    })
    const wanted = {
      current: readEnvelope(second),
      next: readEnvelope(third),
      previous: readEnvelope(first),
      damaged: 'damaged',
    }[read]
    expect(await loadVault(store, 'vault')).toEqual(wanted)
    expect(await hasVault({ store })).toBe(read !== 'nothing')
    if (read === 'damaged') expect((await open(store)).slots).toEqual([])
  })

  it('are two whole texts and no third when it is unlocked after a write that was cut short', async () => {
    const { first, second, third } = await changed()
    const torn = second.slice(0, 200)
    for (const [current, next, read] of [
      [torn, third, third],
      [undefined, third, third],
      [second, third, second],
      [second, torn, second],
      [torn, torn, first],
    ] as const) {
      const store = await storeOf({ vault: current, 'vault/next': next, 'vault/previous': first })
      await unlocked(store)
      const { vault, 'vault/previous': previous, ...others } = await textsOf(store)
      expect(vault).toBe(read)
      // What the write was to forget is forgotten now.
      expect(previous).toBe(read)
      expect(others).toEqual({})
    }
  })

  it('are the same when a write was cut short after the new text stood', async () => {
    const { second, third } = await changed()
    const store = await storeOf({ vault: third, 'vault/next': third, 'vault/previous': second })
    await unlocked(store)
    expect(await textsOf(store)).toEqual({ vault: third, 'vault/previous': third })
  })

  it('stay as they are when none of them can be read', async () => {
    const { second, third } = await changed()
    for (const texts of [
      { vault: second.slice(0, 200), 'vault/next': third.slice(0, 200) },
      { 'vault/next': third.slice(0, 200) },
    ]) {
      const store = await storeOf(texts)
      await settleVault(store, 'vault')
      expect(await textsOf(store)).toEqual(texts)
    }
  })
})

describe('a store that spoils what it holds', () => {
  const spoilt: Record<string, (text: string) => string | undefined> = {
    'something more': (text) => `${text} `,
    'half of it': (text) => text.slice(0, text.length / 2),
    nothing: () => undefined,
  }
  it.each(Object.entries(spoilt))('is noticed when it gives back %s', async (_, spoil) => {
    const inner = memoryStore()
    let isSpoiling = false
    const store: Store = {
      ...inner,
      get: async (key) => {
        const text = await inner.get(key)
        return isSpoiling && key === 'vault/next' && text !== undefined ? spoil(text) : text
      },
    }
    const vault = await make(store)
    const before = await inner.get('vault')
    isSpoiling = true
    await expect(vault.add(keyOf(1))).rejects.toMatchObject({ code: 'STORE_FAILED' })
    await expect(
      vault.changePassword({ password: PASSWORD, newPassword: 'a new password' }),
    ).rejects.toMatchObject({ code: 'STORE_FAILED' })
    expect(vault.secrets).toHaveLength(1)
    expect(await inner.get('vault')).toBe(before)
    expect(await inner.get('vault/previous')).toBeUndefined()
    isSpoiling = false
    expect((await unlocked(inner)).secrets).toHaveLength(1)
  })

  /** A store that throws at a key until it is written. */
  function failing(inner: Store, at: string, error: unknown): Store {
    let isDamaged = true
    return {
      ...inner,
      get: (key) => (isDamaged && key === at ? Promise.reject(error) : inner.get(key)),
      set: (key, text) => {
        if (key === at) isDamaged = false
        return inner.set(key, text)
      },
    }
  }
  const failure = (details: Record<string, unknown>, code: CofferError['code'] = 'STORE_FAILED') =>
    new CofferError({ code, message: 'The value cannot be read.', details })

  it('makes a vault count as damaged when it says so itself', async () => {
    const inner = memoryStore()
    await make(inner)
    const store = failing(inner, 'vault', failure({ damaged: true }))
    expect(await hasVault({ store })).toBe(true)
    const vault = await open(store)
    expect(vault.secrets).toEqual([])
    await expect(vault.unlock({ password: PASSWORD })).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
    await expect(make(store)).rejects.toMatchObject({ code: 'VAULT_EXISTS' })
  })

  it('is written anew where it said so', async () => {
    const inner = memoryStore()
    const vault = await make(inner)
    await vault.add(keyOf(1))
    const second = (await inner.get('vault'))!
    await inner.set('vault/next', second)
    const store = failing(inner, 'vault', failure({ damaged: true }))
    expect((await unlocked(store)).secrets).toHaveLength(2)
    expect(await textsOf(inner)).toEqual({ vault: second, 'vault/previous': second })

    const leftOver = failing(inner, 'vault/next', failure({ damaged: true }))
    await unlocked(leftOver)
    expect(await leftOver.get('vault/next')).toBeUndefined()
  })

  it.each<[string, unknown]>([
    ['a failure without details', failure({})],
    ['a failure that is no damage', failure({ damaged: false })],
    ['damage that is no yes', failure({ damaged: 'yes' })],
    ['another code', failure({ damaged: true }, 'STORE_UNAVAILABLE')],
    ['a foreign error', Object.assign(new Error('gone'), { details: { damaged: true } })],
  ])('is heard when it throws %s', async (_, error) => {
    for (const key of ['vault', 'vault/next', 'vault/previous']) {
      const store = failing(await storeOf({ vault: 'torn' }), key, error)
      await expect(openVault({ store })).rejects.toBe(error)
      await expect(make(store)).rejects.toBe(error)
    }
  })
})
