import type { Effect } from './effects.ts'
import type { ChainId } from './ids.ts'
import { parseJson } from './json.ts'
import { type Store, withLock } from './store.ts'

const MOST = 2000

/**
 * The addresses of a chain that this wallet signed payments to. Nothing else makes a contact: rows in a history are
 * written by anybody.
 */
export async function readContacts(store: Store, chain: ChainId): Promise<readonly string[]> {
  const text = await store.get(keyOf(chain))
  return text === undefined ? [] : (parseJson(text) as string[])
}

/** Adds those to whom a signed draft pays something; the newest {@link MOST} are kept. */
export async function addContacts(store: Store, chain: ChainId, effects: readonly Effect[]): Promise<void> {
  const paid = effects.flatMap((effect) =>
    effect.kind === 'transfer' && effect.amount > 0n ? [effect.to] : [],
  )
  if (paid.length === 0) return
  await withLock(store, keyOf(chain), async () => {
    const known = await readContacts(store, chain)
    const fresh = [...new Set(paid)].filter((address) => !known.includes(address))
    if (fresh.length > 0) await store.set(keyOf(chain), JSON.stringify([...known, ...fresh].slice(-MOST)))
  })
}

/**
 * The known address that `address` could be mistaken for: the same beginning and end, as people compare them, and another
 * middle. Undefined for a known address, and where there is none.
 *
 * @example
 * lookalikeOf('0xabcd…(other)…1234', ['0xabcd…1234']) // '0xabcd…1234'
 */
export function lookalikeOf(address: string, known: readonly string[]): string | undefined {
  if (known.includes(address)) return undefined
  const face = faceOf(address)
  return known.find((other) => faceOf(other) === face)
}

/** What of an address people look at: six characters and the last four. */
function faceOf(address: string): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`.toLowerCase()
}

const keyOf = (chain: ChainId): string => `contacts/${chain}`
