import { sha256 } from '@noble/hashes/sha2.js'
import type { ChainRules } from '../chain.ts'
import type { AccountDescriptor } from '../draft.ts'
import { CofferError, isCofferError } from '../error.ts'
import type { ChainId } from '../ids.ts'
import { parseJson, writeJson } from '../json.ts'
import { findAccount } from '../offline.ts'
import { type Store, withLock } from '../store.ts'

/** An account that is looked at. */
export interface WatchEntry {
  /** Of chain and descriptor without the origins of its keys, 16 hex digits. */
  readonly id: string
  readonly chain: ChainId
  readonly descriptor: AccountDescriptor
  readonly label?: string
  readonly group?: string
  /** Names the secret that has its key, where there is one: the `id` in a vault. */
  readonly secret?: string
  /** ISO 8601. */
  readonly addedAt: string
}

export interface WatchOptions {
  /** By id or short name. Without it an EVM address is watched on every EVM chain of the list, and others where only one can read them. */
  readonly chain?: string | undefined
  readonly label?: string | undefined
  readonly group?: string | undefined
  readonly secret?: string | undefined
}

type Words = Pick<WatchOptions, 'label' | 'group' | 'secret'>

export interface WatchList {
  readonly chains: readonly ChainRules[]
  /**
   * Adds an address, a CAIP-10 id, an xpub or a descriptor. The same account twice is one entry, with the newer words and, where one
   * of both says it, the origin of its key. Throws `INVALID_ACCOUNT`, `INVALID_ADDRESS`, `UNKNOWN_CHAIN`, `INVALID_REQUEST` for a word
   * that is no text, `STORE_FULL`.
   */
  add(account: string, options?: WatchOptions): Promise<readonly WatchEntry[]>
  /**
   * Adds lines of `[chain ]account[,label[,group]]`; blank ones and those that begin with `#` are passed over. All of them or, when one
   * is wrong, none: `INVALID_REQUEST`, with `details.lines` of every wrong line and why.
   */
  addMany(lines: string, options?: WatchOptions): Promise<readonly WatchEntry[]>
  /** Adds what another list had, as of a backup: all of it or, when one cannot be read, nothing. Throws what `add` throws. */
  addEntries(
    entries: readonly (WatchOptions & { readonly descriptor: string })[],
  ): Promise<readonly WatchEntry[]>
  entries(filter?: { readonly group?: string | undefined }): Promise<readonly WatchEntry[]>
  /**
   * Changes label, group or secret; an empty text takes it away, and what is not given stays. Throws `INVALID_REQUEST` when there is no
   * such entry or a word is no text, `STORE_FULL`.
   */
  change(id: string, words: Words): Promise<WatchEntry>
  remove(id: string): Promise<void>
}

/** So many cost a second to read and to write. */
const MOST = 100_000
const MOST_BYTES = 50_000_000

