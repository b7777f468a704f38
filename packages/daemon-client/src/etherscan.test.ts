import type { TransferRow } from '@coffer/core'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type EtherscanOptions, etherscan } from './etherscan.ts'
import { jsonRpc } from './jsonRpc.ts'
import { type Handler, node, sendJson, startServer, type TestServer } from './testing/server.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

const ME = `0x${'aa'.repeat(20)}`
const YOU = `0x${'bb'.repeat(20)}`
const TOKEN = `0x${'cc'.repeat(20)}`
const COIN = 'eip155:1/slip44:60'
const KEY = 'KEY-SECRET'

interface Row {
  readonly block: number
  readonly index: number
  readonly token?: boolean
}

const hashOf = ({ block, index, token }: Row): string =>
  `0x${(block * 1_000 + index).toString(16).padStart(63, '0')}${token ? 'f' : '0'}`

/** As Etherscan and Blockscout write it. */
function json(row: Row, over: Record<string, unknown> = {}): Record<string, unknown> {
  const common = {
    blockNumber: String(row.block),
    timeStamp: String(1_700_000_000 + row.block * 12),
    hash: hashOf(row),
    transactionIndex: String(row.index),
    from: ME,
    to: YOU,
    value: '1000000000000000000',
    gasUsed: '21000',
    gasPrice: '1000000007',
  }
  if (row.token) return { ...common, contractAddress: TOKEN, tokenSymbol: 'USDC', tokenDecimal: '6', ...over }
  return { ...common, contractAddress: '', isError: '0', txreceipt_status: '1', ...over }
}

/** An indexer of these rows that honours endblock, page and offset as the real ones do. */
function indexer(rows: readonly Row[]): Handler {
  return (request, response) => {
    const query = new URL(request.url ?? '', 'http://host').searchParams
    const end = Number(query.get('endblock') ?? Number.MAX_SAFE_INTEGER)
    const list = rows
      .filter((row) => Boolean(row.token) === (query.get('action') === 'tokentx') && row.block <= end)
      .sort((a, b) => b.block - a.block || b.index - a.index)
      .slice(0, Number(query.get('offset')))
    if (list.length === 0) sendJson(response, { status: '0', message: 'No transactions found', result: [] })
    else sendJson(response, { status: '1', message: 'OK', result: list.map((row) => json(row)) })
  }
}

async function serve(
  handler: Handler,
  options: Partial<EtherscanOptions> = {},
): Promise<{ server: TestServer; transfers: ReturnType<ReturnType<typeof etherscan>> }> {
  const server = await startServer(handler)
  open.push(server.close)
  return {
    server,
    transfers: etherscan({ url: `${server.url}/v2/api`, apiKey: KEY, ...options })('eip155:1'),
  }
}

const first = { address: ME, coin: COIN, limit: 10 } as const
const say =
  (body: unknown): Handler =>
  (_request, response) =>
    sendJson(response, body)

