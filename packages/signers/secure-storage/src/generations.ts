import { CofferError, isCofferError, type Store } from '@coffer/core'
import { type Envelope, readEnvelope, writeEnvelope } from './envelope.ts'

/*
 * A vault rests under three keys of its store. A write puts the new text under `next`, reads it back, keeps the old one as
 * `previous`, puts the new one in its place, and takes `next` away. Whenever this is cut short, a whole text is left, the old or
 * the new one, also in a store that tears what it writes.
 */

export type Generation = 'current' | 'previous'

/** What is there: `damaged` when it cannot be read, which looks like a wrong password to who opens it. */
export type Loaded = Envelope | 'damaged'

const keysOf = (name: string) => ({ current: name, next: `${name}/next`, previous: `${name}/previous` })

/** The vault of this name; `undefined` when there is none. */
export async function loadVault(
  store: Store,
  name: string,
  generation: Generation = 'current',
): Promise<Loaded | undefined> {
  const keys = keysOf(name)
  const read = async (key: string): Promise<Loaded | undefined> => {
    const text = await textOf(store, key)
    return text === undefined || text === 'damaged' ? text : (readEnvelope(text) ?? 'damaged')
  }
  if (generation === 'previous') return read(keys.previous)
  const current = await read(keys.current)
  if (current && current !== 'damaged') return current
  // Only a write that was cut short leaves `next`, so that a text which somebody changed is never passed over in silence.
  const next = await read(keys.next)
  const previous = await read(keys.previous)
  if (next && next !== 'damaged') return next
  if (next || !current) return previous ?? current
  return current
}

/**
 * Writes a vault; throws `STORE_FAILED` when what is read back is something else. With `forget` the generation before it is
 * replaced by a second copy: what an old password opened must not lie on beside the new one.
 */
export async function saveVault(
  store: Store,
  name: string,
  envelope: Envelope,
  { forget = false }: { readonly forget?: boolean } = {},
): Promise<void> {
  const keys = keysOf(name)
  const text = writeEnvelope(envelope)
  await setChecked(store, keys.next, text)
  const before = await textOf(store, keys.current)
  if (before !== undefined && readEnvelope(before)) await store.set(keys.previous, before)
  await setChecked(store, keys.current, text)
  // Each once more, since a store may keep the value before the last one as well.
  if (forget)
    for (const key of [keys.current, keys.previous, keys.previous]) await setChecked(store, key, text)
  await store.delete(keys.next)
}

/** Ends a write that was cut short: what was chosen when it was read is all that is left. */
export async function settleVault(store: Store, name: string): Promise<void> {
  if ((await textOf(store, keysOf(name).next)) === undefined) return
  const loaded = await loadVault(store, name)
  // It may have been cut short before it had forgotten what it should.
  if (loaded && loaded !== 'damaged') await saveVault(store, name, loaded, { forget: true })
}

/** Forgets every text of a vault, and its count of tries. */
export async function eraseVault(store: Store, name: string): Promise<void> {
  const keys = keysOf(name)
  for (const key of await store.keys(`${name}/attempts/`)) await store.delete(key)
  for (const key of [keys.previous, keys.next, keys.current]) await store.delete(key)
}

/** The value of a key, `damaged` where the store notices by itself that it is not what was written. */
export async function textOf(store: Store, key: string): Promise<string | undefined> {
  try {
    return await store.get(key)
  } catch (error) {
    if (isCofferError(error, 'STORE_FAILED') && error.details['damaged'] === true) return 'damaged'
    throw error
  }
}

async function setChecked(store: Store, key: string, text: string): Promise<void> {
  await store.set(key, text)
  if ((await store.get(key)) === text) return
  throw new CofferError({
    code: 'STORE_FAILED',
    message: 'The store gives back something else than was written. Do not rely on it: use another store.',
  })
}
