import type { EvmSource, RpcCall } from '@coffer/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { type JsonRpcOptions, jsonRpc } from './jsonRpc.ts'
import { answers, block, methodsOf } from './testing/server.ts'
import { type SocketServer, startSocketServer } from './testing/socketServer.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

async function serve(
  handler: (socket: { send(text: string): void; terminate(): void }, message: unknown) => void,
  options: JsonRpcOptions & { refuse?: () => number | undefined } = {},
): Promise<{ source: EvmSource; server: SocketServer }> {
  const server = await startSocketServer(handler, options.refuse)
  const source = jsonRpc(server.url, { timeout: 2_000, webSocket: WebSocket, ...options })('eip155:1')
  open.push(() => source.close?.(), server.close)
  return { source, server }
}

const good = (socket: { send(text: string): void }, message: unknown): void =>
  socket.send(JSON.stringify(answers(message, 1)))
const read = (n: number): RpcCall => ({ method: 'eth_getBalance', params: [String(n)] })
const value = (n: number): object => ({ ok: true, value: `eth_getBalance(${n})` })
const SEND: RpcCall = { method: 'eth_sendRawTransaction', params: ['0x'] }
const BAD = { code: 'BAD_RESPONSE' }
const tick = (ms = 30): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe('one socket', () => {
  it('opens with the first request, batches, and asks the chain id once', async () => {
    const { source, server } = await serve(good)
    await tick()
    expect(server.sockets.length).toBe(0)
    const both = await Promise.all([source.request([read(1)]), source.request([read(2), read(3)])])
    expect(both).toEqual([[value(1)], [value(2), value(3)]])
    await source.request([read(4), read(5)])
    expect(server.sockets.length).toBe(1)
    expect(server.seen.map(methodsOf)).toEqual([
      ['eth_chainId', ...Array(3).fill('eth_getBalance')],
      ['eth_getBalance', 'eth_getBalance'],
    ])
  })

  it('takes answers out of order, one by one or together', async () => {
    const { source } = await serve((socket, message) => {
      const list = (answers(message, 1) as object[]).reverse()
      for (const answer of list.slice(0, 2)) socket.send(JSON.stringify(answer))
      socket.send(JSON.stringify(list.slice(2)))
    })
    expect(await source.request([read(1), read(2), read(3)])).toEqual([value(1), value(2), value(3)])
  })

  it('opens again after a loss and checks the chain id again', async () => {
    const { source, server } = await serve(good)
    await source.request([read(1)])
    server.sockets[0]?.terminate()
    await tick()
    expect(await source.request([read(2)])).toEqual([value(2)])
    expect(server.sockets.length).toBe(2)
    expect(methodsOf(server.seen[1])).toEqual(['eth_chainId', 'eth_getBalance'])
  })

  it('E1: notices another chain after a reconnection, before a write', async () => {
    let chain = 1
    const { source, server } = await serve((socket, message) =>
      socket.send(JSON.stringify(answers(message, chain))),
    )
    await source.request([SEND])
    chain = 56
    server.sockets[0]?.terminate()
    await tick()
    await expect(source.request([SEND])).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
      details: { sent: false },
    })
    expect(server.seen.flatMap(methodsOf)).toEqual(['eth_chainId', 'eth_sendRawTransaction', 'eth_chainId'])
  })

  it('E1: notices another chain between two writes of one request, and does not say that nothing was sent', async () => {
    let chain = 1
    const { source, server } = await serve((socket, message) => {
      socket.send(JSON.stringify(answers(message, chain)))
      if (methodsOf(message)[0] !== 'eth_sendRawTransaction') return
      chain = 56
      socket.terminate()
    })
    const error = await source.request([SEND, SEND]).catch((error) => error)
    expect(['CHAIN_MISMATCH', 'NETWORK']).toContain(error.code)
    expect(error.details.sent).toBeUndefined()
    expect(
      server.seen.flatMap(methodsOf).filter((method) => method === 'eth_sendRawTransaction').length,
    ).toBe(1)
  })

  it('fails what is in flight when it is lost', async () => {
    const { source } = await serve((socket) => socket.terminate())
    const errors = await Promise.all(
      [source.request([read(1)]), source.request([read(2)])].map((request) =>
        request.catch((error) => error),
      ),
    )
    for (const error of errors) expect(error).toMatchObject({ code: 'NETWORK', retryable: true })
  })

  it('G12: never sends a write again', async () => {
    const { source, server } = await serve((socket, message) => {
      if (methodsOf(message)[0] === 'eth_sendRawTransaction') socket.terminate()
      else good(socket, message)
    })
    const error = await source.request([SEND]).catch((error) => error)
    expect(error.code).toBe('NETWORK')
    expect(error.details.sent).toBeUndefined()
    await tick()
    expect(server.seen.flatMap(methodsOf)).toEqual(['eth_chainId', 'eth_sendRawTransaction'])
  })

  it('keeps the others when one caller leaves, and takes the late answer calmly', async () => {
    const { source, server } = await serve(
      (socket, message) => void setTimeout(() => good(socket, message), 40),
    )
    await source.request([read(0)])
    const controller = new AbortController()
    const left = source.request([read(1)], { signal: controller.signal })
    await tick(10)
    const stays = source.request([read(2)])
    await tick(10)
    controller.abort()
    await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await stays).toEqual([value(2)])
    await tick(60)
    expect(await source.request([read(3)])).toEqual([value(3)])
    expect(server.sockets.length).toBe(1)
  })

  it('times out, and gives up a connection that is silent', async () => {
    let silent = true
    const { source, server } = await serve(
      (socket, message) => {
        if (!silent) good(socket, message)
      },
      { timeout: 100 },
    )
    await expect(source.request([read(1)])).rejects.toMatchObject({ code: 'TIMEOUT' })
    silent = false
    expect(await source.request([read(1)])).toEqual([value(1)])
    expect(server.sockets.length).toBe(2)
  })

  it('falls back to single calls when batches are refused', async () => {
    const refusal = JSON.stringify({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32600, message: 'no batches' },
    })
    const { source, server } = await serve((socket, message) => {
      if (Array.isArray(message)) socket.send(refusal)
      else good(socket, message)
    })
    expect(await source.request([read(1), read(2)])).toEqual([value(1), value(2)])
    expect(await source.request([read(3), read(4)])).toEqual([value(3), value(4)])
    expect(server.seen.filter(Array.isArray).length).toBe(1)
    expect(server.sockets.length).toBe(1)
  })
})

