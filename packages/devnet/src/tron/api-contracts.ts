import { keccak_256 } from '@noble/hashes/sha3.js'
import { unsigned } from './api-build.ts'
import { ApiError, fromJson, problemOf, toJson, transactionJson } from './api-json.ts'
import { base58Of, hexOf, parseHex, utf8Hex } from './bytes.ts'
import { ask } from './contract-vm.ts'
import { TRIGGER } from './contracts.ts'
import { type ApiRequest, addressParam, type Endpoints, longOf } from './endpoint.ts'
import type { JsonObject } from './json.ts'
import {
  type AbiEntry,
  type Log,
  log,
  smartContract,
  type TriggerSmartContract,
  triggerSmartContract,
} from './messages.ts'
import { energyPrice, parameter } from './parameters.ts'
import { txidOf } from './process.ts'
import { make } from './protobuf.ts'
import { Refusal } from './refusal.ts'
import { min } from './resources.ts'
import { type DeployedContract, SUN_PER_TRX } from './state.ts'
import type { TvmResult } from './tvm.ts'

/** The most energy that a question may use. */
const CONSTANT_LIMIT = 100_000_000n

/** Contracts: what they are, and questions to them. */
export const contractCalls: Endpoints = {
  getcontract(request) {
    const contract = request.state.contracts.get(addressParam(request, 'value'))
    return contract ? contractJson(request, contract) : {}
  },
  getcontractinfo(request) {
    const contract = request.state.contracts.get(addressParam(request, 'value'))
    if (!contract) return {}
    return {
      smart_contract: contractJson(request, contract),
      runtimecode: hexOf(contract.code),
      contract_state: {
        ...(contract.energyFactor > 0n && { energy_factor: contract.energyFactor }),
        update_cycle:
          request.head.timestamp / parameter(request.state.parameters, 'getMaintenanceTimeInterval'),
      },
    }
  },

  triggerconstantcontract: (request) =>
    answered(request, async () => {
      const value = callOf(request, 'constant')
      const feeLimit = longOf(request.params.fee_limit)
      const result = await run(request, value, feeLimit)
      if (result.code !== 1 && result.code !== 2) throw failed(result)
      return constantJson(request, value, result)
    }),

  /** For a function that the interface calls constant it answers; for any other it builds the transaction. */
  triggersmartcontract: (request) =>
    answered(request, async () => {
      const value = callOf(request, 'call')
      const contract = request.state.contracts.get(value.contract_address)
      if (!contract) throw new Refusal('CONTRACT_VALIDATE_ERROR', 'No contract or not a valid smart contract')
      const feeLimit = longOf(request.params.fee_limit)
      if (isConstant(contract.abi.entrys, value.data)) {
        return constantJson(request, value, await run(request, value, feeLimit))
      }
      const tx = unsigned(request, TRIGGER, value, { feeLimit })
      return {
        result: { result: true },
        transaction: { ...transactionJson(tx, request.visible), visible: request.visible },
      }
    }),

  estimateenergy: (request) =>
    answered(request, async () => {
      const value = callOf(request, 'constant')
      return estimate(request, value)
    }),
}

/** What java-tron tells of a call that could not be run: its message in hex, whatever the exception. */
async function answered(request: ApiRequest, work: () => Promise<JsonObject>): Promise<JsonObject> {
  try {
    return await work()
  } catch (error) {
    const isRule = error instanceof Refusal
    const message = isRule ? error.message : problemOf(error)
    return {
      result: {
        code: isRule ? error.code : 'OTHER_ERROR',
        message: request.visible ? message : utf8Hex(message),
      },
    }
  }
}

function run(request: ApiRequest, value: TriggerSmartContract, feeLimit: bigint): Promise<TvmResult> {
  const { chain, state, head } = request
  const byFee = feeLimit / energyPrice(state.parameters)
  const limit = feeLimit > 0n ? min(CONSTANT_LIMIT, byFee) : CONSTANT_LIMIT
  const raw = unsigned(request, TRIGGER, value, {}).raw_data
  const place = {
    txid: raw ? txidOf(raw) : '',
    block: { number: head.number, timestamp: head.timestamp, witness: head.raw.witness_address },
    blockHash: (number: number) => chain.block(BigInt(number))?.id,
  }
  return ask(state, chain.tvm, place, value, limit)
}

