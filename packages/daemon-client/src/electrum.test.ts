// One file, since every test bends the same scripted server in another way.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { UtxoSource } from '@coffer/core'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { electrum } from './electrum.ts'
import { readHistoryRows, scriptHashOf } from './electrumHistory.ts'
import type { ElectrumOptions } from './electrumSource.ts'
import { type ElectrumTcpOptions, electrumTcp } from './electrumTcp.ts'
import { lineReader } from './tcpLines.ts'
import { selfSigned } from './testing/certificate.ts'
import {
  type Call,
  type ElectrumServer,
  type ElectrumSetup,
  startElectrumSocket,
  startElectrumTcp,
} from './testing/electrumServer.ts'
import { type Ledger, openLedger, REGTEST } from './testing/ledger.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

const MINE = `0014${'11'.repeat(20)}`
const OTHER = `0014${'22'.repeat(20)}`

async function serve(
  setup: Partial<ElectrumSetup> = {},
  options: ElectrumOptions = {},
  kind: 'tcp' | 'ws' = 'tcp',
): Promise<{ source: UtxoSource; ledger: Ledger; server: ElectrumServer }> {
  const ledger = setup.ledger ?? openLedger()
  const start = kind === 'tcp' ? startElectrumTcp : startElectrumSocket
  const server = await start({ ...setup, ledger })
  const all = { timeout: 2_000, ...options }
  const source = (
    kind === 'tcp' ? electrumTcp(server.url, all) : electrum(server.url, { ...all, webSocket: WebSocket })
  )(REGTEST)
  open.push(() => source.close?.(), server.close)
  return { source, ledger, server }
}

describe.each(['tcp', 'ws'] as const)('over %s', (kind) => {
  it.each([false, { max: 7 }] as const)('reads histories with batch %s', async (batch) => {
    const { source, ledger } = await serve({}, { batch }, kind)
    for (let i = 0; i < 70; i++) {
      ledger.pay([MINE])
      if (i % 20 === 0) ledger.mine()
    }
    const [mine, other] = await source.history([{ script: MINE }, { script: OTHER }])
    expect(mine?.entries).toEqual(ledger.touching(MINE).map(({ txid, height }) => ({ txid, height })))
    expect(other).toEqual({ status: 'unused', entries: [] })
    expect(
      await source.history([
        { script: OTHER, status: other?.status },
        { script: MINE, status: mine?.status },
      ]),
    ).toEqual([{ status: other?.status }, { status: mine?.status }])
    const all = ledger.touching(MINE)
    expect(await source.transactions(all.map(({ txid }) => ({ txid })))).toEqual(
      all.map(({ raw, height }) => ({ raw, height })),
    )
    expect(await source.tip()).toEqual(ledger.tip())
  })
})

const BAD = { code: 'BAD_RESPONSE', retryable: false }
const TX = 'blockchain.transaction.get'
const HISTORY = 'blockchain.scripthash.get_history'
const SUBSCRIBE = 'blockchain.scripthash.subscribe'

/** Methods of the messages that a server saw since the last look. */
function methods(server: ElectrumServer): string[] {
  return server.seen
    .splice(0)
    .flatMap((message) => [message].flat() as Call[])
    .map(({ method }) => method)
}

