import { CofferError, type Payment } from '@coffer/core'
import type { Context } from './context.ts'

/** A payment that was sent from here and is not final yet; throws `INVALID_REQUEST` when there is no such. */
export async function sentPayment({ wallet }: Context, txid: string): Promise<Payment> {
  const payment = (await wallet.payments()).find((payment) => payment.txid === txid.toLowerCase())
  if (payment) return payment
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: 'This wallet remembers no such payment. "coffer payments" lists those that are not final yet.',
  })
}
