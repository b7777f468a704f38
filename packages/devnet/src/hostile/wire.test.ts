import type { EvmSource } from '@coffer/core'
import { electrum, esplora, jsonRpc } from '@coffer/daemon-client'
import { electrumTcp } from '@coffer/daemon-client/node'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { verbatim } from './json.ts'
import type { Lie } from './lie.ts'
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

const VALUES = { eth_chainId: '"0x1"', eth_call: '{"a":"0x1","b":[1,null]}', eth_gasPrice: '"0x2"' }
const ELECTRUM = { 'server.version': '["fake","1.4"]' }
const READ = { method: 'eth_call', params: [] }

async function behind(lie?: Lie, timeout = 2_000) {
  const server = await behindLiar(rpcHandler(VALUES))
  const source = jsonRpc(server.url, { timeout })('eip155:1')
  onTestFinished(() => source.close?.())
  if (lie) server.liar.play(lie)
  return { ...server, source }
}

const outcome = (source: EvmSource): Promise<unknown> =>
  source.request([READ]).then(
    ([result]) => result,
    ({ code }) => code,
  )

describe('G9: what the SDK makes of it, over HTTP', () => {
  test.each([
    ['oversized', lies.wire.oversized(), 'BAD_RESPONSE'],
    ['announced', lies.wire.announced(), 'BAD_RESPONSE'],
    ['bomb', lies.wire.bomb(), 'BAD_RESPONSE'],
    ['drip', lies.wire.drip(), 'TIMEOUT'],
    ['silence', lies.wire.silence(), 'TIMEOUT'],
    ['late', lies.wire.late(500), 'TIMEOUT'],
    ['brokenOff', lies.wire.brokenOff(), 'NETWORK'],
    ['cut', lies.wire.cut(), 'NETWORK'],
    ['notJson', lies.wire.notJson(), 'BAD_RESPONSE'],
    ['html', lies.wire.html(), 'BAD_RESPONSE'],
    ['notUtf8', lies.wire.notUtf8(), 'BAD_RESPONSE'],
    ['429', lies.wire.status(429), 'RATE_LIMITED'],
    ['500', lies.wire.status(500), 'NETWORK'],
    ['502', lies.wire.status(502), 'NETWORK'],
    ['deep', lies.wire.deep(), 'BAD_RESPONSE'],
    ['__proto__ (G8)', lies.wire.proto(), 'BAD_RESPONSE'],
    ['constructor (G8)', lies.wire.proto('constructor'), 'BAD_RESPONSE'],
    ['a key twice (G8)', lies.wire.duplicateKey(), 'BAD_RESPONSE'],
    ['wrongId', lies.wire.wrongId(), 'BAD_RESPONSE'],
    ['missing', lies.wire.missing(), 'BAD_RESPONSE'],
    ['twoMinds', lies.wire.twoMinds(), 'BAD_RESPONSE'],
  ])('%s', async (_, lie, code) => {
    // Beside an honest call, but where all of them are told.
    const { liar, source } = await behind(undefined, code === 'TIMEOUT' ? 400 : 10_000)
    expect(await outcome(source)).toMatchObject({ ok: true })
    liar.play(lie.name === 'wire.missing' ? { ...lie, about: ({ method }) => method === 'eth_call' } : lie)
    const before = process.memoryUsage().rss
    const said = source.request([READ, { method: 'eth_gasPrice', params: [] }])
    await expect(said).rejects.toMatchObject({ code })
    await vi.waitFor(() => expect(liar.played[0]?.lie).toBe(lie.name))
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000)
    liar.calm()
    expect(await outcome(source)).toMatchObject({ ok: true })
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  })

  test('numbers above 2^53, out of order, wrong types: what is read anyway', async () => {
    const about = ({ method }: { readonly method: string }) => method === 'eth_call'
    const { liar, source } = await behind()
    const play = async (lie: Lie) => {
      liar.calm()
      liar.play(lie)
      return outcome(source)
    }
    expect(await play({ ...lies.wire.hugeNumber(), about })).toEqual({ ok: true, value: '9007199254740993' })
    expect(await play({ ...lies.wire.wrongType('array'), about })).toEqual({ ok: true, value: [] })
    expect(await play({ ...lies.wire.wrongTypes('boolean'), about })).toEqual({
      ok: true,
      value: { a: true, b: [true, true] },
    })
    liar.calm()
    liar.play(lies.wire.outOfOrder())
    expect(await source.request([READ, { method: 'eth_gasPrice', params: [] }])).toMatchObject([
      { ok: true, value: { a: '0x1' } },
      { ok: true, value: '0x2' },
    ])
  })
})

