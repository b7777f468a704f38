import type { EvmSource, RpcCall } from '@coffer/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type JsonRpcOptions, jsonRpc } from './jsonRpc.ts'
import {
  type Answer,
  answers,
  block,
  type Handler,
  methodsOf,
  node,
  sendJson,
  startServer,
  type TestServer,
} from './testing/server.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
  vi.restoreAllMocks()
})

async function serve(
  handler: Handler,
  options: JsonRpcOptions = {},
): Promise<{ source: EvmSource; server: TestServer }> {
  const server = await startServer(handler)
  const source = jsonRpc(server.url, { timeout: 2_000, ...options })('eip155:1')
  open.push(() => source.close?.(), server.close)
  return { source, server }
}

const read = (n: number): RpcCall => ({ method: 'eth_getBalance', params: [String(n)] })
const value = (n: number): object => ({ ok: true, value: `eth_getBalance(${n})` })
const send = (raw = '0xaa'): RpcCall => ({ method: 'eth_sendRawTransaction', params: [raw] })

describe('batches', () => {
  it('travel in one POST, the chain id with the first one only', async () => {
    const { source, server } = await serve(node(1))
    expect(await source.request([read(1), read(2)])).toEqual([value(1), value(2)])
    await source.request([read(3), read(4)])
    expect(server.seen.map(methodsOf)).toEqual([
      ['eth_chainId', 'eth_getBalance', 'eth_getBalance'],
      ['eth_getBalance', 'eth_getBalance'],
    ])
  })

  it('take in the requests of one tick, even some awaits later', async () => {
    const { source, server } = await serve(node(1))
    const late = async (n: number): Promise<unknown> => {
      await undefined
      await undefined
      return source.request([read(n)])
    }
    const results = await Promise.all([
      source.request([read(1)]),
      source.request([read(2), read(3)]),
      late(4),
    ])
    expect(results).toEqual([[value(1)], [value(2), value(3)], [value(4)]])
    expect(server.seen.length).toBe(1)
  })

  it('ask an equal call once', async () => {
    const { source, server } = await serve(node(1))
    const results = await Promise.all([
      source.request([read(1), read(1), { method: 'eth_chainId', params: [] }]),
      source.request([read(1)]),
    ])
    expect(results[0]).toEqual([value(1), value(1), { ok: true, value: '0x1' }])
    expect(server.seen.map(methodsOf)).toEqual([['eth_chainId', 'eth_getBalance']])
  })

  it('keep a request together and split only what is too long', async () => {
    const { source, server } = await serve(node(1), { batch: { max: 4 } })
    await source.request([read(0)])
    await Promise.all([source.request([read(1), read(2)]), source.request([read(3), read(4)])])
    expect(server.seen.slice(1).map((message) => methodsOf(message).length)).toEqual([2, 2])
    const nine = Array.from({ length: 9 }, (_, i) => read(i))
    expect(await source.request(nine)).toEqual(nine.map((_, i) => value(i)))
    expect(server.seen.slice(3).map((message) => methodsOf(message).length)).toEqual([4, 4, 1])
  })

  it('put answers in order, whatever the order of the server', async () => {
    const { source } = await serve((_request, response, body) =>
      sendJson(response, (answers(JSON.parse(body), 1) as unknown[]).reverse()),
    )
    expect(await source.request([read(1), read(2), read(3)])).toEqual([value(1), value(2), value(3)])
  })

  it('are single calls when switched off', async () => {
    const { source, server } = await serve(node(1), { batch: false })
    expect(await source.request([read(1), read(2)])).toEqual([value(1), value(2)])
    expect(server.seen.map(methodsOf).sort()).toEqual([
      ['eth_chainId'],
      ['eth_getBalance'],
      ['eth_getBalance'],
    ])
    expect(server.seen.some(Array.isArray)).toBe(false)
  })

  it.each([
    ['an error object', { error: { code: -32600, message: 'no batches' }, id: null }, 200],
    ['an error object under status 400', { error: { code: -32600, message: 'no batches' }, id: null }, 400],
    ['an error in an array', [{ error: { code: -32600, message: 'batch too large' }, id: 1 }], 200],
    ['status 400', 'batches are not supported', 400],
    ['status 405', '', 405],
    ['status 413', 'too large', 413],
  ])('fall back to single calls when refused by %s, and remember it', async (_name, refusal, status) => {
    const { source, server } = await serve((request, response, body) => {
      if (Array.isArray(JSON.parse(body))) sendJson(response, refusal, status)
      else node(1)(request, response, body)
    })
    expect(await source.request([read(1), read(2)])).toEqual([value(1), value(2)])
    expect(await source.request([read(3), read(4)])).toEqual([value(3), value(4)])
    expect(server.seen.filter(Array.isArray).length).toBe(1)
  })

  it('in single calls still discard another chain', async () => {
    const { source } = await serve((request, response, body) => {
      if (Array.isArray(JSON.parse(body))) sendJson(response, { error: { code: -32600, message: '' } })
      else node(56)(request, response, body)
    })
    await expect(source.request([read(1), read(2)])).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' })
  })

  it('give the error of a call as data, cleaned and bounded', async () => {
    const message = `\u001b[31mno\u202e way\n${'x'.repeat(2_000)} https://key@upstream.example/v3/secret`
    const answer: Answer = ({ method }) =>
      method === 'eth_call' ? { ok: false, error: { code: 3, message, data: '0x08c379a0' } } : undefined
    const { source } = await serve(node(1, answer))
    const [good, bad] = await source.request([read(1), { method: 'eth_call', params: [] }])
    expect(good).toEqual(value(1))
    expect(bad).toMatchObject({ ok: false, error: { code: 3, data: '0x08c379a0' } })
    const text = bad?.ok === false ? bad.error.message : ''
    expect(text.length).toBeLessThanOrEqual(500)
    expect(text).toMatch(/^\[31mno way x+$/)
  })

  it('cut URLs in messages of the server to their origin', async () => {
    const error = { code: -32000, message: 'see https://user:pw@upstream.example:1/v3/secret?key=1 now' }
    const { source } = await serve(
      node(1, ({ method }) => (method === 'eth_call' ? { ok: false, error } : undefined)),
    )
    const [result] = await source.request([{ method: 'eth_call', params: [] }])
    expect(result).toEqual({
      ok: false,
      error: { code: -32000, message: 'see https://upstream.example:1 now' },
    })
  })

  it('reads answers under another status', async () => {
    const { source } = await serve((_request, response, body) =>
      sendJson(response, answers(JSON.parse(body), 1), 500),
    )
    expect(await source.request([read(1)])).toEqual([value(1)])
  })
})

describe('reads in flight', () => {
  it('are shared by equal requests', async () => {
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { source, server } = await serve(async (request, response, body) => {
      await held
      node(1)(request, response, body)
    })
    const first = source.request([read(1), read(2)])
    await vi.waitFor(() => expect(server.seen.length).toBe(1))
    const second = source.request([read(1), read(2)])
    // Part of the first, but not its equal: values of one request come from one message.
    const third = source.request([read(1)])
    await vi.waitFor(() => expect(server.seen.length).toBe(2))
    release()
    expect(await first).toEqual(await second)
    expect(await third).toEqual([value(1)])
    expect(server.seen.length).toBe(2)
  })

  it('from before a write are not shared with reads after it', async () => {
    let sent = false
    const waiting: (() => void)[] = []
    const { source, server } = await serve((_request, response, body) => {
      const [call] = methodsOf(JSON.parse(body)).slice(-1)
      const now = sent ? '0x2' : '0x1'
      const reply = (): void =>
        sendJson(
          response,
          answers(JSON.parse(body), 1, ({ method }) =>
            method === 'eth_getTransactionCount' ? { ok: true, value: now } : undefined,
          ),
        )
      if (call === 'eth_sendRawTransaction') sent = true
      if (call === 'eth_getTransactionCount' && waiting.length === 0 && !sent) waiting.push(reply)
      else reply()
    })
    const nonce: RpcCall = { method: 'eth_getTransactionCount', params: ['0x', 'pending'] }
    await source.request([read(0)])
    const before = source.request([nonce])
    await vi.waitFor(() => expect(waiting.length).toBe(1))
    await source.request([send()])
    const after = await source.request([nonce])
    waiting[0]?.()
    expect(after).toEqual([{ ok: true, value: '0x2' }])
    expect(await before).toEqual([{ ok: true, value: '0x1' }])
    expect(server.seen.length).toBe(4)
  })

  it('lose only the caller who aborts', async () => {
    let closed = false
    const { source, server } = await serve((request, response, body) => {
      request.socket.on('close', () => {
        closed = true
      })
      setTimeout(() => node(1)(request, response, body), 50)
    })
    const controller = new AbortController()
    const leaves = [
      source.request([read(1)], { signal: controller.signal }),
      source.request([read(2)], { signal: controller.signal }),
    ]
    const stays = [source.request([read(1)]), source.request([read(3)])]
    await vi.waitFor(() => expect(server.seen.length).toBe(1))
    controller.abort()
    for (const left of leaves) await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await Promise.all(stays)).toEqual([[value(1)], [value(3)]])
    expect(closed).toBe(false)
  })

  it('end at the server when every caller has aborted', async () => {
    let closed = false
    const { source, server } = await serve((request) => {
      request.socket.on('close', () => {
        closed = true
      })
    })
    const controllers = [new AbortController(), new AbortController()]
    const both = controllers.map(({ signal }) =>
      source.request([read(1)], { signal }).catch((error) => error.code),
    )
    await vi.waitFor(() => expect(server.seen.length).toBe(1))
    controllers[0]?.abort()
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(closed).toBe(false)
    controllers[1]?.abort()
    expect(await Promise.all(both)).toEqual(['ABORTED', 'ABORTED'])
    await vi.waitFor(() => expect(closed).toBe(true))
  })

  it('aborted in the same tick are never sent', async () => {
    const { source, server } = await serve(node(1))
    const controller = new AbortController()
    const left = source.request([read(1)], { signal: controller.signal })
    controller.abort()
    await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(server.seen.length).toBe(0)
  })
})

