import { sha256 } from '@noble/hashes/sha2.js'
import type { Host } from './bitcoin-host.ts'
import { fixedValue, type MerkleMap, mapValue } from './bitcoin-merkle.ts'
import { byteReader, littleEndian, sameBytes, varint, withLength } from './bitcoin-reader.ts'
import { incorrect } from './bitcoin-status.ts'
import { concat } from './byte-strings.ts'

const NON_WITNESS_UTXO = 0x00
const WITNESS_UTXO = 0x01
const OUTPUT_INDEX = 0x0f
const LONGEST_SCRIPT = 34

/** What an input spends. */
export interface PreviousOutput {
  readonly amount: bigint
  readonly script: Uint8Array
}

/** One output of a serialized transaction, and the transaction's identifier. */
function outputOf(transaction: Uint8Array, index: number): PreviousOutput & { readonly txid: Uint8Array } {
  const reader = byteReader(transaction, 0x6a80)
  const hashed: Uint8Array[] = [reader.bytes(4)]
  const slice = (length: number): Uint8Array => {
    hashed.push(reader.bytes(length))
    return hashed.at(-1)!
  }
  const count = (read = reader.varint()): number => {
    hashed.push(varint(read))
    return read
  }
  let inputs = reader.varint()
  const hasWitness = inputs === 0
  if (hasWitness) {
    if (reader.u8() !== 1) throw incorrect()
    inputs = reader.varint()
  }
  count(inputs)
  for (let at = 0; at < inputs; at++) {
    slice(36)
    slice(count())
    slice(4)
  }
  let found: PreviousOutput | undefined
  const outputs = count()
  for (let at = 0; at < outputs; at++) {
    const amount = byteReader(slice(8), 0x6a80).u64le()
    const script = slice(count())
    if (at === index) found = { amount, script }
  }
  for (let at = 0; hasWitness && at < inputs; at++)
    for (let items = reader.varint(); items > 0; items--) reader.bytes(reader.varint())
  slice(4)
  if (!found || found.script.length > LONGEST_SCRIPT) throw incorrect()
  return { ...found, txid: sha256(sha256(concat(...hashed))) }
}

/** What an input spends, out of the transaction that made it; its identifier is checked where it is given. */
export async function outputFromTransaction(
  host: Host,
  input: MerkleMap,
  txid?: Uint8Array,
): Promise<PreviousOutput> {
  const index = byteReader(await fixedValue(host, input, OUTPUT_INDEX, 4), 0x6a80).u32le()
  const output = outputOf(await mapValue(host, input, NON_WITNESS_UTXO), index)
  if (txid && !sameBytes(output.txid, txid)) throw incorrect()
  return output
}

/** What an input spends, as the PSBT claims. */
export async function claimedOutput(host: Host, input: MerkleMap): Promise<PreviousOutput> {
  const reader = byteReader(await mapValue(host, input, WITNESS_UTXO, 8 + 1 + LONGEST_SCRIPT), 0x6a80)
  const amount = reader.u64le()
  const script = reader.bytes(reader.u8())
  if (reader.left !== 0) throw incorrect()
  return { amount, script }
}

/** As it stands in a transaction. */
export const serializedOutput = ({ amount, script }: PreviousOutput): Uint8Array =>
  concat(littleEndian(amount, 8), withLength(script))
