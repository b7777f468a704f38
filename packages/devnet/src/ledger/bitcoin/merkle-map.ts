import { StatusWord } from '../apdu.ts'
import { hex } from '../byte-strings.ts'
import type { Host, MerkleList } from './host.ts'
import { type Reader, reader } from './reader.ts'

/** A map in the hands of the host: its keys are read, each value is asked for when it is needed. */
export interface MerkleMap {
  readonly keys: readonly Uint8Array[]
  /** `undefined` for a key that is not there. */
  value(key: Uint8Array): Promise<Uint8Array | undefined>
}

export interface MapCommitment {
  readonly keys: MerkleList
  readonly values: MerkleList
}

/** The longest map that is read: no PSBT that a device can sign has one as long. */
const MOST_KEYS = 10_000

/** How many keys and values, the root of the keys, the root of the values. */
export function readCommitment(read: Reader): MapCommitment {
  const size = read.varint()
  if (size > MOST_KEYS) throw new StatusWord(0x6a80)
  return { keys: { root: read.bytes(32), size }, values: { root: read.bytes(32), size } }
}

/** Reads the keys. Throws 0x6a80 when they are not in order, for then one may be there twice. */
export async function readMap(host: Host, { keys, values }: MapCommitment): Promise<MerkleMap> {
  const known: Uint8Array[] = []
  for (let index = 0; index < keys.size; index++) known.push(await host.element(keys, index))
  const texts = known.map(hex)
  if (texts.some((text, at) => at > 0 && text <= texts[at - 1]!)) throw new StatusWord(0x6a80)
  return {
    keys: known,
    value: async (key) => {
      const at = texts.indexOf(hex(key))
      if (at < 0) return undefined
      if ((await host.indexOf(keys, key)) !== at) throw new StatusWord(0x6a80)
      return host.element(values, at)
    },
  }
}

/** A map whose commitment is an element of a list. */
export async function readMapAt(host: Host, list: MerkleList, index: number): Promise<MerkleMap> {
  const read = reader(await host.element(list, index))
  const commitment = readCommitment(read)
  read.end()
  return readMap(host, commitment)
}
