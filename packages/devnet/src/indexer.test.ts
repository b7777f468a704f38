// One file for the index and the servers over it, since they share a node: starting it costs more than most tests.
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import type { BitcoinNode } from './bitcoin-node.ts'
import { type Devnet, startDevnet } from './devnet.ts'

let devnet: Devnet<'bitcoin'>
let node: BitcoinNode
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['bitcoin'] })
  node = devnet.bitcoin
})
afterAll(() => devnet.stop())
beforeEach(() => node.setAutomine(true))

interface Status {
  confirmed: boolean
  block_height?: number
  block_hash?: string
  block_time?: number
}
interface Tx {
  txid: string
  fee: number
  weight: number
  status: Status
  vin: {
    txid: string
    vout: number
    is_coinbase: boolean
    sequence: number
    scriptsig: string
    witness?: string[]
    prevout: { scriptpubkey_address: string; value: number } | null
  }[]
  vout: { scriptpubkey: string; scriptpubkey_address?: string; scriptpubkey_type: string; value: number }[]
}
interface NodeTx {
  hex: string
  weight: number
  vin: { txid: string; vout: number; sequence: number; txinwitness?: string[] }[]
  vout: { value: number; scriptPubKey: { hex: string; address?: string } }[]
}

const COIN = 100_000_000n
const newAddress = (kind = 'bech32'): Promise<string> => node.walletRpc('user', 'getnewaddress', ['', kind])
const scriptOf = async (address: string): Promise<string> =>
  (await node.rpc<{ scriptPubKey: string }>('validateaddress', [address])).scriptPubKey
const sha256 = (hex: string): string => createHash('sha256').update(hex, 'hex').digest('hex')
const reverse = (hex: string): string => Buffer.from(hex, 'hex').reverse().toString('hex')

async function get(path: string, base = node.esploraUrl): Promise<{ status: number; text: string }> {
  const response = await fetch(base + path)
  return { status: response.status, text: await response.text() }
}
async function json<T>(path: string, base = node.esploraUrl): Promise<T> {
  const { status, text } = await get(path, base)
  if (status !== 200) throw new Error(`${path}: ${status} ${text}`)
  return JSON.parse(text) as T
}
const post = async (path: string, body: string, base = node.esploraUrl) => {
  const response = await fetch(base + path, { method: 'POST', body })
  return { status: response.status, text: await response.text() }
}

/** Signs a payment of the user's first coin at `address`, without sending it. */
async function spend(
  address: string,
  outputs: Record<string, string>,
  sequence = 0xfffffffd,
): Promise<string> {
  const [utxo] = await json<{ txid: string; vout: number }[]>(`/address/${address}/utxo`)
  const raw = await node.rpc('createrawtransaction', [[{ ...utxo, sequence }], outputs])
  const { hex } = await node.walletRpc<{ hex: string }>('user', 'signrawtransactionwithwallet', [raw])
  return hex
}

/** The root to which a branch leads, by the definition of Bitcoin's merkle tree. */
function rootOf(leaf: string, branch: readonly string[], position: number): string {
  let hash = reverse(leaf)
  for (const [level, other] of branch.entries()) {
    const [left, right] = (position >> level) % 2 === 1 ? [reverse(other), hash] : [hash, reverse(other)]
    hash = sha256(sha256(left + right))
  }
  return reverse(hash)
}

