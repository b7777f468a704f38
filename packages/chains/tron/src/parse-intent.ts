import { type AssetId, CofferError, isCofferError, parseBaseUnits, type Resource } from '@coffer/core'
import { parseAddress } from './address.ts'
import { assetKind, tokenAsset } from './assets.ts'
import { checkIntent } from './check-intent.ts'
import type {
  ActiveKeySet,
  Address,
  Hex,
  KeySet,
  SigningPermission,
  TronIntent,
  TronNetwork,
} from './intent.ts'

type Json = Record<string, unknown>

/**
 * Reads an intent from its JSON form: amounts as strings of digits, addresses in any writing, which become canonical.
 * Unknown kinds and fields are refused. Throws `INVALID_DRAFT`.
 */
export function parseIntent(json: unknown, network: TronNetwork): TronIntent {
  try {
    const intent = readIntent(object(json), network)
    // Refused here when it could never be built, so that a draft fails when it is read and not when it is signed.
    checkIntent(intent, network)
    return intent
  } catch (cause) {
    if (!isCofferError(cause)) throw cause
    throw new CofferError({
      code: 'INVALID_DRAFT',
      message: `The intent of this draft cannot be used. ${cause.message}`,
      cause,
    })
  }
}

/** What every kind may carry beside its own fields. */
const COMMON = ['memo', 'permission', 'again']

function readIntent(json: Json, network: TronNetwork): TronIntent {
  const { kind } = json
  const only = (needed: readonly string[], ...optional: readonly string[]): void =>
    keys(json, ['kind', ...needed], ...COMMON, ...optional)
  const common = {
    ...(has(json, 'memo') ? { memo: hexOf(json['memo']) } : {}),
    ...(has(json, 'permission') ? { permission: parsePermission(json['permission']) } : {}),
    ...(has(json, 'again') ? { again: yes(json['again']) } : {}),
  }
  switch (kind) {
    case 'pay':
      only(['asset', 'to', 'amount'])
      return {
        kind,
        asset: assetOf(json['asset'], network),
        to: address(json['to']),
        amount: number(json['amount']),
        ...common,
      }
    case 'approve':
      only(['asset', 'spender', 'amount'])
      return {
        kind,
        asset: assetOf(json['asset'], network),
        spender: address(json['spender']),
        amount: number(json['amount']),
        ...common,
      }
    case 'call': {
      only(['to', 'value', 'data'], 'token')
      const call = {
        kind,
        to: address(json['to']),
        value: number(json['value']),
        data: dataOf(json['data']),
        ...common,
      } as const
      if (!has(json, 'token')) return call
      const token = object(json['token'])
      keys(token, ['id', 'amount'])
      return { ...call, token: { id: number(token['id']), amount: number(token['amount']) } }
    }
    case 'deploy':
      only(['value', 'data', 'name', 'userPercent', 'originEnergyLimit'])
      return {
        kind,
        value: number(json['value']),
        data: dataOf(json['data']),
        name: text(json['name']),
        userPercent: number(json['userPercent']),
        originEnergyLimit: number(json['originEnergyLimit']),
        ...common,
      }
    case 'activate':
      only(['to'])
      return { kind, to: address(json['to']), ...common }
    case 'freeze':
    case 'unfreeze':
      only(['amount', 'resource'])
      return { kind, amount: number(json['amount']), resource: json['resource'] as Resource, ...common }
    case 'cancel-unfreeze':
    case 'withdraw':
    case 'claim':
      only([])
      return { kind, ...common }
    case 'delegate':
    case 'undelegate': {
      only(['to', 'amount', 'resource', ...(kind === 'delegate' ? ['lockBlocks'] : [])])
      const lent = {
        to: address(json['to']),
        amount: number(json['amount']),
        resource: json['resource'] as Resource,
        ...common,
      }
      if (kind === 'undelegate') return { kind, ...lent }
      return { kind, ...lent, lockBlocks: number(json['lockBlocks']) }
    }
    case 'vote':
      only(['votes'])
      return {
        kind,
        votes: list(json['votes']).map((item) => {
          const vote = object(item)
          keys(vote, ['to', 'count'])
          return { to: address(vote['to']), count: number(vote['count']) }
        }),
        ...common,
      }
    case 'permissions':
      only(['owner', 'actives'], 'witness')
      return {
        kind,
        owner: keySet(json['owner']),
        actives: list(json['actives']).map((item): ActiveKeySet => {
          const { name, operations, ...rest } = object(item)
          return { ...keySet(rest), name: text(name), operations: hexOf(operations) }
        }),
        ...(has(json, 'witness') ? { witness: keySet(json['witness']) } : {}),
        ...common,
      }
    default:
      throw invalid('Its kind is not known.')
  }
}

/** Reads who may sign, from JSON. Throws `INVALID_REQUEST` and `INVALID_ADDRESS`. */
export function parsePermission(json: unknown): SigningPermission {
  const { id, ...rest } = object(json)
  if (!Number.isInteger(id) || (id as number) < 0 || (id as number) > 9)
    throw invalid('The number of its permission is not one.')
  return { id: id as number, ...keySet(rest) }
}

function keySet(json: unknown): KeySet {
  const fields = object(json)
  keys(fields, ['threshold', 'keys'])
  return {
    threshold: number(fields['threshold']),
    keys: list(fields['keys']).map((item) => {
      const key = object(item)
      keys(key, ['address', 'weight'])
      return { address: address(key['address']), weight: number(key['weight']) }
    }),
  }
}

function assetOf(json: unknown, network: TronNetwork): AssetId {
  const id = text(json) as AssetId
  const asset = assetKind(id, network)
  return asset.kind === 'trc20' ? tokenAsset(asset.address, network) : id
}

function address(json: unknown): Address {
  return parseAddress(json as string)
}

function number(json: unknown): bigint {
  return parseBaseUnits(json)
}

function text(json: unknown): string {
  if (typeof json === 'string' && !/\p{Surrogate}/u.test(json)) return json
  throw invalid('One of its parts should be a text.')
}

function hexOf(json: unknown): string {
  if (typeof json === 'string' && json.length <= 2 * 1_000 && /^(?:[0-9a-f]{2})+$/.test(json)) return json
  throw invalid('One of its parts should be lower-case hexadecimal.')
}

function dataOf(json: unknown): Hex {
  if (typeof json === 'string' && json.length / 2 - 1 <= 131_072 && /^0x(?:[0-9a-f]{2})*$/.test(json))
    return json as Hex
  throw invalid('Its data is not lower-case hex of at most 128 KiB.')
}

function yes(json: unknown): true {
  if (json === true) return json
  throw invalid('"again" is true, or left out.')
}

function has(json: Json, name: string): boolean {
  return Object.hasOwn(json, name)
}

function object(json: unknown): Json {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Json
  throw invalid('One of its parts should be an object.')
}

function list(json: unknown): readonly unknown[] {
  if (Array.isArray(json) && json.length <= 100) return json
  throw invalid('One of its parts should be a short list.')
}

/** Throws unless the object has all of `needed` and nothing besides but some of `optional`. */
function keys(fields: Json, needed: readonly string[], ...optional: readonly string[]): void {
  const missing = needed.find((name) => !has(fields, name))
  if (missing) throw invalid(`It lacks "${missing}".`)
  const extra = Object.keys(fields).find((name) => !needed.includes(name) && !optional.includes(name))
  if (extra !== undefined) throw invalid(`It has an unknown field ${JSON.stringify(extra.slice(0, 40))}.`)
}

function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
