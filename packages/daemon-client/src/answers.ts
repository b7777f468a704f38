import type { RpcResult } from '@coffer/core'
import { cleanText } from './text.ts'
import { badResponse, rateLimited } from './transportErrors.ts'

/**
 * Reads one JSON-RPC answer (an object with an id and either a result or an error); throws `BAD_RESPONSE` for anything
 * else.
 *
 * @see https://www.jsonrpc.org/specification#response_object
 */
export function readAnswer(json: unknown, origin: string): { id: unknown; result: RpcResult } {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw badResponse(origin, NO_ANSWER)
  const { id, result, error } = json as { id?: unknown; result?: unknown; error?: unknown }
  if (error === undefined || error === null) {
    if (result === undefined) throw badResponse(origin, NO_ANSWER)
    return { id, result: { ok: true, value: result } }
  }
  if (result !== undefined && result !== null) throw badResponse(origin, NO_ANSWER)
  const { code, message, data } = error as { code?: unknown; message?: unknown; data?: unknown }
  if (typeof error !== 'object' || !Number.isSafeInteger(code)) throw badResponse(origin, NO_ANSWER)
  return {
    id,
    result: {
      ok: false,
      error: { code: code as number, message: cleanText(message), ...(data === undefined ? {} : { data }) },
    },
  }
}

/**
 * Reads the whole answer to calls with `ids`: every id once, in any order, and no other. Comes back in the order of
 * `ids`; `undefined` when the server refused the batch as a whole. Throws `BAD_RESPONSE`, or `RATE_LIMITED` when that
 * was the reason.
 */
export function readAnswers(
  json: unknown,
  ids: readonly number[],
  origin: string,
): readonly RpcResult[] | undefined {
  if (ids.length === 1) {
    const { id, result } = readAnswer(json, origin)
    // A server that cannot make out the request answers with the id null.
    if (id !== ids[0] && !(id === null && !result.ok)) throw badResponse(origin, WRONG_IDS)
    return [result]
  }
  // One error for the whole batch, bare or as the only entry (with the id null or that of the first call).
  const lone = Array.isArray(json) ? (json.length === 1 ? json[0] : undefined) : json
  if (lone !== undefined) {
    const { result } = readAnswer(lone, origin)
    if (result.ok) throw badResponse(origin, WRONG_IDS)
    if (isRateLimit(result)) throw rateLimited(origin)
    return undefined
  }
  if (!Array.isArray(json) || json.length !== ids.length) throw badResponse(origin, WRONG_IDS)
  const found = new Map<unknown, RpcResult>()
  for (const entry of json) {
    const { id, result } = readAnswer(entry, origin)
    found.set(id, result)
  }
  return ids.map((id) => {
    const result = found.get(id)
    if (!result) throw badResponse(origin, WRONG_IDS)
    return result
  })
}

/** True when a server refuses a call because there were too many, by the codes and words that providers use. */
export function isRateLimit(result: RpcResult): boolean {
  if (result.ok) return false
  const { code, message } = result.error
  if (code === 429 || code === -32029 || code === -32007) return true
  // EIP-1474 "limit exceeded", which some also use for an answer that would be too long.
  if (code === -32005) return !/result|range|block|log/i.test(message)
  return /rate.?limit|too many requests|request limit/i.test(message)
}

const NO_ANSWER = 'sent something that is no JSON-RPC answer.'
const WRONG_IDS = 'answered other calls than were asked.'