describe('a page', () => {
  it('asks both lists, with the key, for the chain', async () => {
    const { server, transfers } = await serve(indexer([]))
    expect(await transfers({ ...first, address: ME.toUpperCase().replace('X', 'x') })).toEqual({ items: [] })
    const queries = server.seen.map((url) =>
      Object.fromEntries(new URL(String(url), 'http://host').searchParams),
    )
    expect(queries.map(({ action }) => action).sort()).toEqual(['tokentx', 'txlist'])
    for (const query of queries)
      expect(query).toMatchObject({
        chainid: '1',
        module: 'account',
        address: ME,
        page: '1',
        offset: '10',
        sort: 'desc',
        apikey: KEY,
      })
  })

  it('reads rows of both kinds', async () => {
    const { transfers } = await serve(
      indexer([
        { block: 5, index: 1 },
        { block: 6, index: 0, token: true },
      ]),
    )
    const { items, next } = await transfers(first)
    expect(next).toBeUndefined()
    const token: TransferRow = {
      txid: hashOf({ block: 6, index: 0, token: true }),
      height: 6,
      time: 1_700_000_072,
      from: ME,
      to: YOU,
      asset: `eip155:1/erc20:${TOKEN}`,
      amount: 10n ** 18n,
    }
    expect(items[0]).toEqual(token)
    expect(items[1]).toMatchObject({ asset: COIN, height: 5, fee: 21_000n * 1_000_000_007n })
    expect(items[1]?.failed).toBeUndefined()
  })

  it('reads deployments, failures, checksummed addresses and missing gas prices', async () => {
    const rows = [
      json({ block: 9, index: 0 }, { to: '', contractAddress: TOKEN }),
      json({ block: 8, index: 0 }, { isError: '1' }),
      json({ block: 7, index: 0 }, { txreceipt_status: '0' }),
      json({ block: 6, index: 0 }, { from: YOU.toUpperCase().replace('0X', '0x'), to: ME, gasPrice: '' }),
    ]
    const { transfers } = await serve((request, response) =>
      sendJson(response, { status: '1', message: 'OK', result: request.url?.includes('txlist') ? rows : [] }),
    )
    const { items } = await transfers(first)
    expect(items.map(({ to, failed, fee }) => [to, failed, fee !== undefined])).toEqual([
      [null, undefined, true],
      [YOU, true, true],
      [YOU, true, true],
      [ME, undefined, false],
    ])
    expect(items[3]?.from).toBe(YOU)
  })

  it('keeps the query of the URL', async () => {
    const { server } = await serve(indexer([]))
    await etherscan({ url: `${server.url}/api?apikey=own` })('eip155:1')(first)
    expect(server.seen[0]).toMatch(/^\/api\?apikey=own&chainid=1&/)
  })
})

