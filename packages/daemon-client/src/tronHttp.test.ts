// One file, since every test bends the same server in another way.
import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { TronCall, TronResult, TronSource } from '@coffer/core'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startServer } from './testing/server.ts'
import {
  blockId,
  startTron,
  TRON_DEVNET,
  TRON_MAINNET,
  type TronServer,
  type TronSetup,
} from './testing/tronServer.ts'
import { encodeTronCall } from './tronCalls.ts'
import { type TronHttpOptions, tronHttp } from './tronHttp.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const close of open.splice(0)) await close()
})

const KEY = 'KEY-SECRET'
const READ: TronCall = { path: 'wallet/getaccount', body: { address: `41${'ab'.repeat(20)}` } }
const SOLID: TronCall = { path: 'walletsolidity/getnowblock' }
const SEND: TronCall = { path: 'wallet/broadcasthex', body: { transaction: '0a00' } }
const BAD = { code: 'BAD_RESPONSE', retryable: false }
const PIN = 'wallet/getblockbynum'

async function serve(
  setup: TronSetup = {},
  options: TronHttpOptions = {},
): Promise<{ source: TronSource; server: TronServer }> {
  const server = await startTron(setup)
  const source = tronHttp(server.url, { timeout: 5_000, pollInterval: 10, ...options })(TRON_DEVNET)
  open.push(() => source.close?.(), server.close)
  return { source, server }
}

/** Answers all but the question for the first block. */
function all(reply: (response: ServerResponse, path: string) => unknown): TronSetup {
  return {
    before(path, response) {
      if (path.endsWith('getblockbynum')) return false
      reply(response, path)
      return true
    },
  }
}

const say = (text: string, status = 200, headers: Record<string, string> = {}): TronSetup =>
  all((response) => response.writeHead(status, headers).end(text))

function failureOf(promise: Promise<unknown>): Promise<{ code?: string; details: Record<string, unknown> }> {
  return promise.then(
    () => {
      throw new Error('It did not fail.')
    },
    (error) => error,
  )
}

