import { type Message, message } from './protobuf.ts'

// The messages of Tron's protocol that this simulator speaks, with the names and numbers of its .proto files. One table serves
// the wire and java-tron's JSON.

export const contractTypes: Readonly<Record<number, string>> = {
  0: 'AccountCreateContract',
  1: 'TransferContract',
  2: 'TransferAssetContract',
  4: 'VoteWitnessContract',
  10: 'AccountUpdateContract',
  13: 'WithdrawBalanceContract',
  30: 'CreateSmartContract',
  31: 'TriggerSmartContract',
  33: 'UpdateSettingContract',
  45: 'UpdateEnergyLimitContract',
  46: 'AccountPermissionUpdateContract',
  54: 'FreezeBalanceV2Contract',
  55: 'UnfreezeBalanceV2Contract',
  56: 'WithdrawExpireUnfreezeContract',
  57: 'DelegateResourceContract',
  58: 'UnDelegateResourceContract',
  59: 'CancelAllUnfreezeV2Contract',
}

const resourceCode = { names: { 0: 'BANDWIDTH', 1: 'ENERGY', 2: 'TRON_POWER' } }

export interface Any {
  type_url: string
  value: string
}
const any: Message<Any> = message('Any', { type_url: [1, 'string'], value: [2, 'bytes'] })

// ---- transactions ----

export interface Contract {
  type: number
  parameter: Any | undefined
  provider: string
  ContractName: string
  Permission_id: number
}
const contractMessage: Message<Contract> = message('Transaction.Contract', {
  type: [1, { names: contractTypes }],
  parameter: [2, any],
  provider: [3, 'bytes'],
  ContractName: [4, 'text'],
  Permission_id: [5, 'int32'],
})

export interface RawData {
  ref_block_bytes: string
  ref_block_num: bigint
  ref_block_hash: string
  expiration: bigint
  data: string
  contract: Contract[]
  scripts: string
  timestamp: bigint
  fee_limit: bigint
}
export const rawData: Message<RawData> = message('Transaction.raw', {
  ref_block_bytes: [1, 'bytes'],
  ref_block_num: [3, 'int64'],
  ref_block_hash: [4, 'bytes'],
  expiration: [8, 'int64'],
  data: [10, 'bytes'],
  contract: [11, contractMessage, 'repeated'],
  scripts: [12, 'bytes'],
  timestamp: [14, 'int64'],
  fee_limit: [18, 'int64'],
})

const contractResults: Readonly<Record<number, string>> = {
  0: 'DEFAULT',
  1: 'SUCCESS',
  2: 'REVERT',
  3: 'BAD_JUMP_DESTINATION',
  4: 'OUT_OF_MEMORY',
  5: 'PRECOMPILED_CONTRACT',
  6: 'STACK_TOO_SMALL',
  7: 'STACK_TOO_LARGE',
  8: 'ILLEGAL_OPERATION',
  9: 'STACK_OVERFLOW',
  10: 'OUT_OF_ENERGY',
  11: 'OUT_OF_TIME',
  12: 'JVM_STACK_OVER_FLOW',
  13: 'UNKNOWN',
  14: 'TRANSFER_FAILED',
  15: 'INVALID_CODE',
}

export interface Result {
  fee: bigint
  ret: number
  contractRet: number
}
const code = { names: { 0: 'SUCESS', 1: 'FAILED' } }
const result: Message<Result> = message('Transaction.Result', {
  fee: [1, 'int64'],
  ret: [2, code],
  contractRet: [3, { names: contractResults }],
})

export interface Transaction {
  raw_data: RawData | undefined
  signature: string[]
  ret: Result[]
}
export const transaction: Message<Transaction> = message('Transaction', {
  raw_data: [1, rawData],
  signature: [2, 'bytes', 'repeated'],
  ret: [5, result, 'repeated'],
})

// ---- what a transaction holds ----

