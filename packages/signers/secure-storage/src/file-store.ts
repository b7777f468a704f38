import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CofferError, type Store, withLock } from '@coffer/core'
import {
  checkFolder,
  codeOf,
  failed,
  makeFolder,
  readFileIfThere,
  removeFiles,
  removeLeftovers,
  writeFileWhole,
} from './file-io.ts'
import { withFileLock } from './file-lock.ts'
import { checkWhole, isTorn } from './whole.ts'

/**
 * A store in a folder: one file for each key, written whole or not at all, readable by its owner alone (0600 in 0700).
 *
 * The value before the last one stays beside it as `….previous`. A write that is cut short leaves the old value or the new one in
 * place, so a file whose sum is wrong was damaged by the disk or by a person: that is `STORE_FAILED`, with the name of the earlier
 * one, and never an earlier value in silence, which could be an old nonce or an old password. `delete` forgets both.
 *
 * Processes of one machine that use the same folder wait for each other where a wallet or vault locks. A folder or file that others
 * may write to, or a folder of another user, is `STORE_UNAVAILABLE`, as are a read-only disk and missing rights. One that others may
 * read is used, since what is secret is encrypted, and each file is closed to them at its next write. No room is `STORE_FULL`, half a
 * character is `INVALID_REQUEST`, anything else that fails is `STORE_FAILED`.
 *
 * @example
 * const vault = await openVault({ store: fileStore('/home/ann/.wallet') })
 */
export function fileStore(place: string): Store {
  // A program may go to another folder later.
  const folder = resolve(place)
  // A file begins with its key, since names of files are too short, and on some systems too careless of capital letters, to hold
  // every key; then comes the sum, and on the next line the value.
  let isTidy = false
  const prepare = async (): Promise<void> => {
    await checkFolder(folder)
    if (isTidy) return
    isTidy = true
    await removeLeftovers(folder)
  }
  const inTurn = (key: string, write: () => Promise<void>): Promise<void> =>
    withLock(turns, `write ${key}`, write)
  const store: Store = {
    get: async (key) => {
      const path = join(folder, nameOf(key))
      await prepare()
      const text = await readFileIfThere(path, { own: true })
      if (text === undefined) return undefined
      const value = valueIn(text, key)
      if (value === undefined) throw await damaged(path, key)
      return value
    },
    set: (key, value) =>
      inTurn(key, async () => {
        const path = join(folder, nameOf(key))
        checkWhole('value', value)
        await makeFolder(folder)
        await prepare()
        // A damaged file must not take the place of the good one before it.
        const before = await readFileIfThere(path)
        const isGood = before !== undefined && valueIn(before, key) !== undefined
        const text = `${headOf(key, value)}\n${value}`
        await writeFileWhole(path, text, isGood ? { previous: `${path}${PREVIOUS}` } : {})
      }),
    delete: (key) =>
      inTurn(key, async () => {
        const name = nameOf(key)
        await prepare()
        await removeFiles(folder, [`${name}${PREVIOUS}`, name])
      }),
    keys: async (prefix = '') => {
      await prepare()
      const names = await namesIn(folder)
      const keys = await Promise.all(names.map((name) => keyOf(join(folder, name))))
      return keys.filter((key) => key?.startsWith(prefix)) as string[]
    },
    lock: (key, task) =>
      withLock(turns, `lock ${key}`, async () => {
        const path = join(folder, `.${nameOf(key)}.lock`)
        await prepare()
        return withFileLock(path, task)
      }),
  }
  /** Who waits for whom in this process. Writes of one key happen in the order in which they were asked for. */
  const turns: Store = { ...store }
  delete turns.lock
  return store
}

const PREVIOUS = '.previous'

function headOf(key: string, value: string): string {
  return `${JSON.stringify(key)}\t${sumOf(key, value)}`
}

function sumOf(key: string, value: string): string {
  return createHash('sha256')
    .update(`${JSON.stringify(key)}\n${value}`, 'utf8')
    .digest('hex')
    .slice(0, 32)
}

/** `undefined` when it is damaged, or the file of another key. Files of an earlier version have no sum. */
function valueIn(text: string, key: string): string | undefined {
  const end = text.indexOf('\n')
  const [head = '', sum] = text.slice(0, Math.max(0, end)).split('\t')
  const value = text.slice(end + 1)
  const isWhole = end > 0 && keyIn(head) === key && (sum === undefined || sum === sumOf(key, value))
  return isWhole ? value : undefined
}

/** The key of a file, `undefined` when it was deleted meanwhile. */
async function keyOf(path: string): Promise<string | undefined> {
  const text = await readFileIfThere(path, { own: true })
  if (text === undefined) return undefined
  const key = keyIn((text.split('\n', 1)[0] ?? '').split('\t')[0] ?? '')
  if (key === undefined || isTorn(key) || !path.endsWith(nameOf(key))) throw await damaged(path, key)
  return key
}

function keyIn(head: string): string | undefined {
  try {
    const key: unknown = JSON.parse(head)
    return typeof key === 'string' ? key : undefined
  } catch {
    return undefined
  }
}

async function damaged(path: string, key: string | undefined): Promise<CofferError> {
  const previous = `${path}${PREVIOUS}`
  const text = await readFileIfThere(previous).catch(() => undefined)
  const isGood = text !== undefined && (key === undefined || valueIn(text, key) !== undefined)
  return new CofferError({
    code: 'STORE_FAILED',
    message: isGood
      ? `${path} is damaged. The value before it is in ${previous}: put that in its place if it will do, and check the disk.`
      : `${path} is damaged, and there is none before it. Check the disk, and restore the file from a backup.`,
    details: { damaged: true },
  })
}

/** A readable beginning and a hash, so that different keys never share a file. */
function nameOf(key: string): string {
  checkWhole('key', key)
  const readable = key
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
  return `${readable || '-'}.${createHash('sha256').update(key, 'utf8').digest('hex').slice(0, 32)}`
}

/** Not temporary files, locks and earlier values. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    // What else lies here is of somebody else, and no damage.
    return (await readdir(folder)).filter((name) => /^[a-z0-9-]+\.[0-9a-f]{32}$/.test(name))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw failed('list', folder, error)
  }
}
