import type { ServerResponse } from 'node:http'
import { createGzip, gzipSync } from 'node:zlib'
import type { EvmSource, RpcCall } from '@coffer/core'
import { afterEach, describe, expect, it } from 'vitest'
import { type JsonRpcOptions, jsonRpc } from './jsonRpc.ts'
import { answers, type Handler, node, sendJson, startServer, type TestServer } from './testing/server.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

async function serve(
  handler: Handler,
  options: JsonRpcOptions = {},
): Promise<{ source: EvmSource; server: TestServer }> {
  const server = await startServer(handler)
  const source = jsonRpc(server.url, { timeout: 5_000, ...options })('eip155:1')
  open.push(() => source.close?.(), server.close)
  return { source, server }
}

const READ: RpcCall = { method: 'eth_call', params: [] }
const BAD = { code: 'BAD_RESPONSE', retryable: false }

/** Writes until the other side hangs up; counts what it took. */
function pour(response: ServerResponse, chunk: Buffer, bytes: number): { taken: number; hungUp: boolean } {
  const state = { taken: 0, hungUp: false }
  response.on('close', () => {
    state.hungUp = state.taken < bytes
  })
  const more = (): void => {
    while (state.taken < bytes && !response.destroyed) {
      state.taken += chunk.length
      if (!response.write(chunk)) return void response.once('drain', more)
    }
    response.end()
  }
  more()
  return state
}

describe('G9: hostile bodies', () => {
  it('100 MB: stops reading and hangs up', async () => {
    let state = { taken: 0, hungUp: false }
    const { source } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      state = pour(response, Buffer.alloc(65_536, 0x20), 100_000_000)
    })
    const before = process.memoryUsage().rss
    await expect(source.request([READ])).rejects.toMatchObject(BAD)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(state.hungUp).toBe(true)
    expect(state.taken).toBeLessThan(60_000_000)
    expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000)
  })

  it('an announced length above the limit: reads nothing', async () => {
    const { source } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100000000' })
      response.write('[')
    })
    const start = performance.now()
    await expect(source.request([READ])).rejects.toMatchObject(BAD)
    expect(performance.now() - start).toBeLessThan(2_000)
  })

  it('a compressed bomb: counts what comes out', async () => {
    const bomb = gzipSync(Buffer.alloc(100_000_000, 0x20))
    expect(bomb.length).toBeLessThan(200_000)
    const { source } = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': bomb.length })
      response.end(bomb)
    })
    const before = process.memoryUsage().rss
    await expect(source.request([READ])).rejects.toMatchObject(BAD)
    expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000)
  })

  it('an endless compressed stream', async () => {
    const { source } = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' })
      const gzip = createGzip({ level: 1 })
      gzip.pipe(response)
      const more = (): void => {
        while (!response.destroyed)
          if (!gzip.write(Buffer.alloc(65_536, 0x20))) return void gzip.once('drain', more)
      }
      more()
    })
    await expect(source.request([READ])).rejects.toMatchObject(BAD)
  })

  it('fed in drips: ends at the deadline', async () => {
    let hungUp = false
    const { source } = await serve(
      (_request, response) => {
        response.writeHead(200)
        const drip = setInterval(() => response.write(' '), 20)
        response.on('close', () => {
          hungUp = true
          clearInterval(drip)
        })
      },
      { timeout: 200 },
    )
    const start = performance.now()
    await expect(source.request([READ])).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true })
    expect(performance.now() - start).toBeLessThan(1_500)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(hungUp).toBe(true)
  })

  it('never answered: ends at the deadline', async () => {
    const { source } = await serve(() => {}, { timeout: 100 })
    await expect(source.request([READ])).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  it('broken off in the middle', async () => {
    const { source } = await serve((request, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('[{"id":1,', () => request.socket.destroy())
    })
    await expect(source.request([READ])).rejects.toMatchObject({ code: 'NETWORK', retryable: true })
  })

  it.each([
    ['deep nesting', '['.repeat(1_000_000)],
    ['a web page', '<!doctype html><html>sign in to the hotel</html>'],
    ['nothing', ''],
    ['half of JSON', '[{"jsonrpc":"2.0"'],
    ['a bare value', '7'],
    ['null', 'null'],
    ['an array of nothing', '[]'],
    ['an array of nulls', '[null,null]'],
  ])('%s under status 200', async (_name, body) => {
    const { source } = await serve((_request, response) => response.writeHead(200).end(body))
    await expect(source.request([READ])).rejects.toMatchObject(BAD)
  })

  it('says that a web page came', async () => {
    const { source } = await serve((_request, response) => response.writeHead(200).end('<html>'))
    await expect(source.request([READ])).rejects.toThrow('web page')
  })

  it('bytes that are no UTF-8', async () => {
    const { source } = await serve((_request, response, body) => {
      const text = JSON.stringify(answers(JSON.parse(body), 1))
      response.writeHead(200).end(Buffer.from(text.replace('eth_call()', '\u00ff'), 'latin1'))
    })
    await expect(source.request([READ])).rejects.toMatchObject(BAD)
  })

  it('numbers above 2^53 keep their digits', async () => {
    const { source } = await serve((_request, response, body) => {
      const text = JSON.stringify(answers(JSON.parse(body), 1)).replace(
        '"eth_call()"',
        '{"n":9007199254740993}',
      )
      response.writeHead(200).end(text)
    })
    expect(await source.request([READ])).toEqual([{ ok: true, value: { n: '9007199254740993' } }])
  })
})

