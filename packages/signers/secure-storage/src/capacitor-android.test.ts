import { storeConformance } from '@coffer/core/testing'
import { describe, expect, it } from 'vitest'
import { capacitorStore } from './capacitor.ts'

/**
 * The plugin on Android: each item has a key of its own in the keystore, made when it is first set and deleted at once when it is
 * removed. The items themselves are one file in memory, which is written as a whole some time after.
 */
class Android {
  keys = new Map<string, object>()
  items = new Map<string, { readonly data: string; readonly key: object }>()
  /** What the file was after each change: any of them may be what is on the disk. */
  files = [this.items]
  /** Steps until the process is killed. */
  left = Number.POSITIVE_INFINITY

  readonly module = {
    platform: 'android',
    storage: {
      get: async (name: string): Promise<string | null> => {
        const item = this.items.get(name)
        const key = this.keys.get(name)
        if (!item || !key) return null
        if (item.key !== key)
          throw Object.assign(new Error('An OS error occurred (AEADBadTagException)'), { code: 'osError' })
        return item.data
      },
      set: async (name: string, data: string): Promise<void> => {
        this.#step()
        const key = this.keys.get(name) ?? {}
        this.keys.set(name, key)
        this.#change((items) => items.set(name, { data, key }))
      },
      remove: async (name: string): Promise<boolean> => {
        this.#step()
        if (!this.keys.delete(name)) return false
        this.#step()
        this.#change((items) => items.delete(name))
        return true
      },
    },
  }

  #step(): void {
    if (this.left-- <= 0) throw new Error('killed')
  }

  #change(change: (items: Android['items']) => void): void {
    this.items = new Map(this.items)
    change(this.items)
    this.files.push(this.items)
  }

  /** What the next process finds when the file was written last after its change number `at`. */
  after(at: number): Android {
    const next = new Android()
    next.keys = new Map(this.keys)
    next.items = this.files[at]!
    next.files = [next.items]
    return next
  }
}

const stores = new WeakMap<object, Android>()
function storeOn(phone: Android) {
  const store = capacitorStore({ module: phone.module })
  stores.set(store, phone)
  return store
}

storeConformance(
  { describe, it },
  {
    name: 'capacitorStore on Android',
    make: () => storeOn(new Android()),
    reopen: (store) => storeOn(stores.get(store)!),
  },
)

const long = (letter: string, count: number): string => letter.repeat(count * 4_000)

it.each([
  ['one of more pieces', long('a', 3), long('b', 5)],
  ['one of fewer pieces', long('a', 5), long('b', 2)],
  ['a short one', long('a', 3), 'short'],
  ['a long one after a short one', 'short', long('b', 3)],
])('G6: keeps a value or the one that replaces it, wherever it is killed: %s', async (_, old, fresh) => {
  let kills = 0
  for (let steps = 0; ; steps++) {
    const phone = new Android()
    // The pieces of both generations were in use before.
    for (const value of [long('y', 4), long('z', 4), old]) await storeOn(phone).set('vault', value)
    const rested = phone.files.length - 1
    phone.left = steps
    const isDone = await storeOn(phone)
      .set('vault', fresh)
      .then(
        () => true,
        () => false,
      )
    kills += isDone ? 0 : 1
    for (let at = rested; at < phone.files.length; at++) {
      const next = storeOn(phone.after(at))
      const value = await next.get('vault')
      expect([old, fresh], `killed at step ${steps}, its file of change ${at}`).toContain(value)
      expect(await next.keys()).toEqual(['vault'])
      // And it goes on.
      await next.set('vault', long('c', 3))
      expect(await next.get('vault')).toBe(long('c', 3))
    }
    if (isDone) break
  }
  expect(kills).toBeGreaterThanOrEqual(3)
})

it('leaves no pieces of what is deleted, and of what is written often no more than two of each', async () => {
  const phone = new Android()
  const store = storeOn(phone)
  for (const [i, count] of [3, 1, 4, 2, 0, 5, 1, 0, 3, 2].entries())
    await store.set('vault', count === 0 ? 'short' : long(String(i), count))
  const pieces = [...phone.items.keys()].filter((name) => name.includes('c_'))
  expect(pieces.length).toBeLessThanOrEqual(12)
  await store.delete('vault')
  expect([...phone.items.keys()].filter((name) => /[ck]_/.test(name))).toEqual([])
  expect(await store.keys()).toEqual([])
})
