import { CofferError, type EvmSource, type ReadOptions, type RpcCall, type RpcResult } from '@coffer/core'
import type { Hex } from './intent.ts'

/** One read, with the function that checks the answer. */
export interface Read<T> extends RpcCall {
  readonly parse: (value: unknown) => T
}

/** Describes one read of a batch. `parse` throws `BAD_RESPONSE` for anything but a sound answer. */
export function read<T>(method: string, params: readonly unknown[], parse: (value: unknown) => T): Read<T> {
  return { method, params, parse }
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: CofferError }

/** Makes all reads in one request; each answer is a checked value or the server's refusal as a `CofferError`. */
export async function ask<const R extends readonly Read<unknown>[]>(
  source: EvmSource,
  reads: R,
  options: ReadOptions = {},
): Promise<{ -readonly [K in keyof R]: R[K] extends Read<infer T> ? Answer<T> : never }> {
  const results = await source.request(
    reads.map(({ method, params }) => ({ method, params })),
    options,
  )
  if (results.length !== reads.length)
    throw new CofferError({
      code: 'BAD_RESPONSE',
      message: 'The node answered another number of calls than were asked.',
    })
  return reads.map((call, i) => answer(call, results[i]!)) as never
}

function answer<T>(call: Read<T>, result: RpcResult): Answer<T> {
  if (result.ok) return { ok: true, value: call.parse(result.value) }
  return { ok: false, error: rpcError(call.method, result.error) }
}

/** The value, or the refusal thrown. */
export function take<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value
  throw answer.error
}

/** A server's refusal as Coffer's own error: reverts apart from the rest. */
export function rpcError(
  method: string,
  error: { code: number; message: string; data?: unknown },
): CofferError {
  const details = { method, rpcCode: error.code, rpcMessage: error.message }
  const reason = revertReason(error.data)
  if (reason !== undefined || error.code === 3 || /revert/i.test(error.message))
    return new CofferError({
      code: 'EXECUTION_REVERTED',
      message: `The contract would refuse this${reason ? `: ${reason}` : ''}. Nothing was sent.`,
      details: { ...details, ...(reason ? { reason } : {}) },
    })
  if (error.code === 429 || error.code === -32005 || /too many requests|rate limit/i.test(error.message))
    return new CofferError({
      code: 'RATE_LIMITED',
      message: 'The node asks for fewer requests. Wait a little, or use another node.',
      details,
      retryable: true,
    })
  if (/insufficient funds|exceeds? (the )?balance|insufficient balance/i.test(error.message))
    return new CofferError({
      code: 'INSUFFICIENT_FUNDS',
      message: 'The account does not hold enough coin for the amount and the fee. Add funds or send less.',
      details,
    })
  return new CofferError({
    code: 'RPC_ERROR',
    message: `The node refused ${method}: ${error.message}`,
    details,
  })
}

/** The text of `Error(string)` or the number of `Panic(uint256)`, cleaned of everything that is not plain text. */
function revertReason(data: unknown): string | undefined {
  if (typeof data !== 'string' || !/^0x([0-9a-fA-F]{2}){4,4096}$/.test(data)) return undefined
  const selector = data.slice(0, 10)
  if (selector === '0x4e487b71') return `panic 0x${data.slice(-2)}`
  if (selector !== '0x08c379a0' || data.length < 138) return `custom error ${selector}`
  const length = Number.parseInt(data.slice(74 + 56, 138), 16)
  const bytes = data.slice(138, 138 + Math.min(length, 200) * 2).match(/../g) ?? []
  return cleanText(new TextDecoder().decode(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16))), 200)
}

/** Text from outside, for showing: no control, bidirectional or invisible characters, bounded. */
export function cleanText(text: string, most: number): string {
  return text
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .trim()
    .slice(0, most)
}

/** Writes a JSON-RPC quantity. */
export function toQuantity(value: bigint): Hex {
  return `0x${value.toString(16)}`
}
