import { isJson, type Json, readLossless, writeLossless } from './json.ts'
import type { Answer, RpcCall } from './lie.ts'

/** JSON-RPC calls that travel in one message. */
export interface Message {
  readonly isBatch: boolean
  readonly entries: readonly Entry[]
}

export interface Entry {
  /** As it came. */
  readonly json: Json
  /** Undefined for a notification, which gets no answer. */
  readonly id: unknown
  readonly call: RpcCall
}

/** The calls of a text; `undefined` when it holds none, or anything besides. */
export function readMessage(
  text: string,
  about: Pick<RpcCall, 'transport' | 'credentials'>,
): Message | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined
  const read = readLossless(text)
  if (!read) return undefined
  const isBatch = Array.isArray(read.value)
  const list: readonly unknown[] = isBatch ? (read.value as unknown[]) : [read.value]
  const entries: Entry[] = []
  for (const [place, json] of list.entries()) {
    if (!isJson(json) || typeof json.method !== 'string') return undefined
    // What is neither: REST bodies have members of any name.
    if (!('id' in json) && !('jsonrpc' in json)) return undefined
    const { params = [] } = json
    entries.push({
      json,
      id: json.id,
      call: {
        protocol: 'rpc',
        ...about,
        method: json.method,
        params: Array.isArray(params) ? params : [params],
        ...(isBatch ? { place } : {}),
      },
    })
  }
  return entries.length > 0 ? { isBatch, entries } : undefined
}

/** A message of one call, with what else its entry said, under its id or one of ours. */
export function writeCall({ method, params }: RpcCall, { json, id }: Entry, ownId: unknown = id): string {
  const isNamed = json.params !== undefined && !Array.isArray(json.params)
  return writeLossless({ ...json, method, params: isNamed ? params[0] : params, id: ownId })
}

/** What a server's answer to one call says. */
export function readAnswer(json: Json): Answer {
  const { id: _id, result, error, ...envelope } = json
  const said = error === undefined || error === null ? { value: result } : { error }
  // Bitcoin Core writes both, one of them null.
  const both = 'error' in json && 'result' in json
  return { ...said, envelope: both ? { result: null, error: null, ...envelope } : envelope }
}

/** The answer as it goes to the client, under the id of its call. */
export function writeAnswer(answer: Answer, id: unknown): Json {
  const { value, error, envelope = { jsonrpc: '2.0' } } = answer
  const said = error === undefined ? { result: value ?? null } : { error }
  return { ...envelope, id: 'id' in envelope ? envelope.id : id, ...said }
}
