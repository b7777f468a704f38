import { CofferError, parseJson, writeJson } from '@coffer/core'
import { concat, fromUtf8, utf8 } from './bytes.ts'
import type { SecretInfo } from './envelope.ts'

/*
 * What a box holds: JSON about the secrets, then their bytes, then zeros. Bytes, because strings cannot be wiped.
 */

/** One secret at rest. `parts` are bytes: the words, the passphrase and the seed; the xprv; the key. */
export interface StoredSecret extends SecretInfo {
  /** Public facts that its signer needs: origin, testnet, language. */
  readonly facts: Readonly<Record<string, unknown>>
  readonly parts: Readonly<Record<string, Uint8Array>>
}

/** A vault without room for a hidden one grows in steps, so that its length tells little. */
const STEP = 1024

/** Throws `VAULT_FULL` when they do not fit `capacity`, in bytes, which is fixed where there is room for a hidden vault. */
export function writeBody(secrets: readonly StoredSecret[], capacity?: number): Uint8Array {
  const head = utf8(
    writeJson(
      secrets.map(({ parts, ...rest }) => ({
        ...rest,
        parts: Object.fromEntries(Object.entries(parts).map(([name, { length }]) => [name, length])),
      })),
    ),
  )
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, head.length)
  const inOrder = secrets.flatMap(({ parts }) => sorted(parts).map(([, bytes]) => bytes))
  const content = concat(length, head, ...inOrder)
  try {
    if (capacity !== undefined && content.length > capacity)
      throw new CofferError({
        code: 'VAULT_FULL',
        message: `The vault has room for ${capacity} bytes of secrets, which is fixed since there may be a hidden one. Remove some, or make a vault with more room.`,
        details: { capacity },
      })
    const body = new Uint8Array(capacity ?? Math.ceil(content.length / STEP) * STEP)
    body.set(content)
    return body
  } finally {
    content.fill(0)
  }
}

/** Reads what {@link writeBody} wrote; the bytes are copies for the caller to wipe. It was authenticated before. */
export function readBody(body: Uint8Array): readonly StoredSecret[] {
  const headLength = new DataView(body.buffer, body.byteOffset).getUint32(0)
  const list = parseJson(fromUtf8(body.subarray(4, 4 + headLength))) as (Omit<StoredSecret, 'parts'> & {
    readonly parts: Readonly<Record<string, number>>
  })[]
  let at = 4 + headLength
  return list.map(({ parts, ...rest }) => ({
    ...rest,
    parts: Object.fromEntries(
      sorted(parts).map(([name, length]) => {
        at += length
        return [name, body.slice(at - length, at)]
      }),
    ),
  }))
}

export function wipeSecrets(secrets: readonly StoredSecret[]): void {
  for (const { parts } of secrets) for (const bytes of Object.values(parts)) bytes.fill(0)
}

const sorted = <T>(parts: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1))
