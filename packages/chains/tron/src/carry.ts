import type { Resource } from '@coffer/core'
import type { Facts } from './facts.ts'
import type { FeeParts } from './fee-parts.ts'
import type { TronIntent, TronNetwork } from './intent.ts'

// What one transaction of a batch leaves for the next.

/** Coin that leaves beside the fee. */
export function coinOf(intent: TronIntent, network: TronNetwork): bigint {
  switch (intent.kind) {
    case 'pay':
      return intent.asset === network.coin.id ? intent.amount : 0n
    case 'call':
    case 'deploy':
      return intent.value
    case 'freeze':
      return intent.amount
    default:
      return 0n
  }
}

/** The most that a request may lend, take back or claim, after those before it. */
export function limitOf(
  { limits, resolved, account: before }: Facts,
  i: number,
  account: Facts['account'],
): bigint | undefined {
  const limit = limits[i]
  const { intent } = resolved[i]!
  if (limit === undefined) return undefined
  if (intent.kind === 'delegate') {
    const left = limit + account.frozen[intent.resource] - before.frozen[intent.resource]
    return left > 0n ? left : 0n
  }
  if (intent.kind !== 'undelegate') return limit
  return resolved.slice(0, i).reduce((sum, { intent: earlier }) => {
    if (earlier.kind !== 'delegate' && earlier.kind !== 'undelegate') return sum
    if (earlier.to !== intent.to || earlier.resource !== intent.resource) return sum
    if (earlier.kind === 'undelegate') return sum - earlier.amount
    return earlier.lockBlocks === 0n ? sum + earlier.amount : sum
  }, limit)
}

/** The account after a transaction, as far as the next one of a batch hangs on it. */
export function after(
  account: Facts['account'],
  intent: TronIntent,
  gone: bigint,
  { head, parameters }: Facts,
): Facts['account'] {
  const next = { ...account, balance: account.balance - gone }
  const move = (sun: bigint, name: 'frozen' | 'delegated', resource: Resource) => ({
    [name]: { ...account[name], [resource]: account[name][resource] + sun },
  })
  switch (intent.kind) {
    case 'freeze':
      return { ...next, ...move(intent.amount, 'frozen', intent.resource) }
    case 'unfreeze': {
      const { amount, resource } = intent
      const ready = head.time + parameters.unfreezeDays * 86_400_000n
      const unfreezing = [...account.unfreezing, { amount, resource, ready }]
      return { ...next, ...move(-amount, 'frozen', resource), unfreezing }
    }
    case 'claim':
      return { ...next, lastClaim: head.time }
    case 'withdraw': {
      const ready = account.unfreezing.filter((one) => one.ready <= head.time)
      const back = ready.reduce((sum, { amount }) => sum + amount, 0n)
      const unfreezing = account.unfreezing.filter((one) => !ready.includes(one))
      return { ...next, balance: next.balance + back, unfreezing }
    }
    case 'delegate':
    case 'undelegate': {
      const { resource } = intent
      const lent = intent.kind === 'delegate' ? intent.amount : -intent.amount
      return { ...next, ...move(-lent, 'frozen', resource), ...move(lent, 'delegated', resource) }
    }
    default:
      return next
  }
}

/** What is left of the allowances after a transaction. */
export function spent(allowances: Facts['allowances'], { bandwidth, energy }: FeeParts): Facts['allowances'] {
  const use = (name: 'bandwidth' | 'free', payer: 'staked' | 'free') => {
    const { limit, used } = allowances[name]
    return { limit, used: bandwidth.from === payer ? used + bandwidth.bytes : used }
  }
  return {
    ...allowances,
    bandwidth: use('bandwidth', 'staked'),
    free: use('free', 'free'),
    energy: { limit: allowances.energy.limit, used: allowances.energy.used + energy.staked },
  }
}
