import { CofferError, isCofferError, type Store, throwIfAborted } from '@coffer/core'

export interface TargetOptions {
  readonly signal?: AbortSignal | undefined
}

/** A place for backups. What is written there is encrypted already. */
export interface BackupTarget {
  /** For people: where it is, without credentials. */
  readonly name: string
  /** Whole or not at all, in place of what bore that name. */
  write(name: string, text: string, options?: TargetOptions): Promise<void>
  /** `undefined` when there is none of that name. */
  read(name: string, options?: TargetOptions): Promise<string | undefined>
}

/** What became of a backup in one place. */
export type Written =
  | { readonly target: string; readonly ok: true }
  | { readonly target: string; readonly ok: false; readonly error: CofferError }

/**
 * A backup in any store: a phone's, a browser's, a Mini App's cloud.
 *
 * @example
 * storeTarget(telegramCloudStore(port), { name: 'Telegram cloud' })
 */
export function storeTarget(
  store: Store,
  { name = 'store', prefix = 'backup/' }: { readonly name?: string; readonly prefix?: string } = {},
): BackupTarget {
  return {
    name,
    write: (file, text) => store.set(prefix + file, text),
    read: (file) => store.get(prefix + file),
  }
}

/**
 * Writes a backup to several places at once, reads each one back, and says what became of it in each. When it is nowhere, it
 * throws the first error.
 *
 * @example
 * const written = await writeBackup({ name: 'wallet.age', text, targets: [fileTarget(folder), s3Target(options)] })
 * for (const place of written) if (!place.ok) console.warn(place.target, place.error.message)
 */
export async function writeBackup(request: {
  readonly name: string
  readonly text: string
  readonly targets: readonly BackupTarget[]
  readonly signal?: AbortSignal | undefined
}): Promise<readonly Written[]> {
  const { name, text, targets, signal } = request
  checkName(name)
  if (targets.length === 0)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'Say where the backup goes: there is no target.',
    })
  const written = await Promise.all(targets.map((target) => writeTo(target, name, text, { signal })))
  const failed = written.flatMap((one) => (one.ok ? [] : [one.error]))
  if (failed.length === targets.length) throw failed[0]
  return written
}

async function writeTo(
  target: BackupTarget,
  name: string,
  text: string,
  options: TargetOptions,
): Promise<Written> {
  try {
    throwIfAborted(options.signal)
    await target.write(name, text, options)
    if ((await target.read(name, options)) === text) return { target: target.name, ok: true }
    const message = `${target.name} gives back something else than was written. Do not rely on it.`
    return { target: target.name, ok: false, error: new CofferError({ code: 'BACKUP_MISMATCH', message }) }
  } catch (error) {
    return { target: target.name, ok: false, error: asCoffer(error, target) }
  }
}

function asCoffer(error: unknown, { name }: BackupTarget): CofferError {
  if (isCofferError(error)) return error
  return new CofferError({
    code: 'STORE_FAILED',
    message: `${name} could not be written. Check it, and write the backup again.`,
    cause: error,
  })
}

/** One plain name, in every place. */
function checkName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) return
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: 'A backup is named with letters, digits, points and dashes, such as wallet-2026-01-31.age.',
  })
}
