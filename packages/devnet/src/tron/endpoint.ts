import { ApiError } from './api-json.ts'
import { base58Of, parseAddress } from './bytes.ts'
import type { Block, Chain } from './chain.ts'
import type { JsonObject } from './json.ts'
import type { State } from './state.ts'

/** What an endpoint sees. */
export interface ApiRequest {
  readonly chain: Chain
  /** The body, or the query. */
  readonly params: JsonObject
  readonly visible: boolean
  /** The newest state and block, or for `walletsolidity` those that are final. */
  readonly state: State
  readonly head: Block
  readonly isSolid: boolean
}

export type Endpoint = (request: ApiRequest) => unknown | Promise<unknown>
export type Endpoints = Readonly<Record<string, Endpoint>>

/** An int64 of the request; 0 when it is missing. */
export function longParam({ params }: ApiRequest, name: string): bigint {
  const given = params[name]
  if (given === undefined || given === null) return 0n
  if (/^-?\d{1,19}$/.test(String(given))) return BigInt(String(given))
  throw new ApiError('java.lang.NumberFormatException', `For input string: "${String(given)}"`)
}

/** The same of any value, leniently: 0 for what is no integer. */
export function longOf(given: unknown): bigint {
  return /^-?\d{1,19}$/.test(String(given)) ? BigInt(String(given)) : 0n
}

/** An address of the request, `41…`: as hex, or in base58 when it is `visible`. `getReward` and its like take both. */
export function addressParam({ params, visible }: ApiRequest, name: string): string {
  const given = params[name]
  if (given === undefined || given === null || given === '') return ''
  const address = parseAddress(given)
  const isHex = /^(0x)?[0-9a-fA-F]*$/.test(String(given))
  if (address === undefined || (visible && isHex && name !== 'address')) {
    const kind = visible ? 'base58' : 'hex'
    throw new ApiError(
      'org.tron.core.services.http.JsonFormat$ParseException',
      `INVALID ${kind} String, ${name} : ${String(given)}`,
    )
  }
  return address
}

/** An address as the client asked for it. */
export function shown({ visible }: Pick<ApiRequest, 'visible'>, address: string): string {
  return visible ? base58Of(address) : address
}
