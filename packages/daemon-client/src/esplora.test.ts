// One file, since every test bends the same scripted server in another way.
import type { ServerResponse } from 'node:http'
import type { UtxoSource } from '@coffer/core'
import { afterEach, describe, expect, it } from 'vitest'
import { writeTx } from './bitcoinBytes.ts'
import { type EsploraOptions, esplora } from './esplora.ts'
import { type EsploraSetup, startEsplora, toJson } from './testing/esploraServer.ts'
import { type Ledger, MAINNET, openLedger, REGTEST } from './testing/ledger.ts'
import type { TestServer } from './testing/server.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

const MINE = `0014${'11'.repeat(20)}`
const OTHER = `0014${'22'.repeat(20)}`

async function serve(
  setup: Partial<EsploraSetup> = {},
  options: EsploraOptions = {},
): Promise<{ source: UtxoSource; ledger: Ledger; server: TestServer; paths: () => string[] }> {
  const ledger = setup.ledger ?? openLedger()
  const server = await startEsplora({ ...setup, ledger })
  const source = esplora(server.url, { timeout: 5_000, pollInterval: 10, ...options })(REGTEST)
  open.push(() => source.close?.(), server.close)
  return { source, ledger, server, paths: () => server.seen.splice(0).map(String) }
}

function fill(ledger: Ledger, mined: number, waiting: number): void {
  for (let i = 0; i < mined; i++) {
    ledger.pay([MINE])
    if (i % 3 === 0) ledger.mine()
  }
  ledger.mine()
  for (let i = 0; i < waiting; i++) ledger.pay([MINE])
}

async function historyOf(source: UtxoSource, status?: string) {
  const [history] = await source.history([{ script: MINE, status }])
  if (!history) throw new Error('no answer')
  return history
}

function expected(ledger: Ledger): unknown[] {
  return ledger.touching(MINE).map(({ txid, height, raw }) => ({ txid, height, raw }))
}

