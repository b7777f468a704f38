import { ApiError, toJson } from './api-json.ts'
import { hexUtf8, parseAddress, utf8Hex } from './bytes.ts'
import { delegatable } from './contract-delegate.ts'
import { MAX_UNFREEZING } from './contract-stake.ts'
import { type ApiRequest, addressParam, type Endpoints, longParam, shown } from './endpoint.ts'
import type { JsonObject } from './json.ts'
import { type Permission, permission } from './messages.ts'
import { parameter } from './parameters.ts'
import { consume, energyLimit, increase, netLimit, totalEnergy } from './resources.ts'
import {
  type Account,
  type Asset,
  BANDWIDTH,
  DAY_MS,
  type Delegation,
  ENERGY,
  SLOT_MS,
  SUN_PER_TRX,
  slotOf,
  tronPower,
} from './state.ts'

/** Accounts: balances, resources, stake, votes, TRC-10 tokens. */
export const accountReads: Endpoints = {
  getaccount(request) {
    const account = request.state.accounts.get(addressParam(request, 'address'))
    return account ? accountJson(request, account) : {}
  },
  getaccountbyid: () => ({}),
  getaccountnet(request) {
    const account = request.state.accounts.get(addressParam(request, 'address'))
    return account ? netJson(request, account) : {}
  },
  getaccountresource(request) {
    const account = request.state.accounts.get(addressParam(request, 'address'))
    if (!account) return {}
    const { state, head } = request
    const votes = account.votes.reduce((sum, { count }) => sum + count, 0n)
    return {
      ...netJson(request, account),
      ...nonZero({
        tronPowerUsed: votes,
        tronPowerLimit: tronPower(account) / SUN_PER_TRX,
        EnergyUsed: consume(account.energy, 0n, slotOf(head)).usage,
        EnergyLimit: energyLimit(state, account.energy),
        TotalEnergyLimit: totalEnergy(state.parameters),
        TotalEnergyWeight: state.energyWeight,
      }),
    }
  },

  getdelegatedresourcev2(request) {
    const from = addressParam(request, 'fromAddress')
    const to = addressParam(request, 'toAddress')
    const rows = delegationsOf(request, from).filter((row) => row.from === from && row.to === to)
    if (rows.length === 0) return {}
    return { delegatedResource: rows.map((row) => delegationJson(request, row)) }
  },
  getdelegatedresourceaccountindexv2(request) {
    const account = addressParam(request, 'value')
    const rows = delegationsOf(request, account)
    const addresses = (list: readonly string[]): string[] =>
      [...new Set(list)].map((one) => shown(request, one))
    const toAccounts = addresses(rows.filter(({ from }) => from === account).map(({ to }) => to))
    const fromAccounts = addresses(rows.filter(({ to }) => to === account).map(({ from }) => from))
    return {
      account: shown(request, account),
      ...(fromAccounts.length > 0 && { fromAccounts }),
      ...(toAccounts.length > 0 && { toAccounts }),
    }
  },
  getcandelegatedmaxsize(request) {
    const account = request.state.accounts.get(addressParam(request, 'owner_address'))
    const type = Number(longParam(request, 'type'))
    if (!account || (type !== BANDWIDTH && type !== ENERGY)) return {}
    const size = delegatable(request.state, request.head, account, type, true)
    return size < SUN_PER_TRX ? {} : { max_size: size }
  },
  getcanwithdrawunfreezeamount(request) {
    const account = request.state.accounts.get(addressParam(request, 'owner_address'))
    const given = longParam(request, 'timestamp')
    if (!account || given < 0n) return {}
    const time = given === 0n ? request.head.timestamp : given
    const ready = account.unfreezing.filter(({ expires }) => expires <= time)
    return nonZero({ amount: ready.reduce((sum, { amount }) => sum + amount, 0n) })
  },
  getavailableunfreezecount(request) {
    const account = request.state.accounts.get(addressParam(request, 'owner_address'))
    if (!account) return {}
    const waiting = account.unfreezing.filter(({ expires }) => expires > request.head.timestamp).length
    return nonZero({ count: BigInt(MAX_UNFREEZING - waiting) })
  },

  getReward: (request) => ({
    reward: request.state.accounts.get(addressParam(request, 'address'))?.allowance ?? 0n,
  }),
  getBrokerage: () => ({ brokerage: 20 }),
  listwitnesses: (request) => ({ witnesses: witnessRows(request) }),
  getpaginatednowwitnesslist(request) {
    const rows = witnessRows(request).sort((a, b) => (a.voteCount > b.voteCount ? -1 : 1))
    const offset = Number(longParam(request, 'offset'))
    return { witnesses: rows.slice(offset, offset + Number(longParam(request, 'limit'))) }
  },

  getassetissuebyid(request) {
    const asset = request.state.assets.get(String(request.params.value ?? ''))
    return asset ? assetJson(request, asset) : {}
  },
  getassetissuebyname(request) {
    const found = assetsNamed(request)
    if (found.length > 1)
      throw new ApiError(
        'org.tron.core.exception.NonUniqueObjectException',
        'To get more than one asset, please use getAssetIssuebyid syntax',
      )
    return found[0] ? assetJson(request, found[0]) : {}
  },
  getassetissuelistbyname: (request) => assetList(request, assetsNamed(request)),
  getassetissuebyaccount(request) {
    const owner = addressParam(request, 'address')
    return assetList(
      request,
      [...request.state.assets.values()].filter((asset) => asset.owner === owner),
    )
  },
  getassetissuelist: (request) => assetList(request, [...request.state.assets.values()]),
  getpaginatedassetissuelist(request) {
    const offset = Number(longParam(request, 'offset'))
    const rows = [...request.state.assets.values()].slice(
      offset,
      offset + Number(longParam(request, 'limit')),
    )
    return assetList(request, rows)
  },
  listproposals: () => ({}),
  listexchanges: () => ({}),
  getproposalbyid: () => ({}),
  getexchangebyid: () => ({}),
  getpaginatedproposallist: () => ({}),
  getpaginatedexchangelist: () => ({}),

  validateaddress({ params }) {
    const given = params.address
    if (parseAddress(given) === undefined) return { result: false, message: 'Invalid address' }
    return { result: true, message: /^41/.test(String(given)) ? 'Hex string format' : 'Base58check format' }
  },
}

