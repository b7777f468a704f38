import { addressOf, base58Of, hexUtf8, isAddress, parseHex, utf8Hex } from './bytes.ts'
import { contractAddress } from './contract-vm.ts'
import { CREATE, readContract } from './contracts.ts'
import { isObject, type JsonObject } from './json.ts'
import {
  type CreateSmartContract,
  contractMessages,
  contractTypes,
  type RawData,
  rawData,
  type Transaction,
  transaction,
} from './messages.ts'
import { txidOf } from './process.ts'
import { encode, type Field, isDefault, isEnum, isMessage, type Message, make } from './protobuf.ts'
import { Refusal } from './refusal.ts'

/** What a servlet of java-tron catches and prints: the class of the exception and its message. */
export class ApiError extends Error {
  readonly javaClass: string
  constructor(javaClass: string, message: string) {
    super(message)
    this.javaClass = javaClass
  }
}

/** As java-tron prints an exception: its class and its message. */
export function problemOf(error: unknown): string {
  const { javaClass, message } = causeOf(error)
  return `class ${javaClass} : ${message}`
}

function causeOf(error: unknown): { readonly javaClass: string; readonly message: string } {
  if (error instanceof ApiError) return error
  if (error instanceof Refusal) {
    const name = error.code === 'CONTRACT_EXE_ERROR' ? 'ContractExeException' : 'ContractValidateException'
    return { javaClass: `org.tron.core.exception.${name}`, message: error.message }
  }
  if (error instanceof SyntaxError)
    return { javaClass: 'com.alibaba.fastjson.JSONException', message: error.message }
  return {
    javaClass: 'java.lang.RuntimeException',
    message: error instanceof Error ? error.message : String(error),
  }
}

/** A message as java-tron prints it: defaults left out; addresses and texts readable when `visible`. */
export function toJson<T>(type: Message<T>, value: T, visible: boolean): JsonObject {
  const out: JsonObject = {}
  for (const field of type.fields) {
    const given = (value as JsonObject)[field.name]
    if (isDefault(field, given)) continue
    out[field.name] = field.isRepeated
      ? (given as unknown[]).map((item) => itemToJson(field, item, visible))
      : itemToJson(field, given, visible)
  }
  return out
}

function itemToJson({ kind }: Field, value: unknown, visible: boolean): unknown {
  if (isMessage(kind)) return toJson(kind, value, visible)
  if (isEnum(kind)) return kind.names[value as number] ?? value
  if (value instanceof Map) return [...value].map(([key, amount]) => ({ key, value: amount }))
  if (visible && kind === 'address') return isAddress(value as string) ? base58Of(value as string) : value
  if (visible && kind === 'text') return hexUtf8(value as string)
  return value
}

/** The same way back. Members that the message does not know are ignored. Throws `ApiError`. */
export function fromJson<T>(type: Message<T>, json: JsonObject, visible: boolean): T {
  const value = make(type)
  for (const field of type.fields) {
    const given = Object.hasOwn(json, field.name) ? json[field.name] : undefined
    if (given === undefined || given === null) continue
    const read = field.isRepeated
      ? (Array.isArray(given) ? given : [given]).map((item) => itemFromJson(field, item, visible))
      : itemFromJson(field, given, visible)
    ;(value as JsonObject)[field.name] = read
  }
  return value
}

function itemFromJson(field: Field, given: unknown, visible: boolean): unknown {
  const { kind } = field
  if (isMessage(kind)) {
    if (!isObject(given)) throw parseProblem(field, 'an object')
    return fromJson(kind, given, visible)
  }
  if (isEnum(kind)) return enumFromJson(field, kind.names, given)
  switch (kind) {
    case 'int64':
    case 'int32':
      return intFromJson(field, given, kind)
    case 'bool':
      return given === true || given === 'true'
    case 'string':
      return typeof given === 'string' ? given : String(given)
    case 'address':
      return addressFromJson(field, given, visible)
    case 'text':
      if (visible && typeof given === 'string') return utf8Hex(given)
      return hexFromJson(field, given)
    case 'bytes':
      return hexFromJson(field, given)
    case 'map':
      throw parseProblem(field, 'nothing')
  }
}

