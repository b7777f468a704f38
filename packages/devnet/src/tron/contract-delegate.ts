import { type ContractContext, type ContractOutcome, requireAccount, requireAddress } from './contract.ts'
import {
  type DelegateResourceContract,
  delegateResource,
  type UnDelegateResourceContract,
} from './messages.ts'
import { parameter } from './parameters.ts'
import { encode, make } from './protobuf.ts'
import { demand } from './refusal.ts'
import { consume, giveBack, max, min, share, stakeBehind, totalEnergy, truncate } from './resources.ts'
import {
  type Account,
  BANDWIDTH,
  type Delegation,
  ENERGY,
  type Head,
  resourceOf,
  SLOT_MS,
  type State,
  SUN_PER_TRX,
  slotOf,
  withResource,
} from './state.ts'

/** How long a lock holds when the transaction does not say: three days of slots. */
const DEFAULT_LOCK = 86_400n
const DELEGATION_BYTES = 275n

/** Lends the resource of staked TRX, for a time at least when it is locked. */
export function delegate(context: ContractContext, value: DelegateResourceContract): ContractOutcome {
  const { owner_address: from, receiver_address: to, balance: amount, resource, lock } = value
  const { state, head } = context
  const owner = requireAccount(context, from)
  demand(amount >= SUN_PER_TRX, 'delegateBalance must be greater than or equal to 1 TRX')
  demand(isResource(resource), 'ResourceCode error, valid ResourceCode[BANDWIDTH、ENERGY]')
  demand(
    delegatable(state, head, owner, resource, context.isDraft) >= amount,
    `delegateBalance must be less than or equal to available ${resource === BANDWIDTH ? 'FreezeBandwidthV2' : 'FreezeEnergyV2'} balance`,
  )
  requireAddress(to, 'Invalid receiverAddress')
  demand(from !== to, 'receiverAddress must not be the same as ownerAddress')
  const receiver = requireAccount(context, to)
  const period = value.lock_period === 0n ? DEFAULT_LOCK : value.lock_period
  if (lock) checkLock(context, value, period)
  demand(!receiver.isContract, 'Do not allow delegate resources to contract addresses')

  unlockExpired(state, from, to, head.timestamp)
  const expires = lock ? head.timestamp + period * SLOT_MS : 0n
  addDelegation(state, from, to, lock, resource, amount, expires)
  const lent = resourceOf(owner, resource)
  state.accounts.set(
    from,
    withResource(owner, resource, { frozen: lent.frozen - amount, delegated: lent.delegated + amount }),
  )
  const { acquired } = resourceOf(receiver, resource)
  state.accounts.set(to, withResource(receiver, resource, { acquired: acquired + amount }))
  return { fee: 0n }
}

/** Takes lent stake back, together with the part of its resource that the receiver used. */
export function undelegate(context: ContractContext, value: UnDelegateResourceContract): ContractOutcome {
  const { owner_address: from, receiver_address: to, balance: amount, resource } = value
  const { state, head } = context
  requireAccount(context, from)
  requireAddress(to, 'Invalid receiverAddress')
  demand(from !== to, 'receiverAddress must not be the same as ownerAddress')
  const free = state.delegations.get(delegationKey(from, to, false))
  const locked = state.delegations.get(delegationKey(from, to, true))
  demand(free !== undefined || locked !== undefined, 'delegated Resource does not exist')
  demand(amount > 0n, 'unDelegateBalance must be more than 0 TRX')
  demand(isResource(resource), 'ResourceCode error.valid ResourceCode[BANDWIDTH、Energy]')
  let available = free ? lentOf(free, resource).amount : 0n
  if (locked && lentOf(locked, resource).expires < head.timestamp)
    available += lentOf(locked, resource).amount
  demand(
    available >= amount,
    resource === BANDWIDTH
      ? `insufficient delegatedFrozenBalance(BANDWIDTH), request=${amount}, unlock_balance=${available}`
      : `insufficient delegateFrozenBalance(Energy), request=${amount}, unlock_balance=${available}`,
  )

  const receiver = state.accounts.get(to)
  const moved = receiver ? takeFromReceiver(state, head, receiver, resource, amount) : 0n
  unlockExpired(state, from, to, head.timestamp)
  addDelegation(state, from, to, false, resource, -amount, 0n)
  const owner = state.accounts.get(from) as Account
  const lent = resourceOf(owner, resource)
  let returned = { ...lent, frozen: lent.frozen + amount, delegated: lent.delegated - amount }
  const left = state.accounts.get(to)
  if (left && moved > 0n) returned = giveBack(returned, resourceOf(left, resource), moved, slotOf(head))
  state.accounts.set(from, withResource(owner, resource, returned))
  return { fee: 0n }
}

