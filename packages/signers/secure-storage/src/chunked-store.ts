import { CofferError, parseJson, randomBytes, type Store } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { fromBase64, fromUtf8, toBase64, utf8 } from './bytes.ts'
import { toHex } from './envelope.ts'
import { inTurn } from './turns.ts'
import { checkWhole } from './whole.ts'

/** What a platform keeps: short texts under short names of letters, digits, `_` and `-`. */
export interface Items {
  /** For people, such as `Telegram's cloud`; stores of one name wait for each other. */
  readonly name: string
  /** Characters of a value. */
  readonly maxValue: number
  /** Characters of a name. */
  readonly maxName: number
  /** `undefined` for what is not there, however the platform says that. */
  get(name: string): Promise<string | undefined>
  set(name: string, value: string): Promise<void>
  remove(name: string): Promise<unknown>
  /** Every name, also foreign ones; absent where the platform does not tell. */
  names?(): Promise<readonly string[]>
  /**
   * Writes over a piece that belongs to no value any more. Present where what is set comes to rest later than what is removed is gone:
   * a piece that was removed would be missing where the power goes before the new value rests.
   */
  empty?(name: string): Promise<void>
}

/** Before the names of heads, of chunks, and of the list of keys where one is needed. */
const HEAD = 'k_'
const CHUNK = 'c_'
const INDEX = 'index'

/** Characters of a value: a head that somebody forged must not ask for chunks without end. */
const LONGEST = 10_000_000

/** Of reading a value whose head goes on changing. */
const MOST_TRIES = 20

/**
 * A store over such items: any key and value, atomic per key. A value that is too long for one item goes into chunks under new names,
 * is read back, and takes the old one's place when its head is written; a reader sees the one or the other. Sums tell a whole value
 * from a damaged one: `STORE_FAILED`.
 */
export function chunkedStore(items: Items): Store {
  const nameOf = (key: string): string => {
    checkWhole('key', key)
    const name = HEAD + toBase64(utf8(key))
    if (name.length <= items.maxName) return name
    throw tooLong('key', Math.floor(((items.maxName - HEAD.length) * 3) / 4), items)
  }
  /** Small writes of lists and heads depend on what is there, so one follows the other. */
  const after = <T>(task: () => Promise<T>): Promise<T> => inTurn(items.name, task)
  const headOf = async (name: string): Promise<Head | undefined> => readHead(await items.get(name), items)

  const write = async (name: string, value: string): Promise<void> => {
    checkWhole('value', value)
    const sum = sumOf(value)
    const text = packed(value)
    // Read first: where a keychain is locked, this fails before anything is written.
    let before = await headOf(name)
    const inline = `i.${sum}.${text}`
    if (inline.length <= items.maxValue) await setChecked(items, name, inline)
    else {
      if (text.length > LONGEST) throw tooLong('value', LONGEST, items)
      const chunks = cut(text, items.maxValue)
      const generation = generationAfter(before)
      await writeChunks(name, generation, chunks)
      if (items.names) before = await headOf(name)
      await setChecked(items, name, `c.${generation}.${chunks.length}.${sum}`)
    }
    await dropChunks(name, before)
  }
  /** Where names are listed, other devices may write at the same time, and their chunks and these must not meet. */
  const generationAfter = (before: Head | undefined): string => {
    if (items.names) return toHex(randomBytes(4))
    return before?.generation === 'a' ? 'b' : 'a'
  }
  const writeChunks = async (name: string, generation: string, chunks: readonly string[]): Promise<void> => {
    try {
      for (const [i, chunk] of chunks.entries())
        await setChecked(items, chunkName(name, generation, i), chunk)
    } catch (error) {
      // What is of no use must not fill the place up.
      await dropChunks(name, { generation, count: chunks.length }).catch(() => {})
      throw error
    }
  }
  /** Of a value that is replaced, or was not written whole. */
  const dropChunks = async (name: string, { generation, count }: Pieces = NONE): Promise<void> => {
    for (let i = 0; i < count; i++) await drop(chunkName(name, generation, i))
  }
  const drop = items.empty ?? items.remove
  const read = async (name: string): Promise<string | undefined> => {
    // A writer elsewhere may take the chunks away while they are read; then there is a new head.
    let last: string | undefined
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const text = await items.get(name)
      if (text === undefined) return undefined
      const value = await valueIn(name, text)
      if (value !== undefined) return value
      if (text === last) break
      last = text
    }
    throw damaged(items)
  }
  const valueIn = async (name: string, text: string): Promise<string | undefined> => {
    const head = readHead(text, items)
    if (!head) return undefined
    const chunks = [head.inline]
    for (let i = 0; i < head.count; i++) {
      const chunk = await items.get(chunkName(name, head.generation, i))
      if (chunk === undefined) return undefined
      chunks.push(chunk)
    }
    const value = unpacked(chunks.join(''))
    return value !== undefined && sumOf(value) === head.sum ? value : undefined
  }

  /** Where the platform lists no names, the keys are kept as a value. */
  const index = async (): Promise<readonly string[]> => readIndex((await read(INDEX)) ?? '[]', items)
  const store: Store = {
    get: async (key) => {
      const value = await read(nameOf(key))
      if (value !== undefined || items.names) return value
      if (!(await after(index)).includes(key)) return undefined
      // Another value may have been written since.
      const again = await read(nameOf(key))
      if (again !== undefined) return again
      throw new CofferError({
        code: 'STORE_INVALIDATED',
        message: `${items.name} threw away what it held. Restore it from a backup, or unlock in another way.`,
      })
    },
    set: (key, value) =>
      after(async () => {
        await write(nameOf(key), value)
        if (items.names) return
        const keys = await index()
        if (!keys.includes(key)) await write(INDEX, JSON.stringify([...keys, key]))
      }),
    delete: (key) =>
      after(async () => {
        const name = nameOf(key)
        if (!items.names) {
          const keys = await index()
          if (keys.includes(key)) await write(INDEX, JSON.stringify(keys.filter((one) => one !== key)))
        }
        const head = await headOf(name)
        await items.remove(name)
        await dropChunks(name, head)
        // Those that were written over, of both generations.
        for (const generation of items.empty ? 'ab' : '')
          for (let i = 0; (await items.get(chunkName(name, generation, i))) !== undefined; i++)
            await items.remove(chunkName(name, generation, i))
      }),
    keys: async (prefix = '') => {
      const keys = items.names
        ? (await items.names()).flatMap((name) => keyOf(name) ?? [])
        : await after(index)
      return keys.filter((key) => key.startsWith(prefix))
    },
  }
  return store
}