describe('a request', () => {
  it('is a POST of JSON for each call, with the key as a header', async () => {
    const { source, server } = await serve({}, { apiKey: KEY, headers: { 'x-more': 'yes' } })
    expect(await source.request([READ, SOLID])).toEqual([
      { ok: true, value: {} },
      { ok: true, value: expect.objectContaining({ blockID: blockId(1) }) },
    ])
    expect(server.paths()).toEqual([PIN, 'wallet/getaccount', 'walletsolidity/getnowblock'])
    for (const { method, headers, url } of server.requests) {
      expect(method).toBe('POST')
      expect(url).not.toContain(KEY)
      expect(headers).toMatchObject({
        'tron-pro-api-key': KEY,
        'x-more': 'yes',
        'content-type': 'application/json',
      })
    }
    expect(server.seen).toEqual([{ num: 0 }, READ.body, {}])
  })

  it('goes to the node for what is final where that is another, first block and all', async () => {
    const [full, solid] = [await startTron(), await startTron()]
    const source = tronHttp({ fullNode: full.url, solidityNode: `${solid.url}/`, apiKey: KEY })(TRON_DEVNET)
    open.push(full.close, solid.close)
    await source.request([READ])
    expect([full.paths(), solid.paths()]).toEqual([[PIN, 'wallet/getaccount'], []])
    await source.request([SOLID, READ])
    expect([full.paths(), solid.paths()]).toEqual([
      ['wallet/getaccount'],
      ['walletsolidity/getblockbynum', 'walletsolidity/getnowblock'],
    ])
  })

  it('asks twelve calls at a time, or as many as it is told, over all requests', async () => {
    for (const [concurrency, most] of [
      [undefined, 12],
      [3, 3],
    ] as const) {
      let now = 0
      let peak = 0
      const { source } = await serve(
        all((response) => {
          peak = Math.max(peak, ++now)
          setTimeout(() => {
            now--
            response.writeHead(200).end('{}')
            // Long enough for all that may come at once to come.
          }, 60)
        }),
        { concurrency },
      )
      const callsOf = (from: number): TronCall[] =>
        Array.from({ length: 15 }, (_, i) => ({ path: 'wallet/getaccount', body: { n: from + i } }))
      const answers = await Promise.all([source.request(callsOf(0)), source.request(callsOf(100))])
      expect(answers.map(({ length }) => length)).toEqual([15, 15])
      expect(peak).toBe(most)
    }
  })

  it('shares equal reads in flight, and asks anew afterwards', async () => {
    const { source, server } = await serve()
    await source.request([READ])
    server.paths()
    await Promise.all([source.request([READ, SOLID]), source.request([SOLID]), source.request([READ])])
    expect(server.paths().sort()).toEqual(['wallet/getaccount', 'walletsolidity/getnowblock'])
    await source.request([READ])
    expect(server.paths()).toEqual(['wallet/getaccount'])
  })

  it('leaves a shared read to those who stay', async () => {
    let release = (): void => {}
    const { source, server } = await serve(
      all((response) => {
        release = () => response.writeHead(200).end('{"x":1}')
      }),
    )
    const controller = new AbortController()
    const left = source.request([READ], { signal: controller.signal })
    const stays = source.request([READ])
    await vi.waitFor(() => expect(server.requests.length).toBe(2))
    controller.abort()
    await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
    release()
    expect(await stays).toEqual([{ ok: true, value: { x: 1 } }])
  })

  it('does not share a read from before a broadcast with one after it', async () => {
    const held: ServerResponse[] = []
    const { source, server } = await serve(
      all((response, path) => {
        if (path === 'wallet/getaccount') held.push(response)
        else response.writeHead(200).end('{"result":true}')
      }),
    )
    const early = source.request([READ])
    await vi.waitFor(() => expect(held.length).toBe(1))
    await source.request([SEND])
    const late = source.request([READ])
    await vi.waitFor(() => expect(held.length).toBe(2))
    held.forEach((response, i) => void response.writeHead(200).end(`{"i":${i}}`))
    expect(await Promise.all([early, late])).toEqual([
      [{ ok: true, value: { i: 0 } }],
      [{ ok: true, value: { i: 1 } }],
    ])
    expect(server.paths().filter((path) => path === 'wallet/getaccount')).toHaveLength(2)
  })

  it.each([
    '',
    'wallet',
    'wallet/',
    '/wallet/getaccount',
    'wallet/getaccount/',
    'wallet/../admin',
    'wallet/a?b=1',
    'wallet/a#b',
    'wallet/é',
    'walletpbft/getaccount',
    'v1/accounts',
    'https://elsewhere/wallet/getaccount',
  ])('does not leave for the path "%s"', async (path) => {
    const { source, server } = await serve()
    await expect(source.request([READ, { path }])).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(server.requests).toEqual([])
  })
})

describe('bodies', () => {
  it('have bigints as bare integers', () => {
    const body = {
      amount: 9_223_372_036_854_775_807n,
      list: [1n, -2n, { deep: 0n }],
      text: '5',
      none: undefined,
    }
    expect(encodeTronCall({ path: 'wallet/createtransaction', body }).body).toBe(
      '{"amount":9223372036854775807,"list":[1,-2,{"deep":0}],"text":"5"}',
    )
  })

  it('are what JSON.stringify writes, for whatever that writes exactly', () => {
    const leaf = fc.oneof(fc.string({ unit: 'binary' }), fc.boolean(), fc.constant(null), fc.maxSafeInteger())
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('any')), fc.dictionary(fc.string(), tie('any'))),
    })).any
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), (body) => {
        expect(JSON.parse(encodeTronCall({ path: 'wallet/x', body }).body)).toEqual(
          JSON.parse(JSON.stringify(body)),
        )
      }),
    )
  })

  it.each<[string, unknown]>([
    ['a fraction', 0.5],
    ['a number beyond 2^53', 2 ** 53],
    ['NaN', Number.NaN],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['bytes', new Uint8Array(2)],
    ['a map', new Map()],
  ])('hold no %s', (_name, value) => {
    expect(() => encodeTronCall({ path: 'wallet/x', body: { list: [value] } })).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })

  it('end somewhere, and are objects', () => {
    const circle: Record<string, unknown> = {}
    circle.again = circle
    for (const body of [circle, [] as unknown as Record<string, unknown>])
      expect(() => encodeTronCall({ path: 'wallet/x', body })).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST' }),
      )
  })
})

