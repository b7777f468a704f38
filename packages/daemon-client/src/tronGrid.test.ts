import type { TransferPage, TransferRow } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { hexToBytes } from '@noble/hashes/utils.js'
import { createBase58check } from '@scure/base'
import fc from 'fast-check'
import { TronWeb } from 'tronweb'
import { afterEach, describe, expect, it } from 'vitest'
import { sendJson } from './testing/server.ts'
import {
  blockId,
  type GridJson,
  startTron,
  TRON_DEVNET,
  TRON_MAINNET,
  type TronServer,
  type TronSetup,
} from './testing/tronServer.ts'
import { tronAddress } from './tronAddress.ts'
import { type TronGridOptions, tronGrid } from './tronGrid.ts'
import { tronHttp } from './tronHttp.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

const KEY = 'KEY-SECRET'
const COIN = `${TRON_DEVNET}/slip44:1` as const
const base58check = createBase58check(sha256)
const hexOf = (byte: string): string => `41${byte.repeat(20)}`
const base58Of = (byte: string): string => base58check.encode(hexToBytes(hexOf(byte)))
const ME = base58Of('aa')
const YOU = base58Of('bb')
const TOKEN = base58Of('cc')
const first = { address: ME, coin: COIN, limit: 10 } as const

/** Blocks are three seconds apart. */
const timeOf = (block: number): number => 1_700_000_000_000 + block * 3_000
const txidOf = (serial: number): string => serial.toString(16).padStart(64, '0')

type Json = Record<string, unknown>

/** A transaction as TronGrid writes it. */
function tx(serial: number, block: number, type: string, value: Json, over: Json = {}): GridJson {
  return {
    ret: [{ contractRet: 'SUCCESS', fee: 1_100_000 }],
    signature: ['00'],
    txID: txidOf(serial),
    net_usage: 0,
    net_fee: 100_000,
    energy_fee: 0,
    blockNumber: block,
    block_timestamp: timeOf(block),
    raw_data: {
      contract: [{ parameter: { value, type_url: `type.googleapis.com/protocol.${type}` }, type }],
      ref_block_bytes: 'fdf6',
      expiration: timeOf(block) + 60_000,
    },
    internal_transactions: [],
    ...over,
  }
}

const pay = (serial: number, block: number, over: Json = {}, value: Json = {}): GridJson =>
  tx(
    serial,
    block,
    'TransferContract',
    { amount: 5, owner_address: hexOf('aa'), to_address: hexOf('bb'), ...value },
    over,
  )

/** An event of a token as TronGrid writes it with `get_detail`. */
function event(serial: number, block: number, over: Json = {}): GridJson {
  return {
    transaction_id: txidOf(serial),
    token_info: { symbol: 'USDT', address: TOKEN, decimals: 6, name: 'Tether USD' },
    block_timestamp: timeOf(block),
    from: YOU,
    to: ME,
    type: 'Transfer',
    value: '41677389',
    detail: { blockNumber: block, txID: txidOf(serial) },
    ...over,
  }
}

type Transfers = ReturnType<ReturnType<typeof tronGrid>>

async function serve(
  setup: TronSetup,
  options: Partial<TronGridOptions> = {},
): Promise<{ server: TronServer; transfers: Transfers }> {
  const server = await startTron(setup)
  open.push(server.close)
  return { server, transfers: tronGrid({ url: server.url, timeout: 5_000, ...options })(TRON_DEVNET) }
}

const listed = (server: TronServer): URL[] =>
  server
    .paths()
    .filter((path) => path.startsWith('v1/'))
    .map((path) => new URL(path, 'http://host'))

