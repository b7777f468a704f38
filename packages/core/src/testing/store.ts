import type { Store } from '../store.ts'
import { ok, type Runner, same } from './assert.ts'

export interface StoreSubject {
  readonly name: string
  /** A new, empty store for each test. */
  make(): Promise<Store> | Store
  /** The same data opened again, where the store outlives its object. */
  reopen?(store: Store): Promise<Store> | Store
  /** Removes what a test left behind. */
  clean?(store: Store): Promise<void> | void
  /** The longest value that the store takes, in characters; 200,000 are tried when not given. */
  readonly maxLength?: number
  /** True when the store takes ASCII keys and values only; then those are all that is tried. */
  readonly ascii?: boolean
}

/**
 * What every `Store` must do. Works with any test runner that has `describe` and `it`.
 *
 * @example
 * import { describe, it } from 'vitest'
 * storeConformance({ describe, it }, { name: 'memoryStore', make: memoryStore })
 */
export function storeConformance({ describe, it }: Runner, subject: StoreSubject): void {
  const test = (title: string, body: (store: Store) => Promise<void>) =>
    it(title, async () => {
      const store = await subject.make()
      try {
        await body(store)
      } finally {
        await subject.clean?.(store)
      }
    })
  const keysOf = async (store: Store, prefix?: string) => [...(await store.keys(prefix))].sort()

  describe(`store ${subject.name}`, () => {
    test('begins empty and answers undefined for what is not there', async (store) => {
      same(await store.get('nothing'), undefined, 'a missing value')
      same(await store.keys(), [], 'the keys of an empty store')
    })

    test('gets what was set, and overwrites it', async (store) => {
      await store.set('a', 'first')
      await store.set('b', 'other')
      same(await store.get('a'), 'first', 'the value')
      await store.set('a', '2')
      same(await store.get('a'), '2', 'the new value')
      same(await store.get('b'), 'other', 'the other value')
      same(await keysOf(store), ['a', 'b'], 'the keys')
    })

    test('deletes, and deletes what is not there in peace', async (store) => {
      await store.set('a', '1')
      await store.delete('a')
      await store.delete('a')
      await store.delete('never')
      same(await store.get('a'), undefined, 'the deleted value')
      same(await store.keys(), [], 'the keys')
    })

    test('tells an empty string from nothing', async (store) => {
      await store.set('empty', '')
      same(await store.get('empty'), '', 'the empty value')
      same(await store.keys(), ['empty'], 'the keys')
    })

    test('keeps values as they are', async (store) => {
      const values = ['{"a":1}', ' padded ', 'line\nbreak\ttab', '"quoted" \\ back', 'undefined', 'null', '0']
      for (const value of values) {
        await store.set('value', value)
        same(await store.get('value'), value, 'the value')
      }
    })

    test('takes keys with the signs that wallets use, and keeps them apart', async (store) => {
      const keys = [
        'nonce/eip155:1/0xAb',
        'nonce/eip155:1/0xab',
        'nonce/eip155:10',
        'a.b-c_d',
        'vault',
        'constructor',
        '__proto__',
      ]
      for (const key of keys) await store.set(key, `value of ${key}`)
      for (const key of keys) same(await store.get(key), `value of ${key}`, `the value of ${key}`)
      same(await keysOf(store), [...keys].sort(), 'the keys')
    })

    test('lists the keys that begin with a prefix, and no others', async (store) => {
      for (const key of ['payment/1', 'payment/2', 'paymentx', 'pay', 'xpayment/1']) await store.set(key, key)
      same(await keysOf(store, 'payment/'), ['payment/1', 'payment/2'], 'the keys with the prefix')
      same(
        await keysOf(store, 'payment'),
        ['payment/1', 'payment/2', 'paymentx'],
        'the keys with the shorter prefix',
      )
      same(await keysOf(store, 'none'), [], 'the keys with a prefix of none')
      same((await keysOf(store, '')).length, 5, 'the number of all keys')
    })

    if (!subject.ascii)
      test('keeps every script, emoji and combining marks', async (store) => {
        const texts = ['ключ', '鍵', 'مفتاح', 'e\u0301', '\u00e9', '🔑🗝️', '\u200b\u202e', '\ud83d\ude00']
        for (const text of texts)
          await store.set('text', text).then(async () => same(await store.get('text'), text, 'the text'))
        await store.set('e\u0301', 'two characters')
        await store.set('\u00e9', 'one character')
        same(await store.get('e\u0301'), 'two characters', 'the value of a decomposed key')
      })

    test('takes a large value whole', async (store) => {
      const length = Math.min(subject.maxLength ?? 200_000, 200_000)
      const large = 'abcdefghij'.repeat(Math.ceil(length / 10)).slice(0, length)
      await store.set('large', large)
      ok((await store.get('large')) === large, 'the large value comes back as it was')
      await store.set('large', 'small')
      same(await store.get('large'), 'small', 'the small value that took its place')
    })

    test('takes many keys at the same time', async (store) => {
      const keys = Array.from({ length: 50 }, (_, i) => `key-${i}`)
      await Promise.all(keys.map((key) => store.set(key, `value of ${key}`)))
      same(
        await Promise.all(keys.map((key) => store.get(key))),
        keys.map((key) => `value of ${key}`),
        'the values',
      )
      await Promise.all(keys.map((key, i) => (i % 2 ? store.delete(key) : store.set(key, 'new'))))
      same((await keysOf(store)).length, 25, 'the number of keys that are left')
      for (const key of await store.keys()) same(await store.get(key), 'new', 'a value that is left')
    })

    test('is atomic per key: a reader sees one whole value or another', async (store) => {
      const length = Math.min(subject.maxLength ?? 2_000, 2_000)
      const values = Array.from('abcdefgh', (letter) => letter.repeat(length))
      await store.set('key', values[0]!)
      const reads: (string | undefined)[] = []
      await Promise.all(
        values.flatMap((value) => [
          store.set('key', value),
          store.get('key').then((read) => {
            reads.push(read)
          }),
        ]),
      )
      for (const read of reads) ok(values.includes(read ?? ''), 'a read value is whole')
      ok(values.includes((await store.get('key')) ?? ''), 'the last value is whole')
    })

    test('does the writes of one key in the order in which they were made', async (store) => {
      const writes = []
      for (let i = 0; i < 20; i++) writes.push(store.set('counter', String(i)))
      await Promise.all(writes)
      same(await store.get('counter'), '19', 'the last value')
      await Promise.all([store.set('counter', 'x'), store.delete('counter')])
      same(await store.get('counter'), undefined, 'the value after set and delete')
    })

    const { reopen } = subject
    if (reopen)
      test('still has everything when it is opened again', async (store) => {
        await store.set('a', '1')
        await store.set('b', '')
        await store.set('c', '3')
        await store.delete('c')
        const again = await reopen(store)
        same(await keysOf(again), ['a', 'b'], 'the keys')
        same(await again.get('a'), '1', 'a value')
        same(await again.get('b'), '', 'the empty value')
      })
  })
}
