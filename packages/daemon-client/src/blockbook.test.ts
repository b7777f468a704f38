import type { ServerResponse } from 'node:http'
import type { UtxoSource } from '@coffer/core'
import { afterEach, describe, expect, it } from 'vitest'
import { type BlockbookOptions, blockbook } from './blockbook.ts'
import { type BlockbookSetup, startBlockbook } from './testing/blockbookServer.ts'
import { type Ledger, openLedger, REGTEST } from './testing/ledger.ts'
import { sendJson, type TestServer } from './testing/server.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

const MINE = `0014${'11'.repeat(20)}`
const BAD = { code: 'BAD_RESPONSE', retryable: false }

async function serve(
  setup: Partial<BlockbookSetup> = {},
  options: BlockbookOptions = {},
): Promise<{ source: UtxoSource; ledger: Ledger; server: TestServer; paths: () => string[] }> {
  const ledger = setup.ledger ?? openLedger()
  const server = await startBlockbook({ ...setup, ledger })
  const source = blockbook(server.url, { timeout: 2_000, ...options })(REGTEST)
  open.push(() => source.close?.(), server.close)
  const paths = (): string[] =>
    server.seen
      .splice(0)
      .map(String)
      .filter((path) => path.includes('/address/'))
  return { source, ledger, server, paths }
}

async function historyOf(source: UtxoSource, status?: string) {
  const [history] = await source.history([{ script: MINE, status }])
  if (!history) throw new Error('no answer')
  return history
}

function fill(ledger: Ledger, mined: number, waiting: number): void {
  for (let i = 0; i < mined; i++) {
    ledger.pay([MINE])
    if (i % 7 === 0) ledger.mine()
  }
  ledger.mine()
  for (let i = 0; i < waiting; i++) ledger.pay([MINE])
}

const answer = (response: ServerResponse, json: unknown, status = 200): true => {
  sendJson(response, json, status)
  return true
}

describe('history', () => {
  it.each([
    [0, 0],
    [3, 2],
    [199, 0],
    [199, 1],
    [200, 0],
    [201, 0],
    [195, 10],
    [400, 3],
    [401, 150],
    [650, 0],
  ])('%d mined and %d waiting: each once, oldest first', async (mined, waiting) => {
    const { source, ledger } = await serve()
    fill(ledger, mined, waiting)
    const { entries, status } = await historyOf(source)
    expect(entries).toEqual(ledger.touching(MINE).map(({ txid, height, raw }) => ({ txid, height, raw })))
    expect(await historyOf(source, status)).toEqual({ status })
  })

  it('takes one request when nothing changed, without the bytes', async () => {
    const { source, ledger, paths } = await serve()
    fill(ledger, 300, 0)
    const { status } = await historyOf(source)
    paths()
    await historyOf(source, status)
    expect(paths()).toEqual([expect.stringContaining('details=txslight')])
  })

  it('loses and doubles nothing when blocks come in between pages', async () => {
    const ledger = openLedger()
    const { source } = await serve({
      ledger,
      before(path) {
        if (path.includes('&to=')) {
          ledger.pay([MINE])
          ledger.mine()
        }
        return false
      },
    })
    fill(ledger, 500, 5)
    const before = ledger.touching(MINE).filter(({ height }) => height > 0)
    const { entries = [] } = await historyOf(source)
    const ids = entries.map(({ txid }) => txid)
    expect(new Set(ids).size).toBe(ids.length)
    expect(before.filter(({ txid }) => !ids.includes(txid))).toEqual([])
  })

  it('G11: begins again when blocks are replaced between pages', async () => {
    const ledger = openLedger()
    let pages = 0
    const { source } = await serve({
      ledger,
      before(path) {
        if (!path.includes('&to=') || ++pages !== 2) return false
        const back = ledger.unwind(30)
        ledger.mine(1, false)
        ledger.waiting.push(...back)
        ledger.mine(40)
        return false
      },
    })
    fill(ledger, 450, 0)
    const { entries } = await historyOf(source)
    expect(entries).toEqual(ledger.touching(MINE).map(({ txid, height, raw }) => ({ txid, height, raw })))
  })

  it('does not take a cut page for all that waits', async () => {
    const { source, ledger } = await serve()
    fill(ledger, 0, 201)
    await expect(historyOf(source)).rejects.toThrow('shows 200 of 201 waiting')
  })

  it('knows nothing of scripts that cannot be paid to, and says so of others without an address', async () => {
    const { source, server } = await serve()
    const [first] = await source.history([{ script: '6a04deadbeef' }])
    expect(first?.entries).toEqual([])
    expect(await source.history([{ script: '6a04deadbeef', status: first?.status }])).toEqual([
      { status: first?.status },
    ])
    await expect(source.history([{ script: '51' }])).rejects.toMatchObject({
      code: 'NETWORK',
      details: { reason: 'script' },
    })
    expect(server.seen.filter((path) => String(path).includes('/address/'))).toEqual([])
  })

  const lies: [string, (json: Record<string, unknown>) => unknown][] = [
    ['no id', (json) => (json.txid = 5)],
    ['other bytes', (json) => (json.hex = '00')],
    ['bytes that are no hex', (json) => (json.hex = 'zz')],
    ['no height', (json) => (json.blockHeight = undefined)],
    ['a height below zero for what is mined', (json) => (json.blockHeight = -1)],
    ['no block', (json) => (json.blockHash = undefined)],
    ['a negative count of confirmations', (json) => (json.confirmations = -1)],
    ['no confirmations in a block', (json) => (json.confirmations = 0)],
  ]
  it.each(lies)('G14: refuses %s', async (_name, lie) => {
    const { source, ledger } = await serve()
    const tx = ledger.pay([MINE])
    ledger.mine()
    tx.lie = (json) => void lie(json)
    await expect(historyOf(source)).rejects.toMatchObject(BAD)
    await expect(source.transactions([{ txid: tx.txid }])).rejects.toMatchObject(BAD)
  })

  it.each([
    ['a list', []],
    ['text for a page', { page: 'x' }],
    ['no list of transactions', { transactions: {} }],
    ['an order of its own', undefined],
  ])('G9: refuses %s', async (_name, json) => {
    const ledger = openLedger()
    const row = (height: number) => ({
      txid: String(height).repeat(64),
      blockHeight: height,
      blockHash: 'ab'.repeat(32),
      confirmations: 1,
    })
    const { source } = await serve({
      ledger,
      before: (path, response) =>
        path.includes('/address/') && answer(response, json ?? { transactions: [row(1), row(2)] }),
    })
    const reading = historyOf(source)
    // A list has no members, so it reads like an address that was never used.
    if (Array.isArray(json)) expect((await reading).entries).toEqual([])
    else await expect(reading).rejects.toMatchObject(BAD)
  })
})

