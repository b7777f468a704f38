import { CofferError, type Resource } from '@coffer/core'
import { addressToHex } from './address.ts'
import {
  addressIn,
  amount,
  badResponse,
  count,
  given,
  hex,
  type Json,
  list,
  object,
  text,
  words,
} from './answers.ts'
import type { Address, KeySet, Prices, SigningPermission, TronNetwork } from './intent.ts'
import { type Read, read } from './rpc.ts'

/** A block, by its header. */
export interface Block {
  readonly height: number
  /** Its id: bare hexadecimal, of which the first eight bytes are its height. */
  readonly hash: string
  /** Unix milliseconds. */
  readonly time: bigint
}

/** The newest block, or the newest one that is final. */
export function blockRead(tree: 'wallet' | 'walletsolidity', height?: number): Read<Block> {
  const which = height === undefined ? {} : { id_or_num: String(height) }
  return read(`${tree}/getblock`, { ...which, detail: false }, (value) => {
    const block = object(value)
    const header = object(object(block['block_header'])['raw_data'])
    const [hash, number] = [hex(block['blockID'], 32), count(header['number'])]
    if (BigInt(`0x${hash.slice(0, 16)}`) !== BigInt(number) || (height !== undefined && height !== number))
      throw badResponse('the block that was asked for')
    return { hash, height: number, time: amount(header['timestamp']) }
  })
}

/** What the network knows of an account; everything zero for an address that was never opened. */
export interface AccountState {
  readonly exists: boolean
  readonly isContract: boolean
  /** Sun that can be spent. */
  readonly balance: bigint
  /** TRC-10 balances by the number of the token. */
  readonly tokens: ReadonlyMap<string, bigint>
  /** Opened to make blocks. */
  readonly isWitness: boolean
  /** When rewards were last claimed, in Unix milliseconds; 0 for never. */
  readonly lastClaim: bigint
  /** Own stake that works for the account itself. */
  readonly frozen: Readonly<Record<Resource, bigint>>
  /** Own stake that works for others. */
  readonly delegated: Readonly<Record<Resource, bigint>>
  /** Own coin that is staked in older ways: for votes alone, or as it was done before 2023. */
  readonly older: bigint
  /** Coin on its way back from staking. */
  readonly unfreezing: readonly {
    readonly amount: bigint
    readonly resource: Resource | 'votes'
    readonly ready: bigint
  }[]
  readonly votes: readonly { readonly to: Address; readonly count: bigint }[]
  /** Who decides, where it was changed. */
  readonly owner?: KeySet
  readonly witness?: KeySet
  readonly actives: readonly (SigningPermission & { readonly name: string; readonly operations: string })[]
}

export function accountRead(address: Address): Read<AccountState> {
  return read('wallet/getaccount', { address, visible: true }, (value) => {
    const account = object(value)
    const exists = account['address'] !== undefined
    if (exists && addressIn(account['address']) !== address)
      throw badResponse('the account that was asked for')
    const entries = (name: string): readonly Json[] => list(account[name]).map(object)
    const frozen = { bandwidth: 0n, energy: 0n, votes: 0n }
    for (const entry of entries('frozenV2')) frozen[resourceOf(entry['type'])] += amount(entry['amount'])
    const { votes: forVotes, ...own } = frozen
    const resources = object(account['account_resource'] ?? {})
    const before = [
      ...entries('frozen'),
      object(account['tron_power'] ?? {}),
      object(resources['frozen_balance_for_energy'] ?? {}),
    ].reduce((sum, entry) => sum + amount(entry['frozen_balance']), 0n)
    const beforeLent =
      amount(account['delegated_frozen_balance_for_bandwidth']) +
      amount(resources['delegated_frozen_balance_for_energy'])
    return {
      exists,
      isContract: account['type'] === 'Contract',
      balance: amount(account['balance']),
      tokens: new Map(entries('assetV2').map(({ key, value }) => [text(key), amount(value)] as const)),
      isWitness: account['is_witness'] === true,
      lastClaim: amount(account['latest_withdraw_time']),
      frozen: own,
      older: forVotes + before + beforeLent,
      delegated: {
        bandwidth: amount(account['delegated_frozenV2_balance_for_bandwidth']),
        energy: amount(resources['delegated_frozenV2_balance_for_energy']),
      },
      unfreezing: entries('unfrozenV2').map((entry) => ({
        amount: amount(entry['unfreeze_amount']),
        resource: resourceOf(entry['type']),
        ready: amount(entry['unfreeze_expire_time']),
      })),
      votes: entries('votes').map((vote) => ({
        to: addressIn(vote['vote_address']),
        count: amount(vote['vote_count']),
      })),
      ...(account['owner_permission'] === undefined ? {} : { owner: keySet(account['owner_permission']) }),
      ...(account['witness_permission'] === undefined
        ? {}
        : { witness: keySet(account['witness_permission']) }),
      actives: entries('active_permission').map((entry) => ({
        ...keySet(entry),
        id: count(entry['id']),
        name: words(entry['permission_name']).slice(0, 32),
        operations: hex(entry['operations'] ?? '0'.repeat(64), 32),
      })),
    }
  })
}

