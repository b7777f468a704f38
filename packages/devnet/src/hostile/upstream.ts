import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { brotliDecompressSync, unzipSync } from 'node:zlib'
import { pathAt, type Target } from './target.ts'

/** The honest server, over HTTP. */
export interface Upstream {
  /** Begins a request; its body may still be on the way when this returns. */
  open(request: UpstreamRequest, signal: AbortSignal): Promise<IncomingMessage>
  /** The whole answer, decompressed. */
  ask(request: UpstreamRequest, signal: AbortSignal): Promise<Reply>
  close(): void
}

export interface UpstreamRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string[]>>
  readonly body: Buffer
}

/** An answer as it came. */
export interface Reply {
  readonly status: number
  /** Flat: name, value, name, value. */
  readonly headers: readonly string[]
  readonly body: Buffer
}

export function openUpstream(target: Target): Upstream {
  const { host, port, scheme } = target
  const isTls = scheme === 'https' || scheme === 'wss'
  const agent = isTls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })

  const open: Upstream['open'] = ({ method, path, query, headers, body }, signal) =>
    new Promise((resolve, reject) => {
      const request = (isTls ? httpsRequest : httpRequest)({
        ...{ host, port, agent, method, signal },
        path: pathAt(target, path, query),
        headers: {
          ...headers,
          ...(body.length > 0 || method === 'POST' ? { 'content-length': body.length } : {}),
        },
      })
      request.once('response', resolve)
      request.once('error', reject)
      request.end(body)
    })

  return {
    open,
    async ask(asked, signal) {
      const { 'accept-encoding': _, ...headers } = asked.headers
      const response = await open(
        { ...asked, headers: { ...headers, 'accept-encoding': ['identity'] } },
        signal,
      )
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      const encoding = response.headers['content-encoding'] ?? 'identity'
      const body = decoded(Buffer.concat(chunks), encoding)
      return { status: response.statusCode ?? 0, headers: endToEnd(response.rawHeaders, ENCODED), body }
    },
    close: () => agent.destroy(),
  }
}

const HOP = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'trailer', 'upgrade']
const ENCODED = ['content-encoding', 'content-length']

/** The headers of an answer that are the client's too. */
export function endToEnd(rawHeaders: readonly string[], without: readonly string[] = []): string[] {
  const dropped = new Set([...HOP, ...without])
  const kept: string[] = []
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (!dropped.has((rawHeaders[at] ?? '').toLowerCase())) kept.push(rawHeaders[at]!, rawHeaders[at + 1]!)
  return kept
}

function decoded(bytes: Buffer, encoding: string): Buffer {
  if (encoding === 'br') return brotliDecompressSync(bytes)
  return encoding === 'identity' ? bytes : unzipSync(bytes)
}
