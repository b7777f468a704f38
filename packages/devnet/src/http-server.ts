import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Server as NetServer, Socket } from 'node:net'

export interface HttpRequest {
  readonly method: string
  /** The parts of the path, decoded, without empty ones. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly body: string
}

export interface HttpAnswer {
  readonly status?: number
  /** A string or bytes go as they are, anything else as JSON. */
  readonly body: unknown
}

export interface Listening {
  /** `127.0.0.1:PORT` */
  readonly host: string
  close(): Promise<void>
}

const MAX_BODY = 10_000_000

/** An HTTP server on 127.0.0.1 and a free port, open to every web page, that keeps no program alive. */
export async function serveHttp(answer: (request: HttpRequest) => Promise<HttpAnswer>): Promise<Listening> {
  const server = createServer((request, response) => {
    const send = ({ status = 200, body }: HttpAnswer): void => {
      const isText = typeof body === 'string'
      const isRaw = isText || body instanceof Uint8Array
      response.writeHead(status, {
        'access-control-allow-origin': '*',
        'access-control-allow-headers': '*',
        'cache-control': 'no-store',
        'content-type': isText ? 'text/plain' : isRaw ? 'application/octet-stream' : 'application/json',
      })
      response.end(isRaw ? body : JSON.stringify(body))
    }
    if (request.method === 'OPTIONS') return send({ status: 204, body: '' })
    read(request)
      .then(
        (read) => answer(read).catch((error: Error) => ({ status: 500, body: error.message })),
        (error: Error) => ({ status: 400, body: error.message }),
      )
      .then(send)
      .catch(() => response.destroy())
  })
  server.keepAliveTimeout = 60_000
  return listen(server)
}

/** Binds a server of any kind to a free port of this machine only. */
export async function listen(server: NetServer): Promise<Listening> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    socket.unref()
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.unref()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

async function read(request: IncomingMessage): Promise<HttpRequest> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > MAX_BODY) throw new Error('The request is too large.')
    chunks.push(chunk as Buffer)
  }
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  return {
    method: request.method ?? 'GET',
    path: pathname
      .split('/')
      .filter((part) => part)
      .map(decodeURIComponent),
    query: searchParams,
    body: Buffer.concat(chunks).toString('utf8'),
  }
}
