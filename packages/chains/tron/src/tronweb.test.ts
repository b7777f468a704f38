import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TronCall, TronSource } from '@coffer/core'
import { type TronSourceUnderTest, tronSourceConformance } from '@coffer/core/testing'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { TronWeb } from 'tronweb'
import { afterAll, afterEach, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { type TronWebLike, type TronWebOptions, tronWebSource } from './tronweb.ts'

const CHAIN = 'tron:0xc0ffe001'
const KEY = 'KEY-SECRET'
const GENESIS = `${'0'.repeat(16)}${'9f'.repeat(20)}c0ffe001`
const READ: TronCall = { path: 'wallet/getaccount', body: { address: `41${'ab'.repeat(20)}` } }
const SEND: TronCall = { path: 'wallet/broadcasthex', body: { transaction: '0a00' } }

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

interface Node {
  readonly url: string
  readonly requests: IncomingMessage[]
  readonly bodies: string[]
  height: number
  genesis: string
  /** Answers in place of the node when it returns true. */
  answer: (path: string, response: ServerResponse) => boolean
  close(): Promise<void>
}

/** As much of a node as the suite of the seam asks for. */
async function startNode(): Promise<Node> {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const path = (request.url ?? '').slice(1)
      node.requests.push(request)
      node.bodies.push(body)
      if (node.answer(path, response)) return
      const json = (value: unknown): unknown =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
      const name = path.split('/').pop()
      const given = body === '' ? {} : JSON.parse(body)
      if (name === 'getblockbynum') return json({ blockID: node.genesis })
      if (name === 'getnowblock')
        return json({ blockID: node.height.toString(16).padStart(16, '0') + 'ab'.repeat(24) })
      if (name === 'broadcasthex') return json({ code: 'SIGERROR', message: 'no', txid: 'ab'.repeat(32) })
      if (name === 'getaccount' && !/^41/.test(given.address)) return json({ Error: 'class X : invalid' })
      if (name === 'getaccount' || name?.startsWith('gettransaction')) return json({})
      return response.writeHead(404, { 'content-type': 'text/html' }).end('<html>404</html>')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const node: Node = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    bodies: [],
    height: 3,
    genesis: GENESIS,
    answer: () => false,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return node
}

function tronWebOf(url: string): TronWeb {
  return new TronWeb({ fullHost: url, headers: { 'TRON-PRO-API-KEY': KEY } })
}

async function serve(options: TronWebOptions = {}): Promise<{ node: Node; source: TronSource }> {
  const node = await startNode()
  const source = tronWebSource(tronWebOf(node.url), options)(CHAIN)
  open.push(() => source.close?.(), node.close)
  return { node, source }
}

const say =
  (text: string, status = 200, type = 'application/json') =>
  (path: string, response: ServerResponse): boolean => {
    if (path.endsWith('getblockbynum')) return false
    response.writeHead(status, { 'content-type': type }).end(text)
    return true
  }

tronSourceConformance(
  { describe, it },
  {
    name: 'tronWebSource over the real TronWeb',
    make: async (): Promise<TronSourceUnderTest> => {
      const node = await startNode()
      const tronWeb = tronWebOf(node.url)
      node.answer = (path, response) => {
        if (!path.endsWith('getassetissuebyid')) return false
        return say('{"total_supply":9223372036854775807}')(path, response)
      }
      return {
        source: tronWebSource(tronWeb, { pollInterval: 5 })(CHAIN),
        wrongChain: tronWebSource(tronWeb)('tron:0x2b6653dc'),
        chain: CHAIN,
        big: {
          call: { path: 'wallet/getassetissuebyid', body: { value: '1000001' } },
          at: (value) => (value as { total_supply?: unknown }).total_supply,
          expected: 9_223_372_036_854_775_807n,
        },
        mine: async () => {
          node.height++
        },
        close: node.close,
      }
    },
  },
)

describe('on the devnet', () => {
  let devnet: Devnet<'tron'>
  beforeAll(async () => {
    devnet = await startDevnet({ chains: ['tron'] })
  })
  afterAll(() => devnet?.stop())

  tronSourceConformance(
    { describe, it },
    {
      name: 'tronWebSource on the devnet',
      make: async (): Promise<TronSourceUnderTest> => {
        const open = tronWebSource(tronWebOf(devnet.tron.url), { pollInterval: 5 })
        return {
          source: open(CHAIN),
          wrongChain: open('tron:0x2b6653dc'),
          chain: CHAIN,
          mine: () => devnet.tron.mine(),
        }
      },
    },
  )
})

describe('tronWebSource', () => {
  it('takes TronWeb and its types', () => {
    expectTypeOf<TronWeb>().toExtend<TronWebLike>()
  })

  it('asks the first block of the node that a request goes to, with every request', async () => {
    const { node, source } = await serve()
    const paths = (): string[] => node.requests.splice(0).map(({ url = '' }) => url)
    await source.request([READ])
    expect(paths().sort()).toEqual(['/wallet/getaccount', '/wallet/getblockbynum'])
    await source.request([READ, { path: 'walletsolidity/getnowblock' }])
    expect(
      paths()
        .filter((path) => path.endsWith('getblockbynum'))
        .sort(),
    ).toEqual(['/wallet/getblockbynum', '/walletsolidity/getblockbynum'])
    await source.request([SEND])
    expect(paths()).toEqual(['/wallet/getblockbynum', '/wallet/broadcasthex'])
  })

  it('notices that the wallet has changed its network', async () => {
    const { node, source } = await serve()
    await source.request([READ])
    node.genesis = `${GENESIS.slice(0, -8)}2b6653dc`
    await expect(source.request([READ])).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' })
    node.requests.length = 0
    await expect(source.request([SEND])).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
      details: { actual: 'tron:0x2b6653dc', sent: false },
    })
    expect(node.requests.map(({ url }) => url)).toEqual(['/wallet/getblockbynum'])
  })

  it('asks the nodes that TronWeb has when a request begins', async () => {
    const [one, other] = [await startNode(), await startNode()]
    open.push(one.close, other.close)
    const tronWeb = tronWebOf(one.url)
    const source = tronWebSource(tronWeb)(CHAIN)
    const first = source.request([READ, { path: 'walletsolidity/getnowblock' }])
    tronWeb.setFullNode(other.url)
    tronWeb.setSolidityNode(other.url)
    await first
    expect(other.requests).toEqual([])
    await source.request([READ])
    expect(other.requests).toHaveLength(2)
  })

  it('sends bigints as numbers, and none that would lose digits', async () => {
    const { node, source } = await serve()
    await source.request([
      { path: 'wallet/getaccount', body: { address: '41', n: 2n ** 53n - 1n, skip: undefined } },
    ])
    expect(node.bodies).toContain('{"address":"41","n":9007199254740991}')
    node.requests.length = 0
    for (const n of [2n ** 53n, -(2n ** 53n), 2 ** 53, 0.5, Number.NaN, new Uint8Array(2), () => 1])
      await expect(source.request([{ path: 'wallet/getaccount', body: { n } }])).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
    expect(node.requests).toEqual([])
  })

  it.each([
    '{"balance":9007199254740993}',
    '{"a":[{"b":-9007199254740993}]}',
    '{"balance":1e40}',
    '{"a":{"__proto__":{"admin":true}}}',
    '{"constructor":{}}',
    `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`,
    '<!doctype html><html>sign in to the hotel</html>',
    '',
    '7',
    'null',
    '{"half',
  ])('G8, G9: refuses %s', async (text) => {
    const { node, source } = await serve()
    node.answer = say(text)
    await expect(source.request([READ])).rejects.toMatchObject({ code: 'BAD_RESPONSE', retryable: false })
  })

  it('passes on what is exact', async () => {
    const { node, source } = await serve()
    node.answer = say(
      '{"balance":9007199254740991,"low":-9007199254740991,"rate":0.5,"text":"9007199254740993"}',
    )
    expect(await source.request([READ])).toEqual([
      {
        ok: true,
        value: {
          balance: 9007199254740991,
          low: -9007199254740991,
          rate: 0.5,
          text: '9007199254740993',
        },
      },
    ])
  })

  const frequency = 'The key exceeds the frequency limit(15), and the query server is suspended for 30s'
  it.each<[string, number, object]>([
    [
      JSON.stringify({ Error: frequency }),
      403,
      { code: 'RATE_LIMITED', details: { retryAfter: 30, sent: false } },
    ],
    [JSON.stringify({ Error: frequency }), 200, { code: 'RATE_LIMITED', details: { retryAfter: 30 } }],
    ['slow down', 429, { code: 'RATE_LIMITED', details: { sent: false } }],
    ['busy', 503, { code: 'RATE_LIMITED' }],
    [`wrong key ${KEY}`, 401, { code: 'NETWORK', retryable: false, details: { sent: false } }],
    [`wrong key ${KEY}`, 403, { code: 'NETWORK', retryable: false }],
    [`failed ${KEY}`, 500, { code: 'NETWORK', retryable: true }],
  ])('throws for %s under status %d, without its text', async (text, status, expected) => {
    const { node, source } = await serve()
    node.answer = say(text, status)
    const error = await source.request([READ]).catch((error: unknown) => error)
    expect(error).toMatchObject(expected)
    expect((error as Error).stack + JSON.stringify(error)).not.toContain(KEY)
  })

  it.each<[string, number, string]>([
    ['{"Error":"class X : no such thing"}', 400, 'class X : no such thing'],
    ['no such method https://user:pass@host/KEY?x=1 \u202e', 405, 'no such method https://host'],
    ['<html>x</html>', 501, 'HTTP 501'],
  ])('gives %s under status %d as data', async (text, status, message) => {
    const { node, source } = await serve()
    node.answer = say(text, status, 'text/plain; charset=utf-8')
    expect(await source.request([READ])).toEqual([{ ok: false, error: { message, status } }])
  })

  it('gives what a lite node does not serve as data', async () => {
    const { node, source } = await serve()
    const message = 'this API is closed because this node is a lite fullnode'
    node.answer = say(message)
    expect(await source.request([READ])).toEqual([{ ok: false, error: { message } }])
  })

  it('says that nothing was sent when the node cannot be reached, and not when the answer is lost', async () => {
    const { node, source } = await serve({ timeout: 200 })
    node.answer = (path, response) => {
      if (!path.endsWith('broadcasthex')) return false
      response.destroy()
      return true
    }
    const lost = await source.request([SEND]).catch((error: unknown) => error)
    expect(lost).toMatchObject({ code: 'NETWORK', retryable: true })
    expect((lost as { details: object }).details).not.toHaveProperty('sent')
    node.answer = (path) => path.endsWith('broadcasthex')
    const late = await source.request([SEND]).catch((error: unknown) => error)
    expect(late).toMatchObject({ code: 'TIMEOUT' })
    expect((late as { details: object }).details).not.toHaveProperty('sent')
    await node.close()
    open.pop()
    const error = await source.request([SEND]).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'NETWORK', details: { reason: 'ECONNREFUSED', sent: false } })
    expect((error as Error).stack + JSON.stringify(error)).not.toContain(KEY)
  })

  it('sends nothing any more once it was closed', async () => {
    const { node, source } = await serve()
    node.answer = (path, response) => {
      if (!path.endsWith('getblockbynum')) return false
      source.close?.()
      response.writeHead(200, { 'content-type': 'application/json' }).end(`{"blockID":"${GENESIS}"}`)
      return true
    }
    await expect(source.request([SEND])).rejects.toMatchObject({ code: 'ABORTED' })
    expect(node.requests.map(({ url }) => url)).toEqual(['/wallet/getblockbynum'])
  })

  it('asks eight calls at a time, or as many as it is told', async () => {
    for (const [concurrency, most] of [
      [undefined, 8],
      [3, 3],
    ] as const) {
      const { node, source } = await serve({ concurrency })
      let now = 0
      let peak = 0
      node.answer = (path, response) => {
        if (path.endsWith('getblockbynum')) return false
        peak = Math.max(peak, ++now)
        setTimeout(() => {
          now--
          response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
        }, 5)
        return true
      }
      const calls = Array.from({ length: 30 }, () => READ)
      expect(await source.request(calls)).toHaveLength(30)
      expect(peak).toBe(most)
    }
  })

  it('refuses other chains and options without sense', () => {
    const tronWeb = tronWebOf('http://127.0.0.1:9')
    for (const chain of ['eip155:1', 'tron:728126428', 'tron:0x2B6653DC'] as const)
      expect(() => tronWebSource(tronWeb)(chain)).toThrow(expect.objectContaining({ code: 'INVALID_CHAIN' }))
    for (const options of [{ timeout: 0 }, { concurrency: 0.5 }, { pollInterval: -1 }])
      expect(() => tronWebSource(tronWeb, options)).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST' }),
      )
  })
})
