import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { withFileLock } from './file-lock.ts'
import { processMark } from './file-process.ts'

/** Above the highest number that a process can have. */
const DEAD = '4194305\n'

it('lets one in at a time, also of many who find the lock of a dead process', async () => {
  for (let round = 0; round < 20; round++) {
    const home = await mkdtemp(join(tmpdir(), 'coffer-lock-'))
    if (round % 2 === 0) await writeFile(join(home, 'lock'), DEAD)
    let inside = 0
    let most = 0
    let done = 0
    await Promise.all(
      Array.from({ length: 8 }, () =>
        withFileLock(join(home, 'lock'), async () => {
          most = Math.max(most, ++inside)
          await new Promise((resolve) => setTimeout(resolve, 1))
          inside--
          done++
        }),
      ),
    )
    expect([most, done, await readdir(home)]).toEqual([1, 8, []])
  }
}, 60_000)

it('stops waiting when nobody waits for it any more', async () => {
  const home = await mkdtemp(join(tmpdir(), 'coffer-lock-'))
  await writeFile(join(home, 'lock'), `${process.pid}\n`)
  const signal = AbortSignal.timeout(100)
  await expect(withFileLock(join(home, 'lock'), async () => {}, { signal })).rejects.toMatchObject({
    code: 'ABORTED',
  })
})

const isMarked = processMark() !== ''

it.runIf(isMarked)(
  'takes over the lock of an earlier process that had the number of a living one',
  async () => {
    const home = await mkdtemp(join(tmpdir(), 'coffer-lock-'))
    const [space] = processMark().split('-')
    for (const pid of [process.pid, process.ppid]) {
      await writeFile(join(home, 'lock'), `${pid} ${space}-1\n`)
      expect(await withFileLock(join(home, 'lock'), async () => 'done')).toBe('done')
    }
  },
)

it.runIf(isMarked)('never takes over that of another container, which may live', async () => {
  const home = await mkdtemp(join(tmpdir(), 'coffer-lock-'))
  await writeFile(join(home, 'lock'), '4194305 1-1\n')
  const signal = AbortSignal.timeout(300)
  await expect(withFileLock(join(home, 'lock'), async () => {}, { signal })).rejects.toMatchObject({
    code: 'ABORTED',
  })
  expect(await readFile(join(home, 'lock'), 'utf8')).toBe('4194305 1-1\n')
})

it('is opened whatever the task does, whose error is the one that is told', async () => {
  const home = await mkdtemp(join(tmpdir(), 'coffer-lock-'))
  const error = new Error('of the task')
  await expect(withFileLock(join(home, 'lock'), () => Promise.reject(error))).rejects.toBe(error)
  expect(await readdir(home)).toEqual([])
})

it('leaves the lock of another process alone, which took it after a person had removed ours', async () => {
  const home = await mkdtemp(join(tmpdir(), 'coffer-lock-'))
  const path = join(home, 'lock')
  for (const task of [async () => {}, () => Promise.reject(new Error('of the task'))]) {
    await withFileLock(path, async () => {
      await rm(path)
      await writeFile(path, `${process.ppid}\n`)
      await task()
    }).catch(() => {})
    expect(await readFile(path, 'utf8')).toBe(`${process.ppid}\n`)
    await rm(path)
  }
})

it('does not begin when nobody waits for it any more', async () => {
  const home = await mkdtemp(join(tmpdir(), 'coffer-lock-'))
  const task = vi.fn(async () => {})
  await expect(withFileLock(join(home, 'lock'), task, { signal: AbortSignal.abort() })).rejects.toMatchObject(
    {
      code: 'ABORTED',
    },
  )
  expect(task).not.toHaveBeenCalled()
  expect(await readdir(home)).toEqual([])
})

it('stands a clock that is set while it waits, and a lock of nobody from the time to come', async () => {
  const home = await mkdtemp(join(tmpdir(), 'coffer-lock-'))
  const path = join(home, 'lock')
  await writeFile(path, `${process.ppid}\n`)
  const { now } = Date
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + (passed += 3_600_000))
  let passed = 0
  setTimeout(() => void rm(path), 200)
  expect(await withFileLock(path, async () => 'done')).toBe('done')
  clock.mockRestore()
  await writeFile(path, '')
  const inAnHour = new Date(Date.now() + 3_600_000)
  await utimes(path, inAnHour, inAnHour)
  expect(await withFileLock(path, async () => 'done')).toBe('done')
})
