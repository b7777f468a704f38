import { randomBytes } from 'node:crypto'
import { copyFile, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { CofferError, type ErrorCode } from '@coffer/core'
import { isAlive, isCertain, processMark } from './file-process.ts'

/**
 * The text of a file, `undefined` when there is none; throws when that cannot be told. With `own`, a file that others may write to
 * is `STORE_UNAVAILABLE`.
 */
export async function readFileIfThere(
  path: string,
  { own = false }: { readonly own?: boolean } = {},
): Promise<string | undefined> {
  try {
    const file = await open(path, 'r')
    try {
      if (own && isOpenToOthers(await file.stat())) throw openToOthers(path, 'chmod 600')
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof CofferError) throw error
    if (codeOf(error) === 'ENOENT') return undefined
    throw failed('read', path, error)
  }
}

/**
 * Writes a file that only its owner can read, whole or not at all: to a temporary file beside it, flushed to the disk,
 * then renamed. With `previous` the file that was there is kept under that name. Throws `STORE_FULL`, `STORE_UNAVAILABLE`,
 * `STORE_FAILED`.
 */
export async function writeFileWhole(
  path: string,
  text: string,
  { previous }: { readonly previous?: string } = {},
): Promise<void> {
  const folder = dirname(path)
  const temporary = join(folder, temporaryName(basename(path)))
  try {
    await makeFolder(folder)
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text, 'utf8')
      await file.sync()
    } finally {
      await file.close()
    }
    if (previous !== undefined) await keep(path, previous)
    await rename(temporary, path)
    await syncFolder(folder)
  } catch (error) {
    throw error instanceof CofferError ? error : failed('write', path, error)
  } finally {
    // The first error is the one to tell.
    await rm(temporary, { force: true }).catch(() => {})
  }
}

/** Removes files, if they are there, so that a loss of power does not bring them back. */
export async function removeFiles(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    try {
      await rm(join(folder, name), { force: true })
    } catch (error) {
      throw failed('remove', join(folder, name), error)
    }
  }
  try {
    await syncFolder(folder)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw failed('write', folder, error)
  }
}

/** Makes a folder of its owner's alone, with those above it, and none when it is there. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    const first = await mkdir(folder, { recursive: true, mode: 0o700 })
    if (first === undefined) return
    for (
      let made = resolve(folder);
      made.length >= resolve(first).length && made !== dirname(made);
      made = dirname(made)
    )
      // Those above may be closed to us, and then are flushed by the system in its own time.
      await syncFolder(dirname(made)).catch(() => {})
  } catch (error) {
    throw failed('make', folder, error)
  }
}

/** Refuses a folder in which others could put their own values; in peace when there is none. */
export async function checkFolder(folder: string): Promise<void> {
  try {
    const { mode, uid } = await stat(folder)
    if (isOpenToOthers({ mode })) throw openToOthers(folder, 'chmod 700')
    const user = process.getuid?.()
    // The administrator works in the folders of others, such as those that a container is given.
    if (user !== undefined && user !== 0 && uid !== user && uid !== 0)
      throw new CofferError({
        code: 'STORE_UNAVAILABLE',
        message: `${folder} belongs to another user, so nothing in it can be relied on. Take a folder of your own.`,
      })
  } catch (error) {
    if (error instanceof CofferError) throw error
    if (codeOf(error) !== 'ENOENT') throw failed('look into', folder, error)
  }
}

/** Takes away what processes that are gone left of their writes; in peace when there is no folder. */
export async function removeLeftovers(folder: string): Promise<void> {
  try {
    for (const name of await readdir(folder)) {
      const [, pid, mark] = TEMPORARY.exec(name) ?? []
      if (pid === undefined) continue
      const path = join(folder, name)
      // What a living process writes stays, however far a clock jumps meanwhile; where that is not certain, for a day.
      const isOver = !isAlive(Number(pid), mark) || (!isCertain(mark) && (await ageOf(path)) > DAY)
      if (isOver) await rm(path, { force: true })
    }
  } catch (error) {
    // What cannot be tidied up does no harm.
    if (codeOf(error) === 'ENOTDIR') throw failed('look into', folder, error)
  }
}

/** Milliseconds since it was written; 0 when it is gone. */
export async function ageOf(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0
    throw failed('look at', path, error)
  }
}

/** The error of a file that could not be used. Says the system's code and never what the file holds. */
export function failed(action: string, path: string, error: unknown, code?: ErrorCode): CofferError {
  const system = codeOf(error)
  return new CofferError({
    code: code ?? MEANINGS[system] ?? 'STORE_FAILED',
    message: `Could not ${action} ${path} (${system}).`,
    cause: error,
  })
}

const MEANINGS: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'STORE_UNAVAILABLE',
  EDQUOT: 'STORE_FULL',
  ENOSPC: 'STORE_FULL',
  EPERM: 'STORE_UNAVAILABLE',
  EROFS: 'STORE_UNAVAILABLE',
}

/** The system's name of what went wrong, such as `ENOENT`. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'unknown error'
}

const DAY = 86_400_000
const TEMPORARY = /^\..*\.([1-9][0-9]*)-(?:([0-9]+-[0-9]+)-)?[0-9a-f]{12}\.tmp$/

/** Begins with a point, and says whose it is. */
export function temporaryName(name: string): string {
  const mark = processMark()
  return `.${name.slice(0, 100)}.${process.pid}-${mark && `${mark}-`}${randomBytes(6).toString('hex')}.tmp`
}

function isOpenToOthers({ mode }: { readonly mode: number }): boolean {
  return process.platform !== 'win32' && (mode & 0o022) !== 0
}

function openToOthers(path: string, remedy: string): CofferError {
  return new CofferError({
    code: 'STORE_UNAVAILABLE',
    message: `Others may write to ${path}, so nothing in it can be relied on. Close it to them: ${remedy}.`,
  })
}

/** A second name for what is there, so that it is there all the time; a copy where the file system has no second names. */
async function keep(path: string, previous: string): Promise<void> {
  const temporary = join(dirname(path), temporaryName(basename(previous)))
  try {
    await link(path, temporary).catch(async (error: unknown) => {
      if (codeOf(error) === 'ENOENT') throw error
      await copyFile(path, temporary)
    })
    await rename(temporary, previous)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || (await isThere(path))) throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Makes a rename last through a loss of power. Windows cannot open folders and needs no such thing; some file systems have none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP'].includes(codeOf(error))) throw error
  } finally {
    await handle.close()
  }
}
