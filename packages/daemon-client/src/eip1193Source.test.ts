import type { RpcCall } from '@coffer/core'
import { createClient, custom, type EIP1193Provider, http } from 'viem'
import { mainnet } from 'viem/chains'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { type Eip1193Provider, eip1193Source } from './eip1193Source.ts'
import { block, node, startServer } from './testing/server.ts'

type Call = { readonly method: string; readonly params?: unknown }
const READ: RpcCall = { method: 'eth_getBalance', params: ['0x', 'latest'] }
const SEND: RpcCall = { method: 'eth_sendRawTransaction', params: ['0x'] }

function provider(
  answer: (call: Call) => unknown = () => '0x7',
  chainId = '0x1',
): Eip1193Provider & { seen: string[] } {
  const seen: string[] = []
  return {
    seen,
    request: async (call) => {
      seen.push(call.method)
      return call.method === 'eth_chainId' ? chainId : answer(call)
    },
  }
}

const fail =
  (error: unknown): (() => never) =>
  () => {
    throw error
  }

describe('eip1193Source', () => {
  it('asks each call, and the chain id with every request', async () => {
    const wallet = provider(({ params }) => params)
    const source = eip1193Source(wallet)('eip155:1')
    expect(await source.request([READ, { method: 'eth_call', params: [1] }])).toEqual([
      { ok: true, value: ['0x', 'latest'] },
      { ok: true, value: [1] },
    ])
    expect(wallet.seen).toEqual(['eth_chainId', 'eth_getBalance', 'eth_call'])
    await source.request([READ])
    expect(wallet.seen.length).toBe(5)
  })

  it('E1: notices that the wallet has changed its chain', async () => {
    const wallet = provider(undefined, '0x38')
    const source = eip1193Source(wallet)('eip155:1')
    await expect(source.request([READ])).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' })
    await expect(source.request([SEND])).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
      details: { sent: false },
    })
    expect(wallet.seen).not.toContain('eth_sendRawTransaction')
  })

  it('gives null for nothing', async () => {
    expect(await eip1193Source(provider(() => undefined))('eip155:1').request([READ])).toEqual([
      { ok: true, value: null },
    ])
  })

  it.each<[string, unknown, object]>([
    [
      'a refusal',
      { code: 3, message: 'execution reverted', data: '0x08' },
      { code: 3, message: 'execution reverted', data: '0x08' },
    ],
    [
      'a person’s refusal',
      { code: 4001, message: 'User rejected' },
      { code: 4001, message: 'User rejected' },
    ],
    [
      'a refusal that a library wrapped',
      Object.assign(new Error('Internal. URL: https://rpc.example/v3/secret'), {
        code: -32603,
        shortMessage: 'Internal.',
        cause: { code: 3, message: 'reverted', data: '0x01' },
      }),
      { code: -32603, message: 'Internal.', data: '0x01' },
    ],
  ])('gives %s as data', async (_name, error, expected) => {
    const source = eip1193Source(provider(fail(error)))('eip155:1')
    expect(await source.request([READ])).toEqual([{ ok: false, error: expected }])
  })

  it.each<[string, unknown, object]>([
    ['disconnected', { code: 4900, message: 'x' }, { code: 'NETWORK', retryable: true }],
    [
      'an error without a code',
      new Error('https://rpc.example/v3/secret'),
      { code: 'NETWORK', retryable: true },
    ],
    ['no error at all', undefined, { code: 'NETWORK' }],
    ['viem’s time limit', { name: 'TimeoutError' }, { code: 'TIMEOUT', retryable: true }],
    ['viem’s 429', { name: 'HttpRequestError', status: 429 }, { code: 'RATE_LIMITED' }],
    ['viem’s 401', { name: 'HttpRequestError', status: 401 }, { code: 'NETWORK', retryable: false }],
  ])('throws for %s, without its text', async (_name, error, expected) => {
    const caught = await eip1193Source(provider(fail(error)))('eip155:1')
      .request([READ])
      .catch((error) => error)
    expect(caught).toMatchObject(expected)
    expect(caught.stack + JSON.stringify(caught)).not.toContain('secret')
  })

  it('does not say that nothing was sent when the first of several writes was', async () => {
    let sends = 0
    const wallet = provider(() => {
      if (++sends === 2) throw { name: 'HttpRequestError', status: 429 }
      return '0x'
    })
    const error = await eip1193Source(wallet)('eip155:1')
      .request([SEND, SEND])
      .catch((error) => error)
    expect(error.code).toBe('RATE_LIMITED')
    expect(error.details.sent).toBeUndefined()
  })

  it('keeps time limits, aborts and closes', async () => {
    const deaf = eip1193Source(
      provider(() => new Promise(() => {})),
      { timeout: 30 },
    )('eip155:1')
    await expect(deaf.request([READ])).rejects.toMatchObject({ code: 'TIMEOUT' })
    const controller = new AbortController()
    const left = deaf.request([READ], { signal: controller.signal })
    controller.abort()
    await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
    const flying = deaf.request([READ])
    deaf.close?.()
    await expect(flying).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(deaf.request([READ])).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('tells of heads', async () => {
    let height = 0
    const source = eip1193Source(
      provider(() => block(++height)),
      { pollInterval: 2 },
    )('eip155:1')
    const seen: number[] = []
    for await (const head of source.heads?.() ?? []) if (seen.push(head.height) === 3) break
    expect(seen).toEqual([1, 2, 3])
  })

  it('refuses another family of chains', () => {
    expect(() => eip1193Source(provider())('tron:0x2b6653dc')).toThrow(
      expect.objectContaining({ code: 'INVALID_CHAIN' }),
    )
  })
})

describe('with viem', () => {
  it('takes its clients and its provider type', () => {
    expectTypeOf<EIP1193Provider>().toExtend<Eip1193Provider>()
    const client = createClient({ chain: mainnet, transport: custom(provider()) })
    expectTypeOf(client).toExtend<Eip1193Provider>()
  })

  it('reads through a client, and keeps its URL out of errors', async () => {
    const server = await startServer(
      node(1, ({ method }) =>
        method === 'eth_call'
          ? { ok: false, error: { code: 3, message: 'reverted', data: '0x99' } }
          : undefined,
      ),
    )
    const client = createClient({
      chain: mainnet,
      transport: http(`${server.url}/secret`, { retryCount: 0 }),
    })
    const source = eip1193Source(client)('eip155:1')
    const results = await source.request([READ, { method: 'eth_call', params: [] }])
    expect(results[0]).toEqual({ ok: true, value: 'eth_getBalance(0x,latest)' })
    expect(results[1]).toMatchObject({ ok: false, error: { code: 3, data: '0x99' } })
    expect(JSON.stringify(results)).not.toContain('secret')
    await server.close()
    const error = await source.request([READ]).catch((error) => error)
    expect(error).toMatchObject({ code: 'NETWORK', retryable: true, details: { reason: 'ECONNREFUSED' } })
    expect(error.stack + JSON.stringify(error)).not.toContain('secret')
  })
})
