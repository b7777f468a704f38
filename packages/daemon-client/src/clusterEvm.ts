import {
  type ChainId,
  CofferError,
  type EvmSource,
  type Head,
  isCofferError,
  type RpcResult,
  sleep,
} from '@coffer/core'
import { isRateLimit } from './answers.ts'
import { type Failover, type FailoverOptions, failover, isQuiet, type Reason } from './failover.ts'
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
    ...(sources.some((source) => source.heads) ? { heads: (read) => heads(pool, read?.signal) } : {}),
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

/** The heads of one source; of the next when it fails. */
async function* heads(pool: Failover<EvmSource>, signal: AbortSignal | undefined): AsyncGenerator<Head> {
  let last: string | undefined
  for (;;) {
    const reasons: Reason[] = []
    let yielded = false
    for (const member of pool.order((source) => source.heads !== undefined)) {
      if (isQuiet(member)) {
        reasons.push({ name: member.name, error: member.error })
        continue
      }
      const previous = reasons.at(-1)
      if (previous) pool.movedOn(previous, member)
      try {
        for await (const head of member.source.heads?.({ signal }) ?? []) {
          if (!yielded) pool.succeeded(member)
          yielded = true
          if (head.hash === last) continue
          last = head.hash
          yield head
        }
        return
      } catch (error) {
        if (signal?.aborted) return
        if (!pool.failed(member, error)) throw error
        reasons.push({ name: member.name, error })
      }
      if (yielded) break
    }
    if (!yielded) throw pool.allFailed(reasons)
    // Not in a circle at full speed when each of them fails after its first head.
    await sleep(Math.random() * 1_000, signal).catch(() => {})
    if (signal?.aborted) return
  }
}
