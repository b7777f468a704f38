import {
  CofferError,
  type ErrorCode,
  type Head,
  type SourceFactory,
  type TronCall,
  type TronResult,
  type TronSource,
} from '@coffer/core'
import { describe, expect, it } from 'vitest'
import { cluster } from './cluster.ts'
import type { ClusterEvent } from './failover.ts'
import { TRON_DEVNET, TRON_MAINNET } from './testing/tronServer.ts'

const READ: TronCall = { path: 'wallet/getaccount', body: {} }
const SEND: TronCall = { path: 'wallet/broadcasthex', body: { transaction: '00' } }
const OK: TronResult = { ok: true, value: { x: 1 } }
const TAKEN: TronResult = { ok: true, value: { result: true, txid: 'ab' } }
const refused = (code: string): TronResult => ({ ok: true, value: { code, message: 'no' } })
const failure = (code: ErrorCode, details: Record<string, unknown> = {}): CofferError =>
  new CofferError({ code, message: `It is ${code}.`, details, retryable: true })

/** A source that does what `behave` says, and counts. */
interface Fake {
  readonly factory: SourceFactory<TronSource>
  behave: () => readonly TronResult[] | Error
  asked: number
  closed: number
}

function fake(name: string, behave: Fake['behave'] = () => [OK], more: Partial<TronSource> = {}): Fake {
  const self: Fake = {
    behave,
    asked: 0,
    closed: 0,
    factory: (chain) => ({
      family: 'tron',
      chain,
      name,
      request: async () => {
        self.asked++
        const result = self.behave()
        if (result instanceof Error) throw result
        return result
      },
      close: () => {
        self.closed++
      },
      ...more,
    }),
  }
  return self
}

function combine(...fakes: Fake[]): { source: TronSource; events: ClusterEvent[] } {
  const events: ClusterEvent[] = []
  const sources = cluster(
    { [TRON_DEVNET]: fakes.map(({ factory }) => factory) },
    { onEvent: (event) => events.push(event) },
  )
  return { source: sources.for(TRON_DEVNET) as TronSource, events }
}

describe('reads', () => {
  it.each(['NETWORK', 'TIMEOUT', 'RATE_LIMITED', 'BAD_RESPONSE'] as const)(
    'go on to the next source after %s, and stay there',
    async (code) => {
      const [a, b] = [fake('a', () => failure(code)), fake('b')]
      const { source, events } = combine(a, b)
      expect(await source.request([READ])).toEqual([OK])
      await source.request([READ])
      expect([a.asked, b.asked]).toEqual([1, 2])
      expect(events).toEqual([{ type: 'failover', chain: TRON_DEVNET, from: 'a', to: 'b', code }])
    },
  )

  it('take a refusal of a call for an answer', async () => {
    const refusal: TronResult = { ok: false, error: { message: 'HTTP 404', status: 404 } }
    const [a, b] = [fake('a', () => [refusal, OK]), fake('b')]
    expect(await combine(a, b).source.request([READ, READ])).toEqual([refusal, OK])
    expect(b.asked).toBe(0)
  })

  it('name each source when all fail', async () => {
    const [a, b] = [fake('a', () => failure('NETWORK')), fake('b', () => failure('RATE_LIMITED'))]
    await expect(combine(a, b).source.request([READ])).rejects.toMatchObject({
      code: 'SOURCES_FAILED',
      details: {
        failures: [
          { source: 'a', code: 'NETWORK' },
          { source: 'b', code: 'RATE_LIMITED' },
        ],
      },
    })
  })

  it('G10: drop a source of another chain for good', async () => {
    const [a, b] = [fake('a', () => failure('CHAIN_MISMATCH')), fake('b')]
    const { source, events } = combine(a, b)
    await source.request([READ])
    a.behave = () => [OK]
    await source.request([READ])
    expect([a.asked, b.asked, a.closed]).toEqual([1, 2, 1])
    expect(events[0]).toMatchObject({ type: 'dropped', source: 'a' })
  })

  it('are not asked of others for a mistake of the caller', async () => {
    const [a, b] = [fake('a', () => failure('INVALID_REQUEST')), fake('b')]
    await expect(combine(a, b).source.request([READ])).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(b.asked).toBe(0)
  })
})

