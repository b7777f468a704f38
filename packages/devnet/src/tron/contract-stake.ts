import { addExact, type ContractContext, type ContractOutcome, requireAccount } from './contract.ts'
import type { FreezeBalanceV2Contract, OwnerOnly, UnfreezeBalanceV2Contract } from './messages.ts'
import { parameter } from './parameters.ts'
import { demand } from './refusal.ts'
import { truncate } from './resources.ts'
import {
  type Account,
  BANDWIDTH,
  DAY_MS,
  ENERGY,
  resourceOf,
  type State,
  SUN_PER_TRX,
  tronPower,
  withResource,
} from './state.ts'

/** Withdrawals of stake that may wait at the same time. */
export const MAX_UNFREEZING = 32

export function freeze(
  context: ContractContext,
  { owner_address: from, frozen_balance: amount, resource }: FreezeBalanceV2Contract,
): ContractOutcome {
  const account = requireAccount(context, from)
  demand(amount > 0n, 'frozenBalance must be positive')
  demand(amount >= SUN_PER_TRX, 'frozenBalance must be greater than or equal to 1 TRX')
  demand(amount <= account.balance, 'frozenBalance must be less than or equal to accountBalance')
  demand(isResource(resource), 'ResourceCode error, valid ResourceCode[BANDWIDTH、ENERGY]')
  changeStake(context.state, { ...account, balance: account.balance - amount }, resource, amount)
  return { fee: 0n }
}

/** Takes stake out, for withdrawal after the delay; what is ready by now is paid out on the way. */
export function unfreeze(
  context: ContractContext,
  { owner_address: from, unfreeze_balance: amount, resource }: UnfreezeBalanceV2Contract,
): ContractOutcome {
  const { state, head } = context
  const account = requireAccount(context, from)
  demand(isResource(resource), 'ResourceCode error.valid ResourceCode[BANDWIDTH、Energy]')
  const { frozen } = resourceOf(account, resource)
  demand(frozen > 0n, `no frozenBalance(${resource === BANDWIDTH ? 'BANDWIDTH' : 'Energy'})`)
  demand(amount > 0n && amount <= frozen, `Invalid unfreeze_balance, [${amount}] is error`)
  const waiting = account.unfreezing.filter(({ expires }) => expires > head.timestamp)
  demand(waiting.length < MAX_UNFREEZING, 'Invalid unfreeze operation, unfreezing times is over limit')
  const { account: paid, amount: expiredWithdrawn } = withdrawExpired(account, head.timestamp)
  const expires = head.timestamp + parameter(state.parameters, 'getUnfreezeDelayDays') * DAY_MS
  const unfreezing = [...paid.unfreezing, { type: resource, amount, expires }]
  const changed = changeStake(state, { ...paid, unfreezing }, resource, -amount)
  state.accounts.set(from, fewerVotes(changed))
  return { fee: 0n, expiredWithdrawn }
}

/** Puts back into stake whatever still waits, and pays out the rest. */
export function cancelUnfreezing(
  context: ContractContext,
  { owner_address: from }: OwnerOnly,
): ContractOutcome {
  const account = requireAccount(context, from)
  demand(account.unfreezing.length > 0, 'No unfreezeV2 list to cancel')
  const { account: paid, amount: expiredWithdrawn } = withdrawExpired(account, context.head.timestamp)
  const cancelled = new Map([
    ['BANDWIDTH', 0n],
    ['ENERGY', 0n],
    ['TRON_POWER', 0n],
  ])
  let current: Account = { ...paid, unfreezing: [] }
  for (const { type, amount } of paid.unfreezing) {
    const name = type === BANDWIDTH ? 'BANDWIDTH' : 'ENERGY'
    cancelled.set(name, (cancelled.get(name) ?? 0n) + amount)
    current = changeStake(context.state, current, type, amount)
  }
  context.state.accounts.set(from, current)
  return { fee: 0n, expiredWithdrawn, cancelled }
}

export function withdrawUnfrozen(
  context: ContractContext,
  { owner_address: from }: OwnerOnly,
): ContractOutcome {
  const account = requireAccount(context, from)
  const { account: paid, amount } = withdrawExpired(account, context.head.timestamp)
  demand(amount > 0n, 'no unFreeze balance to withdraw ')
  addExact(account.balance, amount)
  context.state.accounts.set(from, paid)
  return { fee: 0n, expiredWithdrawn: amount }
}

/** Moves stake in or out of an account and the weights of the whole chain, which count whole TRX. */
export function changeStake(state: State, account: Account, resource: number, amount: bigint): Account {
  const before = resourceOf(account, resource)
  const changed = withResource(account, resource, { frozen: before.frozen + amount })
  const whole = (frozen: bigint): bigint => (frozen + before.delegated) / SUN_PER_TRX
  const added = whole(before.frozen + amount) - whole(before.frozen)
  if (resource === BANDWIDTH) state.netWeight += added
  else state.energyWeight += added
  state.accounts.set(account.address, changed)
  return changed
}

function withdrawExpired(
  account: Account,
  now: bigint,
): { readonly account: Account; readonly amount: bigint } {
  const ready = account.unfreezing.filter(({ expires }) => expires <= now)
  const amount = ready.reduce((sum, row) => sum + row.amount, 0n)
  const unfreezing = account.unfreezing.filter(({ expires }) => expires > now)
  return { account: { ...account, balance: account.balance + amount, unfreezing }, amount }
}

/** Votes shrink in proportion when the stake no longer carries them. */
function fewerVotes(account: Account): Account {
  const total = account.votes.reduce((sum, { count }) => sum + count, 0n)
  const power = tronPower(account)
  if (total === 0n || power >= total * SUN_PER_TRX) return account
  const votes = account.votes.flatMap(({ address, count }) => {
    const fewer = truncate(((Number(count) / Number(total)) * Number(power)) / Number(SUN_PER_TRX))
    return fewer > 0n ? [{ address, count: fewer }] : []
  })
  return { ...account, votes }
}

function isResource(code: number): boolean {
  return code === BANDWIDTH || code === ENERGY
}
