import {
  type ChainId,
  CofferError,
  isCofferError,
  type ReadOptions,
  throwIfAborted,
  withTimeout,
} from '@coffer/core'
import { checkGenesis } from './bitcoinChain.ts'
import { parseEndpoint } from './endpoint.ts'
import { forEach, openGate } from './gate.ts'
import { httpText } from './httpText.ts'
import { openPin } from './pin.ts'
import { readJson } from './readJson.ts'
import { openScopes } from './scopes.ts'
import { asWriteError, closedError, statusError } from './transportErrors.ts'
import { checkCounts } from './utxoQueries.ts'

/** What the sources over plain HTTP paths have in common. */
export interface RestOptions {
  /** For one request, body included, in milliseconds; 15,000 when not given. */
  readonly timeout?: number | undefined
  /** How many requests run at a time; 8 when not given. */
  readonly concurrency?: number | undefined
  /** More HTTP headers, such as `{ 'x-api-key': … }`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The longest answer that is read, in bytes after decompression; 10,000,000 when not given. */
  readonly maxResponseBytes?: number | undefined
  /** How often `heads` asks, in milliseconds; 10,000 when not given. */
  readonly pollInterval?: number | undefined
  /** Instead of the platform's `fetch`, such as one with streaming bodies on React Native. */
  readonly fetch?: typeof fetch | undefined
}

export interface Answer {
  readonly status: number
  readonly text: string
}

/** Requests to one server of one Bitcoin network. Statuses other than 200 come back, but for those of `httpText`. */
export interface Rest {
  readonly origin: string
  get(path: string, signal: AbortSignal): Promise<Answer>
  /** The JSON of an answer that must be there. */
  json(path: string, signal: AbortSignal): Promise<unknown>
  parse(text: string): unknown
  /** Runs `task` once the server is known to serve the chain; under the caller's signal, and until the source is closed. */
  run<T>(options: ReadOptions | undefined, task: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** As {@link run}, for each item, and in their order. */
  each<T, R>(
    items: readonly T[],
    options: ReadOptions | undefined,
    task: (item: T, signal: AbortSignal) => Promise<R>,
  ): Promise<R[]>
  /** One POST of a text, which is never repeated. */
  post(path: string, body: string, options: ReadOptions | undefined): Promise<Answer>
  closed(): boolean
  close(): void
}

/** @param readGenesis gets the id of the server's first block. */
export function openRest(
  url: string,
  chain: ChainId,
  options: RestOptions,
  readGenesis: (rest: Rest, signal: AbortSignal) => Promise<unknown>,
): Rest {
  const endpoint = parseRest(url)
  const { origin } = endpoint
  const { timeout = 15_000, concurrency = 8, maxResponseBytes: maxBytes = 10_000_000, fetch } = options
  const tooLate = `${origin} gave no answer within ${timeout} ms.`
  const gate = openGate(concurrency)
  const scopes = openScopes()
  const pin = openPin((signal) =>
    scopes.run(signal, async (signal) => checkGenesis(origin, chain, await readGenesis(rest, signal))),
  )
  let closed = false

  function send(path: string, signal: AbortSignal, body?: string): Promise<Answer> {
    const post = body === undefined ? {} : { body }
    const headers = { ...(body === undefined ? {} : { 'content-type': 'text/plain' }), ...options.headers }
    const request = { endpoint, query: path, maxBytes, fetch, headers, ...post }
    return gate(signal, () =>
      withTimeout(timeout, signal, (signal) => httpText({ ...request, signal }), tooLate),
    )
  }

  async function run<T>({ signal }: ReadOptions = {}, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    throwIfAborted(signal)
    if (closed) throw closedError(origin)
    try {
      await pin.ensure(signal)
      return await scopes.run(signal, task)
    } catch (error) {
      if (isOfTheServer(error)) pin.forget()
      throw error
    }
  }

  const rest: Rest = {
    origin,
    get: (path, signal) => send(path, signal),
    async json(path, signal) {
      const { status, text } = await send(path, signal)
      if (status !== 200) throw statusError(origin, status)
      return rest.parse(text)
    },
    parse: (text) => readJson(text, maxBytes, origin),
    run,
    each: (items, options, task) => run(options, (signal) => forEach(items, signal, task)),
    async post(path, body, options) {
      const { signal } = options ?? {}
      throwIfAborted(signal)
      if (closed) throw closedError(origin)
      await pin.ensure(signal).catch((error) => {
        throw asWriteError(error, 'before-first')
      })
      try {
        return await scopes.run(signal, (signal) => send(path, signal, body))
      } catch (error) {
        if (isOfTheServer(error)) pin.forget()
        throw error
      }
    },
    closed: () => closed,
    close() {
      closed = true
      scopes.abort(closedError(origin))
    },
  }
  return rest
}

/** Reads the root of a REST server, without a slash at its end. */
export function parseRest(url: string): ReturnType<typeof parseEndpoint> {
  const endpoint = parseEndpoint(url, 'http')
  if (endpoint.url.includes('?'))
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'The URL of this server must end with its path. Give keys as the option `headers`.',
    })
  return { ...endpoint, url: endpoint.url.replace(/\/+$/, '') }
}

export function checkRestOptions(options: RestOptions): void {
  const { timeout = 1, concurrency = 1, maxResponseBytes = 1, pollInterval = 1 } = options
  checkCounts({ timeout, concurrency, maxResponseBytes, pollInterval })
}

function isOfTheServer(error: unknown): boolean {
  return isCofferError(error, 'NETWORK', 'TIMEOUT', 'BAD_RESPONSE', 'CHAIN_MISMATCH')
}
