import { sha256 } from '@noble/hashes/sha2.js'
import { StatusWord } from '../apdu.ts'
import { concat, hex } from '../byte-strings.ts'
import type { AskHost } from './channel.ts'
import { type Reader, reader, varint } from './reader.ts'

/** A list in the hands of the host, of which the device knows the root of its merkle tree. */
export interface MerkleList {
  readonly root: Uint8Array
  readonly size: number
}

/** What the host has, asked for piece by piece. Whatever is not what its hash says throws 0x6a80. */
export interface Host {
  preimage(hash: Uint8Array): Promise<Uint8Array>
  element(list: MerkleList, index: number): Promise<Uint8Array>
  /** Where an element is in a list; `undefined` when the host says it has none. */
  indexOf(list: MerkleList, element: Uint8Array): Promise<number | undefined>
  yield(data: Uint8Array): Promise<void>
}

const QUESTION = { yield: 0x10, preimage: 0x40, leafProof: 0x41, leafIndex: 0x42, moreElements: 0xa0 }

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

const wrong = (): StatusWord => new StatusWord(0x6a80)

const equal = (a: Uint8Array, b: Uint8Array): boolean => hex(a) === hex(b)

export const leafHash = (element: Uint8Array): Uint8Array => sha256(concat(LEAF, element))

export function hostOver(ask: AskHost): Host {
  const question = async (code: number, ...parts: readonly Uint8Array[]): Promise<Reader> =>
    reader(await ask(concat(Uint8Array.of(code), ...parts)))

  /** What did not fit into the answer: `count` elements of `length` bytes. */
  const more = async (count: number, length: number): Promise<Uint8Array[]> => {
    const elements: Uint8Array[] = []
    while (elements.length < count) {
      const answer = await question(QUESTION.moreElements)
      const here = answer.byte()
      if (here === 0 || answer.byte() !== length || here > count - elements.length) throw wrong()
      for (let at = 0; at < here; at++) elements.push(answer.bytes(length))
      answer.end()
    }
    return elements
  }

  const preimage = async (hash: Uint8Array): Promise<Uint8Array> => {
    const answer = await question(QUESTION.preimage, LEAF, hash)
    const length = answer.varint()
    const here = answer.byte()
    if (here > length) throw wrong()
    const start = answer.bytes(here)
    answer.end()
    const bytes = concat(start, ...(await more(length - here, 1)))
    if (!equal(sha256(bytes), hash)) throw wrong()
    return bytes
  }

  const leaf = async ({ root, size }: MerkleList, index: number): Promise<Uint8Array> => {
    if (index >= size) throw wrong()
    const answer = await question(QUESTION.leafProof, root, varint(size), varint(index))
    const hash = answer.bytes(32)
    const length = answer.byte()
    const here = answer.byte()
    if (here > length) throw wrong()
    const start = Array.from({ length: here }, () => answer.bytes(32))
    answer.end()
    const proof = [...start, ...(await more(length - here, 32))]
    if (!equal(rootOf(hash, proof, size, index), root)) throw wrong()
    return hash
  }

  return {
    preimage,
    element: async (list, index) => {
      const bytes = await preimage(await leaf(list, index))
      if (bytes[0] !== 0) throw wrong()
      return bytes.slice(1)
    },
    indexOf: async (list, element) => {
      const hash = leafHash(element)
      const answer = await question(QUESTION.leafIndex, list.root, hash)
      const found = answer.byte()
      const index = answer.varint()
      if (found > 1) throw wrong()
      if (found === 0) return undefined
      if (!equal(await leaf(list, index), hash)) throw wrong()
      return index
    },
    yield: async (data) => {
      await question(QUESTION.yield, data)
    },
  }
}

/** The root that a proof leads to; its hashes go from the leaf up. */
function rootOf(leaf: Uint8Array, proof: readonly Uint8Array[], size: number, index: number): Uint8Array {
  const isRight: boolean[] = []
  let at = index
  for (let count = size; count > 1; ) {
    const left = leftOf(count)
    const right = at >= left
    isRight.push(right)
    if (right) at -= left
    count = right ? count - left : left
  }
  if (proof.length !== isRight.length) throw wrong()
  return proof.reduce(
    (hash, other) => (isRight.pop() ? sha256(concat(NODE, other, hash)) : sha256(concat(NODE, hash, other))),
    leaf,
  )
}

/** How many leaves are left of the top: the greatest power of two below `count`. */
function leftOf(count: number): number {
  let left = 1
  while (left * 2 < count) left *= 2
  return left
}
