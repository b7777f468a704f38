import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { WebSocketServer } from 'ws'
import type { BitcoinBackend } from './bitcoin-backend.ts'
import { createElectrumSession, type ElectrumSession } from './electrum-session.ts'
import { type Listening, listen } from './http-server.ts'

/** The longest message that is read, in bytes: a block's worth of one transaction in hexadecimal. */
const MAX_MESSAGE = 8_500_000

/** Electrum's protocol over TCP: one JSON text a line. */
export async function serveElectrumTcp(backend: BitcoinBackend): Promise<Listening> {
  const server = createServer((socket) => {
    socket.setNoDelay(true)
    const session = createElectrumSession(backend, {
      send: (text) => void socket.write(`${text}\n`),
      end: () => void socket.end(),
    })
    let parts: Buffer[] = []
    let size = 0
    socket.on('data', (chunk: Buffer) => {
      for (let rest = chunk; rest.length > 0; ) {
        const end = rest.indexOf(0x0a)
        const part = end < 0 ? rest : rest.subarray(0, end)
        parts.push(part)
        size += part.length
        if (size > MAX_MESSAGE) return void socket.destroy()
        if (end < 0) return
        receive(session, Buffer.concat(parts).toString('utf8'))
        parts = []
        size = 0
        rest = rest.subarray(end + 1)
      }
    })
    socket.on('error', () => {}) // The other side may vanish as it likes.
    socket.on('close', session.close)
  })
  return listen(server)
}

/** Electrum's protocol over WebSocket: one JSON text a message; those of clients may hold several lines. */
export async function serveElectrumWs(backend: BitcoinBackend): Promise<Listening> {
  const server = createHttpServer((_, response) => response.writeHead(426).end())
  const sockets = new WebSocketServer({ server, maxPayload: MAX_MESSAGE })
  sockets.on('connection', (socket) => {
    const session = createElectrumSession(backend, {
      send: (text) => socket.send(text),
      end: () => socket.close(),
    })
    socket.on('message', (data: Buffer) => {
      for (const line of data.toString('utf8').split('\n')) receive(session, line)
    })
    socket.on('error', () => {})
    socket.on('close', session.close)
  })
  return listen(server)
}

function receive(session: ElectrumSession, line: string): void {
  if (line.trim()) session.receive(line).catch(() => {}) // The other side has gone; nobody waits for the answer.
}
