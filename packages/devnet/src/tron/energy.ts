import { base58Of } from './bytes.ts'
import { energyPrice } from './parameters.ts'
import { Refusal } from './refusal.ts'
import { consume, energyLeft, max, min } from './resources.ts'
import { type Account, type DeployedContract, type Head, type State, slotOf } from './state.ts'

/** How much a call may use, and what of it the two accounts have by stake. */
export interface EnergyBudget {
  readonly limit: bigint
  readonly callerLeft: bigint
  readonly originLeft: bigint
}

export interface EnergyBill {
  readonly total: bigint
  /** Of the caller's stake. */
  readonly usage: bigint
  /** Of the stake of whoever deployed the contract. */
  readonly originUsage: bigint
  /** Sun that the caller pays for the rest. */
  readonly fee: bigint
}

/**
 * What a call or a deployment (then without `contract`) may use: the caller's staked energy and what its TRX buys, together no
 * more than the fee limit at the price of energy, and the deployer's share on top.
 */
export function energyBudget(
  state: State,
  head: Head,
  caller: Account,
  feeLimit: bigint,
  callValue: bigint,
  contract?: DeployedContract,
): EnergyBudget {
  const now = slotOf(head)
  const price = energyPrice(state.parameters)
  const callerLeft = energyLeft(state, caller.energy, now)
  const affordable = callerLeft + max(caller.balance - callValue, 0n) / price
  const callerLimit = min(affordable, feeLimit / price)
  const origin = contract && state.accounts.get(contract.origin)
  if (!contract || !origin || origin.address === caller.address) {
    return { limit: callerLimit, callerLeft, originLeft: 0n }
  }
  const { userPercent, originEnergyLimit } = contract
  if (userPercent >= 100n) return { limit: callerLimit, callerLeft, originLeft: 0n }
  const originLeft = energyLeft(state, origin.energy, now)
  let originLimit = min(originLeft, originEnergyLimit)
  if (userPercent > 0n) originLimit = min((callerLimit * (100n - userPercent)) / userPercent, originLimit)
  return { limit: callerLimit + originLimit, callerLeft, originLeft }
}

/** Takes `total` energy: the deployer's share out of its stake, then the caller's stake, then TRX. Changes the state. */
export function payEnergy(
  state: State,
  head: Head,
  callerAddress: string,
  total: bigint,
  budget: EnergyBudget,
  succeeded: boolean,
  contract?: DeployedContract,
): EnergyBill {
  if (total <= 0n) return { total: 0n, usage: 0n, originUsage: 0n, fee: 0n }
  const now = slotOf(head)
  const origin = contract && contract.origin !== callerAddress ? contract : undefined
  // A call that went through has brought both accounts' usage up to now before it ran, which rounds differently.
  if (succeeded) {
    settle(state, callerAddress, now)
    if (origin) settle(state, origin.origin, now)
  }
  let originUsage = 0n
  if (origin && state.accounts.get(origin.origin)) {
    const share = (total * max(min(100n - origin.userPercent, 100n), 0n)) / 100n
    originUsage = min(share, min(budget.originLeft, origin.originEnergyLimit))
    useEnergy(state, head, origin.origin, originUsage, now)
  }
  const callerUsage = total - originUsage
  const usage = min(budget.callerLeft, callerUsage)
  useEnergy(state, head, callerAddress, usage, now)
  const fee = (callerUsage - usage) * energyPrice(state.parameters)
  const caller = state.accounts.get(callerAddress)
  if (!caller || caller.balance < fee) {
    throw new Refusal('CONTRACT_EXE_ERROR', `${base58Of(callerAddress)} insufficient balance`)
  }
  state.accounts.set(callerAddress, { ...caller, balance: caller.balance - fee })
  return { total, usage, originUsage, fee }
}

function settle(state: State, address: string, now: bigint): void {
  const account = state.accounts.get(address)
  if (!account) return
  const energy = consume(account.energy, 0n, now)
  const window = energy.usage === 0n ? 0n : energy.window
  state.accounts.set(address, { ...account, energy: { ...energy, window, time: now } })
}

function useEnergy(state: State, head: Head, address: string, energy: bigint, now: bigint): void {
  const account = state.accounts.get(address)
  if (!account) return
  state.accounts.set(address, {
    ...account,
    lastOperation: head.timestamp,
    energy: { ...consume(account.energy, energy, now), time: now },
  })
}
