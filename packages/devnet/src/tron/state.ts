import { type Abi, type Permission, permission } from './messages.ts'
import { type Parameters, parameter } from './parameters.ts'
import { make } from './protobuf.ts'
import { type Table, table } from './table.ts'

/** The numbers of `ResourceCode`. */
export const BANDWIDTH = 0
export const ENERGY = 1

export const SUN_PER_TRX = 1_000_000n
export const SLOT_MS = 3_000n
export const DAY_MS = 86_400_000n

/**
 * What an account has of one resource. Stakes in sun; `usage` in bytes or energy as of slot `time`, recovering over `window`
 * thousandths of a slot (0 when never set, which means 24 hours).
 */
export interface Resource {
  readonly frozen: bigint
  readonly delegated: bigint
  readonly acquired: bigint
  readonly usage: bigint
  readonly time: bigint
  readonly window: bigint
}

export interface Unfreezing {
  readonly type: number
  readonly amount: bigint
  readonly expires: bigint
}

/** Accounts are values: a change is a new one in the table. Times are milliseconds, except slots where it says so. */
export interface Account {
  readonly address: string
  readonly isContract: boolean
  readonly name: string
  readonly balance: bigint
  readonly createTime: bigint
  readonly lastOperation: bigint
  readonly isWitness: boolean
  readonly allowance: bigint
  readonly lastWithdrawal: bigint
  /** Bytes of the free daily bandwidth that are used, as of a slot. */
  readonly freeUsage: bigint
  readonly freeTime: bigint
  readonly bandwidth: Resource
  readonly energy: Resource
  readonly unfreezing: readonly Unfreezing[]
  readonly votes: readonly { readonly address: string; readonly count: bigint }[]
  readonly assets: ReadonlyMap<string, bigint>
  readonly owner: Permission
  readonly witness: Permission | undefined
  readonly actives: readonly Permission[]
}

export interface DeployedContract {
  readonly address: string
  readonly origin: string
  readonly name: string
  readonly abi: Abi
  readonly code: Uint8Array
  readonly codeHash: Uint8Array
  /** What made it, as hex. */
  readonly creation: string
  readonly userPercent: bigint
  readonly originEnergyLimit: bigint
  /** The dynamic energy model's surcharge in ten-thousandths: 2,000 makes each operation a fifth dearer. */
  readonly energyFactor: bigint
  readonly txid: string
}

/** One direction between two accounts; what is locked lies in an entry of its own. */
export interface Delegation {
  readonly from: string
  readonly to: string
  readonly bandwidth: bigint
  readonly energy: bigint
  readonly bandwidthExpires: bigint
  readonly energyExpires: bigint
}

export interface Asset {
  readonly id: string
  readonly owner: string
  readonly name: string
  readonly abbr: string
  readonly precision: number
  readonly totalSupply: bigint
}

/** All that the chain knows after a block. */
export interface State {
  readonly accounts: Table<Account>
  readonly contracts: Table<DeployedContract>
  /** By 40 digits of the contract and 64 of the slot; zero is absent. */
  readonly storage: Table<string>
  readonly delegations: Table<Delegation>
  readonly assets: Table<Asset>
  parameters: Parameters
  /** The history of three of them, as `time:price` with commas between. */
  prices: Readonly<Record<'getEnergyFee' | 'getTransactionFee' | 'getMemoFee', string>>
  /** Whole TRX staked by everybody. */
  netWeight: bigint
  energyWeight: bigint
  /** What everybody together used of the public free bandwidth. */
  publicUsage: bigint
  publicTime: bigint
}

export const PUBLIC_NET_LIMIT = 14_400_000_000n

export function emptyState(parameters: Parameters): State {
  return {
    accounts: table(),
    contracts: table(),
    storage: table(),
    delegations: table(),
    assets: table(),
    parameters,
    prices: {
      getEnergyFee: `0:${parameter(parameters, 'getEnergyFee')}`,
      getTransactionFee: `0:${parameter(parameters, 'getTransactionFee')}`,
      getMemoFee: `0:${parameter(parameters, 'getMemoFee')}`,
    },
    netWeight: 0n,
    energyWeight: 0n,
    publicUsage: 0n,
    publicTime: 0n,
  }
}

export function forkState(state: State): State {
  return {
    ...state,
    accounts: state.accounts.fork(),
    contracts: state.contracts.fork(),
    storage: state.storage.fork(),
    delegations: state.delegations.fork(),
    assets: state.assets.fork(),
  }
}

/** Makes `target` what `source` is: the way a transaction that succeeded enters. */
export function adoptState(target: State, source: State): void {
  Object.assign(target, source)
}

const noResource: Resource = { frozen: 0n, delegated: 0n, acquired: 0n, usage: 0n, time: 0n, window: 0n }

export function newAccount(address: string, createTime: bigint, isContract = false): Account {
  return {
    address,
    isContract,
    name: '',
    balance: 0n,
    createTime,
    lastOperation: 0n,
    isWitness: false,
    allowance: 0n,
    lastWithdrawal: 0n,
    freeUsage: 0n,
    freeTime: 0n,
    bandwidth: noResource,
    energy: noResource,
    unfreezing: [],
    votes: [],
    assets: new Map(),
    owner: ownerPermission(address),
    witness: undefined,
    actives: isContract ? [] : [activePermission(address)],
  }
}

/** What an account is that does not exist yet. */
export function ownerPermission(address: string): Permission {
  return make(permission, { permission_name: 'owner', threshold: 1n, keys: [{ address, weight: 1n }] })
}

export function activePermission(address: string): Permission {
  return make(permission, {
    type: 2,
    id: 2,
    permission_name: 'active',
    threshold: 1n,
    operations: '7fff1fc0033ec30f'.padEnd(64, '0'),
    keys: [{ address, weight: 1n }],
  })
}

export function witnessPermission(address: string): Permission {
  return make(permission, {
    type: 1,
    id: 1,
    permission_name: 'witness',
    threshold: 1n,
    keys: [{ address, weight: 1n }],
  })
}

export function resourceOf(account: Account, code: number): Resource {
  return code === BANDWIDTH ? account.bandwidth : account.energy
}

export function withResource(account: Account, code: number, change: Partial<Resource>): Account {
  const resource = { ...resourceOf(account, code), ...change }
  return code === BANDWIDTH ? { ...account, bandwidth: resource } : { ...account, energy: resource }
}

/** All stakes of the account itself, also those whose resource it lent: what it may vote with, in sun. */
export function tronPower({ bandwidth, energy }: Account): bigint {
  return bandwidth.frozen + bandwidth.delegated + energy.frozen + energy.delegated
}

/** Where a transaction runs: the newest block, whose slot and time count for every rule, and the block that it will be in. */
export interface Head {
  readonly number: bigint
  readonly timestamp: bigint
}

export function slotOf(head: Head): bigint {
  return head.timestamp / SLOT_MS
}
