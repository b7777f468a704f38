import {
  type ChainId,
  CofferError,
  type EvmSource,
  type Source,
  type SourceFactory,
  type TronSource,
  type UtxoSource,
} from '@coffer/core'
import type { ClusterEvent } from './failover.ts'
import { quorumEvm } from './quorumEvm.ts'
import { openPanel } from './quorumPanel.ts'
import { quorumTron } from './quorumTron.ts'
import { quorumUtxo } from './quorumUtxo.ts'

export interface QuorumOptions {
  /** How many sources must say the same; more than half of them, which is the default. */
  readonly agree?: number | undefined
  /** How many blocks a source may be behind or ahead of the others before it is left out; 3 when not given. */
  readonly maxLag?: number | undefined
  /**
   * How long sources that have not answered are still listened to once enough have, in milliseconds, so that a lie that
   * comes late is told of, too; 3,000 when not given.
   */
  readonly patience?: number | undefined
  /** How often `heads` asks, in milliseconds; 4,000 when not given. */
  readonly pollInterval?: number | undefined
  /** Hears of sources that dissent, lag, fail or recover; so does that of the cluster. What it throws is ignored. */
  readonly onEvent?: ((event: ClusterEvent) => void) | undefined
}

/**
 * Several sources of one chain, of which as many as `agree` says must say the same: one that inflates a balance, hides a
 * coin, lags or answers of another chain is outvoted, and told of through `onEvent`. All are asked at once, and nobody waits
 * for the slowest.
 *
 * What an honest node may see differently is settled method by method: see the tables in the README. Signed
 * transactions go to all sources; whoever takes one first decides. Account history of an indexer (`transfers`) is not
 * compared: the first source that has it is believed.
 *
 * The source throws `NODES_DISAGREE` when enough answered and not enough said the same; `SOURCES_FAILED` when fewer than
 * `agree` answered, or what they failed with where that is one thing. Throws `INVALID_REQUEST` for options without sense.
 *
 * @example
 * cluster({ 'eip155:1': [quorum([jsonRpc(a), jsonRpc(b), jsonRpc(c)], { agree: 2 })] }, { onEvent: console.log })
 */
export function quorum<S extends Source>(
  factories: readonly SourceFactory<S>[],
  options: QuorumOptions = {},
): SourceFactory<S> {
  const size = Array.isArray(factories) ? factories.length : 0
  const { maxLag = 3, patience = 3_000, pollInterval = 4_000, onEvent } = options
  const { agree = (size >> 1) + 1 } = options
  if (size === 0 || factories.some((factory) => typeof factory !== 'function'))
    throw wrong('A quorum needs sources, such as jsonRpc(url); best three or more.')
  // Of two halves each could have enough, and the faster one would be believed.
  if (!Number.isSafeInteger(agree) || agree * 2 <= size || agree > size)
    throw wrong(`Of ${size} sources more than half must agree, and no more than there are; not ${agree}.`)
  for (const [name, value] of Object.entries({ maxLag, patience, pollInterval }))
    if (!Number.isSafeInteger(value) || value < (name === 'pollInterval' ? 1 : 0))
      throw wrong(`The option ${name} must be a whole number, from zero on.`)

  return (chain: ChainId, host?: { readonly onEvent?: ((event: ClusterEvent) => void) | undefined }) => {
    const sources = factories.map((factory) => factory(chain))
    const [first] = sources
    if (!first || sources.some((source) => source.family !== first.family || source.chain !== chain))
      throw wrong(`The sources of the quorum for ${chain} do not belong together.`)
    const listeners = [onEvent, host?.onEvent].filter((listener) => listener !== undefined)
    const panel = {
      agree,
      maxLag,
      patience,
      pollInterval,
      onEvent: (event: ClusterEvent) => {
        for (const listener of new Set(listeners)) tell(listener, event)
      },
    }
    if (first.family === 'evm')
      return quorumEvm(
        openPanel(chain, sources as readonly Source[] as readonly EvmSource[], panel),
      ) as Source as S
    if (first.family === 'utxo')
      return quorumUtxo(
        openPanel(chain, sources as readonly Source[] as readonly UtxoSource[], panel),
      ) as Source as S
    if (first.family === 'tron')
      return quorumTron(
        openPanel(chain, sources as readonly Source[] as readonly TronSource[], panel),
      ) as Source as S
    throw new CofferError({
      code: 'UNSUPPORTED',
      message: `A quorum cannot compare sources of family ${first.family}. Give one for ${chain}.`,
    })
  }
}

function tell(listener: (event: ClusterEvent) => void, event: ClusterEvent): void {
  try {
    listener(event)
  } catch {
    // A listener's fault is not the wallet's.
  }
}

function wrong(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