describe('Esplora', () => {
  test('tells of blocks what the node tells', async () => {
    const tip = await node.rpc<string>('getbestblockhash')
    const block = await node.rpc<{ height: number; tx: string[]; merkleroot: string; mediantime: number }>(
      'getblock',
      [tip],
    )
    expect((await get('/blocks/tip/hash')).text).toBe(tip)
    expect((await get('/blocks/tip/height')).text).toBe(String(block.height))
    expect((await get('/block-height/7')).text).toBe(await node.rpc('getblockhash', [7]))
    expect((await get(`/block/${tip}/header`)).text).toBe(await node.rpc('getblockheader', [tip, false]))
    expect(await json(`/block/${tip}/txids`)).toEqual(block.tx)
    expect(await json(`/block/${tip}/status`)).toEqual({
      in_best_chain: true,
      height: block.height,
      next_best: null,
    })
    expect(await json(`/block/${tip}`)).toMatchObject({
      id: tip,
      height: block.height,
      merkle_root: block.merkleroot,
      mediantime: block.mediantime,
      tx_count: block.tx.length,
      bits: 0x207fffff,
    })
    const blocks = await json<{ height: number }[]>('/blocks/20')
    expect(blocks.map(({ height }) => height)).toEqual([20, 19, 18, 17, 16, 15, 14, 13, 12, 11])
    expect(await json('/blocks/2')).toHaveLength(3)
    const raw = Buffer.from(await (await fetch(`${node.esploraUrl}/block/${tip}/raw`)).arrayBuffer())
    expect(raw.toString('hex')).toBe(await node.rpc('getblock', [tip, 0]))
    const [coinbase] = await json<Tx[]>(`/block/${tip}/txs`)
    expect(coinbase).toMatchObject({ fee: 0, vin: [{ is_coinbase: true, prevout: null, vout: 0xffffffff }] })
  })

  test.each(['legacy', 'p2sh-segwit', 'bech32', 'bech32m'])('tells of transactions from %s', async (kind) => {
    const from = await newAddress(kind)
    const to = await newAddress()
    await node.fund(from, { amount: COIN })
    const raw = await spend(from, { [to]: '0.9999', data: 'c0ffee' })
    const sent = await post('/tx', raw)
    expect(sent.status).toBe(200)
    const txid = sent.text
    const [fromNode, block] = [
      await node.rpc<NodeTx>('getrawtransaction', [txid, 1]),
      await node.rpc<{ height: number; hash: string; time: number }>('getblock', [
        await node.rpc('getbestblockhash'),
      ]),
    ]
    const tx = await json<Tx>(`/tx/${txid}`)
    expect(tx.status).toEqual({
      confirmed: true,
      block_height: block.height,
      block_hash: block.hash,
      block_time: block.time,
    })
    expect(await json(`/tx/${txid}/status`)).toEqual(tx.status)
    expect(tx.fee).toBe(10_000)
    expect(tx.weight).toBe(fromNode.weight)
    expect(tx.vin).toMatchObject([
      {
        txid: fromNode.vin[0]?.txid,
        vout: fromNode.vin[0]?.vout,
        sequence: 0xfffffffd,
        is_coinbase: false,
        prevout: { scriptpubkey_address: from, value: Number(COIN), scriptpubkey: await scriptOf(from) },
      },
    ])
    expect(tx.vin[0]?.witness).toEqual(fromNode.vin[0]?.txinwitness)
    expect(tx.vout).toMatchObject([
      { value: 99_990_000, scriptpubkey_address: to, scriptpubkey_type: 'v0_p2wpkh' },
      { value: 0, scriptpubkey: '6a03c0ffee', scriptpubkey_type: 'op_return' },
    ])
    expect((await get(`/tx/${txid}/hex`)).text).toBe(raw)
    const spent = fromNode.vin[0] as { txid: string; vout: number }
    expect(await json(`/tx/${spent.txid}/outspend/${spent.vout}`)).toEqual({
      spent: true,
      txid,
      vin: 0,
      status: tx.status,
    })
    expect(await json(`/tx/${txid}/outspends`)).toEqual([{ spent: false }, { spent: false }])
  })

  test('proves where a transaction is', async () => {
    await node.setAutomine(false)
    const to = await newAddress()
    const txids = await Promise.all(Array.from({ length: 5 }, () => node.fund(to, { amount: COIN })))
    await node.mine()
    for (const txid of txids) {
      const { merkle, pos, block_height } = await json<{
        merkle: string[]
        pos: number
        block_height: number
      }>(`/tx/${txid}/merkle-proof`)
      const hash = (await get(`/block-height/${block_height}`)).text
      const { merkle_root } = await json<{ merkle_root: string }>(`/block/${hash}`)
      expect(rootOf(txid, merkle, pos)).toBe(merkle_root)
      expect((await get(`/block/${hash}/txid/${pos}`)).text).toBe(txid)
    }
  })

  test('pages the history of a script, and sums it up as the node does', async () => {
    const address = await newAddress()
    const hash = sha256(await scriptOf(address))
    const funded = await Promise.all(
      Array.from({ length: 57 }, () => node.fund(address, { amount: 10_000n })),
    )
    await node.setAutomine(false)
    const waiting = await Promise.all(
      Array.from({ length: 4 }, () => node.fund(address, { amount: 20_000n })),
    )

    for (const path of [`/address/${address}`, `/scripthash/${hash}`]) {
      const first = await json<Tx[]>(`${path}/txs`)
      expect(first.map(({ status }) => status.confirmed)).toEqual([
        ...Array<boolean>(4).fill(false),
        ...Array<boolean>(25).fill(true),
      ])
      const mined = first.slice(4)
      for (let page = mined; page.length > 0; ) {
        page = await json<Tx[]>(`${path}/txs/chain/${page.at(-1)?.txid}`)
        expect(page.length).toBeLessThanOrEqual(25)
        mined.push(...page)
      }
      const heights = mined.map(({ status }) => status.block_height as number)
      expect(heights).toEqual([...heights].sort((a, b) => b - a))
      expect(new Set(mined.map(({ txid }) => txid))).toEqual(new Set(funded))
      expect(mined).toHaveLength(57)
      expect((await json<Tx[]>(`${path}/txs/chain`)).map(({ txid }) => txid)).toEqual(
        mined.slice(0, 25).map(({ txid }) => txid),
      )
      const pool = await json<Tx[]>(`${path}/txs/mempool`)
      expect(new Set(pool.map(({ txid }) => txid))).toEqual(new Set(waiting))
    }
    expect(await json(`/address/${address}`)).toEqual({
      address,
      chain_stats: {
        funded_txo_count: 57,
        funded_txo_sum: 570_000,
        spent_txo_count: 0,
        spent_txo_sum: 0,
        tx_count: 57,
      },
      mempool_stats: {
        funded_txo_count: 4,
        funded_txo_sum: 80_000,
        spent_txo_count: 0,
        spent_txo_sum: 0,
        tx_count: 4,
      },
    })
    const scan = await node.rpc<{ unspents: { txid: string; vout: number; height: number }[] }>(
      'scantxoutset',
      ['start', [`addr(${address})`]],
    )
    const utxos = await json<{ txid: string; vout: number; status: Status; value: number }[]>(
      `/address/${address}/utxo`,
    )
    const key = (txid: string, vout: number, height?: number): string => `${txid}:${vout}@${height}`
    expect(
      utxos
        .filter(({ status }) => status.confirmed)
        .map((utxo) => key(utxo.txid, utxo.vout, utxo.status.block_height))
        .sort(),
    ).toEqual(scan.unspents.map((utxo) => key(utxo.txid, utxo.vout, utxo.height)).sort())
    expect(utxos).toHaveLength(61)
    await node.mine()
  })

  test('of mempool.space shares its first page, and goes on after any transaction', async () => {
    const address = await newAddress()
    await Promise.all(Array.from({ length: 60 }, () => node.fund(address, { amount: 10_000n })))
    await node.setAutomine(false)
    await Promise.all(Array.from({ length: 3 }, () => node.fund(address, { amount: 10_000n })))
    const base = node.mempoolSpaceUrl
    const first = await json<Tx[]>(`/address/${address}/txs`, base)
    expect(first).toHaveLength(50)
    expect(first.filter(({ status }) => !status.confirmed)).toHaveLength(3)
    const rest = await json<Tx[]>(`/address/${address}/txs?after_txid=${first.at(-1)?.txid}`, base)
    expect(rest).toHaveLength(13)
    const byChain = await json<Tx[]>(`/address/${address}/txs/chain/${first.at(-1)?.txid}`, base)
    expect(byChain).toEqual(rest)
    expect(new Set([...first, ...rest].map(({ txid }) => txid)).size).toBe(63)
    expect((await get(`/address/${address}/txs?after_txid=${'00'.repeat(32)}`, base)).status).toBe(422)
    await node.mine()
  })

  test('shows what waits', async () => {
    await node.setAutomine(false)
    await node.mine()
    expect(await json('/mempool')).toEqual({ count: 0, vsize: 0, total_fee: 0, fee_histogram: [] })
    const txid = await node.fund(await newAddress(), { amount: COIN })
    const { vsize, fees } = await node.rpc<{ vsize: number; fees: { base: number } }>('getmempoolentry', [
      txid,
    ])
    const fee = Math.round(fees.base * 1e8)
    expect(await json('/mempool')).toEqual({
      count: 1,
      vsize,
      total_fee: fee,
      fee_histogram: [[fee / vsize, vsize]],
    })
    expect(await json('/mempool/txids')).toEqual([txid])
    expect(await json('/mempool/recent')).toMatchObject([{ txid, fee }])
    expect(await json(`/tx/${txid}/status`)).toEqual({ confirmed: false })
    expect(await get(`/tx/${txid}/merkle-proof`)).toMatchObject({ status: 404 })
    await node.mine()
  })

  test('passes on why the node refuses', async () => {
    const from = await newAddress()
    await node.fund(from, { amount: COIN })
    const raw = await spend(from, { [await newAddress()]: '0.99' })
    expect((await post('/tx', `  ${raw}\n`)).status).toBe(200)
    expect(await post('/tx', raw)).toEqual({
      status: 400,
      text: 'sendrawtransaction RPC error: {"code":-27,"message":"Transaction outputs already in utxo set"}',
    })
    expect(await post('/tx', 'junk')).toEqual({
      status: 400,
      text: expect.stringContaining('sendrawtransaction RPC error: {"code":-22,"message":"TX decode failed'),
    })
    const missing = raw.replace(
      reverse((await json<Tx>(`/tx/${await lastTxid()}`)).vin[0]?.txid ?? ''),
      '11'.repeat(32),
    )
    expect(await post('/tx', missing)).toEqual({
      status: 400,
      text: 'sendrawtransaction RPC error: {"code":-25,"message":"bad-txns-inputs-missingorspent"}',
    })
  })

  test.each([
    [`/tx/${'00'.repeat(32)}`, 404, 'Transaction not found'],
    [`/tx/${'00'.repeat(32)}/hex`, 404, 'Transaction not found'],
    [`/tx/${'00'.repeat(32)}/outspends`, 404, 'Transaction not found'],
    ['/tx/00', 400, 'Invalid hex string'],
    [`/block/${'00'.repeat(32)}`, 404, 'Block not found'],
    ['/block-height/9999999', 404, 'Block not found'],
    ['/block-height/-1', 400, 'Invalid number'],
    ['/address/me', 400, 'Invalid Bitcoin address'],
    ['/address/bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4/utxo', 400, 'Invalid Bitcoin address'],
    ['/scripthash/00', 400, 'Invalid hex string'],
    ['/nonsense', 404, 'endpoint does not exist "/nonsense"'],
    ['/', 404, 'endpoint does not exist "/"'],
    [`/address/2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc/nonsense`, 404, 'endpoint does not exist'],
    ['/tx/%zz', 400, 'URI malformed'],
  ])('answers %s with %i', async (path, status, text) => {
    const found = await get(path)
    expect(found.status).toBe(status)
    expect(found.text).toContain(text)
  })

  test('is open to web pages', async () => {
    const response = await fetch(`${node.esploraUrl}/fee-estimates`)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect((await fetch(`${node.esploraUrl}/tx`, { method: 'OPTIONS' })).status).toBe(204)
  })
})