describe('E1, G10: the chain id', () => {
  it('of another chain throws every value away', async () => {
    const { source } = await serve(node(56))
    await expect(source.request([read(1)])).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
      retryable: false,
      details: { expected: 'eip155:1', actual: 'eip155:56' },
    })
  })

  it.each([
    ['missing', { ok: true, value: null }],
    ['a number', { ok: true, value: 1 }],
    ['nonsense', { ok: true, value: '1' }],
    ['refused', { ok: false, error: { code: -32601, message: 'no' } }],
  ])('that is %s throws every value away', async (_name, result) => {
    const { source } = await serve(
      node(1, ({ method }) => (method === 'eth_chainId' ? (result as never) : undefined)),
    )
    await expect(source.request([read(1)])).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
  })

  it('is asked before the first write, in a request of its own', async () => {
    const wrong = await serve(node(56))
    await expect(wrong.source.request([send()])).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
      details: { sent: false },
    })
    expect(wrong.server.seen.map(methodsOf)).toEqual([['eth_chainId']])

    const right = await serve(node(1))
    await Promise.all([right.source.request([send('0x1')]), right.source.request([send('0x2')])])
    await right.source.request([send('0x3')])
    expect(right.server.seen.map(methodsOf)).toEqual([
      ['eth_chainId'],
      ...Array(3).fill(['eth_sendRawTransaction']),
    ])
  })

  it('is asked again after a transport error', async () => {
    let fail = false
    const { source, server } = await serve((request, response, body) => {
      if (fail) request.socket.destroy()
      else node(1)(request, response, body)
    })
    await source.request([read(1)])
    fail = true
    await expect(source.request([read(2)])).rejects.toMatchObject({ code: 'NETWORK', retryable: true })
    fail = false
    await source.request([read(3)])
    await source.request([read(4)])
    expect(server.seen.map((message) => methodsOf(message)[0])).toEqual([
      'eth_chainId',
      'eth_getBalance',
      'eth_chainId',
      'eth_getBalance',
    ])
  })

  it('is asked again after five minutes', async () => {
    const { source, server } = await serve(node(1))
    await source.request([read(1)])
    const now = performance.now()
    vi.spyOn(performance, 'now').mockImplementation(() => now + 301_000)
    await source.request([read(2)])
    await source.request([read(3)])
    expect(server.seen.map((message) => methodsOf(message)[0])).toEqual([
      'eth_chainId',
      'eth_chainId',
      'eth_getBalance',
    ])
  })

  it('that changes later is noticed at the next look', async () => {
    let chain = 1
    const { source } = await serve((request, response, body) => node(chain)(request, response, body))
    await source.request([read(1)])
    chain = 5
    await expect(source.request([{ method: 'eth_chainId', params: [] }, read(2)])).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
    })
  })
})