function byHeight(entries: readonly { height: number; txid: string }[] | undefined) {
  const key = ({ height, txid }: { height: number; txid: string }): string =>
    `${String(height || 999_999).padStart(7, '0')} ${txid}`
  return [...(entries ?? [])].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

describe.each(['blockstream', 'mempool.space'] as const)('pages of %s', (flavour) => {
  it.each([
    [0, 0],
    [1, 0],
    [0, 1],
    [24, 0],
    [25, 0],
    [26, 3],
    [49, 1],
    [50, 0],
    [10, 25],
    [10, 24],
    [10, 26],
    [0, 25],
    [3, 49],
    [60, 30],
    [30, 50],
    [30, 51],
    [5, 120],
    [131, 2],
  ])('%d mined and %d waiting: each once, oldest first', async (mined, waiting) => {
    const { source, ledger } = await serve({ flavour })
    fill(ledger, mined, waiting)
    const { entries, status } = await historyOf(source)
    expect(byHeight(entries)).toEqual(byHeight(expected(ledger) as { height: number; txid: string }[]))
    const heights = entries?.map(({ height }) => height || Number.POSITIVE_INFINITY) ?? []
    expect(heights).toEqual([...heights].sort((a, b) => a - b))
    expect(await historyOf(source, status)).toEqual({ status })
  })
})

const TXS = /^\/scripthash\/[0-9a-f]{64}\/txs$/
const CHAIN = /\/txs\/chain/
const BAD = { code: 'BAD_RESPONSE', retryable: false }

function answer(response: ServerResponse, text: string, status = 200, headers = {}): true {
  response.writeHead(status, headers).end(text)
  return true
}

describe('history', () => {
  it('needs one request for a script with few rows, and one when nothing changed', async () => {
    const { source, ledger, paths } = await serve()
    fill(ledger, 24, 20)
    const { status } = await historyOf(source)
    expect(paths().map((path) => TXS.test(path))).toEqual([false, true])
    await historyOf(source, status)
    expect(paths().map((path) => TXS.test(path))).toEqual([true])
  })

  it('reads no older page when nothing changed', async () => {
    const { source, ledger, paths } = await serve()
    fill(ledger, 90, 0)
    const { status } = await historyOf(source)
    expect(paths().filter((path) => CHAIN.test(path))).toHaveLength(4)
    expect(await historyOf(source, status)).toEqual({ status })
    expect(paths()).toHaveLength(1)
  })

  it('sees a new transaction, a new block and another block in its status', async () => {
    const { source, ledger } = await serve()
    const seen = new Set<string>()
    const look = async (): Promise<void> => void seen.add((await historyOf(source)).status)
    await look()
    ledger.pay([MINE])
    await look()
    ledger.mine()
    await look()
    const back = ledger.unwind(1)
    ledger.waiting.push(...back)
    ledger.mine()
    // In a block of the same height.
    await look()
    expect(seen.size).toBe(4)
  })

  it.each(['blockstream', 'mempool.space'] as const)(
    'loses and doubles nothing when transactions and blocks come in between pages of %s',
    async (flavour) => {
      const ledger = openLedger()
      const { source } = await serve({
        ledger,
        flavour,
        before(path) {
          if (!CHAIN.test(path)) return false
          ledger.pay([MINE])
          ledger.mine()
          return false
        },
      })
      fill(ledger, 80, 60)
      const before = new Set(ledger.touching(MINE).map(({ txid }) => txid))
      const { entries = [], status } = await historyOf(source)
      const ids = entries.map(({ txid }) => txid)
      expect(new Set(ids).size).toBe(ids.length)
      expect([...before].filter((txid) => !ids.includes(txid))).toEqual([])
      expect((await historyOf(source, status)).entries).toBeDefined()
    },
  )

  it('G11: begins again when blocks are replaced between pages', async () => {
    const ledger = openLedger()
    let pages = 0
    const { source } = await serve({
      ledger,
      before(path) {
        if (!CHAIN.test(path) || ++pages !== 2) return false
        const back = ledger.unwind(20)
        ledger.mine(3, false)
        ledger.waiting.push(...back)
        ledger.mine(20)
        return false
      },
    })
    fill(ledger, 100, 3)
    const { entries } = await historyOf(source)
    expect(byHeight(entries)).toEqual(byHeight(expected(ledger) as { height: number; txid: string }[]))
    expect(pages).toBeGreaterThan(4)
  })

  it('gives up when blocks are replaced again and again', async () => {
    const { source, ledger } = await serve({
      before: (path, response) => path.endsWith('/status') && answer(response, '{"in_best_chain":false}'),
    })
    fill(ledger, 30, 0)
    await expect(historyOf(source)).rejects.toMatchObject({ code: 'NETWORK', retryable: true })
  })

  it('refuses the same page again and again', async () => {
    const ledger = openLedger()
    const { source } = await serve({
      ledger,
      before: (path, response) => {
        if (!CHAIN.test(path)) return false
        const rows = ledger.touching(MINE).reverse().slice(0, 25)
        return answer(response, JSON.stringify(rows.map((tx) => toJson(tx, ledger))))
      },
    })
    fill(ledger, 40, 0)
    await expect(historyOf(source)).rejects.toMatchObject(BAD)
  })

  it('G14: does not take 50 waiting rows for all when the server counts more', async () => {
    const { source, ledger } = await serve({
      before: (path, response) => path.endsWith('/utxo') && answer(response, '[]'),
    })
    fill(ledger, 0, 53)
    await expect(historyOf(source)).rejects.toThrow('shows 50 of 53 waiting')
  })

  it('asks for eight scripts at a time, or as many as it is told', async () => {
    for (const [concurrency, most] of [
      [undefined, 8],
      [3, 3],
    ] as const) {
      let now = 0
      let peak = 0
      const { source } = await serve(
        {
          before(path, response) {
            if (path === '/block-height/0') return false
            peak = Math.max(peak, ++now)
            setTimeout(() => {
              now--
              answer(response, '[]')
            }, 10)
            return true
          },
        },
        { concurrency },
      )
      const scripts = Array.from({ length: 30 }, (_, i) => `0014${String(i).padStart(40, '0')}`)
      expect(await source.history(scripts.map((script) => ({ script })))).toHaveLength(30)
      expect(peak).toBe(most)
    }
  })

  it('stops asking when one answer is bad', async () => {
    const { source, server } = await serve({
      before: (path, response) => path !== '/block-height/0' && answer(response, 'null'),
    })
    const scripts = Array.from({ length: 50 }, (_, i) => ({ script: `0014${String(i).padStart(40, '0')}` }))
    await expect(source.history(scripts)).rejects.toMatchObject(BAD)
    expect(server.seen.length).toBeLessThan(25)
  })
})

describe('G9, G14: rows that are lies', () => {
  type Json = Record<string, unknown>
  const first = (json: Json, list: string): Json => (json[list] as Json[])[0] ?? {}
  const lies: [string, (json: Json) => unknown][] = [
    ['another amount', (json) => (first(json, 'vout').value = 1)],
    ['an amount above all coins', (json) => (first(json, 'vout').value = 2_100_000_000_000_001)],
    ['a negative amount', (json) => (first(json, 'vout').value = -1)],
    ['a fraction of a satoshi', (json) => (first(json, 'vout').value = 1000.5)],
    ['an amount as text', (json) => (first(json, 'vout').value = '1000')],
    ['another script', (json) => (first(json, 'vout').scriptpubkey = OTHER)],
    ['a script that is no hex', (json) => (first(json, 'vout').scriptpubkey = 'zz')],
    ['half a byte', (json) => (first(json, 'vout').scriptpubkey = '001')],
    ['an output more', (json) => (json.vout as Json[]).push({ scriptpubkey: MINE, value: 5 })],
    ['no outputs', (json) => (json.vout = null)],
    ['another input', (json) => (first(json, 'vin').vout = 77)],
    ['a sequence', (json) => (first(json, 'vin').sequence = 1)],
    ['a sequence beyond 32 bits', (json) => (first(json, 'vin').sequence = 0x1_ffff_fffd)],
    ['a script that signs', (json) => (first(json, 'vin').scriptsig = '51')],
    ['witnesses that are none', (json) => (first(json, 'vin').witness = 'aa')],
    ['another locktime', (json) => (json.locktime = 9)],
    ['another version', (json) => (json.version = 1)],
    ['another id', (json) => (json.txid = 'cd'.repeat(32))],
    ['no id', (json) => (json.txid = 7)],
    [
      'a negative height',
      (json) => (json.status = { confirmed: true, block_height: -5, block_hash: 'ab'.repeat(32) }),
    ],
    [
      'height zero',
      (json) => (json.status = { confirmed: true, block_height: 0, block_hash: 'ab'.repeat(32) }),
    ],
    [
      'a fraction of a height',
      (json) => (json.status = { confirmed: true, block_height: 1.5, block_hash: 'ab'.repeat(32) }),
    ],
    ['no block', (json) => (json.status = { confirmed: true, block_height: 5 })],
    ['no status', (json) => (json.status = undefined)],
  ]
  it.each(lies)('%s', async (_name, lie) => {
    const { source, ledger } = await serve()
    const tx = ledger.pay([MINE])
    ledger.mine()
    tx.lie = (json) => void lie(json)
    await expect(historyOf(source)).rejects.toMatchObject(BAD)
    await expect(source.transactions([{ txid: tx.txid }])).rejects.toMatchObject(BAD)
  })

  it('more than all coins, with the very id of such a transaction', async () => {
    const fields = {
      version: 2,
      locktime: 0,
      inputs: [{ txid: 'ab'.repeat(32), vout: 0, script: '', sequence: 0, witness: [] }],
      outputs: [{ amount: 2_100_000_000_000_001, script: MINE }],
    }
    const { txid } = writeTx(fields)
    const vin = [{ txid: 'ab'.repeat(32), vout: 0, scriptsig: '', sequence: 0 }]
    const vout = [{ scriptpubkey: MINE, value: 2_100_000_000_000_001 }]
    const row = { txid, version: 2, locktime: 0, vin, vout, status: { confirmed: false } }
    const { source } = await serve({
      before: (path, response) => path.startsWith('/tx/') && answer(response, JSON.stringify(row)),
    })
    await expect(source.transactions([{ txid }])).rejects.toMatchObject(BAD)
  })

  it('a bare value', async () => {
    const { source, ledger } = await serve()
    ledger.pay([MINE]).lie = () => false
    await expect(source.transactions([{ txid: ledger.waiting[0]?.txid ?? '' }])).rejects.toMatchObject(BAD)
  })

  it('history that is not newest first', async () => {
    const ledger = openLedger()
    const { source } = await serve({
      ledger,
      before: (path, response) =>
        TXS.test(path) &&
        answer(response, JSON.stringify(ledger.touching(MINE).map((tx) => toJson(tx, ledger)))),
    })
    fill(ledger, 10, 0)
    await expect(historyOf(source)).rejects.toMatchObject(BAD)
  })

  it('a transaction that was not asked for', async () => {
    const ledger = openLedger()
    const other = ledger.pay([MINE])
    const { source } = await serve({
      ledger,
      before: (path, response) =>
        path.startsWith('/tx/') && answer(response, JSON.stringify(toJson(other, ledger))),
    })
    await expect(source.transactions([{ txid: 'ab'.repeat(32) }])).rejects.toMatchObject(BAD)
  })

  it('a header of another block', async () => {
    const ledger = openLedger()
    ledger.mine(3)
    const { source } = await serve({
      ledger,
      before: (path, response) =>
        path.endsWith('/header') && answer(response, ledger.blocks[1]?.header ?? ''),
    })
    expect(await source.headers([1])).toEqual([ledger.blocks[1]?.header])
    await expect(source.headers([2])).rejects.toMatchObject(BAD)
  })
})

describe('what is not found', () => {
  it('a page of whatever stands before the server says nothing of a transaction', async () => {
    const { source } = await serve({
      before: (path, response) =>
        path.startsWith('/tx/') && answer(response, '<html>404 Not Found</html>', 404),
    })
    await expect(source.transactions([{ txid: 'ab'.repeat(32) }])).rejects.toMatchObject({ code: 'NETWORK' })
  })

  it('nor does any other status', async () => {
    const { source } = await serve({
      before: (path, response) => path.startsWith('/tx/') && answer(response, 'not found', 500),
    })
    await expect(source.transactions([{ txid: 'ab'.repeat(32) }])).rejects.toMatchObject({ code: 'NETWORK' })
  })
})

describe('the chain', () => {
  it('is looked at once, by many at the same time', async () => {
    const { source, paths } = await serve()
    await Promise.all([source.tip(), source.feeRates(), historyOf(source), source.headers([1])])
    await source.tip()
    expect(paths().filter((path) => path === '/block-height/0')).toHaveLength(1)
  })

  it('is looked at again after a failure', async () => {
    let fails = false
    const { source, paths } = await serve({
      before: (path, response) => fails && path === '/fee-estimates' && answer(response, 'oops', 500),
    })
    await source.feeRates()
    fails = true
    await expect(source.feeRates()).rejects.toMatchObject({ code: 'NETWORK' })
    fails = false
    await source.feeRates()
    expect(paths().filter((path) => path === '/block-height/0')).toHaveLength(2)
  })

  it('goes on for the others when the first who asked has left', async () => {
    const { source } = await serve()
    const controller = new AbortController()
    const left = source.tip({ signal: controller.signal })
    const stays = source.tip()
    controller.abort()
    await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await stays).toMatchObject({ height: 0 })
  })

  it.each(['not hex', '', 'ab'.repeat(31)])('is not known from "%s"', async (text) => {
    const { source } = await serve({
      before: (path, response) => path === '/block-height/0' && answer(response, text),
    })
    await expect(source.tip()).rejects.toMatchObject(BAD)
  })
})

