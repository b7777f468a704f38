import type { ScriptEntry, ScriptHistory, ScriptQuery } from '@coffer/core'
import type { Rule } from './ballot.ts'
import { digest, readTx } from './bitcoinBytes.ts'
import type { Verdict } from './quorumAsk.ts'
import { badResponse } from './transportErrors.ts'

/*
 * Histories of scripts, as several sources tell them. What is in blocks must be the same rows at the same heights. What
 * waits is believed when enough sources know of it, since anybody can invent a transaction that waits.
 */

/** What one source says of one script, up to the common block. */
export interface Row {
  /** The mined rows, in one order. */
  readonly mined: string
  /** Ids, sorted. */
  readonly waiting: readonly string[]
  /** Mined first; absent when nothing changed since the status that it was given. */
  readonly entries?: readonly ScriptEntry[]
  readonly fromHeight?: number | undefined
  /** The source's own status, where it stands for just this. */
  readonly status?: string | undefined
}

/** What was told last of a script, so that sources can say that nothing changed. */
interface Known {
  readonly status: string
  readonly mined: string
  readonly waiting: readonly string[]
  readonly top: number
  readonly by: ReadonlyMap<string, string>
}

/** Scripts of which this is kept. */
const MOST_KNOWN = 50_000

interface HistoryPoll {
  readonly questions: readonly { readonly what: string; readonly rule: Rule<Row> }[]
  readonly read: {
    queriesFor(name: string, common: number): readonly ScriptQuery[]
    row(i: number, answer: ScriptHistory, asked: ScriptQuery, name: string, common: number): Row
  }
  settle(verdict: Verdict<Row>): readonly ScriptHistory[]
}

export function openHistories(): {
  open(queries: readonly ScriptQuery[]): HistoryPoll
} {
  const kept = new Map<string, Known>()
  return {
    open(queries) {
      // As it stands now: another call may change it meanwhile.
      const known = queries.map(({ script, status }) => {
        const last = kept.get(script)
        return last && last.status === status ? last : undefined
      })
      return {
        questions: queries.map(({ script }) => ({ what: `the history of the script ${script}`, rule: ROWS })),
        read: {
          queriesFor: (name, common) =>
            queries.map(({ script }, i) => {
              const last = known[i]
              const status = last && last.top <= common ? last.by.get(name) : undefined
              return status === undefined ? { script } : { script, status }
            }),
          row(i, answer, asked, name, common) {
            const last = known[i]
            if (answer.entries) return rowOf(answer, answer.entries, common)
            if (!last || asked.status === undefined || answer.status !== asked.status)
              throw badResponse(name, 'left out the rows of a script.')
            return { mined: last.mined, waiting: last.waiting, status: answer.status }
          },
        },
        settle: ({ agreed, votes }) =>
          agreed.map(({ value }, i) => {
            const { script, status: before } = queries[i]!
            const status = digest(`${value.mined} ${value.waiting.join(' ')}`)
            const same = votes.flatMap(({ by, answer }) => {
              const row = answer.answers[i]!
              return row.status !== undefined && isSame(row, value) ? [[by, row.status] as const] : []
            })
            kept.delete(script)
            const { mined, waiting } = value
            kept.set(script, { status, mined, waiting, top: topOf(mined), by: new Map(same) })
            if (kept.size > MOST_KNOWN) kept.delete(kept.keys().next().value!)
            if (status === before || !value.entries) return { status }
            const { fromHeight, entries } = value
            return { status, entries, ...(fromHeight === undefined ? {} : { fromHeight }) }
          }),
      }
    },
  }
}

function rowOf({ status, fromHeight }: ScriptHistory, all: readonly ScriptEntry[], common: number): Row {
  const entries = all.map((entry) => (entry.height > common ? { ...entry, height: 0 } : entry))
  const mined = entries.filter(({ height }) => height > 0)
  const rows = mined.map(({ txid, height }) => `${height}:${txid}`).sort()
  const waiting = entries.filter(({ height }) => height === 0).map(({ txid }) => txid)
  const isWhole = all.every(({ height }) => height <= common)
  return {
    mined: [fromHeight ?? 0, ...rows].join(' '),
    waiting: waiting.sort(),
    entries,
    fromHeight,
    ...(isWhole ? { status } : {}),
  }
}

const ROWS: Rule<Row> = {
  key: ({ mined }) => mined,
  show: ({ mined }) => {
    const rows = mined.split(' ').slice(1)
    return rows.length === 0 ? 'nothing in blocks' : `${rows.length} in blocks: ${rows.map(shown).join(', ')}`
  },
  merge(same, agree, all) {
    const [first] = same
    if (!first) return undefined
    const waiting = [...new Set(same.flatMap((row) => row.waiting))]
      .filter((txid) => same.filter((row) => row.waiting.includes(txid)).length >= agree)
      .sort()
    const told = same.find(({ entries }) => entries)
    if (!told?.entries) return { mined: first.mined, waiting }
    const raws = rawsIn(all)
    const bare = [
      ...told.entries.filter(({ height }) => height > 0),
      ...waiting.map((txid) => ({ txid, height: 0 })),
    ]
    const entries = bare.map(({ txid, height }) => {
      const raw = raws(txid)
      return raw === undefined ? { txid, height } : { txid, height, raw }
    })
    return { mined: first.mined, waiting, entries, fromHeight: told.fromHeight }
  },
}

/** Bytes that any source brought along, once they prove to be those of the id. */
function rawsIn(rows: readonly Row[]): (txid: string) => string | undefined {
  const found = new Map<string, string[]>()
  for (const { entries = [] } of rows)
    for (const { txid, raw } of entries)
      if (raw !== undefined && !found.get(txid)?.includes(raw))
        found.set(txid, [...(found.get(txid) ?? []), raw])
  return (txid) => found.get(txid)?.find((raw) => readTx(raw)?.txid === txid)
}

function isSame(row: Row, value: Row): boolean {
  return row.mined === value.mined && row.waiting.join() === value.waiting.join()
}

/** The height of the newest mined row. */
function topOf(mined: string): number {
  return mined
    .split(' ')
    .slice(1)
    .reduce((top, row) => Math.max(top, Number(row.slice(0, row.indexOf(':')))), 0)
}

function shown(row: string): string {
  const [height, txid = ''] = row.split(':')
  return `${txid.slice(0, 16)} at ${height}`
}