describe('what is not found', () => {
  const txid = 'ab'.repeat(32)
  it.each([
    [400, { error: `Transaction '${txid}' not found (dial tcp: connection refused)` }],
    [500, { error: 'Internal server error' }],
    [404, { error: 'not found' }],
  ])('is not so by status %d and %o', async (status, json) => {
    const { source } = await serve({
      before: (path, response) => path.includes('/tx/') && answer(response, json, status),
    })
    await expect(source.transactions([{ txid }])).rejects.toMatchObject({ code: 'NETWORK' })
  })
})

describe('broadcast', () => {
  it.each([
    [
      400,
      { error: '-26: min relay fee not met' },
      { code: 'BROADCAST_REJECTED', details: { reason: 'min relay fee not met', rpcCode: -26 } },
    ],
    [
      400,
      { error: { message: '-25: bad-txns' } },
      { code: 'BROADCAST_REJECTED', details: { reason: 'bad-txns' } },
    ],
    [400, { error: '-28: Loading block index…' }, { code: 'NETWORK', details: { sent: false } }],
    [400, {}, { code: 'NETWORK' }],
    [500, { error: 'Internal server error' }, { code: 'NETWORK' }],
    [200, { result: 'ok' }, BAD],
    [200, null, BAD],
  ])('status %d and %o', async (status, json, error) => {
    const { source } = await serve({
      before: (_path, response, method) => method === 'POST' && answer(response, json, status),
    })
    await expect(source.broadcast('00')).rejects.toMatchObject(error)
  })
})

describe('fee rates', () => {
  it('are rounded up, without what the server cannot tell', async () => {
    const rates: Record<string, string> = { 1: '0.000123451', 3: '0', 6: '-1', 12: '0.00000', 144: '1e-8' }
    const { source } = await serve({
      before: (path, response) => {
        const target = /estimatefee\/([0-9]+)$/.exec(path)?.[1]
        return target !== undefined && answer(response, { result: rates[target] })
      },
    })
    expect(await source.feeRates()).toEqual([
      { blocks: 1, satPerKvb: 12_346n },
      { blocks: 144, satPerKvb: 1n },
    ])
  })

  it('are refused when they are none', async () => {
    const { source } = await serve({
      before: (path, response) => path.includes('estimatefee') && answer(response, { result: 'many' }),
    })
    await expect(source.feeRates()).rejects.toMatchObject(BAD)
  })
})

describe('headers', () => {
  it.each(['version', 'merkleRoot', 'time', 'bits', 'nonce'])(
    'G14: are refused with another %s',
    async (field) => {
      const ledger = openLedger()
      ledger.mine()
      const { source, server } = await serve({ ledger })
      const honest = await (await fetch(`${server.url}/api/v2/block/${ledger.tip().hash}`)).json()
      const { source: liar } = await serve({
        ledger,
        before: (path, response) =>
          path.includes('/block/') && answer(response, { ...(honest as object), [field]: '1' }),
      })
      expect(await source.headers([1])).toEqual([ledger.blocks[1]?.header])
      await expect(liar.headers([1])).rejects.toMatchObject(BAD)
    },
  )
})

it('refuses networks whose addresses it cannot write', () => {
  expect(() => blockbook('https://host')('bip122:12a765e31ffd4059bada1e25190f6e98')).toThrow(
    expect.objectContaining({ code: 'INVALID_CHAIN' }),
  )
  expect(() => blockbook('https://host?x')).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
})