function enumFromJson(field: Field, names: Readonly<Record<number, string>>, given: unknown): number {
  if (typeof given === 'number' && Number.isInteger(given)) return given
  const wanted = String(given).toLowerCase()
  const found = Object.entries(names).find(([, name]) => name.toLowerCase() === wanted)
  if (!found) throw parseProblem(field, 'a name that it knows')
  return Number(found[0])
}

function intFromJson(field: Field, given: unknown, kind: 'int64' | 'int32'): bigint | number {
  const text = typeof given === 'number' && Number.isInteger(given) ? BigInt(given).toString() : String(given)
  if (!/^-?\d{1,19}$/.test(text)) throw parseProblem(field, 'an integer')
  const value = BigInt(text)
  const bits = kind === 'int64' ? 64 : 32
  if (BigInt.asIntN(bits, value) !== value) throw parseProblem(field, `an integer of ${bits} bits`)
  return kind === 'int64' ? value : Number(value)
}

function addressFromJson(field: Field, given: unknown, visible: boolean): string {
  if (!visible) return hexFromJson(field, given)
  const address = typeof given === 'string' ? addressOf(given) : undefined
  if (given === '') return ''
  if (address === undefined) {
    throw new ApiError(
      'org.tron.core.services.http.JsonFormat$ParseException',
      `INVALID base58 String, ${field.name} : ${String(given)}`,
    )
  }
  return address
}

function hexFromJson(field: Field, given: unknown): string {
  const hex = typeof given === 'string' ? parseHex(given) : undefined
  if (hex === undefined) {
    throw new ApiError(
      'org.tron.core.services.http.JsonFormat$ParseException',
      `INVALID hex String, ${field.name}`,
    )
  }
  return hex
}

function parseProblem(field: Field, expected: string): ApiError {
  return new ApiError(
    'org.tron.core.services.http.JsonFormat$ParseException',
    `Expected ${expected} in ${field.name}.`,
  )
}

// ---- transactions, whose contracts are printed opened ----

export function transactionJson(tx: Transaction, visible: boolean): JsonObject {
  const raw = tx.raw_data ?? make(rawData)
  const json = toJson(transaction, tx, visible)
  const txID = txidOf(raw)
  const contract = raw.contract.flatMap((one) => {
    const value = readContract(one)
    const type = contractMessages[one.type]
    if (!value || !type || !one.parameter) return []
    return [
      {
        parameter: { value: toJson(type, value, visible), type_url: one.parameter.type_url },
        type: contractTypes[one.type],
        ...(one.Permission_id > 0 && { Permission_id: one.Permission_id }),
      },
    ]
  })
  return {
    ...json,
    txID,
    raw_data: { ...toJson(rawData, raw, visible), contract },
    raw_data_hex: encode(rawData, raw),
    ...createdBy(raw, txID),
  }
}

function createdBy(raw: RawData, txid: string): JsonObject {
  const [contract] = raw.contract
  if (contract?.type !== CREATE) return {}
  const value = readContract(contract) as CreateSmartContract | undefined
  return value ? { contract_address: contractAddress(txid, value.owner_address) } : {}
}

/** A transaction from what `transactionJson` and tronweb print. As in java-tron `raw_data` counts, and `raw_data_hex` is not read. */
export function transactionFromJson(json: JsonObject, visible: boolean): Transaction {
  const raw = json.raw_data
  if (!isObject(raw)) {
    throw new ApiError('java.lang.NullPointerException', 'The transaction has no raw_data.')
  }
  const contracts = Array.isArray(raw.contract) ? raw.contract : []
  const packed = contracts.flatMap((contract: unknown) => {
    if (!isObject(contract) || !isObject(contract.parameter)) return []
    const number = Object.entries(contractTypes).find(([, name]) => name === contract.type)?.[0]
    const type = contractMessages[Number(number)]
    const { value } = contract.parameter
    if (!type || !isObject(value)) return []
    const content = encode(type, fromJson(type, value, visible))
    return [{ ...contract, parameter: { ...contract.parameter, value: content } }]
  })
  return fromJson(transaction, { ...json, ret: [], raw_data: { ...raw, contract: packed } }, visible)
}
