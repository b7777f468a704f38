import {
  CofferError,
  type ErrorCode,
  type Head,
  type ScriptQuery,
  type SourceFactory,
  type UtxoSource,
} from '@coffer/core'
import { describe, expect, it } from 'vitest'
import { cluster } from './cluster.ts'
import type { ClusterEvent } from './failover.ts'
import { REGTEST } from './testing/ledger.ts'

const SCRIPT = `0014${'11'.repeat(20)}`
const TXID = 'ab'.repeat(32)

interface Fake {
  readonly factory: SourceFactory<UtxoSource>
  readonly asked: string[]
  readonly queries: ScriptQuery[]
  /** What the next calls fail with. */
  error?: CofferError | undefined
  status: string
  closed: number
}

function fake(name: string | undefined, more: Partial<UtxoSource> = {}): Fake {
  const asked: string[] = []
  const self: Fake = {
    asked,
    queries: [],
    status: 'same',
    closed: 0,
    factory: (chain) => {
      const answer = async <T>(what: string, value: T): Promise<T> => {
        asked.push(what)
        if (self.error) throw self.error
        return value
      }
      return {
        family: 'utxo',
        chain,
        ...(name === undefined ? {} : { name }),
        tip: () => answer('tip', { height: 1, hash: TXID }),
        headers: (heights) =>
          answer(
            'headers',
            heights.map(() => undefined),
          ),
        history: (queries) => {
          self.queries.push(...queries)
          return answer(
            'history',
            queries.map(({ status }) =>
              status === self.status ? { status } : { status: self.status, entries: [], fromHeight: 7 },
            ),
          )
        },
        transactions: (queries) =>
          answer(
            'transactions',
            queries.map(() => undefined),
          ),
        feeRates: () => answer('feeRates', []),
        broadcast: () => answer('broadcast', TXID),
        close: () => {
          self.closed++
        },
        ...more,
      }
    },
  }
  return self
}

function combine(...fakes: Fake[]): { source: UtxoSource; events: ClusterEvent[] } {
  const events: ClusterEvent[] = []
  const sources = cluster(
    { [REGTEST]: fakes.map(({ factory }) => factory) },
    { onEvent: (event) => events.push(event) },
  )
  return { source: sources.for(REGTEST) as UtxoSource, events }
}

const failure = (code: ErrorCode, details: Record<string, unknown> = {}): CofferError =>
  new CofferError({ code, message: `It is ${code}.`, details, retryable: true })

