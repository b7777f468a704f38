import { hmac } from '@noble/hashes/hmac.js'
import { sha512 } from '@noble/hashes/sha2.js'
import type { Engine } from './engine.ts'
import { CofferError } from './error.ts'
import { formatPath, HARDENED } from './path.ts'

/**
 * A node of a BIP-32 tree. What shows is public; the private key of a private node is kept out of the object, so that
 * printing or serialising a node never leaks it. Read it with {@link hdSecret}, end it with {@link hdWipe}.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki
 */
export interface HdKey {
  /** 0 for the root. */
  readonly depth: number
  /** The last step that led here, with {@link HARDENED} added for a hardened one; 0 for the root. */
  readonly index: number
  /** Eight hex digits; `00000000` for the root. */
  readonly parentFingerprint: string
  /** The first four bytes of this key's HASH160, as eight hex digits. */
  readonly fingerprint: string
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array
  /** 32 bytes. */
  readonly chainCode: Uint8Array
  readonly isPrivate: boolean
}

// ---- inside: what hd.ts and hd-many.ts share ----

export interface Inner {
  readonly engine: Engine
  readonly secret?: Uint8Array
  wiped?: true
}

export const inners: WeakMap<HdKey, Inner> = new WeakMap()

export function innerOf(key: HdKey): Inner {
  const inner = inners.get(key)
  if (!inner)
    throw invalid('This is not a key of hdFromSeed, hdFromXprv or hdFromXpub. A copy of one cannot be used.')
  if (inner.wiped) throw invalid('This key was wiped. Make it again from the seed.')
  return inner
}

export function secretOf(key: HdKey): { engine: Engine; secret: Uint8Array } {
  const { engine, secret } = innerOf(key)
  if (!secret) throw invalid('This key is public. Its private key is needed here.')
  return { engine, secret }
}

/** HMAC-SHA512 of a step: 32 bytes to add to the key, 32 bytes of chain code. Wipes what it was made of. */
export function mix(chainCode: Uint8Array, head: Uint8Array, index: number): Uint8Array {
  const data = new Uint8Array(37)
  data.set(head)
  new DataView(data.buffer).setUint32(33, index)
  const mixed = hmac(sha512, chainCode, data)
  data.fill(0)
  if (head[0] === 0) head.fill(0)
  return mixed
}

export function noKey(indexes: readonly number[]): CofferError {
  return new CofferError({
    code: 'INVALID_PATH',
    message: `No key exists at ${formatPath(indexes)}, which happens once in 2^127 paths. Use the next index.`,
  })
}

export function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_KEY', message })
}
