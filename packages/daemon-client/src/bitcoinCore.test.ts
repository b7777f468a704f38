import type { RpcCall, UtxoSource } from '@coffer/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type BitcoinCoreOptions, bitcoinCore } from './bitcoinCore.ts'
import { type CoreSetup, startCore } from './testing/coreServer.ts'
import { type Ledger, openLedger, REGTEST } from './testing/ledger.ts'
import { startServer, type TestServer } from './testing/server.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

const MINE = `0014${'11'.repeat(20)}`
const OTHER = `0014${'22'.repeat(20)}`
const BAD = { code: 'BAD_RESPONSE', retryable: false }

type Mutable = { -readonly [K in keyof CoreSetup]: CoreSetup[K] }

async function serve(
  setup: Partial<CoreSetup> = {},
  options: Partial<BitcoinCoreOptions> = {},
): Promise<{
  source: UtxoSource
  ledger: Ledger
  server: TestServer
  setup: Mutable
  calls: () => RpcCall[]
}> {
  const ledger = setup.ledger ?? openLedger()
  const all: Mutable = { ...setup, ledger }
  const server = await startCore(all)
  const source = bitcoinCore({ url: server.url, timeout: 2_000, ...options })(REGTEST)
  open.push(() => source.close?.(), server.close)
  const calls = (): RpcCall[] => server.seen.splice(0).flatMap((message) => message as RpcCall | RpcCall[])
  return { source, ledger, server, setup: all, calls }
}

async function rows(source: UtxoSource, script = MINE): Promise<[string, number][] | undefined> {
  const [history] = await source.history([{ script }])
  return history?.entries && inOrder(history.entries)
}

/** Mined ones first; waiting ones have no order. */
function inOrder(entries: readonly { txid: string; height: number }[]): [string, number][] {
  const waiting = entries.filter(({ height }) => height === 0).sort((a, b) => (a.txid < b.txid ? -1 : 1))
  return [...entries.filter(({ height }) => height > 0), ...waiting].map(({ txid, height }) => [txid, height])
}

function expected(ledger: Ledger, script = MINE): [string, number][] {
  return inOrder(ledger.touching(script))
}

const refuse = (code: number, message: string) => ({ ok: false, error: { code, message } }) as const
const named = (calls: RpcCall[], method: string): RpcCall[] => calls.filter((call) => call.method === method)

