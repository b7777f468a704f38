import { hmac } from '@noble/hashes/hmac.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { publicAddMany } from './engines/many.ts'
import { CofferError } from './error.ts'
import { type HdKey, innerOf, noKey } from './hd-key.ts'
import { HARDENED } from './path.ts'

/** A public key below a node. */
export interface HdPublicChild {
  readonly index: number
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array
}

/** So many keys are derived together: more are no cheaper, and wait in memory. */
const TOGETHER = 128
const MOST = 100_000

/**
 * The public keys of `count` unhardened children in a row, from a public or a private node: those of
 * {@link hdDerivePublic}, several times faster. At most 100,000 at once.
 *
 * Throws `INVALID_PATH` for indexes outside 0 … 2^31 − 1 and where the node is as deep as BIP-32 allows, `INVALID_REQUEST`
 * for a count that is none, `INVALID_KEY` when the node was wiped.
 *
 * @example
 * const receiving = hdDerivePublic(account, 'm/0')
 * hdDerivePublicMany(receiving, 0, 20) // [{ index: 0, publicKey }, { index: 1, publicKey }, …]
 */
export function hdDerivePublicMany(key: HdKey, from: number, count: number): readonly HdPublicChild[] {
  const { engine } = innerOf(key)
  if (!Number.isInteger(count) || count < 0 || count > MOST)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'The number of keys is a whole number from 0 to 100,000. Ask for more in several calls.',
    })
  if (!Number.isInteger(from) || from < 0 || from + count > HARDENED || key.depth >= 255)
    throw new CofferError({
      code: 'INVALID_PATH',
      message: 'Unhardened keys have an index from 0 to 2147483647, and a key path has at most 255 levels.',
    })
  // The chain code is the same for all: its two blocks are hashed once.
  const keyed = hmac.create(sha512, key.chainCode)
  const data = new Uint8Array(37)
  data.set(key.publicKey)
  const view = new DataView(data.buffer)
  const children: HdPublicChild[] = []
  while (children.length < count) {
    const start = from + children.length
    const tweaks = Array.from({ length: Math.min(TOGETHER, from + count - start) }, (_, i) => {
      view.setUint32(33, start + i)
      return keyed.clone().update(data).digest().subarray(0, 32)
    })
    publicAddMany(engine, key.publicKey, tweaks).forEach((publicKey, i) => {
      if (!publicKey) throw noKey([start + i])
      children.push({ index: start + i, publicKey })
    })
  }
  return children
}
