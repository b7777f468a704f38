import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CofferError, type ErrorCode } from '@coffer/core'

/** The text of a file, `undefined` when there is none; throws `STORE_FAILED` when that cannot be told. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw failed('read', path, error)
  }
}

/** The text of a file that a person named; throws `INVALID_REQUEST` when it cannot be read. */
export async function readNamed(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw failed('read', path, error, 'INVALID_REQUEST')
  }
}

/**
 * Writes a file that only its owner can read, whole or not at all: to a temporary file beside it, flushed to the disk,
 * then renamed. Throws `STORE_FAILED`.
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const folder = dirname(path)
  const temporary = join(folder, `.${basename(path).slice(0, 100)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text, 'utf8')
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(folder)
  } catch (error) {
    throw failed('write', path, error)
  } finally {
    // The first error is the one to tell.
    await rm(temporary, { force: true }).catch(() => {})
  }
}

/** Removes a file, if it is there; throws `STORE_FAILED`. */
export async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true })
  } catch (error) {
    throw failed('remove', path, error)
  }
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

/** The error of a file that could not be used. Says the system's code and never what the file holds. */
export function failed(
  action: string,
  path: string,
  error: unknown,
  code: ErrorCode = 'STORE_FAILED',
): CofferError {
  return new CofferError({ code, message: `Could not ${action} ${path} (${codeOf(error)}).`, cause: error })
}

/** The system's name of what went wrong, such as `ENOENT`. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'unknown error'
}
