import type { IncomingMessage, Server } from 'node:http'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { WebSocket, WebSocketServer } from 'ws'
import { tcpOut, webSocketOut } from './out.ts'
import { openSession } from './session.ts'
import type { Stage } from './stage.ts'
import { credentialsIn, headersFor, pathAndQuery, pathAt, type Target } from './target.ts'

export interface SocketProxy {
  readonly target: Target
  readonly stage: Stage
  readonly stopped: AbortSignal
}

const MAX_MESSAGE = 1_000_000_000

/** Takes the WebSockets that come to an HTTP server; the target serves its own at the same address. */
export function carryWebSockets(server: Server, { target, stage, stopped }: SocketProxy): void {
  const sockets = new WebSocketServer({ server, maxPayload: MAX_MESSAGE, perMessageDeflate: false })
  sockets.on('connection', (client: WebSocket, request: IncomingMessage) => {
    const [path, query] = pathAndQuery(request)
    const isTls = target.scheme === 'wss' || target.scheme === 'https'
    const host = target.host.includes(':') ? `[${target.host}]` : target.host
    const url = `${isTls ? 'wss' : 'ws'}://${host}:${target.port}${pathAt(target, path, query)}`
    const protocols = client.protocol === '' ? [] : [client.protocol]
    const headers = headersFor(target, request.headersDistinct)
    const upstream = new WebSocket(url, protocols, {
      maxPayload: MAX_MESSAGE,
      perMessageDeflate: false,
      headers: Object.fromEntries(Object.entries(headers).map(([name, all]) => [name, all.join(', ')])),
    })
    const queue: (Uint8Array | string)[] = []
    upstream.on('open', () => {
      for (const bytes of queue.splice(0)) upstream.send(bytes, { binary: false })
    })
    const session = openSession(
      stage,
      { transport: 'ws', credentials: credentialsIn(request.headers) },
      {
        client: { send: (bytes) => client.send(bytes, { binary: false }, () => {}) },
        server: {
          send(bytes) {
            if (upstream.readyState === WebSocket.CONNECTING) queue.push(bytes)
            else upstream.send(bytes, { binary: false }, () => {})
          },
        },
        out: () => webSocketOut(client, stopped),
      },
    )
    client.on('message', (data: Buffer) => session.fromClient(data))
    upstream.on('message', (data: Buffer) => session.fromServer(data))
    const end = (): void => {
      session.close()
      client.terminate()
      upstream.terminate()
    }
    stopped.addEventListener('abort', end, { once: true })
    for (const socket of [client, upstream]) {
      socket.on('error', end)
      socket.on('close', () => {
        stopped.removeEventListener('abort', end)
        end()
      })
    }
  })
}

/** One connection of TCP: a JSON text a line. */
export function carryTcp(client: Socket, { target, stage, stopped }: SocketProxy): void {
  const { host, port } = target
  const upstream =
    target.scheme === 'ssl'
      ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }) })
      : connectTcp({ host, port })
  const line = (socket: Socket) => ({
    send(bytes: Uint8Array | string) {
      if (!socket.destroyed) socket.write(Buffer.concat([Buffer.from(bytes), Buffer.from('\n')]))
    },
  })
  const session = openSession(
    stage,
    { transport: 'tcp', credentials: [] },
    { client: line(client), server: line(upstream), out: () => tcpOut(client, stopped) },
  )
  client.on('data', lines(session.fromClient))
  upstream.on('data', lines(session.fromServer))
  const end = (): void => {
    session.close()
    client.destroy()
    upstream.destroy()
  }
  stopped.addEventListener('abort', end, { once: true })
  for (const socket of [client, upstream]) {
    socket.setNoDelay(true)
    socket.on('error', end)
    socket.on('close', () => {
      stopped.removeEventListener('abort', end)
      end()
    })
  }
}

function lines(take: (line: Buffer) => void): (chunk: Buffer) => void {
  let parts: Buffer[] = []
  return (chunk) => {
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      take(Buffer.concat([...parts, chunk.subarray(from, end)]))
      parts = []
      from = end + 1
    }
    if (from < chunk.length) parts.push(chunk.subarray(from))
  }
}
