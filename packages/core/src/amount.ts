import { CofferError } from './error.ts'

/**
 * Reads a decimal string in whole coins as base units, exactly.
 *
 * Refused with `INVALID_AMOUNT`: a JS number, a sign, an exponent, white space, a leading or trailing point, digits of
 * other scripts, more decimals than the asset has.
 *
 * @example
 * parseAmount('0.25', 18) // 250000000000000000n
 */
export function parseAmount(text: string, decimals: number): bigint {
  if (typeof text !== 'string')
    throw wrong(text, 'Write it as a decimal string such as "0.25", or a bigint of base units.')
  if (text.length > 96) throw wrong(text, 'It is too long.')
  const match = /^(0|[1-9][0-9]*)(?:\.([0-9]+))?$/.exec(text)
  if (!match) throw wrong(text, 'Use digits and at most one point, such as "0.25".')
  const fraction = match[2] ?? ''
  if (fraction.length > decimals)
    throw wrong(text, `It has ${fraction.length} decimals; this asset has ${decimals}.`, { decimals })
  return BigInt(match[1] + fraction.padEnd(decimals, '0'))
}

/**
 * Writes base units as a decimal string in whole coins, exactly, without trailing zeros.
 *
 * @example
 * formatAmount(250000000000000000n, 18) // '0.25'
 */
export function formatAmount(amount: bigint, decimals: number): string {
  if (typeof amount !== 'bigint') throw wrong(amount, 'An amount of base units is a bigint.')
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return `${amount < 0n ? '-' : ''}${whole}${fraction ? `.${fraction}` : ''}`
}

/** An amount as a caller may give it: a bigint of base units, or a decimal string of whole coins. */
export type AmountInput = bigint | string

/** Turns either form into base units; refuses negative bigints and everything that {@link parseAmount} refuses. */
export function toBaseUnits(amount: AmountInput, decimals: number): bigint {
  if (typeof amount !== 'bigint') return parseAmount(amount, decimals)
  if (amount < 0n) throw wrong(amount, 'It is negative.')
  return amount
}

/** Reads base units from their JSON form, a string of digits. */
export function parseBaseUnits(text: unknown): bigint {
  if (typeof text !== 'string' || text.length > 96 || !/^(0|[1-9][0-9]*)$/.test(text))
    throw wrong(text, 'In JSON an amount is a string of digits in base units.')
  return BigInt(text)
}

function wrong(value: unknown, hint: string, details: Record<string, unknown> = {}): CofferError {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : `a ${typeof value}`
  return new CofferError({
    code: 'INVALID_AMOUNT',
    message: `The amount ${shown} cannot be used. ${hint}`,
    details,
  })
}
