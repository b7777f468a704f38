import type { ReadOptions, SignedFields, TronSource, TxState } from '@coffer/core'
import { amount, badResponse, count, hex, object } from './answers.ts'
import type { TronNetwork } from './intent.ts'
import { blockRead } from './reads.ts'
import { ask, type Read, read, take } from './rpc.ts'
import { isOver } from './settled.ts'
import { readSignedTransaction } from './sign.ts'

/**
 * Where a transaction stands, in one round trip; in two once it is mined, for the id of its block, and before it is
 * called `expired`: no block has it, and none can take it any more (see `isOver`).
 */
export async function status(
  network: TronNetwork,
  signed: SignedFields,
  { source, signal }: { source: TronSource } & ReadOptions,
): Promise<TxState> {
  const { tx } = readSignedTransaction(signed, network)
  const { txid } = signed
  const [mined, final, known, knownFinal, waiting, head, solid] = await ask(
    source,
    [...traceReads(txid), waitingRead(txid), blockRead('wallet'), blockRead('walletsolidity')] as const,
    { signal },
  )
  const found = take(mined) ?? take(final)
  if (found) {
    const { height, ok, fee } = found
    const [block] = await ask(source, [blockRead('wallet', height)] as const, { signal })
    const isFinal = take(final) !== undefined
    const confirmations = Math.max(1, take(head).height - height + 1)
    return { state: 'mined', height, hash: take(block).hash, ok, fee, confirmations, final: isFinal }
  }
  // It waits for a block; or a node that keeps no results knows of one.
  if (take(known) || take(knownFinal)) return { state: 'pending' }
  if (isOver(tx.expiration, take(solid))) {
    // The answers above may be of several moments, and of several servers: once more, now that it is past.
    const [still, ...traces] = await ask(
      source,
      [blockRead('walletsolidity'), ...traceReads(txid)] as const,
      { signal },
    )
    if (traces.some((trace) => take<unknown>(trace))) return { state: 'pending' }
    return { state: isOver(tx.expiration, take(still)) ? 'expired' : 'unknown' }
  }
  return waiting.ok && waiting.value ? { state: 'pending' } : { state: 'unknown' }
}

/** Every trace that a transaction leaves where a block took it: its result and itself, among the newest blocks and the final ones. */
export function traceReads(
  txid: string,
): readonly [Read<Mined | undefined>, Read<Mined | undefined>, Read<boolean>, Read<boolean>] {
  return [
    minedRead('wallet', txid),
    minedRead('walletsolidity', txid),
    transactionRead('wallet', txid),
    transactionRead('walletsolidity', txid),
  ]
}

export interface Mined {
  readonly height: number
  /** False for a contract call that was mined and failed. */
  readonly ok: boolean
  /** All coin that was burnt, in sun. */
  readonly fee: bigint
}

/** What became of a transaction that a block took; `undefined` when none has. */
export function minedRead(tree: 'wallet' | 'walletsolidity', txid: string): Read<Mined | undefined> {
  return read(`${tree}/gettransactioninfobyid`, { value: txid }, (value) => {
    const info = object(value)
    if (info['id'] === undefined) return undefined
    if (hex(info['id'], 32) !== txid) throw badResponse('the transaction that was asked for')
    const { result } = object(info['receipt'] ?? {})
    const ok =
      info['result'] !== 'FAILED' && (result === undefined || result === 'SUCCESS' || result === 'DEFAULT')
    return { height: count(info['blockNumber']), ok, fee: amount(info['fee']) }
  })
}

/** Whether a node has a transaction: in a block, or, among the newest ones (`wallet`), waiting for one. */
export function transactionRead(tree: 'wallet' | 'walletsolidity', txid: string): Read<boolean> {
  return read(`${tree}/gettransactionbyid`, { value: txid }, (value) => {
    const { txID } = object(value)
    if (txID !== undefined && hex(txID, 32) !== txid) throw badResponse('the transaction that was asked for')
    return txID !== undefined
  })
}

/** Whether it waits for a block, on nodes that can tell. */
export function waitingRead(txid: string): Read<boolean> {
  return read('wallet/gettransactionfrompending', { value: txid }, (value) => object(value)['txID'] === txid)
}
