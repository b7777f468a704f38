import {
  abortError,
  abortWith,
  type ChainId,
  CofferError,
  type Head,
  isCofferError,
  onAbort,
  parseChainId,
  type ReadOptions,
  type SourceFactory,
  sleep,
  type TronCall,
  type TronResult,
  type TronSource,
  throwIfAborted,
  withTimeout,
} from '@coffer/core'
import {
  asWriteError,
  badResponse,
  checkAnswer,
  checkGenesis,
  NAME,
  pleaIn,
  rateLimited,
  readFailure,
  refusal,
  toHead,
  wrongCall,
} from './tronweb-answers.ts'

/** What is used of a provider of TronWeb. */
export interface TronWebNode {
  // A method, so that the provider's own type fits.
  request(path: string, body?: object, method?: 'post'): Promise<unknown>
}

/** What is used of a TronWeb: an app's own, or the `window.tronWeb` of TronLink. */
export interface TronWebLike {
  readonly fullNode: TronWebNode
  readonly solidityNode: TronWebNode
}

/** How a TronWeb becomes a source. */
export interface TronWebOptions {
  /** For one call, in milliseconds; 15,000 when not given. */
  readonly timeout?: number | undefined
  /** How many calls of a request run at a time; 8 when not given. */
  readonly concurrency?: number | undefined
  /** How often `heads` asks, in milliseconds; 3,000 when not given. */
  readonly pollInterval?: number | undefined
}

/**
 * A Tron network through a TronWeb that the app already holds. Nothing of it is used but the `request` of its two nodes:
 * transactions are built, checked and signed without it.
 *
 * A wallet may change its network between two calls, so the first block is asked with every request: what another network
 * answers is thrown away, and a broadcast is held back (`CHAIN_MISMATCH`). TronWeb reads numbers as floats: an answer
 * with an integer beyond 2^53 is refused with `BAD_RESPONSE`, for its digits are lost by then; a call with one is refused with
 * `INVALID_REQUEST`. How long an answer may be, and where redirects carry the key, is TronWeb's affair. Where that matters use
 * `tronHttp` of `@coffer/daemon-client`.
 *
 * The source throws `INVALID_CHAIN` for a chain that is no `tron:0x…`. No URL, key or text of TronWeb's errors is passed on.
 *
 * @example
 * const source = tronWebSource(window.tronWeb)('tron:0x2b6653dc')
 * await source.request([{ path: 'wallet/getnowblock' }]) // [{ ok: true, value: { blockID: '0000…', … } }]
 */
