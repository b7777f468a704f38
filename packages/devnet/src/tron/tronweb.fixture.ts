import { secp256k1 } from '@noble/curves/secp256k1.js'
import { TronWeb, type Types, utils } from 'tronweb'
import { expect } from 'vitest'
import { bytesOf, hexOf } from './bytes.ts'
import { type RawData, rawData, transaction as transactionMessage } from './messages.ts'
import type { TronNode } from './node.ts'
import { txidOf } from './process.ts'
import { decode, encode, make } from './protobuf.ts'

// What the tests of the Tron devnet share. Transactions are built and signed by tronweb.

export const TRX = 1_000_000
export const unconfirmed = { confirmed: false }
export const stranger = 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8'

export interface Someone {
  readonly tronWeb: TronWeb
  readonly address: string
  readonly key: string
}

let people = 0

/** Somebody with a key of their own and so many TRX. */
export async function newcomer(node: TronNode, trx = 1_000): Promise<Someone> {
  people += 1
  const key = people.toString(16).padStart(64, '7')
  const tronWeb = new TronWeb({ fullHost: node.url, privateKey: key })
  const address = tronWeb.defaultAddress.base58 as string
  if (trx > 0) await node.fund(address, { amount: BigInt(trx * TRX) })
  return { tronWeb, address, key }
}

type Unsigned = Types.Transaction | Promise<Types.Transaction>

/** Signs, sends, and gives what the chain tells of it; a refusal fails the test with its sentence. */
export async function send(tronWeb: TronWeb, transaction: Unsigned): Promise<Types.TransactionInfo> {
  const signed = await tronWeb.trx.sign((await transaction) as Types.Transaction)
  const answer = await tronWeb.trx.sendRawTransaction(signed)
  expect(answer, answer.message && TronWeb.toUtf8(answer.message)).toMatchObject({ result: true })
  expect(answer.txid).toBe(signed.txID)
  return tronWeb.trx.getUnconfirmedTransactionInfo(signed.txID)
}

/** Signs, sends, and gives the refusal. */
export async function refused(
  tronWeb: TronWeb,
  transaction: Unsigned,
): Promise<{ readonly code: string; readonly message: string }> {
  const signed = await tronWeb.trx.sign((await transaction) as Types.Transaction)
  return offer(tronWeb, signed)
}

/** Sends as it is, and gives the answer with its message readable. */
export async function offer(
  tronWeb: TronWeb,
  signed: Types.SignedTransaction,
): Promise<{ readonly code: string; readonly message: string }> {
  const answer = (await tronWeb.trx.sendRawTransaction(signed)) as { code?: string; message?: string }
  return {
    code: answer.code ?? 'SUCCESS',
    message: answer.message ? TronWeb.toUtf8(answer.message) : '',
  }
}

/** The same transaction with other raw data, consistent in itself. */
export function altered(
  transaction: Types.Transaction,
  change: Partial<Types.Transaction['raw_data']>,
): Types.Transaction {
  const changed = { ...transaction, raw_data: { ...transaction.raw_data, ...change } }
  const message = utils.transaction.txJsonToPb(changed)
  return {
    ...changed,
    txID: utils.transaction.txPbToTxID(message).replace(/^0x/, ''),
    raw_data_hex: utils.transaction.txPbToRawDataHex(message).toLowerCase(),
  }
}

/** The raw data of a transaction, for changes that tronweb cannot make. */
export function rawOf(transaction: Types.Transaction): RawData {
  return decode(rawData, transaction.raw_data_hex)
}

/** Signs raw data and sends the bytes. */
export async function broadcastHex(node: TronNode, { key }: Someone, raw: RawData): Promise<unknown> {
  const [recovery = 0, ...rest] = secp256k1.sign(bytesOf(txidOf(raw)), bytesOf(key), {
    prehash: false,
    format: 'recovered',
  })
  const signature = hexOf(Uint8Array.of(...rest, recovery + 27))
  const bytes = encode(
    transactionMessage,
    make(transactionMessage, { raw_data: raw, signature: [signature] }),
  )
  return node.request('wallet/broadcasthex', { transaction: bytes })
}
