import { CofferError, type Store, withLock } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { fromBase64, fromUtf8, toBase64, utf8 } from './bytes.ts'
import { toHex } from './envelope.ts'

/** What a platform keeps: short texts under short names of letters, digits, `_` and `-`. */
export interface Items {
  /** For people, such as `Telegram's cloud`. */
  readonly name: string
  /** Characters of a value. */
  readonly maxValue: number
  /** Characters of a name. */
  readonly maxName: number
  /** `undefined` for what is not there, however the platform says that. */
  get(name: string): Promise<string | undefined>
  set(name: string, value: string): Promise<void>
  remove(name: string): Promise<void>
  /** Every name; absent where the platform does not tell. */
  names?(): Promise<readonly string[]>
}

/** Before the names of heads, of chunks, and of the list of keys where one is needed. */
const HEAD = 'k_'
const CHUNK = 'c_'
const INDEX = 'index'

/**
 * A store over such items: any key and value, atomic per key. A value that is too long for one item goes into chunks under new names,
 * is read back, and takes the old one's place when its head is written; a reader sees the one or the other. Sums tell a whole value
 * from a damaged one: `STORE_FAILED`.
 */
export function chunkedStore(items: Items): Store {
  const nameOf = (key: string): string => {
    const name = HEAD + toBase64(utf8(key))
    if (name.length <= items.maxName) return name
    throw new CofferError({
      code: 'STORE_FULL',
      message: `A key of ${key.length} characters is too long for ${items.name}. Take a shorter one.`,
      details: { longest: Math.floor(((items.maxName - HEAD.length) * 3) / 4) },
    })
  }
  /** Small writes of lists and heads depend on what is there, so one follows the other. */
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => withLock(store, 'items', task)

  const write = async (name: string, value: string): Promise<void> => {
    const sum = sumOf(value)
    const text = packed(value)
    const before = readHead(await items.get(name))
    const inline = `i.${sum}.${text}`
    if (inline.length <= items.maxValue) await setChecked(items, name, inline)
    else {
      const generation = before?.generation === 'a' ? 'b' : 'a'
      const chunks = cut(text, items.maxValue)
      for (const [i, chunk] of chunks.entries())
        await setChecked(items, chunkName(name, generation, i), chunk)
      await setChecked(items, name, `c.${generation}.${chunks.length}.${sum}`)
    }
    await removeChunks(name, before)
  }
  const removeChunks = async (name: string, head: Head | undefined): Promise<void> => {
    for (let i = 0; i < (head?.count ?? 0); i++) await items.remove(chunkName(name, head!.generation, i))
  }
  const read = async (name: string): Promise<string | undefined> => {
    // A writer elsewhere may take the chunks away while they are read; then there is a new head.
    for (let last: string | undefined; ; ) {
      const text = await items.get(name)
      if (text === undefined) return undefined
      const value = await valueIn(name, text)
      if (value !== undefined) return value
      if (text === last) throw damaged(items)
      last = text
    }
  }
  const valueIn = async (name: string, text: string): Promise<string | undefined> => {
    const head = readHead(text)
    if (!head) return undefined
    const chunks: (string | undefined)[] = [head.inline]
    for (let i = 0; i < head.count; i++) chunks.push(await items.get(chunkName(name, head.generation, i)))
    if (head.count > 0 && chunks.slice(1).includes(undefined)) return undefined
    const value = unpacked(chunks.join(''))
    return value !== undefined && sumOf(value) === head.sum ? value : undefined
  }

  /** Where the platform lists no names, the keys are kept as a value. */
  const index = async (): Promise<string[]> => JSON.parse((await read(INDEX)) ?? '[]') as string[]
  const store: Store = {
    get: async (key) => {
      const value = await read(nameOf(key))
      if (value !== undefined || items.names) return value
      if (!(await inTurn(index)).includes(key)) return undefined
      // Another value may have been written since.
      const again = await read(nameOf(key))
      if (again !== undefined) return again
      throw new CofferError({
        code: 'STORE_INVALIDATED',
        message: `${items.name} threw away what it held. Restore it from a backup, or unlock in another way.`,
      })
    },
    set: (key, value) =>
      inTurn(async () => {
        await write(nameOf(key), value)
        if (items.names) return
        const keys = await index()
        if (!keys.includes(key)) await write(INDEX, JSON.stringify([...keys, key]))
      }),
    delete: (key) =>
      inTurn(async () => {
        const name = nameOf(key)
        if (!items.names) {
          const keys = await index()
          if (keys.includes(key)) await write(INDEX, JSON.stringify(keys.filter((one) => one !== key)))
        }
        const head = readHead(await items.get(name))
        await items.remove(name)
        await removeChunks(name, head)
      }),
    keys: async (prefix = '') => {
      const keys = items.names
        ? (await items.names()).flatMap((name) => (name.startsWith(HEAD) ? [keyOf(name)] : []))
        : await inTurn(index)
      return keys.filter((key) => key.startsWith(prefix))
    },
  }
  return store
}

interface Head {
  readonly inline: string
  readonly generation: string
  readonly count: number
  readonly sum: string
}

function readHead(text: string | undefined): Head | undefined {
  const inline = /^i\.([0-9a-f]{16})\.([ -~]*)$/.exec(text ?? '')
  if (inline) return { inline: inline[2]!, generation: '', count: 0, sum: inline[1]! }
  const chunked = /^c\.([ab])\.([1-9][0-9]{0,4})\.([0-9a-f]{16})$/.exec(text ?? '')
  if (!chunked) return undefined
  return { inline: '', generation: chunked[1]!, count: Number(chunked[2]), sum: chunked[3]! }
}

const chunkName = (name: string, generation: string, i: number): string =>
  `${CHUNK}${toHex(sha256(utf8(name)).subarray(0, 12))}_${generation}_${i}`

const keyOf = (name: string): string => fromUtf8(fromBase64(name.slice(HEAD.length)))

const sumOf = (value: string): string => toHex(sha256(utf8(value)).subarray(0, 8))

/** ASCII as it is; anything else as bytes, since platforms count and cut it in ways of their own. */
function packed(value: string): string {
  return /^[ -~]*$/.test(value) ? `t${value}` : `b${toBase64(utf8(value))}`
}

function unpacked(text: string): string | undefined {
  try {
    if (text.startsWith('t')) return text.slice(1)
    return text.startsWith('b') ? fromUtf8(fromBase64(text.slice(1))) : undefined
  } catch {
    return undefined
  }
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

function damaged({ name }: Items): CofferError {
  return new CofferError({
    code: 'STORE_FAILED',
    message: `${name} gives back something else than was written. Restore it from a backup.`,
    details: { damaged: true },
  })
}
