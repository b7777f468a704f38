import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'

export const number = (bytes: Uint8Array): bigint => bytesToNumberBE(bytes)

export const toBytes = (value: bigint): Uint8Array => numberToBytesBE(value, 32)

export const isLong = (value: unknown, length: number): value is Uint8Array =>
  value instanceof Uint8Array && value.length === length

/** The tagged hash of BIP-340. */
export const tagged = (tag: string, ...parts: Uint8Array[]): Uint8Array => {
  const name = sha256(utf8ToBytes(tag))
  const hash = sha256.create().update(name).update(name)
  // One after the other: a part may be secret, and a copy of all would stay behind.
  for (const part of parts) hash.update(part)
  return hash.digest()
}
