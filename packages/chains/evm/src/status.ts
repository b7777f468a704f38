import { CofferError, type EvmSource, type ReadOptions, type SignedFields, type TxState } from '@coffer/core'
import { quantity } from './hex.ts'
import type { EvmNetwork } from './intent.ts'
import { ask, read, take, toQuantity } from './rpc.ts'
import { readSignedTransaction } from './sign.ts'

/** Where a transaction stands, in one round trip; in two before it is called replaced. */
export async function status(
  network: EvmNetwork,
  signed: SignedFields,
  { source, signal }: { source: EvmSource } & ReadOptions,
): Promise<TxState> {
  const { from, nonce } = readSignedTransaction(signed, network)
  const receiptRead = read('eth_getTransactionReceipt', [signed.txid], (value) => receipt(value, signed.txid))
  const [count, known, found, head, finalized] = await ask(
    source,
    [
      read('eth_getTransactionCount', [from, 'latest'], quantity),
      read('eth_getTransactionByHash', [signed.txid], (value) => value !== null && value !== undefined),
      receiptRead,
      read('eth_blockNumber', [], quantity),
      read('eth_getBlockByNumber', ['finalized', false], blockHeight),
    ] as const,
    { signal },
  )
  const mined = take(found)
  if (mined) {
    const confirmations = Math.max(1, Number(take(head)) - mined.height + 1)
    const final =
      finalized.ok && finalized.value !== undefined
        ? finalized.value >= mined.height
        : confirmations >= network.finalAfter
    return { state: 'mined', ...mined, confirmations, final }
  }
  if (take(count) > nonce) {
    // It may have been mined between the answers above, or on a node that is ahead of its own index. Only a nonce that is
    // used at a final block, with no receipt beside that answer, is lost for good.
    const hasFinality = finalized.ok && finalized.value !== undefined
    const deep = take(head) - BigInt(network.finalAfter)
    const block = hasFinality ? 'finalized' : toQuantity(deep > 0n ? deep : 0n)
    const [again, settled] = await ask(
      source,
      [receiptRead, read('eth_getTransactionCount', [from, block], quantity)] as const,
      { signal },
    )
    if (take(again)) return { state: 'pending' }
    return { state: 'replaced', final: settled.ok && settled.value > nonce }
  }
  return take(known) ? { state: 'pending' } : { state: 'unknown' }
}

interface Receipt {
  readonly height: number
  readonly hash: string
  readonly ok: boolean
  readonly fee: bigint
}

/** A receipt, checked; `undefined` for none or for one of a block that is not there yet. */
export function receipt(value: unknown, txid: string): Receipt | undefined {
  if (value === null || value === undefined) return undefined
  const fields = value as Record<string, unknown>
  if (fields['transactionHash'] !== txid || typeof fields['blockHash'] !== 'string')
    throw new CofferError({
      code: 'BAD_RESPONSE',
      message: 'The node gave the receipt of another transaction.',
    })
  return {
    height: Number(quantity(fields['blockNumber'])),
    hash: fields['blockHash'],
    ok: quantity(fields['status']) === 1n,
    fee: quantity(fields['gasUsed']) * quantity(fields['effectiveGasPrice']),
  }
}

function blockHeight(value: unknown): number | undefined {
  const number = (value as { number?: unknown } | null)?.number
  return number === undefined || number === null ? undefined : Number(quantity(number))
}
