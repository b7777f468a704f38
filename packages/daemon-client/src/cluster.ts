import {
  type ChainId,
  CofferError,
  type EvmSource,
  parseChainId,
  type Source,
  type SourceFactory,
  type Sources,
  type TronSource,
  type UtxoSource,
} from '@coffer/core'
import { clusterEvm } from './clusterEvm.ts'
import { clusterTron } from './clusterTron.ts'
import { clusterUtxo } from './clusterUtxo.ts'
import type { ClusterEvent } from './failover.ts'

/** For each chain its sources, the preferred one first. */
export type ClusterConfig = Readonly<Record<ChainId, readonly SourceFactory[]>>

export interface ClusterOptions {
  /** Hears of failovers, dropped and recovered sources, and of what happens in a `quorum`. What it throws is ignored. */
  readonly onEvent?: ((event: ClusterEvent) => void) | undefined
}

/**
 * The sources of a wallet, several for each chain. When one fails the next is asked; see {@link ClusterEvent} for what is
 * told of it.
 *
 * A read fails with `SOURCES_FAILED` when all sources failed. A write (anything that is not known to be a read, above all
 * `eth_sendRawTransaction`, `broadcast` of Bitcoin, and `wallet/broadcast…` of Tron) goes on to another source only when it certainly was not carried out: wrong chain, refused
 * with HTTP 429 or 401, refused as "too many requests", no connection. Otherwise the error is thrown as it came, and who
 * sent looks the transaction up. When every source is busy a write fails with `RATE_LIMITED`; nothing was sent then.
 * A node's refusal of a call (`ok: false`) is an answer and comes back, but for "too many requests": that comes back to a
 * read only when no source does better, and to a write only when others of the same request were carried out.
 *
 * Nothing is connected before it is used. Throws `INVALID_REQUEST` for a configuration without sense; `for` throws
 * `NO_SOURCE` for a chain that is not in it, and for every chain once the cluster was closed.
 *
 * @example
 * const source = cluster({ 'eip155:1': [jsonRpc(urlA), jsonRpc(urlB)] }, { onEvent: console.log })
 */
export function cluster(config: ClusterConfig, options: ClusterOptions = {}): Sources {
  const factories = new Map(Object.entries(config) as [ChainId, readonly SourceFactory[]][])
  for (const [chain, list] of factories) {
    parseChainId(chain)
    if (!Array.isArray(list) || list.length === 0 || list.some((factory) => typeof factory !== 'function'))
      throw new CofferError({
        code: 'INVALID_REQUEST',
        message: `The cluster needs at least one source for ${chain}, such as jsonRpc(url).`,
      })
  }
  const made = new Map<ChainId, Source>()
  let closed = false
  return {
    for(chain) {
      if (closed)
        throw new CofferError({
          code: 'NO_SOURCE',
          message: `The sources were closed, that of ${chain} too. Make a new cluster.`,
          details: { chain },
        })
      const known = made.get(chain)
      if (known) return known
      const list = factories.get(chain)
      if (!list) throw noSource(chain, [...factories.keys()])
      const source = combine(
        chain,
        // A quorum tells the cluster's listener; other factories take no second argument.
        list.map((factory: (chain: ChainId, host: ClusterOptions) => Source) => factory(chain, options)),
        options,
      )
      made.set(chain, source)
      return source
    },
    close() {
      closed = true
      for (const source of made.values()) source.close?.()
      made.clear()
    },
  }
}

function combine(chain: ChainId, sources: readonly Source[], { onEvent }: ClusterOptions): Source {
  const [first] = sources
  const wrong = sources.find((source) => source.family !== first?.family || source.chain !== chain)
  if (!first || wrong)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `The sources of ${chain} do not belong together: one is of family ${wrong?.family} for ${wrong?.chain}.`,
    })
  if (first.family === 'evm')
    return clusterEvm(chain, sources as readonly EvmSource[], onEvent ? { onEvent } : {})
  if (first.family === 'utxo')
    return clusterUtxo(chain, sources as readonly UtxoSource[], onEvent ? { onEvent } : {})
  if (first.family === 'tron')
    return clusterTron(chain, sources as readonly TronSource[], onEvent ? { onEvent } : {})
  if (sources.length === 1) return first
  throw new CofferError({
    code: 'UNSUPPORTED',
    message: `The cluster cannot combine several sources of family ${first.family}. Give one for ${chain}.`,
  })
}

function noSource(chain: ChainId, known: readonly ChainId[]): CofferError {
  return new CofferError({
    code: 'NO_SOURCE',
    message: `There is no source for ${chain}. Configured: ${known.join(', ') || 'none'}.`,
    details: { chain, configured: known },
  })
}
