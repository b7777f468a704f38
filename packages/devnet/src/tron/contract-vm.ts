import { KECCAK256_NULL } from '@ethereumjs/util'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { base58Of, bytesOf, hexOf } from './bytes.ts'
import type { ContractContext } from './contract.ts'
import { type EnergyBill, energyBudget, payEnergy } from './energy.ts'
import { abi, type CreateSmartContract, type TriggerSmartContract } from './messages.ts'
import { parameter } from './parameters.ts'
import { make } from './protobuf.ts'
import { demand, invalid } from './refusal.ts'
import { adoptState, type DeployedContract, forkState, type State } from './state.ts'
import type { Tvm, TvmCall, TvmResult } from './tvm.ts'

/** What the machine needs to know of its surroundings. */
export type TvmPlace = Pick<TvmCall, 'txid' | 'block' | 'blockHash'>

export interface VmOutcome {
  readonly result: TvmResult
  readonly bill: EnergyBill
  readonly contractAddress: string
}

/** A transaction that calls a contract: checked, run and paid for. What it pays stays paid when the code fails. */
export async function trigger(
  context: ContractContext,
  tvm: Tvm,
  place: TvmPlace,
  value: TriggerSmartContract,
  feeLimit: bigint,
): Promise<VmOutcome> {
  const { state, head } = context
  const contract = state.contracts.get(value.contract_address)
  demand(contract !== undefined, 'No contract or not a smart contract')
  checkValues(state, value, value.call_value, value.contract_address)
  checkFeeLimit(state, feeLimit)
  const caller = state.accounts.get(value.owner_address)
  demand(caller !== undefined, `account [${base58Of(value.owner_address)}] does not exist`)
  const budget = energyBudget(state, head, caller, feeLimit, value.call_value, contract)
  const result = await tvm.run(state, callOf(value, budget.limit, place))
  const bill = payEnergy(state, head, caller.address, result.energy, budget, result.code === 1, contract)
  return { result, bill, contractAddress: contract.address }
}

/** A transaction that deploys a contract. */
export async function deploy(
  context: ContractContext,
  tvm: Tvm,
  place: TvmPlace,
  value: CreateSmartContract,
  feeLimit: bigint,
): Promise<VmOutcome> {
  const { state, head } = context
  const { owner_address: owner, new_contract: given } = value
  demand(given !== undefined, 'Cannot get CreateSmartContract from transaction')
  demand(owner === given.origin_address, 'OwnerAddress is not equals OriginAddress')
  demand(new TextEncoder().encode(given.name).length <= 32, "contractName's length cannot be greater than 32")
  const percent = given.consume_user_resource_percent
  demand(percent >= 0n && percent <= 100n, 'percent must be >= 0 and <= 100')
  const address = contractAddress(place.txid, owner)
  demand(
    state.accounts.get(address) === undefined,
    `Trying to create a contract with existing contract address: ${base58Of(address)}`,
  )
  checkFeeLimit(state, feeLimit)
  checkValues(state, { ...value, owner_address: owner }, given.call_value, address)
  demand(given.origin_energy_limit > 0n, 'The originEnergyLimit must be > 0')
  const caller = state.accounts.get(owner)
  demand(caller !== undefined, `account [${base58Of(owner)}] does not exist`)
  const budget = energyBudget(state, head, caller, feeLimit, given.call_value)
  const created: DeployedContract = {
    address,
    origin: owner,
    name: given.name,
    abi: given.abi ?? make(abi),
    code: new Uint8Array(),
    codeHash: KECCAK256_NULL,
    creation: given.bytecode,
    userPercent: percent,
    originEnergyLimit: given.origin_energy_limit,
    energyFactor: 0n,
    txid: place.txid,
  }
  const result = await create(tvm, state, created, {
    ...place,
    caller: owner,
    createdAt: address,
    data: given.bytecode,
    value: given.call_value,
    energyLimit: budget.limit,
  })
  const bill = payEnergy(state, head, owner, result.energy, budget, result.code === 1)
  return { result, bill, contractAddress: address }
}

/** Runs creation code for a contract that is known beforehand. */
export async function create(
  tvm: Tvm,
  state: State,
  contract: DeployedContract,
  call: TvmCall,
): Promise<TvmResult> {
  const work = forkState(state)
  work.contracts.set(contract.address, contract)
  const result = await tvm.run(work, call)
  if (result.code === 1) adoptState(state, work)
  return result
}

/**
 * A question to a contract, or, without an address, to creation code that answers by what it returns. Changes nothing; the
 * caller need not exist.
 */
export async function ask(
  state: State,
  tvm: Tvm,
  place: TvmPlace,
  value: TriggerSmartContract,
  energyLimit: bigint,
): Promise<TvmResult> {
  const work = forkState(state)
  if (value.contract_address === '') {
    const address = contractAddress(place.txid, value.owner_address)
    checkValues(work, value, value.call_value, address)
    return tvm.run(work, { ...callOf(value, energyLimit, place), createdAt: address })
  }
  demand(work.contracts.get(value.contract_address) !== undefined, 'Smart contract is not exist.')
  checkValues(work, value, value.call_value, value.contract_address)
  return tvm.run(work, callOf(value, energyLimit, place))
}

/** Where a transaction of this id deploys its contract. */
export function contractAddress(txid: string, owner: string): string {
  return `41${hexOf(keccak_256(bytesOf(txid + owner)).subarray(12))}`
}

function callOf(value: TriggerSmartContract, energyLimit: bigint, place: TvmPlace): TvmCall {
  return {
    ...place,
    caller: value.owner_address,
    ...(value.contract_address && { to: value.contract_address }),
    data: value.data,
    value: value.call_value,
    energyLimit,
  }
}

function checkValues(
  state: State,
  value: Pick<TriggerSmartContract, 'owner_address' | 'call_token_value' | 'token_id'>,
  callValue: bigint,
  target: string,
): void {
  demand(callValue >= 0n, 'callValue must be >= 0')
  demand(value.call_token_value >= 0n, 'tokenValue must be >= 0')
  demand(value.token_id > 1_000_000n || value.token_id === 0n, 'tokenId must be > 1000000')
  if (value.call_token_value > 0n || value.token_id > 0n) {
    throw invalid('The virtual machine of this devnet does not take TRC-10 tokens.')
  }
  if (callValue === 0n) return
  demand(value.owner_address !== target, 'Cannot transfer TRX to yourself.')
  const owner = state.accounts.get(value.owner_address)
  demand(owner !== undefined, 'Validate InternalTransfer error, no OwnerAccount.')
  demand(owner.balance >= callValue, 'Validate InternalTransfer error, balance is not sufficient.')
}

function checkFeeLimit(state: State, feeLimit: bigint): void {
  const highest = parameter(state.parameters, 'getMaxFeeLimit')
  demand(feeLimit >= 0n && feeLimit <= highest, `feeLimit must be >= 0 and <= ${highest}`)
}
