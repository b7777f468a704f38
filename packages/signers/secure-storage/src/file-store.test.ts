import { mkdtempSync } from 'node:fs'
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Store, withLock } from '@coffer/core'
import { storeConformance } from '@coffer/core/testing'
import { describe, expect, it } from 'vitest'
import { fileStore } from './file-store.ts'

const folders = new WeakMap<Store, string>()

function make(folder = join(mkdtempSync(join(tmpdir(), 'coffer-store-')), 'store')): Store {
  const store = fileStore(folder)
  folders.set(store, folder)
  return store
}
const folderOf = (store: Store): string => folders.get(store) ?? ''

storeConformance(
  { describe, it },
  {
    name: 'fileStore',
    make: () => make(),
    reopen: (store) => make(folderOf(store)),
    clean: (store) => rm(join(folderOf(store), '..'), { recursive: true }),
  },
)

describe('the folder', () => {
  it('holds one file for each key, readable by its owner alone, and no leftovers', async () => {
    const store = make()
    await store.set('evm/nonces/eip155:1:0xAb', '{}')
    await store.set(`long/${'x'.repeat(5000)}`, 'value')
    const names = await readdir(folderOf(store))
    expect(names.map((name) => name.split('.')[0])).toEqual([
      'evm-nonces-eip155-1-0xab',
      expect.stringMatching(/^long-x{55}$/),
    ])
    for (const name of names) expect((await stat(join(folderOf(store), name))).mode & 0o777).toBe(0o600)
    expect((await stat(folderOf(store))).mode & 0o777).toBe(0o700)
  })

  it('does not take an interrupted write for a value', async () => {
    const store = make()
    await store.set('key', 'value')
    await writeFile(join(folderOf(store), '.key.0123456789ab.tmp'), '"key"\nhalf')
    expect(await store.keys()).toEqual(['key'])
    expect(await store.get('key')).toBe('value')
  })

  it('says when it cannot tell', async () => {
    const store = make()
    await writeFile(join(folderOf(store), '..', 'store'), 'a file where the folder should be')
    for (const task of [
      () => store.get('a'),
      () => store.set('a', '1'),
      () => store.delete('a'),
      () => store.keys(),
    ])
      await expect(task()).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })

  it('keeps the value before the last one, and forgets both when it is deleted', async () => {
    const store = make()
    await store.set('key', 'first')
    await store.set('key', 'second')
    const names = await readdir(folderOf(store))
    expect(names).toHaveLength(2)
    expect(await store.keys()).toEqual(['key'])
    const previous = names.find((name) => name.endsWith('.previous'))!
    expect(await readFile(join(folderOf(store), previous), 'utf8')).toMatch(/first$/)
    await store.delete('key')
    expect(await readdir(folderOf(store))).toEqual([])
  })

  it('reads what an earlier version wrote, without a sum', async () => {
    const store = make()
    await store.set('key', 'value')
    const [name = ''] = await readdir(folderOf(store))
    await writeFile(join(folderOf(store), name), '"key"\nold\nvalue')
    expect(await store.get('key')).toBe('old\nvalue')
    expect(await store.keys()).toEqual(['key'])
  })

  it('says that a file is damaged, and where the one before it is', async () => {
    const store = make()
    await store.set('key', 'value')
    await store.set('key', 'other value')
    const [name = ''] = (await readdir(folderOf(store))).filter((name) => !name.endsWith('.previous'))
    const path = join(folderOf(store), name)
    const honest = await readFile(path)
    for (let at = 0; at < honest.length; at++) {
      const flipped = Buffer.from(honest)
      flipped[at]! ^= 1
      await writeFile(path, flipped)
      await expect(store.get('key'), `byte ${at}`).rejects.toMatchObject({
        code: 'STORE_FAILED',
        message: expect.stringContaining('.previous'),
      })
    }
    for (let length = 0; length < honest.length; length++) {
      await writeFile(path, honest.subarray(0, length))
      await expect(store.get('key'), `${length} bytes`).rejects.toMatchObject({ code: 'STORE_FAILED' })
    }
  })

  it('cleans up after processes that were killed, and after no other', async () => {
    const store = make()
    await store.set('key', 'value')
    const dead = join(folderOf(store), '.key.4194305-0123456789ab.tmp')
    const alive = join(folderOf(store), `.key.${process.pid}-0123456789ab.tmp`)
    await writeFile(dead, 'half')
    await writeFile(alive, 'half')
    await make(folderOf(store)).get('key')
    expect((await readdir(folderOf(store))).filter((name) => name.startsWith('.'))).toEqual([
      `.key.${process.pid}-0123456789ab.tmp`,
    ])
  })

  it.skipIf(process.platform === 'win32')('is not used when others may write to it', async () => {
    const store = make()
    await store.set('key', 'value')
    await chmod(folderOf(store), 0o777)
    await expect(make(folderOf(store)).get('key')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await chmod(folderOf(store), 0o700)
    expect(await make(folderOf(store)).get('key')).toBe('value')
  })

  it('lets the users of two objects over it wait for each other', async () => {
    const store = make()
    const other = make(folderOf(store))
    await store.set('count', '0')
    const add = (store: Store): Promise<void> =>
      withLock(store, 'count', async () => store.set('count', String(Number(await store.get('count')) + 1)))
    await Promise.all(Array.from({ length: 20 }, (_, i) => add(i % 2 ? store : other)))
    expect(await store.get('count')).toBe('20')
  }, 60_000)
})
