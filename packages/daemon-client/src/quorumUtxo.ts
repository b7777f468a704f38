import {
  type CofferError,
  type FeeEstimate,
  type Head,
  isCofferError,
  type ReadOptions,
  type TxQuery,
  type TxRecord,
  type UtxoSource,
} from '@coffer/core'
import { type Bound, isNear, middle, type Rule } from './ballot.ts'
import { HEADER, headerHash, readTx } from './bitcoinBytes.ts'
import { pollHeads } from './heads.ts'
import { type Asked, ask, type Pins, type Verdict } from './quorumAsk.ts'
import { openHistories } from './quorumHistory.ts'
import type { Panel } from './quorumPanel.ts'
import { type Reply, sendToAll } from './quorumSend.ts'
import { badResponse } from './transportErrors.ts'

/**
 * Several sources of one Bitcoin network, of which enough must say the same about everything up to the newest block that
 * enough have; what is mined above it waits still. Bytes prove themselves by their ids, so one source is enough for them.
 */
export function quorumUtxo(panel: Panel<UtxoSource>): UtxoSource {
  const histories = openHistories()
  const tip = async ({ signal }: ReadOptions = {}): Promise<Head> => {
    const { pins, block } = await askAt(panel, [], async () => [], signal)
    return { height: pins.latest, hash: block }
  }
  return {
    family: 'utxo',
    chain: panel.chain,
    name: 'quorum',
    tip,
    async headers(heights, { signal } = {}) {
      panel.check(signal)
      if (heights.length === 0) return []
      const questions = heights.map((height) => ({ what: `the header of block ${height}`, rule: HEADERS }))
      const { agreed } = await askAt(
        panel,
        questions,
        async ({ source, name }, pins, signal) => {
          const found = sized(await source.headers(heights, { signal }), heights, name)
          return found.map((header, i) => (heights[i]! > pins.latest ? undefined : header))
        },
        signal,
      )
      return agreed.map(({ value }) => value ?? undefined)
    },
    async history(queries, { signal } = {}) {
      panel.check(signal)
      if (queries.length === 0) return []
      const { questions, read, settle } = histories.open(queries)
      const verdict = await askAt(
        panel,
        questions,
        async ({ source, name }, pins, signal) => {
          const own = read.queriesFor(name, pins.latest)
          const found = sized(await source.history(own, { signal }), own, name)
          return found.map((answer, i) => read.row(i, answer, own[i]!, name, pins.latest))
        },
        signal,
      )
      return settle(verdict)
    },
    async transactions(queries, { signal } = {}) {
      panel.check(signal)
      if (queries.length === 0) return []
      const questions = queries.map(({ txid }) => ({ what: `the transaction ${txid}`, rule: RECORDS }))
      const { agreed } = await askAt(
        panel,
        questions,
        async ({ source, name }, pins, signal) => {
          const found = sized(await source.transactions(queries, { signal }), queries, name)
          return found.map((record, i) => proven(record, queries[i]!, name, pins.latest))
        },
        signal,
      )
      return agreed.map(({ value }) => value ?? undefined)
    },
    async feeRates({ signal } = {}) {
      panel.check(signal)
      const { agreed } = await ask<UtxoSource, readonly FeeEstimate[]>(
        panel,
        {
          questions: [{ what: 'the fee rates', rule: RATES }],
          ask: async ({ source }, _, signal) => ({ answers: [await source.feeRates({ signal })], block: '' }),
        },
        signal,
      )
      return agreed[0]!.value
    },
    broadcast: (raw, { signal } = {}) => broadcast(panel, raw, signal),
    heads: (read) =>
      pollHeads(
        { pollInterval: panel.pollInterval, closed: panel.closed, read: (signal) => tip({ signal }) },
        read,
      ),
    close: panel.close,
  }
}

/** Asks at the newest block that enough have, whose hash is compared along with the answers. */
function askAt<A>(
  panel: Panel<UtxoSource>,
  questions: readonly { readonly what: string; readonly rule: Rule<A> }[],
  answersOf: (one: Asked<UtxoSource>, pins: Pins, signal: AbortSignal) => Promise<readonly A[]>,
  signal: AbortSignal | undefined,
): Promise<Verdict<A>> {
  return ask<UtxoSource, A>(
    panel,
    {
      questions,
      heads: async (source, signal) => ({ latest: await source.tip({ signal }) }),
      async ask(one, pins, signal) {
        const [block, answers] = await Promise.all([
          blockOf(one, pins.latest, signal),
          answersOf(one, pins, signal),
        ])
        return { block, answers }
      },
    },
    signal,
  )
}

