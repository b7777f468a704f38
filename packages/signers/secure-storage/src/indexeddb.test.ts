import { storeConformance } from '@coffer/core/testing'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { indexedDbKey, indexedDbStore } from './indexeddb.ts'

// What a browser seldom does. test/browser.test.ts does the rest in a real one.

beforeEach(() => vi.stubGlobal('indexedDB', new IDBFactory()))
afterEach(() => vi.unstubAllGlobals())

let made = 0
const names = new WeakMap<object, string>()
storeConformance(
  { describe, it },
  {
    name: 'indexedDbStore',
    make: () => {
      const name = `store-${made++}`
      const store = indexedDbStore({ name })
      names.set(store, name)
      return store
    },
    reopen: (store) => indexedDbStore({ name: names.get(store) }),
  },
)

const rejectedWith = (name: string) => ({
  open: () => {
    const request = { error: new DOMException('no', name), onerror: () => {} }
    setTimeout(() => request.onerror())
    return request
  },
})

describe('indexedDbStore', () => {
  it('says that there is none, and tries again later', async () => {
    vi.stubGlobal('indexedDB', undefined)
    const store = indexedDbStore()
    await expect(store.get('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    vi.stubGlobal('indexedDB', new IDBFactory())
    expect(await store.get('a')).toBe(undefined)
  })

  it.each([
    ['SecurityError', 'STORE_UNAVAILABLE'],
    ['InvalidStateError', 'STORE_UNAVAILABLE'],
    ['QuotaExceededError', 'STORE_FULL'],
    ['UnknownError', 'STORE_FAILED'],
  ])('calls %s %s', async (name, code) => {
    vi.stubGlobal('indexedDB', rejectedWith(name))
    for (const task of [() => indexedDbStore().get('a'), () => indexedDbStore().set('a', '1')])
      await expect(task()).rejects.toMatchObject({ code })
  })

  it('opens again after another tab closed it', async () => {
    const store = indexedDbStore({ name: 'mine' })
    await store.set('a', '1')
    // Deleting waits for nobody: the store lets go when it is asked.
    await new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase('mine')
      request.onsuccess = resolve
      request.onerror = reject
      request.onblocked = reject
    })
    expect(await store.get('a')).toBe(undefined)
    await store.set('a', '2')
    expect(await store.get('a')).toBe('2')
  })

  it('has codes for what a request and a lock throw at once', async () => {
    const store = indexedDbStore()
    for (const task of [
      () => store.get({} as string),
      () => store.set({} as string, '1'),
      () => store.set('a', Symbol('1') as unknown as string),
      () => store.delete({} as string),
    ])
      await expect(task()).rejects.toMatchObject({ code: 'STORE_FAILED' })
    expect(await store.keys()).toEqual([])
    const refused = async () => Promise.reject(new DOMException('sandboxed', 'SecurityError'))
    vi.stubGlobal('navigator', { locks: { request: refused } })
    const task = vi.fn(async () => {})
    await expect(indexedDbStore().lock?.('a', task)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(task).not.toHaveBeenCalled()
    vi.stubGlobal('navigator', { locks: { request: async (_: string, run: () => unknown) => run() } })
    const own = new Error('of the task')
    await expect(indexedDbStore().lock?.('a', () => Promise.reject(own))).rejects.toBe(own)
  })

  it('lets tabs wait for each other where the browser can', async () => {
    const asked: string[] = []
    const locks = {
      request: async (name: string, task: () => Promise<unknown>) => {
        asked.push(name)
        return task()
      },
    }
    vi.stubGlobal('navigator', { locks })
    const store = indexedDbStore({ name: 'mine' })
    expect(await store.lock?.('key', async () => 7)).toBe(7)
    expect(asked).toEqual(['coffer/mine/key'])
    vi.stubGlobal('navigator', {})
    expect(indexedDbStore().lock).toBe(undefined)
  })
})

describe('indexedDbKey', () => {
  it('is not there without WebCrypto or a database', async () => {
    expect(await indexedDbKey().available()).toBe(true)
    vi.stubGlobal('indexedDB', undefined)
    expect(await indexedDbKey().available()).toBe(false)
    vi.stubGlobal('indexedDB', new IDBFactory())
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
    expect(await indexedDbKey().available()).toBe(false)
    await expect(indexedDbKey().create()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it('is gone when its key is, or its wrapping was changed', async () => {
    const key = indexedDbKey()
    const { data, secret } = await key.create()
    expect(await key.get(data)).toEqual(secret)
    for (const changed of [
      { ...data, id: 'other' },
      { ...data, wrapped: `A${data['wrapped']?.slice(1)}B` },
      {},
    ])
      await expect(key.get(changed)).rejects.toMatchObject({ code: 'STORE_INVALIDATED' })
    await key.delete(data)
    await key.delete(data)
    await expect(key.get(data)).rejects.toMatchObject({ code: 'STORE_INVALIDATED' })
  })
})
