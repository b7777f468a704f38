import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { HDKey } from '@scure/bip32'
import { StatusWord } from './apdu.ts'

const HARDENED = 0x80000000
const LONGEST_PATH = 10

export const hardened = (index: number): number => index + HARDENED

/** A key path as the commands have it (how many steps, then each in four bytes) and what follows; `undefined` for what is none. */
export function readPath(data: Uint8Array): { path: number[]; rest: Uint8Array } | undefined {
  const [steps = 0] = data
  if (steps === 0 || steps > LONGEST_PATH || data.length < 1 + 4 * steps) return undefined
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const path = Array.from({ length: steps }, (_, step) => view.getUint32(1 + 4 * step))
  return { path, rest: data.slice(1 + 4 * steps) }
}

/** The key at a path, for an app that may use what lies under `prefixes` alone; throws `word` for another path. */
export function keyAt(
  root: HDKey,
  path: readonly number[],
  prefixes: readonly (readonly number[])[],
  word: number,
): HDKey {
  if (!prefixes.some((prefix) => prefix.every((step, at) => path[at] === step))) throw new StatusWord(word)
  return path.reduce((key, step) => key.deriveChild(step), root)
}

/** The public key, 65 bytes. */
export function uncompressed(key: HDKey): Uint8Array {
  return secp256k1.Point.fromBytes(key.publicKey!).toBytes(false)
}

/** r‖s (RFC 6979, low s) and the parity of R. */
export function signHash(key: HDKey, hash: Uint8Array): { rs: Uint8Array; parity: number } {
  const [parity = 0, ...rs] = secp256k1.sign(hash, key.privateKey!, { prehash: false, format: 'recovered' })
  return { rs: Uint8Array.from(rs), parity }
}