describe('the chain', () => {
  it('is looked at once, by many at the same time, and again after five minutes', async () => {
    const { source, server } = await serve()
    await Promise.all([source.request([READ]), source.request([SOLID]), source.request([SEND])])
    expect(server.paths().filter((path) => path === PIN)).toHaveLength(1)
    const now = performance.now()
    vi.spyOn(performance, 'now').mockReturnValue(now + 5 * 60_000 + 1)
    await source.request([READ])
    expect(server.paths()).toEqual([PIN, 'wallet/getaccount'])
  })

  it('is looked at again after a failure', async () => {
    let fails = false
    const { source, server } = await serve({
      before(path, response) {
        if (!fails || path === PIN) return false
        response.writeHead(500).end('oops')
        return true
      },
    })
    await source.request([READ])
    fails = true
    await expect(source.request([READ])).rejects.toMatchObject({ code: 'NETWORK', retryable: true })
    fails = false
    server.paths()
    await source.request([READ])
    expect(server.paths()).toEqual([PIN, 'wallet/getaccount'])
  })

  it('G10: holds a broadcast back from another chain, whichever node has it', async () => {
    const { server } = await serve()
    const other = await startTron({
      before(path, response) {
        if (path !== 'walletsolidity/getblockbynum') return false
        response.writeHead(200).end(`{"blockID":"${blockId(0).slice(0, -8)}2b6653dc"}`)
        return true
      },
    })
    open.push(other.close)
    const mismatch = {
      code: 'CHAIN_MISMATCH',
      details: { expected: TRON_MAINNET, actual: TRON_DEVNET, sent: false },
    }
    await expect(tronHttp(server.url)(TRON_MAINNET).request([SEND])).rejects.toMatchObject(mismatch)
    const split = tronHttp({ fullNode: server.url, solidityNode: other.url })(TRON_DEVNET)
    await expect(split.request([SOLID, SEND])).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
      details: { actual: TRON_MAINNET, sent: false },
    })
    expect([...server.paths(), ...other.paths()].filter((path) => !path.endsWith('getblockbynum'))).toEqual(
      [],
    )
  })

  it.each([
    '{}',
    '{"blockID":7}',
    `{"blockID":"${blockId(1)}"}`,
    `{"blockID":"${blockId(0).toUpperCase()}"}`,
    `{"blockID":"${blockId(0).slice(1)}"}`,
    'this API is closed because this node is a lite fullnode',
    '{"Error":"class X : no block"}',
    '[]',
  ])('is not known from %s', async (text) => {
    const { source } = await serve({
      before(_path, response) {
        response.writeHead(200).end(text)
        return true
      },
    })
    await expect(source.request([READ])).rejects.toMatchObject(BAD)
    await expect(source.request([SEND])).rejects.toMatchObject({ ...BAD, details: { sent: false } })
  })
})

