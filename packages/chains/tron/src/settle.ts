import type { ReadOptions } from '@coffer/core'
import { accountId } from './address.ts'
import { type Open, settle, stillOpen } from './book.ts'
import type { Creating } from './facts.ts'
import { blockRead } from './reads.ts'
import { ask, take } from './rpc.ts'
import { minedRead } from './status.ts'

/**
 * Asks what became of transactions that are open. Those that a block took, and those that none can take any more, are
 * forgotten: the final block is past their expiration, and neither tree of blocks has them. Throws `PAYMENT_OPEN` for the first
 * that may still be mined.
 */
export async function settleOpen(
  { network, source, store, address }: Pick<Creating, 'network' | 'source' | 'store' | 'address'>,
  open: readonly Open[],
  options: ReadOptions,
): Promise<void> {
  // The time first, then the absence: a block that takes one in between is no later than that time.
  const [solid] = await ask(source, [blockRead('walletsolidity')] as const, options)
  const { time } = take(solid)
  const answers = await ask(
    source,
    open.flatMap(({ txid }) => [minedRead('wallet', txid), minedRead('walletsolidity', txid)]),
    options,
  )
  const settled = open.filter(({ expiration }, i) => {
    const mined = [answers[2 * i]!, answers[2 * i + 1]!].some((answer) => take(answer))
    return mined || time > BigInt(expiration)
  })
  await settle(
    store,
    accountId(network, address),
    settled.map(({ txid }) => txid),
  )
  const rest = open.find((one) => !settled.includes(one))
  if (rest) throw stillOpen(rest.txid, BigInt(rest.expiration))
}
