import { formatAmount } from './amount.ts'
import type { Asset } from './asset.ts'
import type { Effect, Effects, Fee, PermissionEffect } from './effects.ts'
import type { AssetId } from './ids.ts'

/**
 * Effects as plain sentences, one a line: what leaves, to whom, the fee and its ceiling, and each warning. Amounts of
 * assets that are not among `assets` are shown in base units, and said to be so.
 *
 * @example
 * describeEffects(draft.effects, [chain.coin, ...chain.assets])
 * // ['Send 0.25 ETH to 0x7099…79C8', 'Fee about 0.00002 ETH, at most 0.00005 ETH']
 */
export function describeEffects(
  { account, list, fee, warnings }: Described,
  assets: readonly Asset[],
): string[] {
  const show: Show = (amount, id) => showAmount(amount, id, assets)
  const onlyChange = list.length > 0 && list.every(({ kind }) => kind === 'change')
  return [
    ...(onlyChange ? ['Pay nobody: all but the fee comes back'] : []),
    ...list.flatMap((effect) => sentences(effect, show, account)),
    ...(fee ? [feeSentence(fee, show)] : []),
    ...warnings.map((warning) => `Warning: ${warning.message}`),
  ]
}

/** What of effects is told. Messages pay no fee. */
export type Described = Pick<Effects, 'list' | 'warnings'> & Partial<Effects>

type Show = (amount: bigint, id: AssetId) => string

function feeSentence({ asset, expected, ceiling, rate, detail }: Fee, show: Show): string {
  const isExact = rate.unit === 'satPerKvb'
  const said = detail ?? (isExact ? `${formatAmount(rate.value, 3)} sat/vB` : undefined)
  const parts = said === undefined ? '' : ` (${said})`
  // On Bitcoin it is what remains, neither more nor less.
  if (isExact) return `Fee ${show(expected, asset)}${parts}`
  // Nobody asked what it will cost.
  if (expected === ceiling && said === undefined) return `Fee at most ${show(ceiling, asset)}`
  return `Fee about ${show(expected, asset)}${parts}, at most ${show(ceiling, asset)}`
}

/** An amount with its symbol, or in base units with the asset's id when the asset is not known here. */
export function showAmount(amount: bigint, id: AssetId, assets: readonly Asset[]): string {
  const asset = assets.find((asset) => asset.id === id)
  return asset ? `${formatAmount(amount, asset.decimals)} ${asset.symbol}` : `${amount} base units of ${id}`
}

/** One sentence, and lines below it where there is more to compare. */
function sentences(effect: Effect, show: Show, account: string | undefined): string[] {
  if (effect.kind !== 'permissions') return [sentence(effect, show, account)]
  const { before = [], permissions } = effect
  return [
    `Give ${effect.account} other keys`,
    ...before.map((line) => `  before: ${line}`),
    ...permissions.map((permission) => `  after:  ${keysOf(permission)}`),
  ]
}

function sentence(
  effect: Exclude<Effect, { kind: 'permissions' }>,
  show: Show,
  account: string | undefined,
): string {
  switch (effect.kind) {
    case 'transfer':
      if (account !== undefined && effect.from !== account)
        return `Move ${show(effect.amount, effect.asset)} of ${effect.from} to ${effect.to}`
      return `Send ${show(effect.amount, effect.asset)} to ${effect.to}`
    case 'nft-transfer':
      if (account !== undefined && effect.from !== account)
        return `Move ${effect.amount === 1n ? '' : `${effect.amount} of `}token ${effect.tokenId} of ${effect.collection} of ${effect.from} to ${effect.to}`
      return `Send ${effect.amount === 1n ? '' : `${effect.amount} of `}token ${effect.tokenId} of ${effect.collection} to ${effect.to}`
    case 'approve':
      if (effect.change === 'decrease')
        return `Take back ${show(effect.amount, effect.asset)} of what ${effect.spender} may take`
      if (effect.amount === 0n) return `Take back every approval of ${effect.spender} for ${effect.asset}`
      return effect.unlimited
        ? `Let ${effect.spender} take ANY amount of ${effect.asset}${until(effect.expires)}`
        : `Let ${effect.spender} take ${effect.change === 'increase' ? 'another' : 'up to'} ${show(effect.amount, effect.asset)}${until(effect.expires)}`
    case 'approve-all':
      return effect.approved
        ? `Let ${effect.operator} take EVERY token of ${effect.collection}`
        : `Take back the control of ${effect.operator} over ${effect.collection}`
    case 'call':
      return `Call ${effect.to} with data that is not understood${effect.disguised ? ', though it begins like a call that is' : ''} (${effect.selector}, ${(effect.data.length - 2) / 2} bytes)`
    case 'deploy':
      return `Deploy a contract of ${effect.codeSize} bytes (keccak256 ${effect.codeHash})`
    case 'delegate':
      return effect.to === null
        ? 'Give the account back its own, empty code'
        : `Let the code at ${effect.to} act for ${effect.authority}`
    case 'cancel':
      return 'Send nothing, in place of the earlier transaction'
    case 'change':
      return `Get back ${show(effect.amount, effect.asset)} at ${effect.to}, your own address ${effect.path}`
    case 'memo':
      return `Write ${effect.data.length / 2} bytes into the chain for all to read: ${effect.data}`
    case 'freeze':
      return `Stake ${show(effect.amount, effect.asset)} for ${effect.resource}`
    case 'unfreeze':
      return `Take ${show(effect.amount, effect.asset)} out of staking for ${effect.resource}; it comes back after a wait`
    case 'cancel-unfreeze':
      return 'Stake all that waits to come back again'
    case 'withdraw':
      return 'Get back what has waited long enough after staking'
    case 'claim':
      return 'Get the rewards of voting'
    case 'delegate-resource':
      return `Lend the ${effect.resource} of ${show(effect.amount, effect.asset)} to ${effect.to}${effect.lockSeconds ? `, for at least ${effect.lockSeconds} s` : ''}`
    case 'undelegate-resource':
      return `Take the ${effect.resource} of ${show(effect.amount, effect.asset)} back from ${effect.to}`
    case 'vote':
      return `Vote for ${effect.votes.map(({ to, count }) => `${to} (${count})`).join(', ')}`
    case 'activate':
      return `Open an account for ${effect.to}`
  }
}

/** Within what a date can say. */
function until(expires: bigint | undefined): string {
  if (expires === undefined || expires > 253_402_300_799n) return ''
  return `, until ${new Date(Number(expires) * 1000).toISOString()}`
}

function keysOf({ role, threshold, keys, operations }: PermissionEffect): string {
  const holders = keys.map(({ address, weight }) => `${address} (${weight})`).join(', ')
  return `${role}, ${threshold} of ${holders}${operations ? `, ${operationsIn(operations)}` : ''}`
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
