import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Store, withLock } from '@coffer/core'
import { codeOf, failed, readIfThere, removeFile, writeWhole } from './files.ts'

/**
 * A store in a folder: one file for each key, written whole or not at all, readable by its owner alone.
 *
 * A file begins with its key and a line break, since names of files are too short, and on some systems too careless of
 * capital letters, to hold every key; what follows is the value.
 */
export function fileStore(folder: string): Store {
  const pathOf = (key: string): string => join(folder, nameOf(key))
  /** Writes of one key happen in the order in which they were asked for. */
  const inTurn = (key: string, write: () => Promise<void>): Promise<void> =>
    withLock(store, `write ${key}`, write)
  const store: Store = {
    get: async (key) => {
      const text = await readIfThere(pathOf(key))
      return text?.slice(text.indexOf('\n') + 1)
    },
    set: (key, value) => inTurn(key, () => writeWhole(pathOf(key), `${JSON.stringify(key)}\n${value}`)),
    delete: (key) => inTurn(key, () => removeFile(pathOf(key))),
    keys: async (prefix = '') => {
      const texts = await Promise.all((await namesIn(folder)).map((name) => readIfThere(join(folder, name))))
      return texts
        .filter((text) => text !== undefined)
        .map((text) => JSON.parse(text.slice(0, text.indexOf('\n'))) as string)
        .filter((key) => key.startsWith(prefix))
    },
  }
  return store
}

/** A readable beginning and a hash, so that different keys never share a file. */
function nameOf(key: string): string {
  const readable = key
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
  return `${readable}.${createHash('sha256').update(key, 'utf8').digest('hex').slice(0, 32)}`
}

/** Temporary files of a write begin with a point. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith('.'))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw failed('list', folder, error)
  }
}
