import {
  CofferError,
  type EvmSource,
  isCofferError,
  type ReadOptions,
  type SignedFields,
  type Store,
  throwIfAborted,
} from '@coffer/core'
import { accountId } from './address.ts'
import { transactionId } from './claim.ts'
import type { EvmNetwork } from './intent.ts'
import { holdPublished } from './nonce.ts'
import { ask, read, rpcError } from './rpc.ts'
import { readSignedTransaction } from './sign.ts'
import { receipt } from './status.ts'

/** How nodes say that they have the very transaction already. */
const KNOWN =
  /already known|known transaction|already imported|alreadyknown|already exists|already in (mempool|pool)|duplicate transaction/i

/**
 * Sends the signed bytes to one node, once. "Already known" is success. Whenever the answer is anything else, it asks whether
 * the node knows the transaction: then that is success too. Publishing the same bytes again is always safe.
 *
 * Throws `BROADCAST_UNKNOWN` when it is not certain that the network has it, nor that it has not; `NONCE_TAKEN`, `FEE_TOO_LOW`,
 * `INSUFFICIENT_FUNDS`, `RATE_LIMITED` or `BROADCAST_REJECTED` when a node that does not know it refused it.
 */
export async function publish(
  network: EvmNetwork,
  signed: SignedFields,
  { source, store, signal }: { source: EvmSource; store: Store } & ReadOptions,
): Promise<string> {
  throwIfAborted(signal)
  const { transaction, from, nonce } = readSignedTransaction(signed, network)
  const notTaken = await holdPublished(store, accountId(network, from), nonce, transactionId(transaction))
  const answer = await send(signed, source, signal)
  if (answer === 'accepted') return signed.txid
  // Also when nothing left this machine now: an earlier call may have sent it.
  const known = await isKnown(signed, source)
  if (known === 'yes') return signed.txid
  if (answer.sent && (!answer.refusal || known === 'unasked')) throw unknown(signed, answer.error)
  if (answer.error.code !== 'NONCE_TAKEN') await notTaken(answer.error.retryable ? 'retry' : 'free')
  throw answer.error
}

/** What became of sending: taken, or an error; `sent` is false when nothing can have arrived. */
type Outcome = 'accepted' | { readonly error: CofferError; readonly sent: boolean; readonly refusal: boolean }

async function send(
  signed: SignedFields,
  source: EvmSource,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  try {
    const call = { method: 'eth_sendRawTransaction', params: [signed.raw] }
    const [result] = await source.request([call], { signal })
    if (result?.ok && result.value === signed.txid) return 'accepted'
    if (result && !result.ok) {
      if (KNOWN.test(result.error.message)) return 'accepted'
      return { error: refusalOf(signed, result.error), sent: true, refusal: true }
    }
    const message = 'The node named another transaction than was sent.'
    return { error: new CofferError({ code: 'BAD_RESPONSE', message }), sent: true, refusal: false }
  } catch (error) {
    if (!isCofferError(error)) throw error
    const sent = error.details['sent'] !== false && !isCofferError(error, 'CHAIN_MISMATCH', 'NO_SOURCE')
    return { error, sent, refusal: false }
  }
}

function refusalOf(
  { txid }: SignedFields,
  error: { code: number; message: string; data?: unknown },
): CofferError {
  const cause = rpcError('eth_sendRawTransaction', error)
  const details = { txid, rpcMessage: error.message }
  if (/nonce (is )?too low|nonce has already been used|invalid nonce/i.test(error.message))
    return new CofferError({
      code: 'NONCE_TAKEN',
      message:
        'A node says that its nonce is used, and does not know this transaction. Ask for its status until that is final before you pay again.',
      details,
      cause,
    })
  if (
    /underpriced|fee too low|less than block base fee|tip.*(below|too low)|gas price.*(below|too low)/i.test(
      error.message,
    )
  )
    return new CofferError({
      code: 'FEE_TOO_LOW',
      message:
        'The node takes no transaction at this fee now. Make a new draft with a higher fee, or replace this one.',
      details,
      cause,
    })
  if (isCofferError(cause, 'INSUFFICIENT_FUNDS', 'RATE_LIMITED')) return cause
  return new CofferError({
    code: 'BROADCAST_REJECTED',
    message: `The node refused the transaction: ${error.message}`,
    details,
    cause,
  })
}

/** Whether the node knows the transaction, waiting or mined; `unasked` when that could not be asked. */
async function isKnown(signed: SignedFields, source: EvmSource): Promise<'yes' | 'no' | 'unasked'> {
  const byHash = read('eth_getTransactionByHash', [signed.txid], (value) => {
    const found = value as { hash?: unknown } | null
    return typeof found?.hash === 'string' && found.hash.toLowerCase() === signed.txid
  })
  const mined = read(
    'eth_getTransactionReceipt',
    [signed.txid],
    (value) => receipt(value, signed.txid) !== undefined,
  )
  try {
    const answers = await ask(source, [byHash, mined] as const)
    if (answers.some((answer) => answer.ok && answer.value)) return 'yes'
    return answers.every((answer) => answer.ok) ? 'no' : 'unasked'
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
