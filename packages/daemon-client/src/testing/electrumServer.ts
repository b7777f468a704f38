import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { type Ledger, REGTEST, scriptHash } from './ledger.ts'
import { type SocketServer, startSocketServer } from './socketServer.ts'

export interface Call {
  readonly id: number
  readonly method: string
  readonly params: readonly unknown[]
}

export interface ElectrumSetup {
  readonly ledger: Ledger
  /** Answers a call in another way than it should: with the members of a reply, or not at all (`null`). */
  answer?(call: Call): object | null | undefined
  /** Sees whole messages first; takes them by returning true. */
  before?(message: unknown, send: (text: string) => void, end: () => void): boolean | undefined
}

export interface ElectrumServer {
  readonly url: string
  /** Messages, parsed. */
  readonly seen: unknown[]
  /** Tells all who are connected. */
  notify(method: string, params: unknown): void
  /** Connections that were ever made. */
  connections(): number
  /** Ends the connections, not the server. */
  hangUp(): void
  close(): Promise<void>
}

/** An Electrum server over a ledger, by TCP, or TLS where there is a certificate. */
export async function startElectrumTcp(
  setup: ElectrumSetup,
  tls?: { key: string; cert: string },
): Promise<ElectrumServer> {
  const seen: unknown[] = []
  const sockets: Socket[] = []
  const serve = (socket: Socket): void => {
    sockets.push(socket)
    socket.on('error', () => {})
    let rest = ''
    socket.on('data', (chunk) => {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const message = JSON.parse(line)
        seen.push(message)
        reply(
          setup,
          message,
          (text) => socket.write(`${text}\n`),
          () => socket.destroy(),
        )
      }
    })
  }
  const server = tls ? createTlsServer(tls, serve) : createServer(serve)
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `${tls ? 'ssl' : 'tcp'}://127.0.0.1:${port}`,
    seen,
    notify: (method, params) => {
      for (const socket of sockets)
        if (!socket.destroyed) socket.write(`${JSON.stringify({ jsonrpc: '2.0', method, params })}\n`)
    },
    connections: () => sockets.length,
    hangUp: () => {
      for (const socket of sockets) socket.destroy()
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The same by WebSocket. */
export async function startElectrumSocket(setup: ElectrumSetup): Promise<ElectrumServer> {
  const server: SocketServer = await startSocketServer((socket, message) =>
    reply(
      setup,
      message,
      (text) => socket.send(text),
      () => socket.terminate(),
    ),
  )
  return {
    url: server.url,
    seen: server.seen,
    notify: (method, params) => {
      for (const socket of server.sockets) socket.send(JSON.stringify({ jsonrpc: '2.0', method, params }))
    },
    connections: () => server.sockets.length,
    hangUp: () => {
      for (const socket of server.sockets) socket.terminate()
    },
    close: server.close,
  }
}

function reply(setup: ElectrumSetup, message: unknown, send: (text: string) => void, end: () => void): void {
  if (setup.before?.(message, send, end)) return
  const one = (call: Call): object | null => {
    const odd = setup.answer?.(call)
    if (odd === null) return null
    return {
      jsonrpc: '2.0',
      id: call.id,
      ...(odd ?? refusal(setup, call) ?? { result: answer(setup, call) }),
    }
  }
  if (!Array.isArray(message)) {
    const answer = one(message as Call)
    if (answer) send(JSON.stringify(answer))
  } else send(JSON.stringify(message.map(one).filter((answer) => answer !== null)))
}

function answer({ ledger }: ElectrumSetup, { method, params }: Call): unknown {
  const [first] = params
  const script =
    ledger.scripts().find((script) => scriptHash(script).match(/../g)?.reverse().join('') === first) ?? ''
  const rows = ledger.touching(script).map(({ txid, height }) => ({ tx_hash: txid, height }))
  if (method === 'server.version') return ['Test 1.0', '1.4']
  if (method === 'server.features') return { genesis_hash: ledger.blocks[0]?.hash, hash_function: 'sha256' }
  if (method === 'blockchain.block.header') return ledger.blocks[Number(first)]?.header
  if (method === 'blockchain.headers.subscribe')
    return { height: ledger.tip().height, hex: ledger.blocks.at(-1)?.header }
  if (method === 'blockchain.scripthash.get_history') return rows
  if (method === 'blockchain.scripthash.subscribe') {
    const text = rows.map(({ tx_hash, height }) => `${tx_hash}:${height}:`).join('')
    return text === '' ? null : createHash('sha256').update(text).digest('hex')
  }
  if (method === 'blockchain.transaction.get') return ledger.find(String(first))?.raw
  if (method === 'blockchain.estimatefee') return Number(first) > 6 ? -1 : 0.00012345
  throw new Error(`no ${method} on ${REGTEST}`)
}

function refusal({ ledger }: ElectrumSetup, { method, params }: Call): object | undefined {
  const [first] = params
  if (method === 'blockchain.transaction.get' && !ledger.find(String(first)))
    return {
      error: {
        code: 2,
        message: `daemon error: DaemonError({'code': -5, 'message': 'No such mempool or blockchain transaction. Use gettransaction for wallet transactions.'})`,
      },
    }
  if (method !== 'blockchain.transaction.broadcast') return undefined
  const taken = ledger.take(String(first))
  if (typeof taken === 'string') return { result: taken }
  const { message } = taken
  return {
    error: { code: 1, message: `the transaction was rejected by network rules.\n\n${message}\n[${first}]` },
  }
}