describe('electrum-protocol-1.6: the status example of the standard', () => {
  // https://electrum-protocol.readthedocs.io/en/latest/protocol-basics.html#status
  const STATUS = '78e96c6562cafa71c115503b9411fdfdc595a45031e2ab76ff75162fe1b0590d'
  const ROWS = [
    { tx_hash: 'a6c9c361bd0bc536d6a22648efbf8f9b200e425ef6c3a7a9669dc444c532a347', height: 2472 },
    { tx_hash: '9c42f84b2fcdaff676ba25d9d4941741cc0d1a01cce0c23fdc4c0b2afa38431c', height: 2473 },
    { tx_hash: '770f2d4371b3fabb902dd9a103e2dd005fcd3971181078fca4a2a1d6ff127b30', height: 2473 },
    { tx_hash: '80b19848aed792565ab7c5a79b7c2a00fbf985741579396ebe0ab6098e607311', height: 0, fee: 200 },
    { tx_hash: 'e02a1dadfa83b996b24175df807b271ea5d02937ef5b35c195fac1e1bdc3198f', height: 0, fee: 300 },
    { tx_hash: 'bb4c8ab438c13b89ca80d1d5bee25b0b6b7f55673f4d801998ba97db161d9e85', height: -1, fee: 200 },
  ]

  it('is computed from its rows', () => {
    const { status, entries } = readHistoryRows(ROWS, STATUS, 'server')
    expect(status).toBe(STATUS)
    expect(entries?.map(({ txid, height }) => [txid, height])).toEqual(
      ROWS.map(({ tx_hash, height }) => [tx_hash, Math.max(height, 0)]),
    )
  })

  it('is not kept for other rows, so that they are read again', () => {
    expect(readHistoryRows(ROWS.slice(1), STATUS, 'server').status).toMatch(/^\?[0-9a-f]{64}$/)
    expect(readHistoryRows([], STATUS, 'server').status).toBe('?unused')
  })

  it('asks by the reversed hash of a script', () => {
    expect(scriptHashOf('76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac')).toBe(
      '8b01df4e368ea28f8dc0423bcf7a4923e3a12d307c875e47a0cfbf90b5c39161',
    )
  })
})

