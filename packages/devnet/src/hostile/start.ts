import { createServer as createHttpServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { CofferError } from '@coffer/core'
import { type Listening, listen } from '../http-server.ts'
import { carry } from './http.ts'
import type { Call, Lie, Played } from './lie.ts'
import { carryTcp, carryWebSockets } from './sockets.ts'
import { openStage } from './stage.ts'
import { readTarget, type Target } from './target.ts'
import { openUpstream } from './upstream.ts'

/** A server that tells the truth until it is told to lie. */
export interface Liar extends AsyncDisposable {
  /** Stands for the target's URL: the same scheme, without TLS; its paths, keys and credentials stay with the target. */
  readonly url: string
  /** Every question that came by, in its order; the calls of a batch one by one. */
  readonly calls: readonly Call[]
  /** Every lie that was really told, in the order in which they were. */
  readonly played: readonly Played[]
  /**
   * From now on this lie is told to each call that it is about: `times` times, else until `calm()`. Several may be on at a
   * time: a later one is told over what an earlier one says. Returns what takes this one back.
   */
  play(lie: Lie, options?: { readonly times?: number }): () => void
  /** Honest again, from the next question on. */
  calm(): void
  /** Ends every connection. May be called twice. */
  stop(): Promise<void>
}

/**
 * Stands before a server that a wallet talks to, and plays attacks on demand: Ethereum's JSON-RPC (HTTP, batches, WebSocket),
 * Esplora, Blockbook, Bitcoin Core's RPC, Electrum (TCP, WebSocket), java-tron's and TronGrid's HTTP. Bytes go through
 * untouched while no lie is about them. It listens on 127.0.0.1 and keeps no program alive.
 *
 * Throws `INVALID_REQUEST` for a URL that is none of `http:`, `https:`, `ws:`, `wss:`, `tcp:`, `ssl:`.
 *
 * @example
 * await using liar = await startHostile(devnet.ethereum.url)
 * const source = jsonRpc(liar.url)('eip155:1')
 * liar.play(lies.evm.chainId(56n), { times: 1 })
 * await source.request([{ method: 'eth_blockNumber', params: [] }]) // throws CHAIN_MISMATCH
 * liar.played // [{ lie: 'evm.chainId', attack: 'E1', call: { method: 'eth_chainId', … } }]
 */
export async function startHostile(targetUrl: string): Promise<Liar> {
  const target = readTarget(targetUrl)
  const stage = openStage()
  const ending = new AbortController()
  const stopped = ending.signal
  const isTcp = target.scheme === 'tcp' || target.scheme === 'ssl'
  const { listening, close } = isTcp ? await startTcp() : await startHttp()

  async function startTcp(): Promise<Running> {
    const server = createTcpServer((client) => carryTcp(client, { target, stage, stopped }))
    return { listening: await listen(server), close: () => {} }
  }

  async function startHttp(): Promise<Running> {
    const upstream = openUpstream(target)
    const proxy = { target, upstream, stage, stopped }
    const server = createHttpServer((request, response) => void carry(proxy, request, response))
    server.keepAliveTimeout = 60_000
    carryWebSockets(server, proxy)
    return { listening: await listen(server), close: upstream.close }
  }

  const stop = async (): Promise<void> => {
    if (stopped.aborted) return
    ending.abort()
    close()
    await listening.close()
  }
  return {
    url: `${schemeOf(target)}://${listening.host}`,
    calls: stage.calls,
    played: stage.played,
    play(lie, { times = Number.POSITIVE_INFINITY } = {}) {
      if (typeof lie?.tell !== 'function' || typeof lie.name !== 'string' || !(times >= 1))
        throw new CofferError({
          code: 'INVALID_REQUEST',
          message: 'A lie has a name and a function `tell`, and is told at least once.',
        })
      return stage.play(lie, times)
    },
    calm: stage.calm,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

interface Running {
  readonly listening: Listening
  close(): void
}

function schemeOf({ scheme }: Target): string {
  if (scheme === 'https') return 'http'
  if (scheme === 'wss') return 'ws'
  return scheme === 'ssl' ? 'tcp' : scheme
}
