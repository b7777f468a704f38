import { type ContractTable, contracts, type TronContract } from './contracts.ts'
import type { ValueOf } from './protobuf.ts'

/**
 * The contracts that others make and this wallet never signs. They are here to be read: `decodeRaw(bytes, wrong,
 * allContracts)`. Names and numbers are those of java-tron's protobuf files; bytes that may be anything are hex.
 */
const others = {
  WitnessCreateContract: [5, { ownerAddress: [1, 'address'], url: [2, 'hex'] }],
  AssetIssueContract: [
    6,
    {
      ownerAddress: [1, 'address'],
      name: [2, 'hex'],
      abbr: [3, 'hex'],
      totalSupply: [4, 'int64'],
      frozenSupply: [5, { frozenAmount: [1, 'int64'], frozenDays: [2, 'int64'] }, 'list'],
      trxNum: [6, 0x7fff_ffff],
      precision: [7, 0x7fff_ffff],
      num: [8, 0x7fff_ffff],
      startTime: [9, 'int64'],
      endTime: [10, 'int64'],
      order: [11, 'int64'],
      voteScore: [16, 0x7fff_ffff],
      description: [20, 'hex'],
      url: [21, 'hex'],
      freeAssetNetLimit: [22, 'int64'],
      publicFreeAssetNetLimit: [23, 'int64'],
      publicFreeAssetNetUsage: [24, 'int64'],
      publicLatestFreeNetTime: [25, 'int64'],
      id: [41, 'text'],
    },
  ],
  WitnessUpdateContract: [8, { ownerAddress: [1, 'address'], updateUrl: [12, 'hex'] }],
  ParticipateAssetIssueContract: [
    9,
    {
      ownerAddress: [1, 'address'],
      toAddress: [2, 'address'],
      assetName: [3, 'hex'],
      amount: [4, 'int64'],
    },
  ],
  AccountUpdateContract: [10, { accountName: [1, 'hex'], ownerAddress: [2, 'address'] }],
  FreezeBalanceContract: [
    11,
    {
      ownerAddress: [1, 'address'],
      frozenBalance: [2, 'int64'],
      frozenDuration: [3, 'int64'],
      resource: [10, 2],
      receiverAddress: [15, 'address', 'maybe'],
    },
  ],
  UnfreezeBalanceContract: [
    12,
    { ownerAddress: [1, 'address'], resource: [10, 2], receiverAddress: [15, 'address', 'maybe'] },
  ],
  UnfreezeAssetContract: [14, { ownerAddress: [1, 'address'] }],
  UpdateAssetContract: [
    15,
    {
      ownerAddress: [1, 'address'],
      description: [2, 'hex'],
      url: [3, 'hex'],
      newLimit: [4, 'int64'],
      newPublicLimit: [5, 'int64'],
    },
  ],
  ProposalCreateContract: [
    16,
    {
      ownerAddress: [1, 'address'],
      // A map: its entries have both of their fields, whatever they are.
      parameters: [2, { key: [1, 'int64', 'always'], value: [2, 'int64', 'always'] }, 'list'],
    },
  ],
  ProposalApproveContract: [
    17,
    { ownerAddress: [1, 'address'], proposalId: [2, 'int64'], isAddApproval: [3, 'bool'] },
  ],
  ProposalDeleteContract: [18, { ownerAddress: [1, 'address'], proposalId: [2, 'int64'] }],
  SetAccountIdContract: [19, { accountId: [1, 'hex'], ownerAddress: [2, 'address'] }],
  UpdateSettingContract: [
    33,
    {
      ownerAddress: [1, 'address'],
      contractAddress: [2, 'address'],
      consumeUserResourcePercent: [3, 'int64'],
    },
  ],
  ExchangeCreateContract: [
    41,
    {
      ownerAddress: [1, 'address'],
      firstTokenId: [2, 'hex'],
      firstTokenBalance: [3, 'int64'],
      secondTokenId: [4, 'hex'],
      secondTokenBalance: [5, 'int64'],
    },
  ],
  ExchangeInjectContract: [
    42,
    { ownerAddress: [1, 'address'], exchangeId: [2, 'int64'], tokenId: [3, 'hex'], quant: [4, 'int64'] },
  ],
  ExchangeWithdrawContract: [
    43,
    { ownerAddress: [1, 'address'], exchangeId: [2, 'int64'], tokenId: [3, 'hex'], quant: [4, 'int64'] },
  ],
  ExchangeTransactionContract: [
    44,
    {
      ownerAddress: [1, 'address'],
      exchangeId: [2, 'int64'],
      tokenId: [3, 'hex'],
      quant: [4, 'int64'],
      expected: [5, 'int64'],
    },
  ],
  UpdateEnergyLimitContract: [
    45,
    { ownerAddress: [1, 'address'], contractAddress: [2, 'address'], originEnergyLimit: [3, 'int64'] },
  ],
  ClearABIContract: [48, { ownerAddress: [1, 'address'], contractAddress: [2, 'address'] }],
  UpdateBrokerageContract: [49, { ownerAddress: [1, 'address'], brokerage: [2, 0x7fff_ffff] }],
} as const

type Others = typeof others

/** A contract that this wallet reads and does not sign. */
export type OtherContract = {
  readonly [T in keyof Others]: { readonly type: T } & ValueOf<Others[T][1]>
}[keyof Others]

export type AnyContract = TronContract | OtherContract

/** Every contract that is read. */
export const allContracts: ContractTable<AnyContract> = /* @__PURE__ */ Object.assign({}, contracts, others)
