/**
 * A rate that a server wrote as a decimal fraction, times `10^digits`, rounded up to a whole; `undefined` for what is no
 * number above zero, or absurdly large.
 *
 * JavaScript prints a number back as the decimal that it was read from (up to 15 digits), so no float is calculated with.
 *
 * @example
 * scaledUp(12.3451, 3) // 12346n
 */
export function scaledUp(value: unknown, digits: number): bigint | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const match = DECIMAL.exec(String(value))
  if (!match) return undefined
  const [, whole = '', fraction = '', exponent = '0'] = match
  const places = fraction.length - Number(exponent) - digits
  const all = BigInt(whole + fraction)
  if (all === 0n) return undefined
  const divisor = 10n ** BigInt(Math.max(places, 0))
  const scaled = (all * 10n ** BigInt(Math.max(-places, 0)) + divisor - 1n) / divisor
  return scaled <= MOST ? scaled : undefined
}

/** More than all coins for 1,000 bytes. */
const MOST = 2_100_000_000_000_000n
const DECIMAL = /^([0-9]{1,20})(?:\.([0-9]{1,30}))?(?:[eE]([+-]?[0-9]{1,2}))?$/
