import { randomBytes } from 'node:crypto'
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CofferError, type ErrorCode } from '@coffer/core'
import { isAlive } from './file-lock.ts'

/** The text of a file, `undefined` when there is none; throws when that cannot be told. */
export async function readFileIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
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
    await mkdir(folder, { recursive: true, mode: 0o700 })
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
    throw failed('write', path, error)
  } finally {
    // The first error is the one to tell.
    await rm(temporary, { force: true }).catch(() => {})
  }
}

/** Removes a file, if it is there. */
export async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true })
  } catch (error) {
    throw failed('remove', path, error)
  }
}

/** Takes away what processes that are gone left of their writes. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /^\..*\.([1-9][0-9]*)-[0-9a-f]{12}\.tmp$/.exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(folder, name), { force: true })
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

/** Begins with a point, and says whose it is. */
function temporaryName(name: string): string {
  return `.${name.slice(0, 100)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`
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

/** Makes a rename last through a loss of power. Windows cannot open folders and needs no such thing. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
