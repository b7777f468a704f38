import {
  abortError,
  CofferError,
  isCofferError,
  onAbort,
  orAbort,
  type RpcResult,
  throwIfAborted,
} from '@coffer/core'
import { isRateLimit, readAnswer } from './answers.ts'
import { readJson } from './readJson.ts'
import {
  asWriteError,
  badResponse,
  connectionError,
  networkError,
  rateLimited,
  statusError,
} from './transportErrors.ts'
import { encodeCall, encodeMessage, type Wire, type WireCall } from './wire.ts'

/** The part of a WebSocket that is used: the platform's own, or the one of the package `ws`. */
export interface SocketLike {
  readonly readyState: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  send(data: string): void
  close(): void
}

export type WebSocketConstructor = new (url: string) => SocketLike

export interface SocketWireOptions {
  readonly url: string
  readonly origin: string
  readonly webSocket: WebSocketConstructor
  readonly maxBytes: number
  /** For the connection to open, in milliseconds. */
  readonly timeout: number
}

export interface Subscription {
  end(): void
}

export interface SocketWire extends Wire {
  /**
   * Subscribes on the present connection and never opens one; `undefined` when the node refuses. `onLost` comes once, when
   * the connection is gone.
   */
  subscribe(
    topic: string,
    listener: { onEvent(event: unknown): void; onLost(error: CofferError): void },
    signal: AbortSignal | undefined,
  ): Promise<Subscription | undefined>
}

/** Calls that travelled in one message, and who waits for their answers. */
interface Ticket {
  readonly ids: readonly number[]
  readonly results: (RpcResult | undefined)[]
  missing: number
  done(results: readonly RpcResult[] | undefined): void
  fail(error: unknown): void
}

interface Listener {
  onEvent(event: unknown): void
  onLost(error: CofferError): void
}

/** One connection, from its opening to its loss. A new one shares nothing with it. */
interface Link {
  readonly socket: SocketLike
  readonly opened: Promise<void>
  isOpen: boolean
  isLost: boolean
  waiting: number
  lastId: number
  lastHeard: number
  readonly tickets: Map<number, Ticket>
  /** Ids whose callers have left; their answers are expected and of no use. */
  readonly abandoned: Set<number>
  readonly listeners: Map<string, Listener>
  drop(error: CofferError): void
}

const OPEN = 1
/** How long a connection that nobody uses is kept. */
const IDLE_MS = 30_000

/**
 * JSON-RPC over one WebSocket. It opens with the first message and, after a loss, with the next one; whatever was in
 * flight fails with `NETWORK`. An idle connection keeps no Node process alive.
 */
