import { bandwidthOf, type NetBill, payBandwidth, payFee } from './bandwidth.ts'
import { sha256Hex, utf8Hex } from './bytes.ts'
import type { ContractOutcome } from './contract.ts'
import { deploy, type TvmPlace, trigger, type VmOutcome } from './contract-vm.ts'
import { CREATE, readContract, requireContract, runContract, TRIGGER } from './contracts.ts'
import {
  type Contract,
  type CreateSmartContract,
  type RawData,
  rawData,
  resourceReceipt,
  type Transaction,
  type TransactionInfo,
  type TriggerSmartContract,
  transactionInfo,
} from './messages.ts'
import { parameter } from './parameters.ts'
import { checkSignatures } from './permissions.ts'
import { encode, make } from './protobuf.ts'
import { invalid, Refusal } from './refusal.ts'
import { DAY_MS, type Head, type State } from './state.ts'
import type { Tvm } from './tvm.ts'

/** Where a transaction is tried: on top of a block, for the next one. */
export interface Surroundings {
  /** Changed by what runs. */
  readonly state: State
  readonly head: Head
  readonly tvm: Tvm
  readonly next: { readonly number: bigint; readonly timestamp: bigint; readonly witness: string }
  /** The id of a recent block by the last two bytes of its number, as hex. */
  recentBlock(refBytes: string): string | undefined
  blockHash(number: number): string | undefined
  isKnown(txid: string): boolean
}

/** A transaction that ran, with its result inside, and what is told of it. */
export interface Executed {
  readonly txid: string
  readonly tx: Transaction
  readonly info: TransactionInfo
}

const MAX_BYTES = 500 * 1024
/** What two results may take. */
const RESULTS_BYTES = 2 * 64

export function txidOf(raw: RawData): string {
  return sha256Hex(encode(rawData, raw))
}

/** The only contract of a transaction; `undefined` when there is none. */
export function contractOf(tx: Transaction): Contract | undefined {
  return tx.raw_data?.contract[0]
}

export function ownerOf(tx: Transaction): string {
  const contract = contractOf(tx)
  return (contract && readContract(contract)?.owner_address) ?? ''
}

/** Checks and runs a transaction as java-tron does, in its order. Throws `Refusal`; then the state is to be thrown away. */
export async function execute(around: Surroundings, given: Transaction): Promise<Executed> {
  const { state, head, tvm, next } = around
  const tx: Transaction = { ...given, ret: [] }
  const raw = tx.raw_data
  if (!raw || raw.contract.length === 0) throw invalid('No contract!')
  const contract = raw.contract[0] as Contract
  const txid = txidOf(raw)
  if (raw.expiration < next.timestamp)
    throw new Refusal('TRANSACTION_EXPIRATION_ERROR', 'before the next block')
  const owner = ownerOf(tx)
  checkSignatures(state, owner, contract, tx.signature, txid)
  if (raw.contract.length > 1) {
    throw invalid(
      `tx ${txid} contract size should be exactly 1, this is extend feature ,actual :${raw.contract.length}`,
    )
  }
  checkReference(around, raw)
  checkSize(tx)
  if (raw.expiration <= head.timestamp || raw.expiration > head.timestamp + DAY_MS) {
    throw new Refusal(
      'TRANSACTION_EXPIRATION_ERROR',
      `Transaction expiration, transaction expiration time is ${raw.expiration}, but headBlockTime is ${head.timestamp}`,
    )
  }
  if (around.isKnown(txid)) throw new Refusal('DUP_TRANSACTION_ERROR', `dup trans : ${txid} `)

  const value = requireContract(contract)
  const net = payBandwidth(state, head, tx, contract, value, owner)
  let fees = net.fee
  if (tx.signature.length > 1) fees += payFixed(state, owner, 'getMultiSignFee', 'multiSign')
  if (raw.data !== '') fees += payFixed(state, owner, 'getMemoFee', 'memo fee')

  const context = { state, head, isDraft: false }
  const place: TvmPlace = { txid, block: next, blockHash: around.blockHash }
  let done: { readonly vm?: VmOutcome; readonly plain?: ContractOutcome }
  if (contract.type === TRIGGER) {
    // The message fits its type: requireContract has read it.
    const call = value as TriggerSmartContract
    done = { vm: await trigger(context, tvm, place, call, raw.fee_limit) }
  } else if (contract.type === CREATE) {
    const creation = value as CreateSmartContract
    done = { vm: await deploy(context, tvm, place, creation, raw.fee_limit) }
  } else {
    done = { plain: runContract(context, contract.type, value) }
  }
  const ran = { ...tx, ret: [{ fee: 0n, ret: 0, contractRet: done.vm?.result.code ?? 1 }] }
  return { txid, tx: ran, info: infoOf(around, txid, net, fees, done) }
}

function payFixed(state: State, owner: string, name: 'getMultiSignFee' | 'getMemoFee', what: string): bigint {
  const fee = parameter(state.parameters, name)
  payFee(state, owner, fee, what)
  return fee
}

function infoOf(
  { next }: Surroundings,
  txid: string,
  net: NetBill,
  fees: bigint,
  { vm, plain }: { readonly vm?: VmOutcome; readonly plain?: ContractOutcome },
): TransactionInfo {
  const receipt = make(resourceReceipt, {
    net_usage: net.usage,
    net_fee: net.fee,
    ...(vm && {
      energy_usage: vm.bill.usage,
      energy_fee: vm.bill.fee,
      origin_energy_usage: vm.bill.originUsage,
      energy_usage_total: vm.bill.total,
      energy_penalty_total: vm.result.penalty,
      result: vm.result.code,
    }),
  })
  return make(transactionInfo, {
    id: txid,
    fee: fees + (vm?.bill.fee ?? 0n) + (plain?.fee ?? 0n),
    blockNumber: next.number,
    blockTimeStamp: next.timestamp,
    contractResult: [vm?.result.output ?? ''],
    contract_address: vm?.contractAddress ?? '',
    receipt,
    log: [...(vm?.result.logs ?? [])],
    result: vm?.result.problem ? 1 : 0,
    resMessage: utf8Hex(vm?.result.problem ?? ''),
    withdraw_amount: plain?.withdrawn ?? 0n,
    withdraw_expire_amount: plain?.expiredWithdrawn ?? 0n,
    cancel_unfreezeV2_amount: new Map(plain?.cancelled),
  })
}

/** The transaction was made for this chain: it names a block of it by two bytes of its number and eight of its hash. */
function checkReference({ recentBlock }: Surroundings, raw: RawData): void {
  const id = recentBlock(raw.ref_block_bytes)
  if (id === undefined) throw new Refusal('TAPOS_ERROR', 'Tapos failed, block not found')
  if (id.slice(16, 32) !== raw.ref_block_hash) {
    throw new Refusal('TAPOS_ERROR', 'Tapos failed, different block hash')
  }
}

function checkSize(tx: Transaction): void {
  const size = Number(bandwidthOf(tx)) - 64
  if (size + RESULTS_BYTES > MAX_BYTES) {
    throw new Refusal(
      'TOO_BIG_TRANSACTION_ERROR',
      `Too big transaction with result, the size is ${size + RESULTS_BYTES} bytes, maxTxSize ${MAX_BYTES}`,
    )
  }
}