/** The least fee limit with which the call goes through, to a TRX, as energy: java-tron halves its way to it. */
async function estimate(request: ApiRequest, value: TriggerSmartContract): Promise<JsonObject> {
  const price = energyPrice(request.state.parameters)
  let high = parameter(request.state.parameters, 'getMaxFeeLimit')
  const first = await run(request, value, high)
  if (first.code !== 1) {
    const message = request.visible ? first.problem : utf8Hex(first.problem)
    return { result: { code: 'CONTRACT_EXE_ERROR', message } }
  }
  let low = price * first.energy
  const enough = async (fee: bigint): Promise<boolean> => (await run(request, value, fee)).code === 1
  if (low * 2n < high) {
    if (await enough(low * 2n)) high = low * 2n
    else low *= 2n
  }
  while (low + SUN_PER_TRX < high) {
    const middle = (low + high) / 2n
    if (await enough(middle)) high = middle
    else low = middle
  }
  return { result: { result: true }, energy_required: ceil(high, price) }
}

function constantJson(request: ApiRequest, value: TriggerSmartContract, result: TvmResult): JsonObject {
  const tx = unsigned(request, TRIGGER, value, {})
  const failed = result.code !== 1
  const message = request.visible ? result.problem : utf8Hex(result.problem)
  const ran = { ...tx, ret: [{ fee: 0n, ret: failed ? 1 : 0, contractRet: 0 }] }
  return {
    result: { result: true, ...(message && { message }) },
    ...(result.energy > 0n && { energy_used: result.energy }),
    ...(result.penalty > 0n && { energy_penalty: result.penalty }),
    constant_result: [result.output],
    ...(result.logs.length > 0 && { logs: result.logs.map((row) => logJson(request, row)) }),
    transaction: {
      ...transactionJson(ran, request.visible),
      ret: [failed ? { ret: 'FAILED' } : {}],
      visible: request.visible,
    },
  }
}

/** An event. For people the 20 bytes of its contract are written in base58check as they are, which is nobody's address. */
function logJson({ visible }: ApiRequest, row: Log): JsonObject {
  return { ...toJson(log, row, visible), address: visible ? base58Of(row.address) : row.address }
}

/** A call out of a request: `function_selector` with `parameter`, or `data`. */
function callOf({ params, visible }: ApiRequest, kind: 'constant' | 'call'): TriggerSmartContract {
  const missing = (name: string): ApiError =>
    new ApiError('java.security.InvalidParameterException', `${name} isn't set.`)
  const { function_selector: selector, parameter: encoded } = params
  if (!params.owner_address) throw missing('owner_address')
  if (!params.contract_address) {
    if (kind === 'call') throw missing('contract_address')
    if (!params.data) {
      throw new ApiError(
        'java.security.InvalidParameterException',
        'At least one of contract_address and data must be set.',
      )
    }
    if (selector) {
      throw new ApiError(
        'java.security.InvalidParameterException',
        'While trying to deploy, function_selector and data can not be both set.',
      )
    }
  }
  const value = fromJson(triggerSmartContract, params, visible)
  if (typeof selector !== 'string' || selector === '') return value
  const hash = hexOf(keccak_256(new TextEncoder().encode(selector)))
  const data = parseHex(hash.slice(0, 8) + (typeof encoded === 'string' ? encoded : ''))
  if (data === undefined)
    throw new ApiError(
      'org.bouncycastle.util.encoders.DecoderException',
      'invalid characters encountered in Hex string',
    )
  return { ...value, data }
}

/** A function that the interface calls view, pure or constant. */
function isConstant(entries: readonly AbiEntry[], data: string): boolean {
  const selector = data.slice(0, 8)
  return entries.some(({ type, name, inputs, constant, stateMutability }) => {
    if (type !== 2 || !(constant || stateMutability === 1 || stateMutability === 2)) return false
    const signature = `${name}(${inputs.map((input) => input.type).join(',')})`
    return hexOf(keccak_256(new TextEncoder().encode(signature))).slice(0, 8) === selector
  })
}

function contractJson({ visible }: ApiRequest, contract: DeployedContract): JsonObject {
  return toJson(
    smartContract,
    make(smartContract, {
      origin_address: contract.origin,
      contract_address: contract.address,
      abi: contract.abi,
      bytecode: contract.creation,
      consume_user_resource_percent: contract.userPercent,
      name: contract.name,
      origin_energy_limit: contract.originEnergyLimit,
      code_hash: hexOf(contract.codeHash),
      trx_hash: contract.txid,
    }),
    visible,
  )
}

function failed({ code, problem }: TvmResult): ApiError {
  const name =
    code === 10 ? 'OutOfEnergyException' : code === 14 ? 'TransferException' : 'IllegalOperationException'
  return new ApiError(`org.tron.core.vm.program.Program$${name}`, problem)
}

function ceil(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor
}