describe('refusals of a call', () => {
  const results = async (setup: TronSetup): Promise<TronResult | undefined> => {
    const { source } = await serve(setup, { apiKey: KEY })
    return (await source.request([READ]))[0]
  }

  it.each<[string, number, object]>([
    ['{"Error":"class X : no such account"}', 200, { message: 'class X : no such account' }],
    ['{"Error":7}', 200, { message: 'no reason given' }],
    ['{"Error":null}', 200, { message: 'no reason given' }],
    [
      'this API is closed because this node is a lite fullnode',
      200,
      { message: expect.stringMatching(/^this API/) },
    ],
    [
      '{"Error":"this API is unavailable due to config"}',
      404,
      { message: 'this API is unavailable due to config', status: 404 },
    ],
    ['<html>404 page</html>', 404, { message: 'HTTP 404', status: 404 }],
    ['', 405, { message: 'HTTP 405', status: 405 }],
    ['no such method', 501, { message: 'no such method', status: 501 }],
    ['{"error":"bad address"}', 400, { message: 'bad address', status: 400 }],
  ])('%s under %d', async (text, status, error) => {
    expect(await results(say(text, status))).toEqual({ ok: false, error })
  })

  it('are cleaned, cut, and hold no key', async () => {
    const text = `bad \u202e\u0007 https://user:pass@host/${KEY}?x=1 and ${KEY} ${'x'.repeat(9_000)}`
    const result = await results(say(JSON.stringify({ Error: text })))
    const message = result?.ok === false ? result.error.message : ''
    expect(message).toMatch(/^bad https:\/\/host and … x+$/)
    expect(message.length).toBe(500)
  })

  it('that a broadcast gets come with their code', async () => {
    const { source } = await serve()
    expect(await source.request([SEND])).toEqual([
      { ok: true, value: expect.objectContaining({ code: 'TRANSACTION_EXPIRATION_ERROR', result: false }) },
    ])
  })
})

describe('servers that ask for fewer requests', () => {
  const frequency = 'The key exceeds the frequency limit(15), and the query server is suspended for 30s'
  it.each<[string, number, object]>([
    [
      JSON.stringify({ Success: false, Error: frequency, StatusCode: 403 }),
      403,
      { retryAfter: 30, sent: false },
    ],
    [JSON.stringify({ Error: frequency }), 503, { retryAfter: 30, sent: false }],
    [JSON.stringify({ Error: frequency }), 200, { retryAfter: 30, sent: false }],
    [JSON.stringify({ Error: frequency }), 400, { retryAfter: 30, sent: false }],
    [
      '{"Error":"class java.lang.IllegalAccessException : lack of computing resources"}',
      200,
      { sent: false },
    ],
    ['', 429, { retryAfter: 7, sent: false }],
    ['{"Error":"too many requests"}', 403, { retryAfter: 7, sent: false }],
  ])('%s under %d', async (text, status, details) => {
    const { source } = await serve(say(text, status, { 'retry-after': '7' }))
    for (const call of [READ, SEND]) {
      const error = await failureOf(source.request([call]))
      expect(error).toMatchObject({ code: 'RATE_LIMITED', retryable: true })
      const { origin: _, ...found } = error.details
      expect(found).toEqual(details)
    }
  })

  it('say so in the beginning of a long refusal, which is not read to its end', async () => {
    let taken = 0
    const { source } = await serve(
      all((response) => {
        response.writeHead(403)
        response.write(`{"Error":"${frequency}","more":"`)
        const more = (): void => {
          while (taken < 50_000_000 && !response.destroyed) {
            taken += 65_536
            if (!response.write(Buffer.alloc(65_536, 0x20))) return void response.once('drain', more)
          }
          response.end()
        }
        more()
      }),
    )
    await expect(source.request([READ])).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    expect(taken).toBeLessThan(40_000_000)
  })

  it('are told from a busy server, a wrong key and a slow refusal', async () => {
    const busy = await serve(say('<html>down</html>', 503, { 'retry-after': '9' }))
    const error = await failureOf(busy.source.request([SEND]))
    expect(error).toMatchObject({ code: 'RATE_LIMITED', details: { retryAfter: 9 } })
    expect(error.details).not.toHaveProperty('sent')
    for (const status of [401, 403])
      await expect(
        (await serve(say('{"Error":"wrong key"}', status))).source.request([READ]),
      ).rejects.toMatchObject({ code: 'NETWORK', retryable: false, details: { sent: false } })
    const slow = await serve(
      all((response) => void response.writeHead(403).write('{')),
      { timeout: 100 },
    )
    await expect(slow.source.request([READ])).rejects.toMatchObject({ code: 'TIMEOUT' })
  })
})