function accountJson(request: ApiRequest, account: Account): JsonObject {
  const { head } = request
  const now = slotOf(head)
  const bandwidth = consume(account.bandwidth, 0n, now)
  const energy = consume(account.energy, 0n, now)
  return {
    ...(account.name && { account_name: request.visible ? hexUtf8(account.name) : account.name }),
    ...(account.isContract && { type: 'Contract' }),
    address: shown(request, account.address),
    ...nonZero({ balance: account.balance }),
    ...(account.votes.length > 0 && {
      votes: account.votes.map(({ address, count }) => ({
        vote_address: shown(request, address),
        vote_count: count,
      })),
    }),
    ...nonZero({
      net_usage: bandwidth.usage,
      create_time: account.createTime,
      latest_opration_time: account.lastOperation,
      allowance: account.allowance,
      latest_withdraw_time: account.lastWithdrawal,
      free_net_usage: increase(account.freeUsage, 0n, account.freeTime, now),
      latest_consume_time: bandwidth.time * SLOT_MS,
      latest_consume_free_time: account.freeTime * SLOT_MS,
      net_window_size: bandwidth.window,
    }),
    net_window_optimized: true,
    ...(account.isWitness && { is_witness: true }),
    account_resource: {
      ...nonZero({
        energy_usage: energy.usage,
        latest_consume_time_for_energy: energy.time * SLOT_MS,
        energy_window_size: energy.window,
        delegated_frozenV2_balance_for_energy: energy.delegated,
        acquired_delegated_frozenV2_balance_for_energy: energy.acquired,
      }),
      energy_window_optimized: true,
    },
    ...(!account.isContract && { owner_permission: permissionJson(request, account.owner) }),
    ...(account.witness && { witness_permission: permissionJson(request, account.witness) }),
    ...(account.actives.length > 0 && {
      active_permission: account.actives.map((active) => permissionJson(request, active)),
    }),
    frozenV2: [
      nonZero({ amount: bandwidth.frozen }),
      { type: 'ENERGY', ...nonZero({ amount: energy.frozen }) },
      { type: 'TRON_POWER' },
    ],
    ...(account.unfreezing.length > 0 && {
      unfrozenV2: account.unfreezing.map(({ type, amount, expires }) => ({
        ...(type === ENERGY && { type: 'ENERGY' }),
        unfreeze_amount: amount,
        unfreeze_expire_time: expires,
      })),
    }),
    ...nonZero({
      delegated_frozenV2_balance_for_bandwidth: bandwidth.delegated,
      acquired_delegated_frozenV2_balance_for_bandwidth: bandwidth.acquired,
    }),
    ...(account.assets.size > 0 && { assetV2: [...account.assets].map(([key, value]) => ({ key, value })) }),
    asset_optimized: true,
  }
}