describe('G8: keys in a body', () => {
  it.each([
    ['a key twice', (text: string) => text.replace('"result":', '"result":"0x1","result":')],
    ['__proto__', (text: string) => text.replace('"eth_call()"', '{"__proto__":{"admin":true}}')],
    ['constructor', (text: string) => text.replace('"eth_call()"', '{"constructor":{}}')],
  ])('%s', async (_name, change) => {
    const { source } = await serve((_request, response, body) =>
      response.writeHead(200).end(change(JSON.stringify(answers(JSON.parse(body), 1)))),
    )
    await expect(source.request([READ])).rejects.toMatchObject(BAD)
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  })
})

describe('answers to other calls than were asked', () => {
  type Entry = { id: unknown; result?: unknown; error?: unknown }
  const changes: [string, (entries: Entry[]) => unknown][] = [
    ['one too few', (entries) => entries.slice(1)],
    ['one too many', (entries) => [...entries, { id: 999, result: '0x' }]],
    ['an id twice', ([a, b, c]) => [a, a, b && c]],
    ['a repeated answer', (entries) => [...entries, entries[0]]],
    ['a foreign id', ([a, b, c]) => [a, b, { ...c, id: 999 }]],
    ['an id as a string', ([a, b, c]) => [a, b, { ...c, id: String(c?.id) }]],
    ['no id', ([a, b]) => [a, b, { result: '0x' }]],
    ['the id null', ([a, b]) => [a, b, { id: null, result: '0x' }]],
    ['result and error', ([a, b, c]) => [a, b, { ...c, error: { code: 1, message: '' } }]],
    ['neither result nor error', ([a, b, c]) => [a, b, { id: c?.id }]],
    ['an error without a code', ([a, b, c]) => [a, b, { id: c?.id, error: { message: 'no' } }]],
    ['an error that is a text', ([a, b, c]) => [a, b, { id: c?.id, error: 'no' }]],
    ['one bare answer', ([a]) => a],
  ]
  it.each(changes)('%s', async (_name, change) => {
    const { source } = await serve((_request, response, body) =>
      sendJson(response, change(answers(JSON.parse(body), 1) as Entry[])),
    )
    await expect(source.request([READ, { method: 'eth_gasPrice', params: [] }])).rejects.toMatchObject(BAD)
  })

  it('a foreign id for a single call', async () => {
    const { source } = await serve((_request, response) => sendJson(response, { id: 999, result: '0x1' }))
    await expect(source.request([{ method: 'eth_chainId', params: [] }])).rejects.toMatchObject(BAD)
  })
})

describe('G10: redirects', () => {
  it.each([301, 302, 303, 307, 308])('%d is not followed, and no credentials go there', async (status) => {
    const elsewhere = await startServer(node(1))
    open.push(elsewhere.close)
    const server = await startServer((_request, response) =>
      response.writeHead(status, { location: `${elsewhere.url}/` }).end(),
    )
    open.push(server.close)
    const source = jsonRpc(server.url.replace('//', '//user:secret@'), { headers: { 'x-key': 'secret' } })(
      'eip155:1',
    )
    await expect(source.request([READ])).rejects.toMatchObject({
      code: 'NETWORK',
      retryable: false,
      message: expect.stringContaining('Use the final URL'),
    })
    expect(elsewhere.seen).toEqual([])
  })

  it('are refused where the platform follows them unasked', async () => {
    const fetch = async (): Promise<Response> => {
      const response = new Response('{}')
      Object.defineProperty(response, 'redirected', { value: true })
      return response
    }
    const source = jsonRpc('http://host', { fetch })('eip155:1')
    await expect(source.request([READ])).rejects.toMatchObject({ code: 'NETWORK', retryable: false })
  })
})

describe('requests', () => {
  it('carry no cookies, no referrer, and what a body without streams allows', async () => {
    let init: RequestInit | undefined
    const fetch = async (_url: unknown, options?: RequestInit): Promise<Response> => {
      init = options
      const response = new Response(JSON.stringify(answers(JSON.parse(String(options?.body)), 1)))
      Object.defineProperty(response, 'body', { value: null })
      return response
    }
    const source = jsonRpc('http://host', { fetch: fetch as typeof globalThis.fetch, maxResponseBytes: 500 })(
      'eip155:1',
    )
    expect(await source.request([READ])).toEqual([{ ok: true, value: 'eth_call()' }])
    expect(init).toMatchObject({ credentials: 'omit', redirect: 'manual', referrerPolicy: 'no-referrer' })
    const long: RpcCall = { method: 'eth_call', params: ['x'.repeat(600)] }
    await expect(source.request([long])).rejects.toMatchObject(BAD)
  })
})