describe('a page', () => {
  it('asks both lists, newest first, with the key as a header', async () => {
    const { server, transfers } = await serve({}, { apiKey: KEY })
    expect(await transfers(first)).toEqual({ items: [] })
    const [coins, tokens] = listed(server).sort((a, b) => a.pathname.length - b.pathname.length)
    expect(coins?.pathname).toBe(`/v1/accounts/${ME}/transactions`)
    expect(tokens?.pathname).toBe(`/v1/accounts/${ME}/transactions/trc20`)
    expect(Object.fromEntries(coins?.searchParams ?? [])).toEqual({
      limit: '50',
      order_by: 'block_timestamp,desc',
      search_internal: 'false',
    })
    expect(tokens?.searchParams.get('get_detail')).toBe('true')
    for (const { headers, url } of server.requests) {
      expect(headers['tron-pro-api-key']).toBe(KEY)
      expect(url).not.toContain(KEY)
    }
  })

  it('reads rows of each kind', async () => {
    const call = {
      call_value: 7,
      owner_address: hexOf('aa'),
      contract_address: hexOf('cc'),
      data: 'd0e30db0',
    }
    const asset = { amount: 9, asset_name: '1002000', owner_address: hexOf('bb'), to_address: hexOf('aa') }
    const { transfers } = await serve({
      coins: [
        pay(1, 1),
        pay(2, 2, {}, { owner_address: hexOf('bb'), to_address: hexOf('aa') }),
        pay(3, 3, { ret: [{ contractRet: 'OUT_OF_ENERGY', fee: 0 }] }),
        tx(4, 4, 'TriggerSmartContract', call),
        tx(5, 5, 'TransferAssetContract', asset),
        tx(6, 6, 'TransferAssetContract', { ...asset, asset_name: '31303032303030' }),
      ],
      tokens: [event(7, 7), event(8, 8, { from: ME, to: YOU, value: '9'.repeat(60) })],
    })
    const { items, next } = await transfers(first)
    expect(next).toBeUndefined()
    const row = (block: number, more: Partial<TransferRow>): Partial<TransferRow> => ({
      txid: txidOf(block),
      height: block,
      time: timeOf(block) / 1_000,
      ...more,
    })
    const token = `${TRON_DEVNET}/trc20:${TOKEN}` as const
    expect(items).toEqual([
      row(8, { from: ME, to: YOU, asset: token, amount: BigInt('9'.repeat(60)) }),
      row(7, { from: YOU, to: ME, asset: token, amount: 41_677_389n }),
      row(6, { from: YOU, to: ME, asset: `${TRON_DEVNET}/trc10:1002000`, amount: 9n }),
      row(5, { from: YOU, to: ME, asset: `${TRON_DEVNET}/trc10:1002000`, amount: 9n }),
      row(4, { from: ME, to: TOKEN, asset: COIN, amount: 7n, fee: 1_100_000n }),
      row(3, { from: ME, to: YOU, asset: COIN, amount: 5n, failed: true, fee: 0n }),
      row(2, { from: YOU, to: ME, asset: COIN, amount: 5n }),
      row(1, { from: ME, to: YOU, asset: COIN, amount: 5n, fee: 1_100_000n }),
    ])
  })

  it('leaves out what moves nothing, and what it cannot name', async () => {
    const call = { owner_address: hexOf('aa'), contract_address: hexOf('cc') }
    const { transfers } = await serve({
      coins: [
        tx(1, 1, 'VoteWitnessContract', { owner_address: hexOf('aa') }),
        tx(2, 1, 'FreezeBalanceV2Contract', { owner_address: hexOf('aa'), frozen_balance: 5 }),
        tx(3, 1, 'TriggerSmartContract', call),
        tx(4, 1, 'TriggerSmartContract', { ...call, call_value: 0 }),
        tx(5, 1, 'TriggerSmartContract', {
          call_value: 3,
          owner_address: hexOf('bb'),
          contract_address: hexOf('cc'),
        }),
        tx(6, 1, 'TransferAssetContract', {
          amount: 1,
          asset_name: '53454544',
          owner_address: hexOf('aa'),
          to_address: hexOf('bb'),
        }),
        {
          internal_tx_id: 'ab',
          tx_id: txidOf(7),
          block_timestamp: timeOf(1),
          data: { note: 'call', rejected: false, call_value: { _: 5 } },
          from_address: hexOf('cc'),
          to_address: hexOf('aa'),
        },
      ],
      tokens: [
        event(8, 1, { type: 'Approval' }),
        event(9, 1, { token_info: {} }),
        event(10, 1, { token_info: null }),
      ],
    })
    expect(await transfers(first)).toEqual({ items: [] })
  })

  it('takes big amounts exactly', async () => {
    const { transfers } = await serve({
      before(path, response) {
        if (!path.endsWith('/transactions')) return false
        const text = JSON.stringify({ data: [pay(1, 1)], success: true, meta: {} })
        response.writeHead(200).end(text.replace('"amount":5', '"amount":9223372036854775807'))
        return true
      },
    })
    expect((await transfers(first)).items[0]?.amount).toBe(9_223_372_036_854_775_807n)
  })
})

