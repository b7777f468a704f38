import { type Head, type Source, sleep } from '@coffer/core'
import { type Failover, isQuiet, type Reason } from './failover.ts'

/** The heads of one source; of the next when it fails. */
export async function* clusterHeads<S extends Source>(
  pool: Failover<S>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Head> {
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
