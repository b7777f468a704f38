import { base58Of, parseAddress, sha256Hex } from '../../tron/bytes.ts'
import {
  type Contract,
  contractMessages,
  type OwnerOnly,
  type RawData,
  rawData,
} from '../../tron/messages.ts'
import { decode, encode } from '../../tron/protobuf.ts'
import { isJson, type Json } from '../json.ts'
import { list } from './bitcoin-answers.ts'
import { word } from './contract-reads.ts'
import { number } from './make.ts'

/** What a transaction says instead. */
export interface SwappedTron {
  /** Whom it pays, `T…` or `41…`: the recipient of coin and of TRC-20 tokens. */
  readonly to?: string
  /** In the smallest unit: of coin, of a TRC-10 or a TRC-20 token. */
  readonly amount?: bigint
  /** A memo, in hexadecimal. */
  readonly data?: string
  /** In sun. */
  readonly feeLimit?: bigint
  /** Unix milliseconds. */
  readonly expiration?: bigint
  readonly permissionId?: number
}

const TRANSFER = 'a9059cbb'

/** The transaction with other fields, in its JSON and its bytes, under the id that belongs to them. */
export function swapTransaction(tx: Json, change: SwappedTron): Json {
  const raw = decode(rawData, String(tx.raw_data_hex))
  const shown = isJson(tx.raw_data) ? tx.raw_data : {}
  const contracts = raw.contract.map((contract, i) => swapContract(contract, list(shown.contract)[i], change))
  const told: RawData = {
    ...raw,
    contract: contracts.map(({ contract }) => contract),
    ...(change.data === undefined ? {} : { data: change.data }),
    ...(change.feeLimit === undefined ? {} : { fee_limit: change.feeLimit }),
    ...(change.expiration === undefined ? {} : { expiration: change.expiration }),
  }
  const hex = encode(rawData, told)
  return {
    ...tx,
    txID: sha256Hex(hex),
    raw_data_hex: hex,
    raw_data: {
      ...shown,
      contract: contracts.map(({ json }) => json),
      ...(change.data === undefined ? {} : { data: change.data }),
      ...(change.feeLimit === undefined ? {} : { fee_limit: number(change.feeLimit) }),
      ...(change.expiration === undefined ? {} : { expiration: number(change.expiration) }),
    },
  }
}

function swapContract(
  contract: Contract,
  shown: Json = {},
  change: SwappedTron,
): { contract: Contract; json: Json } {
  const type = contractMessages[contract.type]
  const permission = change.permissionId === undefined ? {} : { Permission_id: change.permissionId }
  const parameter = isJson(shown.parameter) ? shown.parameter : {}
  if (!type || !contract.parameter)
    return { contract: { ...contract, ...permission }, json: { ...shown, ...permission } }
  const value = decode(type, contract.parameter.value) as OwnerOnly & Record<string, unknown>
  const fields = swapFields(value, change)
  const told = { ...value, ...fields }
  return {
    contract: { ...contract, ...permission, parameter: { ...contract.parameter, value: encode(type, told) } },
    json: {
      ...shown,
      ...permission,
      parameter: {
        ...parameter,
        value: { ...(isJson(parameter.value) ? parameter.value : {}), ...shownAs(fields, parameter.value) },
      },
    },
  }
}

function swapFields(
  value: Readonly<Record<string, unknown>>,
  { to, amount }: SwappedTron,
): Record<string, string | bigint> {
  const address = to === undefined ? undefined : parseAddress(to)
  if (to !== undefined && address === undefined) throw new TypeError(`${to} is no address of Tron.`)
  const { data } = value
  if (typeof data === 'string' && data.startsWith(TRANSFER)) {
    const recipient = address === undefined ? data.slice(8, 72) : address.slice(2).padStart(64, '0')
    return { data: TRANSFER + recipient + (amount === undefined ? data.slice(72) : word(amount)) }
  }
  const recipient =
    'to_address' in value ? 'to_address' : 'receiver_address' in value ? 'receiver_address' : undefined
  const units = ['amount', 'balance', 'frozen_balance', 'call_value'].find((name) => name in value)
  return {
    ...(address === undefined || recipient === undefined ? {} : { [recipient]: address }),
    ...(amount === undefined || units === undefined ? {} : { [units]: amount }),
  }
}

/** In the form that the answer has: addresses as `T…` where they are visible. */
function shownAs(fields: Readonly<Record<string, string | bigint>>, before: unknown): Json {
  const isVisible = isJson(before) && String(before.owner_address).startsWith('T')
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (typeof value === 'bigint') return [name, number(value)]
      return [name, isVisible && name.endsWith('address') ? base58Of(value) : value]
    }),
  )
}
