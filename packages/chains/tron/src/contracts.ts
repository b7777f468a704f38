import type { Address } from './intent.ts'
import type { SchemaOf } from './protobuf.ts'

// Names and meanings are those of java-tron's protobuf files. Amounts of coin are in sun; bytes are bare hex.

/** Sends TRX. */
export interface TransferContract {
  readonly type: 'TransferContract'
  readonly ownerAddress: Address
  readonly toAddress: Address
  readonly amount: bigint
}

/** Sends a TRC-10 token; `assetName` is its number, such as `1000001`. */
export interface TransferAssetContract {
  readonly type: 'TransferAssetContract'
  readonly assetName: string
  readonly ownerAddress: Address
  readonly toAddress: Address
  readonly amount: bigint
}

/** Calls a contract. */
export interface TriggerSmartContract {
  readonly type: 'TriggerSmartContract'
  readonly ownerAddress: Address
  readonly contractAddress: Address
  readonly callValue: bigint
  readonly data: string
  readonly callTokenValue: bigint
  readonly tokenId: bigint
}

/** Makes a contract. */
export interface CreateSmartContract {
  readonly type: 'CreateSmartContract'
  readonly ownerAddress: Address
  readonly newContract: NewContract
  readonly callTokenValue: bigint
  readonly tokenId: bigint
}

export interface NewContract {
  readonly originAddress: Address
  /** `''` unless somebody filled it in: the network finds it itself. */
  readonly contractAddress: Address | ''
  readonly abi: { readonly entrys: readonly AbiEntry[] } | undefined
  readonly bytecode: string
  readonly callValue: bigint
  readonly consumeUserResourcePercent: bigint
  readonly name: string
  readonly originEnergyLimit: bigint
  readonly codeHash: string
  readonly trxHash: string
  readonly version: number
}

export interface AbiEntry {
  readonly anonymous: boolean
  readonly constant: boolean
  readonly name: string
  readonly inputs: readonly AbiParam[]
  readonly outputs: readonly AbiParam[]
  /** 1 constructor, 2 function, 3 event, 4 fallback, 5 receive, 6 error. */
  readonly type: number
  readonly payable: boolean
  /** 1 pure, 2 view, 3 nonpayable, 4 payable. */
  readonly stateMutability: number
}

export interface AbiParam {
  readonly indexed: boolean
  readonly name: string
  readonly type: string
}

/** Opens an account. */
export interface AccountCreateContract {
  readonly type: 'AccountCreateContract'
  readonly ownerAddress: Address
  readonly accountAddress: Address
  /** `type` of the contract: 0 normal, 1 asset issue, 2 contract. */
  readonly accountType: number
}

/** Stakes TRX. `resource`, here and below: 0 bandwidth, 1 energy, 2 votes alone. */
export interface FreezeBalanceV2Contract {
  readonly type: 'FreezeBalanceV2Contract'
  readonly ownerAddress: Address
  readonly frozenBalance: bigint
  readonly resource: number
}

export interface UnfreezeBalanceV2Contract {
  readonly type: 'UnfreezeBalanceV2Contract'
  readonly ownerAddress: Address
  readonly unfreezeBalance: bigint
  readonly resource: number
}

export interface DelegateResourceContract {
  readonly type: 'DelegateResourceContract'
  readonly ownerAddress: Address
  readonly resource: number
  readonly balance: bigint
  readonly receiverAddress: Address
  readonly lock: boolean
  /** In blocks; 0 with `lock` is three days. */
  readonly lockPeriod: bigint
}

export interface UnDelegateResourceContract {
  readonly type: 'UnDelegateResourceContract'
  readonly ownerAddress: Address
  readonly resource: number
  readonly balance: bigint
  readonly receiverAddress: Address
}

/** What concerns the owner alone: unstaked TRX and rewards are taken out, or unstaking is called off. */
export interface OwnContract {
  readonly type: 'WithdrawExpireUnfreezeContract' | 'CancelAllUnfreezeV2Contract' | 'WithdrawBalanceContract'
  readonly ownerAddress: Address
}

export interface VoteWitnessContract {
  readonly type: 'VoteWitnessContract'
  readonly ownerAddress: Address
  readonly votes: readonly { readonly voteAddress: Address; readonly voteCount: bigint }[]
  readonly support: boolean
}

/** Gives the account other keys. */
export interface AccountPermissionUpdateContract {
  readonly type: 'AccountPermissionUpdateContract'
  readonly ownerAddress: Address
  readonly owner: ContractPermission | undefined
  readonly witness: ContractPermission | undefined
  readonly actives: readonly ContractPermission[]
}

export interface ContractPermission {
  /** 0 owner, 1 witness, 2 active. */
  readonly type: number
  readonly id: number
  readonly permissionName: string
  readonly threshold: bigint
  readonly parentId: number
  /** One bit for each type of contract, the lowest of the first byte for type 0; `''` for owner and witness. */
  readonly operations: string
  readonly keys: readonly { readonly address: Address; readonly weight: bigint }[]
}

