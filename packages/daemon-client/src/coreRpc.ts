import {
  type ChainId,
  isCofferError,
  type ReadOptions,
  type RpcCall,
  type RpcResult,
  throwIfAborted,
  withTimeout,
} from '@coffer/core'
import { checkGenesis } from './bitcoinChain.ts'
import type { Endpoint } from './endpoint.ts'
import { forEach, openGate } from './gate.ts'
import { httpWire } from './httpWire.ts'
import { openPin } from './pin.ts'
import { openScopes } from './scopes.ts'
import { asWriteError, badResponse, closedError, networkError } from './transportErrors.ts'
import { encodeCall } from './wire.ts'

export interface CoreRpcOptions {
  readonly endpoint: Endpoint
  readonly chain: ChainId
  readonly timeout: number
  readonly maxBytes: number
  readonly maxBatch: number
  readonly fetch?: typeof fetch | undefined
}

/** Calls to one node of Bitcoin Core. */
export interface CoreRpc {
  readonly origin: string
  /** Answers in the order of the calls; refusals as data. */
  ask(calls: readonly RpcCall[], signal: AbortSignal, options?: CallOptions): Promise<readonly RpcResult[]>
  /** The value of one call, which must not be refused. */
  value(
    method: string,
    params: readonly unknown[],
    signal: AbortSignal,
    options?: CallOptions,
  ): Promise<unknown>
  /** Runs `task` once the node is known to serve the chain. */
  run<T>(options: ReadOptions | undefined, task: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** One call that is never repeated. */
  post(call: RpcCall, options: ReadOptions | undefined): Promise<RpcResult>
  /** Ends the scan that runs; nobody hears how that went. */
  endScan(method: 'scantxoutset' | 'scanblocks'): void
  closed(): boolean
  close(): void
}

export interface CallOptions {
  /** In milliseconds, instead of the usual limit. */
  readonly timeout?: number
  /** Each call in a message of its own, for long answers. */
  readonly singly?: boolean
}

/** Messages under way at a time: what a node's default settings serve well. */
const MESSAGES = 4

export function openCoreRpc(options: CoreRpcOptions): CoreRpc {
  const { endpoint, chain, maxBytes, maxBatch, fetch } = options
  const { origin } = endpoint
  const wire = httpWire({ endpoint, maxBytes, fetch })
  const gate = openGate(MESSAGES)
  const scopes = openScopes()
  const pin = openPin((signal) =>
    scopes.run(signal, async (signal) =>
      checkGenesis(origin, chain, await rpc.value('getblockhash', [0], signal)),
    ),
  )
  let closed = false

  async function ask(
    calls: readonly RpcCall[],
    signal: AbortSignal,
    { timeout = options.timeout, singly = false }: CallOptions = {},
  ): Promise<readonly RpcResult[]> {
    const size = singly ? 1 : maxBatch
    const messages: (readonly RpcCall[])[] = []
    for (let at = 0; at < calls.length; at += size) messages.push(calls.slice(at, at + size))
    const answers = await forEach(messages, signal, (message, signal) =>
      gate(signal, () =>
        withTimeout(
          timeout,
          signal,
          (signal) => exchange(message, signal),
          `${origin} gave no answer within ${timeout} ms.`,
        ),
      ),
    )
    return answers.flat()
  }

  async function exchange(calls: readonly RpcCall[], signal: AbortSignal): Promise<readonly RpcResult[]> {
    const results = await wire.send(calls.map(encodeCall), signal)
    if (!results) throw badResponse(origin, 'takes no batches of calls, as a node of Bitcoin Core would.')
    // Warming up: nothing was looked at.
    for (const result of results)
      if (!result.ok && result.error.code === -28)
        throw networkError(origin, 'is still starting. Try again later.', { sent: false, reason: 'starting' })
    return results
  }

  const rpc: CoreRpc = {
    origin,
    ask,
    async value(method, params, signal, options) {
      const [result] = await ask([{ method, params }], signal, options)
      return resultOf(result, method, origin)
    },
    async run({ signal } = {}, task) {
      throwIfAborted(signal)
      if (closed) throw closedError(origin)
      try {
        await pin.ensure(signal)
        return await scopes.run(signal, task)
      } catch (error) {
        if (isOfTheServer(error)) pin.forget()
        throw error
      }
    },
    async post(call, { signal } = {}) {
      throwIfAborted(signal)
      if (closed) throw closedError(origin)
      await pin.ensure(signal).catch((error) => {
        throw asWriteError(error, 'before-first')
      })
      try {
        const [result] = await scopes.run(signal, (signal) => ask([call], signal))
        return result as RpcResult
      } catch (error) {
        if (isOfTheServer(error)) pin.forget()
        throw error
      }
    },
    endScan(method) {
      const call = encodeCall({ method, params: ['abort'] })
      withTimeout(2_000, undefined, (signal) => wire.send([call], signal)).catch(() => {})
    },
    closed: () => closed,
    close() {
      closed = true
      scopes.abort(closedError(origin))
    },
  }
  return rpc
}

/** The value of an answer that must be one. */
export function resultOf(result: RpcResult | undefined, method: string, origin: string): unknown {
  if (result?.ok) return result.value
  throw badResponse(origin, `refused ${method}${result ? `: ${result.error.message}` : '.'}`)
}

function isOfTheServer(error: unknown): boolean {
  return isCofferError(error, 'NETWORK', 'TIMEOUT', 'BAD_RESPONSE', 'CHAIN_MISMATCH')
}