describe('writes', () => {
  it('travel alone, each in its own message and in order', async () => {
    const { source, server } = await serve(node(1))
    await source.request([read(0)])
    const results = await Promise.all([
      source.request([read(1)]),
      source.request([send('0x1'), read(2), send('0x2')]),
    ])
    expect(results[1].map((result) => result.ok)).toEqual([true, true, true])
    const alone = server.seen.slice(1).map(methodsOf)
    expect(alone).toHaveLength(4)
    expect(alone.flat().filter((method) => method === 'eth_sendRawTransaction')).toHaveLength(2)
  })

  it('are never joined, even when equal', async () => {
    const { source, server } = await serve(node(1))
    await Promise.all([source.request([send()]), source.request([send()])])
    expect(
      server.seen.flatMap(methodsOf).filter((method) => method === 'eth_sendRawTransaction'),
    ).toHaveLength(2)
  })

  it('G12: whose reply is lost fail once and are not sent again', async () => {
    const { source, server } = await serve((request, response, body) => {
      if (methodsOf(JSON.parse(body)).includes('eth_sendRawTransaction')) request.socket.destroy()
      else node(1)(request, response, body)
    })
    const error = await source.request([send()]).catch((error) => error)
    expect(error).toMatchObject({ code: 'NETWORK', retryable: true })
    expect(error.details.sent).toBeUndefined()
    expect(server.seen.flatMap(methodsOf)).toEqual(['eth_chainId', 'eth_sendRawTransaction'])
  })

  it.each<[string, Handler, object]>([
    ['times out', () => {}, { code: 'TIMEOUT' }],
    ['is lost', (request) => request.socket.destroy(), { code: 'NETWORK' }],
    ['is refused', (_request, response) => sendJson(response, null, 500), { code: 'NETWORK' }],
  ])(
    'say that nothing was sent when the look at the chain id before %s',
    async (_name, handler, expected) => {
      const { source } = await serve(handler, { timeout: 100 })
      await expect(source.request([send()])).rejects.toMatchObject({ ...expected, details: { sent: false } })
    },
  )

  it('never say that nothing was sent when the first of several was', async () => {
    let sends = 0
    const { source } = await serve((request, response, body) => {
      if (methodsOf(JSON.parse(body))[0] === 'eth_sendRawTransaction' && ++sends === 2)
        response.writeHead(429).end()
      else node(1)(request, response, body)
    })
    const error = await source.request([send('0x1'), send('0x2')]).catch((error) => error)
    expect(error.code).toBe('RATE_LIMITED')
    expect(error.details.sent).toBeUndefined()
    const alone = await source.request([send('0x3')])
    expect(alone[0]?.ok).toBe(true)
  })

  it('that could not be sent say so', async () => {
    const server = await startServer(node(1))
    await server.close()
    const source = jsonRpc(server.url)('eip155:1')
    await expect(source.request([send()])).rejects.toMatchObject({
      code: 'NETWORK',
      details: { origin: server.url, reason: 'ECONNREFUSED', sent: false },
    })
  })
})

