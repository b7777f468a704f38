import { CofferError, type Payment } from '@coffer/core'
import type { Context } from './context.ts'

/** A payment that was sent from here and is not final yet; `undefined` when there is no such. */
export async function findPayment({ wallet }: Context, txid: string): Promise<Payment | undefined> {
  return (await wallet.payments()).find((payment) => payment.txid === txid.toLowerCase())
}

/** The same; throws `INVALID_REQUEST` when there is no such. */
export async function sentPayment(context: Context, txid: string): Promise<Payment> {
  const payment = await findPayment(context, txid)
  if (payment) return payment
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: 'This wallet remembers no such payment. "coffer payments" lists those that are not final yet.',
  })
}
