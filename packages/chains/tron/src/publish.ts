import {
  CofferError,
  isCofferError,
  type ReadOptions,
  type SignedFields,
  type Store,
  type TronSource,
  throwIfAborted,
} from '@coffer/core'
import { accountId } from './address.ts'
import { object, words } from './answers.ts'
import { openDeed } from './book.ts'
import { deedOf } from './claim.ts'
import type { TronNetwork } from './intent.ts'
import { ask } from './rpc.ts'
import { readSignedTransaction } from './sign.ts'
import { minedRead, transactionRead, waitingRead } from './status.ts'

/**
 * Sends the signed bytes to one node, once. That it has them already is success. Whenever the answer is anything else, it
 * asks whether the node knows the transaction: then that is success too. Publishing the same bytes again is always safe.
 *
 * Throws `BROADCAST_UNKNOWN` when it is not certain that the network has it, nor that it has not; `INSUFFICIENT_FUNDS`,
 * `NETWORK` or `BROADCAST_REJECTED` when a node that does not know it refused it.
 */
export async function publish(
  network: TronNetwork,
  signed: SignedFields,
  { source, store, signal }: { source: TronSource; store: Store } & ReadOptions,
): Promise<string> {
  throwIfAborted(signal)
  const { tx, account } = readSignedTransaction(signed, network)
  // Signed elsewhere, perhaps: from now on it is open here too.
  const open = { txid: signed.txid, deed: deedOf(tx), expiration: Number(tx.expiration) }
  await openDeed(store, accountId(network, account), open, true)
  const answer = await send(signed, source, signal)
  if (answer === 'accepted') return signed.txid
  // Also when nothing left this machine now: an earlier call may have sent it.
  const known = await isKnown(signed, source, answer === 'remembered')
  if (known === 'yes') return signed.txid
  if (answer === 'remembered') throw unknown(signed, undefined)
  if (answer.sent && (!answer.refusal || known === 'unasked')) throw unknown(signed, answer.error)
  throw answer.error
}

/**
 * What became of sending: taken, or an error; `sent` is false when nothing can have arrived. `remembered`: some nodes write
 * down what they are sent before they look at it, and say that it exists of bytes that they refused, too.
 */
type Outcome =
  | 'accepted'
  | 'remembered'
  | { readonly error: CofferError; readonly sent: boolean; readonly refusal: boolean }

async function send(
  signed: SignedFields,
  source: TronSource,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  try {
    const call = { path: 'wallet/broadcasthex', body: { transaction: signed.raw } }
    const [result] = await source.request([call], { signal })
    if (!result) throw new CofferError({ code: 'BAD_RESPONSE', message: 'The node gave no answer.' })
    if (!result.ok) {
      const { message } = result.error
      return { error: rejected(signed, 'OTHER_ERROR', message), sent: true, refusal: true }
    }
    const { result: taken, code, message, txid } = object(result.value)
    const id = typeof txid === 'string' ? txid.toLowerCase() : undefined
    if (id !== undefined && id !== signed.txid)
      throw new CofferError({
        code: 'BAD_RESPONSE',
        message: 'The node named another transaction than was sent.',
      })
    if (taken === true && id === signed.txid) return 'accepted'
    if (typeof code !== 'string')
      throw new CofferError({
        code: 'BAD_RESPONSE',
        message: 'The node does not tell whether it took the transaction.',
      })
    if (code === 'DUP_TRANSACTION_ERROR')
      return /already exists/i.test(words(message)) ? 'remembered' : 'accepted'
    return { error: refusalOf(signed, code, words(message)), sent: true, refusal: true }
  } catch (error) {
    if (!isCofferError(error)) throw error
    const sent = error.details['sent'] !== false && !isCofferError(error, 'CHAIN_MISMATCH', 'NO_SOURCE')
    return { error, sent, refusal: false }
  }
}

/** The node cannot take it, or pass it on, now. */
const NOT_NOW = /^(SERVER_BUSY|NO_CONNECTION|NOT_ENOUGH_EFFECTIVE_CONNECTION|BLOCK_UNSOLIDIFIED)$/

function refusalOf(signed: SignedFields, code: string, message: string): CofferError {
  // One node's word: it may pass the transaction on all the same.
  const details = { txid: signed.txid, nodeCode: code, reason: message, definite: false }
  if (NOT_NOW.test(code))
    return new CofferError({
      code: 'NETWORK',
      message: `The node takes no transactions now (${code}). Publish the same signed transaction again later.`,
      details,
      retryable: true,
    })
  if (
    code === 'BANDWITH_ERROR' ||
    /balance is not sufficient|insufficient balance|no enough balance/i.test(message)
  )
    return new CofferError({
      code: 'INSUFFICIENT_FUNDS',
      message: 'The account cannot pay the amount or the fee any more. Add funds, and make a new draft.',
      details,
    })
  return rejected(signed, code, message)
}

function rejected({ txid }: SignedFields, code: string, message: string): CofferError {
  const hint =
    code === 'TRANSACTION_EXPIRATION_ERROR' || code === 'TAPOS_ERROR'
      ? ' It came too late, or for another network. Make a new draft once its status is "expired".'
      : ''
  return new CofferError({
    code: 'BROADCAST_REJECTED',
    message: `The node refused the transaction (${code}): ${message || 'no reason given'}.${hint}`,
    details: { txid, nodeCode: code, reason: message, definite: false },
  })
}

/** Whether the node has the transaction, waiting or mined; with `waiting` its list of those that wait is asked, too; `unasked` when that could not be asked. */
async function isKnown(
  { txid }: SignedFields,
  source: TronSource,
  waiting: boolean,
): Promise<'yes' | 'no' | 'unasked'> {
  try {
    const [mined, known, waits] = await ask(source, [
      minedRead('wallet', txid),
      transactionRead('wallet', txid),
      ...(waiting ? [waitingRead(txid)] : []),
    ] as const)
    if ([mined, known, waits].some((one) => one?.ok && one.value)) return 'yes'
    return mined.ok && known.ok ? 'no' : 'unasked'
  } catch {
    return 'unasked'
  }
}

function unknown(signed: SignedFields, cause: unknown): CofferError {
  return new CofferError({
    code: 'BROADCAST_UNKNOWN',
    message:
      'It is not known whether the network has the transaction. Publish the same signed transaction again; it cannot pay twice.',
    details: { txid: signed.txid },
    cause,
    retryable: true,
  })
}
