import {
  abortError,
  type CofferError,
  type EvmSource,
  type Head,
  isCofferError,
  onAbort,
  type ReadOptions,
  sleep,
} from '@coffer/core'
import { isRateLimit } from './answers.ts'
import type { Rpc } from './rpc.ts'
import type { SocketWire } from './socketWire.ts'
import { badResponse, rateLimited } from './transportErrors.ts'

/** Failures in a row that are borne once there was a head; after more, and before the first head, they are thrown. */
const PATIENCE = 3
/** How long a subscription may be silent before the node is asked, which also finds a dead connection. */
const SILENCE_MS = 30_000

export interface HeadsOptions {
  readonly origin: string
  /** Milliseconds. */
  readonly pollInterval: number
  readonly request: EvmSource['request']
  /** True once the source was closed, which ends heads like an abort. */
  closed(): boolean
}

/** The present head, then each other one that a poll finds. */
export function polledHeads(options: HeadsOptions, read?: ReadOptions): AsyncGenerator<Head> {
  return pollHeads({ ...options, read: (signal) => readHead(options, signal) }, read)
}

/** The same for a server of any family; `read` gets its newest block. */
export async function* pollHeads(
  options: {
    readonly pollInterval: number
    closed(): boolean
    read(signal: AbortSignal | undefined): Promise<Head>
  },
  { signal }: ReadOptions = {},
): AsyncGenerator<Head> {
  const { pollInterval } = options
  let last: string | undefined
  let failures = 0
  while (!signal?.aborted && !options.closed()) {
    let wait = pollInterval
    try {
      const head = await options.read(signal)
      failures = 0
      if (head.hash !== last) {
        last = head.hash
        yield head
      }
    } catch (error) {
      if (signal?.aborted || options.closed()) return
      if (last === undefined || ++failures > PATIENCE || !isPassing(error)) throw error
      wait = Math.max(wait, pauseAfter(error, failures))
    }
    await sleep(wait, signal).catch(() => {})
  }
}

/**
 * The present head, then each other one that a `newHeads` subscription brings. Subscribes again after a loss of the
 * connection, and polls where the node has no subscriptions.
 */
export function subscribedHeads(
  options: HeadsOptions & { readonly rpc: Rpc; readonly wire: SocketWire },
  read?: ReadOptions,
): AsyncGenerator<Head> {
  const { rpc, wire, origin } = options
  return followHeads(
    {
      ...options,
      closed: rpc.closed,
      async subscribe(listener, signal) {
        await rpc.ready(signal)
        return wire.subscribe('newHeads', listener, signal)
      },
      read: (signal) => readHead(options, signal),
      toHead: (event) => toHead(event, origin),
    },
    read,
  )
}

/** The same for a server of any family. */
export async function* followHeads(
  options: {
    readonly pollInterval: number
    closed(): boolean
    /** `undefined` when the server has no subscriptions. */
    subscribe(
      listener: { onEvent(event: unknown): void; onLost(error: CofferError): void },
      signal: AbortSignal | undefined,
    ): Promise<{ end(): void } | undefined>
    read(signal: AbortSignal | undefined): Promise<Head>
    toHead(event: unknown): Head
  },
  { signal }: ReadOptions = {},
): AsyncGenerator<Head> {
  let last: string | undefined
  let failures = 0
  while (!signal?.aborted && !options.closed()) {
    const box = mailbox()
    let subscription: { end(): void } | undefined
    try {
      subscription = await options.subscribe({ onEvent: box.put, onLost: box.fail }, signal)
      if (!subscription) return yield* pollHeads(options, { signal })
      // What came while nobody listened, and in silence.
      let head: Head = await options.read(signal)
      for (;;) {
        failures = 0
        if (head.hash !== last) {
          last = head.hash
          yield head
        }
        const event = await box.take(SILENCE_MS, signal)
        head = event === undefined ? await options.read(signal) : options.toHead(event)
      }
    } catch (error) {
      if (signal?.aborted || options.closed()) return
      if (last === undefined || ++failures > PATIENCE || !isPassing(error)) throw error
      await sleep(pauseAfter(error, failures), signal).catch(() => {})
    } finally {
      subscription?.end()
    }
  }
}

async function readHead(options: HeadsOptions, signal: AbortSignal | undefined): Promise<Head> {
  const { origin } = options
  const [result] = await options.request([{ method: 'eth_getBlockByNumber', params: ['latest', false] }], {
    signal,
  })
  if (result?.ok) return toHead(result.value, origin)
  if (result && isRateLimit(result)) throw rateLimited(origin)
  throw badResponse(origin, `does not tell its latest block${result ? `: ${result.error.message}` : '.'}`)
}

function toHead(value: unknown, origin: string): Head {
  const { number, hash } = (value ?? {}) as { number?: unknown; hash?: unknown }
  if (typeof number !== 'string' || !/^0x[0-9a-f]{1,13}$/i.test(number))
    throw badResponse(origin, 'sent a block without a number.')
  if (typeof hash !== 'string' || !/^0x[0-9a-f]{64}$/i.test(hash))
    throw badResponse(origin, 'sent a block without a hash.')
  return { height: Number(number), hash: hash.toLowerCase() }
}

/** Worth waiting for here, rather than for the caller to hear of. */
function isPassing(error: unknown): boolean {
  return isCofferError(error) && error.retryable && !(Number(error.details.retryAfter) > 60)
}

/** Milliseconds: exponential with full jitter, or what the server asked for. */
function pauseAfter(error: unknown, failures: number): number {
  const asked = isCofferError(error) ? error.details.retryAfter : undefined
  return typeof asked === 'number' ? asked * 1_000 : Math.random() * 500 * 2 ** failures
}

/** Events between a socket that pushes and a reader that pulls; the oldest go when nobody reads. */
function mailbox(): {
  put(event: unknown): void
  fail(error: CofferError): void
  take(ms: number, signal: AbortSignal | undefined): Promise<unknown>
} {
  const most = 256
  const events: unknown[] = []
  let failure: CofferError | undefined
  let wake = (): void => {}
  return {
    put(event) {
      events.push(event)
      if (events.length > most) events.shift()
      wake()
    },
    fail(error) {
      failure = error
      wake()
    },
    take: (ms, signal) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => settle(true), ms)
        const forget = signal && onAbort(signal, () => settle())
        wake = settle
        settle()
        function settle(isLate = false): void {
          if (!signal?.aborted && events.length === 0 && !failure && !isLate) return
          clearTimeout(timer)
          forget?.()
          wake = () => {}
          if (signal?.aborted) reject(abortError(signal))
          else if (events.length > 0) resolve(events.shift())
          else if (failure) reject(failure)
          else resolve(undefined)
        }
      }),
  }
}