describe('fee rates', () => {
  it('are rounded up to whole satoshi for 1,000 bytes', async () => {
    const { source } = await serve({
      before: (path, response) =>
        path === '/fee-estimates' &&
        answer(response, '{"144":1,"1":87.8821,"6":1e-2,"2":12.000000000000002,"1008":0.1}'),
    })
    expect(await source.feeRates()).toEqual([
      { blocks: 1, satPerKvb: 87_883n },
      { blocks: 2, satPerKvb: 12_001n },
      { blocks: 6, satPerKvb: 10n },
      { blocks: 144, satPerKvb: 1_000n },
      { blocks: 1008, satPerKvb: 100n },
    ])
  })

  it.each([
    '{"1":-1}',
    '{"1":0}',
    '{"x":1}',
    '{"0":1}',
    '{"1":"a"}',
    '{"1":null}',
    '{"1":1e30}',
    '[]',
    '7',
    'null',
  ])('are refused when they are %s', async (text) => {
    const { source } = await serve({
      before: (path, response) => path === '/fee-estimates' && answer(response, text),
    })
    await expect(source.feeRates()).rejects.toMatchObject(BAD)
  })
})

describe('broadcast', () => {
  const RAW = '0200000000'

  it('posts the bytes as plain text, once', async () => {
    let type: string | undefined
    const { source, server } = await serve({
      before(path, response, method) {
        if (method !== 'POST') return false
        type = server.requests.at(-1)?.headers['content-type']
        return answer(response, path === '/tx' ? 'ab'.repeat(32) : 'wrong path')
      },
    })
    expect(await source.broadcast(RAW)).toBe('ab'.repeat(32))
    expect(type).toBe('text/plain')
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(1)
  })

  it.each([
    [
      'sendrawtransaction RPC error: {"code":-26,"message":"min relay fee not met, 100 < 141"}',
      'min relay fee not met, 100 < 141',
    ],
    [
      'sendrawtransaction RPC error: {"code":-27,"message":"Transaction already in block chain"}',
      'Transaction already in block chain',
    ],
    ['Invalid hex string', 'Invalid hex string'],
    [`bad ${'f'.repeat(400)} https://user:pass@host/path?key=1`, 'bad … https://host'],
  ])('gives the reason of "%s"', async (text, reason) => {
    const { source } = await serve({
      before: (_path, response, method) => method === 'POST' && answer(response, text, 400),
    })
    await expect(source.broadcast(RAW)).rejects.toMatchObject({
      code: 'BROADCAST_REJECTED',
      retryable: false,
      details: { reason },
    })
  })

  const outcomes: [string, number, string, object][] = [
    [
      'the node is starting',
      400,
      'RPC error: {"code":-10,"message":"In initial sync and waiting for blocks"}',
      { code: 'NETWORK', details: { sent: false } },
    ],
    [
      'too many requests',
      429,
      'slow down',
      { code: 'RATE_LIMITED', details: { sent: false, retryAfter: 7 } },
    ],
    ['the server failed', 500, 'oops', { code: 'NETWORK', details: { sent: undefined } }],
    ['a page with status 400', 400, '<html>no</html>', { code: 'NETWORK', details: { sent: undefined } }],
    [
      'a page with status 200',
      200,
      '<html>yes</html>',
      { code: 'BAD_RESPONSE', details: { sent: undefined } },
    ],
  ]
  it.each(outcomes)('tells whether it was sent when %s', async (_name, status, text, error) => {
    const { source } = await serve({
      before: (_path, response, method) =>
        method === 'POST' && answer(response, text, status, { 'retry-after': '7' }),
    })
    const { details, ...others } = error as { details: { sent?: false } }
    const failure = await source.broadcast(RAW).catch((error: unknown) => error)
    expect(failure).toMatchObject(others)
    expect((failure as { details: { sent?: false } }).details.sent).toBe(details.sent)
    expect((failure as { details: object }).details).toMatchObject(JSON.parse(JSON.stringify(details)))
  })

  it('was not sent when the server cannot be reached, or does not tell its chain', async () => {
    const dead = esplora('http://127.0.0.1:9')(REGTEST)
    await expect(dead.broadcast(RAW)).rejects.toMatchObject({ code: 'NETWORK', details: { sent: false } })
    const { source } = await serve({
      before: (path, response) => path === '/block-height/0' && answer(response, 'oops', 500),
    })
    await expect(source.broadcast(RAW)).rejects.toMatchObject({ code: 'NETWORK', details: { sent: false } })
  })

  it('may have been sent when no answer comes', async () => {
    const { source } = await serve(
      { before: (_path, _response, method) => method === 'POST' },
      { timeout: 100 },
    )
    const error = await source.broadcast(RAW).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'TIMEOUT' })
    expect((error as { details: object }).details).not.toHaveProperty('sent')
  })
})

