import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'

/*
 * The little of Bitcoin's encoding that a source needs: to prove that bytes are those of an id, and to write
 * transactions that a server told field by field. All in hexadecimal; numbers are little endian, ids in display order.
 */

/** The fields of a transaction, checked for their shape. */
export interface TxFields {
  /** As 32 bits, signed or not. */
  readonly version: number
  readonly locktime: number
  readonly inputs: readonly {
    readonly txid: string
    readonly vout: number
    readonly script: string
    readonly sequence: number
    readonly witness: readonly string[]
  }[]
  readonly outputs: readonly { readonly amount: number; readonly script: string }[]
}

/** The transaction on the wire (BIP-144), and its id. */
export function writeTx(tx: TxFields): { raw: string; txid: string } {
  const inputs = tx.inputs.map(
    ({ txid, vout, script, sequence }) => reverseHex(txid) + u32(vout) + vector(script) + u32(sequence),
  )
  const outputs = tx.outputs.map(({ amount, script }) => u64(amount) + vector(script))
  const body = compactSize(inputs.length) + inputs.join('') + compactSize(outputs.length) + outputs.join('')
  const stripped = u32(tx.version) + body + u32(tx.locktime)
  const txid = doubleHash(stripped)
  if (tx.inputs.every(({ witness }) => witness.length === 0)) return { raw: stripped, txid }
  const witnesses = tx.inputs.map(({ witness }) => compactSize(witness.length) + witness.map(vector).join(''))
  return { raw: `${u32(tx.version)}0001${body}${witnesses.join('')}${u32(tx.locktime)}`, txid }
}

export interface TxOutline {
  readonly txid: string
  readonly inputs: readonly { readonly txid: string; readonly vout: number }[]
  /** The scripts of the outputs. */
  readonly outputs: readonly string[]
}

/**
 * The id, outpoints and output scripts of a raw transaction; `undefined` when the bytes are no transaction.
 *
 * @param raw lower-case hexadecimal.
 */
export function readTx(raw: string): TxOutline | undefined {
  if (!isHex(raw)) return undefined
  let at = 0
  let failed = false
  const take = (bytes: number): string => {
    const end = at + bytes * 2
    if (!(end <= raw.length)) {
      failed = true
      return ''
    }
    const part = raw.slice(at, end)
    at = end
    return part
  }
  const number = (bytes: number): number => Number.parseInt(reverseHex(take(bytes)) || '0', 16)
  /** Each element takes a byte at least, so a count that is a lie ends with the bytes. */
  const count = (): number => {
    const first = number(1)
    return first < 0xfd ? first : number(2 << (first - 0xfd))
  }
  const version = take(4)
  const isSegwit = raw.startsWith('0001', 8)
  if (isSegwit) take(2)
  const start = at
  const inputs: { txid: string; vout: number }[] = []
  for (let left = count(); left > 0 && !failed; left--) {
    inputs.push({ txid: reverseHex(take(32)), vout: number(4) })
    take(count())
    take(4)
  }
  const outputs: string[] = []
  for (let left = count(); left > 0 && !failed; left--) {
    take(8)
    outputs.push(take(count()))
  }
  const body = raw.slice(start, at)
  if (isSegwit)
    for (let left = inputs.length; left > 0 && !failed; left--)
      for (let items = count(); items > 0 && !failed; items--) take(count())
  const locktime = take(4)
  if (failed || at !== raw.length || inputs.length === 0) return undefined
  return { txid: doubleHash(version + body + locktime), inputs, outputs }
}

/** The hash of a block header of 80 bytes, in display order. */
export function headerHash(header: string): string {
  return doubleHash(header)
}

/** SHA-256 of the bytes, as they stand. */
export function hashHex(hex: string): string {
  return bytesToHex(sha256(hexToBytes(hex)))
}

/** SHA-256 of a text. */
export function digest(text: string): string {
  return bytesToHex(sha256(new TextEncoder().encode(text)))
}

export function reverseHex(hex: string): string {
  let reversed = ''
  for (let at = hex.length - 2; at >= 0; at -= 2) reversed += hex.slice(at, at + 2)
  return reversed
}

/** Whole bytes in lower-case digits. */
export function isHex(text: unknown): text is string {
  return typeof text === 'string' && text.length % 2 === 0 && !/[^0-9a-f]/.test(text)
}

/** A transaction id, a block hash. */
export const HASH: RegExp = /^[0-9a-f]{64}$/
/** A block header. */
export const HEADER: RegExp = /^[0-9a-f]{160}$/

function doubleHash(hex: string): string {
  return bytesToHex(sha256(sha256(hexToBytes(hex))).reverse())
}

function u32(value: number): string {
  return reverseHex((value >>> 0).toString(16).padStart(8, '0'))
}

function u64(value: number): string {
  return reverseHex(value.toString(16).padStart(16, '0'))
}

function vector(hex: string): string {
  return compactSize(hex.length / 2) + hex
}

function compactSize(value: number): string {
  if (value < 0xfd) return value.toString(16).padStart(2, '0')
  if (value <= 0xffff) return `fd${reverseHex(value.toString(16).padStart(4, '0'))}`
  return `fe${u32(value)}`
}
