import { mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { withHomeLock } from './lock.ts'

const { signal } = new AbortController()
/** Above the highest number that a process can have. */
const DEAD = '4194305'

it('lets one in at a time, also of many who find the lock of a dead process', async () => {
  for (let round = 0; round < 20; round++) {
    const home = await mkdtemp(join(tmpdir(), 'coffer-lock-'))
    if (round % 2 === 0) await writeFile(join(home, 'lock'), DEAD)
    let inside = 0
    let most = 0
    let done = 0
    await Promise.all(
      Array.from({ length: 8 }, () =>
        withHomeLock(home, signal, async () => {
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
