import { readFile } from 'node:fs/promises'
import { CofferError } from '@coffer/core'

export {
  readFileIfThere as readIfThere,
  writeFileWhole as writeWhole,
} from '@coffer/signer-secure-storage/file'

/**
 * The text of a file that a person named; throws `INVALID_REQUEST` when it cannot be read or is not in UTF-8: what is read with other
 * letters is another passphrase, and a weaker one.
 */
export async function readNamed(path: string): Promise<string> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (error) {
    throw unusable('read', path, error)
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (!text.includes('\0')) return text
  } catch {
    // Told below.
  }
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: `${path} is no text in UTF-8. Save it in that encoding, and try again.`,
  })
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
