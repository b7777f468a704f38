import {
  abortError,
  CofferError,
  isCofferError,
  onAbort,
  orAbort,
  type RpcCall,
  type RpcResult,
  throwIfAborted,
  withTimeout,
} from '@coffer/core'
import { readAnswer } from './answers.ts'
import { forEach, openGate } from './gate.ts'
import type { Dial, LineTransport } from './lineTransport.ts'
import { readJson } from './readJson.ts'
import { asWriteError, badResponse, closedError, networkError } from './transportErrors.ts'
import { encodeCall, encodeMessage } from './wire.ts'

export interface ElectrumLinkOptions {
  readonly dial: Dial
  readonly origin: string
  /** For the connection to open, and for each message to be answered, in milliseconds. */
  readonly timeout: number
  readonly maxBytes: number
  /** Calls in one message. */
  readonly maxBatch: number
  /** The first talk on a new connection; what it throws ends the connection. */
  greet(ask: Ask, signal: AbortSignal): Promise<void>
}

export type Ask = (calls: readonly RpcCall[], signal: AbortSignal) => Promise<readonly RpcResult[]>

export interface ElectrumLink {
  /** Answers in the order of the calls, over a connection that was greeted; opens one where there is none. */
  request(calls: readonly RpcCall[], signal: AbortSignal, singly?: boolean): Promise<readonly RpcResult[]>
  /** As {@link request} for one call that must not be repeated: marks what certainly was not sent. */
  send(call: RpcCall, signal: AbortSignal): Promise<RpcResult>
  /** Hears notifications of `method` on the present connection, until it is lost or `end` is called. */
  listen(method: string, listener: Listener): { end(): void }
  close(): void
}

export interface Listener {
  onEvent(params: unknown): void
  onLost(error: CofferError): void
}

interface Ticket {
  readonly results: Map<number, RpcResult | undefined>
  missing: number
  done(): void
  fail(error: unknown): void
}

interface Connection {
  readonly transport: LineTransport
  readonly opened: Promise<void>
  /** Opened and greeted. */
  ready: Promise<void>
  isReady: boolean
  isLost: boolean
  waiting: number
  lastId: number
  lastHeard: number
  readonly tickets: Map<number, Ticket>
  /** Ids whose callers have left; their answers are expected and of no use. */
  readonly abandoned: Set<number>
  readonly listeners: Map<string, Set<Listener>>
  drop(error: CofferError): void
}

/** How long a connection that nobody uses is kept. */
const IDLE_MS = 30_000
/** Messages that wait for an answer at a time. */
const MESSAGES = 100

/**
 * JSON-RPC in Electrum's manner over one connection. It opens with the first request and, after a loss, with the next one;
 * whatever was in flight fails. An idle connection keeps no Node process alive and ends after half a minute.
 */
