import { type Asset, describeEffects, type Effect, type Effects, formatAmount } from '@coffer/core'
import { feeParts, type TronChain } from '@coffer/tron'
import { oneLine } from '../output.ts'

/** What effects come to: the fee with its parts, and a change of keys with what was before. */
export function tronSentences(chain: TronChain, effects: Effects, tokens: readonly Asset[]): string[] {
  const { list, fields } = effects
  const lines = describeEffects(effects, [chain.coin, ...chain.assets, ...tokens])
  return [
    ...list.flatMap((effect, i) =>
      effect.kind === 'permissions' ? keysOf(effect, fields) : (lines[i] ?? ''),
    ),
    feeOf(chain, effects),
    ...lines.slice(list.length + 1),
  ]
}

type Fields = Effects['fields']

// ---- the fee ----

/** `Fee about 0 TRX (267 bytes of free bandwidth), at most 1.37 TRX`. */
function feeOf({ coin }: TronChain, { fee, fields }: Effects): string {
  const show = (sun: bigint): string => `${formatAmount(sun, coin.decimals)} ${coin.symbol}`
  const parts = feeParts({ hints: fields })
  // Of a signed transaction nobody asked what it will cost.
  if (!parts) return `Fee at most ${show(fee.ceiling)}`
  const { bandwidth, energy, activation, multiSign } = parts
  const { burnt } = bandwidth
  const bytes = `${count(bandwidth.bytes)} bytes`
  const flat = fee.expected - burnt - energy.burnt - activation - multiSign
  const charges: readonly (readonly [bigint, string])[] = [
    [burnt, `for ${bytes}`],
    [activation, 'to open the account'],
    [multiSign, 'for several signatures'],
    [flat, `for the ${flatReason(fields)}`],
  ]
  const paid = charges.filter(([sun]) => sun > 0n)
  const said = [
    ...(bandwidth.from === 'burnt' ? [] : [`${bytes} of ${bandwidth.from} bandwidth`]),
    ...(energy.used > 0n ? [energyOf(energy)] : []),
    ...paid.map(([sun, why]) => `${show(sun)} ${why}`),
  ]
  const [first, second] = paid
  // Of one part that is the whole the amount stands before it.
  if (said.length === 1 && first && !second) said[0] = first[1]
  return `Fee about ${show(fee.expected)} (${said.join('; ')}), at most ${show(fee.ceiling)}`
}

type Parts = NonNullable<ReturnType<typeof feeParts>>

/** `13,045 energy: 5,000 staked, 8,045 burnt`. */
function energyOf({ used, penalty, shared, staked, burnt, price }: Parts['energy']): string {
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

/** What else is charged for has no number of its own among the fields. */
function flatReason({ memo, contract }: Fields): string {
  const reasons = [
    ...(memo === '' ? [] : ['memo']),
    ...(contract === 'AccountPermissionUpdateContract' ? ['change of keys'] : []),
  ]
  return reasons.join(' and the ')
}

function count(units: bigint): string {
  return units.toLocaleString('en-US')
}

// ---- keys ----

type Permissions = Extract<Effect, { kind: 'permissions' }>

/** Who decides now, and who will. The first is what the node told when the draft was made. */
function keysOf({ account, permissions }: Permissions, fields: Fields): string[] {
  const before = Object.entries(fields).flatMap(([name, line]) => (/^before\d+$/.test(name) ? [line] : []))
  const after = permissions.map(({ role, threshold, keys, operations }) => {
    const holders = keys.map(({ address, weight }) => `${address} (${weight})`).join(', ')
    return `${role}, ${threshold} of ${holders}${operations ? `, ${operationsIn(operations)}` : ''}`
  })
  return [
    `Give ${account} other keys`,
    ...before.map((line) => `  before: ${oneLine(line)}`),
    ...after.map((line) => `  after:  ${line}`),
  ]
}

const KEYS = 'AccountPermissionUpdate'

/** A few by name; of many what matters most. */
function operationsIn(operations: readonly string[]): string {
  if (operations.length <= 6) return `for ${operations.join(', ') || 'nothing'}`
  const changes = operations.includes(KEYS)
    ? 'ANOTHER CHANGE OF KEYS among them'
    : 'no change of keys among them'
  return `for ${operations.length} kinds of transactions, ${changes}`
}