describe('pages', () => {
  const rowsOf = fc.uniqueArray(
    fc.record({
      block: fc.integer({ min: 1, max: 6 }),
      index: fc.integer({ min: 0, max: 5 }),
      token: fc.boolean(),
    }),
    { selector: hashOf, maxLength: 40 },
  )

  it('hold every row once, newest first, whatever their size', async () => {
    const state = { rows: [] as readonly Row[] }
    const { transfers } = await serve((...args) => indexer(state.rows)(...args))
    await fc.assert(
      fc.asyncProperty(rowsOf, fc.integer({ min: 1, max: 12 }), async (rows, limit) => {
        state.rows = rows
        const items: TransferRow[] = []
        let cursor: string | undefined
        do {
          const page = await transfers({ ...first, limit, cursor })
          expect(page.items.length).toBeLessThanOrEqual(limit)
          items.push(...page.items)
          cursor = page.next
        } while (cursor !== undefined)
        expect(new Set(items.map(({ txid }) => txid))).toEqual(new Set(rows.map(hashOf)))
        expect(items.length).toBe(rows.length)
        expect(items.every(({ height }, i) => i === 0 || height <= (items[i - 1]?.height ?? 0))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('do not shift when a transaction comes in between', async () => {
    const rows: Row[] = Array.from({ length: 6 }, (_, i) => ({ block: i + 1, index: 0 }))
    const { transfers } = await serve((...args) => indexer(rows)(...args))
    const one = await transfers({ ...first, limit: 3 })
    rows.push({ block: 9, index: 0 }, { block: 10, index: 0, token: true })
    const two = await transfers({ ...first, limit: 3, cursor: one.next })
    expect([...one.items, ...two.items].map(({ height }) => height)).toEqual([6, 5, 4, 3, 2, 1])
  })

  it('ask a list no more that has ended', async () => {
    const rows: Row[] = Array.from({ length: 6 }, (_, i) => ({ block: i + 1, index: 0 }))
    const { server, transfers } = await serve(indexer(rows))
    const one = await transfers({ ...first, limit: 4 })
    await transfers({ ...first, limit: 4, cursor: one.next })
    expect(server.seen.length).toBe(3)
  })

  it.each(['', 'x', '1.2', '1.-.-.-', '1.2.3;drop', '-1.0.0', '1.99999.0'])(
    'refuse the cursor %s',
    async (cursor) => {
      const { transfers } = await serve(indexer([]))
      await expect(transfers({ ...first, cursor })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    },
  )
})

describe('quirks', () => {
  it.each([
    { status: '0', message: 'No transactions found', result: [] },
    { status: '0', message: 'No token transfers found', result: [] },
    { status: '1', message: 'OK', result: [] },
    { status: '0', message: 'No transactions found', result: null },
  ])('empty: %o', async (body) => {
    const { transfers } = await serve(say(body))
    expect(await transfers(first)).toEqual({ items: [] })
  })

  it.each([
    { status: '0', message: 'NOTOK', result: 'Max rate limit reached' },
    { status: '0', message: 'NOTOK', result: 'Max calls per sec rate limit reached (5/sec)' },
    { message: 'Too many requests', result: null, status: '0' },
  ])('rate limits under status 200: %o', async (body) => {
    const { transfers } = await serve(say(body))
    await expect(transfers(first)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryable: true })
  })

  it('rate limits under status 429', async () => {
    const { transfers } = await serve((_request, response) =>
      response.writeHead(429, { 'retry-after': '3' }).end(),
    )
    await expect(transfers(first)).rejects.toMatchObject({ code: 'RATE_LIMITED', details: { retryAfter: 3 } })
  })

  it('a wrong key', async () => {
    const { transfers } = await serve(
      say({ status: '0', message: 'NOTOK', result: `Invalid API Key ${KEY}` }),
    )
    await expect(transfers(first)).rejects.toMatchObject({ code: 'NETWORK', retryable: false })
  })

  it('no key in any error', async () => {
    for (const body of [
      { status: '0', message: 'NOTOK', result: `bad https://host/api?apikey=${KEY} and ${KEY}` },
      { status: '0', message: `Invalid API Key ${KEY}`, result: '' },
    ]) {
      const { transfers } = await serve(say(body))
      const error = await transfers(first).catch((error) => error)
      expect(error.code).toMatch(/BAD_RESPONSE|NETWORK/)
      expect(error.stack + JSON.stringify(error)).not.toContain(KEY)
    }
  })

  it.each([null, [], 'x', { result: {} }, { result: 7, message: 'x' }])('nonsense: %o', async (body) => {
    const { transfers } = await serve(say(body))
    await expect(transfers(first)).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
  })
})

describe('rows that are refused', () => {
  it.each<[string, unknown]>([
    ['hash', '0x12'],
    ['from', 'me'],
    ['from', 7],
    ['to', '0x'],
    ['value', '0x10'],
    ['value', '-1'],
    ['value', '1e18'],
    ['value', 1],
    ['value', '9'.repeat(79)],
    ['blockNumber', '1.5'],
    ['blockNumber', '99999999999999999999'],
    ['timeStamp', ''],
    ['gasUsed', null],
    ['gasPrice', 'free'],
    ['contractAddress', 'x'],
  ])('%s: %o', async (field, bad) => {
    const result = [json({ block: 1, index: 0 }, { [field]: bad })]
    const { transfers } = await serve(say({ status: '1', message: 'OK', result }))
    await expect(transfers(first)).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
  })

  it.each([
    ['of another account', [json({ block: 1, index: 0 }, { from: YOU })]],
    ['oldest first', [json({ block: 1, index: 0 }), json({ block: 2, index: 0 })]],
    ['nothing', [null]],
  ])('%s', async (_name, result) => {
    const { transfers } = await serve((request, response) =>
      sendJson(response, {
        status: '1',
        message: 'OK',
        result: request.url?.includes('txlist') ? result : [],
      }),
    )
    await expect(transfers(first)).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
  })

  it('above the block of the cursor', async () => {
    const { transfers } = await serve(
      say({ status: '1', message: 'OK', result: [json({ block: 9, index: 0 })] }),
    )
    await expect(transfers({ ...first, cursor: '8.0.-' })).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
  })
})

describe('the door', () => {
  it('appears on jsonRpc with the option and not without', async () => {
    const { server } = await serve(node(1))
    const url = server.url
    expect(jsonRpc(url)('eip155:1').transfers).toBeUndefined()
    expect(jsonRpc(url, { history: etherscan({ url }) })('eip155:1').transfers).toBeTypeOf('function')
  })

  it('keeps time limits, aborts and refuses what makes no sense', async () => {
    const { transfers } = await serve(() => {}, { timeout: 50 })
    await expect(transfers(first)).rejects.toMatchObject({ code: 'TIMEOUT' })
    await expect(transfers(first, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(transfers({ ...first, limit: 0 })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(transfers({ ...first, address: 'x&apikey=1' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    expect(() => etherscan({ url: 'ws://host' })).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })
})