export interface AccountCreateContract {
  owner_address: string
  account_address: string
  type: number
}
const accountType = { names: { 0: 'Normal', 1: 'AssetIssue', 2: 'Contract' } }
const accountCreate: Message<AccountCreateContract> = message('AccountCreateContract', {
  owner_address: [1, 'address'],
  account_address: [2, 'address'],
  type: [3, accountType],
})

export interface TransferContract {
  owner_address: string
  to_address: string
  amount: bigint
}
export const transfer: Message<TransferContract> = message('TransferContract', {
  owner_address: [1, 'address'],
  to_address: [2, 'address'],
  amount: [3, 'int64'],
})

export interface TransferAssetContract {
  asset_name: string
  owner_address: string
  to_address: string
  amount: bigint
}
const transferAsset: Message<TransferAssetContract> = message('TransferAssetContract', {
  asset_name: [1, 'text'],
  owner_address: [2, 'address'],
  to_address: [3, 'address'],
  amount: [4, 'int64'],
})

export interface Vote {
  vote_address: string
  vote_count: bigint
}
const vote: Message<Vote> = message('Vote', { vote_address: [1, 'address'], vote_count: [2, 'int64'] })

export interface VoteWitnessContract {
  owner_address: string
  votes: Vote[]
  support: boolean
}
const voteWitness: Message<VoteWitnessContract> = message('VoteWitnessContract', {
  owner_address: [1, 'address'],
  votes: [2, vote, 'repeated'],
  support: [3, 'bool'],
})

export interface AccountUpdateContract {
  account_name: string
  owner_address: string
}
const accountUpdate: Message<AccountUpdateContract> = message('AccountUpdateContract', {
  account_name: [1, 'text'],
  owner_address: [2, 'address'],
})

export interface OwnerOnly {
  owner_address: string
}
const withdrawBalance: Message<OwnerOnly> = message('WithdrawBalanceContract', {
  owner_address: [1, 'address'],
})
const withdrawExpireUnfreeze: Message<OwnerOnly> = message('WithdrawExpireUnfreezeContract', {
  owner_address: [1, 'address'],
})
const cancelAllUnfreeze: Message<OwnerOnly> = message('CancelAllUnfreezeV2Contract', {
  owner_address: [1, 'address'],
})

export interface AbiParam {
  indexed: boolean
  name: string
  type: string
}
const abiParam: Message<AbiParam> = message('SmartContract.ABI.Entry.Param', {
  indexed: [1, 'bool'],
  name: [2, 'string'],
  type: [3, 'string'],
})
export interface AbiEntry {
  anonymous: boolean
  constant: boolean
  name: string
  inputs: AbiParam[]
  outputs: AbiParam[]
  type: number
  payable: boolean
  stateMutability: number
}
const entryTypes = {
  names: {
    0: 'UnknownEntryType',
    1: 'Constructor',
    2: 'Function',
    3: 'Event',
    4: 'Fallback',
    5: 'Receive',
    6: 'Error',
  },
}
const mutabilities = {
  names: { 0: 'UnknownMutabilityType', 1: 'Pure', 2: 'View', 3: 'Nonpayable', 4: 'Payable' },
}
const abiEntry: Message<AbiEntry> = message('SmartContract.ABI.Entry', {
  anonymous: [1, 'bool'],
  constant: [2, 'bool'],
  name: [3, 'string'],
  inputs: [4, abiParam, 'repeated'],
  outputs: [5, abiParam, 'repeated'],
  type: [6, entryTypes],
  payable: [7, 'bool'],
  stateMutability: [8, mutabilities],
})
export interface Abi {
  entrys: AbiEntry[]
}
export const abi: Message<Abi> = message('SmartContract.ABI', { entrys: [1, abiEntry, 'repeated'] })

export interface SmartContract {
  origin_address: string
  contract_address: string
  abi: Abi | undefined
  bytecode: string
  call_value: bigint
  consume_user_resource_percent: bigint
  name: string
  origin_energy_limit: bigint
  code_hash: string
  trx_hash: string
  version: number
}
export const smartContract: Message<SmartContract> = message('SmartContract', {
  origin_address: [1, 'address'],
  contract_address: [2, 'address'],
  abi: [3, abi],
  bytecode: [4, 'bytes'],
  call_value: [5, 'int64'],
  consume_user_resource_percent: [6, 'int64'],
  name: [7, 'string'],
  origin_energy_limit: [8, 'int64'],
  code_hash: [9, 'bytes'],
  trx_hash: [10, 'bytes'],
  version: [11, 'int32'],
})