describe('a connection', () => {
  it('begins with server.version, alone, and the first block in two ways', async () => {
    const { source, server } = await serve({}, { batch: { max: 50 } })
    await Promise.all([source.tip(), source.feeRates(), source.tip()])
    expect(server.seen[0]).toMatchObject({ method: 'server.version', params: ['coffer', ['1.4', '1.6']] })
    expect(methods(server).slice(0, 3)).toEqual([
      'server.version',
      'server.features',
      'blockchain.block.header',
    ])
    expect(server.connections()).toBe(1)
  })

  it('is opened again after a loss, and greeted again', async () => {
    const { source, server, ledger } = await serve()
    await source.tip()
    methods(server)
    server.hangUp()
    await vi.waitFor(async () => expect(await source.tip()).toEqual(ledger.tip()))
    expect(methods(server)[0]).toBe('server.version')
    expect(server.connections()).toBe(2)
  })

  it('fails whatever was in flight when it is lost', async () => {
    const { source } = await serve({
      before: (message, _send, end) => {
        if ((message as Call).method !== 'blockchain.headers.subscribe') return false
        end()
        return true
      },
    })
    await expect(source.tip()).rejects.toMatchObject({ code: 'NETWORK', retryable: true })
  })

  it('tells that nothing was sent when it cannot be made', async () => {
    const source = electrumTcp('tcp://127.0.0.1:9')(REGTEST)
    await expect(source.broadcast('00')).rejects.toMatchObject({
      code: 'NETWORK',
      details: { sent: false, reason: 'ECONNREFUSED' },
    })
    const mute = createServer(() => {}).listen(0, '127.0.0.1')
    await once(mute, 'listening')
    open.push(() => mute.close())
    const { port } = mute.address() as AddressInfo
    const slow = electrumTcp(`tcp://127.0.0.1:${port}`, { timeout: 50 })(REGTEST)
    open.push(() => slow.close?.())
    await expect(slow.broadcast('00')).rejects.toMatchObject({ code: 'TIMEOUT', details: { sent: false } })
  })

  it('that is dead is given up, and the next question opens another', async () => {
    let isMute = false
    const { source, server } = await serve({ before: () => isMute }, { timeout: 100 })
    await source.tip()
    isMute = true
    await expect(source.tip()).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true })
    isMute = false
    await source.tip()
    expect(server.connections()).toBe(2)
  })

  it.each([
    ['no JSON', 'nonsense'],
    ['half of JSON', '{"id":'],
    ['an answer to nobody', '{"jsonrpc":"2.0","id":999,"result":1}'],
    ['an answer without an id', '{"jsonrpc":"2.0","result":1}'],
    ['neither result nor error', '{"jsonrpc":"2.0","id":4}'],
    ['a web page', '<html>'],
  ])('is dropped after %s', async (_name, text) => {
    const { source } = await serve({
      before(message, send) {
        if ((message as Call).method !== 'blockchain.headers.subscribe') return false
        send(text)
        return true
      },
    })
    await expect(source.tip()).rejects.toMatchObject(BAD)
  })

  it.each(['tcp', 'ws'] as const)('over %s is dropped when an answer is too long', async (kind) => {
    const { source, server } = await serve(
      {
        before(message, send) {
          if ((message as Call).method !== 'blockchain.headers.subscribe') return false
          send(JSON.stringify({ id: (message as Call).id, result: 'x'.repeat(30_000) }))
          return true
        },
      },
      { maxResponseBytes: 20_000 },
      kind,
    )
    await expect(source.tip()).rejects.toMatchObject(BAD)
    expect(server.connections()).toBe(1)
  })

  it('G9: is dropped when a line never ends', async () => {
    let written = 0
    const hostile = createServer((socket) => {
      socket.on('error', () => {})
      const more = (): void => {
        while (!socket.destroyed && written < 100_000_000) {
          written += 65_536
          if (!socket.write(Buffer.alloc(65_536, 0x20))) return void socket.once('drain', more)
        }
      }
      more()
    }).listen(0, '127.0.0.1')
    await once(hostile, 'listening')
    open.push(() => hostile.close())
    const { port } = hostile.address() as AddressInfo
    const source = electrumTcp(`tcp://127.0.0.1:${port}`, { maxResponseBytes: 1_000_000 })(REGTEST)
    await expect(source.tip()).rejects.toMatchObject(BAD)
    expect(written).toBeLessThan(60_000_000)
  })

  it('keeps many messages in flight, and not too many', async () => {
    let now = 0
    let peak = 0
    const { source } = await serve({
      before(message, send) {
        const { id, method } = message as Call
        if (method !== SUBSCRIBE) return false
        peak = Math.max(peak, ++now)
        setTimeout(() => {
          now--
          send(JSON.stringify({ id, result: null }))
        }, 5)
        return true
      },
    })
    const scripts = Array.from({ length: 250 }, (_, i) => ({ script: `0014${String(i).padStart(40, '0')}` }))
    expect(await source.history(scripts)).toHaveLength(250)
    expect(peak).toBe(100)
  })

  it('passes over answers that come after their callers have left', async () => {
    const { source, server } = await serve({
      before(message, send) {
        const { id, method } = message as Call
        if (method !== 'blockchain.estimatefee') return false
        setTimeout(() => send(JSON.stringify({ id, result: 0.0001 })), 30)
        return true
      },
    })
    await source.tip()
    const controller = new AbortController()
    const left = source.feeRates({ signal: controller.signal })
    setTimeout(() => controller.abort(), 10)
    await expect(left).rejects.toMatchObject({ code: 'ABORTED' })
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(await source.tip()).toMatchObject({ height: 0 })
    expect(server.connections()).toBe(1)
  })

  it('is fine with messages that nobody listens for', async () => {
    const { source, server } = await serve()
    await source.tip()
    server.notify(SUBSCRIBE, ['ab', null])
    server.notify('blockchain.headers.subscribe', [null])
    expect(await source.tip()).toMatchObject({ height: 0 })
  })
})

describe('B4: the chain', () => {
  it('is another when the server says so, whatever its first block is', async () => {
    const { source } = await serve({
      answer: ({ method }) =>
        method === 'server.features'
          ? { result: { genesis_hash: `${'0'.repeat(32)}${'a'.repeat(32)}` } }
          : undefined,
    })
    await expect(source.tip()).rejects.toMatchObject({ code: 'CHAIN_MISMATCH' })
  })

  it('is another when the first block is, whatever the server says', async () => {
    const ledger = openLedger()
    ledger.mine()
    const { source } = await serve({
      ledger,
      answer: ({ method }) =>
        method === 'blockchain.block.header' ? { result: ledger.blocks[1]?.header } : undefined,
    })
    await expect(source.broadcast('00')).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
      details: { sent: false },
    })
  })

  it('is known by the first block alone where the server has no features', async () => {
    const { source, ledger } = await serve({
      answer: ({ method }) =>
        method === 'server.features' ? { error: { code: -32601, message: 'unknown method' } } : undefined,
    })
    expect(await source.tip()).toEqual(ledger.tip())
  })

  it('ends with a server that speaks no version in common', async () => {
    const { source } = await serve({
      answer: ({ method }) =>
        method === 'server.version'
          ? { error: { code: 1, message: 'unsupported protocol version' } }
          : undefined,
    })
    await expect(source.tip()).rejects.toThrow('unsupported protocol version')
  })
})

