import { isCofferError, type RpcResult } from '@coffer/core'
import { readAnswers } from './answers.ts'
import type { Endpoint } from './endpoint.ts'
import { httpText } from './httpText.ts'
import { readJson } from './readJson.ts'
import { statusError } from './transportErrors.ts'
import { encodeMessage, type Wire } from './wire.ts'

export interface HttpWireOptions {
  readonly endpoint: Endpoint
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly maxBytes: number
  readonly fetch?: typeof fetch | undefined
}

/** JSON-RPC over HTTP: each message is one POST. */
export function httpWire(options: HttpWireOptions): Wire {
  const { endpoint, headers, maxBytes, fetch } = options
  const { origin } = endpoint
  let lastId = 0
  return {
    async send(calls, signal) {
      const ids = calls.map(() => ++lastId)
      const body = encodeMessage(calls, ids)
      const { status, text } = await httpText({ endpoint, body, headers, maxBytes, signal, fetch })
      if (status >= 200 && status < 300) return readBody(text, ids, maxBytes, origin)
      // Some servers answer properly under another status.
      const answers = attempt(() => readBody(text, ids, maxBytes, origin))
      if (answers) return answers
      if (ids.length > 1 && REFUSES_BATCH.has(status)) return undefined
      throw statusError(origin, status)
    },
    fresh: () => false,
    close: () => {},
  }
}

const REFUSES_BATCH = new Set([400, 405, 413, 415, 422, 501])

function readBody(
  text: string,
  ids: readonly number[],
  maxBytes: number,
  origin: string,
): readonly RpcResult[] | undefined {
  return readAnswers(readJson(text, maxBytes, origin), ids, origin)
}

/** The value, or nothing when there is none; a plea to slow down still counts. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (isCofferError(error, 'RATE_LIMITED')) throw error
    return undefined
  }
}