export function tronWebSource(tronWeb: TronWebLike, options: TronWebOptions = {}): SourceFactory<TronSource> {
  const { timeout = 15_000, concurrency = 8, pollInterval = 3_000 } = options
  for (const [name, value] of Object.entries({ timeout, concurrency, pollInterval }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new CofferError({
        code: 'INVALID_REQUEST',
        message: `The option ${name} must be a whole number above zero.`,
      })
  return (chain) => open(tronWeb, chain, { timeout, concurrency, pollInterval })
}

function open(
  tronWeb: TronWebLike,
  chain: ChainId,
  { timeout, concurrency, pollInterval }: { timeout: number; concurrency: number; pollInterval: number },
): TronSource {
  const { namespace, reference } = parseChainId(chain)
  if (namespace !== 'tron' || !/^0x[0-9a-f]{8}$/.test(reference))
    throw new CofferError({
      code: 'INVALID_CHAIN',
      message: `tronWebSource serves Tron networks such as "tron:0x2b6653dc", and not "${chain}".`,
    })
  const closing = new AbortController()
  const tooLate = `${NAME} gave no answer within ${timeout} ms.`

  async function request(
    calls: readonly TronCall[],
    { signal }: ReadOptions = {},
  ): Promise<readonly TronResult[]> {
    throwIfAborted(signal)
    throwIfAborted(closing.signal)
    const asked = calls.map(readCall)
    if (asked.length === 0) return []
    // The wallet may put others in their place meanwhile.
    const nodes: TronWebLike = { fullNode: tronWeb.fullNode, solidityNode: tronWeb.solidityNode }
    return untilEither(signal, closing.signal, (signal) => {
      const ask: Ask = (call) => withTimeout(timeout, signal, () => askNode(nodes, call), tooLate)
      return asked.some(isWrite) ? write(asked, ask) : read(asked, ask)
    })
  }

  async function read(asked: readonly Asked[], ask: Ask): Promise<readonly TronResult[]> {
    const [checks, results] = await Promise.all([
      Promise.all(genesisOf(asked).map(ask)),
      inTurn(asked, concurrency, ask),
    ])
    for (const check of checks) checkGenesis(chain, check)
    return results
  }

  /** One after another, so that the outcome of each is clear. */
  async function write(asked: readonly Asked[], ask: Ask): Promise<readonly TronResult[]> {
    const results: TronResult[] = []
    let sending = false
    try {
      for (const call of genesisOf(asked)) checkGenesis(chain, await ask(call))
      for (const call of asked) {
        const isSecond = sending
        sending ||= isWrite(call)
        try {
          results.push(await ask(call))
        } catch (error) {
          throw isSecond ? asWriteError(error, 'after') : error
        }
      }
      return results
    } catch (error) {
      throw sending ? error : asWriteError(error, 'before')
    }
  }

  async function readHead(signal: AbortSignal | undefined): Promise<Head> {
    const [result] = await request([{ path: 'wallet/getnowblock' }], { signal })
    return toHead(result)
  }

  async function* heads({ signal }: ReadOptions = {}): AsyncGenerator<Head> {
    let last: string | undefined
    let failures = 0
    while (!signal?.aborted && !closing.signal.aborted) {
      let wait = pollInterval
      try {
        const head = await readHead(signal)
        failures = 0
        if (head.hash !== last) {
          last = head.hash
          yield head
        }
      } catch (error) {
        if (signal?.aborted || closing.signal.aborted) return
        if (last === undefined || ++failures > 3 || !isCofferError(error) || !error.retryable) throw error
        wait = Math.max(wait, Number(error.details.retryAfter ?? 0) * 1_000)
      }
      await untilEither(signal, closing.signal, (signal) => sleep(wait, signal)).catch(() => {})
    }
  }

  return { family: 'tron', chain, name: NAME, request, heads, close: () => abortWith(closing, closed()) }
}

/** Runs `task` under a signal that aborts when either of the two does. */
async function untilEither<T>(
  one: AbortSignal | undefined,
  other: AbortSignal,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const forgets = [one, other].map((signal) => {
    if (signal?.aborted) abortWith(controller, abortError(signal))
    return signal && onAbort(signal, () => abortWith(controller, abortError(signal)))
  })
  try {
    return await task(controller.signal)
  } finally {
    for (const forget of forgets) forget?.()
  }
}

interface Asked {
  readonly path: string
  readonly body: object
}

type Ask = (call: Asked) => Promise<TronResult>

function isWrite({ path }: Asked): boolean {
  return path.startsWith('wallet/broadcast')
}

/** What asks for the first block of each node that the calls go to. */
function genesisOf(asked: readonly Asked[]): readonly Asked[] {
  const apis = new Set(asked.map(({ path }) => path.split('/')[0]))
  return [...apis].map((api) => ({ path: `${api}/getblockbynum`, body: { num: 0 } }))
}

function readCall({ path, body = {} }: TronCall): Asked {
  if (typeof path !== 'string' || !/^wallet(?:solidity)?\/[a-zA-Z][a-zA-Z0-9]{0,99}$/.test(path))
    throw wrongCall('has no path such as "wallet/getaccount"')
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw wrongCall(`(${path}) has no object as its body`)
  return { path, body: plain(body, path, 0) as object }
}

/** The body as TronWeb takes it: bigints as numbers, where those hold them. */
function plain(value: unknown, path: string, depth: number): unknown {
  if (depth > 32) throw wrongCall(`(${path}) has a body that nests too deep`)
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'bigint' || typeof value === 'number') {
    if (Number.isSafeInteger(Number(value))) return Number(value)
    throw wrongCall(`(${path}) has a number that TronWeb cannot send exactly; use tronHttp`)
  }
  if (Array.isArray(value)) return value.map((item) => plain(item, path, depth + 1))
  if (typeof value !== 'object' || ArrayBuffer.isView(value) || value instanceof Map || value instanceof Set)
    throw wrongCall(`(${path}) has a value without a JSON form; write bytes as hexadecimal strings`)
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) =>
      member === undefined ? [] : [[key, plain(member, path, depth + 1)]],
    ),
  )
}

/** Runs `ask` on all, `most` at a time, and gives the answers in order; after a failure it begins no more. */
async function inTurn(asked: readonly Asked[], most: number, ask: Ask): Promise<readonly TronResult[]> {
  const results: TronResult[] = new Array(asked.length)
  let next = 0
  let failed = false
  const worker = async (): Promise<void> => {
    for (let i = next++; i < asked.length && !failed; i = next++)
      results[i] = await ask(asked[i] as Asked).catch((error) => {
        failed = true
        throw error
      })
  }
  await Promise.all(Array.from({ length: Math.min(most, asked.length) }, worker))
  return results
}

async function askNode(nodes: TronWebLike, { path, body }: Asked): Promise<TronResult> {
  const node = path.startsWith('walletsolidity/') ? nodes.solidityNode : nodes.fullNode
  let value: unknown
  try {
    value = await node.request(path, body, 'post')
  } catch (failure) {
    return readFailure(failure)
  }
  if (typeof value === 'string' && /^\s*this API is closed/i.test(value)) return refusal(value)
  if (typeof value !== 'object' || value === null) throw badResponse('passed on something that is no answer.')
  checkAnswer(value, 0)
  if (!Object.hasOwn(value, 'Error')) return { ok: true, value }
  const said = (value as { Error: unknown }).Error
  const plea = pleaIn(said)
  if (plea) throw rateLimited(plea)
  return refusal(said)
}

function closed(): CofferError {
  return new CofferError({ code: 'ABORTED', message: 'The source was closed. Make a new one.' })
}