/** The newest transaction of the newest block. */
async function lastTxid(): Promise<string> {
  const tip = (await get('/blocks/tip/hash')).text
  return (await json<string[]>(`/block/${tip}/txids`)).at(-1) as string
}

describe('Esplora follows', () => {
  test('a reorganization', async () => {
    const address = await newAddress()
    const txid = await node.fund(address, { amount: COIN })
    const old = (await json<Status>(`/tx/${txid}/status`)).block_hash as string
    await node.reorg(1)
    expect(await json(`/block/${old}/status`)).toEqual({
      in_best_chain: false,
      height: null,
      next_best: null,
    })
    expect(await json(`/tx/${txid}/status`)).toEqual({ confirmed: false })
    expect(await json(`/address/${address}`)).toMatchObject({
      chain_stats: { tx_count: 0 },
      mempool_stats: { tx_count: 1, funded_txo_sum: Number(COIN) },
    })
    await node.mine()
    const now = (await json<Status>(`/tx/${txid}/status`)).block_hash as string
    expect(now).not.toBe(old)
    expect(await json(`/block/${now}/txids`)).toContain(txid)
  })

  test('a reorganization that the node makes on its own', async () => {
    const txid = await node.fund(await newAddress(), { amount: COIN })
    const { block_hash } = await json<Status>(`/tx/${txid}/status`)
    await node.setAutomine(false)
    await node.rpc('invalidateblock', [block_hash])
    expect((await get('/blocks/tip/hash')).text).toBe(await node.rpc('getbestblockhash'))
    expect(await json(`/tx/${txid}/status`)).toEqual({ confirmed: false })
    await node.rpc('reconsiderblock', [block_hash])
    expect(await json(`/tx/${txid}/status`)).toMatchObject({ confirmed: true, block_hash })
  })

  test('a replacement', async () => {
    const [from, to, other] = [await newAddress(), await newAddress(), await newAddress()]
    await node.fund(from, { amount: COIN })
    const [first, second] = [await spend(from, { [to]: '0.999' }), await spend(from, { [other]: '0.99' })]
    await node.setAutomine(false)
    const old = (await post('/tx', first)).text
    expect(await json(`/address/${to}/utxo`)).toMatchObject([{ txid: old, value: 99_900_000 }])
    expect(await json(`/address/${from}/utxo`)).toEqual([])
    const fresh = (await post('/tx', second)).text
    expect((await get(`/tx/${old}`)).status).toBe(404)
    expect(await json(`/address/${to}`)).toMatchObject({ mempool_stats: { tx_count: 0 } })
    const history = await json<Tx[]>(`/address/${from}/txs`)
    expect(history.map(({ txid }) => txid)).toContain(fresh)
    expect(history).toHaveLength(2)
    const { txid, vout } = history.find((tx) => tx.txid === fresh)?.vin[0] ?? { txid: '', vout: 0 }
    expect(await json(`/tx/${txid}/outspend/${vout}`)).toMatchObject({ spent: true, txid: fresh })
    await node.mine()
    expect(await json(`/tx/${fresh}/status`)).toMatchObject({ confirmed: true })
  })
})

