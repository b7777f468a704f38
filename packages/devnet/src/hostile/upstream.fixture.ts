import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { listen } from '../http-server.ts'
import { type Liar, startHostile } from './start.ts'

export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

type Handler = (seen: Seen, response: ServerResponse) => void

/** A server with a liar in front of it. */
export async function behindLiar(
  handler: Handler,
  urlOf: (host: string) => string = (host) => `http://${host}`,
): Promise<{ liar: Liar; seen: Seen[]; url: string; direct: string }> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() }
      seen.push(one)
      handler(one, response)
    })
  })
  const listening = await listen(server)
  const liar = await startHostile(urlOf(listening.host))
  onTestFinished(async () => {
    await liar.stop()
    await listening.close()
  })
  return { liar, seen, url: liar.url, direct: `http://${listening.host}` }
}

/** Answers JSON-RPC by method; each answer is JSON as text, so that digits stay as they are written. */
export function rpcHandler(values: Readonly<Record<string, string>>): Handler {
  return ({ body }, response) => {
    const said = answerTo(values, body)
    response.writeHead(200, { 'content-type': 'application/json', 'x-served-by': 'fake' })
    response.end(said)
  }
}

export function answerTo(values: Readonly<Record<string, string>>, text: string): string {
  const asked = JSON.parse(text) as { id: number; method: string } | { id: number; method: string }[]
  const one = ({ id, method }: { id: number; method: string }): string => {
    const value = values[method]
    return value === undefined
      ? `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"no ${method}"}}`
      : `{"jsonrpc":"2.0","id":${id},"result":${value}}`
  }
  return Array.isArray(asked) ? `[${asked.map(one).join(',\n ')}]` : one(asked)
}

/** A server of REST: bodies by path. */
export function restHandler(bodies: Readonly<Record<string, string>>): Handler {
  return ({ url }, response) => {
    const body = bodies[url]
    response.writeHead(body === undefined ? 404 : 200, {
      'content-type': body && /^[[{]/.test(body) ? 'application/json' : 'text/plain',
    })
    response.end(body ?? 'not found')
  }
}

/** Lines over TCP. */
export async function tcpBehindLiar(
  onLine: (line: string, socket: Socket) => void,
): Promise<{ liar: Liar; open: () => number }> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    let rest = ''
    socket.on('data', (chunk: Buffer) => {
      rest += chunk
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line, socket)
    })
  })
  const listening = await listen(server)
  const liar = await startHostile(`tcp://${listening.host}`)
  onTestFinished(async () => {
    await liar.stop()
    await listening.close()
  })
  return { liar, open: () => sockets.size }
}

/** Messages over a WebSocket. */
export async function wsBehindLiar(
  onMessage: (text: string, send: (text: string) => void) => void,
): Promise<{ liar: Liar; open: () => number }> {
  const server = createServer()
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => onMessage(data.toString(), (text) => socket.send(text)))
  })
  const listening = await listen(server)
  const liar = await startHostile(`ws://${listening.host}/path`)
  onTestFinished(async () => {
    await liar.stop()
    await listening.close()
  })
  return { liar, open: () => sockets.clients.size }
}

export async function post(url: string, body: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  })
  return response.text()
}

export function call(method: string, params: readonly unknown[] = [], id = 1): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params })
}