describe('history by block filters', () => {
  it('scans all blocks for a new script, and only new blocks later', async () => {
    const { source, ledger, calls } = await serve()
    ledger.pay([MINE])
    ledger.mine(3)
    expect(await rows(source)).toEqual(expected(ledger))
    expect(named(calls(), 'scanblocks').map(({ params }) => params.slice(2, 4))).toEqual([[0, 3]])
    expect(await rows(source)).toEqual(expected(ledger))
    expect(named(calls(), 'scanblocks')).toEqual([])
    ledger.pay([MINE, OTHER])
    ledger.mine(2)
    expect(await rows(source)).toEqual(expected(ledger))
    expect(named(calls(), 'scanblocks').map(({ params }) => params.slice(2, 4))).toEqual([[4, 5]])
    expect(await rows(source, OTHER)).toEqual(expected(ledger, OTHER))
    expect(named(calls(), 'scanblocks').map(({ params }) => params.slice(1, 4))).toEqual([
      [[`raw(${OTHER})`], 0, 5],
    ])
  })

  it('has the node sort out blocks that only look like ours', async () => {
    const { source, calls } = await serve()
    await rows(source)
    expect(named(calls(), 'scanblocks')[0]?.params.slice(4)).toEqual([
      'basic',
      { filter_false_positives: true },
    ])
  })

  it('waits for the filter of the newest block, since a scan passes over blocks without one', async () => {
    let missing = 3
    const { source, ledger, calls } = await serve({
      answer: ({ method }) =>
        method === 'getblockfilter' && missing-- > 0
          ? refuse(-1, 'Block filters are still in the process of being indexed.')
          : undefined,
    })
    ledger.pay([MINE])
    ledger.mine()
    expect(await rows(source)).toEqual(expected(ledger))
    const order = calls().map(({ method }) => method)
    expect(order.filter((method) => method === 'getblockfilter')).toHaveLength(4)
    expect(order.lastIndexOf('getblockfilter')).toBeLessThan(order.indexOf('scanblocks'))
  })

  it('follows a reorganisation, with spends and receipts', async () => {
    const { source, ledger } = await serve()
    const paid = ledger.pay([MINE])
    ledger.mine(2)
    ledger.pay([OTHER], { txid: paid.txid, vout: 0 })
    ledger.pay([MINE])
    ledger.mine(2)
    expect(await rows(source)).toEqual(expected(ledger))
    const back = ledger.unwind(3)
    ledger.mine(4, false)
    expect(await rows(source)).toEqual(expected(ledger))
    ledger.waiting.push(...back)
    expect(await rows(source)).toEqual(expected(ledger))
    ledger.mine()
    expect(await rows(source)).toEqual(expected(ledger))
    expect(expected(ledger)).toHaveLength(3)
  })

  it('does not see a spend of an output that was reorganised away', async () => {
    const { source, ledger } = await serve()
    const paid = ledger.pay([MINE])
    ledger.mine()
    await rows(source)
    ledger.unwind(1)
    ledger.mine(2)
    ledger.pay([OTHER], { txid: paid.txid, vout: 0 })
    expect(await rows(source)).toEqual([])
  })

  it('begins again behind another node, which never saw the block', async () => {
    const { source, ledger, setup } = await serve()
    ledger.pay([MINE])
    ledger.mine(3)
    await rows(source)
    const other = openLedger()
    other.pay([OTHER])
    other.pay([MINE])
    other.mine()
    setup.ledger = other
    expect(await rows(source)).toEqual(expected(other))
  })

  it('reads again when a block comes in between', async () => {
    const ledger = openLedger()
    let blocks = 2
    const { source } = await serve({
      ledger,
      answer({ method }) {
        // The waiting one is mined after the scan and before the list of waiting ones.
        if (method === 'getrawmempool' && blocks-- > 0) ledger.mine()
        return undefined
      },
    })
    ledger.pay([MINE])
    expect(await rows(source)).toEqual(expected(ledger))
    expect(expected(ledger)).toEqual([[expect.any(String), 1]])
  })

  it('gives up when blocks come faster than it reads', async () => {
    const ledger = openLedger()
    const { source } = await serve({
      ledger,
      answer({ method }) {
        if (method === 'getrawmempool') ledger.mine()
        return undefined
      },
    })
    await expect(rows(source)).rejects.toMatchObject({ code: 'NETWORK', retryable: true })
  })

  it('says from where on rows are complete when the node has thrown blocks away', async () => {
    const { source, ledger } = await serve({ pruneheight: 5 })
    const lost = ledger.pay([MINE])
    ledger.mine(6)
    ledger.pay([OTHER], { txid: lost.txid, vout: 0 })
    ledger.mine()
    const [history] = await source.history([{ script: MINE }])
    expect(history?.fromHeight).toBe(5)
    // Spent above, though paid below.
    expect(history?.entries?.map(({ height }) => height)).toEqual([7])
  })

  it('tells nothing half: a failure in the middle leaves no rows behind', async () => {
    let fails = true
    const ledger = openLedger()
    const { source } = await serve({
      ledger,
      answer: ({ method, params }) =>
        fails && method === 'getblock' && params[0] === ledger.blocks[2]?.hash
          ? refuse(-1, 'disk')
          : undefined,
    })
    ledger.pay([MINE])
    ledger.mine()
    ledger.pay([MINE])
    ledger.mine()
    await expect(rows(source)).rejects.toMatchObject(BAD)
    fails = false
    expect(await rows(source)).toEqual(expected(ledger))
  })

  it('keeps readers at once apart', async () => {
    const { source, ledger } = await serve({
      answer: ({ method }) => (method === 'scanblocks' ? 20 : undefined),
    })
    ledger.pay([MINE])
    ledger.pay([OTHER])
    ledger.mine()
    const both = await Promise.all([rows(source), rows(source, OTHER), rows(source)])
    expect(both).toEqual([expected(ledger), expected(ledger, OTHER), expected(ledger)])
  })
})