describe('heights', () => {
  const info = (answers: Record<string, unknown>, seen: unknown[] = []): TronSetup['before'] => {
    return (path, response, body) => {
      if (path !== 'wallet/gettransactioninfobyid') return false
      seen.push(body.value)
      sendJson(response, answers[String(body.value)] ?? {})
      return true
    }
  }

  it('of events come from the row, the coin of the same transaction, or the node', async () => {
    const seen: unknown[] = []
    const { transfers } = await serve({
      coins: [pay(1, 41), pay(2, 42)],
      tokens: [
        event(2, 42, { detail: undefined }),
        event(3, 43, { detail: {}, block_number: 43 }),
        event(4, 44, { detail: undefined }),
        event(4, 44, { detail: undefined, value: '1' }),
      ],
      before: info({ [txidOf(4)]: { id: txidOf(4), blockNumber: 44 } }, seen),
    })
    const { items } = await transfers(first)
    expect(items.map(({ txid, height }) => [Number(`0x${txid}`), height])).toEqual([
      [4, 44],
      [4, 44],
      [3, 43],
      [2, 42],
      [2, 42],
      [1, 41],
    ])
    expect(seen).toEqual([txidOf(4)])
  })

  it('are asked for rows of the page alone', async () => {
    const seen: unknown[] = []
    const { transfers } = await serve({
      tokens: Array.from({ length: 9 }, (_, i) => event(i, i, { detail: undefined })),
      before: info(
        Object.fromEntries(
          Array.from({ length: 9 }, (_, i) => [txidOf(i), { id: txidOf(i), blockNumber: i }]),
        ),
        seen,
      ),
    })
    expect((await transfers({ ...first, limit: 2 })).items).toHaveLength(2)
    expect(seen.sort()).toEqual([txidOf(7), txidOf(8)])
  })

  it.each<[string, unknown, object]>([
    ['that are not known yet', {}, { code: 'NETWORK', retryable: true }],
    ['without a block', { id: txidOf(1) }, { code: 'NETWORK', retryable: true }],
    ['of another transaction', { id: txidOf(2), blockNumber: 5 }, { code: 'BAD_RESPONSE' }],
    ['that are no numbers', { id: txidOf(1), blockNumber: '5' }, { code: 'BAD_RESPONSE' }],
  ])('%s are not guessed', async (_name, answer, expected) => {
    const { transfers } = await serve({
      tokens: [event(1, 1, { detail: undefined })],
      before: info({ [txidOf(1)]: answer }),
    })
    await expect(transfers(first)).rejects.toMatchObject(expected)
  })
})

