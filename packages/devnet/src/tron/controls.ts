import { CofferError } from '@coffer/core'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesOf, hexOf, parseAddress } from './bytes.ts'
import { changeStake } from './contract-stake.ts'
import { withAsset } from './contract-transfer.ts'
import { genesisTokens, issuerAddress } from './genesis.ts'
import type { TronAccountState, TronContractState } from './node.ts'
import {
  type Account,
  BANDWIDTH,
  ENERGY,
  type Head,
  newAccount,
  type Resource,
  resourceOf,
  type State,
  slotOf,
  withResource,
} from './state.ts'

/** Writes into an account what no transaction could. */
export function writeAccount(state: State, head: Head, address: string, given: TronAccountState): void {
  let account = state.accounts.get(address) ?? newAccount(address, head.timestamp)
  if (given.balance !== undefined) account = { ...account, balance: checkedLong(given.balance) }
  if (given.rewards !== undefined) account = { ...account, allowance: checkedLong(given.rewards) }
  const { bandwidth, energy } = given.frozen ?? {}
  if (bandwidth !== undefined) account = stake(state, account, BANDWIDTH, bandwidth)
  if (energy !== undefined) account = stake(state, account, ENERGY, energy)
  if (given.used) account = use(account, head, given.used)
  for (const [id, amount] of Object.entries(given.trc10 ?? {})) {
    issue(state, id)
    account = withAsset(account, id, checkedLong(amount))
  }
  state.accounts.set(address, account)
  for (const [token, amount] of Object.entries(given.tokens ?? {})) {
    writeTokenBalance(state, tokenAddress(token), address, amount)
  }
}

export function writeContract(state: State, address: string, given: TronContractState): void {
  const contract = state.contracts.get(address)
  if (!contract) {
    throw new CofferError({ code: 'INVALID_ADDRESS', message: 'There is no contract at this address.' })
  }
  state.contracts.set(address, {
    ...contract,
    ...(given.userPercent !== undefined && { userPercent: BigInt(given.userPercent) }),
    ...(given.originEnergyLimit !== undefined && { originEnergyLimit: checkedLong(given.originEnergyLimit) }),
    ...(given.energyFactor !== undefined && { energyFactor: checkedLong(given.energyFactor) }),
  })
}

/** Sets chain parameters, and remembers what three of them were. */
export function writeParameters(state: State, head: Head, given: Readonly<Record<string, bigint>>): void {
  const prices: Record<string, string> = { ...state.prices }
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(state.parameters, name)) {
      throw new CofferError({
        code: 'INVALID_REQUEST',
        message: `There is no chain parameter "${name}". wallet/getchainparameters lists them.`,
      })
    }
    const history = prices[name]
    if (history !== undefined) prices[name] = `${history},${head.timestamp}:${value}`
  }
  state.parameters = { ...state.parameters, ...given }
  if ('getTotalEnergyLimit' in given && !('getTotalEnergyCurrentLimit' in given)) {
    state.parameters = {
      ...state.parameters,
      getTotalEnergyCurrentLimit: given.getTotalEnergyLimit as bigint,
    }
  }
  state.prices = prices as State['prices']
}

/** `41…` of an address of the API, or of a token by its symbol. */
export function tokenAddress(token: string): string {
  if (Object.hasOwn(genesisTokens, token)) return genesisTokens[token as keyof typeof genesisTokens].address
  return checkedAddress(token)
}

export function checkedAddress(address: string): string {
  const known = parseAddress(address)
  if (known !== undefined) return known
  throw new CofferError({
    code: 'INVALID_ADDRESS',
    message: `"${address}" is not an address of Tron: it begins with T and has 34 characters.`,
  })
}

export function checkedLong(amount: bigint): bigint {
  if (typeof amount === 'bigint' && amount >= 0n && amount < 2n ** 63n) return amount
  throw new CofferError({
    code: 'INVALID_AMOUNT',
    message: `An amount is a bigint from 0n to 2n ** 63n - 1n, not ${String(amount)}.`,
  })
}

function stake(state: State, account: Account, code: number, sun: bigint): Account {
  return changeStake(state, account, code, checkedLong(sun) - resourceOf(account, code).frozen)
}

function use(account: Account, head: Head, used: NonNullable<TronAccountState['used']>): Account {
  const { freeBandwidth, bandwidth, energy, at = 0 } = used
  if (!Number.isInteger(at) || at < 0) {
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `Usage is so many whole seconds ago, not ${at}.`,
    })
  }
  const time = slotOf(head) - BigInt(Math.floor(at / 3))
  const change = (usage: bigint): Partial<Resource> => ({ usage: checkedLong(usage), time, window: 0n })
  let changed = account
  if (freeBandwidth !== undefined) {
    changed = { ...changed, freeUsage: checkedLong(freeBandwidth), freeTime: time }
  }
  if (bandwidth !== undefined) changed = withResource(changed, BANDWIDTH, change(bandwidth))
  if (energy !== undefined) changed = withResource(changed, ENERGY, change(energy))
  return changed
}

function issue(state: State, id: string): void {
  if (!/^1\d{6,}$/.test(id) || id === '1000000') {
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `"${id}" is not the id of a TRC-10 token: they are numbers from 1000001 on.`,
    })
  }
  if (state.assets.get(id)) return
  state.assets.set(id, {
    id,
    owner: issuerAddress(),
    name: `Asset${id}`,
    abbr: `A${id.slice(-4)}`,
    precision: 6,
    totalSupply: 2n ** 62n,
  })
}

/** Both kinds of token keep the total in slot 2; balances are in slot 0, or 3 of the lying one. */
function writeTokenBalance(state: State, token: string, holder: string, amount: bigint): void {
  if (!state.contracts.get(token) || amount < 0n || amount >= 2n ** 256n) {
    throw new CofferError({ code: 'INVALID_REQUEST', message: `No such token or amount: ${token}.` })
  }
  const contract = token.slice(2)
  const word = (value: string | number): string => value.toString(16).padStart(64, '0')
  const mapping = token === genesisTokens.LIAR.address ? 3 : 0
  const balanceSlot = contract + hexOf(keccak_256(bytesOf(word(holder.slice(2)) + word(mapping))))
  const totalSlot = contract + word(2)
  const read = (slot: string): bigint => BigInt(`0x${state.storage.get(slot) ?? '0'}`)
  const write = (slot: string, value: bigint): void => {
    const hex = value.toString(16)
    if (value === 0n) state.storage.delete(slot)
    else state.storage.set(slot, hex.length % 2 === 0 ? hex : `0${hex}`)
  }
  write(totalSlot, read(totalSlot) - read(balanceSlot) + amount)
  write(balanceSlot, amount)
}