describe('G12: a broadcast', () => {
  it('goes on when it certainly was not sent', async () => {
    const [a, b] = [fake('a', () => failure('NETWORK', { sent: false })), fake('b', () => [TAKEN])]
    expect(await combine(a, b).source.request([SEND])).toEqual([TAKEN])
    expect([a.asked, b.asked]).toEqual([1, 1])
  })

  it.each(['NETWORK', 'TIMEOUT', 'BAD_RESPONSE', 'RATE_LIMITED'] as const)(
    'ends with %s when it may have been sent',
    async (code) => {
      const [a, b] = [fake('a', () => failure(code)), fake('b')]
      await expect(combine(a, b).source.request([READ, SEND])).rejects.toMatchObject({ code })
      expect(b.asked).toBe(0)
    },
  )

  it.each(['SERVER_BUSY', 'NO_CONNECTION', 'BLOCK_UNSOLIDIFIED'])(
    'goes on when the node did not look at it: %s',
    async (code) => {
      const [a, b] = [fake('a', () => [OK, refused(code)]), fake('b', () => [OK, TAKEN])]
      const { source, events } = combine(a, b)
      expect(await source.request([READ, SEND])).toEqual([OK, TAKEN])
      expect(events).toMatchObject([{ type: 'failover', from: 'a', to: 'b' }])
    },
  )

  it.each([
    'SIGERROR',
    'CONTRACT_VALIDATE_ERROR',
    'BANDWITH_ERROR',
    'DUP_TRANSACTION_ERROR',
    'TAPOS_ERROR',
    'TRANSACTION_EXPIRATION_ERROR',
    // It may come after the node has taken the transaction.
    'NOT_ENOUGH_EFFECTIVE_CONNECTION',
    'OTHER_ERROR',
  ])('gives the answer %s as it is', async (code) => {
    const [a, b] = [fake('a', () => [refused(code)]), fake('b')]
    expect(await combine(a, b).source.request([SEND])).toEqual([refused(code)])
    expect(b.asked).toBe(0)
  })

  it('stands when one of two was looked at', async () => {
    const [a, b] = [fake('a', () => [TAKEN, refused('SERVER_BUSY')]), fake('b')]
    expect(await combine(a, b).source.request([SEND, SEND])).toEqual([TAKEN, refused('SERVER_BUSY')])
    expect(b.asked).toBe(0)
  })

  it('does not take the answer to a read for one to it', async () => {
    const [a, b] = [fake('a', () => [refused('SERVER_BUSY'), TAKEN]), fake('b')]
    expect(await combine(a, b).source.request([READ, SEND])).toHaveLength(2)
    expect(b.asked).toBe(0)
  })

  it('says that nothing was sent when all are busy', async () => {
    const a = fake('a', () => [refused('SERVER_BUSY')])
    const b = fake('b', () => failure('RATE_LIMITED', { sent: false, retryAfter: 30 }))
    await expect(combine(a, b).source.request([SEND])).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      details: { sent: false, failures: [{ source: 'a' }, { source: 'b', retryAfter: 30 }] },
    })
  })

  it('says so too when some cannot be reached', async () => {
    const a = fake('a', () => [refused('NO_CONNECTION')])
    const b = fake('b', () => failure('RATE_LIMITED', { sent: false }))
    await expect(combine(a, b).source.request([SEND])).rejects.toMatchObject({
      code: 'SOURCES_FAILED',
      details: { sent: false },
    })
  })
})

describe('what only some can', () => {
  it('history comes from those that have it, and is absent where none has', async () => {
    const query = { address: 'T', coin: `${TRON_DEVNET}/slip44:1`, limit: 1 } as const
    const page = { items: [], next: 'x' }
    const [a, b] = [fake('a'), fake('b', () => [OK], { transfers: async () => page })]
    expect(await combine(a, b).source.transfers?.(query)).toEqual(page)
    expect(combine(a).source.transfers).toBeUndefined()
  })

  it('heads come from those that have them, and are absent where none has', async () => {
    const heads = async function* (): AsyncGenerator<Head> {
      yield { height: 1, hash: '1' }
      yield { height: 2, hash: '2' }
    }
    const seen: number[] = []
    const { source } = combine(
      fake('a'),
      fake('b', () => [OK], { heads }),
    )
    for await (const head of source.heads?.() ?? []) seen.push(head.height)
    expect(seen).toEqual([1, 2])
    expect(combine(fake('a')).source.heads).toBeUndefined()
  })
})

it('closes all, and takes no source of another chain', () => {
  const [a, b] = [fake('a'), fake('b')]
  combine(a, b).source.close?.()
  expect([a.closed, b.closed]).toEqual([1, 1])
  const stranger: SourceFactory = () => a.factory(TRON_MAINNET)
  expect(() => cluster({ [TRON_DEVNET]: [b.factory, stranger] }).for(TRON_DEVNET)).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST' }),
  )
})