describe('history', () => {
  it('takes one round trip when nothing changed, and asks for rows of what did', async () => {
    const { source, ledger, server } = await serve()
    ledger.pay([MINE])
    ledger.pay([OTHER])
    const both = await source.history([{ script: MINE }, { script: OTHER }])
    methods(server)
    const queries = [
      { script: MINE, status: both[0]?.status },
      { script: OTHER, status: both[1]?.status },
    ]
    await source.history(queries)
    expect(methods(server)).toEqual([SUBSCRIBE, SUBSCRIBE])
    ledger.pay([OTHER])
    const [same, changed] = await source.history(queries)
    expect(methods(server)).toEqual([SUBSCRIBE, SUBSCRIBE, HISTORY])
    expect([same?.entries, changed?.entries?.length]).toEqual([undefined, 2])
  })

  it('gives no status that would hide a change between the two questions', async () => {
    const ledger = openLedger()
    let isFirst = true
    const { source } = await serve({
      ledger,
      answer({ method }) {
        if (method !== HISTORY || !isFirst) return undefined
        isFirst = false
        ledger.pay([MINE])
        return undefined
      },
    })
    ledger.pay([MINE])
    const [before] = await source.history([{ script: MINE }])
    expect(before?.entries).toHaveLength(2)
    const [after] = await source.history([{ script: MINE, status: before?.status }])
    expect(after?.entries).toHaveLength(2)
  })

  const row = { tx_hash: 'ab'.repeat(32), height: 5 }
  it.each([
    ['no list', { rows: [row] }],
    ['null', [null]],
    ['no id', [{ height: 5 }]],
    ['a short id', [{ ...row, tx_hash: 'ab' }]],
    ['an id in capitals', [{ ...row, tx_hash: 'AB'.repeat(32) }]],
    ['a height below -1', [{ ...row, height: -2 }]],
    ['a fraction of a height', [{ ...row, height: 1.5 }]],
    ['a height as text', [{ ...row, height: '5' }]],
    ['a row twice', [row, row]],
    ['heights that fall', [row, { tx_hash: 'cd'.repeat(32), height: 4 }]],
    [
      'a mined row after a waiting one',
      [
        { ...row, height: 0 },
        { tx_hash: 'cd'.repeat(32), height: 4 },
      ],
    ],
  ])('G14: refuses rows with %s', async (_name, rows) => {
    const { source } = await serve({
      answer: ({ method }) => {
        if (method === HISTORY) return { result: rows }
        return method === SUBSCRIBE ? { result: 'ab'.repeat(32) } : undefined
      },
    })
    await expect(source.history([{ script: MINE }])).rejects.toMatchObject(BAD)
  })

  it.each([5, '', 'AB'.repeat(32), {}, false])('refuses the status %o', async (status) => {
    const { source } = await serve({
      answer: ({ method }) => (method === SUBSCRIBE ? { result: status } : undefined),
    })
    await expect(source.history([{ script: MINE }])).rejects.toMatchObject(BAD)
  })

  it('says when a history is too long for the server', async () => {
    const { source } = await serve({
      answer: ({ method }) => {
        if (method === HISTORY) return { error: { code: 1, message: 'history too large' } }
        return method === SUBSCRIBE ? { result: 'ab'.repeat(32) } : undefined
      },
    })
    await expect(source.history([{ script: MINE }])).rejects.toThrow('history too large')
  })
})

