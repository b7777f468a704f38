import { mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CofferError, sleep } from '@coffer/core'
import { codeOf, failed } from './files.ts'

const PATIENCE = 10_000
const PAUSE = 100

/**
 * Runs `task` while no other process changes the same home folder: two payments at once must neither take the same nonce
 * nor both slip under one limit. A lock whose process has died is taken over. Throws `STORE_FAILED` after ten seconds.
 *
 * @param name of another lock than the usual one, for what takes long and lets others pay in between
 */
export async function withHomeLock<T>(
  home: string,
  signal: AbortSignal,
  task: () => Promise<T>,
  name = 'lock',
): Promise<T> {
  const path = join(home, name)
  for (const start = Date.now(); !(await take(home, path)); await sleep(PAUSE, signal)) {
    const owner = await ownerOf(path)
    if (owner === undefined) continue
    if (!isAlive(owner)) await takeAway(home, path, owner)
    else if (Date.now() - start > PATIENCE)
      throw new CofferError({
        code: 'STORE_FAILED',
        message: `Another coffer (process ${owner}) is at work in ${home}. Finish it, then try again.`,
        retryable: true,
      })
  }
  try {
    return await task()
  } finally {
    await rm(path, { force: true })
  }
}

/**
 * Takes away the lock of a dead process. One at a time, and after another look: of several who saw the dead one, none may take
 * away the lock that another has put there since.
 */
async function takeAway(home: string, path: string, owner: number): Promise<void> {
  const turn = `${path}.turn`
  if (!(await take(home, turn))) {
    if ((await ageOf(turn)) > PATIENCE) await rm(turn, { force: true })
    return
  }
  try {
    if ((await ownerOf(path)) === owner) await rm(path, { force: true })
  } finally {
    await rm(turn, { force: true })
  }
}

/** True when a process of this number runs. */
export function isAlive(pid: number): boolean {
  if (pid === 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It runs, for another user.
    return codeOf(error) === 'EPERM'
  }
}

async function take(home: string, path: string): Promise<boolean> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 })
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(String(process.pid))
    await file.close()
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw failed('lock', path, error)
  }
}

/** The process that holds the lock; `undefined` while that is being written; 0 when it never was. */
async function ownerOf(path: string): Promise<number | undefined> {
  try {
    const text = await readFile(path, 'utf8')
    if (/^[1-9][0-9]*$/.test(text)) return Number(text)
    return (await ageOf(path)) < PATIENCE ? undefined : 0
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw failed('read', path, error)
  }
}

/** Milliseconds since it was written; 0 when it is gone. */
async function ageOf(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0
    throw failed('read', path, error)
  }
}