export function electrumLink(options: ElectrumLinkOptions): ElectrumLink {
  const { origin, timeout, maxBytes, maxBatch } = options
  const tooLate = `${origin} gave no answer within ${timeout} ms.`
  const gate = openGate(MESSAGES)
  let current: Connection | undefined
  let idleTimer: ReturnType<typeof setTimeout> | undefined

  async function request(
    calls: readonly RpcCall[],
    signal: AbortSignal,
    singly = false,
  ): Promise<readonly RpcResult[]> {
    throwIfAborted(signal)
    if (calls.length === 0) return []
    const connection = await whenReady(signal)
    const size = singly ? 1 : maxBatch
    const messages: (readonly RpcCall[])[] = []
    for (let at = 0; at < calls.length; at += size) messages.push(calls.slice(at, at + size))
    const answers = await forEach(messages, signal, (message, signal) =>
      gate(signal, () => exchange(connection, message, signal)),
    )
    return answers.flat()
  }

  async function send(call: RpcCall, signal: AbortSignal): Promise<RpcResult> {
    // What fails until here is marked as not sent.
    const connection = await whenReady(signal)
    const [result] = await exchange(connection, [call], signal)
    return result as RpcResult
  }

  async function whenReady(signal: AbortSignal): Promise<Connection> {
    const connection = current ?? connect()
    if (connection.isReady) return connection
    connection.waiting++
    try {
      await orAbort(connection.ready, signal)
      return connection
    } finally {
      if (--connection.waiting === 0 && !connection.isReady)
        connection.drop(networkError(origin, 'was not waited for.', { sent: false }))
    }
  }

  function exchange(
    connection: Connection,
    calls: readonly RpcCall[],
    signal: AbortSignal,
  ): Promise<readonly RpcResult[]> {
    const sentAt = performance.now()
    return withTimeout(timeout, signal, (signal) => put(connection, calls, signal), tooLate).catch(
      (error) => {
        // A connection on which nothing at all was heard for the whole time is dead, whatever its state says.
        if (isCofferError(error, 'TIMEOUT') && connection.lastHeard < sentAt) connection.drop(error)
        throw error
      },
    )
  }

  function put(
    connection: Connection,
    calls: readonly RpcCall[],
    signal: AbortSignal,
  ): Promise<readonly RpcResult[]> {
    return new Promise((resolve, reject) => {
      if (connection.isLost)
        return reject(networkError(origin, 'lost the connection. Try again later.', { sent: false }))
      const ids = calls.map(() => ++connection.lastId)
      const results = new Map<number, RpcResult | undefined>(ids.map((id) => [id, undefined]))
      const leave = (): void => {
        forget()
        for (const id of ids) connection.tickets.delete(id)
        rest(connection)
      }
      const ticket: Ticket = {
        results,
        missing: ids.length,
        done() {
          leave()
          resolve([...results.values()] as RpcResult[])
        },
        fail(error) {
          leave()
          reject(error)
        },
      }
      const forget = onAbort(signal, () => {
        for (const id of ids) if (connection.tickets.has(id)) connection.abandoned.add(id)
        ticket.fail(abortError(signal))
      })
      for (const id of ids) connection.tickets.set(id, ticket)
      clearTimeout(idleTimer)
      connection.transport.hold(true)
      connection.transport.send(encodeMessage(calls.map(encodeCall), ids))
    })
  }

  function connect(): Connection {
    const controller = new AbortController()
    let onOpened = (): void => {}
    let onFailed = (_error: unknown): void => {}
    const opened = new Promise<void>((resolve, reject) => {
      onOpened = resolve
      onFailed = reject
    })
    opened.catch(() => {})
    const drop = (error: CofferError): void => {
      if (connection.isLost) return
      connection.isLost = true
      if (current === connection) {
        current = undefined
        clearTimeout(idleTimer)
      }
      clearTimeout(timer)
      connection.transport.close()
      onFailed(asWriteError(error, 'before-first'))
      controller.abort(error)
      for (const ticket of new Set(connection.tickets.values())) ticket.fail(error)
      for (const listeners of connection.listeners.values())
        for (const listener of listeners) listener.onLost(error)
    }
    const timer = setTimeout(() => {
      drop(
        new CofferError({
          code: 'TIMEOUT',
          message: `${origin} did not open a connection within ${timeout} ms.`,
          details: { origin, sent: false },
          retryable: true,
        }),
      )
    }, timeout)
    const transport = options.dial({
      onOpen: () => {
        clearTimeout(timer)
        onOpened()
      },
      onLine(text) {
        if (connection.isLost) return
        try {
          receive(connection, text)
        } catch (error) {
          drop(isCofferError(error) ? error : badResponse(origin, 'sent a message that cannot be read.'))
        }
      },
      // A transport may fail while it is made.
      onLost: (error) => void Promise.resolve().then(() => drop(error)),
    })
    const connection: Connection = {
      transport,
      opened,
      ready: opened,
      isReady: false,
      isLost: false,
      waiting: 0,
      lastId: 0,
      lastHeard: 0,
      tickets: new Map(),
      abandoned: new Set(),
      listeners: new Map(),
      drop,
    }
    const ask: Ask = (calls, signal) => exchange(connection, calls, signal)
    connection.ready = opened
      .then(() => options.greet(ask, controller.signal))
      .then(
        () => {
          connection.isReady = true
          rest(connection)
        },
        (error) => {
          drop(isCofferError(error) ? error : networkError(origin, 'lost the connection. Try again later.'))
          throw asWriteError(error, 'before-first')
        },
      )
    connection.ready.catch(() => {})
    current = connection
    return connection
  }

  function receive(connection: Connection, text: string): void {
    connection.lastHeard = performance.now()
    const json = readJson(text, maxBytes, origin)
    for (const entry of Array.isArray(json) ? json : [json]) receiveOne(connection, entry)
  }

  function receiveOne(connection: Connection, json: unknown): void {
    const { method, params, id: asked, error } = (json ?? {}) as Record<string, unknown>
    if (typeof method === 'string' && asked === undefined) {
      for (const listener of connection.listeners.get(method) ?? []) listener.onEvent(params)
      return
    }
    // Some servers write a refusal as a bare text.
    const { id, result } = readAnswer(
      typeof error === 'string' ? { id: asked, error: { code: 0, message: error } } : json,
      origin,
    )
    const ticket = connection.tickets.get(id as number)
    if (!ticket) {
      if (connection.abandoned.delete(id as number)) return
      const why = result.ok
        ? 'answered other calls than were asked.'
        : `refused a message: ${result.error.message}`
      throw badResponse(origin, why)
    }
    connection.tickets.delete(id as number)
    ticket.results.set(id as number, result)
    if (--ticket.missing === 0) ticket.done()
  }

  function listen(method: string, listener: Listener): { end(): void } {
    const connection = current
    if (!connection) throw networkError(origin, 'lost the connection. Try again later.')
    const all = connection.listeners.get(method) ?? new Set()
    connection.listeners.set(method, all.add(listener))
    return {
      end() {
        all.delete(listener)
        if (all.size === 0) connection.listeners.delete(method)
        rest(connection)
      },
    }
  }

  /** Lets a connection that nobody uses end by itself, and the process with it. */
  function rest(connection: Connection): void {
    const { isLost, isReady, tickets, listeners, transport } = connection
    if (isLost || !isReady || tickets.size > 0 || listeners.size > 0) return
    transport.hold(false)
    clearTimeout(idleTimer)
    idleTimer = setTimeout(() => connection.drop(networkError(origin, 'was not used for a while.')), IDLE_MS)
    unref(idleTimer)
  }

  return { request, send, listen, close: () => current?.drop(closedError(origin)) }
}

function unref(timer: unknown): void {
  const { unref } = Object(timer) as { unref?: unknown }
  if (typeof unref === 'function') unref.call(timer)
}