describe('transactions', () => {
  it.each([
    {
      code: 2,
      message:
        "daemon error: DaemonError({'code': -5, 'message': 'No such mempool or blockchain transaction. Use gettransaction for wallet transactions.'})",
    },
    { code: 1, message: 'No transaction matching the requested hash was found' },
    'missing transaction',
  ])('are unknown by the words %o', async (error) => {
    const { source } = await serve({ answer: ({ method }) => (method === TX ? { error } : undefined) })
    expect(await source.transactions([{ txid: 'ab'.repeat(32) }])).toEqual([undefined])
  })

  it.each([
    {
      code: 2,
      message:
        'No such mempool transaction. Use -txindex or provide a block hash to enable blockchain transaction queries. Use gettransaction for wallet transactions.',
    },
    {
      code: 2,
      message:
        'No such mempool transaction. Blockchain transactions are still in the process of being indexed.',
    },
    { code: 2, message: 'daemon error: connection refused' },
    { code: -32603, message: 'internal error' },
    { code: 2, message: 'Transaction not found. Start the node with -txindex.' },
    'timed out',
  ])('are not unknown by the words %o', async (error) => {
    const { source } = await serve({ answer: ({ method }) => (method === TX ? { error } : undefined) })
    await expect(source.transactions([{ txid: 'ab'.repeat(32) }])).rejects.toMatchObject(BAD)
  })

  it('get their height from an output when their script is not known, or is wrong', async () => {
    const { source, ledger } = await serve()
    const tx = ledger.pay([`6a04deadbeef`, OTHER])
    ledger.mine()
    const { txid, raw } = tx
    expect(await source.transactions([{ txid }, { txid, script: MINE }, { txid, script: OTHER }])).toEqual([
      { raw, height: 1 },
      { raw, height: 1 },
      { raw, height: 1 },
    ])
  })

  it('get it from what they spend when nobody can spend their outputs', async () => {
    const { source, ledger } = await serve()
    const paid = ledger.pay([OTHER, MINE])
    ledger.mine()
    const { txid, raw } = ledger.pay(['6a04deadbeef'], { txid: paid.txid, vout: 1 })
    ledger.mine()
    expect(await source.transactions([{ txid }])).toEqual([{ raw, height: 2 }])
  })

  it('get it from another script when the history of the first is too long', async () => {
    const { source, ledger } = await serve({
      answer: ({ method, params }) =>
        method === HISTORY && params[0] === scriptHashOf(MINE)
          ? { error: { code: 1, message: 'history too large' } }
          : undefined,
    })
    const { txid, raw } = ledger.pay([MINE, OTHER])
    ledger.mine()
    expect(await source.transactions([{ txid, script: MINE }])).toEqual([{ raw, height: 1 }])
  })

  it('travel one by one even where calls go in batches', async () => {
    const { source, ledger, server } = await serve({}, { batch: { max: 50 } })
    const all = Array.from({ length: 5 }, () => ledger.pay([MINE]))
    await source.transactions(all.map(({ txid }) => ({ txid, script: MINE })))
    const sizes = server.seen
      .filter((message) => JSON.stringify(message).includes(TX))
      .map((message) => [message].flat().length)
    expect(sizes).toEqual([1, 1, 1, 1, 1])
  })

  it.each(['00', '', 'zz', 5, null, '01000000000000000000'])('G14: are refused as %o', async (raw) => {
    const { source } = await serve({ answer: ({ method }) => (method === TX ? { result: raw } : undefined) })
    await expect(source.transactions([{ txid: 'ab'.repeat(32) }])).rejects.toMatchObject(BAD)
  })
})

describe('fee rates', () => {
  it('are satoshi for 1,000 bytes, rounded up, without what the server cannot tell', async () => {
    const { source } = await serve({
      answer: ({ method, params }) => {
        if (method !== 'blockchain.estimatefee') return undefined
        const rates: Record<number, unknown> = { 1: 0.001, 2: 1.234567891e-5, 3: -1, 6: null, 12: 0.00000001 }
        const rate = rates[Number(params[0])]
        return rate === undefined ? { error: { code: 2, message: 'no estimate' } } : { result: rate }
      },
    })
    expect(await source.feeRates()).toEqual([
      { blocks: 1, satPerKvb: 100_000n },
      { blocks: 2, satPerKvb: 1_235n },
      { blocks: 12, satPerKvb: 1n },
    ])
  })

  it.each([-2, 'a', {}, 1e300])('are refused when they are %o', async (result) => {
    const { source } = await serve({
      answer: ({ method }) => (method === 'blockchain.estimatefee' ? { result } : undefined),
    })
    await expect(source.feeRates()).rejects.toMatchObject(BAD)
  })
})

