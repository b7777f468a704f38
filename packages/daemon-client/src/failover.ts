import { type ChainId, CofferError, isCofferError, type Source, throwIfAborted } from '@coffer/core'

/** What happens inside a cluster, for logs and meters. */
export type ClusterEvent =
  /** A source failed and the next one is asked. */
  | {
      readonly type: 'failover'
      readonly chain: ChainId
      readonly from: string
      readonly to: string
      readonly code: string
    }
  /** A source serves another chain and is never asked again. */
  | { readonly type: 'dropped'; readonly chain: ChainId; readonly source: string; readonly code: string }
  /** A source that had failed answers again. */
  | { readonly type: 'recovered'; readonly chain: ChainId; readonly source: string }
  /** A source of a quorum failed; the others are asked anyway. Told once, until it has recovered. */
  | { readonly type: 'failed'; readonly chain: ChainId; readonly source: string; readonly code: string }
  /** A source of a quorum is more blocks behind than it may be, and is left out. Told once, until it has caught up. */
  | {
      readonly type: 'lagging'
      readonly chain: ChainId
      readonly source: string
      readonly height: number
      /** The block at which the others are. */
      readonly common: number
    }
  /** A source of a quorum says something else than is believed. Texts are shortened. */
  | {
      readonly type: 'dissent'
      readonly chain: ChainId
      readonly source: string
      readonly question: string
      readonly said: string
      readonly agreed: string
    }

export interface FailoverOptions {
  onEvent?(event: ClusterEvent): void
}

export interface Attempt<S extends Source> {
  /** Leaves out sources that cannot do it. */
  readonly can?: (source: S) => boolean
  /** A write: asked of another source only when it is known not to have been carried out. */
  readonly isWrite?: boolean
  readonly signal?: AbortSignal | undefined
}

export interface Failover<S extends Source> {
  readonly sources: readonly S[]
  /**
   * Runs `task` on the sources, one after another, until one succeeds. Errors that say nothing of the source are thrown
   * as they are; when all sources fail, `SOURCES_FAILED` names each with its reason.
   */
  run<T>(task: (source: S) => Promise<T>, attempt?: Attempt<S>): Promise<T>
  /** The sources in the order in which to ask them now, for work of longer breath than one call. */
  order(can?: (source: S) => boolean): readonly Member<S>[]
  succeeded(member: Member<S>): void
  /** Takes note of the failure; false when the error says nothing of the source. */
  failed(member: Member<S>, error: unknown): error is CofferError
  /** @param unsent true when it is known that none carried the request out. */
  allFailed(reasons: readonly Reason[], unsent?: boolean): CofferError
  movedOn(from: Reason, to: Member<S>): void
}

export interface Member<S extends Source> {
  readonly source: S
  readonly name: string
  failures: number
  /** Rests until then: asked only after all others. Milliseconds of `performance.now()`. */
  restUntil: number
  /** Asked for peace until then: not asked at all. */
  quietUntil: number
  error?: CofferError
  dropped: boolean
}

export interface Reason {
  readonly name: string
  readonly error: CofferError
}

const REST_MS = 1_000
const LONGEST_REST_MS = 60_000
/** A server that asks for a longer peace gets this one. */
const LONGEST_QUIET_MS = 300_000
const OF_THE_SOURCE = [
  'NETWORK',
  'TIMEOUT',
  'RATE_LIMITED',
  'BAD_RESPONSE',
  'CHAIN_MISMATCH',
  'SOURCES_FAILED',
] as const

/**
 * Plain failover for one chain, whatever its family. The source that answered last is asked first, then the others as
 * configured, then those that rest after a failure (twice as long each time, with full jitter). One that asked for peace
 * (`retryAfter`) is left in peace, and one that serves another chain is dropped for good.
 */
