import {
  type ChainId,
  CofferError,
  isCofferError,
  type ReadOptions,
  type TronCall,
  type TronResult,
  type TronSource,
} from '@coffer/core'
import { clusterHeads } from './clusterHeads.ts'
import { type Failover, type FailoverOptions, failover } from './failover.ts'
import { networkError, rateLimited } from './transportErrors.ts'
import { isTronWrite } from './tronCalls.ts'

/** Several sources of one Tron network as one. Every request goes to one source as a whole, so that its answers belong together. */
export function clusterTron(
  chain: ChainId,
  sources: readonly TronSource[],
  options: FailoverOptions = {},
): TronSource {
  const pool = failover(chain, sources, options)
  return {
    family: 'tron',
    chain,
    request: (calls, read) => request(chain, pool, calls, read),
    ...(sources.some((source) => source.heads) ? { heads: (read) => clusterHeads(pool, read?.signal) } : {}),
    ...(sources.some((source) => source.transfers)
      ? {
          transfers: (query, read) =>
            pool.run((source) => (source.transfers as NonNullable<TronSource['transfers']>)(query, read), {
              can: (source) => source.transfers !== undefined,
              signal: read?.signal,
            }),
        }
      : {}),
    close: () => {
      for (const source of sources) source.close?.()
    },
  }
}

async function request(
  chain: ChainId,
  pool: Failover<TronSource>,
  calls: readonly TronCall[],
  read: ReadOptions | undefined,
): Promise<readonly TronResult[]> {
  const isWrite = calls.some(isTronWrite)
  try {
    return await pool.run(
      async (source) => {
        const results = await source.request(calls, read)
        // When only some broadcasts were turned away unread, the answer stands.
        const unread = results.filter((_, i) => calls[i] && isTronWrite(calls[i])).map(turnedAway)
        const [first] = unread
        if (first === undefined || unread.includes(undefined)) return results
        const name = source.name ?? 'A source'
        if (first === 'SERVER_BUSY') throw rateLimited(name, { sent: false })
        throw networkError(name, `takes no transactions now (${first}). Try again later.`, {
          sent: false,
          reason: first,
        })
      },
      { isWrite, signal: read?.signal },
    )
  } catch (error) {
    if (!isWrite || !isCofferError(error, 'SOURCES_FAILED')) throw error
    const failures = error.details.failures as readonly { readonly code: string }[]
    if (failures.length === 0 || failures.some(({ code }) => code !== 'RATE_LIMITED')) throw error
    throw new CofferError({
      code: 'RATE_LIMITED',
      message: `Every source of ${chain} asks for fewer requests. Nothing was sent. Try again later.`,
      details: error.details,
      retryable: true,
    })
  }
}

/** The codes with which java-tron answers a broadcast before it looks at the transaction. */
const UNREAD = ['SERVER_BUSY', 'NO_CONNECTION', 'BLOCK_UNSOLIDIFIED']

function turnedAway(result: TronResult): string | undefined {
  if (!result.ok) return undefined
  const { result: taken, code } = (result.value ?? {}) as { result?: unknown; code?: unknown }
  return taken !== true && typeof code === 'string' && UNREAD.includes(code) ? code : undefined
}
