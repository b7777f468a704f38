import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { isJson, readLossless, writeLossless } from './json.ts'
import type { Answer, Call, HttpCall, RpcCall, Told } from './lie.ts'
import { type Entry, type Message, readAnswer, readMessage, writeAnswer, writeCall } from './message.ts'
import { httpOut } from './out.ts'
import { isBroken, type Stage } from './stage.ts'
import { credentialsIn, headersFor, pathAndQuery, type Target } from './target.ts'
import { endToEnd, type Reply, type Upstream, type UpstreamRequest } from './upstream.ts'

export interface HttpProxy {
  readonly target: Target
  readonly upstream: Upstream
  readonly stage: Stage
  readonly stopped: AbortSignal
}

/** One request of a client, from the first byte to the last. */
interface Exchange extends HttpProxy {
  readonly request: UpstreamRequest
  readonly response: ServerResponse
  readonly gone: AbortSignal
  /** What the server said, as it came, for answers that nobody touches. */
  readonly replies: Map<Answer, Reply>
}

/**
 * Carries one request. Where no lie has a say the bytes of the answer go through untouched, compressed as they came; a server
 * that cannot be reached shows as a connection that breaks, since a proxy's own words would be a lie of their own.
 */
export async function carry(
  proxy: HttpProxy,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const left = new AbortController()
  response.once('close', () => left.abort())
  const gone = AbortSignal.any([left.signal, proxy.stopped])
  try {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const [path, query] = pathAndQuery(incoming)
    const method = incoming.method ?? 'GET'
    const request = { method, path, query, headers: headersFor(proxy.target, incoming.headersDistinct), body }
    await perform({ ...proxy, request, response, gone, replies: new Map() }, credentialsIn(incoming.headers))
  } catch {
    response.socket?.destroy()
  }
}

async function perform(exchange: Exchange, credentials: readonly string[]): Promise<void> {
  const { stage, request } = exchange
  const { method, path, query, body } = request
  // A browser's own question, which is about no call yet.
  if (method === 'OPTIONS') return pass(exchange)
  const text = body.toString('utf8')
  const message = method === 'POST' ? readMessage(text, { transport: 'http', credentials }) : undefined
  if (message) {
    const calls = message.entries.map(({ call }) => call)
    stage.calls.push(...calls)
    return calls.every(stage.isHonest) ? pass(exchange) : tellRpc(exchange, message)
  }
  const said = body.length === 0 ? undefined : (readLossless(text)?.value ?? text)
  const call: HttpCall = { protocol: 'http', method, path, query, body: said, credentials }
  stage.calls.push(call)
  return stage.isHonest(call) ? pass(exchange) : tellHttp(exchange, call)
}

async function pass({ upstream, request, response, gone }: Exchange): Promise<void> {
  const answer = await upstream.open(request, gone)
  response.writeHead(answer.statusCode ?? 502, endToEnd(answer.rawHeaders))
  await pipeline(answer, response)
}

// ---- REST ----

async function tellHttp(exchange: Exchange, call: HttpCall): Promise<void> {
  const told = await exchange.stage.perform(call, (other) => askHttp(exchange, call, other))
  if (typeof told !== 'object') return breakOrHold(exchange, told)
  const reply = exchange.replies.get(told)
  if (reply) return send(exchange, reply.status, reply.headers, reply.body)
  const { value, status = 200 } = told
  const isBytes = value instanceof Uint8Array
  const type =
    typeof value === 'string' ? 'text/plain' : isBytes ? 'application/octet-stream' : 'application/json'
  const body = isBytes || typeof value === 'string' ? Buffer.from(value) : Buffer.from(writeLossless(value))
  send(exchange, status, headersLike(exchange, type), body)
}

async function askHttp(exchange: Exchange, original: HttpCall, call: Call): Promise<Answer> {
  const { upstream, request, gone, replies } = exchange
  const { method, path, query, body } = call as HttpCall
  const bytes =
    body === original.body
      ? request.body
      : Buffer.from(typeof body === 'string' ? body : body === undefined ? '' : writeLossless(body))
  const reply = await upstream.ask({ method, path, query, headers: request.headers, body: bytes }, gone)
  const isText = /json|text|^$/.test(headerOf(reply, 'content-type'))
  const text = reply.body.toString('utf8')
  const answer = { status: reply.status, value: isText ? (readLossless(text)?.value ?? text) : reply.body }
  replies.set(answer, reply)
  return answer
}

// ---- JSON-RPC ----