describe('G12: a broadcast', () => {
  it('is sent once, and its calls one after another', async () => {
    const { source, server } = await serve(all((response) => response.writeHead(200).end('{"result":true}')))
    await source.request([READ, SEND, SEND])
    expect(server.paths()).toEqual([PIN, 'wallet/getaccount', 'wallet/broadcasthex', 'wallet/broadcasthex'])
    await Promise.all([source.request([SEND]), source.request([SEND])])
    expect(server.paths()).toEqual(['wallet/broadcasthex', 'wallet/broadcasthex'])
  })

  it('was not sent when the server cannot be reached, or a read before it failed', async () => {
    const dead = tronHttp('http://127.0.0.1:9')(TRON_DEVNET)
    await expect(dead.request([SEND])).rejects.toMatchObject({ code: 'NETWORK', details: { sent: false } })
    const { source, server } = await serve(say('oops', 500))
    await expect(source.request([READ, SEND])).rejects.toMatchObject({
      code: 'NETWORK',
      details: { sent: false },
    })
    expect(server.paths()).toEqual([PIN, 'wallet/getaccount'])
  })

  it.each<[string, (response: ServerResponse) => unknown, string]>([
    ['no answer comes', () => {}, 'TIMEOUT'],
    ['the connection is lost', (response) => response.destroy(), 'NETWORK'],
    ['the server failed', (response) => response.writeHead(502).end(), 'NETWORK'],
    ['the answer is a page', (response) => response.writeHead(200).end('<html>'), 'BAD_RESPONSE'],
  ])('may have been sent when %s', async (_name, reply, code) => {
    const { source, server } = await serve(all(reply), { timeout: 150 })
    const error = await failureOf(source.request([SEND]))
    expect(error.code).toBe(code)
    expect(error.details).not.toHaveProperty('sent')
    expect(server.paths()).toEqual([PIN, 'wallet/broadcasthex'])
  })

  it('in part may have been sent when the second of two fails', async () => {
    let sends = 0
    const { source } = await serve(
      all((response) => (++sends === 1 ? response.writeHead(200).end('{}') : response.writeHead(429).end())),
    )
    const error = await failureOf(source.request([SEND, SEND]))
    expect(error.code).toBe('RATE_LIMITED')
    expect(error.details).not.toHaveProperty('sent')
  })

  it('does not leave once the source was closed', async () => {
    let close = (): void => {}
    const { source, server } = await serve({
      before(path) {
        if (path === PIN) close()
        return false
      },
    })
    close = () => source.close?.()
    await expect(source.request([SEND])).rejects.toMatchObject({ code: 'ABORTED' })
    expect(server.paths()).toEqual([PIN])
  })
})

describe('heads', () => {
  it('ask without transactions, and with them where the node is older', async () => {
    const setup: TronSetup = { height: 5 }
    for (const old of [false, true]) {
      const { source, server } = await serve({
        get height() {
          return setup.height ?? 0
        },
        before(path, response) {
          if (!old || path !== 'wallet/getblock') return false
          response.writeHead(404).end('<html>')
          return true
        },
      })
      const seen: number[] = []
      for await (const head of source.heads?.() ?? []) {
        expect(head.hash).toBe(blockId(head.height))
        setup.height = (setup.height ?? 0) + 1
        if (seen.push(head.height) === 3) break
      }
      expect(seen.map((height) => height - (seen[0] ?? 0))).toEqual([0, 1, 2])
      const paths = server.paths().filter((path) => path !== PIN)
      expect(paths.filter((path) => path === 'wallet/getblock')).toHaveLength(old ? 1 : paths.length)
      expect(server.seen).toContainEqual({ detail: false })
    }
  })

  it.each([
    '{}',
    '{"blockID":"00"}',
    `{"blockID":"${blockId(7)}","block_header":{"raw_data":{"number":8}}}`,
    `{"blockID":"${blockId(7)}"}`,
    `{"blockID":"${blockId(7)}","block_header":{"raw_data":{"number":"7"}}}`,
  ])('are not read from %s', async (text) => {
    const { source } = await serve(say(text))
    const heads = source.heads?.()[Symbol.asyncIterator]()
    await expect(heads?.next()).rejects.toMatchObject(BAD)
  })

  it('say why when there are none', async () => {
    const { source } = await serve(say('{"Error":"not synchronised"}'))
    await expect(source.heads?.()[Symbol.asyncIterator]().next()).rejects.toThrow('not synchronised')
  })
})

