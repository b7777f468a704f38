import { link, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CofferError, sleep, throwIfAborted } from '@coffer/core'
import { ageOf, codeOf, failed, makeFolder, readFileIfThere, temporaryName } from './file-io.ts'
import { isAlive, processMark } from './file-process.ts'

/** For a lock that somebody holds. */
const PATIENCE = 10_000
const PAUSE = 50

/**
 * Runs `task` while no other process that locks the same path does. A lock whose process has died is taken over, but for that of
 * another container: nobody can see whether it lives, so its lock stays until a person removes it. Not for folders that several
 * machines share.
 *
 * Throws `STORE_FAILED` after ten seconds, and `ABORTED`.
 */
export async function withFileLock<T>(
  path: string,
  task: () => Promise<T>,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<T> {
  throwIfAborted(signal)
  for (const start = performance.now(); !(await take(path)); await sleep(PAUSE, signal)) {
    const owner = await ownerOf(path)
    if (owner === undefined) continue
    if (!isAlive(owner.pid, owner.mark)) await takeAway(path, owner.text)
    else if (performance.now() - start > PATIENCE)
      throw new CofferError({
        code: 'STORE_FAILED',
        message: `Another process (${owner.pid}) is at work in ${dirname(path)}. Finish it, then try again; if there is none, remove ${path}.`,
        retryable: true,
      })
  }
  let result: T
  try {
    result = await task()
  } catch (error) {
    // The first error is the one to tell.
    await remove(path, ownText()).catch(() => {})
    throw error
  }
  await remove(path, ownText())
  return result
}

interface Owner {
  readonly pid: number
  readonly mark: string
  readonly text: string
}

/** Leaves the lock of another process alone, which took it after a person had removed the one of `text`. */
async function remove(path: string, text: string): Promise<void> {
  if ((await ownerOf(path))?.text === text)
    await rm(path, { force: true }).catch((error: unknown) => {
      throw failed('unlock', path, error)
    })
}

/**
 * Takes away the lock of a dead process. One at a time, and after another look: of several who saw the dead one, none may take
 * away the lock that another has put there since.
 */
async function takeAway(path: string, text: string): Promise<void> {
  const turn = `${path}.turn`
  if (!(await take(turn))) {
    if (Math.abs(await ageOf(turn)) > PATIENCE) await rm(turn, { force: true })
    return
  }
  try {
    await remove(path, text)
  } finally {
    await rm(turn, { force: true })
  }
}

function ownText(): string {
  return `${`${process.pid} ${processMark()}`.trim()}\n`
}

/** The text is there with the name, so that a process that is killed leaves no lock of nobody. */
async function take(path: string): Promise<boolean> {
  const temporary = join(dirname(path), temporaryName(basename(path)))
  const text = ownText()
  try {
    await makeFolder(dirname(path))
    await writeFile(temporary, text, { flag: 'wx', mode: 0o600 })
    await link(temporary, path).catch((error: unknown) => {
      if (codeOf(error) === 'EEXIST') throw error
      // Where files have no second names: the text comes a moment after the name.
      return writeFile(path, text, { flag: 'wx', mode: 0o600 })
    })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error instanceof CofferError ? error : failed('lock', path, error)
  } finally {
    await rm(temporary, { force: true }).catch(() => {})
  }
}

/** The process that holds the lock; `undefined` while that is being written; number 0 when it never was. */
async function ownerOf(path: string): Promise<Owner | undefined> {
  const text = await readFileIfThere(path)
  if (text === undefined) return undefined
  const [, pid = 0, mark = ''] = /^([1-9][0-9]*)(?: ([0-9]+-[0-9]+))?\n$/.exec(text) ?? []
  if (pid === 0 && Math.abs(await ageOf(path)) < PATIENCE) return undefined
  return { pid: Number(pid), mark, text }
}
