import { join } from 'node:path'
import { withFileLock } from '@coffer/signer-secure-storage/file'

/**
 * Runs `task` while no other process changes the same home folder: two payments at once must neither take the same nonce
 * nor both slip under one limit. Throws `STORE_FAILED` after ten seconds.
 *
 * @param name of another lock than the usual one, for what takes long and lets others pay in between
 */
export function withHomeLock<T>(
  home: string,
  signal: AbortSignal,
  task: () => Promise<T>,
  name = 'lock',
): Promise<T> {
  return withFileLock(join(home, name), task, { signal })
}
