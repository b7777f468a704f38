import { type ChainId, CofferError, type EvmSource, parseChainId, type SourceFactory } from '@coffer/core'
import { type Endpoint, parseEndpoint } from './endpoint.ts'
import type { HistoryFactory } from './etherscan.ts'
import { polledHeads, subscribedHeads } from './heads.ts'
import { httpWire } from './httpWire.ts'
import { openRpc } from './rpc.ts'
import { socketWire, type WebSocketConstructor } from './socketWire.ts'

export interface JsonRpcOptions {
  /** For one request as a whole, body included, in milliseconds; 15,000 when not given. */
  readonly timeout?: number | undefined
  /** How many calls travel in one message, 100 when not given; `false` sends each alone. */
  readonly batch?: { readonly max: number } | false | undefined
  /** More HTTP headers, such as `{ 'x-api-key': … }`. Not for WebSockets, which cannot carry them in a browser. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The longest answer that is read, in bytes after decompression; 10,000,000 when not given. */
  readonly maxResponseBytes?: number | undefined
  /** How often `heads` asks over HTTP, in milliseconds; 4,000 when not given. */
  readonly pollInterval?: number | undefined
  /** Account history from an indexer, such as `etherscan({ url, apiKey })`. */
  readonly history?: HistoryFactory | undefined
  /** Instead of the platform's `WebSocket`, which Node 20 lacks: the export of the package `ws`. */
  readonly webSocket?: WebSocketConstructor | undefined
  /** Instead of the platform's `fetch`, such as one with streaming bodies on React Native. */
  readonly fetch?: typeof fetch | undefined
}

/**
 * A node of an EVM network, at an `http(s):` or a `ws(s):` URL.
 *
 * The server must serve the chain that it is asked for: `eth_chainId` travels with the first batch (and again after an
 * error, on a new connection, and every five minutes), and answers of another chain are thrown away with
 * `CHAIN_MISMATCH`. Reads of the same tick share a batch; a request with a write travels alone. Nothing is retried: that
 * is for `cluster`.
 *
 * Throws `INVALID_REQUEST` for a URL or options that cannot be used; the source throws `INVALID_CHAIN` for a chain that
 * is no `eip155:…`, and `MISSING_DEPENDENCY` where a WebSocket is wanted and there is none. User name and password in
 * the URL become an `authorization` header; neither they nor path and query appear in an error.
 *
 * @example
 * const source = jsonRpc('https://rpc.example.org')('eip155:1')
 * await source.request([{ method: 'eth_blockNumber', params: [] }]) // [{ ok: true, value: '0x1536e4f' }]
 */
export function jsonRpc(url: string, options: JsonRpcOptions = {}): SourceFactory<EvmSource> {
  const endpoint = parseEndpoint(url)
  const {
    timeout = 15_000,
    batch = { max: 100 },
    maxResponseBytes = 10_000_000,
    pollInterval = 4_000,
  } = options
  const { headers, fetch, webSocket } = options
  const maxBatch = batch === false ? 1 : batch.max
  checkCounts({ timeout, pollInterval, maxResponseBytes, 'batch.max': maxBatch })
  if (endpoint.socket && headers)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message:
        'A WebSocket carries no headers in a browser. Put the key into the URL, or pass an own `webSocket`.',
    })
  const { origin } = endpoint

  return (chain) => {
    checkChain(chain)
    const shared = { origin, timeout, maxBatch, chain }
    const history = options.history?.(chain)
    const socket = endpoint.socket
      ? openSocket(endpoint, { timeout, maxResponseBytes, webSocket })
      : undefined
    const wire = socket ?? httpWire({ endpoint, headers, maxBytes: maxResponseBytes, fetch })
    const rpc = openRpc({ ...shared, wire })
    const heads = { origin, pollInterval, request: rpc.request, closed: rpc.closed }
    return {
      family: 'evm',
      chain,
      name: origin,
      request: rpc.request,
      heads: (read) =>
        socket ? subscribedHeads({ ...heads, rpc, wire: socket }, read) : polledHeads(heads, read),
      ...(history ? { transfers: history } : {}),
      close: rpc.close,
    }
  }
}

function openSocket(
  endpoint: Endpoint,
  options: { timeout: number; maxResponseBytes: number; webSocket: WebSocketConstructor | undefined },
): ReturnType<typeof socketWire> {
  const webSocket = options.webSocket ?? (globalThis.WebSocket as WebSocketConstructor | undefined)
  if (!webSocket)
    throw new CofferError({
      code: 'MISSING_DEPENDENCY',
      message:
        'This platform has no WebSocket. Install the package `ws` and pass `{ webSocket: WebSocket }`.',
      details: { package: 'ws' },
    })
  const { url, origin } = endpoint
  return socketWire({ url, origin, webSocket, maxBytes: options.maxResponseBytes, timeout: options.timeout })
}

function checkChain(chain: ChainId): void {
  const { namespace, reference } = parseChainId(chain)
  if (namespace !== 'eip155' || !/^[1-9][0-9]*$/.test(reference))
    throw new CofferError({
      code: 'INVALID_CHAIN',
      message: `jsonRpc serves EVM chains such as "eip155:1", and not "${chain}".`,
    })
}

function checkCounts(counts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counts))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new CofferError({
        code: 'INVALID_REQUEST',
        message: `The option ${name} must be a whole number above zero.`,
      })
}
