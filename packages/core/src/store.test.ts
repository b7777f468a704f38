import { describe, expect, it } from 'vitest'
import { memoryStore, withLock } from './store.ts'

describe('withLock', () => {
  it('lets 100 read-then-write tasks of one key run one after another', async () => {
    const store = memoryStore()
    await store.set('n', '0')
    const add = (): Promise<void> =>
      withLock(store, 'n', async () => {
        const n = Number(await store.get('n'))
        await new Promise((resolve) => setTimeout(resolve, Math.random()))
        await store.set('n', String(n + 1))
      })
    await Promise.all(Array.from({ length: 100 }, add))
    expect(await store.get('n')).toBe('100')
  })

  it('goes on after a task that failed, and gives each caller its own outcome', async () => {
    const store = memoryStore()
    const failed = withLock(store, 'k', async () => {
      throw new Error('no')
    })
    const done = withLock(store, 'k', async () => 7)
    await expect(failed).rejects.toThrow('no')
    expect(await done).toBe(7)
  })

  it('keeps keys and stores apart', async () => {
    const a = memoryStore()
    let open = (): void => {}
    const slow = withLock(a, 'x', () => new Promise<void>((resolve) => (open = resolve)))
    expect(await withLock(a, 'y', async () => 'y')).toBe('y')
    expect(await withLock(memoryStore(), 'x', async () => 'other')).toBe('other')
    open()
    await slow
  })

  it('uses the lock of a store that has one', async () => {
    const keys: string[] = []
    const store = {
      ...memoryStore(),
      lock: async <T>(key: string, task: () => Promise<T>): Promise<T> => {
        keys.push(key)
        return task()
      },
    }
    expect(await withLock(store, 'k', async () => 7)).toBe(7)
    expect(keys).toEqual(['k'])
  })
})