describe('broadcast', () => {
  const refused = (error: unknown) =>
    serve({ answer: ({ method }) => (method === 'blockchain.transaction.broadcast' ? { error } : undefined) })

  it('leaves the repeated transaction out of the reason', async () => {
    const { source } = await refused({
      code: 1,
      message: `the transaction was rejected by network rules.\n\nmin relay fee not met, 100 < 141\n[${'ab'.repeat(5_000)}]`,
    })
    await expect(source.broadcast('00')).rejects.toMatchObject({
      code: 'BROADCAST_REJECTED',
      details: {
        reason: 'the transaction was rejected by network rules. min relay fee not met, 100 < 141 …',
      },
    })
  })

  it.each([
    [{ code: -101, message: 'excessive resource usage' }, 'RATE_LIMITED'],
    [{ code: -102, message: 'server busy - request timed out' }, 'RATE_LIMITED'],
    [{ code: -32601, message: 'unknown method' }, 'NETWORK'],
    [
      { code: 2, message: "daemon error: DaemonError({'code': -28, 'message': 'Loading block index…'})" },
      'NETWORK',
    ],
  ])('was not sent when the server says %o', async (error, code) => {
    const { source } = await refused(error)
    await expect(source.broadcast('00')).rejects.toMatchObject({ code, details: { sent: false } })
  })

  it('may have been sent when the connection is lost', async () => {
    const { source } = await serve({
      before(message, _send, end) {
        if ((message as Call).method !== 'blockchain.transaction.broadcast') return false
        end()
        return true
      },
    })
    const error = await source.broadcast('00').catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'NETWORK' })
    expect((error as { details: object }).details).not.toHaveProperty('sent')
  })

  it('believes no answer but an id', async () => {
    const { source } = await serve({
      answer: ({ method }) =>
        method === 'blockchain.transaction.broadcast' ? { result: '258: txn-mempool-conflict' } : undefined,
    })
    await expect(source.broadcast('00')).rejects.toMatchObject(BAD)
  })
})

describe('heads', () => {
  it('come by notification, survive a loss, and end with the source', async () => {
    const { source, server, ledger } = await serve()
    const seen: number[] = []
    for await (const { height } of source.heads?.() ?? []) {
      seen.push(height)
      if (seen.length === 1) {
        ledger.mine()
        server.notify('blockchain.headers.subscribe', [{ height: 1, hex: ledger.blocks[1]?.header }])
      } else if (seen.length === 2) {
        ledger.mine()
        server.hangUp()
      } else source.close?.()
    }
    expect(seen).toEqual([0, 1, 2])
  })

  it('are refused when they are none', async () => {
    const { source, server } = await serve()
    const read = async (): Promise<void> => {
      for await (const _ of source.heads?.() ?? [])
        server.notify('blockchain.headers.subscribe', [{ height: 1, hex: 'ab' }])
    }
    await expect(read()).rejects.toMatchObject(BAD)
  })
})

