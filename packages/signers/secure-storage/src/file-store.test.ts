import { mkdtempSync } from 'node:fs'
import fs, {
  chmod,
  chown,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { type Store, withLock } from '@coffer/core'
import { storeConformance } from '@coffer/core/testing'
import { describe, expect, it, vi } from 'vitest'
import { processMark } from './file-process.ts'
import { fileStore } from './file-store.ts'
import { MNEMONIC } from './vault.fixture.ts'

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
    if (processMark() !== '') {
      // Of an earlier process that had our number, and of one in another container, which may live.
      const [space] = processMark().split('-')
      await writeFile(join(folderOf(store), `.key.${process.pid}-${space}-1-0123456789ab.tmp`), 'half')
      const elsewhere = join(folderOf(store), '.key.4194305-1-1-0123456789ab.tmp')
      const longAgo = join(folderOf(store), '.key.4194305-1-1-ba9876543210.tmp')
      await writeFile(elsewhere, 'half')
      await writeFile(longAgo, 'half')
      const stopped = join(folderOf(store), `.key.${process.pid}-${processMark()}-0123456789ab.tmp`)
      await writeFile(stopped, 'half')
      await utimes(stopped, 0, 0)
      await utimes(longAgo, 0, 0)
      await make(folderOf(store)).get('key')
      expect(await readdir(folderOf(store))).not.toContain('.key.4194305-1-1-ba9876543210.tmp')
      await rm(elsewhere)
      // Ours, that began before the clock was set: taken away, its write would fail.
      await rm(stopped)
    }
    await make(folderOf(store)).get('key')
    expect((await readdir(folderOf(store))).filter((name) => name.startsWith('.'))).toEqual([
      `.key.${process.pid}-0123456789ab.tmp`,
    ])
  })

  it('G6: does not take the file of another key for its own', async () => {
    const store = make()
    await store.set('limit', 'a lot')
    await store.set('vault', 'mine')
    const names = await readdir(folderOf(store))
    const [limit = '', vault = ''] = ['limit.', 'vault.'].map(
      (start) => names.find((n) => n.startsWith(start))!,
    )
    await copyFile(join(folderOf(store), limit), join(folderOf(store), vault))
    const error = await store.get('vault').catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'STORE_FAILED', details: { damaged: true } })
    await expect(store.keys()).rejects.toMatchObject({ code: 'STORE_FAILED' })
    expect(await store.get('limit')).toBe('a lot')
  })

  it('keeps the last good value when a damaged one is written over, and says when there is none', async () => {
    const store = make()
    await store.set('key', 'first')
    const [name = ''] = await readdir(folderOf(store))
    const path = join(folderOf(store), name)
    await writeFile(path, 'rubbish')
    await expect(store.get('key')).rejects.toMatchObject({
      message: expect.stringContaining('there is none before it'),
    })
    await store.set('key', 'second')
    await store.set('key', 'third')
    await writeFile(path, 'rubbish')
    await store.set('key', 'fourth')
    expect(await store.get('key')).toBe('fourth')
    expect(await readFile(`${path}.previous`, 'utf8')).toMatch(/second$/)
  })

  it('G7: says nothing of what a damaged file holds', async () => {
    const store = make()
    await store.set('key', MNEMONIC)
    const [name = ''] = await readdir(folderOf(store))
    await writeFile(join(folderOf(store), name), `"key"\t0123\n${MNEMONIC}`)
    for (const task of [store.get('key'), make(folderOf(store)).get('key')]) {
      const error = await task.catch((error: unknown) => error)
      expect(error).toMatchObject({ code: 'STORE_FAILED' })
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('legal winner')
    }
  })

  it('refuses half a character, which a file would change in silence', async () => {
    const store = make()
    for (const task of [
      () => store.set('key', 'a\ud800b'),
      () => store.set('\udc00', 'value'),
      () => store.get('\ud800'),
      () => store.delete('\ud800'),
      () => store.lock!('\ud800', async () => {}),
    ])
      await expect(task()).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await store.keys()).toEqual([])
    await store.set('key', '\ud83d\ude00')
    expect(await store.get('key')).toBe('😀')
  })

  describe.skipIf(process.platform === 'win32')('and others', () => {
    it.each([0o777, 0o770, 0o720, 0o702])('is not used when they may write to it (%o)', async (mode) => {
      const store = make()
      await store.set('key', 'value')
      await chmod(folderOf(store), mode)
      for (const task of [
        () => store.get('key'),
        () => store.set('key', 'other'),
        () => store.delete('key'),
        () => store.keys(),
        () => store.lock!('key', async () => {}),
      ])
        await expect(task()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      await chmod(folderOf(store), 0o755)
      expect(await store.get('key')).toBe('value')
    })

    it('is not used when it is a link to such a folder, or there was none before', async () => {
      const store = make()
      expect(await store.get('key')).toBeUndefined()
      const real = `${folderOf(store)}-real`
      await mkdir(real)
      await chmod(real, 0o777)
      await symlink(real, folderOf(store))
      for (const task of [() => store.get('key'), () => store.set('key', '1')])
        await expect(task()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      await chmod(real, 0o700)
      await store.set('key', '1')
      expect(await store.get('key')).toBe('1')
    })

    it('does not read a file that they may write to; closes one that they may read', async () => {
      const store = make()
      await store.set('key', 'value')
      const [name = ''] = await readdir(folderOf(store))
      const path = join(folderOf(store), name)
      await chmod(path, 0o666)
      for (const task of [() => store.get('key'), () => store.keys()])
        await expect(task()).rejects.toMatchObject({
          code: 'STORE_UNAVAILABLE',
          message: expect.stringContaining('chmod 600'),
        })
      await chmod(path, 0o644)
      expect(await store.get('key')).toBe('value')
      await store.set('key', 'other')
      expect((await stat(path)).mode & 0o777).toBe(0o600)
    })

    it('is not used when it is that of another user', async () => {
      const store = make()
      await store.set('key', 'value')
      // Root's folders may be anyone's to use.
      if (process.getuid?.() === 0) await chown(folderOf(store), 4242, 4242)
      const getuid = vi.spyOn(process, 'getuid').mockReturnValue(4343)
      try {
        await expect(store.get('key')).rejects.toMatchObject({
          code: 'STORE_UNAVAILABLE',
          message: expect.stringContaining('belongs to another user'),
        })
      } finally {
        getuid.mockRestore()
      }
      expect(await store.get('key')).toBe('value')
    })
  })

  it.each([
    ['ENOSPC', 'STORE_FULL'],
    ['EDQUOT', 'STORE_FULL'],
    ['EROFS', 'STORE_UNAVAILABLE'],
    ['EACCES', 'STORE_UNAVAILABLE'],
    ['EIO', 'STORE_FAILED'],
    ['EMFILE', 'STORE_FAILED'],
  ])('says what %s means, and keeps what was there', async (system, code) => {
    const store = make()
    await store.set('key', 'value')
    const broken = vi
      .spyOn(fs, 'rename')
      .mockRejectedValue(Object.assign(new Error(system), { code: system }))
    syncBuiltinESMExports()
    try {
      await expect(store.set('key', 'other')).rejects.toMatchObject({ code })
    } finally {
      broken.mockRestore()
      syncBuiltinESMExports()
    }
    expect(await store.get('key')).toBe('value')
    expect((await readdir(folderOf(store))).filter((name) => name.endsWith('.tmp'))).toEqual([])
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
