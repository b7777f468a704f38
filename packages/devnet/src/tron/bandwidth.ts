import { base58Of, hexUtf8 } from './bytes.ts'
import {
  type Contract,
  type Transaction,
  type TransferAssetContract,
  type TransferContract,
  transaction,
} from './messages.ts'
import { parameter } from './parameters.ts'
import { encode } from './protobuf.ts'
import { invalid, Refusal } from './refusal.ts'
import { consume, increase, netLimit, recovered } from './resources.ts'
import { type Account, type Head, PUBLIC_NET_LIMIT, type State, slotOf } from './state.ts'

/** What the result of a transaction may take in a block; every contract pays for it. */
const RESULT_BYTES = 64n
const SIGNATURE_BYTES = 65

export interface NetBill {
  readonly usage: bigint
  readonly fee: bigint
}

/** The bytes that a transaction costs: 267 or so for a transfer of TRX. */
export function bandwidthOf(tx: Transaction): bigint {
  return BigInt(encode(transaction, { ...tx, ret: [] }).length / 2) + RESULT_BYTES
}

/**
 * Takes the bandwidth of a transaction from its owner: for one that makes an account out of stake or for a fixed fee, for others
 * out of stake, the free allowance, or TRX. (The pools of TRC-10 issuers are empty here.) Changes the state.
 */
export function payBandwidth(
  state: State,
  head: Head,
  tx: Transaction,
  contract: Contract,
  value: unknown,
  owner: string,
): NetBill {
  const { parameters } = state
  const bytes = bandwidthOf(tx)
  const account = state.accounts.get(owner)
  if (!account) throw invalid(`account [${owner ? base58Of(owner) : ''}] does not exist`)
  const now = slotOf(head)

  if (createsAccount(state, contract, value)) {
    const size = bytes - RESULT_BYTES - BigInt(tx.signature.length * SIGNATURE_BYTES)
    const limit = parameter(parameters, 'getMaxCreateAccountTxSize')
    if (size > limit) {
      throw new Refusal(
        'TOO_BIG_TRANSACTION_ERROR',
        `Too big new account transaction, the size is ${size} bytes, maxTxSize ${limit}`,
      )
    }
    const cost = bytes * parameter(parameters, 'getCreateNewAccountBandwidthRate')
    if (useStake(state, head, account, cost, now)) return { usage: cost, fee: 0n }
    const fee = parameter(parameters, 'getCreateAccountFee')
    if (burn(state, head, account, fee)) return { usage: 0n, fee }
    throw insufficient(owner, bytes, fee)
  }

  if (contract.type === 2) {
    const { asset_name: name } = value as TransferAssetContract
    if (!state.assets.get(hexUtf8(name))) throw invalid(`asset [${hexUtf8(name)}] does not exist`)
  }
  if (useStake(state, head, account, bytes, now) || useFree(state, head, account, bytes, now)) {
    return { usage: bytes, fee: 0n }
  }
  const fee = bytes * parameter(parameters, 'getTransactionFee')
  if (burn(state, head, account, fee)) return { usage: 0n, fee }
  throw insufficient(owner, bytes, fee)
}

/** Takes a fixed fee: for several signatures, for a memo. Nobody gets it. */
export function payFee(state: State, owner: string, fee: bigint, what: string): void {
  const account = state.accounts.get(owner)
  if (!account) return
  if (account.balance < fee) {
    throw new Refusal('BANDWITH_ERROR', `account ${base58Of(owner)} insufficient balance[${fee}] to ${what}`)
  }
  state.accounts.set(owner, { ...account, balance: account.balance - fee })
}

function createsAccount(state: State, { type }: Contract, value: unknown): boolean {
  if (type === 0) return true
  if (type !== 1 && type !== 2) return false
  return !state.accounts.get((value as TransferContract).to_address)
}

function useStake(state: State, head: Head, account: Account, bytes: bigint, now: bigint): boolean {
  const { bandwidth } = account
  if (bytes > netLimit(state, bandwidth) - recovered(bandwidth, now)) return false
  state.accounts.set(account.address, {
    ...account,
    lastOperation: head.timestamp,
    bandwidth: { ...consume(bandwidth, bytes, now), time: now },
  })
  return true
}

function useFree(state: State, head: Head, account: Account, bytes: bigint, now: bigint): boolean {
  const used = increase(account.freeUsage, 0n, account.freeTime, now)
  if (bytes > parameter(state.parameters, 'getFreeNetLimit') - used) return false
  const publicUsed = increase(state.publicUsage, 0n, state.publicTime, now)
  if (bytes > PUBLIC_NET_LIMIT - publicUsed) return false
  state.accounts.set(account.address, {
    ...account,
    lastOperation: head.timestamp,
    freeUsage: increase(used, bytes, now, now),
    freeTime: now,
  })
  state.publicUsage = increase(publicUsed, bytes, now, now)
  state.publicTime = now
  return true
}

function burn(state: State, head: Head, account: Account, fee: bigint): boolean {
  if (account.balance < fee) return false
  state.accounts.set(account.address, {
    ...account,
    lastOperation: head.timestamp,
    balance: account.balance - fee,
  })
  return true
}

function insufficient(owner: string, bytes: bigint, fee: bigint): Refusal {
  return new Refusal(
    'BANDWITH_ERROR',
    `account [${base58Of(owner)}] has insufficient bandwidth[${bytes}] and balance[${fee}] to create new account`,
  )
}
