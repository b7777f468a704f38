import { readFile } from 'node:fs/promises'
import { CofferError } from '@coffer/core'

export {
  readFileIfThere as readIfThere,
  writeFileWhole as writeWhole,
} from '@coffer/signer-secure-storage/file'

/** The text of a file that a person named; throws `INVALID_REQUEST` when it cannot be read. */
export async function readNamed(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw unusable('read', path, error)
  }
}

/** The error of a path that a person named. */
export function unusable(action: string, path: string, error: unknown): CofferError {
  const { code = 'unknown error' } = error as { readonly code?: string }
  return new CofferError({
    code: 'INVALID_REQUEST',
    message: `Could not ${action} ${path} (${code}).`,
    cause: error,
  })
}