describe('G9: hostile servers', () => {
  it.each([
    ['a web page', (response: ServerResponse) => answer(response, '<!doctype html><html>sign in</html>')],
    ['nothing', (response: ServerResponse) => answer(response, '')],
    ['half of JSON', (response: ServerResponse) => answer(response, '[{"txid":')],
    ['deep nesting', (response: ServerResponse) => answer(response, '['.repeat(100_000))],
    ['an object', (response: ServerResponse) => answer(response, '{}')],
    ['a key twice', (response: ServerResponse) => answer(response, '[{"txid":"a","txid":"b"}]')],
    ['__proto__', (response: ServerResponse) => answer(response, '[{"__proto__":{}}]')],
    [
      'an announced 100 MB',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '100000000' }).write('[')
        return true as const
      },
    ],
  ])('%s', async (_name, reply) => {
    const { source } = await serve({ before: (path, response) => TXS.test(path) && reply(response) })
    await expect(historyOf(source)).rejects.toMatchObject(BAD)
  })

  it('100 MB', async () => {
    let taken = 0
    const { source } = await serve({
      before(path, response) {
        if (!TXS.test(path)) return false
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
        return true
      },
    })
    await expect(historyOf(source)).rejects.toMatchObject(BAD)
    expect(taken).toBeLessThan(60_000_000)
  })

  it('fed in drips: ends at the time limit', async () => {
    const { source } = await serve(
      {
        before(path, response) {
          if (!TXS.test(path)) return false
          response.writeHead(200)
          const drip = setInterval(() => response.write(' '), 20)
          response.on('close', () => clearInterval(drip))
          return true
        },
      },
      { timeout: 200 },
    )
    await expect(historyOf(source)).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true })
  })

  it('asked for peace', async () => {
    const { source } = await serve({
      before: (path, response) => TXS.test(path) && answer(response, '', 429, { 'retry-after': '9' }),
    })
    await expect(historyOf(source)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      details: { retryAfter: 9 },
    })
  })

  it('G10: redirects elsewhere', async () => {
    const { source } = await serve({
      before: (path, response) =>
        TXS.test(path) && answer(response, '', 302, { location: 'http://127.0.0.1:9/' }),
    })
    await expect(historyOf(source)).rejects.toMatchObject({ code: 'NETWORK', retryable: false })
  })
})