describe('a socket that does not open', () => {
  it.each([
    [401, { code: 'NETWORK', retryable: false }],
    [429, { code: 'RATE_LIMITED', retryable: true }],
    [500, { code: 'NETWORK', retryable: true }],
  ])('with status %d', async (status, expected) => {
    const { source } = await serve(good, { refuse: () => status })
    await expect(source.request([SEND])).rejects.toMatchObject({ ...expected, details: { sent: false } })
  })

  it('because nobody listens', async () => {
    const server = await startSocketServer(good)
    await server.close()
    const source = jsonRpc(`${server.url}/secret`, { webSocket: WebSocket })('eip155:1')
    const error = await source.request([read(1)]).catch((error) => error)
    expect(error).toMatchObject({ code: 'NETWORK', details: { origin: server.url, reason: 'ECONNREFUSED' } })
    expect(JSON.stringify(error) + error.stack).not.toContain('secret')
  })

  it('in time', async () => {
    class Never {
      readyState = 0
      onopen = null
      onmessage = null
      onerror = null
      onclose = null
      closed = false
      constructor() {
        made.push(this)
      }
      send(): void {}
      close(): void {
        this.closed = true
      }
    }
    const made: Never[] = []
    const waits = jsonRpc('wss://host/secret', { webSocket: Never, timeout: 50 })('eip155:1')
    await expect(waits.request([read(1)])).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(made[0]?.closed).toBe(true)
  })

  it('because there is no WebSocket', () => {
    vi.stubGlobal('WebSocket', undefined)
    expect(() => jsonRpc('ws://host')('eip155:1')).toThrow(
      expect.objectContaining({ code: 'MISSING_DEPENDENCY', message: expect.stringContaining('`ws`') }),
    )
  })

  it('because headers were wanted', () => {
    expect(() => jsonRpc('ws://host', { headers: { a: 'b' } })).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })
})

describe('G8, G9: hostile messages', () => {
  type Entry = { id: unknown; result?: unknown }
  const cases: [string, (entries: Entry[]) => string | Buffer][] = [
    ['no JSON', () => '<html>'],
    ['deep nesting', () => '['.repeat(100_000)],
    ['too long', () => `[${' '.repeat(20_000)}]`],
    ['binary', (entries) => Buffer.from(JSON.stringify(entries))],
    ['a key twice', (entries) => JSON.stringify(entries).replace('"result":', '"result":"0x1","result":')],
    ['__proto__', (entries) => JSON.stringify(entries).replace('"result":', '"__proto__":{},"result":')],
    ['an answer twice', ([a, ...more]) => JSON.stringify([a, a, ...more])],
    ['a foreign id', (entries) => JSON.stringify([...entries.slice(1), { id: 99, result: '0x' }])],
    ['no id', () => JSON.stringify({ result: '0x' })],
    ['nonsense', () => '[null, 7]'],
  ]
  it.each(cases)('%s: fails what is in flight and hangs up', async (_name, change) => {
    let hostile = true
    const { source, server } = await serve(
      (socket, message) =>
        socket.send(
          (hostile ? change(answers(message, 1) as Entry[]) : JSON.stringify(answers(message, 1))) as string,
        ),
      { maxResponseBytes: 10_000 },
    )
    await expect(source.request([read(1), read(2)])).rejects.toMatchObject(BAD)
    hostile = false
    expect(await source.request([read(3)])).toEqual([value(3)])
    expect(server.sockets.length).toBe(2)
  })
})

