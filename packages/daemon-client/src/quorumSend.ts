import { type CofferError, isCofferError, type Source } from '@coffer/core'
import type { Panel } from './quorumPanel.ts'
import { asWriteError } from './transportErrors.ts'

/** What one source said to signed bytes. */
export interface Reply<T> {
  /** `unclear`: it took something, and names something else than was sent. */
  readonly kind: 'accepted' | 'refused' | 'unclear'
  readonly answer: T
  /** Why it refused. */
  readonly said?: string
}

/**
 * Sends the same signed bytes to every source; that is safe, since they cannot be carried out twice. The first source that
 * takes them decides. When none does: what is unclear comes before a refusal, since the bytes may be on their way;
 * a refusal is that of most; and when none of them was reached, the error says so with `sent: false`.
 */
export function sendToAll<S extends Source, T>(
  panel: Panel<S>,
  send: (source: S, name: string, signal: AbortSignal) => Promise<Reply<T>>,
  signal: AbortSignal | undefined,
): Promise<T> {
  panel.check(signal)
  return panel.gather<T>(signal, (gathering) => {
    const replies: Reply<T>[] = []
    return {
      async walk(member) {
        const reply = await send(member.source, member.name, gathering.signal)
        panel.succeeded(member)
        replies.push(reply)
        if (reply.kind === 'accepted') gathering.finish(reply.answer)
      },
      review() {
        if (gathering.open() > 0 || gathering.isOver()) return
        const unclear = replies.find(({ kind }) => kind === 'unclear')
        if (unclear) return gathering.finish(unclear.answer)
        const lost = gathering.reasons.find(({ error }) => mayBeSent(error))
        if (lost) return gathering.fail(lost.error)
        const refusal = mostly(replies)
        if (refusal) gathering.finish(refusal.answer)
        else gathering.fail(panel.shortfall(0, [...gathering.resting, ...gathering.reasons], true))
      },
    }
  })
}

function mayBeSent(error: CofferError): boolean {
  return error.details.sent !== false && !isCofferError(error, 'CHAIN_MISMATCH')
}

/** The refusal that most gave, the first of them. */
function mostly<T>(replies: readonly Reply<T>[]): Reply<T> | undefined {
  const times = replies.map(({ said }) => replies.filter((other) => other.said === said).length)
  return replies[times.indexOf(Math.max(...times))]
}

/** `read`: compared. `send`: signed bytes, for all. `other`: for one source, since nobody knows what it does. */
export type Kind = 'read' | 'send' | 'other'

/** Calls of one kind in a row go together; the rows go one after another, so that a read sees what was sent before it. */
export async function inRows<C, R>(
  calls: readonly C[],
  kindOf: (call: C) => Kind,
  run: (kind: Kind, row: readonly C[]) => Promise<readonly R[]>,
): Promise<readonly R[]> {
  const rows: { readonly kind: Kind; readonly row: C[] }[] = []
  for (const call of calls) {
    const kind = kindOf(call)
    const last = rows.at(-1)
    if (last?.kind === kind && kind !== 'send') last.row.push(call)
    else rows.push({ kind, row: [call] })
  }
  const results: R[] = []
  let wrote = false
  for (const { kind, row } of rows) {
    try {
      results.push(...(await run(kind, row)))
    } catch (error) {
      if (wrote) throw asWriteError(error, 'after-first')
      throw kind === 'read' ? asWriteError(error, 'before-first') : error
    }
    wrote ||= kind !== 'read'
  }
  return results
}
