import {
  type ChainId,
  type Head,
  isCofferError,
  type ReadOptions,
  type SourceFactory,
  type TronResult,
  type TronSource,
  throwIfAborted,
} from '@coffer/core'
import type { HistoryFactory } from './etherscan.ts'
import { forEach, openGate } from './gate.ts'
import { pollHeads } from './heads.ts'
import { checkRestOptions, parseRest } from './rest.ts'
import { openScopes } from './scopes.ts'
import { shared } from './shared.ts'
import { asWriteError, badResponse, closedError } from './transportErrors.ts'
import { encodeTronCall, isSolid, isTronWrite, type TronWireCall } from './tronCalls.ts'
import { checkTronChain } from './tronChain.ts'
import { checkApiKey, openTronNode, type TronNode, type TronNodeOptions } from './tronNode.ts'

export interface TronHttpOptions extends TronNodeOptions {
  /** Answers `walletsolidity/…`; the full node when not given, as with TronGrid. Gets the same headers and key. */
  readonly solidityNode?: string | undefined
  /** Account history from an indexer, such as `tronGrid({ url, apiKey })`. */
  readonly history?: HistoryFactory | undefined
}

/**
 * A Tron network through java-tron's HTTP API: your own node's, TronGrid's, and their like.
 *
 * The first block of each server must be that of the chain: it is looked at before anything else, again after a failure,
 * and every five minutes, and no broadcast leaves before that. The calls of a request run at once, `concurrency` at a
 * time over all requests (12 when not given); equal reads in flight are shared. A request with a broadcast in it runs call after call.
 * Nothing is retried: that is for `cluster`.
 *
 * Throws `INVALID_REQUEST` for a URL, a key or options that cannot be used; the source throws `INVALID_CHAIN` for a chain
 * that is no `tron:0x…`, and `INVALID_REQUEST` for a path that is not the API's. User name and password in the URL become
 * an `authorization` header; neither they nor the path nor the key appear in an error.
 *
 * @example
 * const source = tronHttp({ fullNode: 'https://api.trongrid.io', apiKey })('tron:0x2b6653dc')
 * await source.request([{ path: 'wallet/getaccount', body: { address, visible: true } }])
 * // [{ ok: true, value: { address: 'T…', balance: 5000000, … } }]
 * @see https://tronprotocol.github.io/documentation-en/api/http/
 */
export function tronHttp(
  where: string | ({ readonly fullNode: string } & TronHttpOptions),
  options: TronHttpOptions = {},
): SourceFactory<TronSource> {
  const { fullNode, ...all } =
    typeof where === 'string' ? { fullNode: where, ...options } : { ...where, ...options }
  checkRestOptions(all)
  checkApiKey(all.apiKey)
  parseRest(fullNode)
  if (all.solidityNode !== undefined) parseRest(all.solidityNode)
  return (chain) => open(fullNode, chain, all)
}

/** A draft asks nine questions, which should leave together. */
const CONCURRENCY = 12