interface Pieces {
  readonly generation: string
  readonly count: number
}

interface Head extends Pieces {
  readonly inline: string
  readonly sum: string
}

const NONE: Pieces = { generation: '', count: 0 }

function readHead(text: string | undefined, { maxValue }: Items): Head | undefined {
  const inline = /^i\.([0-9a-f]{16})\.([ -~]*)$/.exec(text ?? '')
  if (inline) return { inline: inline[2]!, generation: '', count: 0, sum: inline[1]! }
  const chunked = /^c\.([0-9a-f]{1,8})\.([1-9][0-9]{0,4})\.([0-9a-f]{16})$/.exec(text ?? '')
  if (!chunked || Number(chunked[2]) > Math.ceil(LONGEST / maxValue)) return undefined
  return { inline: '', generation: chunked[1]!, count: Number(chunked[2]), sum: chunked[3]! }
}

function readIndex(text: string, items: Items): readonly string[] {
  let list: unknown
  try {
    list = parseJson(text)
  } catch {
    // Told below.
  }
  if (Array.isArray(list) && list.every((key) => typeof key === 'string')) return list as string[]
  throw damaged(items)
}

const chunkName = (name: string, generation: string, i: number): string =>
  `${CHUNK}${toHex(sha256(utf8(name)).subarray(0, 12))}_${generation}_${i}`

/** `undefined` for chunks, and for what others keep in the same place. */
function keyOf(name: string): string | undefined {
  return name.startsWith(HEAD) ? decoded(name.slice(HEAD.length)) : undefined
}

/** `undefined` for what is no base64 of UTF-8. */
function decoded(base64: string): string | undefined {
  try {
    return fromUtf8(fromBase64(base64))
  } catch {
    return undefined
  }
}

const sumOf = (value: string): string => toHex(sha256(utf8(value)).subarray(0, 8))

/** ASCII as it is; anything else as bytes, since platforms count and cut it in ways of their own. */
function packed(value: string): string {
  return /^[ -~]*$/.test(value) ? `t${value}` : `b${toBase64(utf8(value))}`
}

function unpacked(text: string): string | undefined {
  if (text.startsWith('t')) return text.slice(1)
  return text.startsWith('b') ? decoded(text.slice(1)) : undefined
}

function cut(text: string, length: number): string[] {
  return Array.from({ length: Math.ceil(text.length / length) }, (_, i) =>
    text.slice(i * length, (i + 1) * length),
  )
}

async function setChecked(items: Items, name: string, value: string): Promise<void> {
  await items.set(name, value)
  if ((await items.get(name)) !== value) throw damaged(items)
}

function tooLong(what: string, longest: number, { name }: Items): CofferError {
  return new CofferError({
    code: 'STORE_FULL',
    message: `A ${what} may have ${longest} characters in ${name}. Take a shorter one.`,
    details: { longest },
  })
}

function damaged({ name }: Items): CofferError {
  return new CofferError({
    code: 'STORE_FAILED',
    message: `${name} gives back something else than was written. Restore it from a backup.`,
    details: { damaged: true },
  })
}
