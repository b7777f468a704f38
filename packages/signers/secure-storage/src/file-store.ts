import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CofferError, type Store, withLock } from '@coffer/core'
import { codeOf, failed, readFileIfThere, removeFile, removeLeftovers, writeFileWhole } from './file-io.ts'
import { withFileLock } from './file-lock.ts'

/**
 * A store in a folder: one file for each key, written whole or not at all, readable by its owner alone (0600 in 0700). The value
 * before the last one stays beside it as `….previous`: when a disk has damaged a file, which its sum tells, that is
 * `STORE_FAILED` with the name of the earlier one, and never an earlier value in silence.
 *
 * Processes that use the same folder wait for each other where a wallet or vault locks. A folder that others may write to is
 * `STORE_UNAVAILABLE`; no room is `STORE_FULL`; anything else that fails is `STORE_FAILED`.
 *
 * @example
 * const vault = await openVault({ store: fileStore('/home/ann/.wallet') })
 */
export function fileStore(folder: string): Store {
  // A file begins with its key, since names of files are too short, and on some systems too careless of capital letters, to hold
  // every key; then comes the sum, and on the next line the value.
  const pathOf = (key: string): string => join(folder, nameOf(key))
  let ready: Promise<void> | undefined
  const prepare = (): Promise<void> => {
    ready ??= checkFolder(folder).catch((error: unknown) => {
      ready = undefined
      throw error
    })
    return ready
  }
  /** Writes of one key happen in the order in which they were asked for. */
  const inTurn = (key: string, write: () => Promise<void>): Promise<void> =>
    withLock(turns, `write ${key}`, write)
  const store: Store = {
    get: async (key) => {
      await prepare()
      const path = pathOf(key)
      const text = await readFileIfThere(path)
      return text === undefined ? undefined : valueIn(text, path)
    },
    set: (key, value) =>
      inTurn(key, async () => {
        await prepare()
        const path = pathOf(key)
        await writeFileWhole(path, `${headOf(key, value)}\n${value}`, { previous: `${path}${PREVIOUS}` })
      }),
    delete: (key) =>
      inTurn(key, async () => {
        await prepare()
        await removeFile(`${pathOf(key)}${PREVIOUS}`)
        await removeFile(pathOf(key))
      }),
    keys: async (prefix = '') => {
      await prepare()
      const names = await namesIn(folder)
      const texts = await Promise.all(names.map((name) => readFileIfThere(join(folder, name))))
      return texts
        .flatMap((text, i) => (text === undefined ? [] : [keyOf(text, join(folder, names[i]!))]))
        .filter((key) => key.startsWith(prefix))
    },
    lock: (key, task) =>
      withLock(turns, `lock ${key}`, () => withFileLock(join(folder, `.${nameOf(key)}.lock`), task)),
  }
  /** Who waits for whom in this process. */
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

/** Files of an earlier version have no sum. */
function valueIn(text: string, path: string): string {
  const end = text.indexOf('\n')
  const [head = '', sum] = text.slice(0, Math.max(0, end)).split('\t')
  const value = text.slice(end + 1)
  const key = keyIn(head)
  if (end > 0 && key !== undefined && (sum === undefined || sum === sumOf(key, value))) return value
  throw damaged(path)
}

function keyOf(text: string, path: string): string {
  const [head = ''] = (text.split('\n', 1)[0] ?? '').split('\t')
  const key = keyIn(head)
  if (key === undefined) throw damaged(path)
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

function damaged(path: string): CofferError {
  return new CofferError({
    code: 'STORE_FAILED',
    message: `${path} is damaged. The value before it is in ${path}${PREVIOUS}: put that in its place if it will do, and check the disk.`,
    details: { damaged: true },
  })
}

/** A readable beginning and a hash, so that different keys never share a file. */
function nameOf(key: string): string {
  const readable = key
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
  return `${readable}.${createHash('sha256').update(key, 'utf8').digest('hex').slice(0, 32)}`
}

/** Temporary files and locks begin with a point. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith('.') && !name.endsWith(PREVIOUS))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw failed('list', folder, error)
  }
}

/** Looks at the folder once, and cleans up after processes that were killed. */
async function checkFolder(folder: string): Promise<void> {
  try {
    const { mode } = await stat(folder)
    if (process.platform !== 'win32' && (mode & 0o022) !== 0)
      throw new CofferError({
        code: 'STORE_UNAVAILABLE',
        message: `Others may write to ${folder}, so nothing in it can be relied on. Close it to them: chmod 700.`,
      })
    await removeLeftovers(folder)
  } catch (error) {
    if (error instanceof CofferError) throw error
    if (codeOf(error) !== 'ENOENT') throw failed('look into', folder, error)
  }
}
