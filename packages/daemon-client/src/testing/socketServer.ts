import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

export interface SocketServer {
  readonly url: string
  readonly seen: unknown[]
  /** Connections that were ever made. */
  readonly sockets: WebSocket[]
  close(): Promise<void>
}

/** A WebSocket server in this process; `handler` gets each message parsed. */
export async function startSocketServer(
  handler: (socket: WebSocket, message: unknown) => void,
  refuse?: () => number | undefined,
): Promise<SocketServer> {
  const seen: unknown[] = []
  const sockets: WebSocket[] = []
  const http = createServer()
  const server = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, socket, head) => {
    const status = refuse?.()
    if (status !== undefined) return void socket.end(`HTTP/1.1 ${status} no\r\nContent-Length: 0\r\n\r\n`)
    server.handleUpgrade(request, socket, head, (connection) => {
      sockets.push(connection)
      connection.on('error', () => {})
      connection.on('message', (data) => {
        const message = JSON.parse(String(data))
        seen.push(message)
        handler(connection, message)
      })
    })
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    seen,
    sockets,
    close: async () => {
      for (const socket of sockets) socket.terminate()
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  }
}
