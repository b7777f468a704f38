import {
  CofferError,
  type ErrorCode,
  type EvmSource,
  type Head,
  type RpcCall,
  type RpcResult,
  type Source,
  type SourceFactory,
} from '@coffer/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { cluster } from './cluster.ts'
import type { ClusterEvent } from './failover.ts'
import { jsonRpc } from './jsonRpc.ts'
import { block, methodsOf, node, startServer } from './testing/server.ts'

const READ: RpcCall = { method: 'eth_getBalance', params: [] }
const SEND: RpcCall = { method: 'eth_sendRawTransaction', params: ['0x'] }
const OK: RpcResult = { ok: true, value: '0x1' }

/** A source that does what `behave` says, and counts. */
interface Fake {
  readonly factory: SourceFactory<EvmSource>
  behave: () => readonly RpcResult[] | Error
  asked: number
  closed: number
}

function fake(name: string, behave: Fake['behave'] = () => [OK], more: Partial<EvmSource> = {}): Fake {
  const self: Fake = {
    behave,
    asked: 0,
    closed: 0,
    factory: (chain) => ({
      family: 'evm',
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

const error = (code: ErrorCode, details: Record<string, unknown> = {}, retryable = true): CofferError =>
  new CofferError({ code, message: `It is ${code}.`, details, retryable })

const events: ClusterEvent[] = []
const onEvent = (event: ClusterEvent): void => void events.push(event)
let now = 0

beforeEach(() => {
  events.length = 0
  now = 1_000
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  vi.spyOn(Math, 'random').mockReturnValue(1)
})
afterEach(() => vi.restoreAllMocks())

function evm(...fakes: Fake[]): EvmSource {
  const sources = cluster({ 'eip155:1': fakes.map(({ factory }) => factory) }, { onEvent })
  return sources.for('eip155:1') as EvmSource
}

describe('sources', () => {
  it('are made once, and closed together', () => {
    const a = fake('a')
    const sources = cluster({ 'eip155:1': [a.factory], 'eip155:56': [a.factory] })
    expect(sources.for('eip155:1')).toBe(sources.for('eip155:1'))
    expect(sources.for('eip155:1')).not.toBe(sources.for('eip155:56'))
    sources.close?.()
    expect(a.closed).toBe(2)
  })

  it('stay closed', async () => {
    const [used, unused] = [fake('a'), fake('b')]
    const sources = cluster({ 'eip155:1': [used.factory], 'eip155:56': [unused.factory] })
    await (sources.for('eip155:1') as EvmSource).request([READ])
    sources.close?.()
    sources.close?.()
    for (const chain of ['eip155:1', 'eip155:56'] as const)
      expect(() => sources.for(chain)).toThrow(
        expect.objectContaining({
          code: 'NO_SOURCE',
          message: `The sources were closed, that of ${chain} too. Make a new cluster.`,
        }),
      )
    expect(used.closed).toBe(1)
  })

  it('that were taken before the close are of no use after it', async () => {
    vi.restoreAllMocks()
    const server = await startServer(node(1))
    const sources = cluster({ 'eip155:1': [jsonRpc(server.url)] })
    const source = sources.for('eip155:1') as EvmSource
    await source.request([READ])
    sources.close?.()
    await expect(source.request([READ])).rejects.toMatchObject({ code: 'ABORTED' })
    await server.close()
  })

  it('say which chains there are', () => {
    const sources = cluster({ 'eip155:1': [fake('a').factory], 'eip155:56': [fake('a').factory] })
    expect(() => sources.for('eip155:5')).toThrow(
      expect.objectContaining({
        code: 'NO_SOURCE',
        message: 'There is no source for eip155:5. Configured: eip155:1, eip155:56.',
      }),
    )
    expect(() => sources.for('constructor' as never)).toThrow(expect.objectContaining({ code: 'NO_SOURCE' }))
  })

  it.each([{ 'eip155:1': [] }, { 'eip155:1': [{}] }, { 'eip155:1': 7 }])(
    'refuse a configuration: %o',
    (config) => {
      expect(() => cluster(config as never)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
    },
  )

  it('refuse a chain id that is none, and sources that do not belong together', () => {
    expect(() => cluster({ ethereum: [] } as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_CHAIN' }),
    )
    const other: SourceFactory = (chain): Source => ({ family: 'other', chain })
    const mixed = cluster({ 'eip155:1': [fake('a').factory, other] })
    expect(() => mixed.for('eip155:1')).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
    const lone = cluster({ 'other:0': [other], 'other:1': [other, other] })
    expect(lone.for('other:0').family).toBe('other')
    expect(() => lone.for('other:1')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  })

  it('are not connected before they are used', () => {
    const sources = cluster({ 'eip155:1': [jsonRpc('http://127.0.0.1:1')] })
    expect(sources.for('eip155:1').family).toBe('evm')
  })
})

describe('reads', () => {
  it.each<[ErrorCode, boolean]>([
    ['NETWORK', true],
    ['NETWORK', false],
    ['TIMEOUT', true],
    ['RATE_LIMITED', true],
    ['BAD_RESPONSE', false],
  ])('go on after %s (retryable: %s)', async (code, retryable) => {
    const [a, b] = [fake('a', () => error(code, {}, retryable)), fake('b')]
    expect(await evm(a, b).request([READ])).toEqual([OK])
    expect(events).toEqual([{ type: 'failover', chain: 'eip155:1', from: 'a', to: 'b', code }])
  })

  it('stay with the one that answered, even when the first is well again', async () => {
    const [a, b] = [fake('a', () => error('NETWORK')), fake('b')]
    const source = evm(a, b)
    await source.request([READ])
    a.behave = () => [OK]
    now += 100_000
    await source.request([READ])
    expect([a.asked, b.asked]).toEqual([1, 2])
    b.behave = () => error('NETWORK')
    await source.request([READ])
    await source.request([READ])
    expect([a.asked, b.asked]).toEqual([3, 3])
    expect(events.map(({ type }) => type)).toEqual(['failover', 'failover', 'recovered'])
  })

  it('ask one that rests last, and twice as long each time', async () => {
    const [a, b, c] = [fake('a', () => error('NETWORK')), fake('b', () => error('NETWORK')), fake('c')]
    const source = evm(a, b, c)
    await source.request([READ])
    c.behave = () => error('NETWORK')
    now += 500
    await expect(source.request([READ])).rejects.toMatchObject({ code: 'SOURCES_FAILED' })
    expect([a.asked, b.asked, c.asked]).toEqual([2, 2, 2])
    // c failed once and rests for a second; a and b failed twice and rest for two.
    now += 1_200
    a.behave = b.behave = c.behave = () => [OK]
    await source.request([READ])
    expect([a.asked, b.asked, c.asked]).toEqual([2, 2, 3])
  })

  it('leave one alone that asked for it, at most five minutes', async () => {
    const a = fake('a', () => error('RATE_LIMITED', { retryAfter: 30 }))
    const source = evm(a)
    const failed = await source.request([READ]).catch((error) => error)
    expect(failed).toMatchObject({
      code: 'SOURCES_FAILED',
      retryable: true,
      details: { failures: [{ source: 'a', code: 'RATE_LIMITED', retryAfter: 30 }] },
    })
    now += 29_000
    await expect(source.request([READ])).rejects.toMatchObject({ code: 'SOURCES_FAILED' })
    expect(a.asked).toBe(1)
    now += 2_000
    a.behave = () => error('RATE_LIMITED', { retryAfter: 80_000 })
    await expect(source.request([READ])).rejects.toMatchObject({ code: 'SOURCES_FAILED' })
    a.behave = () => [OK]
    now += 301_000
    expect(await source.request([READ])).toEqual([OK])
    expect(a.asked).toBe(3)
  })

  it('G10: never ask one again that serves another chain', async () => {
    const [a, b] = [fake('a', () => error('CHAIN_MISMATCH', { sent: false }, false)), fake('b')]
    const source = evm(a, b)
    await source.request([READ])
    a.behave = () => [OK]
    b.behave = () => error('NETWORK')
    now += 1e9
    await expect(source.request([READ])).rejects.toMatchObject({
      code: 'SOURCES_FAILED',
      message: 'No source of eip155:1 answered: b (NETWORK), a (CHAIN_MISMATCH). Try again later.',
    })
    expect([a.asked, a.closed]).toEqual([1, 1])
    expect(events.map(({ type }) => type)).toEqual(['dropped', 'failover'])
  })

  it('tell each reason when all fail', async () => {
    const [a, b] = [
      fake('a', () => error('BAD_RESPONSE', {}, false)),
      fake('b', () => error('NETWORK', {}, false)),
    ]
    await expect(evm(a, b).request([READ])).rejects.toMatchObject({
      code: 'SOURCES_FAILED',
      retryable: false,
      details: {
        chain: 'eip155:1',
        failures: [
          { source: 'a', code: 'BAD_RESPONSE', message: 'It is BAD_RESPONSE.', retryable: false },
          { source: 'b', code: 'NETWORK', message: 'It is NETWORK.', retryable: false },
        ],
      },
    })
  })

  it('tell two of one origin apart', async () => {
    const none = (): Error => error('NETWORK')
    await expect(evm(fake('a', none), fake('b', none), fake('a', none)).request([READ])).rejects.toThrow(
      'a (NETWORK), b (NETWORK), a (3) (NETWORK)',
    )
  })

  it.each<ErrorCode>(['ABORTED', 'INVALID_REQUEST', 'INTERNAL'])('throw %s as it is', async (code) => {
    const [a, b] = [fake('a', () => error(code)), fake('b')]
    await expect(evm(a, b).request([READ])).rejects.toMatchObject({ code })
    expect(b.asked).toBe(0)
  })

  it('give refused calls back as answers', async () => {
    const refused: RpcResult = { ok: false, error: { code: -32601, message: 'method not found' } }
    const [a, b] = [fake('a', () => [refused, OK]), fake('b')]
    expect(await evm(a, b).request([READ, READ])).toEqual([refused, OK])
    expect(b.asked).toBe(0)
  })

  it('ask another when calls are refused for being too many, and give that back when all do', async () => {
    const limited: RpcResult = { ok: false, error: { code: 429, message: 'slow down' } }
    const [a, b] = [fake('a', () => [limited]), fake('b')]
    const source = evm(a, b)
    expect(await source.request([READ])).toEqual([OK])
    b.behave = () => [limited]
    expect(await source.request([READ])).toEqual([limited])
  })

  it('survive a listener that throws', async () => {
    const [a, b] = [fake('a', () => error('NETWORK')), fake('b')]
    const sources = cluster(
      { 'eip155:1': [a.factory, b.factory] },
      {
        onEvent: () => {
          throw new Error('listener')
        },
      },
    )
    expect(await (sources.for('eip155:1') as EvmSource).request([READ])).toEqual([OK])
  })
})

describe('writes', () => {
  it.each<[ErrorCode, Record<string, unknown>]>([
    ['CHAIN_MISMATCH', { sent: false }],
    ['RATE_LIMITED', { sent: false }],
    ['NETWORK', { sent: false }],
  ])('go on after %s when nothing was sent', async (code, details) => {
    const [a, b] = [fake('a', () => error(code, details)), fake('b')]
    expect(await evm(a, b).request([SEND])).toEqual([OK])
  })

  it.each<ErrorCode>(['NETWORK', 'TIMEOUT', 'RATE_LIMITED', 'BAD_RESPONSE'])(
    'G12: stop after %s when they may have been sent',
    async (code) => {
      const [a, b] = [fake('a', () => error(code)), fake('b')]
      await expect(evm(a, b).request([READ, SEND])).rejects.toMatchObject({ code })
      expect(b.asked).toBe(0)
    },
  )

  it('say that nothing was sent when that is so of all', async () => {
    const none = (): Error => error('NETWORK', { sent: false })
    await expect(evm(fake('a', none), fake('b', none)).request([SEND])).rejects.toMatchObject({
      code: 'SOURCES_FAILED',
      details: { sent: false },
    })
  })

  it('refused by a node are answers', async () => {
    const refused: RpcResult = { ok: false, error: { code: -32000, message: 'nonce too low' } }
    const [a, b] = [fake('a', () => [refused]), fake('b')]
    expect(await evm(a, b).request([SEND])).toEqual([refused])
    expect(b.asked).toBe(0)
  })

  const busy = (code: number, message: string): RpcResult => ({ ok: false, error: { code, message } })
  const BUSY = busy(429, 'slow down')

  it.each([BUSY, busy(-32005, 'limit exceeded'), busy(-32000, 'Too many requests')])(
    'go on when a node answers that they are too many: %o',
    async (limited) => {
      const [a, b] = [fake('a', () => [limited]), fake('b')]
      expect(await evm(a, b).request([SEND])).toEqual([OK])
      expect([a.asked, b.asked]).toEqual([1, 1])
      expect(events).toEqual([
        { type: 'failover', chain: 'eip155:1', from: 'a', to: 'b', code: 'RATE_LIMITED' },
      ])
    },
  )

  it('say that nothing was sent when they are too many for all', async () => {
    const [a, b, c] = [
      fake('a', () => [BUSY]),
      fake('b', () => error('RATE_LIMITED', { sent: false })),
      // Left alone since an earlier read, so not asked.
      fake('c', () => error('RATE_LIMITED', { retryAfter: 30 })),
    ]
    const source = evm(c, a, b)
    a.behave = () => [OK]
    await source.request([READ])
    a.behave = () => [BUSY]
    await expect(source.request([SEND])).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      message: 'Every source of eip155:1 asks for fewer requests. Nothing was sent. Try again later.',
      details: { sent: false, failures: [{ source: 'a' }, { source: 'b' }, { source: 'c', retryAfter: 30 }] },
    })
    expect([a.asked, b.asked, c.asked]).toEqual([2, 1, 1])
  })

  it('G12: go on only when no write of the request was carried out', async () => {
    const [a, b] = [fake('a', () => [OK, BUSY]), fake('b', () => [OK, OK])]
    expect(await evm(a, b).request([SEND, SEND])).toEqual([OK, BUSY])
    expect(b.asked).toBe(0)
    expect(await evm(a, b).request([READ, SEND])).toEqual([OK, OK])
    a.behave = () => [BUSY, OK]
    expect(await evm(a, b).request([READ, SEND])).toEqual([BUSY, OK])
    a.behave = () => []
    expect(await evm(a, b).request([SEND])).toEqual([])
    expect(b.asked).toBe(1)
  })

  it('G12: a node that is busy and one that may have sent it: the latter counts', async () => {
    const [a, b] = [fake('a', () => [BUSY]), fake('b', () => error('TIMEOUT'))]
    const failed = await evm(a, b)
      .request([SEND])
      .catch((error) => error)
    expect(failed.code).toBe('TIMEOUT')
    expect(failed.details).not.toHaveProperty('sent')
  })
})

describe('transfers', () => {
  it('are there when a source has them, and go on after a failure', async () => {
    expect(evm(fake('a')).transfers).toBeUndefined()
    const page = { items: [] }
    const broken = fake('b', undefined, {
      transfers: async () => {
        throw error('NETWORK')
      },
    })
    const source = evm(fake('a'), broken, fake('c', undefined, { transfers: async () => page }))
    expect(await source.transfers?.({ address: '0x', coin: 'eip155:1/slip44:60', limit: 1 })).toBe(page)
  })
})

describe('heads', () => {
  const list = (...heights: number[]): Head[] =>
    heights.map((height) => ({ height, hash: block(height).hash }))
  const heads = (...rounds: (Head[] | Error)[]): Partial<EvmSource> => ({
    async *heads() {
      const round = rounds.shift() ?? error('NETWORK')
      if (round instanceof Error) throw round
      yield* round
      throw error('NETWORK')
    },
  })

  it('are there when a source has them', () => {
    expect(evm(fake('a')).heads).toBeUndefined()
  })

  it('go on with the next source, each head once', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const source = evm(
      fake('a', undefined, heads(list(1, 2), error('NETWORK'))),
      fake('plain'),
      fake('b', undefined, heads(list(2, 3))),
    )
    const seen: number[] = []
    const run = (async () => {
      for await (const { height } of source.heads?.() ?? []) seen.push(height)
    })()
    await expect(run).rejects.toMatchObject({ code: 'SOURCES_FAILED' })
    expect(seen).toEqual([1, 2, 3])
  })

  it('end with the signal', async () => {
    const controller = new AbortController()
    const source = evm(fake('a', undefined, heads(list(1), list(1))))
    for await (const _ of source.heads?.({ signal: controller.signal }) ?? []) controller.abort()
  })
})

describe('over real servers', () => {
  it('answers while one is dead and one is of another chain', async () => {
    vi.restoreAllMocks()
    const dead = await startServer(node(1))
    await dead.close()
    const [wrong, good] = await Promise.all([startServer(node(56)), startServer(node(1))])
    const urls = [dead.url, wrong.url, good.url]
    const sources = cluster({ 'eip155:1': urls.map((url) => jsonRpc(`${url}/secret`)) }, { onEvent })
    const source = sources.for('eip155:1') as EvmSource
    const [one, two, sent] = await Promise.all([
      source.request([READ]),
      source.request([{ method: 'eth_gasPrice', params: [] }]),
      source.request([SEND]),
    ])
    expect([one, two, sent].flat().every((result) => result.ok)).toBe(true)
    expect(wrong.seen.flatMap(methodsOf)).not.toContain('eth_sendRawTransaction')
    // The two reads travelled together even through the cluster.
    expect(good.seen.map(methodsOf).filter((methods) => methods.includes('eth_gasPrice'))).toEqual([
      expect.arrayContaining(['eth_getBalance', 'eth_gasPrice']),
    ])
    expect(events.filter(({ type }) => type === 'dropped')).toHaveLength(1)
    expect(JSON.stringify(events)).not.toContain('secret')
    sources.close?.()
    await Promise.all([wrong.close(), good.close()])
  })
})
