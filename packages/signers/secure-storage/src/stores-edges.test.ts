import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CofferError, memoryStore } from '@coffer/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { attemptsOf } from './attempts.ts'
import { chunkedStore, type Items } from './chunked-store.ts'
import { isAlive } from './file-process.ts'
import { fileStore } from './file-store.ts'
import { createVault, openVault, wrappedKey } from './index.ts'
import { indexedDbKey } from './indexeddb-key.ts'
import { peer } from './peer.ts'
import { CHEAP, PASSWORD } from './vault.fixture.ts'
import { webauthnKey } from './webauthn.ts'

vi.mock('./argon2.ts', () => import('./quick-argon2.fixture.ts'))

afterEach(() => vi.unstubAllGlobals())

describe('a store of files', () => {
  const home = process.cwd()
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'coffer-edges-'))
    process.chdir(folder)
  })
  afterEach(() => {
    process.chdir(home)
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(['w', './w', 'w/x/y', 'wallet'])('works in the folder %s, and stays there', async (place) => {
    const store = fileStore(place)
    await store.set('key', 'value')
    process.chdir('/')
    expect(await store.get('key')).toBe('value')
    expect(existsSync(join(folder, place))).toBe(true)
  })

  it('lists its own keys, the empty one as well, whatever else lies there', async () => {
    const store = fileStore('wallet')
    for (const key of ['', 'a', 'b/c']) await store.set(key, 'x')
    writeFileSync(join('wallet', 'notes.txt'), 'mine')
    writeFileSync(join('wallet', 'a.damaged'), 'moved aside')
    expect([...(await store.keys())].sort()).toEqual(['', 'a', 'b/c'])
  })
})

it('takes a process that has ended for dead, also when nobody asked how', async () => {
  // A parent that never asks after its child.
  const parent = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 30'], { stdio: 'pipe' })
  try {
    const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)))
    await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z '), 10_000)
    expect(isAlive(pid)).toBe(false)
    expect(isAlive(parent.pid!)).toBe(true)
  } finally {
    parent.kill()
  }
})

describe('a store of short items', () => {
  it('refuses half of a character, which it would change in silence', async () => {
    const held = new Map<string, string>()
    const items: Items = {
      name: 'items',
      maxName: 100,
      maxValue: 1000,
      get: async (name) => held.get(name),
      set: async (name, value) => void held.set(name, value),
      remove: async (name) => void held.delete(name),
    }
    const store = chunkedStore(items)
    await expect(store.set('\ud800', 'A')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(store.set('v', 'x\ud83d')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await store.set('v', '\u{1f511}')
    expect(await store.get('v')).toBe('\u{1f511}')
  })
})

it('counts tries whose count a phone has lost as five, and the vault opens after the wait', async () => {
  const inner = memoryStore()
  await createVault({ store: inner, password: PASSWORD, cost: CHEAP })
  await inner.set('vault/attempts/password', 'lost')
  const lost = new CofferError({ code: 'STORE_INVALIDATED', message: 'The phone threw its key away.' })
  const store = {
    ...inner,
    get: async (key: string) => {
      const value = await inner.get(key)
      if (value === 'lost') throw lost
      return value
    },
  }
  expect(await attemptsOf(store, 'vault/attempts/password')).toEqual({ failures: 5, retryAfter: 60 })
  const vault = await openVault({ store, cost: CHEAP })
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
  await vault.unlock({ password: PASSWORD })
  vi.useRealTimers()
  expect(vault.state).toBe('unlocked')
})

it('is locked where its app is in the background already, and listens no more', async () => {
  const vault = await createVault({ store: memoryStore(), password: PASSWORD, cost: CHEAP, autoLock: false })
  vault.lock()
  let listening = 0
  const hidden = await createVault({
    store: memoryStore(),
    password: PASSWORD,
    cost: CHEAP,
    autoLock: {
      background: (lock) => {
        listening++
        lock()
        return () => void listening--
      },
    },
  })
  expect([hidden.state, listening]).toEqual(['locked', 0])
})

describe('what a platform does not have', () => {
  it('is no key that was thrown away: no WebCrypto', async () => {
    vi.stubGlobal('indexedDB', (await import('fake-indexeddb')).default)
    const key = indexedDbKey({ name: 'edges' })
    const { data } = await key.create()
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
    await expect(key.get(data)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it('is no failure of a passkey: no passkeys', async () => {
    const key = webauthnKey({ rpName: 'Test' })
    for (const call of [key.create(), key.get({ id: 'AAAA', salt: 'AAAA' })])
      await expect(call).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await expect(key.get({ id: '!', salt: '' })).rejects.toMatchObject({ code: 'STORE_INVALIDATED' })
  })

  it('is loaded again after it could not be loaded', async () => {
    let isOffline = true
    const load = peer<string>('a-package', undefined, async () => {
      if (isOffline) throw new Error('Failed to fetch dynamically imported module')
      return 'loaded'
    })
    await expect(load()).rejects.toMatchObject({ code: 'MISSING_DEPENDENCY' })
    isOffline = false
    expect(await load()).toBe('loaded')
  })

  it.each(['wrap', 'unwrap'] as const)('is no answer of a service: nothing for %s', async (call) => {
    const key = wrappedKey({
      name: 'kms',
      wrap: async () => new Uint8Array(40),
      unwrap: async () => new Uint8Array(32),
      [call]: async () => undefined as never,
    })
    await expect(key.create()).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })
})
