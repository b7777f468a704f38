import { ApiError, toJson, transactionFromJson, transactionJson } from './api-json.ts'
import { parseHex, utf8Hex } from './bytes.ts'
import { type ApiRequest, type Endpoints, shown } from './endpoint.ts'
import { type JsonObject, writeJson } from './json.ts'
import { permission, rawData, type Transaction, transaction } from './messages.ts'
import { permissionFor, SignatureProblem, signerOf, weigh } from './permissions.ts'
import { contractOf, ownerOf, txidOf } from './process.ts'
import { decode, make } from './protobuf.ts'
import { Refusal, sentenceOf } from './refusal.ts'

/** Endpoints that take a signed transaction. */
export const broadcasts: Endpoints = {
  async broadcasttransaction(request) {
    const tx = transactionFromJson(request.params, request.visible)
    const txid = txidOf(tx.raw_data ?? make(rawData))
    const refusal = await offer(request, tx)
    if (!refusal) return { result: true, txid }
    const message = sentenceOf(refusal)
    return { code: refusal.code, txid, message: request.visible ? message : utf8Hex(message) }
  },

  async broadcasthex(request) {
    const hex =
      typeof request.params.transaction === 'string' ? parseHex(request.params.transaction) : undefined
    if (hex === undefined) {
      throw new ApiError('org.bouncycastle.util.encoders.DecoderException', 'exception decoding Hex string')
    }
    const tx = read(hex)
    const refusal = await offer(request, tx)
    return {
      result: !refusal,
      code: refusal?.code ?? 'SUCCESS',
      message: refusal ? sentenceOf(refusal) : '',
      transaction: writeJson(toJson(transaction, tx, true)),
      txid: txidOf(tx.raw_data ?? make(rawData)),
    }
  },

  /** How far a transaction is from having enough signatures. */
  getsignweight(request) {
    const tx = transactionFromJson(request.params, request.visible)
    const outer = { transaction: extended(tx, request) }
    const contract = contractOf(tx)
    if (!contract) {
      return { result: { code: 'OTHER_ERROR', message: 'Invalid transaction: no valid contract' }, ...outer }
    }
    const owner = ownerOf(tx)
    const account = request.state.accounts.get(owner)
    if (!account)
      return { result: { code: 'PERMISSION_ERROR', message: 'Account does not exist!' }, ...outer }
    try {
      const needed = permissionFor(account, owner, contract)
      const shownPermission = { permission: toJson(permission, needed, request.visible) }
      try {
        const { weight, approved } = weigh(needed, tx.signature, txidOf(tx.raw_data ?? make(rawData)))
        return {
          result: weight >= needed.threshold ? {} : { code: 'NOT_ENOUGH_PERMISSION' },
          ...shownPermission,
          ...(approved.length > 0 && { approved_list: approved.map((one) => shown(request, one)) }),
          ...(weight > 0n && { current_weight: weight }),
          ...outer,
        }
      } catch (error) {
        return { result: signatureProblem(error), ...shownPermission, ...outer }
      }
    } catch (error) {
      return { result: signatureProblem(error), ...outer }
    }
  },

  /** Who signed a transaction. */
  getapprovedlist(request) {
    const tx = transactionFromJson(request.params, request.visible)
    const outer = { transaction: extended(tx, request) }
    if (!request.state.accounts.get(ownerOf(tx))) {
      const message = 'class org.tron.core.exception.PermissionException : Account does not exist!'
      return { result: { code: 'OTHER_ERROR', message }, ...outer }
    }
    try {
      const txid = txidOf(tx.raw_data ?? make(rawData))
      const approved = tx.signature.map((one) => shown(request, signerOf(one, txid)))
      return { result: {}, ...(approved.length > 0 && { approved_list: approved }), ...outer }
    } catch (error) {
      return { result: signatureProblem(error), ...outer }
    }
  },
}

async function offer({ chain }: ApiRequest, tx: Transaction): Promise<Refusal | undefined> {
  try {
    await chain.accept(tx)
    return undefined
  } catch (error) {
    if (error instanceof Refusal) return error
    return new Refusal('OTHER_ERROR', error instanceof Error ? error.message : String(error))
  }
}

function read(hex: string): Transaction {
  try {
    return decode(transaction, hex)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new ApiError('com.google.protobuf.InvalidProtocolBufferException', message)
  }
}

function extended(tx: Transaction, { visible }: ApiRequest): JsonObject {
  const json = transactionJson(tx, visible)
  return { result: { result: true }, txid: json.txID, transaction: json }
}

function signatureProblem(error: unknown): JsonObject {
  if (error instanceof SignatureProblem) return { code: error.kind, message: error.message }
  throw error
}
