import {
  CofferError,
  type EvmSource,
  isCofferError,
  type ReadOptions,
  type SignedFields,
  type Store,
  throwIfAborted,
} from '@coffer/core'
import { accountId } from './create.ts'
import type { EvmNetwork } from './intent.ts'
import { holdPublished } from './nonce.ts'
import { ask, read, rpcError } from './rpc.ts'
import { readSignedTransaction } from './sign.ts'

/** How nodes say that they have the very transaction already. */
const KNOWN =
  /already known|known transaction|already imported|alreadyknown|already exists|already in (mempool|pool)|duplicate transaction/i

/**
 * Sends the signed bytes to one node. "Already known" is success. Sends once: when the answer is lost, it asks whether the
 * node knows the transaction, and throws `BROADCAST_UNKNOWN` when that is not clear either. Publishing the same bytes
 * again is always safe.
 *
 * Throws `BROADCAST_REJECTED`, `NONCE_TAKEN`, `FEE_TOO_LOW`, `INSUFFICIENT_FUNDS` or `BROADCAST_UNKNOWN`.
 */
export async function publish(
  network: EvmNetwork,
  signed: SignedFields,
  { source, store, signal }: { source: EvmSource; store: Store } & ReadOptions,
): Promise<string> {
  throwIfAborted(signal)
  const { from, nonce } = readSignedTransaction(signed, network)
  await holdPublished(store, accountId({ network, address: from }), nonce)
  try {
    const [result] = await source.request([{ method: 'eth_sendRawTransaction', params: [signed.raw] }], {
      signal,
    })
    if (result?.ok && result.value === signed.txid) return signed.txid
    if (result && !result.ok) {
      if (KNOWN.test(result.error.message)) return signed.txid
      return await refused(signed, source, signal, result.error)
    }
  } catch (error) {
    if (isCofferError(error) && !['NETWORK', 'TIMEOUT', 'ABORTED', 'BAD_RESPONSE'].includes(error.code))
      throw error
    // The source is certain that nothing left this machine.
    if (isCofferError(error) && error.details['sent'] === false) throw error
    if (await isKnown(signed, source)) return signed.txid
    throw unknown(signed, error)
  }
  // The node named another transaction id than the bytes have: believe only what can be looked up.
  if (await isKnown(signed, source)) return signed.txid
  throw unknown(signed, undefined)
}

async function refused(
  signed: SignedFields,
  source: EvmSource,
  signal: AbortSignal | undefined,
  error: { code: number; message: string; data?: unknown },
): Promise<string> {
  const cause = rpcError('eth_sendRawTransaction', error)
  const details = { txid: signed.txid, rpcMessage: error.message }
  if (/nonce (is )?too low|nonce has already been used|invalid nonce/i.test(error.message)) {
    if (await isKnown(signed, source, signal)) return signed.txid
    throw new CofferError({
      code: 'NONCE_TAKEN',
      message:
        'Another transaction of this account took its nonce. This one can never be mined: make a new draft.',
      details,
      cause,
    })
  }
  if (
    /underpriced|fee too low|less than block base fee|tip.*(below|too low)|gas price.*(below|too low)/i.test(
      error.message,
    )
  )
    throw new CofferError({
      code: 'FEE_TOO_LOW',
      message:
        'The node takes no transaction at this fee now. Make a new draft with a higher fee, or replace this one.',
      details,
      cause,
    })
  if (cause.code === 'INSUFFICIENT_FUNDS') throw cause
  throw new CofferError({
    code: 'BROADCAST_REJECTED',
    message: `The node refused the transaction: ${error.message}`,
    details,
    cause,
  })
}

/** Whether a node knows the transaction; a failure to ask counts as no. */
async function isKnown(signed: SignedFields, source: EvmSource, signal?: AbortSignal): Promise<boolean> {
  const find = read('eth_getTransactionByHash', [signed.txid], (value) => {
    const found = value as { hash?: unknown } | null
    return typeof found?.hash === 'string' && found.hash.toLowerCase() === signed.txid
  })
  try {
    const [found] = await ask(source, [find] as const, { signal })
    return found.ok && found.value
  } catch {
    return false
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