function permissionJson({ visible }: ApiRequest, value: Permission): JsonObject {
  return toJson(permission, value, visible)
}

function netJson({ state, head }: ApiRequest, account: Account): JsonObject {
  const now = slotOf(head)
  const assets = [...account.assets.keys()].map((key) => ({ key, value: 0 }))
  return {
    ...nonZero({
      freeNetUsed: increase(account.freeUsage, 0n, account.freeTime, now),
      freeNetLimit: parameter(state.parameters, 'getFreeNetLimit'),
      NetUsed: consume(account.bandwidth, 0n, now).usage,
      NetLimit: netLimit(state, account.bandwidth),
    }),
    ...(assets.length > 0 && { assetNetUsed: assets, assetNetLimit: assets }),
    ...nonZero({
      TotalNetLimit: parameter(state.parameters, 'getTotalNetLimit'),
      TotalNetWeight: state.netWeight,
    }),
  }
}

function delegationsOf({ state }: ApiRequest, address: string): Delegation[] {
  return [...state.delegations.values()].filter(({ from, to }) => from === address || to === address)
}

function delegationJson(request: ApiRequest, row: Delegation): JsonObject {
  return {
    from: shown(request, row.from),
    to: shown(request, row.to),
    ...nonZero({
      frozen_balance_for_bandwidth: row.bandwidth,
      frozen_balance_for_energy: row.energy,
      expire_time_for_bandwidth: row.bandwidthExpires,
      expire_time_for_energy: row.energyExpires,
    }),
  }
}

interface WitnessRow {
  readonly voteCount: bigint
  readonly [member: string]: unknown
}

/** Votes count at once here, not at the next maintenance. */
function witnessRows(request: ApiRequest): WitnessRow[] {
  const accounts = [...request.state.accounts.values()]
  const votes = new Map<string, bigint>()
  for (const account of accounts) {
    for (const { address, count } of account.votes) votes.set(address, (votes.get(address) ?? 0n) + count)
  }
  return accounts
    .filter(({ isWitness }) => isWitness)
    .sort((a, b) => (a.address < b.address ? -1 : 1))
    .map(({ address }, i) => ({
      address: shown(request, address),
      voteCount: 100_000_000n + (votes.get(address) ?? 0n),
      url: `https://witness${i + 1}.devnet.invalid`,
      isJobs: true,
    }))
}

function assetJson(request: ApiRequest, asset: Asset): JsonObject {
  const text = (value: string): string => (request.visible ? value : utf8Hex(value))
  return {
    id: asset.id,
    owner_address: shown(request, asset.owner),
    name: text(asset.name),
    abbr: text(asset.abbr),
    total_supply: asset.totalSupply,
    trx_num: 1,
    ...(asset.precision > 0 && { precision: asset.precision }),
    num: 1,
    start_time: DAY_MS,
    end_time: 2n * DAY_MS,
    description: text('A token of the devnet'),
    url: text('https://devnet.invalid'),
  }
}

function assetList(request: ApiRequest, assets: readonly Asset[]): JsonObject {
  return assets.length > 0 ? { assetIssue: assets.map((asset) => assetJson(request, asset)) } : {}
}

function assetsNamed({ state, params, visible }: ApiRequest): Asset[] {
  const wanted = String(params.value ?? '')
  const name = visible ? wanted : /^([0-9a-fA-F]{2})+$/.test(wanted) ? hexUtf8(wanted.toLowerCase()) : wanted
  return [...state.assets.values()].filter((asset) => asset.name === name)
}

/** The members that are not zero: the others java-tron leaves out. */
function nonZero(members: Readonly<Record<string, bigint>>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== 0n))
}
