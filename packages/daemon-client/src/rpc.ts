import {
  type ChainId,
  isCofferError,
  orAbort,
  type ReadOptions,
  type RpcCall,
  type RpcResult,
  throwIfAborted,
  withTimeout,
} from '@coffer/core'
import { isRateLimit } from './answers.ts'
import { isRead } from './methods.ts'
import { openScopes } from './scopes.ts'
import {
  asWriteError,
  badResponse,
  chainMismatch,
  closedError,
  networkError,
  rateLimited,
} from './transportErrors.ts'
import { encodeCall, type Wire, type WireCall } from './wire.ts'

export interface RpcOptions {
  readonly wire: Wire
  readonly chain: ChainId
  /** How errors name the server. */
  readonly origin: string
  /** For one request as a whole, in milliseconds. */
  readonly timeout: number
  /** Calls in one message; 1 sends each alone. */
  readonly maxBatch: number
}

export interface Rpc {
  request(calls: readonly RpcCall[], options?: ReadOptions): Promise<readonly RpcResult[]>
  /** Returns once the present connection is known to serve the chain. */
  ready(signal: AbortSignal | undefined): Promise<void>
  closed(): boolean
  close(): void
}

/** One caller's reads, or those of several callers that asked for the very same. */
interface Flight {
  readonly texts: readonly WireCall[]
  readonly key: string
  callers: number
  group?: Group
  readonly promise: Promise<readonly RpcResult[]>
  resolve(results: readonly RpcResult[]): void
  reject(error: unknown): void
}

/** Flights that travel in one message. */
interface Group {
  readonly flights: Set<Flight>
  readonly texts: Set<WireCall>
  readonly controller: AbortController
}

const CHAIN_ID: WireCall = '"method":"eth_chainId","params":[]'
/** How long a chain id, once seen, is believed. */
const RECHECK_MS = 5 * 60_000
/** How long a server that refused a batch is asked call by call before it is offered one again. */
const SINGLES_MS = 10 * 60_000
const SINGLES_AT_ONCE = 10
/** Microtasks that a batch waits for company: enough for a few `await`s of callers that were started together. */
const TURNS = 8

/**
 * Requests over one wire. Reads that are asked in the same tick travel in one message; equal reads in flight are shared;
 * a caller that aborts leaves the others alone. A request with a write in it travels by itself, call after call, and
 * only over a connection whose chain id was seen. Nothing is tried twice.
 *
 * A message carries `eth_chainId` along whenever the connection is new, an error came before, or the last look is old.
 * Its answers are thrown away when the chain id is another (`CHAIN_MISMATCH`).
 */
