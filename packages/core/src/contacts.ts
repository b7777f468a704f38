import type { HistoryItem } from './account.ts'
import type { DraftFields } from './draft.ts'
import type { Warning } from './effects.ts'
import type { ChainId } from './ids.ts'
import { parseJson } from './json.ts'
import { type Store, withLock } from './store.ts'

const MOST = 2000

/** Addresses that a wallet knows on a chain. */
export interface Known {
  /** To whom it signed payments. */
  readonly contacts: readonly string[]
  /**
   * To whom histories say that its accounts paid. Nodes tell those, so that one of them makes nobody known: it only makes
   * strangers who look like it suspicious, and itself when it looks like a contact.
   */
  readonly seen: readonly string[]
}

/** What a wallet's store knows of a chain. */
export async function readKnown(store: Store, chain: ChainId): Promise<Known> {
  const [contacts, seen] = await Promise.all([
    readList(store, contactsKey(chain)),
    readList(store, seenKey(chain)),
  ])
  return { contacts, seen }
}

/** Adds those whom the wallet's owner knows by now. */
export function addContacts(store: Store, chain: ChainId, addresses: readonly string[]): Promise<void> {
  return addTo(store, contactsKey(chain), addresses)
}

/**
 * Remembers to whom a page of an account's history says that it paid: people copy addresses from there, and a wallet that
 * was restored has no contacts yet. Chains call it with what their history shows.
 */
export async function rememberPaid(
  store: Store,
  chain: ChainId,
  items: readonly HistoryItem[],
): Promise<void> {
  const paid = items.flatMap(({ direction, amount, to, state }) =>
    direction === 'out' && amount > 0n && to !== null && state !== 'failed' ? [to] : [],
  )
  await addTo(store, seenKey(chain), paid)
}

/**
 * The known address that `address` could be mistaken for: the same beginning and end, as people compare them, and another
 * middle. Undefined for a contact, and where there is none.
 *
 * @example
 * lookalikeOf('0xabcd…(other)…1234', { contacts: ['0xabcd…1234'], seen: [] }) // '0xabcd…1234'
 */
export function lookalikeOf(address: string, { contacts, seen }: Known): string | undefined {
  if (contacts.includes(address)) return undefined
  const face = faceOf(address)
  return [...contacts, ...seen].find((other) => other !== address && faceOf(other) === face)
}

/** For a draft's hints, when somebody whom it pays looks like somebody known. Signing looks for look-alikes by itself. */
export function lookalikeHint(parties: readonly string[], known: Known): { lookalike?: string } {
  const [twin] = parties.flatMap((party) => lookalikeOf(party, known) ?? [])
  return twin === undefined ? {} : { lookalike: twin }
}

/** The warning that such a hint makes, where it names an address. */
export function lookalikeWarnings(
  hints: DraftFields['hints'],
  isAddress: (text: string) => boolean,
): readonly Warning[] {
  const twin = Object.hasOwn(hints, 'lookalike') ? hints['lookalike'] : undefined
  if (twin === undefined || !isAddress(twin)) return []
  const message = `A recipient looks like ${twin}, which is known, but is another address.`
  return [{ code: 'lookalike', message }]
}

/** What all addresses of a kind begin with: `0x`; of bech32 the prefix and the version. */
const SAME = /^(?:0x|[a-z]{1,10}1[02-9ac-hj-np-z](?=[02-9ac-hj-np-z]{8,}$))/

/** What of an address people look at: four characters and the last four, after what is the same in all. */
function faceOf(address: string): string {
  const own = address.replace(SAME, '').toLowerCase()
  return `${own.slice(0, 4)}…${own.slice(-4)}`
}

const contactsKey = (chain: ChainId): string => `contacts/${chain}`
const seenKey = (chain: ChainId): string => `seen/${chain}`

async function readList(store: Store, key: string): Promise<readonly string[]> {
  const text = await store.get(key)
  return text === undefined ? [] : (parseJson(text) as string[])
}

/** The newest {@link MOST} are kept. */
async function addTo(store: Store, key: string, addresses: readonly string[]): Promise<void> {
  if (addresses.length === 0) return
  await withLock(store, key, async () => {
    const known = await readList(store, key)
    const fresh = [...new Set(addresses)].filter((address) => !known.includes(address))
    if (fresh.length > 0) await store.set(key, JSON.stringify([...known, ...fresh].slice(-MOST)))
  })
}