describe('the bytes of a lie', () => {
  test('out of order, missing, under another id', async () => {
    const { liar, url } = await behind(lies.wire.outOfOrder())
    const batch = `[${call('eth_call', [], 1)},${call('eth_chainId', [], 2)},${call('eth_gasPrice', [], 3)}]`
    const ids = async () => (JSON.parse(await post(url, batch)) as { id: unknown }[]).map(({ id }) => id)
    expect(await ids()).toEqual([3, 2, 1])
    liar.calm()
    liar.play(lies.wire.missing(), { times: 1 })
    expect(await ids()).toEqual([2, 3])
    liar.play(lies.wire.wrongId(77), { times: 1 })
    expect(await ids()).toEqual([77, 2, 3])
    liar.play(lies.wire.missing())
    expect(await ids()).toEqual([])
  })

  test('JSON as it stands', async () => {
    const { liar, url } = await behind()
    liar.play({ name: 'x', tell: () => ({ value: [verbatim('{"a":1,"a":2}'), 2n ** 80n] }) })
    expect(await post(url, call('eth_call'))).toBe(
      '{"jsonrpc":"2.0","id":1,"result":[{"a":1,"a":2},1208925819614629174706176]}',
    )
  })

  test('an oversized body ends when nobody reads on, and when the liar stops', async () => {
    const { liar, url } = await behind(lies.wire.oversized(10_000_000_000))
    const controller = new AbortController()
    const response = await fetch(url, { method: 'POST', body: call('eth_call'), signal: controller.signal })
    const reader = response.body!.getReader()
    await reader.read()
    controller.abort()
    await expect(reader.read()).rejects.toThrow()
    const other = await fetch(url, { method: 'POST', body: call('eth_call') })
    await liar.stop()
    await expect(other.text()).rejects.toThrow()
  })
})

test('G10: a redirect; where it leads, nothing arrives of an SDK, and the credentials of a careless client', async () => {
  const { liar, url } = await behind()
  const other = await behindLiar(rpcHandler(VALUES))
  liar.play(lies.wire.redirect(other.liar.url))
  const source = jsonRpc(url.replace('//', '//user:secret@'), { headers: { 'x-api-key': 'secret' } })(
    'eip155:1',
  )
  onTestFinished(() => source.close?.())
  await expect(source.request([READ])).rejects.toMatchObject({ code: 'NETWORK' })
  expect(liar.calls[0]?.credentials).toEqual(expect.arrayContaining(['authorization', 'x-api-key']))
  expect(other.liar.calls).toEqual([])
  await post(url, call('eth_call'), { 'x-api-key': 'secret' })
  expect(other.liar.calls[0]).toMatchObject({ method: 'eth_call', credentials: ['x-api-key'] })
  expect(JSON.stringify([liar.calls, liar.played, other.liar.calls])).not.toContain('secret"')
})

test('REST: lies of the wire on texts and on JSON', async () => {
  const { liar, url } = await behindLiar(restHandler({ '/a': '{"n":1}', '/b': 'text', '/c': '412' }))
  const get = async (path: string) => (await fetch(url + path)).text()
  liar.play(lies.wire.late(5))
  expect([await get('/a'), await get('/b'), await get('/c')]).toEqual(['{"n":1}', 'text', '412'])
  liar.calm()
  liar.play(lies.wire.wrongTypes('null'))
  expect([await get('/a'), await get('/b')]).toEqual(['{"n":null}', 'null'])
  expect((await fetch(`${url}/none`)).status).toBe(404)
  liar.calm()
  liar.play(lies.wire.html(502))
  const source = esplora(url)('bip122:0f9188f13cb7b2c71f2a335e3a4fc328')
  await expect(source.tip()).rejects.toMatchObject({ code: 'NETWORK' })
  source.close?.()
})

describe.each(['tcp', 'ws'] as const)('G9: over %s', (kind) => {
  test.each([
    // The platform's WebSocket shows a message when it is whole.
    ['oversized', lies.wire.oversized(), 'BAD_RESPONSE|NETWORK|TIMEOUT'],
    ['drip', lies.wire.drip(5), 'TIMEOUT'],
    ['silence', lies.wire.silence(), 'TIMEOUT'],
    ['brokenOff', lies.wire.brokenOff(), 'NETWORK'],
    ['cut', lies.wire.cut(), 'NETWORK'],
    ['notJson', lies.wire.notJson(), 'BAD_RESPONSE'],
    ['html', lies.wire.html(), 'BAD_RESPONSE'],
    ['deep', lies.wire.deep(), 'BAD_RESPONSE'],
    ['wrongId', lies.wire.wrongId(), 'BAD_RESPONSE'],
    ['status', lies.wire.status(500), 'NETWORK'],
  ])('%s', async (_, lie, codes) => {
    const { liar } =
      kind === 'tcp'
        ? await tcpBehindLiar((line, socket) => socket.write(`${answerTo(ELECTRUM, line)}\n`))
        : await wsBehindLiar((text, send) => send(answerTo(ELECTRUM, text)))
    liar.play(lie)
    const options = { timeout: 400, maxResponseBytes: 1_000_000 }
    const source =
      kind === 'tcp'
        ? electrumTcp(liar.url, options)('bip122:0f9188f13cb7b2c71f2a335e3a4fc328')
        : electrum(liar.url, { ...options, webSocket: WebSocket })('bip122:0f9188f13cb7b2c71f2a335e3a4fc328')
    const code = await source.tip().catch((error) => error.code)
    source.close?.()
    expect(code).toMatch(new RegExp(`^(${codes})$`))
    expect(liar.played[0]?.lie).toBe(lie.name)
  })
})

test('a lie that throws is a connection that breaks, and not counted', async () => {
  await using liar = await startHostile('http://127.0.0.1:1')
  liar.play({
    name: 'clumsy',
    tell() {
      throw new Error('oops')
    },
  })
  await expect(post(liar.url, call('eth_call'))).rejects.toThrow()
  expect(liar.played).toEqual([])
})
