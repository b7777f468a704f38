import { randomBytes } from '@coffer/core'
import { readBody, type StoredSecret, writeBody } from './body.ts'
import { fromBase64, toBase64 } from './bytes.ts'
import {
  contextOf,
  type Envelope,
  type Hidden,
  hiddenContextOf,
  type SecretInfo,
  slotContextOf,
} from './envelope.ts'
import type { Kdf } from './kdf.ts'
import { SEAL_OVERHEAD, seal, unseal, unwrap, WRAPPED, wrap } from './sealed.ts'
import type { Stretcher } from './slots.ts'

/** Which of the two vaults of one text is open, and its data key. */
export interface Opened {
  readonly part: 'outer' | 'hidden'
  readonly dataKey: Uint8Array
}

/** The secrets of an open vault, copies to wipe; `undefined` when the data key is another one or anything was changed. */
export function readContents(
  envelope: Envelope,
  { part, dataKey }: Opened,
): readonly StoredSecret[] | undefined {
  let body: Uint8Array | undefined
  try {
    const { box, context } =
      part === 'outer'
        ? { box: envelope.box, context: contextOf(envelope) }
        : { box: envelope.hidden!.box, context: hiddenContextOf(envelope.id, envelope.hidden!) }
    body = unseal(dataKey, fromBase64(box), context)
    return readBody(body)
  } catch {
    return undefined
  } finally {
    body?.fill(0)
  }
}

/** The same vault, one generation on, with other secrets or other words around them. Throws `VAULT_FULL`. */
export function writeContents(
  before: Envelope,
  { part, dataKey }: Opened,
  secrets: readonly StoredSecret[],
  changes: Pick<Partial<Envelope>, 'slots' | 'shown'> = {},
): Envelope {
  const body = writeBody(secrets, capacityOf(before))
  try {
    if (part === 'hidden') {
      const hidden = before.hidden!
      const box = toBase64(seal(dataKey, body, hiddenContextOf(before.id, hidden)))
      // No word around it changes, so that its owner leaves no trace.
      return { ...before, hidden: { ...hidden, box } }
    }
    const fields = { ...before, ...changes, generation: before.generation + 1 }
    return { ...fields, box: toBase64(seal(dataKey, body, contextOf(fields))) }
  } finally {
    body.fill(0)
  }
}

/** Bytes for the secrets of each of the two vaults; `undefined` where there is no room for a hidden one. */
function capacityOf({ hidden }: Envelope): number | undefined {
  return hidden && fromBase64(hidden.box).length - SEAL_OVERHEAD
}

/** Random bytes where a hidden vault could be; nobody can tell them from one. */
export function emptyRoom(kdf: Kdf, capacity: number): Hidden {
  return {
    kdf,
    wrapped: toBase64(filler(WRAPPED)),
    box: toBase64(filler(capacity + SEAL_OVERHEAD)),
  }
}

/** A hidden vault that a stretched password opens, in the room of `envelope`. Wipes neither. */
export function fillRoom(
  envelope: Envelope,
  {
    material,
    kdf,
    dataKey,
  }: { readonly material: Uint8Array; readonly kdf: Kdf; readonly dataKey: Uint8Array },
  secrets: readonly StoredSecret[],
): Envelope {
  const wrapped = toBase64(wrap(material, dataKey, slotContextOf(envelope.id, { kdf })))
  const emptied: Envelope = { ...envelope, hidden: { ...envelope.hidden!, kdf, wrapped } }
  return writeContents(emptied, { part: 'hidden', dataKey }, secrets)
}

/** The data key of the hidden vault; `undefined` when there is none, or the password is another one. */
export async function openHidden(
  { id, hidden }: Envelope,
  password: string,
  passwords: Stretcher,
): Promise<Uint8Array | undefined> {
  if (!hidden) return undefined
  const { kdf } = hidden
  const material = await passwords.stretch(password, kdf)
  const dataKey = unwrap(material, fromBase64(hidden.wrapped), slotContextOf(id, { kdf }))
  material.fill(0)
  return dataKey
}

export function infoOf({ facts: _, parts: __, ...info }: StoredSecret): SecretInfo {
  return info
}

/** `randomBytes` draws twice to notice a broken generator, of which a screenful is enough. */
function filler(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 1024) bytes.set(randomBytes(1024).subarray(0, length - at), at)
  return bytes
}
