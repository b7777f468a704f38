import { type ChainId, CofferError, type TronResult, withTimeout } from '@coffer/core'
import type { Gate } from './gate.ts'
import { httpText } from './httpText.ts'
import { openPin } from './pin.ts'
import { readJson } from './readJson.ts'
import { type Answer, parseRest, type RestOptions } from './rest.ts'
import type { Scopes } from './scopes.ts'
import { cleanText } from './text.ts'
import { badResponse, rateLimited, statusError } from './transportErrors.ts'
import type { TronWireCall } from './tronCalls.ts'
import { checkTronGenesis } from './tronChain.ts'
import { pleaIn, tellingFetch } from './tronRefusals.ts'

export interface TronNodeOptions extends RestOptions {
  /** TronGrid's key. Travels as the header `TRON-PRO-API-KEY`, and in no URL and no error. */
  readonly apiKey?: string | undefined
}

/** One server of java-tron's HTTP API, or of TronGrid's, for one network. */
export interface TronNode {
  readonly origin: string
  /** One POST. A refusal of the call is data; whatever keeps it from being answered is thrown. */
  ask(call: TronWireCall, signal: AbortSignal): Promise<TronResult>
  /** The JSON of a GET. */
  get(path: string, signal: AbortSignal): Promise<unknown>
  /** Text of the server, fit for an error: no secrets of ours in it. */
  show(text: unknown): string
  /** Returns once the server is known to serve the chain. */
  ensure(signal: AbortSignal): Promise<void>
  /** After a failure: another server may stand there now. */
  forget(): void
}

/** @param api what the server's first block is asked with. */
export function openTronNode(
  url: string,
  chain: ChainId,
  options: TronNodeOptions & { gate: Gate; scopes: Scopes; api: 'wallet' | 'walletsolidity' },
): TronNode {
  const endpoint = parseRest(url)
  const { origin } = endpoint
  const { timeout = 15_000, maxResponseBytes: maxBytes = 10_000_000, apiKey, gate, scopes, api } = options
  const headers = { ...options.headers, ...(apiKey === undefined ? {} : { 'TRON-PRO-API-KEY': apiKey }) }
  const tooLate = `${origin} gave no answer within ${timeout} ms.`
  const secrets = [...Object.values(headers), endpoint.url.slice(origin.length)].filter(
    (secret) => secret.length > 4,
  )

  const show = (text: unknown): string => {
    let shown = typeof text === 'string' ? text.slice(0, 4_000) : ''
    for (const secret of secrets) shown = shown.replaceAll(secret, '…')
    return cleanText(shown)
  }

  function send(path: string, body: string | undefined, signal: AbortSignal): Promise<Answer> {
    const fetch = options.fetch ?? globalThis.fetch
    const request = {
      endpoint,
      query: `/${path}`,
      ...(body === undefined ? {} : { body }),
      headers,
      maxBytes,
      fetch: typeof fetch === 'function' ? tellingFetch(fetch) : undefined,
    }
    return gate(signal, () =>
      withTimeout(timeout, signal, (signal) => httpText({ ...request, signal }), tooLate),
    )
  }

  async function ask({ path, body }: TronWireCall, signal: AbortSignal): Promise<TronResult> {
    const { status, text } = await send(path, body, signal)
    if (status >= 200 && status < 300) {
      // A filter of java-tron says this without JSON.
      if (CLOSED.test(text)) return refusal(text)
      const value = readJson(text, maxBytes, origin)
      if (typeof value !== 'object' || value === null)
        throw badResponse(origin, 'sent something that is no answer of the API.')
      if (!Object.hasOwn(value, 'Error')) return { ok: true, value }
      return refusal((value as { Error: unknown }).Error)
    }
    if (!REFUSES_CALL.has(status)) throw statusError(origin, status)
    return refusal(errorIn(text) ?? text, status)
  }

  function refusal(said: unknown, status?: number): TronResult {
    const plea = pleaIn(typeof said === 'string' ? said : '')
    if (plea) throw rateLimited(origin, { ...plea, sent: false })
    const shown = isPage(said) ? '' : show(said)
    const message = shown || (status === undefined ? 'no reason given' : `HTTP ${status}`)
    return { ok: false, error: { message, ...(status === undefined ? {} : { status }) } }
  }

  async function get(path: string, signal: AbortSignal): Promise<unknown> {
    const { status, text } = await send(path, undefined, signal)
    if (status >= 200 && status < 300) return readJson(text, maxBytes, origin)
    const plea = pleaIn(text.slice(0, 4_096))
    throw plea ? rateLimited(origin, { ...plea, sent: false }) : statusError(origin, status)
  }

  const pin = openPin((signal) =>
    scopes.run(signal, async (signal) => {
      const result = await ask({ path: `${api}/getblockbynum`, body: '{"num":0}' }, signal)
      if (result.ok) return checkTronGenesis(origin, chain, result.value)
      throw badResponse(origin, `does not tell its first block: ${result.error.message}.`)
    }),
  )

  return { origin, ask, get, show, ensure: pin.ensure, forget: pin.forget }
}

export function checkApiKey(apiKey: string | undefined): void {
  if (apiKey !== undefined && !(typeof apiKey === 'string' && /^[\x21-\x7e]{1,500}$/.test(apiKey)))
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'The option apiKey cannot travel in a header. Give the bare key, without white space.',
    })
}

const REFUSES_CALL = new Set([400, 404, 405, 501])
const CLOSED = /^\s*this API is closed/i

/** What the body of another status says, where it is JSON of some length. */
function errorIn(text: string): unknown {
  try {
    if (text.length > 10_000) return undefined
    const { Error: error, error: lower } = JSON.parse(text)
    return error ?? lower
  } catch {
    return undefined
  }
}

function isPage(text: unknown): boolean {
  return typeof text === 'string' && /^\s*</.test(text)
}
