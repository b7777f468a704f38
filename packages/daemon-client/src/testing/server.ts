import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RpcCall, RpcResult } from '@coffer/core'

export interface TestServer {
  readonly url: string
  /** Parsed bodies of JSON, paths of all others, in order. */
  readonly seen: unknown[]
  readonly requests: IncomingMessage[]
  close(): Promise<void>
}

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void

/** An HTTP server in this process; `handler` may misbehave as it likes. */
export async function startServer(handler: Handler): Promise<TestServer> {
  const seen: unknown[] = []
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      requests.push(request)
      const isJson = request.headers['content-type'] === 'application/json'
      seen.push(isJson ? JSON.parse(body) : request.url)
      handler(request, response, body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    requests,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export type Answer = (call: RpcCall & { id: number }) => RpcResult | undefined

/** Answers like a node of `chainId`; `answer` may say otherwise for a call. */
export function node(chainId: number, answer: Answer = () => undefined): Handler {
  return (_request, response, body) => sendJson(response, answers(JSON.parse(body), chainId, answer))
}

export function answers(json: unknown, chainId: number, answer: Answer = () => undefined): unknown {
  const one = (call: RpcCall & { id: number }): object => {
    const result = answer(call) ?? { ok: true, value: defaultValue(call, chainId) }
    return {
      jsonrpc: '2.0',
      id: call.id,
      ...(result.ok ? { result: result.value } : { error: result.error }),
    }
  }
  return Array.isArray(json) ? json.map(one) : one(json as RpcCall & { id: number })
}

export function sendJson(response: ServerResponse, json: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
}

function defaultValue({ method, params }: RpcCall, chainId: number): unknown {
  if (method === 'eth_chainId') return `0x${chainId.toString(16)}`
  if (method === 'eth_getBlockByNumber') return block(1)
  return `${method}(${params.join()})`
}

export function block(height: number, fork = 0): { number: string; hash: string } {
  return {
    number: `0x${height.toString(16)}`,
    hash: `0x${(height * 16 + fork).toString(16).padStart(64, '0')}`,
  }
}

/** Methods of one message that a server saw. */
export function methodsOf(message: unknown): string[] {
  return (Array.isArray(message) ? message : [message]).map((call: { method: string }) => call.method)
}
