import {
  type ChainId,
  CofferError,
  type EvmSource,
  parseChainId,
  type RpcCall,
  type RpcResult,
  type SourceFactory,
  throwIfAborted,
  withTimeout,
} from '@coffer/core'
import { polledHeads } from './heads.ts'
import { isRead } from './methods.ts'
import { openScopes } from './scopes.ts'
import { cleanText } from './text.ts'
import {
  asWriteError,
  badResponse,
  chainMismatch,
  connectionError,
  networkError,
  statusError,
} from './transportErrors.ts'

/** Anything with the `request` of EIP-1193: a wallet's `window.ethereum`, a viem client, an ethers provider. */
export interface Eip1193Provider {
  // A method, so that providers with a narrower list of requests fit.
  request(call: { readonly method: string; readonly params?: unknown }): Promise<unknown>
}

export interface Eip1193Options {
  /** For one request as a whole, in milliseconds; 15,000 when not given. */
  readonly timeout?: number | undefined
  /** How often `heads` asks, in milliseconds; 4,000 when not given. */
  readonly pollInterval?: number | undefined
}

/**
 * An EVM network through an EIP-1193 provider that the app already holds.
 *
 * A wallet may change its chain between two calls, so `eth_chainId` goes with every request: reads of another chain are
 * thrown away, and a write is held back (`CHAIN_MISMATCH`). The calls of one request are separate calls of the provider
 * and may reach different nodes behind it; what the provider retries, this source cannot see.
 *
 * @example
 * const source = eip1193Source(window.ethereum)('eip155:1')
 * @see https://eips.ethereum.org/EIPS/eip-1193
 */
export function eip1193Source(
  provider: Eip1193Provider,
  options: Eip1193Options = {},
): SourceFactory<EvmSource> {
  const { timeout = 15_000, pollInterval = 4_000 } = options
  return (chain) => {
    if (parseChainId(chain).namespace !== 'eip155')
      throw new CofferError({
        code: 'INVALID_CHAIN',
        message: `eip1193Source serves EVM chains such as "eip155:1", and not "${chain}".`,
      })
    const scopes = openScopes()
    const closedError = new CofferError({
      code: 'ABORTED',
      message: 'The source was closed. Make a new one.',
    })
    let closed = false

    const request: EvmSource['request'] = async (calls, { signal } = {}) => {
      throwIfAborted(signal)
      if (closed) throw closedError
      if (calls.length === 0) return []
      const tooLate = `${NAME} gave no answer within ${timeout} ms.`
      return scopes.run(signal, (signal) =>
        withTimeout(timeout, signal, () => ask(provider, chain, calls), tooLate),
      )
    }

    return {
      family: 'evm',
      chain,
      name: NAME,
      request,
      heads: (read) => polledHeads({ origin: NAME, pollInterval, request, closed: () => closed }, read),
      close: () => {
        closed = true
        scopes.abort(closedError)
      },
    }
  }
}

const NAME = 'The EIP-1193 provider'

async function ask(
  provider: Eip1193Provider,
  chain: ChainId,
  calls: readonly RpcCall[],
): Promise<readonly RpcResult[]> {
  if (calls.every(isRead)) {
    const [, ...results] = await Promise.all([
      checkChain(provider, chain),
      ...calls.map((call) => one(provider, call)),
    ])
    return results
  }
  await checkChain(provider, chain).catch((error) => {
    throw asWriteError(error, 'before-first')
  })
  const results: RpcResult[] = []
  for (const call of calls)
    results.push(
      await one(provider, call).catch((error) => {
        throw results.length > 0 ? asWriteError(error, 'after-first') : error
      }),
    )
  return results
}

async function checkChain(provider: Eip1193Provider, chain: ChainId): Promise<void> {
  const result = await one(provider, { method: 'eth_chainId', params: [] })
  if (!result.ok || typeof result.value !== 'string' || !/^0x[0-9a-f]{1,32}$/i.test(result.value))
    throw badResponse(NAME, 'does not tell its chain id.')
  const actual = `eip155:${BigInt(result.value)}`
  if (actual !== chain) throw chainMismatch(NAME, chain, actual)
}

async function one(provider: Eip1193Provider, { method, params }: RpcCall): Promise<RpcResult> {
  try {
    const value = await provider.request({ method, params })
    return { ok: true, value: value === undefined ? null : value }
  } catch (failure) {
    return readFailure(failure)
  }
}

/** A refusal by the node is data; a failure on the way is thrown. */
function readFailure(failure: unknown): RpcResult {
  let rpc: { code: number; message: string; data?: unknown } | undefined
  let error = failure
  for (let depth = 0; depth < 6 && typeof error === 'object' && error !== null; depth++) {
    const { code, name, status, data, details, shortMessage, message, cause } = error as Record<
      string,
      unknown
    >
    // viem's names.
    if (name === 'TimeoutError')
      throw new CofferError({ code: 'TIMEOUT', message: `${NAME} gave no answer in time.`, retryable: true })
    if (name === 'HttpRequestError')
      throw typeof status === 'number' ? statusError(NAME, status) : connectionError(NAME, cause)
    if (Number.isSafeInteger(code)) {
      rpc ??= { code: code as number, message: cleanText(details ?? shortMessage ?? message) }
      // Libraries wrap an error in others; the data is with the innermost.
      if (data !== undefined) rpc.data = data
    }
    error = cause
  }
  if (!rpc) throw connectionError(NAME, failure)
  if (rpc.code === 4900 || rpc.code === 4901)
    throw networkError(NAME, 'is disconnected.', { reason: String(rpc.code) })
  return { ok: false, error: rpc }
}
