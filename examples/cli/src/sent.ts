import { CofferError, type Payment, type PaymentStatus, type Signed } from '@coffer/core'
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

/** The first thing that following a payment tells; one that has ended is forgotten by it, unless it expired. */
export async function statusOf(context: Context, payment: Payment): Promise<PaymentStatus> {
  for await (const status of payment.watch({ signal: context.io.signal })) {
    if (status.state === 'expired') await keepExpired(context, payment)
    return status
  }
  return { state: 'pending' }
}

// ---- payments that no block took in time, and that may be paid again ----

const EXPIRED = 'expired/'

/**
 * Keeps an expired payment, which the wallet forgets, until it is paid again. False for one of a payout: that is paid again by the
 * payout itself, and by nothing else.
 */
export async function keepExpired(context: Context, { signed }: Payment): Promise<boolean> {
  if (await isOfPayout(context, signed)) return false
  await context.store.set(expiredKey(signed), JSON.stringify(signed))
  return true
}

export async function expiredPayments({ store, wallet }: Context): Promise<readonly Signed[]> {
  const texts = await Promise.all((await store.keys(EXPIRED)).map((key) => store.get(key)))
  return texts.flatMap((text) => (text === undefined ? [] : [wallet.signed(text)]))
}

export async function forgetExpired({ store }: Context, signed: Signed): Promise<void> {
  await store.delete(expiredKey(signed))
}

/**
 * Marks a payment as one of a payout, before it is sent. The queue makes the wallet forget it once it has ended; until the queue
 * runs again, and while it runs beside another command, the mark alone keeps it from being paid anew by hand as well.
 */
export async function markPayout({ store }: Context, signed: Signed): Promise<void> {
  await store.set(payoutKey(signed), '')
}

export async function isOfPayout({ store }: Context, signed: Signed): Promise<boolean> {
  return (await store.get(payoutKey(signed))) !== undefined
}

const expiredKey = ({ chain, txid }: Signed): string => `${EXPIRED}${chain}/${txid}`
const payoutKey = ({ chain, txid }: Signed): string => `payout-payment/${chain}/${txid}`
