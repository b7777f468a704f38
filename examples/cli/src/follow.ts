import { CofferError, isCofferError, type Payment, type PaymentStatus } from '@coffer/core'
import type { Context } from './context.ts'
import type { AppChain } from './families/family.ts'
import { showAmount } from './output.ts'
import { progress } from './progress.ts'
import { keepExpired } from './sent.ts'

/**
 * Follows a payment until it has `wait` confirmations, and says each change. Throws `PAYMENT_FAILED`, `PAYMENT_REPLACED`,
 * `PAYMENT_DROPPED`, `PAYMENT_EXPIRED`, or `ABORTED` when the person has waited enough.
 */
export async function follow(
  context: Context,
  chain: AppChain,
  payment: Payment,
  wait: number,
): Promise<PaymentStatus> {
  const { io, output } = context
  if (wait === 0) return { state: 'pending' }
  const { signal } = io
  const show = progress(io)
  try {
    for await (const status of payment.watch({ signal })) {
      const enough =
        status.state === 'final' || (status.state === 'confirmed' && status.confirmations >= wait)
      if (enough) {
        show.done(sentence(chain, status))
        return status
      }
      show.update(sentence(chain, status))
      if (status.state === 'expired' && (await keepExpired(context, payment)))
        output.say(`To pay it again: coffer retry ${payment.txid}`)
      // Says in the words of the library why it will not be confirmed.
      if (['failed', 'replaced', 'dropped', 'expired'].includes(status.state))
        await payment.confirmed(wait, { signal, dropAfter: 0 })
    }
  } catch (error) {
    show.stop()
    if (isCofferError(error, 'ABORTED'))
      output.say('The payment goes on by itself. See how it stands: coffer payments')
    throw error
  } finally {
    show.stop()
  }
  throw new CofferError({ code: 'INTERNAL', message: 'The payment ended without a result.' })
}

/** How a payment stands, for people. */
export function sentence(chain: AppChain, status: PaymentStatus): string {
  switch (status.state) {
    case 'pending':
      return 'Waiting for a block …'
    case 'reorged':
      return 'Its block was undone; waiting for another one …'
    case 'replaced':
      return status.final
        ? 'Another transaction took its place'
        : 'Another transaction took its place; waiting until that is final …'
    case 'dropped':
      return 'No node knows it any more'
    case 'expired':
      return 'No block took it in time, and none can any more'
    default: {
      const { state, confirmations, height, fee } = status
      const count = `${confirmations} confirmation${confirmations === 1 ? '' : 's'}`
      const word = { confirmed: 'Confirmed', final: 'Final', failed: 'Failed' }[state]
      return `${word} in block ${height}, ${count}, fee ${showAmount(fee, chain.coin)}`
    }
  }
}