/** How many sun of stake an account may lend: what its own use does not need. A draft leaves bandwidth for itself. */
export function delegatable(
  state: State,
  head: Head,
  owner: Account,
  resource: number,
  isDraft: boolean,
): bigint {
  const stake = resourceOf(owner, resource)
  let { usage } = consume(stake, 0n, slotOf(head))
  if (resource === BANDWIDTH && isDraft) usage += delegationBytes(state, stake.frozen)
  const needed =
    resource === BANDWIDTH
      ? stakeBehind(usage, parameter(state.parameters, 'getTotalNetLimit'), state.netWeight)
      : stakeBehind(usage, totalEnergy(state.parameters), state.energyWeight)
  return stake.frozen - max(needed - stake.acquired, 0n)
}

function delegationKey(from: string, to: string, isLocked: boolean): string {
  return `${from}:${to}:${isLocked ? '01' : '00'}`
}

function checkLock({ state, head }: ContractContext, value: DelegateResourceContract, period: bigint): void {
  const longest = parameter(state.parameters, 'getMaxDelegateLockPeriod')
  demand(
    period >= 0n && period <= longest,
    `The lock period of delegate resource cannot be less than 0 and cannot exceed ${longest}!`,
  )
  const earlier = state.delegations.get(delegationKey(value.owner_address, value.receiver_address, true))
  if (!earlier) return
  const remaining = lentOf(earlier, value.resource).expires - head.timestamp
  const name = value.resource === BANDWIDTH ? 'BANDWIDTH' : 'ENERGY'
  demand(
    period * SLOT_MS >= remaining,
    `The lock period for ${name} this time cannot be less than the remaining time[${remaining}ms] of the last lock period for ${name}!`,
  )
}

function takeFromReceiver(
  state: State,
  head: Head,
  receiver: Account,
  resource: number,
  amount: bigint,
): bigint {
  const now = slotOf(head)
  const current = consume(resourceOf(receiver, resource), 0n, now)
  let moved = 0n
  let acquired = 0n
  if (current.acquired >= amount) {
    const most =
      resource === BANDWIDTH
        ? share(amount, parameter(state.parameters, 'getTotalNetLimit'), state.netWeight)
        : share(amount, totalEnergy(state.parameters), state.energyWeight)
    const all = current.frozen + current.acquired
    moved = min(most, truncate(Number(current.usage) * (Number(amount) / Number(all))))
    acquired = current.acquired - amount
  }
  const left = { ...current, acquired, usage: current.usage - moved, time: now }
  state.accounts.set(receiver.address, withResource(receiver, resource, left))
  return moved
}

function addDelegation(
  state: State,
  from: string,
  to: string,
  isLocked: boolean,
  resource: number,
  amount: bigint,
  expires: bigint,
): void {
  const key = delegationKey(from, to, isLocked)
  const known = state.delegations.get(key) ?? {
    from,
    to,
    bandwidth: 0n,
    energy: 0n,
    bandwidthExpires: 0n,
    energyExpires: 0n,
  }
  put(
    state,
    key,
    resource === BANDWIDTH
      ? { ...known, bandwidth: known.bandwidth + amount, bandwidthExpires: expires }
      : { ...known, energy: known.energy + amount, energyExpires: expires },
  )
}

/** What is no longer locked joins what never was. */
function unlockExpired(state: State, from: string, to: string, now: bigint): void {
  const key = delegationKey(from, to, true)
  const locked = state.delegations.get(key)
  if (!locked) return
  let rest = locked
  if (locked.energyExpires < now) {
    if (locked.energy > 0n) addDelegation(state, from, to, false, ENERGY, locked.energy, 0n)
    rest = { ...rest, energy: 0n, energyExpires: 0n }
  }
  if (locked.bandwidthExpires < now) {
    if (locked.bandwidth > 0n) addDelegation(state, from, to, false, BANDWIDTH, locked.bandwidth, 0n)
    rest = { ...rest, bandwidth: 0n, bandwidthExpires: 0n }
  }
  put(state, key, rest)
}

function put(state: State, key: string, delegation: Delegation): void {
  if (delegation.bandwidth === 0n && delegation.energy === 0n) state.delegations.delete(key)
  else state.delegations.set(key, delegation)
}

function lentOf(
  delegation: Delegation,
  resource: number,
): { readonly amount: bigint; readonly expires: bigint } {
  return resource === BANDWIDTH
    ? { amount: delegation.bandwidth, expires: delegation.bandwidthExpires }
    : { amount: delegation.energy, expires: delegation.energyExpires }
}

/** What java-tron sets aside for the delegation itself: 275 bytes, and what larger numbers add to it. */
function delegationBytes(state: State, frozen: bigint): bigint {
  const size = (value: Partial<DelegateResourceContract>): bigint =>
    BigInt(encode(delegateResource, make(delegateResource, value)).length / 2)
  const longest = parameter(state.parameters, 'getMaxDelegateLockPeriod')
  const large = size({ lock: true, lock_period: longest, balance: frozen })
  return DELEGATION_BYTES + max(large - size({ balance: SUN_PER_TRX }), 0n)
}

function isResource(code: number): boolean {
  return code === BANDWIDTH || code === ENERGY
}