type Answer = {
  id?: unknown
  result?: unknown
  error?: { code: number; message: string }
  method?: string
  params?: unknown[]
}

/** A client of one connection; `received` holds what nobody waits for. */
async function electrum(transport: 'tcp' | 'ws', version: string | null = '1.4') {
  const received: Answer[] = []
  const waiting = new Map<unknown, (answer: Answer) => void>()
  const take = (text: string): void => {
    for (const answer of [JSON.parse(text)].flat() as Answer[]) {
      const waiter = waiting.get(answer.id)
      if (waiter && waiting.delete(answer.id)) waiter(answer)
      else received.push(answer)
    }
  }
  let closed = false
  let write: (text: string) => void
  if (transport === 'tcp') {
    const socket = connect(Number(new URL(node.electrumUrl.replace('tcp', 'http')).port), '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    let buffer = ''
    socket.on('data', (chunk) => {
      const lines = (buffer + chunk).split('\n')
      buffer = lines.pop() ?? ''
      lines.forEach(take)
    })
    socket.on('close', () => {
      closed = true
    })
    socket.on('error', () => {})
    await new Promise((resolve) => socket.once('connect', resolve))
    write = (text) => void socket.write(text)
  } else {
    const socket = new WebSocket(node.electrumWsUrl)
    onTestFinished(() => socket.terminate())
    socket.on('message', (data) => take(String(data)))
    socket.on('close', () => {
      closed = true
    })
    await new Promise((resolve) => socket.once('open', resolve))
    write = (text) => socket.send(text.trimEnd())
  }
  let id = 0
  const ask = (method: string, ...params: unknown[]): Promise<Answer> => {
    const mine = ++id
    const answered = new Promise<Answer>((resolve) => waiting.set(mine, resolve))
    write(`${JSON.stringify({ jsonrpc: '2.0', id: mine, method, params })}\n`)
    return answered
  }
  const call = async <T>(method: string, ...params: unknown[]): Promise<T> => {
    const { result, error } = await ask(method, ...params)
    if (error) throw new Error(`${error.code} ${error.message}`)
    return result as T
  }
  if (version) await call('server.version', 'test', version)
  const notes = (method: string): unknown[] =>
    received.filter((note) => note.method === method).map(({ params }) => params)
  return { ask, call, write: (text: string) => write(text), received, notes, isClosed: () => closed }
}

interface Row {
  tx_hash: string
  height: number
  fee?: number
}

/** By the definition of the protocol. */
function statusOf(rows: readonly Row[]): string | null {
  if (rows.length === 0) return null
  const text = rows.map(({ tx_hash, height }) => `${tx_hash}:${height}:`).join('')
  return createHash('sha256').update(text).digest('hex')
}

describe.each(['tcp', 'ws'] as const)('Electrum over %s', (transport) => {
  test('tells of a script, and of every change to it', async () => {
    const client = await electrum(transport)
    const address = await newAddress()
    const hash = reverse(sha256(await scriptOf(address)))
    expect(await client.call('blockchain.scripthash.subscribe', hash)).toBe(null)
    expect(await client.call('blockchain.scripthash.get_history', hash)).toEqual([])
    const header = await client.call<{ height: number }>('blockchain.headers.subscribe')
    expect(header).toEqual({
      height: await node.rpc('getblockcount'),
      hex: await node.rpc('getblockheader', [await node.rpc('getbestblockhash'), false]),
    })
    const changes = async (count: number): Promise<unknown> => {
      const method = 'blockchain.scripthash.subscribe'
      await expect.poll(() => client.notes(method).length, { interval: 5 }).toBe(count)
      return client.notes(method).at(-1)
    }
    const history = () => client.call<Row[]>('blockchain.scripthash.get_history', hash)

    await node.setAutomine(false)
    const txid = await node.fund(address, { amount: COIN })
    const { fees } = await node.rpc<{ fees: { base: number } }>('getmempoolentry', [txid])
    const row = { tx_hash: txid, height: 0, fee: Math.round(fees.base * 1e8) }
    expect(await history()).toEqual([row])
    expect(await changes(1)).toEqual([hash, statusOf([row])])
    expect(await client.call('blockchain.scripthash.get_balance', hash)).toEqual({
      confirmed: 0,
      unconfirmed: Number(COIN),
    })

    await node.mine()
    const mined = { tx_hash: txid, height: header.height + 1 }
    expect(await history()).toEqual([mined])
    expect(await changes(2)).toEqual([hash, statusOf([mined])])
    expect(client.notes('blockchain.headers.subscribe')).toMatchObject([[{ height: header.height + 1 }]])

    // Two that wait, one for the other.
    const raw = await spend(address, { [await newAddress()]: '0.5', [address]: '0.4999' })
    const parent = await client.call<string>('blockchain.transaction.broadcast', raw)
    expect(await changes(3)).toEqual([hash, statusOf(await history())])
    const childRaw = await spend(address, { [await newAddress()]: '0.4998' })
    const child = await client.call<string>('blockchain.transaction.broadcast', childRaw)
    expect((await history()).map(({ tx_hash, height }) => [tx_hash, height])).toEqual([
      [txid, header.height + 1],
      [parent, 0],
      [child, -1],
    ])
    expect(await changes(4)).toEqual([hash, statusOf(await history())])
    expect(await client.call('blockchain.scripthash.listunspent', hash)).toEqual([])
    expect(await client.call('blockchain.scripthash.get_balance', hash)).toEqual({
      confirmed: Number(COIN),
      unconfirmed: -Number(COIN),
    })

    await node.mine()
    expect(await changes(5)).toEqual([hash, statusOf(await history())])
    await node.reorg(1, { drop: true })
    expect(await changes(6)).toEqual([hash, statusOf([mined])])
    expect(await client.call('blockchain.scripthash.listunspent', hash)).toMatchObject([
      { tx_hash: txid, value: Number(COIN), height: header.height + 1 },
    ])

    const unsubscribed = await client.ask('blockchain.scripthash.unsubscribe', hash)
    expect(unsubscribed.result).toBe(true)
    await node.fund(address, { amount: COIN })
    await node.mine()
    expect(client.notes('blockchain.scripthash.subscribe')).toHaveLength(6)
  })

  test('tells of blocks and transactions', async () => {
    const client = await electrum(transport, '1.4')
    const txid = await node.fund(await newAddress(), { amount: COIN })
    const height = await node.rpc<number>('getblockcount')
    const header = await node.rpc<string>('getblockheader', [await node.rpc('getbestblockhash'), false])
    expect(await client.call('server.features')).toMatchObject({
      genesis_hash: await node.rpc('getblockhash', [0]),
      hash_function: 'sha256',
    })
    expect(await client.call('server.ping')).toBe(null)
    expect(await client.call('blockchain.block.header', height)).toBe(header)
    const chunk = await client.call<{ count: number; hex: string; max: number }>(
      'blockchain.block.headers',
      height - 1,
      5,
    )
    expect(chunk).toMatchObject({ count: 2, max: 2016 })
    expect(chunk.hex).toHaveLength(2 * 160)
    expect(chunk.hex.slice(160)).toBe(header)
    const proof = await client.call<{ header: string; branch: string[]; root: string }>(
      'blockchain.block.header',
      5,
      8,
    )
    const hashes = await Promise.all([5, 8].map((at) => node.rpc<string>('getblockhash', [at])))
    expect(rootOf(hashes[0] as string, proof.branch, 5)).toBe(proof.root)
    expect(proof.branch).toHaveLength(4)

    expect(await client.call('blockchain.transaction.get', txid)).toBe(
      await node.rpc('getrawtransaction', [txid]),
    )
    expect(await client.call('blockchain.transaction.get', txid, true)).toMatchObject({
      txid,
      confirmations: 1,
    })
    const merkle = await client.call<{ merkle: string[]; pos: number }>(
      'blockchain.transaction.get_merkle',
      txid,
      height,
    )
    const root = reverse(header.slice(72, 136))
    expect(rootOf(txid, merkle.merkle, merkle.pos)).toBe(root)
    expect(await client.call('blockchain.transaction.id_from_pos', height, merkle.pos)).toBe(txid)
    expect(await client.call('blockchain.transaction.id_from_pos', height, merkle.pos, true)).toEqual({
      tx_hash: txid,
      merkle: merkle.merkle,
    })
    node.setFeeEstimates({ 2: '12.5' })
    expect(await client.call('blockchain.estimatefee', 2)).toBe(0.000125)
    expect(await client.call('blockchain.estimatefee', 1)).toBe(-1)
    expect(await client.call('blockchain.relayfee')).toBe(0.00001)
    expect(await client.call('mempool.get_fee_histogram')).toEqual([])
  })

  test('answers batches in one message, and notifications not at all', async () => {
    const client = await electrum(transport)
    const batch = [
      { jsonrpc: '2.0', id: 'a', method: 'server.ping', params: [] },
      { jsonrpc: '2.0', method: 'server.ping' },
      { jsonrpc: '2.0', id: 'b', method: 'blockchain.block.header', params: [10_000_000] },
      { jsonrpc: '2.0', id: 'c', method: 'constructor' },
    ]
    client.write(`${JSON.stringify(batch)}\n`)
    await expect.poll(() => client.received, { interval: 5 }).toHaveLength(3)
    expect(client.received).toEqual([
      { jsonrpc: '2.0', id: 'a', result: null },
      { jsonrpc: '2.0', id: 'b', error: { code: 1, message: 'height 10000000 out of range' } },
      { jsonrpc: '2.0', id: 'c', error: { code: -32601, message: 'unknown method "constructor"' } },
    ])
    client.received.length = 0
    client.write('{"no json\n')
    client.write('[]\n')
    client.write('null\n')
    await expect.poll(() => client.received, { interval: 5 }).toHaveLength(3)
    expect(client.received.map(({ error }) => error?.code)).toEqual([-32700, -32600, -32600])
  })

  test('refuses with the words that servers use', async () => {
    const client = await electrum(transport)
    const refusal = async (method: string, ...params: unknown[]) =>
      (await client.ask(method, ...params)).error
    expect(await refusal('blockchain.transaction.broadcast', '00')).toEqual({
      code: 1,
      message: expect.stringMatching(
        /^the transaction was rejected by network rules\.\n\nTX decode failed.*\n\[00\]$/s,
      ),
    })
    expect(await refusal('blockchain.transaction.broadcast', 'xyz')).toMatchObject({ code: 1 })
    expect(await refusal('blockchain.transaction.get', '00'.repeat(32))).toEqual({
      code: 2,
      message: expect.stringContaining('No such mempool or blockchain transaction'),
    })
    expect(await refusal('blockchain.transaction.get_merkle', '00'.repeat(32), 1)).toMatchObject({ code: 1 })
    expect(await refusal('blockchain.scripthash.subscribe', 'me')).toEqual({
      code: 1,
      message: 'me is not a valid script hash',
    })
    expect(await refusal('blockchain.block.headers', -1, 1)).toMatchObject({ code: 1 })
    expect(await refusal('blockchain.block.header', 5, 4)).toMatchObject({ code: 1 })
    expect(await refusal('mempool.get_info')).toMatchObject({ code: -32601 })
    expect(await refusal('server.version', 'test', '1.4')).toEqual({
      code: 1,
      message: 'server.version already sent',
    })
  })

  test('agrees on a version first', async () => {
    const agree = async (asked: unknown) => {
      const client = await electrum(transport, null)
      const { result, error } = await client.ask('server.version', 'test', asked)
      if (error) await expect.poll(client.isClosed).toBe(true)
      return error ? error.code : (result as string[])[1]
    }
    expect(await agree('1.4')).toBe('1.4')
    expect(await agree(['1.4', '1.6'])).toBe('1.6')
    expect(await agree(['1.4.1', '1.4.2'])).toBe('1.4.2')
    expect(await agree(['1.4', '2.0'])).toBe('1.6')
    expect(await agree('1.3')).toBe(1)
    expect(await agree(['1.7', '1.8'])).toBe(1)

    const impolite = await electrum(transport, null)
    expect(await impolite.ask('server.ping')).toMatchObject({
      error: { code: 1, message: 'use server.version to identify client' },
    })
    await expect.poll(impolite.isClosed).toBe(true)

    const modern = await electrum(transport, '1.6')
    expect(await modern.call('blockchain.block.headers', 0, 2)).toEqual({
      count: 2,
      max: 2016,
      headers: await Promise.all(
        [0, 1].map(async (at) => node.rpc('getblockheader', [await node.rpc('getblockhash', [at]), false])),
      ),
    })
    expect((await modern.ask('blockchain.relayfee')).error).toMatchObject({ code: -32601 })
    expect(await modern.call('mempool.get_info')).toMatchObject({ minrelaytxfee: 0.00001 })
  })
})

test('Electrum 1.6 takes a package whose parent pays nothing', async () => {
  const client = await electrum('tcp', '1.6')
  const [from, middle] = [await newAddress(), await newAddress()]
  await node.fund(from, { amount: COIN })
  /** Of version 3, of which alone a parent may pay less than nodes ask for. */
  const sign = async (inputs: object[], outputs: object): Promise<string> => {
    const raw = await node.rpc<string>('createrawtransaction', [inputs, outputs])
    const params = [raw.replace(/^02/, '03'), inputs]
    return (await node.walletRpc<{ hex: string }>('user', 'signrawtransactionwithwallet', params)).hex
  }
  const [coin] = await json<{ txid: string; vout: number }[]>(`/address/${from}/utxo`)
  const scripts = [await scriptOf(from), await scriptOf(middle)]
  const parent = await sign([{ ...coin, scriptPubKey: scripts[0], amount: 1 }], { [middle]: '1' })
  expect((await client.ask('blockchain.transaction.broadcast', parent)).error?.message).toContain(
    'min relay fee not met',
  )
  const { txid } = await node.rpc<{ txid: string }>('decoderawtransaction', [parent])
  const child = await sign([{ txid, vout: 0, scriptPubKey: scripts[1], amount: 1 }], {
    [await newAddress()]: '0.999',
  })
  const method = 'blockchain.transaction.broadcast_package'
  const refused = await client.ask(method, [child, parent])
  expect(refused.error?.message).toMatch(/^the tx package was rejected by network rules/)
  // Locked until a block that is far off.
  expect(await client.call(method, [parent, child.replace(/..$/, '0f')])).toMatchObject({
    success: false,
    errors: expect.arrayContaining([
      { txid: expect.any(String), error: expect.stringMatching(/^non-final/) },
    ]),
  })
  expect(await client.call(method, [parent, child])).toEqual({ success: true })
  expect(await json(`/tx/${txid}/status`)).toMatchObject({ confirmed: true })
})

test('Electrum drops a client that never ends its line', async () => {
  const client = await electrum('tcp')
  client.write('x'.repeat(9_000_000))
  await expect.poll(client.isClosed, { timeout: 5_000 }).toBe(true)
})

describe('Blockbook', () => {
  const book = <T>(path: string): Promise<T> => json<T>(`/api/v2${path}`, node.blockbookUrl)

  test('tells of blocks', async () => {
    const tip = await node.rpc<string>('getbestblockhash')
    const height = await node.rpc<number>('getblockcount')
    expect(await book('/')).toMatchObject({
      blockbook: { bestHeight: height, inSync: true, decimals: 8 },
      backend: { blocks: height, bestBlockHash: tip },
    })
    expect(await book(`/block-index/${height}`)).toEqual({ blockHash: tip })
    expect(await book('/block-index/')).toEqual({ blockHash: tip })
    expect(await book(`/block-index/${height + 1}`)).toEqual({ blockHash: '' })
    const block = await node.rpc<{ merkleroot: string; previousblockhash: string; nTx: number }>('getblock', [
      tip,
    ])
    for (const id of [tip, height]) {
      expect(await book(`/block/${id}`)).toMatchObject({
        hash: tip,
        height,
        confirmations: 1,
        previousBlockHash: block.previousblockhash,
        merkleRoot: block.merkleroot,
        bits: '207fffff',
        txCount: block.nTx,
      })
    }
    expect(await book(`/rawblock/${tip}`)).toEqual({ hex: await node.rpc('getblock', [tip, 0]) })
  })

  test('pages the history of an address, what waits first', async () => {
    const address = await newAddress()
    const mined = await Promise.all(Array.from({ length: 7 }, () => node.fund(address, { amount: 10_000n })))
    const top = await node.rpc<number>('getblockcount')
    await node.setAutomine(false)
    const waiting = [await node.fund(address, { amount: 500n })]
    interface Page {
      page: number
      totalPages: number
      txids: string[]
      transactions: { txid: string; blockHeight: number; confirmations: number; hex?: string; fees: string }[]
    }
    const page = (query: string) => book<Page>(`/address/${address}?${query}`)
    const all = await page('')
    expect(all).toMatchObject({
      address,
      balance: '70000',
      totalReceived: '70000',
      totalSent: '0',
      unconfirmedBalance: '500',
      unconfirmedTxs: 1,
      txs: 7,
      page: 1,
      totalPages: 1,
    })
    expect(all.txids[0]).toBe(waiting[0])
    expect(new Set(all.txids)).toEqual(new Set([...mined, ...waiting]))
    // The first page is cut, so the row that does not fit is on no page of this list.
    expect((await page('pageSize=3')).txids).toEqual(all.txids.slice(0, 3))
    expect((await page('pageSize=3&page=2')).txids).toEqual(all.txids.slice(4, 7))
    expect(await page('pageSize=3&page=9')).toMatchObject({
      page: 3,
      totalPages: 3,
      txids: all.txids.slice(7),
    })
    expect(await page(`pageSize=3&to=${top}`)).toMatchObject({ totalPages: -1, txids: all.txids.slice(1, 4) })
    expect(await page('details=basic')).not.toHaveProperty('txids')
    const { transactions } = await page('details=txs')
    expect(transactions.map(({ txid }) => txid)).toEqual(all.txids)
    expect(transactions[0]).toMatchObject({ blockHeight: -1, confirmations: 0 })
    expect(transactions[1]).toMatchObject({ blockHeight: top, confirmations: 1 })
    for (const { txid, hex } of transactions) expect(hex).toBe(await node.rpc('getrawtransaction', [txid]))
    expect((await page('details=txslight')).transactions[0]).not.toHaveProperty('hex')
    expect(await book(`/utxo/${address}`)).toHaveLength(8)
    await node.mine()
  })

  test('tells of transactions, and sends them', async () => {
    const from = await newAddress()
    await node.fund(from, { amount: COIN })
    const raw = await spend(from, { [await newAddress()]: '0.9999' })
    const sent = await post('/api/v2/sendtx/', raw, node.blockbookUrl)
    expect(sent.status).toBe(200)
    const { result: txid } = JSON.parse(sent.text) as { result: string }
    expect(await book(`/tx/${txid}`)).toMatchObject({
      txid,
      confirmations: 1,
      fees: '10000',
      valueIn: '100000000',
      value: '99990000',
      hex: raw,
      vin: [{ addresses: [from], value: '100000000' }],
    })
    expect(await book(`/tx-specific/${txid}`)).toMatchObject({ txid, confirmations: 1 })
    const again = await post('/api/v2/sendtx/', raw, node.blockbookUrl)
    expect(again).toEqual({
      status: 400,
      text: '{"error":"-27: Transaction outputs already in utxo set"}',
    })
    expect(await get('/api/v2/tx/00', node.blockbookUrl)).toEqual({
      status: 400,
      text: `{"error":"Transaction '00' not found"}`,
    })
    expect((await get('/api/v2/address/me', node.blockbookUrl)).status).toBe(400)
    node.setFeeEstimates({ 1: '12.5' })
    expect(await book('/estimatefee/6')).toEqual({ result: '0.000125' })
    node.setFeeEstimates({})
    expect(await book('/estimatefee/6')).toEqual({ result: '0' })
  })
})

test('an index catches up with many changes at once', async () => {
  const addresses = await Promise.all(Array.from({ length: 12 }, () => newAddress()))
  await node.setAutomine(false)
  await Promise.all([
    ...addresses.map((address) => node.fund(address, { amount: COIN })),
    ...Array.from({ length: 6 }, (_, i) => node.mine((i % 3) + 1)),
    node.reorg(2),
  ])
  await node.mine()
  const pool = await node.rpc<string[]>('getrawmempool')
  expect(await json('/mempool/txids')).toEqual(pool)
  const height = await node.rpc<number>('getblockcount')
  for (let at = height - 8; at <= height; at++) {
    const hash = await node.rpc<string>('getblockhash', [at])
    expect((await get(`/block-height/${at}`)).text).toBe(hash)
    const { tx } = await node.rpc<{ tx: string[] }>('getblock', [hash])
    for (const txid of tx) expect(await json(`/tx/${txid}/status`)).toMatchObject({ block_hash: hash })
  }
  for (const address of addresses) {
    expect(await json(`/address/${address}`)).toMatchObject({
      chain_stats: { funded_txo_sum: Number(COIN), tx_count: 1 },
      mempool_stats: { tx_count: 0 },
    })
  }
})