export function openRpc(options: RpcOptions): Rpc {
  const { wire, chain, origin, timeout, maxBatch } = options
  const tooLate = `${origin} gave no answer within ${timeout} ms.`
  const flights = new Map<string, Flight>()
  const scopes = openScopes()
  let queue: Flight[] = []
  let scheduled = false
  let closed = false
  let checkedAt = Number.NEGATIVE_INFINITY
  let singlesUntil = Number.NEGATIVE_INFINITY

  async function request(
    calls: readonly RpcCall[],
    { signal }: ReadOptions = {},
  ): Promise<readonly RpcResult[]> {
    throwIfAborted(signal)
    if (closed) throw closedError(origin)
    if (calls.length === 0) return []
    const texts = calls.map(encodeCall)
    return calls.every(isRead) ? join(texts, signal) : write(texts, signal)
  }

  async function join(
    texts: readonly WireCall[],
    signal: AbortSignal | undefined,
  ): Promise<readonly RpcResult[]> {
    const key = texts.join()
    let flight = flights.get(key)
    if (!flight) {
      flight = newFlight(texts, key)
      flights.set(key, flight)
      queue.push(flight)
      schedule()
    }
    flight.callers++
    try {
      return await orAbort(flight.promise, signal)
    } catch (error) {
      if (signal?.aborted && --flight.callers === 0) abandon(flight)
      throw error
    }
  }

  function abandon(flight: Flight): void {
    forget(flight)
    queue = queue.filter((other) => other !== flight)
    const { group } = flight
    if (group?.flights.delete(flight) && group.flights.size === 0) group.controller.abort()
  }

  function forget(flight: Flight): void {
    if (flights.get(flight.key) === flight) flights.delete(flight.key)
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    let turns = TURNS
    const turn = (): void => {
      if (--turns > 0) return void Promise.resolve().then(turn)
      scheduled = false
      flush()
    }
    turn()
  }

  function flush(): void {
    // Room for the chain id.
    const room = Math.max(1, maxBatch - 1)
    let group: Group | undefined
    for (const flight of queue.splice(0)) {
      const added = flight.texts.filter((text) => !group?.texts.has(text)).length
      if (group && group.texts.size + added > room) {
        void launch(group)
        group = undefined
      }
      group ??= { flights: new Set(), texts: new Set(), controller: new AbortController() }
      for (const text of flight.texts) group.texts.add(text)
      group.flights.add(flight)
      flight.group = group
    }
    if (group) void launch(group)
  }

  async function launch(group: Group): Promise<void> {
    if (mustCheck()) group.texts.add(CHAIN_ID)
    // The chain id first: where a request needs several messages it belongs to the first.
    const texts = [...group.texts].sort((a, b) => Number(b === CHAIN_ID) - Number(a === CHAIN_ID))
    try {
      const results = await scopes.run(group.controller.signal, (signal) =>
        withTimeout(timeout, signal, (signal) => exchange(texts, signal), tooLate),
      )
      const found = new Map(texts.map((text, i) => [text, results[i]]))
      const id = found.get(CHAIN_ID)
      if (id) check(id)
      for (const flight of group.flights)
        flight.resolve(flight.texts.map((text) => found.get(text) ?? missing(origin)))
    } catch (error) {
      if (!isCofferError(error, 'ABORTED')) checkedAt = Number.NEGATIVE_INFINITY
      for (const flight of group.flights) flight.reject(error)
    } finally {
      for (const flight of group.flights) forget(flight)
    }
  }

  async function exchange(texts: readonly WireCall[], signal: AbortSignal): Promise<readonly RpcResult[]> {
    if (maxBatch === 1 || performance.now() < singlesUntil) return singles(texts, signal)
    const chunks: (readonly WireCall[])[] = []
    for (let at = 0; at < texts.length; at += maxBatch) chunks.push(texts.slice(at, at + maxBatch))
    const answers = await Promise.all(chunks.map((chunk) => wire.send(chunk, signal)))
    if (answers.every((answer) => answer !== undefined)) return answers.flat()
    const results = await singles(texts, signal)
    singlesUntil = performance.now() + SINGLES_MS
    return results
  }

  /** Each call in a message of its own, a few at a time. */
  async function singles(texts: readonly WireCall[], signal: AbortSignal): Promise<readonly RpcResult[]> {
    const results: RpcResult[] = new Array(texts.length)
    let next = 0
    const worker = async (): Promise<void> => {
      for (let i = next++; i < texts.length; i = next++) {
        throwIfAborted(signal)
        results[i] = await single(texts[i] ?? '', signal)
      }
    }
    await Promise.all(Array.from({ length: Math.min(SINGLES_AT_ONCE, texts.length) }, worker))
    return results
  }

  async function single(text: WireCall, signal: AbortSignal): Promise<RpcResult> {
    return (await wire.send([text], signal))?.[0] ?? missing(origin)
  }

  /** One after another, so that the outcome of each is clear. */
  async function write(
    texts: readonly WireCall[],
    signal: AbortSignal | undefined,
  ): Promise<readonly RpcResult[]> {
    try {
      return await scopes.run(signal, async (signal) => {
        const results: RpcResult[] = []
        await ready(signal).catch((error) => {
          throw asWriteError(error, 'before-first')
        })
        for (const text of texts) {
          try {
            // The connection may be another one by now.
            if (results.length > 0) await ready(signal)
            results.push(await withTimeout(timeout, signal, (signal) => single(text, signal), tooLate))
          } catch (error) {
            throw results.length > 0 ? asWriteError(error, 'after-first') : error
          }
        }
        return results
      })
    } catch (error) {
      if (!isCofferError(error, 'ABORTED')) checkedAt = Number.NEGATIVE_INFINITY
      throw error
    } finally {
      // A read that began before a write ended must not be shared with one that begins after it.
      flights.clear()
    }
  }

  async function ready(signal: AbortSignal | undefined): Promise<void> {
    for (let tries = 0; mustCheck(); tries++) {
      if (tries === 3) throw networkError(origin, 'keeps losing its connection. Try again later.')
      await join([CHAIN_ID], signal)
    }
  }

  function mustCheck(): boolean {
    return wire.fresh() || performance.now() - checkedAt > RECHECK_MS
  }

  function check(result: RpcResult): void {
    if (!result.ok) {
      if (isRateLimit(result)) throw rateLimited(origin)
      throw badResponse(origin, `does not tell its chain id: ${result.error.message}`)
    }
    const { value } = result
    if (typeof value !== 'string' || !/^0x[0-9a-f]{1,32}$/i.test(value))
      throw badResponse(origin, 'does not tell its chain id.')
    const actual = `eip155:${BigInt(value)}`
    if (actual !== chain) throw chainMismatch(origin, chain, actual)
    checkedAt = performance.now()
  }

  function close(): void {
    closed = true
    const error = closedError(origin)
    for (const flight of queue.splice(0)) flight.reject(error)
    scopes.abort(error)
    flights.clear()
    wire.close()
  }

  return { request, ready, closed: () => closed, close }
}

function newFlight(texts: readonly WireCall[], key: string): Flight {
  let resolve: Flight['resolve'] = () => {}
  let reject: Flight['reject'] = () => {}
  const promise = new Promise<readonly RpcResult[]>((yes, no) => {
    resolve = yes
    reject = no
  })
  // Its callers may all have left.
  promise.catch(() => {})
  return { texts, key, callers: 0, promise, resolve, reject }
}

function missing(origin: string): never {
  throw badResponse(origin, 'answered other calls than were asked.')
}
