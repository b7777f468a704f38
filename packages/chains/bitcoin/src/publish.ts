import {
  CofferError,
  isCofferError,
  type ReadOptions,
  type SignedFields,
  throwIfAborted,
  type UtxoSource,
} from '@coffer/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { BitcoinNetwork } from './networks.ts'
import { readSigned } from './sign.ts'
import { findSpender } from './status.ts'

/** How nodes and indexers say that they have the very transaction already. */
const KNOWN =
  /already in (the )?(mempool|block ?chain|utxo set)|txn-already-(known|in-mempool)|already known|outputs already in/i
const TOO_LOW = /min relay fee|mempool min fee|insufficient fee|fee not met|feerate|rejecting replacement/i
const SPENT = /missingorspent|missing-inputs|missing inputs|txn-mempool-conflict/i

/**
 * Sends the signed bytes to one node, once. "Already known" is success. Whenever the answer is anything else, it asks whether the
 * network has the transaction: then that is success too. Publishing the same bytes again is always safe.
 *
 * Throws `BROADCAST_UNKNOWN` when it is not certain that the network has it, nor that it has not; `COIN_TAKEN`, `FEE_TOO_LOW` or
 * `BROADCAST_REJECTED` when a node that does not know it refused it.
 */
export async function publish(
  network: BitcoinNetwork,
  signed: SignedFields,
  { source, signal }: { source: UtxoSource } & ReadOptions,
): Promise<string> {
  throwIfAborted(signal)
  const { tx } = readSigned(signed, network)
  let failure: CofferError
  try {
    const txid = await source.broadcast(signed.raw, { signal })
    if (txid === signed.txid) return txid
    failure = new CofferError({
      code: 'BAD_RESPONSE',
      message: 'The node named another transaction than was sent.',
    })
  } catch (error) {
    if (!isCofferError(error)) throw error
    failure = error
  }
  const reason = isCofferError(failure, 'BROADCAST_REJECTED')
    ? String(failure.details['reason'] ?? failure.message)
    : undefined
  if (reason !== undefined && KNOWN.test(reason)) return signed.txid
  // Also when nothing left this machine now: an earlier call may have sent it.
  const known = await isKnown(source, signed.txid, bytesToHex(tx.outputs[0]!.script))
  if (known === 'yes') return signed.txid
  const unsent = failure.details['sent'] === false || isCofferError(failure, 'CHAIN_MISMATCH', 'NO_SOURCE')
  if (unsent) throw failure
  if (reason === undefined || known === 'unasked')
    throw new CofferError({
      code: 'BROADCAST_UNKNOWN',
      message:
        'It is not known whether the network has the transaction. Publish the same signed transaction again; it cannot pay twice.',
      details: { txid: signed.txid },
      cause: failure,
      retryable: true,
    })
  throw await refusal(reason, failure, signed, source, network)
}

async function refusal(
  reason: string,
  cause: CofferError,
  signed: SignedFields,
  source: UtxoSource,
  network: BitcoinNetwork,
): Promise<CofferError> {
  // One node's word: the payment is remembered and its coins stay held, so that nothing is paid twice.
  const details = { txid: signed.txid, reason, definite: false }
  if (TOO_LOW.test(reason))
    return new CofferError({
      code: 'FEE_TOO_LOW',
      message: 'The node takes this transaction at no such fee now. Replace it: account.replace(signed, …).',
      details,
      cause,
    })
  if (SPENT.test(reason)) {
    const by = await findSpender(signed, { source }, network).catch(() => undefined)
    return new CofferError({
      code: 'COIN_TAKEN',
      message: by
        ? `Another transaction, ${by.txid}, spends a coin of this one. It can only be sent if that one goes away.`
        : 'A coin of this transaction is spent or unknown to the node. Look at its status before you pay again.',
      details: { ...details, ...(by ? { by: by.txid } : {}) },
      cause,
    })
  }
  return new CofferError({
    code: 'BROADCAST_REJECTED',
    message: `The node refused the transaction: ${reason}`,
    details,
    cause,
  })
}

/** Whether the network knows the transaction, waiting or mined; `unasked` when that could not be asked. */
async function isKnown(source: UtxoSource, txid: string, script: string): Promise<'yes' | 'no' | 'unasked'> {
  try {
    const [record] = await source.transactions([{ txid, script }])
    return record ? 'yes' : 'no'
  } catch {
    return 'unasked'
  }
}
