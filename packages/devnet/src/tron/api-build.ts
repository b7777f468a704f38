import { ApiError, fromJson, transactionJson } from './api-json.ts'
import { utf8Hex } from './bytes.ts'
import { CREATE, runContract } from './contracts.ts'
import { type ApiRequest, type Endpoint, type Endpoints, longOf } from './endpoint.ts'
import { isObject, type JsonObject } from './json.ts'
import {
  type CreateSmartContract,
  contractMessages,
  contractTypes,
  createSmartContract,
  type OwnerOnly,
  rawData,
  type Transaction,
  transaction,
} from './messages.ts'
import { encode, make } from './protobuf.ts'
import { invalid } from './refusal.ts'
import { forkState } from './state.ts'

/** How long a transaction that a node builds can enter. */
const EXPIRATION_MS = 60_000n

/** Endpoints that build an unsigned transaction, once they have seen that it could run. */
export const builders: Endpoints = {
  createaccount: builder(0),
  createtransaction: builder(1),
  transferasset: builder(2),
  votewitnessaccount: builder(4),
  updateaccount: builder(10),
  withdrawbalance: builder(13),
  updatesetting: builder(33),
  updateenergylimit: builder(45),
  accountpermissionupdate: builder(46),
  freezebalancev2: builder(54),
  unfreezebalancev2: builder(55),
  withdrawexpireunfreeze: builder(56),
  delegateresource: builder(57),
  undelegateresource: builder(58),
  cancelallunfreezev2: builder(59),
  deploycontract(request) {
    const value = deploymentOf(request)
    const percent = value.new_contract?.consume_user_resource_percent ?? 0n
    if (percent < 0n || percent > 100n) throw invalid('percent must be >= 0 and <= 100')
    return built(request, unsigned(request, CREATE, value, { feeLimit: longOf(request.params.fee_limit) }))
  },
}

function builder(type: number): Endpoint {
  return (request) => {
    const message = contractMessages[type]
    if (!message) throw invalid(`${contractTypes[type]} is not known to this devnet.`)
    const value = fromJson(message, request.params, request.visible)
    const state = forkState(request.state)
    runContract({ state, head: request.head, isDraft: true }, type, value)
    return built(request, unsigned(request, type, value, {}))
  }
}

/** A transaction that names the newest final block and holds for a minute after the newest one. */
export function unsigned(
  { chain, head }: ApiRequest,
  type: number,
  value: OwnerOnly,
  { feeLimit = 0n }: { readonly feeLimit?: bigint },
): Transaction {
  const message = contractMessages[type]
  if (!message) throw invalid(`Contract type ${type} is not known to this devnet.`)
  const reference = chain.solid()
  const raw = make(rawData, {
    ref_block_bytes: reference.id.slice(12, 16),
    ref_block_hash: reference.id.slice(16, 32),
    expiration: head.timestamp + EXPIRATION_MS,
    timestamp: BigInt(Date.now()),
    fee_limit: feeLimit,
    contract: [
      {
        type,
        parameter: {
          type_url: `type.googleapis.com/protocol.${message.name}`,
          value: encode(message, value),
        },
        provider: '',
        ContractName: '',
        Permission_id: 0,
      },
    ],
  })
  return make(transaction, { raw_data: raw })
}

/** Adds what every such endpoint takes: `Permission_id` and a memo in `extra_data`. */
function built({ params, visible }: ApiRequest, tx: Transaction): JsonObject {
  const raw = tx.raw_data ?? make(rawData)
  const permission = Number(longOf(params.Permission_id))
  const memo = typeof params.extra_data === 'string' ? params.extra_data : ''
  const data = visible ? utf8Hex(memo) : memo
  const contract = raw.contract.map((one) => (permission > 0 ? { ...one, Permission_id: permission } : one))
  return { ...transactionJson({ ...tx, raw_data: { ...raw, contract, data } }, visible), visible }
}

/** The flat form of a deployment, with the interface as JSON in a text or as it is. */
function deploymentOf({ params, visible }: ApiRequest): CreateSmartContract {
  const entrys = typeof params.abi === 'string' ? JSON.parse(params.abi || '[]') : (params.abi ?? [])
  if (!Array.isArray(entrys) && !isObject(entrys)) {
    throw new ApiError('com.alibaba.fastjson.JSONException', 'abi must be a list')
  }
  const { owner_address } = params
  const new_contract = {
    origin_address: owner_address,
    abi: { entrys: Array.isArray(entrys) ? entrys : entrys.entrys },
    bytecode: `${params.bytecode ?? ''}${params.parameter ?? ''}`,
    call_value: params.call_value,
    consume_user_resource_percent: params.consume_user_resource_percent,
    name: params.name,
    origin_energy_limit: params.origin_energy_limit,
  }
  return fromJson(
    createSmartContract,
    { owner_address, new_contract, call_token_value: params.call_token_value, token_id: params.token_id },
    visible,
  )
}
