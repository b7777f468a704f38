import { describe, expect, it } from 'vitest'
import { memoryStore, type Store } from '../store.ts'
import { storeConformance } from './store.ts'

storeConformance({ describe, it }, { name: 'memoryStore', make: memoryStore })
storeConformance(
  { describe, it },
  { name: 'memoryStore reopened', make: memoryStore, reopen: (store) => store },
)

describe('storeConformance', () => {
  const broken: [string, (store: Store) => Partial<Store>][] = [
    [
      'answers null for nothing',
      (store) => ({ get: async (key) => (await store.get(key)) ?? (null as unknown as undefined) }),
    ],
    ['drops empty strings', (store) => ({ get: async (key) => (await store.get(key)) || undefined })],
    ['ignores the prefix', (store) => ({ keys: () => store.keys() })],
    [
      'lists a key twice',
      (store) => ({ keys: async (prefix) => [...(await store.keys(prefix)), ...(await store.keys(prefix))] }),
    ],
    ['trims values', (store) => ({ set: (key, value) => store.set(key, value.trim()) })],
    ['normalises keys', (store) => ({ set: (key, value) => store.set(key.normalize(), value) })],
    [
      'keeps the first value',
      (store) => ({
        set: async (key, value) => void ((await store.get(key)) ?? (await store.set(key, value))),
      }),
    ],
    ['forgets nothing', () => ({ delete: async () => {} })],
    [
      'folds case',
      (store) => ({
        set: (key, value) => store.set(key.toLowerCase(), value),
        get: (key) => store.get(key.toLowerCase()),
      }),
    ],
    ['cuts large values', (store) => ({ set: (key, value) => store.set(key, value.slice(0, 100_000)) })],
  ]

  it.each(broken)('finds a store that %s', async (_, breakIt) => {
    const tests: (() => void | Promise<void>)[] = []
    storeConformance(
      { describe: (_, body) => body(), it: (_, body) => void tests.push(body) },
      {
        name: 'broken',
        make: () => {
          const store = memoryStore()
          return { ...store, ...breakIt(store) }
        },
      },
    )
    const results = await Promise.allSettled(tests.map(async (test) => test()))
    expect(results.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0)
  })
})