describe('statuses', () => {
  const cases: [number, Record<string, string>, object][] = [
    [
      429,
      { 'retry-after': '7' },
      { code: 'RATE_LIMITED', retryable: true, details: { retryAfter: 7, sent: false } },
    ],
    [429, {}, { code: 'RATE_LIMITED', retryable: true }],
    [
      503,
      { 'retry-after': '99999999' },
      { code: 'RATE_LIMITED', retryable: true, details: { retryAfter: 86_400 } },
    ],
    [503, { 'retry-after': 'soon' }, { code: 'RATE_LIMITED', retryable: true }],
    [500, {}, { code: 'NETWORK', retryable: true }],
    [502, {}, { code: 'NETWORK', retryable: true }],
    [401, {}, { code: 'NETWORK', retryable: false, message: expect.stringContaining('Check the API key') }],
    [403, {}, { code: 'NETWORK', retryable: false, message: expect.stringContaining('Check the API key') }],
    [404, {}, { code: 'NETWORK', retryable: false, message: expect.stringContaining('Check the URL') }],
  ]
  it.each(cases)('%d %o', async (status, headers, expected) => {
    const { source } = await serve((_request, response) => response.writeHead(status, headers).end('no'))
    await expect(source.request([read(1)])).rejects.toMatchObject(expected)
  })

  it('reads a date in Retry-After', async () => {
    const date = new Date(Date.now() + 30_000).toUTCString()
    const { source } = await serve((_request, response) =>
      response.writeHead(429, { 'retry-after': date }).end(),
    )
    const error = await source.request([read(1)]).catch((error) => error)
    expect(error.details.retryAfter).toBeGreaterThan(25)
    expect(error.details.retryAfter).toBeLessThan(31)
  })

  it('throws RATE_LIMITED when a whole batch is refused for that', async () => {
    const { source, server } = await serve((_request, response) =>
      sendJson(response, { id: null, error: { code: -32005, message: 'daily request count exceeded' } }),
    )
    await expect(source.request([read(1)])).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    expect(server.seen.length).toBe(1)
  })
})