/** What a transaction does: the contracts that this wallet signs. */
export type TronContract =
  | TransferContract
  | TransferAssetContract
  | TriggerSmartContract
  | CreateSmartContract
  | AccountCreateContract
  | FreezeBalanceV2Contract
  | UnfreezeBalanceV2Contract
  | DelegateResourceContract
  | UnDelegateResourceContract
  | OwnContract
  | VoteWitnessContract
  | AccountPermissionUpdateContract

/** For each type of contract its number, and its fields. */
export type ContractTable<C extends { readonly type: string }> = {
  readonly [T in C['type']]: readonly [type: number, fields: SchemaOf<Omit<OfType<C, T>, 'type'>>]
}

type OfType<C, T> = C extends { readonly type: infer U } ? (T extends U ? C : never) : never

/** The highest number of an `int32`. */
export const INT32 = 0x7fff_ffff

const owner = [1, 'address'] as const

const params: SchemaOf<AbiParam> = { indexed: [1, 'bool'], name: [2, 'text'], type: [3, 'text'] }

const abiEntry: SchemaOf<AbiEntry> = {
  anonymous: [1, 'bool'],
  constant: [2, 'bool'],
  name: [3, 'text'],
  inputs: [4, params, 'list'],
  outputs: [5, params, 'list'],
  type: [6, 6],
  payable: [7, 'bool'],
  stateMutability: [8, 4],
}

const newContract: SchemaOf<NewContract> = {
  originAddress: owner,
  contractAddress: [2, 'address', 'maybe'],
  abi: [3, { entrys: [1, abiEntry, 'list'] }, 'maybe'],
  bytecode: [4, 'hex'],
  callValue: [5, 'amount'],
  consumeUserResourcePercent: [6, 'amount'],
  name: [7, 'text'],
  originEnergyLimit: [8, 'amount'],
  codeHash: [9, 'hex'],
  trxHash: [10, 'hex'],
  version: [11, INT32],
}

const permission: SchemaOf<ContractPermission> = {
  type: [1, 2],
  id: [2, INT32],
  permissionName: [3, 'text'],
  threshold: [4, 'amount'],
  parentId: [5, INT32],
  operations: [6, 'hex'],
  keys: [7, { address: [1, 'address'], weight: [2, 'amount'] }, 'list'],
}

/** @see https://github.com/tronprotocol/java-tron/tree/develop/protocol/src/main/protos/core/contract */
export const contracts: ContractTable<TronContract> = {
  AccountCreateContract: [0, { ownerAddress: owner, accountAddress: [2, 'address'], accountType: [3, 2] }],
  TransferContract: [1, { ownerAddress: owner, toAddress: [2, 'address'], amount: [3, 'amount'] }],
  TransferAssetContract: [
    2,
    {
      assetName: [1, 'digits'],
      ownerAddress: [2, 'address'],
      toAddress: [3, 'address'],
      amount: [4, 'amount'],
    },
  ],
  VoteWitnessContract: [
    4,
    {
      ownerAddress: owner,
      votes: [2, { voteAddress: [1, 'address'], voteCount: [2, 'amount'] }, 'list'],
      support: [3, 'bool'],
    },
  ],
  WithdrawBalanceContract: [13, { ownerAddress: owner }],
  CreateSmartContract: [
    30,
    {
      ownerAddress: owner,
      newContract: [2, newContract],
      callTokenValue: [3, 'amount'],
      tokenId: [4, 'amount'],
    },
  ],
  TriggerSmartContract: [
    31,
    {
      ownerAddress: owner,
      contractAddress: [2, 'address'],
      callValue: [3, 'amount'],
      data: [4, 'hex'],
      callTokenValue: [5, 'amount'],
      tokenId: [6, 'amount'],
    },
  ],
  AccountPermissionUpdateContract: [
    46,
    {
      ownerAddress: owner,
      owner: [2, permission, 'maybe'],
      witness: [3, permission, 'maybe'],
      actives: [4, permission, 'list'],
    },
  ],
  FreezeBalanceV2Contract: [54, { ownerAddress: owner, frozenBalance: [2, 'amount'], resource: [3, 2] }],
  UnfreezeBalanceV2Contract: [55, { ownerAddress: owner, unfreezeBalance: [2, 'amount'], resource: [3, 2] }],
  WithdrawExpireUnfreezeContract: [56, { ownerAddress: owner }],
  DelegateResourceContract: [
    57,
    {
      ownerAddress: owner,
      resource: [2, 2],
      balance: [3, 'amount'],
      receiverAddress: [4, 'address'],
      lock: [5, 'bool'],
      lockPeriod: [6, 'amount'],
    },
  ],
  UnDelegateResourceContract: [
    58,
    { ownerAddress: owner, resource: [2, 2], balance: [3, 'amount'], receiverAddress: [4, 'address'] },
  ],
  CancelAllUnfreezeV2Contract: [59, { ownerAddress: owner }],
}