describe('scans', () => {
  const BUSY = refuse(-8, 'Scan already in progress, use action "abort" or "status"')

  it('wait politely for one of somebody else', async () => {
    let busy = 2
    const { source, calls } = await serve({
      answer: ({ method }) => (method === 'scanblocks' && busy-- > 0 ? BUSY : undefined),
    })
    const start = performance.now()
    expect(await rows(source)).toEqual([])
    expect(performance.now() - start).toBeGreaterThan(250)
    expect(named(calls(), 'scanblocks').map(({ params }) => params[0])).toEqual(['start', 'start', 'start'])
  })

  it('end on the node when nobody waits for them any more', async () => {
    const { source, calls } = await serve({
      answer: ({ method, params }) => (method === 'scanblocks' && params[0] === 'start' ? 1_500 : undefined),
    })
    const controller = new AbortController()
    const left = source.history([{ script: MINE }], { signal: controller.signal })
    setTimeout(() => controller.abort(), 600)
    await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
    await vi.waitFor(() => expect(named(calls(), 'scanblocks').at(-1)?.params).toEqual(['abort']))
  })

  it('of somebody else are not ended', async () => {
    const { source, calls } = await serve({
      async answer({ method }) {
        if (method !== 'scanblocks') return undefined as never
        await new Promise((resolve) => setTimeout(resolve, 150))
        return BUSY
      },
    })
    const controller = new AbortController()
    const left = source.history([{ script: MINE }], { signal: controller.signal })
    setTimeout(() => controller.abort(), 100)
    await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(named(calls(), 'scanblocks').map(({ params }) => params[0])).toEqual(['start'])
  })

  it('have a time limit of their own', async () => {
    const slow: Partial<CoreSetup> = { answer: ({ method }) => (method === 'scanblocks' ? 400 : undefined) }
    const { source } = await serve(slow, { timeout: 200 })
    expect(await rows(source)).toEqual([])
    const { source: hasty } = await serve(slow, { scanTimeout: 100 })
    await expect(rows(hasty)).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  it('let those behind go on when one is given up', async () => {
    const { source } = await serve({ answer: ({ method }) => (method === 'scanblocks' ? 100 : undefined) })
    const controller = new AbortController()
    const left = source.history([{ script: MINE }], { signal: controller.signal })
    const stays = rows(source, OTHER)
    controller.abort()
    await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await stays).toEqual([])
  })

  it.each([
    ['not to the end', { to_height: 0, relevant_blocks: [], completed: false }],
    ['to another height', { to_height: 7, relevant_blocks: [], completed: true }],
  ])('that went %s count as failed', async (_name, value) => {
    const { source, ledger } = await serve({
      answer: ({ method }) => (method === 'scanblocks' ? { ok: true, value } : undefined),
    })
    ledger.mine()
    await expect(rows(source)).rejects.toMatchObject({ code: 'NETWORK', retryable: true })
  })
})

describe('history by unspent outputs', () => {
  it('shows what paid them, and says that all else may be missing', async () => {
    const { source, ledger } = await serve({ filters: false })
    const spent = ledger.pay([MINE])
    const kept = ledger.pay([MINE])
    ledger.mine()
    ledger.pay([OTHER], { txid: spent.txid, vout: 0 })
    ledger.mine()
    const leaving = ledger.pay([OTHER], { txid: kept.txid, vout: 0 })
    const [history] = await source.history([{ script: MINE }])
    expect(history).toMatchObject({
      entries: [
        { txid: kept.txid, height: 1 },
        { txid: leaving.txid, height: 0 },
      ],
      fromHeight: 3,
    })
  })

  it('scans once for each block and script', async () => {
    const { source, ledger, calls } = await serve({ filters: false })
    const scans = (): number => named(calls(), 'scantxoutset').length
    await rows(source)
    await rows(source)
    expect(scans()).toBe(1)
    await rows(source, OTHER)
    expect(scans()).toBe(1)
    ledger.mine()
    await rows(source)
    expect(scans()).toBe(1)
  })

  it('changes to filters once the node has them, and back', async () => {
    const { source, ledger, setup } = await serve({ filters: false })
    const paid = ledger.pay([MINE])
    ledger.mine()
    ledger.pay([OTHER], { txid: paid.txid, vout: 0 })
    ledger.mine()
    expect(await rows(source)).toEqual([])
    setup.filters = true
    expect(await rows(source)).toEqual(expected(ledger))
    setup.filters = false
    expect(await rows(source)).toEqual([])
  })

  it('refuses coins of other scripts', async () => {
    const { source, ledger } = await serve({
      filters: false,
      answer: ({ method }) =>
        method === 'scantxoutset'
          ? {
              ok: true,
              value: {
                success: true,
                bestblock: ledger.tip().hash,
                unspents: [{ txid: 'ab'.repeat(32), vout: 0, scriptPubKey: OTHER, height: 0 }],
              },
            }
          : undefined,
    })
    await expect(rows(source)).rejects.toMatchObject(BAD)
  })
})

describe('waiting transactions', () => {
  it('are read once each', async () => {
    const { source, ledger, calls } = await serve()
    ledger.pay([MINE])
    ledger.pay([OTHER])
    await rows(source)
    expect(named(calls(), 'getrawtransaction')).toHaveLength(2)
    ledger.pay([MINE])
    expect(await rows(source)).toEqual(expected(ledger))
    expect(named(calls(), 'getrawtransaction')).toHaveLength(1)
  })

  it('are found through others that wait, and forgotten when they are gone', async () => {
    const { source, ledger } = await serve()
    const first = ledger.pay([MINE])
    const second = ledger.pay([OTHER, MINE], { txid: first.txid, vout: 0 })
    ledger.pay([OTHER], { txid: second.txid, vout: 1 })
    expect(await rows(source)).toEqual(expected(ledger))
    expect(expected(ledger)).toHaveLength(3)
    ledger.waiting.splice(1)
    expect(await rows(source)).toEqual(expected(ledger))
    const replacement = ledger.pay([OTHER], { txid: first.txid, vout: 0 })
    expect((await rows(source))?.map(([txid]) => txid).sort()).toEqual([first.txid, replacement.txid].sort())
  })

  it('that go away while they are read are left out', async () => {
    const { source, ledger } = await serve({
      answer: ({ method, params }) =>
        method === 'getrawtransaction' && params[0] === ledger.waiting[0]?.txid
          ? refuse(-5, 'No such')
          : undefined,
    })
    ledger.pay([MINE])
    ledger.pay([MINE])
    expect((await rows(source))?.map(([txid]) => txid)).toEqual([ledger.waiting[1]?.txid])
  })

  it('that cannot be read for another reason are no zero', async () => {
    const { source, ledger } = await serve({
      answer: ({ method }) => (method === 'getrawtransaction' ? refuse(-1, 'disk') : undefined),
    })
    ledger.pay([MINE])
    await expect(rows(source)).rejects.toThrow('disk')
  })

  it('are not read above the limit', async () => {
    const { source, ledger } = await serve({}, { mempoolLimit: 2 })
    for (let i = 0; i < 3; i++) ledger.pay([OTHER])
    await expect(rows(source)).rejects.toThrow('mempoolLimit')
  })
})

describe('G14: a node that lies', () => {
  const block =
    (change: (json: { tx: Record<string, unknown>[]; height: unknown; hash: unknown }) => unknown) =>
    async () => {
      const ledger = openLedger()
      const { source } = await serve({
        ledger,
        answer({ method, params }) {
          if (method !== 'getblock') return undefined
          const txs = ledger.blocks[1]?.txs ?? []
          const json = {
            hash: params[0] as unknown,
            height: 1 as unknown,
            tx: txs.map(
              ({ txid, raw }): Record<string, unknown> => ({
                txid,
                hex: raw,
                vin: [{ prevout: { scriptPubKey: { hex: '51' } } }],
              }),
            ),
          }
          change(json)
          return { ok: true, value: json }
        },
      })
      ledger.pay([MINE])
      ledger.mine()
      return rows(source)
    }
  it.each([
    ['another block', block((json) => (json.hash = 'ab'.repeat(32)))],
    ['no height', block((json) => (json.height = '1'))],
    ['no transactions', block((json) => (json.tx = null as never))],
    ['another id', block((json) => ((json.tx[0] ?? {}).txid = 'ab'.repeat(32)))],
    ['other bytes', block((json) => ((json.tx[0] ?? {}).hex = '00'))],
    ['bytes that are no hex', block((json) => ((json.tx[0] ?? {}).hex = 'zz'))],
    ['no inputs', block((json) => ((json.tx[0] ?? {}).vin = 7))],
    ['inputs without what they spend', block((json) => ((json.tx[0] ?? {}).vin = [{}]))],
  ])('about a block: %s', async (_name, read) => {
    await expect(read()).rejects.toMatchObject(BAD)
  })

  it('is fine as it is', async () => {
    expect(await block(() => {})()).toHaveLength(1)
  })

  it.each([
    ['getrawmempool', { 0: 'a' }],
    ['getrawmempool', ['ab']],
    ['getblockchaininfo', { blocks: -1, bestblockhash: 'ab'.repeat(32) }],
    ['getblockchaininfo', null],
    ['scanblocks', { to_height: 0, relevant_blocks: ['ab'] }],
    ['scanblocks', null],
  ])('about %s: %o', async (method, value) => {
    const { source } = await serve({
      answer: (call) => (call.method === method ? { ok: true, value } : undefined),
    })
    await expect(rows(source)).rejects.toMatchObject(
      method === 'scanblocks' && value === null ? { code: 'NETWORK' } : BAD,
    )
  })

  it('about a header', async () => {
    const { source, ledger } = await serve({
      answer: ({ method }) =>
        method === 'getblockheader' ? { ok: true, value: '00'.repeat(80) } : undefined,
    })
    ledger.mine()
    await expect(source.headers([1])).rejects.toMatchObject(BAD)
  })
})

describe('transactions', () => {
  it('in a block that was replaced are unknown', async () => {
    const { source, ledger } = await serve({
      answer: ({ method }) =>
        method === 'getrawtransaction' ? { ok: true, value: { hex: tx.raw, blockhash: stale } } : undefined,
    })
    const tx = ledger.pay([MINE])
    ledger.mine()
    const stale = ledger.tip().hash
    expect(await source.transactions([{ txid: tx.txid }])).toEqual([{ raw: tx.raw, height: 1 }])
    ledger.unwind(1)
    ledger.mine(2)
    expect(await source.transactions([{ txid: tx.txid }])).toEqual([undefined])
  })

  it('without an index and a script cannot be looked for, which is no "unknown"', async () => {
    const { source, ledger } = await serve({ txindex: false, filters: false })
    const tx = ledger.pay([MINE])
    ledger.mine()
    const missing = { code: 'NETWORK', retryable: false, details: { reason: 'txindex' } }
    await expect(source.transactions([{ txid: tx.txid }])).rejects.toMatchObject(missing)
    await expect(source.transactions([{ txid: 'ab'.repeat(32), script: MINE }])).rejects.toMatchObject(
      missing,
    )
    expect(await source.transactions([{ txid: tx.txid, script: MINE }])).toEqual([{ raw: tx.raw, height: 1 }])
  })
})

describe('the node', () => {
  it('that is starting is asked again later, and nothing was sent', async () => {
    const { source } = await serve({ answer: () => refuse(-28, 'Loading block index…') })
    await expect(source.broadcast('00')).rejects.toMatchObject({
      code: 'NETWORK',
      retryable: true,
      details: { sent: false },
    })
  })

  it('G7: gets its user and password as a header, which show in no error', async () => {
    const server = await startServer((_request, response) => response.writeHead(401).end())
    open.push(server.close)
    const source = bitcoinCore({ url: `${server.url}/wallet/x`, username: 'al:ce', password: 'p@ss/ü' })(
      REGTEST,
    )
    const error = await source.tip().catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'NETWORK', retryable: false })
    expect(JSON.stringify(error)).not.toMatch(/p@ss|al:ce|wallet/)
    const header = server.requests[0]?.headers.authorization ?? ''
    expect(Buffer.from(header.slice(6), 'base64').toString()).toBe('al:ce:p@ss/ü')
  })

  it('is not described twice', () => {
    const both = { url: 'http://a:b@host', username: 'a', password: 'b' }
    expect(() => bitcoinCore(both)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
    expect(() => bitcoinCore({ url: 'ws://host' })).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
    expect(() => bitcoinCore({ url: 'http://host', scanTimeout: 0 })).toThrow('scanTimeout')
    expect(() => bitcoinCore({ url: 'http://host' })('eip155:1')).toThrow(
      expect.objectContaining({ code: 'INVALID_CHAIN' }),
    )
  })

  it('tells rates for the targets that they are for', async () => {
    const { source } = await serve()
    expect(await source.feeRates()).toEqual([
      { blocks: 2, satPerKvb: 12_345n },
      { blocks: 3, satPerKvb: 12_345n },
      { blocks: 6, satPerKvb: 12_345n },
      { blocks: 12, satPerKvb: 12_345n },
    ])
  })
})
