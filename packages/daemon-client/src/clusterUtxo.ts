import {
  type ChainId,
  CofferError,
  isCofferError,
  type ScriptHistory,
  type ScriptQuery,
  type UtxoSource,
} from '@coffer/core'
import { clusterHeads } from './clusterHeads.ts'
import { type FailoverOptions, failover } from './failover.ts'

/**
 * Several sources of one Bitcoin network as one. Every question goes to one source as a whole, so that its answers belong
 * together. A status goes back to the source that gave it, and to no other.
 */
export function clusterUtxo(
  chain: ChainId,
  sources: readonly UtxoSource[],
  options: FailoverOptions = {},
): UtxoSource {
  const pool = failover(chain, sources, options)
  const tags = tagsOf(sources)
  return {
    family: 'utxo',
    chain,
    tip: (read) => pool.run((source) => source.tip(read), { signal: read?.signal }),
    headers: (heights, read) => pool.run((source) => source.headers(heights, read), { signal: read?.signal }),
    history: (queries, read) =>
      pool.run((source) => history(source, tags.get(source) ?? '', queries, read), { signal: read?.signal }),
    transactions: (queries, read) =>
      pool.run((source) => source.transactions(queries, read), { signal: read?.signal }),
    feeRates: (read) => pool.run((source) => source.feeRates(read), { signal: read?.signal }),
    async broadcast(raw, read) {
      try {
        return await pool.run((source) => source.broadcast(raw, read), {
          isWrite: true,
          signal: read?.signal,
        })
      } catch (error) {
        throw busyError(chain, error) ?? error
      }
    },
    ...(sources.some((source) => source.heads) ? { heads: (read) => clusterHeads(pool, read?.signal) } : {}),
    close: () => {
      for (const source of sources) source.close?.()
    },
  }
}

async function history(
  source: UtxoSource,
  tag: string,
  queries: readonly ScriptQuery[],
  read: Parameters<UtxoSource['history']>[1],
): Promise<readonly ScriptHistory[]> {
  const own = queries.map(({ script, status }) =>
    status?.startsWith(tag) ? { script, status: status.slice(tag.length) } : { script },
  )
  const answers = await source.history(own, read)
  return answers.map((answer) => ({ ...answer, status: tag + answer.status }))
}

/** What a source's statuses begin with here: its name, and a number where several have the same. */
function tagsOf(sources: readonly UtxoSource[]): Map<UtxoSource, string> {
  const counts = new Map<string, number>()
  return new Map(
    sources.map((source) => {
      const { name = 'source' } = source
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      return [source, `${name} ${count} `]
    }),
  )
}

/** `RATE_LIMITED` when that is all that was wrong, so that the caller knows to wait. */
function busyError(chain: ChainId, error: unknown): CofferError | undefined {
  if (!isCofferError(error, 'SOURCES_FAILED')) return undefined
  const failures = error.details.failures as readonly { readonly code: string }[]
  if (failures.length === 0 || failures.some(({ code }) => code !== 'RATE_LIMITED')) return undefined
  return new CofferError({
    code: 'RATE_LIMITED',
    message: `Every source of ${chain} asks for fewer requests. Nothing was sent. Try again later.`,
    details: error.details,
    retryable: true,
  })
}