/** Up to its words. It has commas between keys, and a # before its checksum; several of `addr(…)` are one account. */
const DESCRIPTOR = /^(?:[^\s,(]+\s+)?(?:[-\w]+:[-\w]+:)?[a-z]+\(.*?\)(?:#\w*)?\s*(?=$|,(?!\s*addr\())/

/**
 * Accounts that are only looked at, kept in a store as one value, so that two tabs lose nothing and ten thousand are fine.
 *
 * @example
 * const list = watchList({ store, chains: [ethereum(), bitcoin()] })
 * await list.add('0x7099…79C8', { label: 'cold', group: 'savings' })
 * await list.add('[d34db33f/84h/0h/0h]xpub…')
 */
export function watchList(config: {
  readonly store: Store
  readonly chains: readonly ChainRules[]
  /** Where in the store; `watch` when not given. */
  readonly name?: string | undefined
}): WatchList {
  const { store, chains, name = 'watch' } = config
  const read = async (): Promise<readonly WatchEntry[]> => readList(await store.get(name))
  const change = <T>(edit: (entries: Map<string, WatchEntry>) => T): Promise<T> =>
    withLock(store, name, async () => {
      const entries = new Map((await read()).map((entry) => [entry.id, entry]))
      const result = edit(entries)
      if (entries.size > MOST)
        throw new CofferError({
          code: 'STORE_FULL',
          message: `A list holds ${MOST} accounts. Take another name for more of them.`,
        })
      const text = writeJson({ v: 1, entries: [...entries.values()] })
      if (new TextEncoder().encode(text).length > MOST_BYTES)
        throw new CofferError({
          code: 'STORE_FULL',
          message: `A list holds ${MOST_BYTES} bytes. Take shorter words, or another name for more accounts.`,
          details: { limit: MOST_BYTES },
        })
      await store.set(name, text)
      return result
    })
  const put = (added: readonly WatchEntry[]): Promise<readonly WatchEntry[]> =>
    change((entries) =>
      added.map((entry) => {
        const known = entries.get(entry.id)
        const { descriptor } = originsIn(known) > originsIn(entry) ? known! : entry
        const next = checked(known ? { ...known, ...entry, descriptor, addedAt: known.addedAt } : entry)
        entries.set(entry.id, next)
        return next
      }),
    )

  return {
    chains,
    add: async (account, options = {}) => put(entriesOf(chains, account, options)),
    addMany: async (lines, options = {}) => {
      const wrong: { readonly line: number; readonly reason: string }[] = []
      const added = lines.split(/\r?\n/).flatMap((line, i) => {
        const text = line.trim()
        if (text.startsWith('#')) return []
        const [account] = DESCRIPTOR.exec(text) ?? text.split(',')
        const first = account!.trim()
        const [, label, group] = text
          .slice(account!.length)
          .split(',')
          .map((cell) => cell.trim())
        const [, named, rest] = /^([^\s(]+)\s+(\S.*)$/.exec(first) ?? []
        const whole = rest ?? first
        if (whole === '') return []
        try {
          return entriesOf(chains, whole, {
            ...options,
            ...(named === undefined ? {} : { chain: named }),
            ...(label ? { label } : {}),
            ...(group ? { group } : {}),
          })
        } catch (error) {
          if (!isCofferError(error)) throw error
          wrong.push({ line: i + 1, reason: error.message })
          return []
        }
      })
      if (wrong.length > 0)
        throw new CofferError({
          code: 'INVALID_REQUEST',
          message: `Line ${wrong[0]!.line} cannot be watched: ${wrong[0]!.reason}${wrong.length > 1 ? ` ${wrong.length - 1} more are wrong.` : ''} Nothing was added.`,
          details: { lines: wrong },
        })
      return put(added)
    },
    addEntries: async (entries) =>
      put(entries.flatMap(({ descriptor, ...options }) => entriesOf(chains, descriptor, options))),
    entries: async ({ group } = {}) =>
      (await read()).filter((entry) => group === undefined || entry.group === group),
    change: (id, words) =>
      change((entries) => {
        const known = entries.get(id) ?? raise(unknown(id))
        const next = tidy(checked({ ...known, ...given(words) }))
        entries.set(id, next)
        return next
      }),
    remove: (id) =>
      change((entries) => {
        if (!entries.delete(id)) throw unknown(id)
      }),
  }
}

/** What a text stands for: one account, or the same address on every EVM chain. */
function entriesOf(
  chains: readonly ChainRules[],
  account: string,
  { chain: name, ...words }: WatchOptions,
): readonly WatchEntry[] {
  const text = String(account).trim()
  const made = (found: { readonly chain: ChainRules; readonly descriptor: AccountDescriptor }): WatchEntry =>
    tidy({
      id: idOf(found.chain.id, found.descriptor),
      chain: found.chain.id,
      descriptor: found.descriptor,
      ...given(words),
      addedAt: new Date().toISOString(),
    })
  const readers = chains.filter((chain) => canRead(chain, text))
  const main = readers.filter(({ testnet }) => !testnet)
  const meant = main.length > 0 ? main : readers
  const isNamed = name !== undefined || /^(\[[^\]]*\])?[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}:/.test(text)
  if (!isNamed && meant.length > 0 && meant.every(({ family }) => family === 'evm'))
    return meant.map((chain) => made(findAccount(chains, text, chain.id)))
  if (!isNamed && meant.length === 1) return [made(findAccount(chains, text, meant[0]!.id))]
  return [made(findAccount(chains, text, name))]
}

function canRead(chain: ChainRules, text: string): boolean {
  try {
    chain.parseAccount(text)
    return true
  } catch {
    return false
  }
}

/** The same with and without the origins of its keys, so that no money is counted twice. */
function idOf(chain: string, descriptor: string): string {
  const account = descriptor.replace(/\[[^\]]*\]|#\w*$/g, '')
  const hash = sha256(new TextEncoder().encode(`${chain} ${account}`)).subarray(0, 8)
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function originsIn(entry: WatchEntry | undefined): number {
  return entry?.descriptor.split('[').length ?? 0
}

/** The words that were given, and nothing else: what is not known here might not be read again. */
function given({ label, group, secret }: Words): Words {
  return Object.fromEntries(
    Object.entries({ label, group, secret }).filter(([, value]) => value !== undefined),
  )
}

/** What {@link readList} would refuse is not written. */
function checked(entry: { readonly [K in keyof WatchEntry]: WatchEntry[K] | undefined }): WatchEntry {
  if (isEntry(entry)) return entry
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: 'The label, group and secret of a watched account are texts. Nothing was changed.',
  })
}

/** Without empty words. */
function tidy(entry: { readonly [K in keyof WatchEntry]: WatchEntry[K] | undefined }): WatchEntry {
  return Object.fromEntries(
    Object.entries(entry).filter(([, value]) => value !== undefined && value !== null && value !== ''),
  ) as unknown as WatchEntry
}

function readList(text: string | undefined): readonly WatchEntry[] {
  if (text === undefined) return []
  const { v, entries } = (parseJson(text, { maxBytes: MOST_BYTES, maxDepth: 4 }) ?? {}) as {
    readonly v?: unknown
    readonly entries?: unknown
  }
  if (v === 1 && Array.isArray(entries) && entries.every(isEntry)) return entries
  throw new CofferError({
    code: 'INVALID_JSON',
    message: 'The list of watched accounts cannot be read: it is of another version, or was changed.',
  })
}

function isEntry(value: unknown): value is WatchEntry {
  if (typeof value !== 'object' || value === null) return false
  const { id, chain, descriptor, addedAt, label = '', group = '', secret = '' } = value as WatchEntry
  return [id, chain, descriptor, addedAt, label, group, secret].every((part) => typeof part === 'string')
}

function unknown(id: string): CofferError {
  return new CofferError({
    code: 'INVALID_REQUEST',
    message: `The list has no entry ${JSON.stringify(String(id).slice(0, 40))}.`,
  })
}

function raise(error: CofferError): never {
  throw error
}