describe('heads', () => {
  const chainOf =
    (head: () => number): ((socket: { send(text: string): void }, message: unknown) => void) =>
    (socket, message) => {
      const text = JSON.stringify(
        answers(message, 1, ({ method }) => {
          if (method === 'eth_getBlockByNumber') return { ok: true, value: block(head()) }
          if (method === 'eth_subscribe') return { ok: true, value: '0x5' }
          return undefined
        }),
      )
      socket.send(text)
    }
  const event = (height: number, subscription = '0x5'): string =>
    JSON.stringify({
      jsonrpc: '2.0',
      method: 'eth_subscription',
      params: { subscription, result: block(height) },
    })

  it('come from a subscription, once each, and end cleanly', async () => {
    const { source, server } = await serve((socket, message) => {
      chainOf(() => 1)(socket, message)
      // In the same breath as the answer to the subscription.
      if (methodsOf(message)[0] === 'eth_subscribe')
        for (const text of [event(1), event(7, '0x9'), event(2), event(2), event(3)]) socket.send(text)
    })
    const controller = new AbortController()
    const seen: number[] = []
    for await (const { height } of source.heads?.({ signal: controller.signal }) ?? []) {
      seen.push(height)
      if (height === 3) controller.abort()
    }
    expect(seen).toEqual([1, 2, 3])
    await vi.waitFor(() => expect(server.seen.flatMap(methodsOf)).toContain('eth_unsubscribe'))
    expect(server.seen.flatMap(methodsOf)).toEqual([
      'eth_chainId',
      'eth_subscribe',
      'eth_getBlockByNumber',
      'eth_unsubscribe',
    ])
  })

  it('go on over a new connection after a loss, without a gap', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    let head = 1
    const { source, server } = await serve(chainOf(() => head))
    const seen: number[] = []
    for await (const { height } of source.heads?.() ?? []) {
      seen.push(height)
      if (height === 1) {
        head = 4
        setTimeout(() => server.sockets[0]?.terminate(), 10)
      }
      if (height === 4) setTimeout(() => server.sockets[1]?.send(event(5)), 10)
      if (height === 5) break
    }
    expect(seen).toEqual([1, 4, 5])
    expect(server.seen.flatMap(methodsOf).filter((method) => method === 'eth_chainId').length).toBe(2)
  })

  it('are polled where there are no subscriptions', async () => {
    let head = 0
    const { source } = await serve(
      (socket, message) =>
        socket.send(
          JSON.stringify(
            answers(message, 1, ({ method }) => {
              if (method === 'eth_getBlockByNumber') return { ok: true, value: block(++head) }
              if (method === 'eth_subscribe') return { ok: false, error: { code: -32601, message: 'no' } }
              return undefined
            }),
          ),
        ),
      { pollInterval: 5 },
    )
    const seen: number[] = []
    for await (const { height } of source.heads?.() ?? []) {
      seen.push(height)
      if (height === 3) break
    }
    expect(seen).toEqual([1, 2, 3])
  })

  it('throw NETWORK when the node stays away', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    let away = false
    const { source, server } = await serve(
      chainOf(() => 1),
      { refuse: () => (away ? 502 : undefined) },
    )
    const run = (async () => {
      for await (const _ of source.heads?.() ?? []) {
        away = true
        server.sockets[0]?.terminate()
      }
    })()
    await expect(run).rejects.toMatchObject({ code: 'NETWORK' })
  })

  it('throw CHAIN_MISMATCH when another chain answers after a reconnection', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    let chain = 1
    const { source, server } = await serve((socket, message) => {
      if (chain === 1) chainOf(() => 1)(socket, message)
      else socket.send(JSON.stringify(answers(message, chain)))
    })
    const run = (async () => {
      for await (const _ of source.heads?.() ?? []) {
        chain = 56
        server.sockets[0]?.terminate()
      }
    })()
    await expect(run).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' })
  })

  it('end when the source is closed', async () => {
    const { source } = await serve(chainOf(() => 1))
    for await (const _ of source.heads?.() ?? []) setTimeout(() => source.close?.(), 5)
  })
})
