import { formatAmount } from '@coffer/core'
import type { FeeParts } from './fee-parts.ts'
import type { TronNetwork } from './intent.ts'

/**
 * What a fee is made of, in a few words: `267 bytes of free bandwidth; 13,045 energy: 5,000 staked, 8,045 burnt`. Undefined
 * where nobody asked a node what it will cost.
 */
export function detailOf(
  parts: FeeParts | undefined,
  { coin }: Pick<TronNetwork, 'coin'>,
): string | undefined {
  if (!parts) return undefined
  const { bandwidth, energy, activation, memo, multiSign, permissions } = parts
  const bytes = `${count(bandwidth.bytes)} bytes`
  const charges: readonly (readonly [bigint, string])[] = [
    [bandwidth.burnt, `for ${bytes}`],
    [activation, 'to open the account'],
    [multiSign, 'for several signatures'],
    [memo, 'for the memo'],
    [permissions, 'for the change of keys'],
  ]
  const paid = charges.filter(([sun]) => sun > 0n)
  const said = [
    ...(bandwidth.from === 'burnt' ? [] : [`${bytes} of ${bandwidth.from} bandwidth`]),
    ...(energy.used > 0n ? [energyOf(energy)] : []),
    ...paid.map(([sun, why]) => `${formatAmount(sun, coin.decimals)} ${coin.symbol} ${why}`),
  ]
  const [first, second] = paid
  // Of one part that is the whole the amount stands before it.
  return said.length === 1 && first && !second ? first[1] : said.join('; ')
}

/** `13,045 energy: 5,000 staked, 8,045 burnt`. */
function energyOf({ used, penalty, shared, staked, burnt, price }: FeeParts['energy']): string {
  const payers: readonly (readonly [bigint, string])[] = [
    [shared, 'paid by the contract'],
    [staked, 'staked'],
    [price > 0n ? burnt / price : 0n, 'burnt'],
  ]
  const paid = payers.filter(([units]) => units > 0n)
  const [only] = paid
  const split =
    paid.length === 1 && only
      ? ` ${only[1]}`
      : `: ${paid.map(([units, how]) => `${count(units)} ${how}`).join(', ')}`
  const dearer = penalty > 0n ? `, ${count(penalty)} of it because the contract is in demand` : ''
  return `${count(used)} energy${split}${dearer}`
}

/** With commas, on every platform alike. */
function count(units: bigint): string {
  return units.toString().replace(/\B(?=(?:\d{3})+$)/g, ',')
}
