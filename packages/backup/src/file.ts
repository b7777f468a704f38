import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CofferError, type ErrorCode } from '@coffer/core'
import type { BackupTarget } from './target.ts'

/**
 * Backups as files of a folder: on another disk, on a stick, in a folder that is synchronised. Each is written whole or not at
 * all, readable by its owner alone. Throws `STORE_FULL`, `STORE_UNAVAILABLE`, `STORE_FAILED`.
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
      } catch (error) {
        throw failed('write', path, error)
      } finally {
        await rm(temporary, { force: true }).catch(() => {})
      }
    },
    read: async (name) => {
      const path = join(folder, name)
      try {
        return await readFile(path, 'utf8')
      } catch (error) {
        if ((error as { code?: string }).code === 'ENOENT') return undefined
        throw failed('read', path, error)
      }
    },
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