describe('G8: keys in a body', () => {
  it.each(['{"a":1,"a":2}', '{"x":{"__proto__":{"admin":true}}}', '{"constructor":{}}', '{"prototype":1}'])(
    '%s',
    async (text) => {
      const { source } = await serve(say(text))
      await expect(source.request([READ])).rejects.toMatchObject(BAD)
      expect(({} as { admin?: unknown }).admin).toBeUndefined()
    },
  )
})

describe('G9: hostile bodies', () => {
  it.each([
    ['deep nesting', '['.repeat(1_000_000)],
    ['a web page', '<!doctype html><html>sign in to the hotel</html>'],
    ['nothing', ''],
    ['half of JSON', '{"balance":'],
    ['a bare value', '7'],
    ['null', 'null'],
    ['a text', '"hello"'],
  ])('%s under status 200', async (_name, text) => {
    const { source } = await serve(say(text))
    await expect(source.request([READ])).rejects.toMatchObject(BAD)
  })

  it('integers beyond 2^53 keep their digits', async () => {
    const { source } = await serve(
      say('{"n":9223372036854775807,"low":-9007199254740993,"m":9007199254740991}'),
    )
    expect(await source.request([READ])).toEqual([
      { ok: true, value: { n: '9223372036854775807', low: '-9007199254740993', m: 9007199254740991 } },
    ])
  })

  it('100 MB, announced, poured or compressed', async () => {
    const bomb = gzipSync(Buffer.alloc(100_000_000, 0x20))
    let taken = 0
    const replies: ((response: ServerResponse) => unknown)[] = [
      (response) => response.writeHead(200, { 'content-length': '100000000' }).write('{'),
      (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
      (response) => {
        response.writeHead(200)
        const chunk = Buffer.alloc(65_536, 0x20)
        const more = (): void => {
          while (taken < 100_000_000 && !response.destroyed) {
            taken += chunk.length
            if (!response.write(chunk)) return void response.once('drain', more)
          }
          response.end()
        }
        more()
      },
    ]
    for (const reply of replies) {
      const { source } = await serve(all(reply), { timeout: 20_000 })
      await expect(source.request([READ])).rejects.toMatchObject(BAD)
    }
    expect(taken).toBeLessThan(60_000_000)
  })

  it('fed in drips: ends at the deadline', async () => {
    const { source } = await serve(
      all((response) => {
        response.writeHead(200)
        const drip = setInterval(() => response.write(' '), 20)
        response.on('close', () => clearInterval(drip))
      }),
      { timeout: 200 },
    )
    const start = performance.now()
    await expect(source.request([READ])).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true })
    expect(performance.now() - start).toBeLessThan(1_500)
  })

  it('text that is hard to search', async () => {
    const { source } = await serve(say(JSON.stringify({ Error: `suspended for ${' '.repeat(3_000_000)}` })))
    const start = performance.now()
    expect(await source.request([READ])).toMatchObject([{ ok: false }])
    expect(performance.now() - start).toBeLessThan(1_500)
  })
})

describe('G10: redirects', () => {
  it.each([301, 302, 303, 307, 308])('%d is not followed, and no key goes there', async (status) => {
    const elsewhere = await startTron()
    const server = await startServer((_request, response) =>
      response.writeHead(status, { location: `${elsewhere.url}/wallet/getblockbynum` }).end(),
    )
    open.push(elsewhere.close, server.close)
    const source = tronHttp(server.url.replace('//', '//user:secret@'), { apiKey: KEY })(TRON_DEVNET)
    await expect(source.request([READ])).rejects.toMatchObject({
      code: 'NETWORK',
      retryable: false,
      message: expect.stringContaining('Use the final URL'),
    })
    expect(elsewhere.requests).toEqual([])
  })
})

