import { createServer, type IncomingMessage } from 'node:http'
import { type Listening, listen } from '../http-server.ts'
import { answerApi } from './api.ts'
import type { Chain } from './chain.ts'
import { writeJson } from './json.ts'
import { answerTronGrid } from './trongrid.ts'

const MAX_BODY = 10_000_000

export interface TronAnswer {
  readonly status: number
  /** Undefined for a path that is not there. */
  readonly value: unknown
}

/** A full node, a solidity node and TronGrid behind one address, open to every web page. It keeps no program alive. */
export function serveTron(answer: (request: TronRequest) => Promise<TronAnswer>): Promise<Listening> {
  const server = createServer((request, response) => {
    const send = ({ status, value }: TronAnswer): void => {
      response.writeHead(status, {
        'access-control-allow-origin': '*',
        'access-control-allow-headers': '*',
        'cache-control': 'no-store',
        'content-type': 'application/json',
      })
      response.end(value === undefined ? '' : writeJson(value))
    }
    if (request.method === 'OPTIONS') return send({ status: 204, value: undefined })
    read(request)
      .then(answer)
      .catch((error: Error) => ({ status: 400, value: { Error: error.message } }))
      .then(send)
      .catch(() => response.destroy())
  })
  server.keepAliveTimeout = 60_000
  return listen(server)
}

export interface TronRequest {
  /** Parts of the path without empty ones. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly body: string
}

/** The answer of the chain to one request. Chains are asked one thing at a time. */
export async function answerTron(chain: Chain, { path, query, body }: TronRequest): Promise<TronAnswer> {
  await chain.catchUp()
  if (path[0] === 'v1') return (await answerTronGrid(chain, path, query)) ?? { status: 404, value: undefined }
  const value = await answerApi(chain, path, query, body)
  return value === undefined ? { status: 404, value: undefined } : { status: 200, value }
}

export function requestOf(url: string, body: string): TronRequest {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  return { path: pathname.split('/').filter(Boolean), query: searchParams, body }
}

async function read(request: IncomingMessage): Promise<TronRequest> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > MAX_BODY) throw new Error('The request is too large.')
    chunks.push(chunk as Buffer)
  }
  return requestOf(request.url ?? '/', Buffer.concat(chunks).toString('utf8'))
}
