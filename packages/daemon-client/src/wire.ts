import type { RpcCall, RpcResult } from '@coffer/core'
import { CofferError } from '@coffer/core'

/** A call as it travels, without its id: `"method":"eth_chainId","params":[]`. Equal calls give equal texts. */
export type WireCall = string

/** One connection to one server, under HTTP or a WebSocket. */
export interface Wire {
  /**
   * Carries `calls` in one message, an array when there are several, and answers in their order; `undefined` when the
   * server takes no batches. Throws transport errors, or the reason of `signal`, which carries the time limit.
   */
  send(calls: readonly WireCall[], signal: AbortSignal): Promise<readonly RpcResult[] | undefined>
  /** True when the next message would open a new connection, so that nothing known of the old one holds. */
  fresh(): boolean
  close(): void
}

export function encodeCall(call: RpcCall): WireCall {
  const { method, params } = call
  if (typeof method !== 'string' || !/^[\w.]{1,100}$/.test(method)) throw wrong('has no method name')
  if (!Array.isArray(params)) throw wrong(`(${method}) has no array of parameters`)
  try {
    return `"method":"${method}","params":${JSON.stringify(params)}`
  } catch {
    throw wrong(`(${method}) has a parameter without a JSON form; write numbers as hexadecimal strings`)
  }
}

/** The message that carries `calls` under `ids`. */
export function encodeMessage(calls: readonly WireCall[], ids: readonly number[]): string {
  const parts = calls.map((call, i) => `{"jsonrpc":"2.0","id":${ids[i]},${call}}`)
  return parts.length === 1 ? parts.join() : `[${parts.join(',')}]`
}

function wrong(what: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message: `A call of this request ${what}.` })
}