describe('reads', () => {
  const reads: [string, (source: UtxoSource) => Promise<unknown>][] = [
    ['tip', (source) => source.tip()],
    ['headers', (source) => source.headers([1])],
    ['history', (source) => source.history([{ script: SCRIPT }])],
    ['transactions', (source) => source.transactions([{ txid: TXID }])],
    ['feeRates', (source) => source.feeRates()],
  ]
  it.each(reads)('%s goes on to the next source, and stays there', async (name, read) => {
    for (const code of ['NETWORK', 'TIMEOUT', 'RATE_LIMITED', 'BAD_RESPONSE'] as const) {
      const [a, b] = [fake('a'), fake('b')]
      const { source, events } = combine(a, b)
      a.error = failure(code)
      await read(source)
      await read(source)
      expect([a.asked, b.asked]).toEqual([[name], [name, name]])
      expect(events).toEqual([{ type: 'failover', chain: REGTEST, from: 'a', to: 'b', code }])
    }
  })

  it.each(reads)('%s is not asked of others for a mistake of the caller', async (_name, read) => {
    const [a, b] = [fake('a'), fake('b')]
    const { source } = combine(a, b)
    a.error = failure('INVALID_REQUEST')
    await expect(read(source)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(b.asked).toEqual([])
  })

  it('name each source when all fail', async () => {
    const [a, b] = [fake('a'), fake('b')]
    const { source } = combine(a, b)
    a.error = failure('NETWORK')
    b.error = failure('BAD_RESPONSE')
    await expect(source.tip()).rejects.toMatchObject({
      code: 'SOURCES_FAILED',
      details: {
        failures: [
          { source: 'a', code: 'NETWORK' },
          { source: 'b', code: 'BAD_RESPONSE' },
        ],
      },
    })
  })

  it('B4: drop a source of another chain for good', async () => {
    const [a, b] = [fake('a'), fake('b')]
    const { source, events } = combine(a, b)
    a.error = failure('CHAIN_MISMATCH')
    await source.tip()
    a.error = undefined
    await source.tip()
    expect([a.asked.length, b.asked.length, a.closed]).toEqual([1, 2, 1])
    expect(events[0]).toMatchObject({ type: 'dropped', source: 'a' })
  })

  it('end with their caller', async () => {
    const a = fake('a')
    const { source } = combine(a)
    await expect(source.tip({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(a.asked).toEqual([])
  })
})

describe('a status', () => {
  it('goes back to the source that gave it, as that source wrote it', async () => {
    const a = fake('https://a.example')
    const { source } = combine(a)
    const [first] = await source.history([{ script: SCRIPT }])
    expect(first).toMatchObject({ entries: [], fromHeight: 7 })
    const [second] = await source.history([{ script: SCRIPT, status: first?.status }])
    expect(a.queries.map(({ status }) => status)).toEqual([undefined, 'same'])
    expect(second).toEqual({ status: first?.status })
  })

  it.each([
    ['of another name', 'a', 'b'],
    ['of the same name', 'a', 'a'],
    ['of no name', undefined, undefined],
    ['whose name begins alike', 'a', 'a 1'],
  ])('goes to no other source, %s', async (_name, one, other) => {
    const [a, b] = [fake(one), fake(other)]
    const { source } = combine(a, b)
    const [first] = await source.history([{ script: SCRIPT }])
    a.error = failure('NETWORK')
    const [second] = await source.history([{ script: SCRIPT, status: first?.status }])
    expect(b.queries).toEqual([{ script: SCRIPT }])
    // Though both write the same text: rows must come along.
    expect(second?.entries).toEqual([])
    expect(second?.status).not.toBe(first?.status)
  })

  it('of somebody else goes to none', async () => {
    const a = fake('a')
    const { source } = combine(a)
    await source.history([{ script: SCRIPT, status: 'same' }])
    expect(a.queries).toEqual([{ script: SCRIPT }])
  })
})

describe('G12: a broadcast', () => {
  it('goes on only when it certainly was not sent', async () => {
    const [a, b] = [fake('a'), fake('b')]
    const { source } = combine(a, b)
    a.error = failure('NETWORK', { sent: false })
    expect(await source.broadcast('00')).toBe(TXID)
    expect([a.asked, b.asked]).toEqual([['broadcast'], ['broadcast']])
  })

  it.each(['NETWORK', 'TIMEOUT', 'BAD_RESPONSE'] as const)(
    'ends with %s when it may have been sent',
    async (code) => {
      const [a, b] = [fake('a'), fake('b')]
      const { source } = combine(a, b)
      a.error = failure(code)
      await expect(source.broadcast('00')).rejects.toMatchObject({ code })
      expect(b.asked).toEqual([])
    },
  )

  it('ends when it was refused', async () => {
    const [a, b] = [fake('a'), fake('b')]
    const { source } = combine(a, b)
    a.error = failure('BROADCAST_REJECTED', { reason: 'dust' })
    await expect(source.broadcast('00')).rejects.toMatchObject({ code: 'BROADCAST_REJECTED' })
    expect(b.asked).toEqual([])
  })

  it('says that nothing was sent when all are busy, or cannot be reached', async () => {
    const [a, b] = [fake('a'), fake('b')]
    a.error = failure('RATE_LIMITED', { sent: false })
    b.error = failure('RATE_LIMITED', { sent: false })
    await expect(combine(a, b).source.broadcast('00')).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      details: { sent: false },
    })
    b.error = failure('NETWORK', { sent: false })
    await expect(combine(a, b).source.broadcast('00')).rejects.toMatchObject({
      code: 'SOURCES_FAILED',
      details: { sent: false },
    })
  })
})

describe('heads', () => {
  const following = (...heights: number[]): Partial<UtxoSource> => ({
    async *heads() {
      for (const height of heights) yield { height, hash: String(height) }
    },
  })

  it('come from a source that has them', async () => {
    const { source } = combine(fake('a'), fake('b', following(1, 2)))
    const seen: Head[] = []
    for await (const head of source.heads?.() ?? []) seen.push(head)
    expect(seen.map(({ height }) => height)).toEqual([1, 2])
  })

  it('are absent where none has', () => {
    expect(combine(fake('a')).source.heads).toBeUndefined()
  })
})

it('closes all', () => {
  const [a, b] = [fake('a'), fake('b')]
  combine(a, b).source.close?.()
  expect([a.closed, b.closed]).toEqual([1, 1])
})