describe('options', () => {
  it.each(['https://host/api?key=1', 'ws://host', 'host', 'https://host/api#x'])(
    'refuses the URL %s',
    (url) => {
      expect(() => esplora(url)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
    },
  )

  it.each([
    { timeout: 0 },
    { concurrency: 0 },
    { concurrency: 1.5 },
    { maxResponseBytes: -1 },
    { pollInterval: 0 },
  ])('refuses %o', (options) => {
    expect(() => esplora('http://host', options)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })

  it.each(['eip155:1', 'bip122:abc'] as const)('refuses the chain %s', (chain) => {
    expect(() => esplora('http://host')(chain)).toThrow(expect.objectContaining({ code: 'INVALID_CHAIN' }))
  })

  it('G7: shows nothing of a URL but its origin, and sends its password as a header', async () => {
    const ledger = openLedger()
    const server = await startEsplora({ ledger })
    open.push(server.close)
    const source = esplora(`${server.url.replace('//', '//user:secret@')}/deep/KEY/`)(MAINNET)
    const error = await source.tip().catch((error: unknown) => error)
    expect(JSON.stringify(error)).not.toMatch(/secret|KEY|user/)
    expect(server.seen).toEqual(['/deep/KEY/block-height/0'])
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${btoa('user:secret')}`)
  })
})