describe('G7: secrets', () => {
  it('are in no error, whatever the server says', async () => {
    const bodies = [`wrong ${KEY}`, `{"Error":"${KEY} user secret"}`, `<html>${KEY}</html>`]
    for (const status of [200, 400, 401, 403, 404, 429, 500, 503])
      for (const body of bodies) {
        const server = await startTron(say(body, status))
        open.push(server.close)
        const url = `${server.url.replace('//', '//user:secret@')}/deep/PATH-TOKEN`
        const source = tronHttp(url, { apiKey: KEY, headers: { 'x-key': 'OTHER-SECRET' } })(TRON_MAINNET)
        const outcome = await source.request([READ]).catch((error: unknown) => error)
        const text = JSON.stringify(outcome) + ((outcome as Error).stack ?? '')
        expect(text).not.toMatch(/KEY-SECRET|OTHER-SECRET|PATH-TOKEN|user:|:secret/)
      }
  })

  it('travel in their headers, under the path of the URL', async () => {
    const server = await startTron({
      before(path, response) {
        response.writeHead(200).end(path.endsWith(PIN) ? `{"blockID":"${blockId(0)}"}` : '{}')
        return true
      },
    })
    open.push(server.close)
    const url = `${server.url.replace('//', '//user:secret@')}/deep/TOKEN/`
    await tronHttp({ fullNode: url, apiKey: KEY })(TRON_DEVNET).request([READ])
    expect(server.paths()).toEqual([`deep/TOKEN/${PIN}`, 'deep/TOKEN/wallet/getaccount'])
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${btoa('user:secret')}`)
  })
})

describe('options', () => {
  it.each(['https://host/api?key=1', 'ws://host', 'host', 'https://host/#x', ''])(
    'refuse the URL "%s"',
    (url) => {
      for (const make of [() => tronHttp(url), () => tronHttp({ fullNode: 'http://a', solidityNode: url })])
        expect(make).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
    },
  )

  it.each([
    { timeout: 0 },
    { concurrency: 0.5 },
    { maxResponseBytes: -1 },
    { pollInterval: 0 },
    { apiKey: '' },
    { apiKey: 'two\nlines' },
    { apiKey: 'sp ace' },
  ])('refuse %o', (options) => {
    expect(() => tronHttp('http://host', options)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })

  it.each(['eip155:1', 'tron:728126428', 'tron:0x2B6653DC', 'tron:0x2b66'] as const)(
    'refuse the chain %s',
    (chain) => {
      expect(() => tronHttp('http://host')(chain)).toThrow(expect.objectContaining({ code: 'INVALID_CHAIN' }))
    },
  )

  it('ask for fetch where there is none', async () => {
    vi.stubGlobal('fetch', undefined)
    try {
      await expect(tronHttp('http://host')(TRON_DEVNET).request([READ])).rejects.toMatchObject({
        code: 'MISSING_DEPENDENCY',
      })
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it('take another fetch, also one without streams', async () => {
    const bodies: Record<string, [number, string]> = {
      'wallet/getblockbynum': [200, `{"blockID":"${blockId(0)}"}`],
      'wallet/getaccount': [403, '{"Error":"exceeds the frequency limit, suspended for 5 s"}'],
    }
    const fetch = async (url: unknown): Promise<Response> => {
      const [status, text] = bodies[String(url).replace('http://host/', '')] ?? [404, '']
      const response = new Response(text, { status })
      Object.defineProperty(response, 'body', { value: null })
      return response
    }
    const source = tronHttp('http://host', { fetch: fetch as typeof globalThis.fetch })(TRON_DEVNET)
    await expect(source.request([READ])).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      details: { retryAfter: 5 },
    })
  })
})