describe('pages', () => {
  async function readAll(
    transfers: Transfers,
    limit: number,
    between: () => void = () => {},
  ): Promise<TransferRow[]> {
    const items: TransferRow[] = []
    let cursor: string | undefined
    for (let pages = 0; pages < 400; pages++) {
      const page: TransferPage = await transfers({ ...first, limit, cursor })
      expect(page.items.length).toBeLessThanOrEqual(limit)
      items.push(...page.items)
      if (page.next === undefined) return items
      cursor = page.next
      between()
    }
    throw new Error('It did not end.')
  }

  const shape = ({ txid, asset, amount }: TransferRow): string => `${txid} ${asset} ${amount}`
  /** What must be shown of the rows that there are. */
  function expected(setup: TronSetup): string[] {
    const coins = (setup.coins ?? []).flatMap(({ txID, raw_data }) => {
      const { type, parameter } = (raw_data as { contract: { type: string; parameter: { value: Json } }[] })
        .contract[0] as { type: string; parameter: { value: Json } }
      return type === 'TransferContract' ? [`${txID} ${COIN} ${parameter.value.amount}`] : []
    })
    const tokens = (setup.tokens ?? []).map(
      ({ transaction_id, value }) => `${transaction_id} ${TRON_DEVNET}/trc20:${TOKEN} ${value}`,
    )
    return [...coins, ...tokens].sort()
  }

  const manners = [{}, { shuffles: true }, { excludesMax: true }, { ignoresMax: true, shuffles: true }]
  const kinds = fc.record({
    block: fc.integer({ min: 1, max: 8 }),
    kind: fc.constantFrom('pay', 'vote', 'token'),
  })

  it.each(manners)('hold every row once, newest first, of a server with %o', async (manner) => {
    const setup: TronSetup = { ...manner }
    const { transfers } = await serve(setup)
    await fc.assert(
      fc.asyncProperty(
        fc.array(kinds, { maxLength: 90 }),
        fc.integer({ min: 1, max: 12 }),
        async (rows, limit) => {
          setup.coins = rows.flatMap(({ block, kind }, i) => {
            if (kind === 'token') return []
            return [kind === 'pay' ? pay(i, block) : tx(i, block, 'VoteWitnessContract', {})]
          })
          // Some events of one transaction look the same.
          setup.tokens = rows.flatMap(({ block, kind }, i) =>
            kind === 'token' ? [event(i, block), event(i, block), event(i, block, { value: '2' })] : [],
          )
          const items = await readAll(transfers, limit)
          expect(items.map(shape).sort()).toEqual(expected(setup))
          const heights = items.map(({ height }) => height)
          expect(heights).toEqual([...heights].sort((a, b) => b - a))
        },
      ),
      { numRuns: 25 },
    )
  })

  it('do not shift when rows come in between, of the same moment too', async () => {
    const setup: TronSetup = { coins: Array.from({ length: 9 }, (_, i) => pay(i, 5)), shuffles: true }
    const { transfers } = await serve(setup)
    let serial = 100
    const items = await readAll(transfers, 4, () => {
      serial++
      setup.coins = [...(setup.coins ?? []), pay(serial, 9), pay(serial + 100, 5)]
      setup.tokens = [...(setup.tokens ?? []), event(serial + 200, 9)]
    })
    const ids = items.map(({ txid }) => Number(`0x${txid}`))
    // What is new and of an older moment is shown, what is newer is not.
    expect(ids.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 201, 202])
  })

  it('follow fingerprints where most rows are not shown', async () => {
    const votes = Array.from({ length: 180 }, (_, i) => tx(1_000 + i, 500 + i, 'VoteWitnessContract', {}))
    const { server, transfers } = await serve({ coins: [...votes, pay(1, 1)] })
    expect((await transfers({ ...first, limit: 3 })).items.map(({ height }) => height)).toEqual([1])
    const prints = listed(server).map((url) => url.searchParams.get('fingerprint'))
    expect(prints.filter((print) => print?.startsWith('print+'))).toHaveLength(3)
  })

  it('end early rather than ask without end, and go on from there', async () => {
    const votes = Array.from({ length: 1_200 }, (_, i) => tx(5_000 + i, 10 + i, 'VoteWitnessContract', {}))
    const { server, transfers } = await serve({
      coins: [...votes, pay(1, 1)],
      tokens: [event(2, 2_000), event(3, 300), event(4, 2)],
    })
    const one = await transfers(first)
    expect(one.items.map(({ height }) => height)).toEqual([2_000])
    expect(listed(server)).toHaveLength(11)
    const items = await readAll(transfers, 10)
    expect(items.map(({ height }) => height)).toEqual([2_000, 300, 2, 1])
  })

  it('say so when one moment has more than can be read', async () => {
    const votes = Array.from({ length: 3_000 }, (_, i) => tx(i, 7, 'VoteWitnessContract', {}))
    const { transfers } = await serve({ coins: [...votes, pay(9_000, 1)] })
    const one = await transfers({ ...first, limit: 200 })
    expect(one).toMatchObject({ items: [], next: expect.any(String) })
    await expect(transfers({ ...first, limit: 200, cursor: one.next })).rejects.toMatchObject({
      code: 'BAD_RESPONSE',
    })
  })

  it('ask a list no more that has ended', async () => {
    const { server, transfers } = await serve({ coins: Array.from({ length: 6 }, (_, i) => pay(i, i)) })
    const one = await transfers({ ...first, limit: 4 })
    listed(server)
    await transfers({ ...first, limit: 4, cursor: one.next })
    expect(listed(server)).toHaveLength(1)
  })

  it.each([
    '',
    'x',
    '1',
    '1.-',
    '1.-.-.-',
    '1.2.3',
    '-1.-.-',
    `1.${'a'.repeat(15)}.-`,
    '1.-.-\n',
    '1.-.-&x=1',
  ])('refuse the cursor %j', async (cursor) => {
    const { transfers } = await serve({})
    await expect(transfers({ ...first, cursor })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

describe('the chain', () => {
  it('is looked at before anything is believed, once', async () => {
    const { server, transfers } = await serve({ coins: [pay(1, 1)] })
    await transfers(first)
    await transfers(first)
    expect(server.paths().filter((path) => path === 'wallet/getblockbynum')).toHaveLength(1)
    const other = tronGrid({ url: server.url })(TRON_MAINNET)
    await expect(other(first)).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
      details: { actual: TRON_DEVNET },
    })
    expect(listed(server)).toEqual([])
  })

  it('must be one of Tron', () => {
    expect(() => tronGrid({ url: 'http://host' })('eip155:1')).toThrow(
      expect.objectContaining({ code: 'INVALID_CHAIN' }),
    )
  })
})

describe('rows that are refused', () => {
  it.each<[string, GridJson]>([
    ['a txid', pay(1, 1, { txID: 'ab' })],
    ['a sender', pay(1, 1, {}, { owner_address: 'me' })],
    ['a sender of another network', pay(1, 1, {}, { owner_address: `a0${'aa'.repeat(20)}` })],
    ['a recipient', pay(1, 1, {}, { to_address: undefined })],
    ['an amount', pay(1, 1, {}, { amount: undefined })],
    ['a negative amount', pay(1, 1, {}, { amount: -1 })],
    ['a fraction', pay(1, 1, {}, { amount: 0.5 })],
    ['an amount in words', pay(1, 1, {}, { amount: '1e6' })],
    ['a fee', pay(1, 1, { ret: [{ contractRet: 'SUCCESS', fee: 'free' }] })],
    ['a height', pay(1, 1, { blockNumber: 1.5 })],
    ['a negative height', pay(1, 1, { blockNumber: -1 })],
    ['a time', pay(1, 1, { block_timestamp: 'now' })],
    ['a time in the year 300,000', pay(1, 1, { block_timestamp: 10 ** 16 })],
    ['strangers', pay(1, 1, {}, { owner_address: hexOf('bb') })],
  ])('coins: %s', async (_name, row) => {
    const { transfers } = await serve({ coins: [row] })
    await expect(transfers(first)).rejects.toMatchObject({ code: 'BAD_RESPONSE', retryable: false })
  })

  it.each<[string, Json]>([
    ['a txid', { transaction_id: 7 }],
    ['a sender', { from: ME.replace('T', 'X') }],
    ['a wrong checksum', { to: `${ME.slice(0, -1)}${ME.endsWith('1') ? '2' : '1'}` }],
    ['a token', { token_info: { address: 'USDT' } }],
    ['a value', { value: '0x10' }],
    ['no value', { value: undefined }],
    ['a value beyond 256 bits', { value: '9'.repeat(79) }],
    ['a height', { detail: { blockNumber: '1' } }],
    ['strangers', { from: YOU, to: YOU }],
  ])('tokens: %s', async (_name, over) => {
    const { transfers } = await serve({ tokens: [event(1, 1, over)] })
    await expect(transfers(first)).rejects.toMatchObject({ code: 'BAD_RESPONSE', retryable: false })
  })

  const lists = (body: unknown, status = 200): TronSetup => ({
    before(path, response) {
      if (!path.startsWith('v1/')) return false
      sendJson(response, body, status)
      return true
    },
  })

  it.each<[string, unknown]>([
    ['null', null],
    ['a list', []],
    ['no data', { success: true }],
    ['data that is none', { data: {}, success: true }],
    ['rows that are none', { data: [null], success: true }],
    ['a failure', { data: [], success: false, error: 'no' }],
    ['oldest first', { data: [pay(1, 1), pay(2, 2)], success: true }],
    ['a fingerprint that is none', { data: [pay(1, 1)], success: true, meta: { fingerprint: 7 } }],
    [
      'an endless fingerprint',
      { data: [pay(1, 1)], success: true, meta: { fingerprint: 'x'.repeat(9_999) } },
    ],
    [
      'the same page again and again',
      { data: [tx(1, 1, 'VoteWitnessContract', {})], success: true, meta: { fingerprint: 'x' } },
    ],
  ])('answers: %s', async (_name, body) => {
    const { transfers } = await serve(lists(body))
    await expect(transfers(first)).rejects.toMatchObject({ code: 'BAD_RESPONSE', retryable: false })
  })

  const frequency = 'The key exceeds the frequency limit(15), and the query server is suspended for 30s'
  it.each<[unknown, number, object]>([
    [
      { success: false, error: frequency, statusCode: 403 },
      403,
      { code: 'RATE_LIMITED', details: { retryAfter: 30 } },
    ],
    [{ success: false, error: frequency }, 200, { code: 'RATE_LIMITED', details: { retryAfter: 30 } }],
    [{ Success: false, Error: frequency }, 400, { code: 'RATE_LIMITED', details: { retryAfter: 30 } }],
    [{}, 429, { code: 'RATE_LIMITED' }],
    [{ success: false, error: `wrong key ${KEY}` }, 401, { code: 'NETWORK', retryable: false }],
    [{ success: false, error: `wrong key ${KEY}` }, 200, { code: 'BAD_RESPONSE' }],
    [{ success: false, error: 'bad address' }, 400, { code: 'NETWORK', retryable: false }],
    [{}, 500, { code: 'NETWORK', retryable: true }],
  ])('%o under %d, with no key in the error', async (body, status, expected) => {
    const { transfers } = await serve(lists(body, status), { apiKey: KEY })
    const error = await transfers(first).catch((error: unknown) => error)
    expect(error).toMatchObject(expected)
    expect((error as Error).stack + JSON.stringify(error)).not.toContain(KEY)
  })

  it('a token that is named after a plea for peace counts as a row', async () => {
    const { transfers } = await serve({
      tokens: [event(1, 1, { token_info: { address: TOKEN, name: frequency, symbol: 'too many requests' } })],
    })
    expect((await transfers(first)).items).toHaveLength(1)
  })

  it('G10: redirects', async () => {
    const elsewhere = await startTron()
    open.push(elsewhere.close)
    const { transfers } = await serve({
      before(path, response) {
        if (!path.startsWith('v1/')) return false
        response.writeHead(302, { location: `${elsewhere.url}/${path}` }).end()
        return true
      },
    })
    await expect(transfers(first)).rejects.toMatchObject({ code: 'NETWORK', retryable: false })
    expect(elsewhere.requests).toEqual([])
  })
})

describe('the door', () => {
  it('appears on tronHttp with the option and not without', () => {
    const url = 'http://host'
    expect(tronHttp(url)(TRON_DEVNET).transfers).toBeUndefined()
    expect(tronHttp(url, { history: tronGrid({ url }) })(TRON_DEVNET).transfers).toBeTypeOf('function')
  })

  it('keeps time limits, aborts and refuses what makes no sense', async () => {
    const { transfers } = await serve({ before: (path) => path.startsWith('v1/') }, { timeout: 50 })
    await expect(transfers(first)).rejects.toMatchObject({ code: 'TIMEOUT' })
    await expect(transfers(first, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
    const wrong = [
      { limit: 0 },
      { limit: 1.5 },
      { address: 'T' },
      { address: `${ME}/../x` },
      { address: `0x${'aa'.repeat(20)}` },
    ]
    for (const query of wrong)
      await expect(transfers({ ...first, ...query })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    for (const options of [
      { url: 'ws://host' },
      { url: 'http://host', apiKey: 'a b' },
      { url: 'http://host', timeout: 0 },
    ])
      expect(() => tronGrid(options)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})

describe('addresses', () => {
  it('are those of TronWeb', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
        const hex = `41${Buffer.from(bytes).toString('hex')}`
        const address = TronWeb.address.fromHex(hex)
        expect(tronAddress(hex)).toBe(address)
        expect(tronAddress(hex.toUpperCase())).toBe(address)
        expect(tronAddress(address)).toBe(address)
      }),
    )
  })

  it.each([undefined, 7, '', 'T', blockId(0), `42${'aa'.repeat(20)}`, `${ME}1`, ME.toLowerCase(), ` ${ME}`])(
    'are not %j',
    (text) => expect(tronAddress(text)).toBeUndefined(),
  )
})