function open(fullNode: string, chain: ChainId, options: TronHttpOptions): TronSource {
  checkTronChain(chain, 'tronHttp')
  const { concurrency = CONCURRENCY, pollInterval = 3_000, solidityNode } = options
  const scopes = openScopes()
  const common = { ...options, gate: openGate(concurrency), scopes }
  const full = openTronNode(fullNode, chain, { ...common, api: 'wallet' })
  const solid =
    solidityNode === undefined || parseRest(solidityNode).url === parseRest(fullNode).url
      ? full
      : openTronNode(solidityNode, chain, { ...common, api: 'walletsolidity' })
  const flights = new Map<string, (signal: AbortSignal) => Promise<TronResult>>()
  const { origin } = full
  let closed = false

  const nodeOf = (call: TronWireCall): TronNode => (isSolid(call) ? solid : full)

  async function request(
    calls: Parameters<TronSource['request']>[0],
    { signal }: ReadOptions = {},
  ): Promise<readonly TronResult[]> {
    throwIfAborted(signal)
    if (closed) throw closedError(origin)
    const asked = calls.map(encodeTronCall)
    if (asked.length === 0) return []
    const nodes = [...new Set(asked.map(nodeOf))]
    try {
      return await scopes.run(signal, (signal) =>
        asked.some(isTronWrite) ? write(asked, nodes, signal) : read(asked, nodes, signal),
      )
    } catch (error) {
      if (isCofferError(error, 'NETWORK', 'TIMEOUT', 'BAD_RESPONSE', 'CHAIN_MISMATCH'))
        for (const node of nodes) node.forget()
      throw error
    }
  }

  async function read(
    asked: readonly TronWireCall[],
    nodes: readonly TronNode[],
    signal: AbortSignal,
  ): Promise<readonly TronResult[]> {
    await forEach(nodes, signal, (node, signal) => node.ensure(signal))
    return forEach(asked, signal, join)
  }

  /** The answer to a read, from one that is on its way where there is one. */
  function join(call: TronWireCall, signal: AbortSignal): Promise<TronResult> {
    const key = `${call.path} ${call.body}`
    let flight = flights.get(key)
    if (!flight) {
      flight = shared((signal) =>
        scopes
          .run(signal, (signal) => nodeOf(call).ask(call, signal))
          .finally(() => {
            if (flights.get(key) === flight) flights.delete(key)
          }),
      )
      flights.set(key, flight)
    }
    return flight(signal)
  }

  /** One after another, so that the outcome of each is clear. */
  async function write(
    asked: readonly TronWireCall[],
    nodes: readonly TronNode[],
    signal: AbortSignal,
  ): Promise<readonly TronResult[]> {
    const results: TronResult[] = []
    let sending = false
    try {
      await forEach(nodes, signal, (node, signal) => node.ensure(signal))
      for (const call of asked) {
        const isSecond = sending
        sending ||= isTronWrite(call)
        try {
          results.push(await nodeOf(call).ask(call, signal))
        } catch (error) {
          throw isSecond ? asWriteError(error, 'after-first') : error
        }
      }
      return results
    } catch (error) {
      throw sending ? error : asWriteError(error, 'before-first')
    } finally {
      // A read that began before a write ended must not be shared with one that begins after it.
      flights.clear()
    }
  }

  const readHead = headReader(request, origin)
  const history = options.history?.(chain)
  return {
    family: 'tron',
    chain,
    name: origin,
    request,
    heads: (read) => pollHeads({ pollInterval, closed: () => closed, read: readHead }, read),
    ...(history ? { transfers: history } : {}),
    close: () => {
      closed = true
      scopes.abort(closedError(origin))
    },
  }
}

function headReader(
  request: TronSource['request'],
  origin: string,
): (signal: AbortSignal | undefined) => Promise<Head> {
  // Without the block's transactions; older nodes do not serve it.
  let call: Parameters<TronSource['request']>[0][number] = {
    path: 'wallet/getblock',
    body: { detail: false },
  }
  return async (signal) => {
    for (;;) {
      const [result] = await request([call], { signal })
      if (result?.ok) return toHead(result.value, origin)
      if (call.path === 'wallet/getnowblock')
        throw badResponse(
          origin,
          `does not tell its latest block${result ? `: ${result.error.message}` : ''}.`,
        )
      call = { path: 'wallet/getnowblock' }
    }
  }
}

function toHead(value: unknown, origin: string): Head {
  const { blockID, block_header: header } = (value ?? {}) as { blockID?: unknown; block_header?: unknown }
  const { raw_data: raw } = (header ?? {}) as { raw_data?: unknown }
  // Protobuf leaves a zero out.
  const { number = 0 } = (raw ?? {}) as { number?: unknown }
  if (typeof blockID !== 'string' || !/^[0-9a-f]{64}$/.test(blockID))
    throw badResponse(origin, 'sent a block without an id.')
  if (!Number.isSafeInteger(number) || Number.parseInt(blockID.slice(0, 16), 16) !== number)
    throw badResponse(origin, 'sent a block whose number is not that of its id.')
  return { height: number, hash: blockID }
}
