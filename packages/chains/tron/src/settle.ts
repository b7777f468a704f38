import type { ReadOptions } from '@coffer/core'
import { accountId } from './address.ts'
import { type Open, settle, stillOpen } from './book.ts'
import type { Creating } from './facts.ts'
import { type Block, blockRead } from './reads.ts'
import { ask, take } from './rpc.ts'
import { isOver } from './settled.ts'
import { traceReads } from './status.ts'

/**
 * Asks what became of transactions that are open, in one request. Those that a block took, and those that none can take any
 * more, are forgotten. Throws `PAYMENT_OPEN` for the first that may still be mined.
 */
export async function settleOpen(
  { network, source, store, address }: Pick<Creating, 'network' | 'source' | 'store' | 'address'>,
  open: readonly Open[],
  options: ReadOptions,
): Promise<void> {
  const traces = open.map(({ txid }) => traceReads(txid))
  const [final, ...answers] = await ask(
    source,
    [blockRead('walletsolidity'), ...traces.flat()] as const,
    options,
  )
  const solid = take(final) as Block
  const settled = open.filter(({ expiration }, i) => {
    const { length } = traces[i]!
    const [mined, final, known, knownFinal] = answers
      .slice(i * length, (i + 1) * length)
      .map((answer) => Boolean(take<unknown>(answer)))
    // A full node shows by its id what waits for a block as well: only its result tells that one took it.
    return mined || final || knownFinal || (!known && isOver(BigInt(expiration), solid))
  })
  await settle(store, accountId(network, address), settled)
  const rest = open.find((one) => !settled.includes(one))
  if (rest) throw stillOpen(rest.txid, BigInt(rest.expiration))
}
