// Esplora's REST API and Electrum's protocol over a chain in memory, each answer `delay` milliseconds after its
// question, in a thread of its own so that the client's time is the client's. It counts as the counting proxy does.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex as hex } from '@noble/hashes/utils.js'
import { WebSocketServer } from 'ws'
import { blockAt, makeWorld, TIP, timeAt } from './bitcoin-world.mjs'

const PAGE = 25

/**
 * Starts one for a world of `makeWorld`. `take()` gives what was asked since it was called last, as entries of the
 * counting proxy, and the bytes that were answered.
 */
export async function slowIndexer(world, delay) {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { world, delay } })
  const next = () => once(worker, 'message').then(([message]) => message)
  const { port, balance } = await next()
  return {
    esplora: `http://127.0.0.1:${port}/api`,
    electrum: `ws://127.0.0.1:${port}`,
    balance,
    take() {
      worker.postMessage('take')
      return next()
    },
    close: () => worker.terminate(),
  }
}

if (!isMainThread && workerData?.world) serve(workerData)

function serve({ world: wanted, delay }) {
  const world = makeWorld(wanted)
  world.heights = new Map(
    [0, TIP, ...[...world.txs.values()].map(({ height }) => height)].map((height) => [
      blockAt(height).hash,
      height,
    ]),
  )
  const histories = new Map()
  for (const [script, set] of world.byScript)
    histories.set(
      script,
      [...set].sort((a, b) => a.height - b.height || (a.txid < b.txid ? -1 : 1)),
    )
  const rows = new Map()
  const rowOf = (entry) => {
    if (!rows.has(entry.txid)) rows.set(entry.txid, JSON.stringify(esploraRow(entry, world.txs)))
    return rows.get(entry.txid)
  }
  let entries = []
  let bytes = 0
  const answer = (method, reply, send) => {
    const entry = { start: performance.now(), end: Number.POSITIVE_INFINITY, methods: [method] }
    entries.push(entry)
    const text = reply()
    bytes += text.body?.length ?? text.length
    setTimeout(() => {
      entry.end = performance.now()
      send(text)
    }, delay)
  }

  const server = createServer((request, response) => {
    const path = request.url.replace(/^\/api/, '')
    answer(
      path.split('/')[1],
      () => esplora(path, world, histories, rowOf),
      ({ status = 200, body }) => response.writeHead(status).end(body),
    )
  })
  server.keepAliveTimeout = 60_000
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) =>
    socket.on('message', (data) => {
      const message = JSON.parse(data)
      const reply = (call) => electrum(call, world, histories)
      answer(
        [message].flat()[0].method,
        () => JSON.stringify(Array.isArray(message) ? message.map(reply) : reply(message)),
        (text) => socket.send(text),
      )
    }),
  )
  parentPort.on('message', () => {
    parentPort.postMessage({ entries, bytes })
    entries = []
    bytes = 0
  })
  server.listen(0, '127.0.0.1', () =>
    parentPort.postMessage({ port: server.address().port, balance: world.balance }),
  )
}

/** @see https://github.com/Blockstream/esplora/blob/master/API.md */
function esplora(path, world, histories, rowOf) {
  const [, what, name, ...rest] = path.split('?')[0].split('/')
  const missing = { status: 404, body: 'Not found' }
  const json = (value) => ({ body: JSON.stringify(value) })
  if (what === 'blocks' && name === 'tip') return { body: rest[0] === 'hash' ? blockAt(TIP).hash : `${TIP}` }
  if (what === 'blocks') {
    const top = name === undefined ? TIP : Number(name)
    return json(Array.from({ length: 10 }, (_, i) => blockJson(top - i)).filter(({ height }) => height >= 0))
  }
  if (what === 'block-height') return Number(name) > TIP ? missing : { body: blockAt(Number(name)).hash }
  if (what === 'block') {
    const height = world.heights.get(name)
    if (height === undefined) return missing
    if (rest[0] === 'header') return { body: blockAt(height).header }
    if (rest[0] === 'status') return json({ in_best_chain: true, height })
    return json(blockJson(height))
  }
  if (what === 'tx') {
    const entry = world.txs.get(name)
    if (!entry) return missing
    if (rest[0] === 'raw' || rest[0] === 'hex') return { body: entry.raw }
    return { body: rowOf(entry) }
  }
  if (what === 'scripthash') {
    const all = (histories.get(name) ?? []).toReversed()
    const after = rest[2] === undefined ? 0 : all.findIndex(({ txid }) => txid === rest[2]) + 1
    return { body: `[${all.slice(after, after + PAGE).map(rowOf)}]` }
  }
  if (what === 'fee-estimates') return json({ 1: 20, 6: 10, 144: 2 })
  return missing
}

function blockJson(height) {
  return {
    id: blockAt(height).hash,
    height,
    version: 1,
    timestamp: timeAt(height),
    mediantime: timeAt(height),
    tx_count: 1,
    size: 285,
    weight: 1140,
    merkle_root: '0'.repeat(64),
    previousblockhash: height > 0 ? blockAt(height - 1).hash : null,
    nonce: height,
    bits: 0x1d00ffff,
    difficulty: 1,
  }
}

function esploraRow({ txid, tx, height, raw }, txs) {
  const output = ({ script, amount }) => ({ scriptpubkey: hex(script), value: Number(amount) })
  return {
    txid,
    version: tx.version,
    locktime: tx.locktime,
    vin: tx.inputs.map((input) => ({
      txid: input.txid,
      vout: input.vout,
      prevout: output(
        txs.get(input.txid)?.tx.outputs[input.vout] ?? { script: new Uint8Array(22), amount: 200_000n },
      ),
      scriptsig: hex(input.scriptSig),
      witness: input.witness.map(hex),
      is_coinbase: false,
      sequence: input.sequence,
    })),
    vout: tx.outputs.map(output),
    size: raw.length / 2,
    weight: raw.length * 2,
    fee: 1_000,
    status: {
      confirmed: true,
      block_height: height,
      block_hash: blockAt(height).hash,
      block_time: timeAt(height),
    },
  }
}

/** @see https://electrum-protocol.readthedocs.io/en/latest/protocol-methods.html */
function electrum({ id, method, params = [] }, world, histories) {
  const historyOf = (name) => histories.get(name.match(/../g).reverse().join('')) ?? []
  const calls = {
    'server.version': () => ['Slow 1.0', '1.4'],
    'server.features': () => ({
      genesis_hash: blockAt(0).hash,
      hash_function: 'sha256',
      protocol_max: '1.4',
    }),
    'server.ping': () => null,
    'blockchain.block.header': () => blockAt(params[0]).header,
    'blockchain.headers.subscribe': () => ({ height: TIP, hex: blockAt(TIP).header }),
    'blockchain.estimatefee': () => 0.0001,
    'blockchain.transaction.get': () => world.txs.get(params[0])?.raw,
    'blockchain.scripthash.get_history': () =>
      historyOf(params[0]).map(({ txid, height }) => ({ tx_hash: txid, height })),
    'blockchain.scripthash.subscribe': () => {
      const rows = historyOf(params[0])
      const text = rows.map(({ txid, height }) => `${txid}:${height}:`).join('')
      return rows.length ? hex(sha256(new TextEncoder().encode(text))) : null
    },
  }
  const result = calls[method]?.()
  return result === undefined
    ? {
        jsonrpc: '2.0',
        id,
        error: { code: 2, message: `no such mempool or blockchain transaction or method` },
      }
    : { jsonrpc: '2.0', id, result }
}
