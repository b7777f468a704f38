import { CofferError } from '@coffer/core'
import { HASH, isHex } from './bitcoinBytes.ts'

/* What callers of a UTXO source give, checked before it becomes part of a request. */

/** The longest script that a transaction may hold, twice over. */
const MOST_SCRIPT = 40_000
/** Hexadecimal digits of the largest transaction that fits into a block. */
const MOST_RAW = 8_000_000

export function checkScript(script: string): void {
  if (!isHex(script) || script.length > MOST_SCRIPT)
    throw wrong('An output script must be lower-case hexadecimal.')
}

export function checkTxid(txid: string): void {
  if (typeof txid !== 'string' || !HASH.test(txid))
    throw wrong('A transaction id must be 64 lower-case hexadecimal digits.')
}

export function checkHeight(height: number): void {
  if (!Number.isSafeInteger(height) || height < 0 || height > 0xffff_ffff)
    throw wrong('A block height must be a whole number from zero on.')
}

/** What is no transaction at all is still sent: whether it is one, the server says. */
export function checkRaw(raw: string): void {
  if (!isHex(raw) || raw.length === 0 || raw.length > MOST_RAW)
    throw wrong('A transaction to be sent must be lower-case hexadecimal, at most 4,000,000 bytes.')
}

/** Throws `INVALID_REQUEST` for an option that must be a whole number above zero and is not. */
export function checkCounts(counts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counts))
    if (!Number.isSafeInteger(value) || value < 1)
      throw wrong(`The option ${name} must be a whole number above zero.`)
}

function wrong(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