export interface CreateSmartContract {
  owner_address: string
  new_contract: SmartContract | undefined
  call_token_value: bigint
  token_id: bigint
}
export const createSmartContract: Message<CreateSmartContract> = message('CreateSmartContract', {
  owner_address: [1, 'address'],
  new_contract: [2, smartContract],
  call_token_value: [3, 'int64'],
  token_id: [4, 'int64'],
})

export interface TriggerSmartContract {
  owner_address: string
  contract_address: string
  call_value: bigint
  data: string
  call_token_value: bigint
  token_id: bigint
}
export const triggerSmartContract: Message<TriggerSmartContract> = message('TriggerSmartContract', {
  owner_address: [1, 'address'],
  contract_address: [2, 'address'],
  call_value: [3, 'int64'],
  data: [4, 'bytes'],
  call_token_value: [5, 'int64'],
  token_id: [6, 'int64'],
})

export interface UpdateSettingContract {
  owner_address: string
  contract_address: string
  consume_user_resource_percent: bigint
}
const updateSetting: Message<UpdateSettingContract> = message('UpdateSettingContract', {
  owner_address: [1, 'address'],
  contract_address: [2, 'address'],
  consume_user_resource_percent: [3, 'int64'],
})

export interface UpdateEnergyLimitContract {
  owner_address: string
  contract_address: string
  origin_energy_limit: bigint
}
const updateEnergyLimit: Message<UpdateEnergyLimitContract> = message('UpdateEnergyLimitContract', {
  owner_address: [1, 'address'],
  contract_address: [2, 'address'],
  origin_energy_limit: [3, 'int64'],
})

export interface PermissionKey {
  address: string
  weight: bigint
}
const permissionKey: Message<PermissionKey> = message('Key', {
  address: [1, 'address'],
  weight: [2, 'int64'],
})
export interface Permission {
  type: number
  id: number
  permission_name: string
  threshold: bigint
  parent_id: number
  operations: string
  keys: PermissionKey[]
}
export const permission: Message<Permission> = message('Permission', {
  type: [1, { names: { 0: 'Owner', 1: 'Witness', 2: 'Active' } }],
  id: [2, 'int32'],
  permission_name: [3, 'string'],
  threshold: [4, 'int64'],
  parent_id: [5, 'int32'],
  operations: [6, 'bytes'],
  keys: [7, permissionKey, 'repeated'],
})
export interface AccountPermissionUpdateContract {
  owner_address: string
  owner: Permission | undefined
  witness: Permission | undefined
  actives: Permission[]
}
const accountPermissionUpdate: Message<AccountPermissionUpdateContract> = message(
  'AccountPermissionUpdateContract',
  {
    owner_address: [1, 'address'],
    owner: [2, permission],
    witness: [3, permission],
    actives: [4, permission, 'repeated'],
  },
)

export interface FreezeBalanceV2Contract {
  owner_address: string
  frozen_balance: bigint
  resource: number
}
const freezeBalance: Message<FreezeBalanceV2Contract> = message('FreezeBalanceV2Contract', {
  owner_address: [1, 'address'],
  frozen_balance: [2, 'int64'],
  resource: [3, resourceCode],
})

export interface UnfreezeBalanceV2Contract {
  owner_address: string
  unfreeze_balance: bigint
  resource: number
}
const unfreezeBalance: Message<UnfreezeBalanceV2Contract> = message('UnfreezeBalanceV2Contract', {
  owner_address: [1, 'address'],
  unfreeze_balance: [2, 'int64'],
  resource: [3, resourceCode],
})