describe('TLS', () => {
  const serveTls = async (tls?: ElectrumTcpOptions['tls']) => {
    const ledger = openLedger()
    const server = await startElectrumTcp({ ledger }, selfSigned)
    const source = electrumTcp(server.url, { timeout: 2_000, tls })(REGTEST)
    open.push(() => source.close?.(), server.close)
    return { source, server, ledger }
  }

  it('refuses a certificate that nobody known has signed, and sends nothing', async () => {
    const { source, server } = await serveTls()
    await expect(source.broadcast('00')).rejects.toMatchObject({ code: 'NETWORK', details: { sent: false } })
    expect(server.seen).toEqual([])
  })

  it('takes the pinned certificate, with colons or without', async () => {
    for (const pinnedFingerprint of [
      selfSigned.fingerprint,
      selfSigned.fingerprint.match(/../g)?.join(':').toUpperCase(),
    ]) {
      const { source, ledger } = await serveTls({ pinnedFingerprint })
      expect(await source.tip()).toEqual(ledger.tip())
    }
  })

  it('refuses every other, and sends nothing', async () => {
    const { source, server } = await serveTls({ pinnedFingerprint: 'ab'.repeat(32) })
    await expect(source.tip()).rejects.toMatchObject({
      code: 'NETWORK',
      retryable: false,
      details: { sent: false, reason: 'certificate' },
    })
    expect(server.seen).toEqual([])
  })

  it('takes any only when told so, and pins even then', async () => {
    const { source, ledger } = await serveTls({ dangerouslyAcceptAnyCertificate: true })
    expect(await source.tip()).toEqual(ledger.tip())
    const both = await serveTls({ dangerouslyAcceptAnyCertificate: true, pinnedFingerprint: 'ab'.repeat(32) })
    await expect(both.source.tip()).rejects.toMatchObject({ details: { reason: 'certificate' } })
  })
})

describe('options', () => {
  it.each([
    'http://host:1',
    'tcp://host',
    'tcp://host:0',
    'tcp://host:70000',
    'ssl://u:p@host:1',
    'ssl://host:1/x',
    'ssl://[::1:1',
    '',
  ])('electrumTcp refuses the URL %s', (url) => {
    expect(() => electrumTcp(url)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })

  it('electrumTcp takes names and addresses', () => {
    for (const url of ['ssl://electrum.example.org:50002', 'TCP://10.0.0.1:50001', 'tls://[::1]:50002/'])
      expect(electrumTcp(url)(REGTEST).name).toBe(url.toLowerCase().replace(/\/$/, ''))
  })

  it('refuses options without sense', () => {
    expect(() => electrum('https://host')).toThrow('electrumTcp')
    expect(() => electrumTcp('tcp://h:1', { timeout: 0 })).toThrow('timeout')
    expect(() => electrumTcp('tcp://h:1', { batch: { max: 0 } })).toThrow('batch.max')
    expect(() => electrumTcp('tcp://h:1', { tls: {} })).toThrow('ssl://')
    expect(() => electrumTcp('ssl://h:1', { tls: { pinnedFingerprint: 'abc' } })).toThrow('SHA-256')
    expect(() => electrumTcp('tcp://h:1')('eip155:1')).toThrow(
      expect.objectContaining({ code: 'INVALID_CHAIN' }),
    )
  })

  it('says what is missing where there is no WebSocket', () => {
    vi.stubGlobal('WebSocket', undefined)
    try {
      expect(() => electrum('ws://h')(REGTEST)).toThrow(
        expect.objectContaining({ code: 'MISSING_DEPENDENCY' }),
      )
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

describe('lines', () => {
  it('are cut wherever the bytes come apart', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc
            .string({ unit: 'binary', minLength: 1 })
            .filter((line) => line.trim() !== '' && !line.includes('\n')),
        ),
        fc.array(fc.nat(40), { minLength: 1 }),
        (lines, cuts) => {
          const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''))
          const reader = lineReader(100_000)
          const found: string[] = []
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = 1 + (cuts[i % cuts.length] ?? 0)
            found.push(...(reader.push(bytes.subarray(at, at + size)) ?? ['refused']))
            at += size
          }
          expect(found).toEqual(new TextDecoder().decode(bytes).split('\n').slice(0, -1))
        },
      ),
    )
  })

  it('are refused when they are too long, in one part or many, or no UTF-8', () => {
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
    expect(lineReader(3).push(bytes('abc\nabc'))).toEqual(['abc'])
    expect(lineReader(3).push(bytes('abcd'))).toBeUndefined()
    expect(lineReader(3).push(bytes('abcd\n'))).toBeUndefined()
    const reader = lineReader(3)
    expect([reader.push(bytes('ab')), reader.push(bytes('c')), reader.push(bytes('d'))]).toEqual([
      [],
      [],
      undefined,
    ])
    expect(lineReader(9).push(Uint8Array.of(0xff, 10))).toBeUndefined()
  })
})
