import { CofferError } from '@coffer/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import { byteReader, byteWriter, hash256, idBytes, idText, sizeLength } from './bytes.ts'

export interface TxInput {
  /** The transaction whose output is spent, in display order, 64 hex digits. */
  readonly txid: string
  readonly vout: number
  readonly scriptSig: Uint8Array
  readonly sequence: number
  readonly witness: readonly Uint8Array[]
}

export interface TxOutput {
  /** Satoshi. */
  readonly amount: bigint
  readonly script: Uint8Array
}

export interface Tx {
  /** 0 to 2^32 − 1. */
  readonly version: number
  readonly inputs: readonly TxInput[]
  readonly outputs: readonly TxOutput[]
  readonly locktime: number
}

/** What a block holds at most, in weight units. */
const MAX_WEIGHT = 4_000_000
/** A previous output, an empty script and the sequence. */
const INPUT_BYTES = 41
/** An amount and an empty script. */
const OUTPUT_BYTES = 9

/**
 * The bytes of a transaction: with witnesses where it has any (BIP-144), or always without, as ids are computed over. Throws
 * `INVALID_REQUEST` for fields that no transaction can hold, and for no inputs, unless without witnesses.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0144.mediawiki
 *
 * @example
 * encodeTx(tx, { witness: false })
 */
export function encodeTx(tx: Tx, { witness = true }: { readonly witness?: boolean } = {}): Uint8Array {
  const { inputs, outputs } = tx
  if (witness && inputs.length === 0) throw wrong('It spends nothing.')
  const isSegwit = witness && hasWitness(tx)
  const writer = byteWriter(strippedSize(tx) + (isSegwit ? witnessSize(tx) : 0))
  writer.u32(u32(tx.version))
  if (isSegwit) {
    writer.u8(0)
    writer.u8(1)
  }
  writer.size(inputs.length)
  for (const { txid, vout, scriptSig, sequence } of inputs) {
    if (!/^[0-9a-f]{64}$/.test(txid)) throw wrong('An id in it is not of 64 hexadecimal digits.')
    writer.bytes(idBytes(txid))
    writer.u32(u32(vout))
    writer.varBytes(scriptSig)
    writer.u32(u32(sequence))
  }
  writer.size(outputs.length)
  for (const { amount, script } of outputs) {
    if (amount >> 64n !== 0n) throw wrong('An amount in it is out of range.')
    writer.u64(amount)
    writer.varBytes(script)
  }
  if (isSegwit)
    for (const { witness } of inputs) {
      writer.size(witness.length)
      for (const item of witness) writer.varBytes(item)
    }
  writer.u32(u32(tx.locktime))
  return writer.done()
}

/**
 * Reads a transaction that fills `bytes` to the end, in the one form that {@link encodeTx} writes: lengths in their shortest
 * form, a witness part only where a witness is, no more weight than a block has. Amounts may be any of 64 bits. With
 * `witness: false` only the form without witnesses is read, where no inputs are possible.
 *
 * Throws `INVALID_REQUEST`; who reads for somebody says it in the words of that place.
 */
export function decodeTx(bytes: Uint8Array, { witness = true }: { readonly witness?: boolean } = {}): Tx {
  if (bytes.length > MAX_WEIGHT) throw wrong('It is larger than a block.')
  const reader = byteReader(bytes, wrong)
  const version = reader.u32()
  const isSegwit = witness && reader.peek() === 0
  if (isSegwit) {
    reader.u8()
    if (reader.u8() !== 1) throw wrong('It has no inputs, or parts that are not known.')
  }
  const inputs: TxInput[] = []
  for (let n = reader.count(INPUT_BYTES); n > 0; n--)
    inputs.push({
      txid: bytesToHex(reader.bytes(32).reverse()),
      vout: reader.u32(),
      scriptSig: reader.varBytes(),
      sequence: reader.u32(),
      witness: [],
    })
  const outputs: TxOutput[] = []
  for (let n = reader.count(OUTPUT_BYTES); n > 0; n--)
    outputs.push({ amount: reader.u64(), script: reader.varBytes() })
  if (isSegwit)
    for (const [i, input] of inputs.entries()) {
      const items: Uint8Array[] = []
      for (let n = reader.count(1); n > 0; n--) items.push(reader.varBytes())
      inputs[i] = { ...input, witness: items }
    }
  const tx = { version, inputs, outputs, locktime: reader.u32() }
  reader.end()
  if (isSegwit && !hasWitness(tx)) throw wrong('It has a witness part with no witness in it.')
  if (weightOf(tx) > MAX_WEIGHT) throw wrong('It is larger than a block.')
  return tx
}

/** Whether {@link decodeTx} reads these bytes: the same rules, with nothing kept. */
export function isTx(bytes: Uint8Array): boolean {
  try {
    return passTx(bytes)
  } catch {
    return false
  }
}

function passTx(bytes: Uint8Array): boolean {
  const reader = byteReader(bytes, wrong)
  const passVar = () => reader.skip(reader.size())
  reader.skip(4)
  const isSegwit = reader.peek() === 0
  if (isSegwit) {
    reader.u8()
    if (reader.u8() !== 1) return false
  }
  const inputs = reader.count(INPUT_BYTES)
  for (let i = 0; i < inputs; i++) {
    reader.skip(36)
    passVar()
    reader.skip(4)
  }
  for (let n = reader.count(OUTPUT_BYTES); n > 0; n--) {
    reader.skip(8)
    passVar()
  }
  const before = reader.left()
  let isBare = isSegwit
  if (isSegwit)
    for (let i = 0; i < inputs; i++)
      for (let n = reader.count(1); n > 0; n--) {
        passVar()
        isBare = false
      }
  const witness = isSegwit ? before - reader.left() + 2 : 0
  reader.skip(4)
  reader.end()
  return !isBare && (bytes.length - witness) * 4 + witness <= MAX_WEIGHT
}

/** The id of a transaction, or of its bytes: 64 hex digits, in display order. Throws as {@link decodeTx} does. */
export function txidOf(tx: Tx | Uint8Array): string {
  const stripped = encodeTx(tx instanceof Uint8Array ? decodeTx(tx) : tx, { witness: false })
  return idText(hash256(stripped))
}

/**
 * In weight units: four for each byte, one for each byte of the witness part.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0141.mediawiki
 */
export function weightOf(tx: Tx): number {
  return strippedSize(tx) * 4 + (hasWitness(tx) ? witnessSize(tx) : 0)
}

/** Virtual bytes: a quarter of the weight, rounded up. Fee rates are paid for these. */
export function vsizeOf(tx: Tx): number {
  return Math.ceil(weightOf(tx) / 4)
}

function hasWitness({ inputs }: Tx): boolean {
  return inputs.some(({ witness }) => witness.length > 0)
}

function strippedSize({ inputs, outputs }: Tx): number {
  let size = 8 + sizeLength(inputs.length) + sizeLength(outputs.length)
  for (const { scriptSig } of inputs) size += 40 + sizeLength(scriptSig.length) + scriptSig.length
  for (const { script } of outputs) size += 8 + sizeLength(script.length) + script.length
  return size
}

/** With marker and flag. */
function witnessSize({ inputs }: Tx): number {
  let size = 2
  for (const { witness } of inputs) {
    size += sizeLength(witness.length)
    for (const item of witness) size += sizeLength(item.length) + item.length
  }
  return size
}

function u32(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffffffff) return value
  throw wrong('A number in it is out of range.')
}

function wrong(reason: string): CofferError {
  return new CofferError({
    code: 'INVALID_REQUEST',
    message: `This is no Bitcoin transaction. ${reason}`,
  })
}
