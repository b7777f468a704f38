import { CofferError, formatAmount } from '@coffer/core'
import { parseAddress } from './address.ts'
import type { Address } from './intent.ts'

/** What a payment link asks for. Amounts are in whole coins or tokens, as text: the link does not tell their decimals. */
export interface PaymentUri {
  readonly to: Address
  /** The contract of a TRC-20 token; the coin when absent. */
  readonly token?: Address
  readonly amount?: string
}

/**
 * Writes a payment link, `tron:T…?amount=…&token=…`. There is no standard for it: many wallets read a bare address alone, so
 * show that unless an amount is asked for.
 */
export function formatUri(
  to: Address,
  { token, amount, decimals }: { token?: Address | undefined; amount?: bigint | undefined; decimals: number },
): string {
  const query = [
    ...(amount === undefined ? [] : [`amount=${formatAmount(amount, decimals)}`]),
    ...(token === undefined ? [] : [`token=${token}`]),
  ]
  return `tron:${to}${query.length > 0 ? `?${query.join('&')}` : ''}`
}

/**
 * Reads a payment link, or a bare address. Parameters that are not known are passed over, but for those that begin with
 * `req-`. Throws `INVALID_URI`, `INVALID_ADDRESS`.
 *
 * @example
 * parseUri('tron:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t?amount=2.5')
 * // { to: 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t', amount: '2.5' }
 */
export function parseUri(text: string): PaymentUri {
  if (typeof text !== 'string' || text.length > 1000) throw invalid('It is not a text of sensible length.')
  const [, target = '', query = ''] = /^(?:tron:(?:\/\/)?)?([^?]*)(?:\?(.*))?$/is.exec(text) ?? []
  const found = new Map<string, string>()
  for (const part of query === '' ? [] : query.split('&')) {
    const [name = '', ...value] = part.split('=')
    if (name.startsWith('req-')) throw invalid('It wants something that this wallet does not know.')
    if (name !== 'amount' && name !== 'token') continue
    if (found.has(name)) throw invalid(`It says "${name}" twice.`)
    found.set(name, value.join('='))
  }
  const [amount, token] = [found.get('amount'), found.get('token')]
  if (amount !== undefined && !/^(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?$/.test(amount))
    throw invalid('Its amount is not a decimal number such as 2.5.')
  return {
    to: parseAddress(target),
    ...(token === undefined ? {} : { token: parseAddress(token) }),
    ...(amount === undefined ? {} : { amount }),
  }
}

function invalid(why: string): CofferError {
  return new CofferError({
    code: 'INVALID_URI',
    message: `This payment link cannot be used. ${why} Ask for another one.`,
  })
}
