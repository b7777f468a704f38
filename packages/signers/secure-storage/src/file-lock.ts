import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CofferError, sleep } from '@coffer/core'

/** For a lock that somebody holds. */
const PATIENCE = 10_000
const PAUSE = 50

/**
 * Runs `task` while no other process that locks the same path does. A lock whose process has died is taken over. Throws
 * `STORE_FAILED` after ten seconds, and `ABORTED`.
 */
export async function withFileLock<T>(
  path: string,
  task: () => Promise<T>,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<T> {
  for (const start = Date.now(); !(await take(path)); await sleep(PAUSE, signal)) {
    const owner = await ownerOf(path)
    if (owner === undefined) continue
    if (!isAlive(owner)) await takeAway(path, owner)
    else if (Date.now() - start > PATIENCE)
      throw new CofferError({
        code: 'STORE_FAILED',
        message: `Another process (${owner}) is at work in ${dirname(path)}. Finish it, then try again.`,
        retryable: true,
      })
  }
  try {
    return await task()
  } finally {
    await rm(path, { force: true })
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

/**
 * Takes away the lock of a dead process. One at a time, and after another look: of several who saw the dead one, none may take
 * away the lock that another has put there since.
 */
async function takeAway(path: string, owner: number): Promise<void> {
  const turn = `${path}.turn`
  if (!(await take(turn))) {
    if ((await ageOf(turn)) > PATIENCE) await rm(turn, { force: true })
    return
  }
  try {
    if ((await ownerOf(path)) === owner) await rm(path, { force: true })
  } finally {
    await rm(turn, { force: true })
  }
}

/** The text is there with the name, so that a process that is killed leaves no lock of nobody. */
async function take(path: string): Promise<boolean> {
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`,
  )
  const text = `${process.pid}\n`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(temporary, text, { flag: 'wx', mode: 0o600 })
    await link(temporary, path).catch((error: unknown) => {
      if (codeOf(error) === 'EEXIST') throw error
      // Where files have no second names: the text comes a moment after the name.
      return writeFile(path, text, { flag: 'wx', mode: 0o600 })
    })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw failed(path, error)
  } finally {
    await rm(temporary, { force: true }).catch(() => {})
  }
}

/** The process that holds the lock; `undefined` while that is being written; 0 when it never was. */
async function ownerOf(path: string): Promise<number | undefined> {
  try {
    const text = await readFile(path, 'utf8')
    if (/^[1-9][0-9]*\n$/.test(text)) return Number(text)
    return (await ageOf(path)) < PATIENCE ? undefined : 0
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw failed(path, error)
  }
}

/** Milliseconds since it was written; 0 when it is gone. */
async function ageOf(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0
    throw failed(path, error)
  }
}

function failed(path: string, error: unknown): CofferError {
  return new CofferError({
    code: 'STORE_FAILED',
    message: `Could not lock ${path} (${codeOf(error)}).`,
    cause: error,
  })
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'unknown error'
}
