import { mkdtempSync } from 'node:fs'
import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '@coffer/core'
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
})