function keySet(value: unknown): KeySet {
  const { threshold, keys } = object(value)
  return {
    threshold: given(threshold),
    keys: list(keys).map((entry) => {
      const { address, weight } = object(entry)
      return { address: addressIn(address), weight: given(weight) }
    }),
  }
}

/** With `votes` for the power to vote, which was a resource of its own for a time. */
function resourceOf(type: unknown): Resource | 'votes' {
  if (type === undefined || type === 'BANDWIDTH') return 'bandwidth'
  if (type === 'ENERGY') return 'energy'
  if (type === 'TRON_POWER') return 'votes'
  throw badResponse('a kind of stake')
}

/** What an account may use before it burns coin. Bandwidth in bytes, energy in its own units; of now. */
export interface Allowances {
  readonly free: Allowance
  readonly bandwidth: Allowance
  readonly energy: Allowance
  /** Votes: one for each whole coin of stake. */
  readonly votes: Allowance
  readonly totals: {
    readonly bandwidth: { readonly limit: bigint; readonly weight: bigint }
    readonly energy: { readonly limit: bigint; readonly weight: bigint }
  }
}

export interface Allowance {
  readonly limit: bigint
  readonly used: bigint
}

export function allowancesRead(address: Address): Read<Allowances> {
  return read('wallet/getaccountresource', { address, visible: true }, (value) => {
    const found = object(value)
    const pair = (name: string): Allowance => ({
      limit: amount(found[`${name}Limit`]),
      used: amount(found[`${name}Used`]),
    })
    return {
      free: pair('freeNet'),
      bandwidth: pair('Net'),
      energy: pair('Energy'),
      votes: pair('tronPower'),
      totals: {
        bandwidth: { limit: amount(found['TotalNetLimit']), weight: amount(found['TotalNetWeight']) },
        energy: { limit: amount(found['TotalEnergyLimit']), weight: amount(found['TotalEnergyWeight']) },
      },
    }
  })
}

/** What is left of an allowance; none where more was used than there is. */
export function leftOf({ limit, used }: Allowance): bigint {
  return limit > used ? limit - used : 0n
}

/** The live parameters that decide about fees, in sun. */
export interface Parameters {
  readonly byte: bigint
  readonly energy: bigint
  readonly memo: bigint
  readonly multiSign: bigint
  readonly permissions: bigint
  /** By the transfer that opens an account. */
  readonly newAccount: bigint
  /** For the bandwidth of opening an account, where stake does not pay it. */
  readonly newAccountBandwidth: bigint
  /** How many bytes of staked bandwidth one byte of opening an account takes. */
  readonly newAccountRate: bigint
  readonly maxFeeLimit: bigint
  readonly unfreezeDays: bigint
  /** The most blocks for which a resource can be lent for certain; `undefined` where the chain has no such limit. */
  readonly longestLock?: bigint
  /** The most bytes, without signatures, of a transaction that opens an account; `undefined` where there is no such limit. */
  readonly newAccountSize?: bigint
}

/**
 * The parameters of the chain. Throws `FEE_TOO_HIGH` for a node whose prices are above those with which ceilings are
 * computed: a price that nobody expects is a lie, or news that this version does not know.
 */
