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
export async function* polledHeads(
  options: HeadsOptions,
  { signal }: ReadOptions = {},
): AsyncGenerator<Head> {
  const { pollInterval } = options
  let last: string | undefined
  let failures = 0
  while (!signal?.aborted && !options.closed()) {
    let wait = pollInterval
    try {
      const head = await readHead(options, signal)
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
export async function* subscribedHeads(
  options: HeadsOptions & { readonly rpc: Rpc; readonly wire: SocketWire },
  { signal }: ReadOptions = {},
): AsyncGenerator<Head> {
  const { rpc, wire, origin } = options
  let last: string | undefined
  let failures = 0
  while (!signal?.aborted && !rpc.closed()) {
    const box = mailbox()
    let subscription: Awaited<ReturnType<SocketWire['subscribe']>> | undefined
    try {
      await rpc.ready(signal)
      subscription = await wire.subscribe('newHeads', { onEvent: box.put, onLost: box.fail }, signal)
      if (!subscription) return yield* polledHeads(options, { signal })
      // What came while nobody listened, and in silence.
      let head: Head = await readHead(options, signal)
      for (;;) {
        failures = 0
        if (head.hash !== last) {
          last = head.hash
          yield head
        }
        const event = await box.take(SILENCE_MS, signal)
        head = event === undefined ? await readHead(options, signal) : toHead(event, origin)
      }
    } catch (error) {
      if (signal?.aborted || rpc.closed()) return
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
