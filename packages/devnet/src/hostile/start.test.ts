import { connect } from 'node:net'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import * as lies from './lies/all.ts'
import { startHostile } from './start.ts'
import {
  answerTo,
  behindLiar,
  call,
  post,
  restHandler,
  rpcHandler,
  tcpBehindLiar,
  wsBehindLiar,
} from './upstream.fixture.ts'

/** What a double cannot hold, odd white space, a key twice: all of it must come through. */
const ODD = '{ "n": 9007199254740993123,\n "f":0.10000000, "a":1, "a" :2, "__proto__":{} }'
const LINE = ODD.replace('\n', '')
const VALUES = { odd: ODD, eth_chainId: '"0x1"', eth_getBalance: '"0x64"', big: '12345678901234567890' }

describe('honest: bytes go through untouched', () => {
  test('JSON-RPC over HTTP, alone and in a batch', async () => {
    const { liar, url, direct, seen } = await behindLiar(rpcHandler(VALUES))
    liar.play(lies.evm.chainId(56n))
    const batch = `[ ${call('odd')} , ${call('eth_getBalance', [], 2)}]`
    for (const body of [call('odd'), batch, call('missing')])
      expect(await post(url, body)).toBe(await post(direct, body))
    expect(seen[2]?.body).toBe(batch)
    expect(liar.calls.map(({ method }) => method)).toEqual(['odd', 'odd', 'eth_getBalance', 'missing'])
    expect(liar.played).toEqual([])
  })

  test('a compressed answer, its status and headers', async () => {
    const packed = gzipSync(ODD)
    const { url } = await behindLiar((_, response) => {
      response
        .writeHead(418, { 'content-encoding': 'gzip', 'set-cookie': ['a=1', 'b=2'], 'x-n': '1' })
        .end(packed)
    })
    const { request } = await import('node:http')
    const raw = await new Promise<{ bytes: Buffer; status: number | undefined; cookies: unknown }>(
      (resolve) => {
        request(url, (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('end', () =>
            resolve({
              bytes: Buffer.concat(chunks),
              status: response.statusCode,
              cookies: response.headers['set-cookie'],
            }),
          )
        }).end()
      },
    )
    expect(raw.bytes.equals(packed)).toBe(true)
    expect(gunzipSync(raw.bytes).toString()).toBe(ODD)
    expect(raw).toMatchObject({ status: 418, cookies: ['a=1', 'b=2'] })
  })

  test('REST: paths, queries, bodies, headers, the key of the target', async () => {
    const { liar, url, seen } = await behindLiar(
      restHandler({ '/v3/key/tx/1?x=%20y&apikey=s': ODD, '/v3/key?apikey=s': 'root' }),
      (host) => `http://user:pass@${host}/v3/key?apikey=s`,
    )
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const response = await fetch(`${url}/tx/1?x=%20y`, { headers: { 'x-api-key': 'secret' } })
    expect(await response.text()).toBe(ODD)
    expect(await (await fetch(url)).text()).toBe('root')
    expect(seen[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('user:pass').toString('base64')}`,
      'x-api-key': 'secret',
    })
    expect(liar.calls[0]).toEqual({
      ...{ protocol: 'http', method: 'GET', path: '/tx/1', query: '?x=%20y', body: undefined },
      credentials: ['x-api-key'],
    })
    expect(JSON.stringify(liar.calls)).not.toContain('secret')
  })

  test('the credentials of a client reach the target, and take the place of its own', async () => {
    const { url, seen } = await behindLiar(rpcHandler(VALUES), (host) => `http://user:pass@${host}`)
    await post(url, call('odd'), { authorization: 'Basic eA==' })
    expect(seen[0]?.headers.authorization).toBe('Basic eA==')
  })

  test('lines over TCP, notifications too', async () => {
    const { liar } = await tcpBehindLiar((line, socket) =>
      socket.write(`${answerTo({ odd: LINE }, line)}\n{"jsonrpc":"2.0", "method":"news","params":[1.50]}\n`),
    )
    const lines = await talkTcp(liar.url, [call('odd', [], 7)], 2)
    expect(lines).toEqual([
      `{"jsonrpc":"2.0","id":7,"result":${LINE}}`,
      '{"jsonrpc":"2.0", "method":"news","params":[1.50]}',
    ])
  })

  test('messages over a WebSocket', async () => {
    const { liar } = await wsBehindLiar((text, send) => send(answerTo(VALUES, text)))
    expect(liar.url).toMatch(/^ws:/)
    expect(await talkWs(liar.url, [call('odd')], 1)).toEqual([answerTo(VALUES, call('odd'))])
  })
})

describe('a lie', () => {
  test('changes its own call of a batch, and nothing else', async () => {
    const { liar, url, seen } = await behindLiar(rpcHandler(VALUES))
    liar.play(lies.evm.balance(7n))
    const text = await post(
      url,
      `[${call('big', [], 1)},${call('eth_getBalance', ['0x'], 2)},${call('eth_chainId', [], 3)}]`,
    )
    expect(text).toBe(
      '[{"jsonrpc":"2.0","id":1,"result":12345678901234567890},{"jsonrpc":"2.0","id":2,"result":"0x7"},{"jsonrpc":"2.0","id":3,"result":"0x1"}]',
    )
    expect(liar.played).toEqual([
      {
        lie: 'evm.balance',
        attack: 'G14',
        call: expect.objectContaining({ method: 'eth_getBalance', params: ['0x'], place: 1 }),
      },
    ])
    // The honest ones still travel together.
    expect(seen.map(({ body }) => [JSON.parse(body)].flat().length).sort()).toEqual([1, 2])
  })

  test('is told so many times, then no more', async () => {
    const { liar, url } = await behindLiar(rpcHandler(VALUES))
    liar.play(lies.evm.chainId(56n), { times: 1 })
    const ask = () => post(url, call('eth_chainId'))
    const both = await Promise.all([ask(), ask()])
    expect(both.filter((text) => text.includes('0x38'))).toHaveLength(1)
    expect(await ask()).toContain('"0x1"')
    expect(liar.played).toHaveLength(1)
  })

  test('does not count where there was nothing to lie about', async () => {
    const { liar, url, direct } = await behindLiar(rpcHandler({ eth_call: '"0x01" ', odd: ODD }))
    liar.play(lies.evm.decimals(7), { times: 1 })
    liar.play({ ...lies.wire.hugeNumber(), about: ({ method }) => method === 'odd' })
    const body = call('eth_call', [{ to: '0x01', data: '0x11223344' }])
    expect(await post(url, body)).toBe(await post(direct, body))
    // What could not be changed without changing more is left alone.
    expect(await post(url, call('odd'))).toBe(await post(direct, call('odd')))
    expect(liar.played).toEqual([])
  })

  test('can be taken back, and calm() takes back all', async () => {
    const { liar, url } = await behindLiar(rpcHandler(VALUES))
    const takeBack = liar.play(lies.evm.chainId(56n))
    liar.play(lies.evm.balance(7n))
    takeBack()
    expect(await post(url, call('eth_chainId'))).toContain('"0x1"')
    expect(await post(url, call('eth_getBalance'))).toContain('"0x7"')
    liar.calm()
    expect(await post(url, call('eth_getBalance'))).toContain('"0x64"')
  })

  test('of a later play is told over that of an earlier one', async () => {
    const { liar, url } = await behindLiar(rpcHandler(VALUES))
    liar.play(lies.evm.balance(7n))
    liar.play({
      name: 'doubled',
      about: ({ method }) => method === 'eth_getBalance',
      async tell(_, ask) {
        const { value } = await ask()
        return { value: `0x${(BigInt(value as string) * 2n).toString(16)}` }
      },
    })
    expect(await post(url, call('eth_getBalance'))).toBe('{"jsonrpc":"2.0","id":1,"result":"0xe"}')
    expect(liar.played.map(({ lie }) => lie)).toEqual(['evm.balance', 'doubled'])
  })

  test('may change the question, and the server hears nothing of one that is answered in its place', async () => {
    const { liar, url, seen } = await behindLiar(rpcHandler(VALUES))
    liar.play({
      name: 'another question',
      about: ({ method }) => method === 'eth_getBalance',
      tell: (call, ask) => ask({ ...call, method: 'eth_chainId' } as typeof call),
    })
    liar.play({ name: 'no question', about: ({ method }) => method === 'big', tell: () => ({ value: 1n }) })
    expect(await post(url, call('eth_getBalance'))).toContain('"0x1"')
    expect(seen.map(({ body }) => JSON.parse(body).method)).toEqual(['eth_chainId'])
    expect(await post(url, call('big', [], 9))).toBe('{"jsonrpc":"2.0","id":9,"result":1}')
    expect(seen).toHaveLength(1)
  })

  test('works over TCP and WebSocket, and on notifications', async () => {
    const push = '{"jsonrpc":"2.0","method":"news","params":[1]}'
    const tcp = await tcpBehindLiar((line, socket) => socket.write(`${answerTo(VALUES, line)}\n${push}\n`))
    const ws = await wsBehindLiar((text, send) => {
      send(answerTo(VALUES, text))
      send(push)
    })
    for (const { liar } of [tcp, ws]) {
      liar.play(lies.evm.balance(7n))
      liar.play({ name: 'news', about: (call) => call.method === 'news', tell: () => ({ value: [2] }) })
      const talk = liar === tcp.liar ? talkTcp : talkWs
      const batch = `[${call('big', [], 1)},${call('eth_getBalance', [], 2)}]`
      const said = (await talk(liar.url, [batch], 3)).sort()
      expect(said).toEqual([
        '[{"jsonrpc":"2.0","id":1,"result":12345678901234567890},{"jsonrpc":"2.0","id":2,"result":"0x7"}]',
        ...Array(2).fill('{"jsonrpc":"2.0","method":"news","params":[2]}'),
      ])
    }
  })
})

test('stop ends what is open, at both ends, and may be called twice', async () => {
  const http = await behindLiar(() => {})
  const tcp = await tcpBehindLiar(() => {})
  const ws = await wsBehindLiar(() => {})
  const waiting = post(http.url, call('eth_chainId')).catch(() => 'gone')
  const silent = await behindLiar(rpcHandler(VALUES))
  silent.liar.play(lies.wire.silence())
  const held = post(silent.url, call('eth_chainId')).catch(() => 'gone')
  const ended = [talkTcp(tcp.liar.url, [call('a')], 1), talkWs(ws.liar.url, [call('a')], 1)]
  await vi.waitFor(() => {
    expect(http.seen.length + tcp.open() + ws.open()).toBe(3)
    expect(silent.liar.played).toHaveLength(1)
  })
  await Promise.all([http.liar, tcp.liar, ws.liar, silent.liar].map((liar) => liar.stop()))
  expect(await Promise.all([waiting, held, ...ended])).toEqual(['gone', 'gone', [], []])
  await vi.waitFor(() => expect(tcp.open() + ws.open()).toBe(0))
  await http.liar.stop()
  await expect(fetch(http.url)).rejects.toThrow()
})

test('a target that is not there is a connection that breaks', async () => {
  await using liar = await startHostile('http://127.0.0.1:1')
  await expect(fetch(liar.url)).rejects.toThrow()
  liar.play(lies.wire.late(1))
  await expect(post(liar.url, call('eth_chainId'))).rejects.toThrow()
})

test.each(['', 'ftp://host', 'file:///etc/passwd', 'host:1', 'http://'])(
  'refuses the target %j',
  async (url) => {
    await expect(startHostile(url)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  },
)

test('refuses what is no lie', async () => {
  await using liar = await startHostile('http://127.0.0.1:1')
  expect(() => liar.play({ name: 'x' } as never)).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST' }),
  )
  expect(() => liar.play(lies.wire.cut(), { times: 0 })).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST' }),
  )
})

function talkTcp(url: string, messages: readonly string[], count: number): Promise<string[]> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk
      if (text.split('\n').length > count) socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(text.split('\n').slice(0, -1)))
    for (const message of messages) socket.write(`${message}\n`)
  })
}

function talkWs(url: string, messages: readonly string[], count: number): Promise<string[]> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url)
    const said: string[] = []
    socket.on('open', () => {
      for (const message of messages) socket.send(message)
    })
    socket.on('message', (data: Buffer) => {
      said.push(data.toString())
      if (said.length === count) socket.terminate()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(said))
  })
}