/** The server said something that is no answer: it goes to the client as it came. */
class NoAnswer extends Error {
  readonly reply: Reply
  constructor(reply: Reply) {
    super('no answer')
    this.reply = reply
  }
}

async function tellRpc(exchange: Exchange, message: Message): Promise<void> {
  const { stage, replies } = exchange
  try {
    const honest = message.entries.filter(({ call }) => stage.isHonest(call))
    const rest = honest.length > 0 ? askTogether(exchange, honest) : undefined
    const outcomes = await Promise.all(
      message.entries.map(async (entry): Promise<{ entry: Entry; told: Told }> => {
        if (honest.includes(entry)) return { entry, told: (await rest)?.get(entry) }
        return {
          entry,
          told: await stage.perform(entry.call, (call) => askOne(exchange, entry, call as RpcCall)),
        }
      }),
    )
    const broken = outcomes.find(({ told }) => isBroken(told))
    if (broken) return breakOrHold(exchange, broken.told)
    const [only] = outcomes
    const reply = !message.isBatch && only?.told ? replies.get(only.told as Answer) : undefined
    if (reply) return send(exchange, reply.status, reply.headers, reply.body)
    const answers = outcomes
      .flatMap(({ entry, told }, place) => {
        if (typeof told !== 'object' || entry.id === undefined) return []
        return [{ json: writeAnswer(told, entry.id), order: told.order ?? place, status: told.status }]
      })
      .sort((a, b) => a.order - b.order)
    if (!message.isBatch && !answers[0]) return breakOrHold(exchange, undefined)
    const all = answers.map(({ json }) => json)
    const status = answers.find(({ status = 200 }) => status !== 200)?.status ?? 200
    const text = writeLossless(message.isBatch ? all : all[0])
    send(exchange, status, headersLike(exchange, 'application/json'), Buffer.from(text))
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    send(exchange, error.reply.status, error.reply.headers, error.reply.body)
  }
}

async function askOne(exchange: Exchange, entry: Entry, call: RpcCall): Promise<Answer> {
  const { upstream, request, gone, replies } = exchange
  // Alone and unchanged, it goes as it came.
  const isSame = call === entry.call && entry.call.place === undefined
  const body = isSame ? request.body : Buffer.from(writeCall(call, entry))
  const reply = await upstream.ask({ ...request, body }, gone)
  const json = readLossless(reply.body.toString('utf8'))?.value
  if (!isJson(json) || !('result' in json || 'error' in json)) throw new NoAnswer(reply)
  const answer = { ...readAnswer(json), status: reply.status }
  replies.set(answer, reply)
  return answer
}

/** What nobody lies about, in one message, so that the server sees it as it was meant. */
async function askTogether(exchange: Exchange, entries: readonly Entry[]): Promise<Map<Entry, Answer>> {
  const { upstream, request, gone, replies } = exchange
  const body = Buffer.from(writeLossless(entries.map(({ json }) => json)))
  const reply = await upstream.ask({ ...request, body }, gone)
  const list = readLossless(reply.body.toString('utf8'))?.value
  if (!Array.isArray(list)) throw new NoAnswer(reply)
  const byId = new Map(list.filter(isJson).map((json) => [json.id, json]))
  const found = new Map<Entry, Answer>()
  for (const entry of entries) {
    const json = byId.get(entry.id)
    if (!json) continue
    const answer = { ...readAnswer(json), status: reply.status }
    found.set(entry, answer)
    replies.set(answer, reply)
  }
  return found
}

// ---- answers ----

async function breakOrHold({ response, stopped }: Exchange, told: Told): Promise<void> {
  const out = httpOut(response, stopped)
  if (isBroken(told)) await told(out)
}

/** The headers of what the server said, if it was asked: what is said now is of the type `type`. */
function headersLike({ replies }: Exchange, type: string): string[] {
  const [reply] = [...replies.values()]
  if (!reply) return ['content-type', type, 'access-control-allow-origin', '*']
  // Servers differ in how they call JSON and bare numbers.
  if (/json|text\/plain/.test(headerOf(reply, 'content-type'))) return [...reply.headers]
  return [...endToEnd(reply.headers, ['content-type']), 'content-type', type]
}

function headerOf({ headers }: Reply, name: string): string {
  const at = headers.findIndex((one, i) => i % 2 === 0 && one.toLowerCase() === name)
  return at === -1 ? '' : (headers[at + 1] ?? '')
}

function send({ response }: Exchange, status: number, headers: readonly string[], body: Uint8Array): void {
  response.writeHead(status, [...headers, 'content-length', String(body.length)])
  response.end(body)
}
