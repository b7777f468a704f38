import {
  abortError,
  abortWith,
  type ChainId,
  CofferError,
  onAbort,
  type Source,
  throwIfAborted,
} from '@coffer/core'
import { type ClusterEvent, type Failover, failover, isQuiet, type Member, type Reason } from './failover.ts'
import { closedError } from './transportErrors.ts'

export interface PanelOptions {
  readonly agree: number
  readonly maxLag: number
  /** Milliseconds. */
  readonly patience: number
  /** Milliseconds. */
  readonly pollInterval: number
  onEvent(event: ClusterEvent): void
}

/** The sources of a quorum, and who of them can be asked. What is made of their answers is for `ask` and `sendToAll`. */
export interface Panel<S extends Source> extends PanelOptions {
  readonly chain: ChainId
  readonly sources: readonly S[]
  /** Sources that lag, and were told of. */
  readonly lagging: Set<string>
  /** The highest block at which answers were agreed, so that the chain does not seem to go back. */
  floor: number
  closed(): boolean
  /** Throws for a caller who has left, and once the quorum was closed. */
  check(signal: AbortSignal | undefined): void
  /**
   * Sets `work` on every source that can be asked now. Ends with what the work finishes with; what still runs then is
   * listened to for `patience`, and cut off at once when it ends with an error, the caller aborts or the panel is closed.
   */
  gather<R>(signal: AbortSignal | undefined, work: (gathering: Gathering<R>) => Work<S>): Promise<R>
  /** Takes note of an answer. */
  succeeded(member: Member<S>): void
  /** What to throw when fewer than `agree` answered. */
  shortfall(answered: number, reasons: readonly Reason[], unsent?: boolean): CofferError
  close(): void
}

export interface Gathering<R> {
  readonly signal: AbortSignal
  /** Those that failed so far. */
  readonly reasons: readonly Reason[]
  /** Those that asked to be left in peace, and were not asked. */
  readonly resting: readonly Reason[]
  /** How many have not ended yet. */
  open(): number
  isOver(): boolean
  finish(result: R): void
  fail(error: unknown): void
}

export interface Work<S extends Source> {
  /** Asks one source. What it throws is noted as the source's failure. */
  walk(member: Member<S>): Promise<void>
  /** Called whenever one has ended, whichever way. */
  review(member?: Member<S>): void
}

export function openPanel<S extends Source>(
  chain: ChainId,
  sources: readonly S[],
  options: PanelOptions,
): Panel<S> {
  const pool = failover(chain, sources, options)
  const live = new Set<AbortController>()
  let closed = false

  function check(signal: AbortSignal | undefined): void {
    throwIfAborted(signal)
    if (closed) throw closedError(`the quorum of ${chain}`)
  }

  function gather<R>(
    signal: AbortSignal | undefined,
    work: (gathering: Gathering<R>) => Work<S>,
  ): Promise<R> {
    check(signal)
    const controller = new AbortController()
    live.add(controller)
    const reasons: Reason[] = []
    const resting: Reason[] = []
    const asked: Member<S>[] = []
    for (const member of pool.order())
      if (isQuiet(member)) resting.push({ name: member.name, error: member.error })
      else asked.push(member)
    let open = asked.length
    let over = false
    let timer: ReturnType<typeof setTimeout> | undefined

    return new Promise<R>((resolve, reject) => {
      const forget = signal && onAbort(signal, () => abortWith(controller, abortError(signal)))
      const unhook = onAbort(controller.signal, () => gathering.fail(abortError(controller.signal)))
      const end = (): void => {
        clearTimeout(timer)
        forget?.()
        unhook()
        live.delete(controller)
      }
      const gathering: Gathering<R> = {
        signal: controller.signal,
        reasons,
        resting,
        open: () => open,
        isOver: () => over,
        finish(result) {
          if (over) return
          over = true
          resolve(result)
          if (open > 0)
            timer = setTimeout(() => {
              end()
              abortWith(controller, undefined)
            }, options.patience)
        },
        fail(error) {
          if (over) return
          over = true
          reject(error)
          end()
          abortWith(controller, undefined)
        },
      }
      const { walk, review } = work(gathering)
      for (const member of asked)
        walk(member)
          .catch((error: unknown) => {
            // What we cut off ourselves says nothing of the source.
            if (controller.signal.aborted) return
            const isFirst = member.failures === 0
            if (!pool.failed(member, error)) return gathering.fail(error)
            reasons.push({ name: member.name, error })
            if (isFirst && !member.dropped)
              options.onEvent({ type: 'failed', chain, source: member.name, code: error.code })
          })
          .then(() => {
            open--
            review(member)
            if (open === 0) end()
          })
          .catch((error: unknown) => gathering.fail(error))
      if (asked.length === 0) {
        review()
        end()
      }
    })
  }

  return {
    ...options,
    chain,
    sources,
    lagging: new Set(),
    floor: 0,
    closed: () => closed,
    check,
    gather,
    succeeded: pool.succeeded,
    shortfall: (answered, reasons, unsent) =>
      shortfall(pool, { answered, reasons, unsent }, chain, options.agree),
    close() {
      closed = true
      for (const controller of live) abortWith(controller, closedError(`the quorum of ${chain}`))
      for (const source of sources) source.close?.()
    },
  }
}

function shortfall<S extends Source>(
  pool: Failover<S>,
  {
    answered,
    reasons,
    unsent,
  }: { answered: number; reasons: readonly Reason[]; unsent?: boolean | undefined },
  chain: ChainId,
  agree: number,
): CofferError {
  const all = pool.allFailed(reasons, unsent)
  const failures = all.details.failures as readonly { source: string; code: CofferError['code'] }[]
  const [first] = failures
  // One reason for all is told as such, so that who can do something about it (shorter questions, waiting) does.
  const isOne = first && failures.every(({ code }) => code === first.code)
  const isDead = first?.code !== 'CHAIN_MISMATCH' || failures.length === pool.sources.length
  const code = isOne && isDead ? first.code : 'SOURCES_FAILED'
  const list = failures.map(({ source, code }) => `${source} (${code})`).join(', ')
  return new CofferError({
    code,
    message: `${answered} of ${pool.sources.length} sources of ${chain} answered, and ${agree} must agree${list === '' ? '' : `; not ${list}`}. Try again later, or add sources.`,
    details: { ...all.details, answered, agree },
    retryable: code !== 'CHAIN_MISMATCH',
  })
}
