import { CofferError } from '@coffer/core'
import { hexToBytes } from '@noble/hashes/utils.js'
import { decodeTx, type Tx, txidOf } from './transaction.ts'

/** The transaction of a source's raw bytes, if its id is the one asked for. Throws `BAD_RESPONSE`. */
export function readTx(txid: string, raw: string): Tx {
  let tx: Tx
  try {
    tx = decodeTx(hexToBytes(raw))
  } catch (cause) {
    throw badResponse('sent bytes that are no transaction', cause)
  }
  if (txidOf(tx) !== txid) throw badResponse('sent another transaction than was asked for')
  return tx
}

/** The 80 bytes of a source's block header. Throws `BAD_RESPONSE`. */
export function readHeader(header: string): Uint8Array {
  if (!/^[0-9a-f]{160}$/i.test(header)) throw badResponse('sent a block header that is none')
  return hexToBytes(header)
}

export function badResponse(what: string, cause?: unknown): CofferError {
  return new CofferError({
    code: 'BAD_RESPONSE',
    message: `The source of chain data ${what}.`,
    cause,
    retryable: true,
  })
}