export function parametersRead({ name, prices }: TronNetwork): Read<Parameters> {
  return read('wallet/getchainparameters', {}, (value) => {
    const found = new Map(
      list(object(value)['chainParameter'])
        .map(object)
        .map((entry) => [entry['key'], entry['value']] as const),
    )
    const parameter = (key: string): bigint => amount(found.get(key))
    if (!found.has('getTransactionFee') || !found.has('getEnergyFee'))
      throw badResponse('the prices of the chain')
    const limit = (key: string): bigint | undefined => (found.get(key) ? parameter(key) : undefined)
    const [longestLock, newAccountSize] = [
      limit('getMaxDelegateLockPeriod'),
      limit('getMaxCreateAccountTxSize'),
    ]
    const parameters: Parameters = {
      byte: parameter('getTransactionFee'),
      // 0 stands for the price of genesis.
      energy: parameter('getEnergyFee') || 100n,
      memo: parameter('getMemoFee'),
      multiSign: parameter('getMultiSignFee'),
      permissions: parameter('getUpdateAccountPermissionFee'),
      newAccount: parameter('getCreateNewAccountFeeInSystemContract'),
      newAccountBandwidth: parameter('getCreateAccountFee'),
      newAccountRate: parameter('getCreateNewAccountBandwidthRate') || 1n,
      maxFeeLimit: found.has('getMaxFeeLimit') ? parameter('getMaxFeeLimit') : 1_000_000_000n,
      unfreezeDays: parameter('getUnfreezeDelayDays'),
      ...(longestLock === undefined ? {} : { longestLock }),
      ...(newAccountSize === undefined ? {} : { newAccountSize }),
    }
    const { byte, memo, multiSign, permissions, newAccount, newAccountBandwidth } = parameters
    const told: Prices = { byte, memo, multiSign, permissions, activation: newAccount + newAccountBandwidth }
    for (const price of Object.keys(prices) as (keyof Prices)[])
      if (told[price] > prices[price])
        throw new CofferError({
          code: 'FEE_TOO_HIGH',
          message: `The node says that ${name} charges ${told[price]} sun for "${price}"; this wallet expects at most ${prices[price]}. Use another node, or a version of this wallet that knows of it.`,
          details: { price, told: told[price], most: prices[price] },
        })
    return parameters
  })
}

/** Who shares the energy bill of a contract's callers. */
export interface ContractTerms {
  readonly origin: Address
  /** Percent that callers pay themselves. */
  readonly userPercent: bigint
  readonly originEnergyLimit: bigint
}

/** `undefined` where there is no contract. */
export function contractRead(address: Address): Read<ContractTerms | undefined> {
  return read('wallet/getcontract', { value: address, visible: true }, (value) => {
    const found = object(value)
    if (found['contract_address'] === undefined && found['origin_address'] === undefined) return undefined
    const percent = amount(found['consume_user_resource_percent'])
    return {
      origin: addressIn(found['origin_address']),
      userPercent: percent > 100n ? 100n : percent,
      // 0 stands for the limit of contracts that are older than it.
      originEnergyLimit: amount(found['origin_energy_limit']) || 10_000_000n,
    }
  })
}

/** What a contract call would do now. */
export interface Trial {
  /** Energy in all, with the penalty of popular contracts in it. */
  readonly energy: bigint
  readonly penalty: bigint
  /** What it returns; bare hexadecimal. */
  readonly returned: string
  /** Events of the contract itself; `undefined` on nodes that do not tell. */
  readonly events?: number
  /** Why it would fail, where it would. */
  readonly failure?: string
}

export interface TrialCall {
  readonly owner: Address
  /** Nobody: the data is code that makes a contract. */
  readonly to?: Address
  readonly data: string
  readonly value?: bigint
  readonly token?: { readonly id: bigint; readonly amount: bigint }
}

/**
 * Runs a call on the node without sending it. Throws `RPC_ERROR` for a node that runs nothing, or not now: that says nothing
 * about the contract.
 */