export function socketWire(options: SocketWireOptions): SocketWire {
  const { origin, maxBytes, timeout } = options
  let current: Link | undefined
  let idleTimer: ReturnType<typeof setTimeout> | undefined

  async function send(
    calls: readonly WireCall[],
    signal: AbortSignal,
  ): Promise<readonly RpcResult[] | undefined> {
    throwIfAborted(signal)
    const link = current && !current.isLost ? current : connect()
    if (!link.isOpen) await whenOpen(link, signal)
    return exchange(link, calls, signal)
  }

  async function whenOpen(link: Link, signal: AbortSignal): Promise<void> {
    link.waiting++
    try {
      await orAbort(link.opened, signal)
    } finally {
      if (--link.waiting === 0 && !link.isOpen)
        link.drop(networkError(origin, 'was not waited for.', { sent: false }))
    }
  }

  function exchange(
    link: Link,
    calls: readonly WireCall[],
    signal: AbortSignal | undefined,
    onDone: (results: readonly RpcResult[] | undefined) => void = () => {},
  ): Promise<readonly RpcResult[] | undefined> {
    return new Promise((resolve, reject) => {
      const ids = calls.map(() => ++link.lastId)
      const sentAt = performance.now()
      const ticket: Ticket = {
        ids,
        results: calls.map(() => undefined),
        missing: calls.length,
        done: (results) => {
          leave()
          onDone(results)
          rest(link)
          resolve(results)
        },
        fail: (error) => {
          leave()
          rest(link)
          reject(error)
        },
      }
      function leave(): void {
        forget?.()
        for (const id of ids) link.tickets.delete(id)
      }
      function onLeft(): void {
        for (const id of ids) if (link.tickets.has(id)) link.abandoned.add(id)
        const error = signal ? abortError(signal) : undefined
        ticket.fail(error)
        // A connection on which nothing at all was heard for the whole time is dead, whatever its state says.
        if (isCofferError(error, 'TIMEOUT') && link.lastHeard < sentAt) link.drop(error)
      }
      if (signal?.aborted) {
        rest(link)
        return reject(abortError(signal))
      }
      const forget = signal && onAbort(signal, onLeft)
      for (const id of ids) link.tickets.set(id, ticket)
      wake(link)
      try {
        link.socket.send(encodeMessage(calls, ids))
      } catch (failure) {
        link.drop(connectionError(origin, failure))
      }
    })
  }

  function connect(): Link {
    let socket: SocketLike
    try {
      socket = new options.webSocket(options.url)
    } catch {
      throw networkError(origin, 'is no address that this platform’s WebSocket takes.', {
        retryable: false,
        sent: false,
      })
    }
    let failure: unknown
    let onOpened = (): void => {}
    let onFailed = (_error: unknown): void => {}
    const opened = new Promise<void>((resolve, reject) => {
      onOpened = resolve
      onFailed = reject
    })
    opened.catch(() => {})
    const timer = setTimeout(() => {
      link.drop(
        new CofferError({
          code: 'TIMEOUT',
          message: `${origin} did not open a connection within ${timeout} ms.`,
          details: { origin, sent: false },
          retryable: true,
        }),
      )
    }, timeout)
    const link: Link = {
      socket,
      opened,
      isOpen: false,
      isLost: false,
      waiting: 0,
      lastId: 0,
      lastHeard: 0,
      tickets: new Map(),
      abandoned: new Set(),
      listeners: new Map(),
      drop(error) {
        if (link.isLost) return
        link.isLost = true
        if (current === link) {
          current = undefined
          clearTimeout(idleTimer)
        }
        clearTimeout(timer)
        endSocket(socket)
        onFailed(asWriteError(error, 'before-first'))
        for (const ticket of new Set(link.tickets.values())) ticket.fail(error)
        for (const listener of link.listeners.values()) listener.onLost(error)
      },
    }
    socket.onopen = () => {
      clearTimeout(timer)
      link.isOpen = true
      onOpened()
    }
    socket.onmessage = (event: { readonly data: unknown }) => {
      if (link.isLost) return
      try {
        receive(link, event.data)
      } catch (error) {
        link.drop(isCofferError(error) ? error : badResponse(origin, 'sent a message that cannot be read.'))
      }
    }
    socket.onerror = (event: { readonly error?: unknown; readonly message?: unknown }) => {
      failure = event
    }
    socket.onclose = () => link.drop(lossError(origin, failure))
    current = link
    return link
  }

  function receive(link: Link, data: unknown): void {
    link.lastHeard = performance.now()
    if (typeof data !== 'string') throw badResponse(origin, 'sent a binary message.')
    const json = readJson(data, maxBytes, origin)
    const entries: readonly unknown[] = Array.isArray(json) ? json : [json]
    // One entry in an array is no answer to one call, which gets a bare object.
    if (Array.isArray(json) && entries.length === 1 && refuseBatch(link, entries[0])) return
    for (const entry of entries) receiveOne(link, entry)
  }

  function receiveOne(link: Link, json: unknown): void {
    const { method, params } = (json ?? {}) as { method?: unknown; params?: unknown }
    if (method === 'eth_subscription') {
      const { subscription, result } = (params ?? {}) as { subscription?: unknown; result?: unknown }
      if (typeof subscription === 'string') link.listeners.get(subscription)?.onEvent(result)
      return
    }
    const { id, result } = readAnswer(json, origin)
    if (id === null && refuseBatch(link, json)) return
    // Without an id, an error can only belong to the one call in flight.
    const lone =
      id === null && !result.ok && link.tickets.size === 1 ? [...link.tickets.keys()][0] : undefined
    const known = lone ?? id
    const ticket = link.tickets.get(known as number)
    if (!ticket) {
      if (link.abandoned.delete(known as number)) return
      throw badResponse(origin, 'answered other calls than were asked.')
    }
    link.tickets.delete(known as number)
    ticket.results[ticket.ids.indexOf(known as number)] = result
    if (--ticket.missing === 0) ticket.done(ticket.results.filter((result) => result !== undefined))
  }

  /** One error instead of a batch of answers: with the id of its first call, or with none and then for every batch in flight. */
  function refuseBatch(link: Link, json: unknown): boolean {
    const { id, result } = readAnswer(json, origin)
    if (result.ok) return false
    const batches = [...new Set(link.tickets.values())].filter(
      (ticket) =>
        ticket.ids.length > 1 &&
        ticket.missing === ticket.ids.length &&
        (id === null || ticket.ids[0] === id),
    )
    for (const ticket of batches) {
      if (isRateLimit(result)) ticket.fail(rateLimited(origin))
      else ticket.done(undefined)
    }
    return batches.length > 0
  }

  async function subscribe(
    topic: string,
    listener: Listener,
    signal: AbortSignal | undefined,
  ): Promise<Subscription | undefined> {
    const link = current
    if (!link || fresh()) throw networkError(origin, 'lost the connection. Try again later.')
    let subscription: string | undefined
    // In the same turn as the answer: the first event may follow at once.
    const listen = (results: readonly RpcResult[] | undefined): void => {
      const result = results?.[0]
      if (!result?.ok || typeof result.value !== 'string') return
      subscription = result.value
      link.listeners.set(subscription, listener)
    }
    await exchange(link, [encodeCall({ method: 'eth_subscribe', params: [topic] })], signal, listen)
    const id = subscription
    if (id === undefined) return undefined
    return {
      end() {
        if (link.isLost || !link.listeners.delete(id)) return
        // Nobody waits for the answer.
        const request = ++link.lastId
        link.abandoned.add(request)
        try {
          link.socket.send(
            encodeMessage([encodeCall({ method: 'eth_unsubscribe', params: [id] })], [request]),
          )
        } catch {}
        rest(link)
      },
    }
  }

  /** Lets a connection that nobody uses end by itself, and the process with it. */
  function rest(link: Link): void {
    if (link.isLost || link.tickets.size > 0 || link.listeners.size > 0) return
    holdProcess(link.socket, false)
    clearTimeout(idleTimer)
    idleTimer = setTimeout(() => link.drop(networkError(origin, 'was not used for a while.')), IDLE_MS)
    unref(idleTimer)
  }

  function wake(link: Link): void {
    clearTimeout(idleTimer)
    holdProcess(link.socket, true)
  }

  function fresh(): boolean {
    return !current?.isOpen || current.isLost || current.socket.readyState !== OPEN
  }

  return {
    send,
    subscribe,
    fresh,
    close: () => current?.drop(networkError(origin, 'was closed.', { retryable: false })),
  }
}

export function lossError(origin: string, event: unknown): CofferError {
  const { error, message } = (event ?? {}) as { error?: unknown; message?: unknown }
  // `ws` says so when the server answers the handshake with a status.
  const status =
    typeof message === 'string' ? /Unexpected server response: ([0-9]{3})$/.exec(message)?.[1] : undefined
  if (status !== undefined) return statusError(origin, Number(status))
  return connectionError(origin, error)
}

export function endSocket(socket: SocketLike): void {
  try {
    socket.close()
    // `ws` would keep the process for the other side's farewell.
    ;(socket as { terminate?(): void }).terminate?.()
  } catch {}
}

/** Node only, with `ws`: whether the connection keeps the process alive. */
export function holdProcess(socket: SocketLike, hold: boolean): void {
  const { _socket } = socket as { _socket?: { ref?(): void; unref?(): void } | null }
  if (hold) _socket?.ref?.()
  else _socket?.unref?.()
}

function unref(timer: unknown): void {
  const { unref } = Object(timer) as { unref?: unknown }
  if (typeof unref === 'function') unref.call(timer)
}
