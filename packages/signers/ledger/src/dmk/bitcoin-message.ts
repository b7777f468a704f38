import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js'
import type { DmkTransport } from './link.ts'
import { pathBytes, rawCommand } from './raw.ts'

const OK = 0x9000
/** The app asks for more of what it was promised. */
const QUESTION = 0xe000

const PREIMAGE = 0x40
const LEAF_PROOF = 0x41
const MORE = 0xa0

const CHUNK = 64
/** Hashes that go into one command after the hash of a leaf and two lengths, and after two lengths. */
const [FIRST_HASHES, MORE_HASHES] = [6, 7]

/**
 * Has the Bitcoin app sign bytes with its own command: it is promised the root of a Merkle tree of the message in chunks of 64
 * bytes, and asks for each with its proof. Returns r ‖ s.
 *
 * @see https://github.com/LedgerHQ/app-bitcoin-new/blob/develop/doc/bitcoin.md#sign_message
 */
export async function signBitcoinMessage(
  transport: DmkTransport,
  { path, message }: { readonly path: string; readonly message: Uint8Array },
): Promise<Uint8Array> {
  const leaves: Uint8Array[] = []
  for (let at = 0; at < message.length; at += CHUNK)
    leaves.push(concatBytes(Uint8Array.of(0), message.subarray(at, at + CHUNK)))
  const hashes = leaves.map((leaf) => sha256(leaf))
  const preimages = new Map(leaves.map((leaf, index) => [bytesToHex(hashes[index]!), leaf]))
  let rest: readonly Uint8Array[] = []

  const answerTo = ([question, ...bytes]: Uint8Array): Uint8Array => {
    if (question === PREIMAGE) {
      const preimage = preimages.get(bytesToHex(Uint8Array.from(bytes.slice(1, 33))))
      if (preimage) return Uint8Array.of(preimage.length, preimage.length, ...preimage)
    }
    if (question === LEAF_PROOF) {
      const [, afterSize] = readVarint(bytes, 32)
      const [index] = readVarint(bytes, afterSize)
      const hash = hashes[index]
      if (hash) {
        const proof = proofOf(hashes, index)
        rest = proof.slice(FIRST_HASHES)
        const now = proof.slice(0, FIRST_HASHES)
        return concatBytes(hash, Uint8Array.of(proof.length, now.length), ...now)
      }
    }
    if (question === MORE) {
      const now = rest.slice(0, MORE_HASHES)
      rest = rest.slice(MORE_HASHES)
      return concatBytes(Uint8Array.of(now.length, 32), ...now)
    }
    throw new Error(`The Bitcoin app asks what is no part of a message: ${question}.`)
  }

  const request = concatBytes(pathBytes(path), varint(message.length), rootOf(hashes))
  let answer = await rawCommand(transport, [0xe1, 0x10, 0, 1], request, [OK, QUESTION])
  while (answer.word === QUESTION)
    answer = await rawCommand(transport, [0xf8, 0x01, 0, 1], answerTo(answer.data), [OK, QUESTION])
  return answer.data.slice(1, 65)
}

/** The largest power of two below the number of leaves: so many are on the left. */
function leftOf(size: number): number {
  let left = 1
  while (left * 2 < size) left *= 2
  return left
}

function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length <= 1) return hashes[0] ?? new Uint8Array(32)
  const left = leftOf(hashes.length)
  return sha256(concatBytes(Uint8Array.of(1), rootOf(hashes.slice(0, left)), rootOf(hashes.slice(left))))
}

/** The siblings from a leaf up to the root. */
function proofOf(hashes: readonly Uint8Array[], index: number): readonly Uint8Array[] {
  if (hashes.length <= 1) return []
  const left = leftOf(hashes.length)
  return index < left
    ? [...proofOf(hashes.slice(0, left), index), rootOf(hashes.slice(left))]
    : [...proofOf(hashes.slice(left), index - left), rootOf(hashes.slice(0, left))]
}

/** Bitcoin's numbers of 1, 3 or 5 bytes. */
function varint(value: number): Uint8Array {
  const size = value < 0xfd ? 1 : value <= 0xffff ? 3 : 5
  const bytes = new Uint8Array(size)
  bytes[0] = size === 1 ? value : size === 3 ? 0xfd : 0xfe
  for (let at = 1; at < size; at++) bytes[at] = value >>> (8 * (at - 1))
  return bytes
}

function readVarint(bytes: readonly number[], at: number): readonly [value: number, end: number] {
  const first = bytes[at] ?? 0
  const size = first < 0xfd ? 0 : first === 0xfd ? 2 : 4
  let value = size === 0 ? first : 0
  for (let i = size; i > 0; i--) value = value * 256 + (bytes[at + i] ?? 0)
  return [value, at + 1 + size]
}