export function trialRead(call: TrialCall): Read<Trial> {
  const { to } = call
  return read('wallet/triggerconstantcontract', bodyOf(call), (answer) => {
    const found = object(answer)
    const result = object(found['result'] ?? {})
    const [ret] = list(object(found['transaction'] ?? {})['ret']).map(object)
    const message = words(result['message'])
    const returned = list(found['constant_result'])
      .map((part) => hex(part))
      .join('')
    if (result['result'] !== true && NO_TRIAL.test(message)) throw noTrial(message)
    const failed = result['result'] !== true || ret?.['ret'] === 'FAILED'
    const own = to === undefined ? '' : addressToHex(to).slice(2)
    const events =
      found['logs'] === undefined
        ? undefined
        : list(found['logs']).filter((log) => hex(object(log)['address']).endsWith(own)).length
    return {
      energy: amount(found['energy_used']),
      penalty: amount(found['energy_penalty']),
      returned,
      ...(events === undefined ? {} : { events }),
      ...(failed ? { failure: revertReason(returned) ?? (message || 'no reason given') } : {}),
    }
  })
}

/** How java-tron says that it runs no trials at all, or that this one took longer than it gives to anybody. */
const NO_TRIAL = /does not support constant|OutOfTime|CPU timeout/i

function noTrial(reason: string): CofferError {
  const never = /does not support/i.test(reason)
  return new CofferError({
    code: 'RPC_ERROR',
    message: never
      ? 'The node runs no contracts for its callers, so that nothing can be said about this one. Use another node.'
      : 'The node had no time to run the contract. Try again, or use another node.',
    details: { path: 'wallet/triggerconstantcontract', reason },
    retryable: !never,
  })
}

/** In hexadecimal throughout: with `visible` a node writes the addresses of events in a way that nobody else knows. */
function bodyOf({ owner, to, data, value = 0n, token }: TrialCall): Record<string, unknown> {
  return {
    owner_address: addressToHex(owner),
    ...(to === undefined ? {} : { contract_address: addressToHex(to) }),
    data,
    ...(value === 0n ? {} : { call_value: value }),
    ...(token ? { call_token_value: token.amount, token_id: token.id } : {}),
  }
}

/** The text of `Error(string)` or the number of `Panic(uint256)` in what a call returned. */
function revertReason(returned: string): string | undefined {
  const selector = returned.slice(0, 8)
  if (selector === '4e487b71') return `panic 0x${returned.slice(-2)}`
  if (selector !== '08c379a0' || returned.length < 136) return undefined
  const length = Number.parseInt(returned.slice(128, 136), 16)
  return words(returned.slice(136, 136 + 2 * Math.min(length, 200)))
}

/**
 * The least energy with which a call succeeds, which may be more than it uses: contracts hand on only a part of what they have.
 * `undefined` on nodes that do not serve it.
 */
export function neededRead(call: TrialCall): Read<bigint | undefined> {
  return read('wallet/estimateenergy', bodyOf(call), (answer) => {
    const { result, energy_required: needed } = object(answer)
    return object(result ?? {})['result'] === true && needed !== undefined ? amount(needed) : undefined
  })
}

/** The most stake of which the resource can be lent now: what is in use cannot. */
export function lendableRead(owner: Address, resource: Resource): Read<bigint> {
  const body = { owner_address: owner, type: resource === 'energy' ? 1 : 0, visible: true }
  return read('wallet/getcandelegatedmaxsize', body, (value) => amount(object(value)['max_size']))
}

/** Stake whose resource somebody has the use of. */
export interface Loan {
  readonly amount: bigint
  /** Until when it cannot be taken back, in Unix milliseconds; 0 for one that always can. */
  readonly until: bigint
}

/** What one account has lent another of a resource. */
export function loansRead(owner: Address, to: Address, resource: Resource): Read<readonly Loan[]> {
  const body = { fromAddress: owner, toAddress: to, visible: true }
  return read('wallet/getdelegatedresourcev2', body, (value) =>
    list(object(value)['delegatedResource']).map((entry) => {
      const loan = object(entry)
      return {
        amount: amount(loan[`frozen_balance_for_${resource}`]),
        until: amount(loan[`expire_time_for_${resource}`]),
      }
    }),
  )
}

/** Rewards of voting that wait to be claimed. */
export function rewardRead(address: Address): Read<bigint> {
  return read('wallet/getReward', { address, visible: true }, (value) => amount(object(value)['reward']))
}