export interface DelegateResourceContract {
  owner_address: string
  resource: number
  balance: bigint
  receiver_address: string
  lock: boolean
  lock_period: bigint
}
export const delegateResource: Message<DelegateResourceContract> = message('DelegateResourceContract', {
  owner_address: [1, 'address'],
  resource: [2, resourceCode],
  balance: [3, 'int64'],
  receiver_address: [4, 'address'],
  lock: [5, 'bool'],
  lock_period: [6, 'int64'],
})

export interface UnDelegateResourceContract {
  owner_address: string
  resource: number
  balance: bigint
  receiver_address: string
}
const unDelegateResource: Message<UnDelegateResourceContract> = message('UnDelegateResourceContract', {
  owner_address: [1, 'address'],
  resource: [2, resourceCode],
  balance: [3, 'int64'],
  receiver_address: [4, 'address'],
})

/** The message of each contract type that the simulator runs. */
export const contractMessages: Readonly<Record<number, Message<OwnerOnly>>> = {
  0: accountCreate,
  1: transfer,
  2: transferAsset,
  4: voteWitness,
  10: accountUpdate,
  13: withdrawBalance,
  30: createSmartContract,
  31: triggerSmartContract,
  33: updateSetting,
  45: updateEnergyLimit,
  46: accountPermissionUpdate,
  54: freezeBalance,
  55: unfreezeBalance,
  56: withdrawExpireUnfreeze,
  57: delegateResource,
  58: unDelegateResource,
  59: cancelAllUnfreeze,
}

// ---- blocks and what is known of a transaction once it ran ----

export interface BlockRaw {
  timestamp: bigint
  txTrieRoot: string
  parentHash: string
  number: bigint
  witness_address: string
  version: number
}
export const blockRaw: Message<BlockRaw> = message('BlockHeader.raw', {
  timestamp: [1, 'int64'],
  txTrieRoot: [2, 'bytes'],
  parentHash: [3, 'bytes'],
  number: [7, 'int64'],
  witness_address: [9, 'address'],
  version: [10, 'int32'],
})
export interface Log {
  address: string
  topics: string[]
  data: string
}
export const log: Message<Log> = message('TransactionInfo.Log', {
  address: [1, 'address'],
  topics: [2, 'bytes', 'repeated'],
  data: [3, 'bytes'],
})

export interface ResourceReceipt {
  energy_usage: bigint
  energy_fee: bigint
  origin_energy_usage: bigint
  energy_usage_total: bigint
  net_usage: bigint
  net_fee: bigint
  result: number
  energy_penalty_total: bigint
}
export const resourceReceipt: Message<ResourceReceipt> = message('ResourceReceipt', {
  energy_usage: [1, 'int64'],
  energy_fee: [2, 'int64'],
  origin_energy_usage: [3, 'int64'],
  energy_usage_total: [4, 'int64'],
  net_usage: [5, 'int64'],
  net_fee: [6, 'int64'],
  result: [7, { names: contractResults }],
  energy_penalty_total: [8, 'int64'],
})

export interface TransactionInfo {
  id: string
  fee: bigint
  blockNumber: bigint
  blockTimeStamp: bigint
  contractResult: string[]
  contract_address: string
  receipt: ResourceReceipt | undefined
  log: Log[]
  result: number
  resMessage: string
  withdraw_amount: bigint
  unfreeze_amount: bigint
  withdraw_expire_amount: bigint
  cancel_unfreezeV2_amount: Map<string, bigint>
}
export const transactionInfo: Message<TransactionInfo> = message('TransactionInfo', {
  id: [1, 'bytes'],
  fee: [2, 'int64'],
  blockNumber: [3, 'int64'],
  blockTimeStamp: [4, 'int64'],
  contractResult: [5, 'bytes', 'repeated'],
  contract_address: [6, 'address'],
  receipt: [7, resourceReceipt],
  log: [8, log, 'repeated'],
  result: [9, code],
  resMessage: [10, 'text'],
  withdraw_amount: [15, 'int64'],
  unfreeze_amount: [16, 'int64'],
  withdraw_expire_amount: [28, 'int64'],
  cancel_unfreezeV2_amount: [29, 'map'],
})
