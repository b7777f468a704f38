import { sha256 } from '@noble/hashes/sha2.js'
import type { Host } from './bitcoin-host.ts'
import { byteReader, sameBytes, varint } from './bitcoin-reader.ts'
import { incorrect } from './bitcoin-status.ts'
import { concat } from './byte-strings.ts'

const GET_PREIMAGE = 0x40
const GET_MERKLE_LEAF_PROOF = 0x41
const GET_MERKLE_LEAF_INDEX = 0x42
const GET_MORE_ELEMENTS = 0xa0

/** The longest key of a map. */
const LONGEST_KEY = 290

/** The root of a list that the host holds, and how many elements it has. */
export interface MerkleList {
  readonly root: Uint8Array
  readonly size: number
}

/** A map that the host holds: its keys in order, and the values at the same places. */
export interface MerkleMap {
  readonly keys: MerkleList
  readonly values: MerkleList
}

const NOTHING_LONGER = Number.POSITIVE_INFINITY

export const leafHash = (element: Uint8Array): Uint8Array => sha256(concat(Uint8Array.of(0), element))

const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(concat(Uint8Array.of(1), left, right))

/** Whether the node is a right child, level by level from the root down to the leaf. */
function directions(size: number, index: number): boolean[] {
  const path: boolean[] = []
  while (size > 1) {
    const left = 2 ** (Math.ceil(Math.log2(size)) - 1)
    const isRight = index >= left
    path.push(isRight)
    index = isRight ? index - left : index
    size = isRight ? size - left : left
  }
  return path
}

/** What has this SHA-256 hash. */
export async function preimage(
  host: Host,
  hash: Uint8Array,
  longest: number = NOTHING_LONGER,
): Promise<Uint8Array> {
  const answer = await host.ask(concat(Uint8Array.of(GET_PREIMAGE, 0), hash))
  const length = answer.varint()
  const now = answer.u8()
  if (length < 1 || length > longest || now > length) throw incorrect()
  const parts = [answer.bytes(now)]
  for (let missing = length - now; missing > 0; ) {
    const more = await host.ask(Uint8Array.of(GET_MORE_ELEMENTS))
    const count = more.u8()
    if (more.u8() !== 1 || count > missing) throw incorrect()
    parts.push(more.bytes(count))
    missing -= count
  }
  const all = concat(...parts)
  if (!sameBytes(sha256(all), hash)) throw incorrect()
  return all
}

/** The element of a leaf, which is hashed after a zero byte. */
async function leafPreimage(host: Host, hash: Uint8Array, longest: number): Promise<Uint8Array> {
  return (await preimage(host, hash, longest + 1)).slice(1)
}

/** The hash of a leaf, proven to be at that place of the list. */
async function provenLeaf(host: Host, { root, size }: MerkleList, index: number): Promise<Uint8Array> {
  let answer = await host.ask(concat(Uint8Array.of(GET_MERKLE_LEAF_PROOF), root, varint(size), varint(index)))
  const leaf = answer.bytes(32)
  const length = answer.u8()
  let count = answer.u8()
  const path = directions(size, index).reverse()
  if (index >= size || length > path.length) throw incorrect()
  let hash = leaf
  let step = 0
  while (true) {
    if (step + count > length) throw incorrect()
    for (; count > 0; count--, step++) {
      const sibling = answer.bytes(32)
      // A proof that is too short is counted from the root.
      hash = path[step + path.length - length] ? nodeHash(sibling, hash) : nodeHash(hash, sibling)
    }
    if (step === length) break
    answer = await host.ask(Uint8Array.of(GET_MORE_ELEMENTS))
    count = answer.u8()
    if (answer.u8() !== 32) throw incorrect()
  }
  if (!sameBytes(hash, root)) throw incorrect()
  return leaf
}

/** Where the list has this leaf. */
async function leafIndex(host: Host, list: MerkleList, leaf: Uint8Array): Promise<number> {
  const answer = await host.ask(concat(Uint8Array.of(GET_MERKLE_LEAF_INDEX), list.root, leaf))
  const found = answer.u8()
  const index = answer.varint()
  if (found !== 1 || index >= list.size) throw incorrect()
  if (!sameBytes(await provenLeaf(host, list, index), leaf)) throw incorrect()
  return index
}

export async function listElement(
  host: Host,
  list: MerkleList,
  index: number,
  longest: number = NOTHING_LONGER,
): Promise<Uint8Array> {
  return leafPreimage(host, await provenLeaf(host, list, index), longest)
}

/** The value at a key of one byte; throws where there is none, or one that is longer. */
export async function mapValue(
  host: Host,
  map: MerkleMap,
  key: number,
  longest: number = NOTHING_LONGER,
): Promise<Uint8Array> {
  const index = await leafIndex(host, map.keys, leafHash(Uint8Array.of(key)))
  return listElement(host, map.values, index, longest)
}

/** The value at a key, which has this length. */
export async function fixedValue(
  host: Host,
  map: MerkleMap,
  key: number,
  length: number,
): Promise<Uint8Array> {
  const value = await mapValue(host, map, key, length)
  if (value.length !== length) throw incorrect()
  return value
}

const isBefore = (a: Uint8Array, b: Uint8Array): boolean => {
  const at = a.findIndex((byte, at) => byte !== b[at])
  return at === -1 ? a.length < b.length : at < b.length && a[at]! < b[at]!
}

/** Reads all keys of a map, which are in order and no two the same. */
export async function readKeys(
  host: Host,
  keys: MerkleList,
  each?: (key: Uint8Array, index: number) => Promise<void>,
): Promise<void> {
  let last: Uint8Array | undefined
  for (let index = 0; index < keys.size; index++) {
    const key = await listElement(host, keys, index, LONGEST_KEY)
    if (last && !isBefore(last, key)) throw incorrect()
    last = key
    await each?.(key, index)
  }
}

/** A map that is an element of a list of maps, with its keys checked. */
export async function listedMap(
  host: Host,
  maps: MerkleList,
  index: number,
  each?: (map: MerkleMap, key: Uint8Array, index: number) => Promise<void>,
): Promise<MerkleMap> {
  const reader = byteReader(await listElement(host, maps, index, 9 + 2 * 32), 0x6a80)
  const size = reader.varint()
  const map = { keys: { root: reader.bytes(32), size }, values: { root: reader.bytes(32), size } }
  await readKeys(host, map.keys, each && ((key, at) => each(map, key, at)))
  return map
}