describe('secrets in the URL', () => {
  it('reach the server and no error', async () => {
    const server = await startServer((request, response, body) => {
      if (request.url === '/v3/path-secret?key=query-secret') node(56)(request, response, body)
      else response.writeHead(404).end()
    })
    open.push(server.close)
    const url = server.url.replace('//', '//us%20er:pass-secret@')
    const source = jsonRpc(`${url}/v3/path-secret?key=query-secret`, {
      headers: { 'x-key': 'header-secret' },
    })('eip155:1')
    const error = await source.request([read(1)]).catch((error) => error)
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('us er:pass-secret').toString('base64')}`,
      'x-key': 'header-secret',
    })
    expect(error.code).toBe('CHAIN_MISMATCH')
    expect(`${error.stack} ${JSON.stringify(error)} ${JSON.stringify(source)}`).not.toMatch(/secret|us%20er/)
  })

  it.each([
    'http://',
    'ftp://host',
    'http://a b',
    'http://a@b@c',
    'http://host\\@evil',
    'http://h#frag',
    'h',
    7,
  ])('are not repeated when the URL is refused: %s', (url) => {
    expect(() => jsonRpc(url as string)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})

describe('options', () => {
  it.each([{ timeout: 0 }, { batch: { max: 0 } }, { pollInterval: -1 }, { maxResponseBytes: 1.5 }])(
    'without sense are refused: %o',
    (options) => {
      expect(() => jsonRpc('http://host', options)).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST' }),
      )
    },
  )

  it('refuses another family of chains', () => {
    expect(() => jsonRpc('http://host')('bip122:000000000019d6689c085ae165831e93')).toThrow(
      expect.objectContaining({ code: 'INVALID_CHAIN' }),
    )
  })

  it.each([
    [{ method: 'eth_call', params: [1n] }],
    [{ method: 'a"b', params: [] }],
    [{ method: 'eth_call', params: 'x' }],
  ])('refuses a call that has no JSON form: %#', async (call) => {
    const source = jsonRpc('http://127.0.0.1:1')('eip155:1')
    await expect(source.request([call as never])).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

describe('heads over HTTP', () => {
  it('come once each, also back and forth over a fork', async () => {
    const chain = [block(1), block(1), block(2), block(2, 1), block(2), block(3)]
    const answer: Answer = ({ method }) =>
      method === 'eth_getBlockByNumber'
        ? { ok: true, value: chain.length > 1 ? chain.shift() : chain[0] }
        : undefined
    const { source } = await serve(node(1, answer), { pollInterval: 5 })
    const seen: string[] = []
    for await (const { height, hash } of source.heads?.() ?? []) {
      seen.push(`${height}${hash.at(-1)}`)
      if (height === 3) break
    }
    expect(seen).toEqual(['10', '20', '21', '20', '30'])
  })

  it('bear some failures and give up after more', async () => {
    let asked = 0
    const { source } = await serve(
      (request, response, body) => {
        asked++
        if (asked === 2 || asked === 3 || asked > 4) request.socket.destroy()
        else
          node(1, ({ method }) => (method === 'eth_chainId' ? undefined : { ok: true, value: block(asked) }))(
            request,
            response,
            body,
          )
      },
      { pollInterval: 5 },
    )
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const seen: number[] = []
    const run = (async () => {
      for await (const { height } of source.heads?.() ?? []) seen.push(height)
    })()
    await expect(run).rejects.toMatchObject({ code: 'NETWORK' })
    expect(seen).toEqual([1, 4])
    expect(asked).toBe(8)
  })

  it.each([[{}], [{ number: '0x1' }], [{ number: 1, hash: block(1).hash }], [null]])(
    'throw BAD_RESPONSE for a block that is none: %o',
    async (bad) => {
      const { source } = await serve(
        node(1, ({ method }) => (method === 'eth_chainId' ? undefined : { ok: true, value: bad })),
      )
      await expect(source.heads?.()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: 'BAD_RESPONSE',
      })
    },
  )

  it('end when the source is closed', async () => {
    const { source } = await serve(node(1), { pollInterval: 5 })
    for await (const _ of source.heads?.() ?? []) source.close?.()
  })
})

describe('close', () => {
  it('ends what is in flight and what comes after', async () => {
    const { source, server } = await serve(() => {})
    const flying = [source.request([read(1)]), source.request([send()])].map((request) =>
      request.catch((e) => e.code),
    )
    await vi.waitFor(() => expect(server.seen.length).toBeGreaterThan(0))
    source.close?.()
    expect(await Promise.all(flying)).toEqual(['ABORTED', 'ABORTED'])
    await expect(source.request([read(1)])).rejects.toMatchObject({ code: 'ABORTED' })
  })
})