export function failover<S extends Source>(
  chain: ChainId,
  sources: readonly S[],
  options: FailoverOptions = {},
): Failover<S> {
  const names = sources.map((source, i) => source.name ?? `source ${i + 1}`)
  const members = sources.map(
    (source, i): Member<S> => ({
      source,
      // Two of one origin, with different keys in their paths, must not look alike.
      name: names.indexOf(names[i] ?? '') === i ? (names[i] ?? '') : `${names[i]} (${i + 1})`,
      failures: 0,
      restUntil: 0,
      quietUntil: 0,
      dropped: false,
    }),
  )
  let current = members[0]

  async function run<T>(task: (source: S) => Promise<T>, attempt: Attempt<S> = {}): Promise<T> {
    const reasons: Reason[] = []
    let previous: Reason | undefined
    for (const member of order(attempt.can)) {
      throwIfAborted(attempt.signal)
      if (isQuiet(member)) {
        reasons.push({ name: member.name, error: member.error })
        continue
      }
      if (previous) movedOn(previous, member)
      try {
        const value = await task(member.source)
        succeeded(member)
        return value
      } catch (error) {
        if (!failed(member, error)) throw error
        if (attempt.isWrite && error.details.sent !== false) throw error
        previous = { name: member.name, error }
        reasons.push(previous)
      }
    }
    // A write that may have been sent ended above; one that rests was not asked, whatever it said before.
    throw allFailed(reasons, attempt.isWrite)
  }

  function order(can: (source: S) => boolean = () => true): readonly Member<S>[] {
    const now = performance.now()
    const able = members.filter((member) => !member.dropped && can(member.source))
    const rank = (member: Member<S>): number => {
      if (member.restUntil > now) return member.restUntil
      return member === current ? -1 : 0
    }
    return able.sort((a, b) => rank(a) - rank(b))
  }

  function succeeded(member: Member<S>): void {
    if (member.failures > 0) emit({ type: 'recovered', chain, source: member.name })
    member.failures = 0
    member.restUntil = 0
    member.quietUntil = 0
    current = member
  }

  function failed(member: Member<S>, error: unknown): error is CofferError {
    if (!isCofferError(error, ...OF_THE_SOURCE)) return false
    member.error = error
    if (error.code === 'CHAIN_MISMATCH') {
      if (member.dropped) return true
      member.dropped = true
      emit({ type: 'dropped', chain, source: member.name, code: error.code })
      member.source.close?.()
      return true
    }
    const now = performance.now()
    const rest = Math.min(LONGEST_REST_MS, REST_MS * 2 ** Math.min(member.failures, 20))
    member.failures++
    member.restUntil = now + Math.random() * rest
    const { retryAfter } = error.details
    if (error.code === 'RATE_LIMITED' && typeof retryAfter === 'number') {
      member.quietUntil = now + Math.min(retryAfter * 1_000, LONGEST_QUIET_MS)
      member.restUntil = Math.max(member.restUntil, member.quietUntil)
    }
    return true
  }

  function allFailed(reasons: readonly Reason[], unsent = false): CofferError {
    const dropped = members.filter(
      (member) => member.dropped && reasons.every(({ name }) => name !== member.name),
    )
    const all = [...reasons, ...dropped.flatMap(({ name, error }) => (error ? [{ name, error }] : []))]
    const list = all.map(({ name, error }) => `${name} (${error.code})`).join(', ')
    return new CofferError({
      code: 'SOURCES_FAILED',
      message: `No source of ${chain} answered: ${list || 'there is none left'}. Try again later.`,
      details: {
        chain,
        failures: all.map(({ name, error }) => {
          const { code, message, retryable, details } = error
          const wait = typeof details.retryAfter === 'number' ? { retryAfter: details.retryAfter } : {}
          return { source: name, code, message, retryable, ...wait }
        }),
        ...(unsent || all.every(({ error }) => error.details.sent === false) ? { sent: false } : {}),
      },
      retryable: all.some(({ error }) => error.retryable),
    })
  }

  function movedOn(from: Reason, to: Member<S>): void {
    emit({ type: 'failover', chain, from: from.name, to: to.name, code: from.error.code })
  }

  function emit(event: ClusterEvent): void {
    try {
      options.onEvent?.(event)
    } catch {
      // A listener's fault is not the wallet's.
    }
  }

  return { sources, run, order, succeeded, failed, allFailed, movedOn }
}

/** Within the time for which the source asked to be left alone. */
export function isQuiet<S extends Source>(
  member: Member<S>,
): member is Member<S> & { readonly error: CofferError } {
  return member.error !== undefined && member.quietUntil > performance.now()
}
