import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CofferError, type ErrorCode } from '@coffer/core'
import type { BackupTarget } from './target.ts'

/**
 * Backups as files of a folder: on another disk, on a stick, in a folder that is synchronised. Each is written whole or not at
 * all, readable by its owner alone, and is on the disk when `write` ends. Throws `STORE_FULL`, `STORE_UNAVAILABLE`, `STORE_FAILED`.
 *
 * @example
 * fileTarget('/media/stick')
 */
export function fileTarget(folder: string): BackupTarget {
  return {
    name: folder,
    write: async (name, text) => {
      const path = join(folder, name)
      const temporary = join(folder, `.${name}.${randomBytes(6).toString('hex')}.tmp`)
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
        await rm(temporary, { force: true }).catch(() => {})
      }
    },
    read: async (name) => {
      const path = join(folder, name)
      try {
        const file = await open(path, 'r')
        try {
          const { size } = await file.stat()
          if (size <= LARGEST) return await file.readFile('utf8')
        } finally {
          await file.close()
        }
      } catch (error) {
        if ((error as { code?: string }).code === 'ENOENT') return undefined
        throw failed('read', path, error)
      }
      throw new CofferError({
        code: 'STORE_FAILED',
        message: `${path} is larger than any backup. It is something else; choose another file.`,
      })
    },
  }
}

/** Bytes. */
const LARGEST = 20_000_000

/** So that a loss of power does not take the new name away. Not every system can flush a folder. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP'].includes(String((error as { code?: string }).code))) throw error
  } finally {
    await handle.close()
  }
}

const MEANINGS: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'STORE_UNAVAILABLE',
  EDQUOT: 'STORE_FULL',
  ENOSPC: 'STORE_FULL',
  EPERM: 'STORE_UNAVAILABLE',
  EROFS: 'STORE_UNAVAILABLE',
}

function failed(action: string, path: string, error: unknown): CofferError {
  const { code = 'unknown error' } = error as { readonly code?: string }
  return new CofferError({
    code: MEANINGS[code] ?? 'STORE_FAILED',
    message: `Could not ${action} ${path} (${code}).`,
    cause: error,
  })
}