async function blockOf(
  { source, name, heads }: Asked<UtxoSource>,
  height: number,
  signal: AbortSignal,
): Promise<string> {
  if (heads.latest.height === height) return heads.latest.hash
  const [header] = await source.headers([height], { signal })
  if (header === undefined || !HEADER.test(header))
    throw badResponse(name, `has no header of block ${height}.`)
  return headerHash(header)
}

function sized<T>(answers: readonly T[], questions: readonly unknown[], name: string): readonly T[] {
  if (answers.length !== questions.length)
    throw badResponse(name, 'answered fewer questions than were asked.')
  return answers
}

// ---- rules; null stands for what a source does not have, since undefined is no vote ----

const HEADERS: Rule<string | undefined | null> = {
  key: (header) => header ?? 'none',
  merge: ([first]) => first ?? null,
}

/** The height is compared; the bytes were proven, and so one source is enough that a transaction is there at all. */
const RECORDS: Rule<TxRecord | undefined | null> = {
  key: (record) => (record && record.height > 0 ? `in block ${record.height}` : 'in no block'),
  merge: (same, _agree, all) => {
    const height = same[0]?.height ?? 0
    const record = [...same, ...all].find((one) => one)
    return record ? { raw: record.raw, height } : null
  },
}

function proven(
  record: TxRecord | undefined,
  { txid }: TxQuery,
  name: string,
  common: number,
): TxRecord | undefined {
  if (!record) return undefined
  if (readTx(record.raw)?.txid !== txid)
    throw badResponse(name, `sent bytes that are not those of the transaction ${txid}.`)
  return record.height > common ? { raw: record.raw, height: 0 } : record
}

/** Estimators differ by much more than nodes do. */
const NEAR: Bound = { percent: 300n, slack: 1_000n }
const MOST_TARGETS = 100

const RATES: Rule<readonly FeeEstimate[]> = {
  key: (rates) => (rates.length > 0 ? 'rates' : 'none'),
  show: (rates) => rates.map(({ blocks, satPerKvb }) => `${blocks}: ${satPerKvb}`).join(', '),
  merge(same, agree) {
    const targets = [...new Set(same.flatMap((rates) => rates.map(({ blocks }) => blocks)))]
    const merged: FeeEstimate[] = []
    for (const blocks of targets.sort((a, b) => a - b).slice(0, MOST_TARGETS)) {
      const satPerKvb = middle(
        same.map((rates) => rateWithin(rates, blocks)),
        agree,
        NEAR,
      )
      if (satPerKvb !== undefined) merged.push({ blocks, satPerKvb })
    }
    // A target about which they are too far apart is left out; the others serve as well.
    return merged.length > 0 ? merged : undefined
  },
  isFar: (rates, believed) =>
    rates.some(({ blocks, satPerKvb }) => !isNear(satPerKvb, rateWithin(believed, blocks), NEAR)),
  // Where too few can tell, nothing is told.
  last: (all) => (all.some(({ length }) => length === 0) ? [] : undefined),
}

/** What a source would pay for at most so many blocks; its dearest rate where it tells of none so near. */
function rateWithin(rates: readonly FeeEstimate[], blocks: number): bigint {
  return (rates.filter((rate) => rate.blocks <= blocks).at(-1) ?? rates[0])?.satPerKvb ?? 0n
}

// ---- sending ----

async function broadcast(
  panel: Panel<UtxoSource>,
  raw: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const expected = readTx(raw)?.txid
  const answer = await sendToAll(
    panel,
    async (source, name, signal): Promise<Reply<string | CofferError>> => {
      try {
        const txid = await source.broadcast(raw, { signal })
        if (txid === expected) return { kind: 'accepted', answer: txid }
        return { kind: 'unclear', answer: badResponse(name, 'named another transaction than was sent.') }
      } catch (error) {
        if (!isCofferError(error, 'BROADCAST_REJECTED')) throw error
        return { kind: 'refused', answer: error, said: String(error.details.reason ?? error.message) }
      }
    },
    signal,
  )
  if (typeof answer === 'string') return answer
  throw answer
}
