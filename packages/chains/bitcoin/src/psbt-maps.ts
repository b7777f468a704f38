import { CofferError } from '@coffer/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import { type ByteReader, type ByteWriter, byteReader, compareBytes } from './bytes.ts'
import type { PsbtPair } from './psbt-types.ts'

/**
 * Reads one map of a PSBT, up to the empty key that ends it. Throws `INVALID_DRAFT` for a key that comes twice and for key types
 * in longer forms than needed, which would hide one.
 */
export function readMap(reader: ByteReader): PsbtPair[] {
  const pairs: PsbtPair[] = []
  /** Only needed once keys come out of their order: up to there a repeated key is its own neighbour. */
  let seen: Set<string> | undefined
  for (;;) {
    const key = reader.varBytes()
    if (key.length === 0) return pairs
    const value = reader.varBytes()
    keyType(key)
    const last = pairs.at(-1)
    if (!seen && last && compareBytes(last.key, key) >= 0)
      seen = new Set(pairs.map((pair) => bytesToHex(pair.key)))
    if (seen) {
      const text = bytesToHex(key)
      if (seen.has(text)) throw wrongPsbt('A key in it comes twice.')
      seen.add(text)
    }
    pairs.push({ key, value })
  }
}

/** Writes a map in the ascending order of its keys. Throws `INVALID_DRAFT` for a key that comes twice. */
export function writeMap(writer: ByteWriter, pairs: readonly PsbtPair[]): void {
  const isSorted = pairs.every(({ key }, i) => i === 0 || compareBytes(pairs[i - 1]!.key, key) < 0)
  const sorted = isSorted ? pairs : [...pairs].sort((a, b) => compareBytes(a.key, b.key))
  for (const [i, { key, value }] of sorted.entries()) {
    if (!isSorted && i > 0 && compareBytes(sorted[i - 1]!.key, key) === 0)
      throw wrongPsbt('A key in it comes twice.')
    if (key.length === 0) throw wrongPsbt('A key in it is empty.')
    writer.varBytes(key)
    writer.varBytes(value)
  }
  writer.u8(0)
}

/** The type that a key begins with. */
export function keyType(key: Uint8Array): number {
  return key[0]! < 0xfd ? key[0]! : byteReader(key, wrongPsbt).size()
}

export function wrongPsbt(reason: string): CofferError {
  return new CofferError({ code: 'INVALID_DRAFT', message: `This is no PSBT that can be used. ${reason}` })
}
