import { type ChainId, CofferError, type EvmSource, isCofferError, type RpcResult } from '@coffer/core'
import { isRateLimit } from './answers.ts'
import { clusterHeads } from './clusterHeads.ts'
import { type Failover, type FailoverOptions, failover } from './failover.ts'
import { isRead } from './methods.ts'
import { rateLimited } from './transportErrors.ts'

/** Several sources of one EVM chain as one. Every request goes to one source as a whole, so that its values belong together. */
export function clusterEvm(
  chain: ChainId,
  sources: readonly EvmSource[],
  options: FailoverOptions = {},
): EvmSource {
  const pool = failover(chain, sources, options)
  return {
    family: 'evm',
    chain,
    request: (calls, read) => request(chain, pool, calls, read),
    ...(sources.some((source) => source.heads) ? { heads: (read) => clusterHeads(pool, read?.signal) } : {}),
    ...(sources.some((source) => source.transfers)
      ? {
          transfers: (query, read) =>
            pool.run((source) => (source.transfers as NonNullable<EvmSource['transfers']>)(query, read), {
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
  pool: Failover<EvmSource>,
  calls: Parameters<EvmSource['request']>[0],
  read: Parameters<EvmSource['request']>[1],
): Promise<readonly RpcResult[]> {
  const isWrite = !calls.every(isRead)
  let limited: readonly RpcResult[] | undefined
  try {
    return await pool.run(
      async (source) => {
        const results = await source.request(calls, read)
        // Some servers ask to slow down call by call. Any other refusal of a call is an answer.
        const name = source.name ?? 'A source'
        if (isWrite) {
          // What was refused so was not carried out. When only some writes were, the answer stands.
          if (calls.every((call, i) => isRead(call) || (results[i] && isRateLimit(results[i]))))
            throw rateLimited(name, { sent: false })
        } else if (results.some(isRateLimit)) {
          limited ??= results
          throw rateLimited(name)
        }
        return results
      },
      { isWrite, signal: read?.signal },
    )
  } catch (error) {
    if (!isCofferError(error, 'SOURCES_FAILED')) throw error
    if (limited) return limited
    const failures = error.details.failures as readonly { readonly code: string }[]
    if (!isWrite || failures.length === 0 || failures.some(({ code }) => code !== 'RATE_LIMITED')) throw error
    throw new CofferError({
      code: 'RATE_LIMITED',
      message: `Every source of ${chain} asks for fewer requests. Nothing was sent. Try again later.`,
      details: error.details,
      retryable: true,
    })
  }
}
