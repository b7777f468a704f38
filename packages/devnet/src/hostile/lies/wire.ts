import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import { isJson, verbatim } from '../json.ts'
import type { Answer, BreakWire, Call, Lie } from '../lie.ts'
import { isSaid } from './make.ts'

// Every lie here is about all calls. Another `about` beside it makes it one about some:
// { ...lies.wire.html(), about: (call) => call.method === 'eth_gasPrice' }

const CHUNK = 262_144

/** G9: a body of so many bytes, 100 MB when not given, made as it is read. */
export function oversized(bytes = 100_000_000): Lie {
  return broken('wire.oversized', 'G9', async (out) => {
    out.head(200, { 'content-type': 'application/json' })
    for (const chunk of blanks(bytes)) if (!(await out.write(chunk))) return
    out.end()
  })
}

/** G9: an announced length of so many bytes, of which one comes. HTTP alone; on a socket the byte comes alone. */
export function announced(bytes = 100_000_000_000): Lie {
  return broken('wire.announced', 'G9', async (out) => {
    out.head(200, { 'content-type': 'application/json', 'content-length': String(bytes) })
    await out.write('{')
  })
}

/** G9: a hundred kilobytes that become 100 MB when they are decompressed. On a socket, which has no compression, 100 MB of white space. */
export function bomb(bytes = 100_000_000): Lie {
  return broken('wire.bomb', 'G9', async (out) => {
    out.head(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
    const body = Readable.from(blanks(bytes))
    for await (const chunk of out.transport === 'http' ? body.pipe(createGzip()) : body)
      if (!(await out.write(chunk as Buffer))) return
    out.end()
  })
}

function* blanks(bytes: number): Generator<Buffer> {
  const chunk = Buffer.alloc(CHUNK, 0x20)
  for (let sent = 0; sent < bytes; sent += CHUNK) yield chunk
}

/** G9: white space, a byte at a time, for as long as anybody reads. */
export function drip(everyMs = 20): Lie {
  return broken('wire.drip', 'G9', async (out) => {
    out.head(200, { 'content-type': 'application/json' })
    while (await out.write(' ')) await pause(everyMs, out.gone)
  })
}

/** G9: no answer, on a connection that stays open. The server never hears of it. */
export function silence(): Lie {
  return broken('wire.silence', 'G9', () => {})
}

/** G9: an honest answer, so many milliseconds late. */
export function late(ms: number): Lie {
  return {
    name: 'wire.late',
    attack: 'G9',
    async tell(_, ask) {
      const answer = await ask()
      await pause(ms)
      return { ...answer }
    },
  }
}

/** G9: the connection is cut in the middle of an answer. */
export function brokenOff(): Lie {
  return broken('wire.brokenOff', 'G9', async (out) => {
    out.head(200, { 'content-type': 'application/json', 'content-length': '1000' })
    await out.write('{"jsonrpc":"2.0","id":1,')
    await pause(10)
    out.cut()
  })
}

/** G9: the connection is cut before an answer. The server never hears of it. */
export function cut(): Lie {
  return broken('wire.cut', 'G9', (out) => out.cut())
}

/** G9: a text that is no JSON, under status 200. */
export function notJson(text = '{"jsonrpc":"2.0","result":'): Lie {
  return body('wire.notJson', 'G9', 200, 'application/json', text)
}

/** G9: a web page, under status 200 when not given. */
export function html(status = 200): Lie {
  return body(
    'wire.html',
    'G9',
    status,
    'text/html',
    '<!doctype html><title>Sign in</title><p>Welcome to our hotel.',
  )
}

/** G9: bytes that are no UTF-8. */
export function notUtf8(): Lie {
  return body('wire.notUtf8', 'G9', 200, 'application/json', Uint8Array.of(0x22, 0xff, 0xfe, 0x22))
}

/** G9: another status, 429, 500, 502 and their like. On a socket the connection ends. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): Lie {
  return broken(`wire.status ${code}`, 'G9', (out) => {
    if (out.transport !== 'http') return out.cut()
    out.head(code, { 'content-type': 'text/plain', ...headers })
    out.end()
  })
}

/** G10: a redirect to another place. Let that be a second liar, and its `calls` tell what arrived there, and with which credentials. */
export function redirect(to: string, code = 307): Lie {
  return broken('wire.redirect', 'G10', (out) => {
    if (out.transport !== 'http') return out.cut()
    out.head(code, { location: to })
    out.end()
  })
}

/** G9: so many arrays in one another. */
export function deep(levels = 100_000): Lie {
  return saying('wire.deep', 'G9', () => verbatim('['.repeat(levels) + ']'.repeat(levels)))
}

/** G8: the value with `__proto__` in it, or such an object where it is none. */
export function proto(key: '__proto__' | 'constructor' | 'prototype' = '__proto__'): Lie {
  return saying(`wire.proto ${key}`, 'G8', () => verbatim(`{"${key}":{"admin":true,"toString":1}}`))
}

/** G8: an object that has a key twice. */
export function duplicateKey(): Lie {
  return saying('wire.duplicateKey', 'G8', () => verbatim('{"value":"0x1","value":"0x2"}'))
}

/** G9: a number that a double cannot hold, where anything else stood. */
export function hugeNumber(digits = '9007199254740993'): Lie {
  return saying('wire.hugeNumber', 'G9', () => verbatim(digits))
}

/** Types that a value can be turned into. */
export type WrongType = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object'

const WRONG: Record<WrongType, unknown> = {
  null: null,
  boolean: true,
  number: -1.5,
  string: '',
  array: [],
  object: {},
}

/** G9: something of another type instead of the whole value. */
export function wrongType(type: WrongType): Lie {
  return saying(`wire.wrongType ${type}`, 'G9', () => WRONG[type])
}

/** G9: the honest shape with every value in it of another type, to the bottom. */
export function wrongTypes(type: WrongType): Lie {
  const wrong = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(wrong)
    if (!isJson(value)) return WRONG[type]
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, wrong(member)]))
  }
  return saying(`wire.wrongTypes ${type}`, 'G9', wrong)
}

/** G9: an answer under the id of another call. JSON-RPC alone. */
export function wrongId(id: unknown = 999_999_999): Lie {
  return rpcOnly('wire.wrongId', (answer) => ({ ...answer, envelope: { ...answer.envelope, id } }))
}

/** G9: the answers of a batch from the last to the first. JSON-RPC alone. */
export function outOfOrder(): Lie {
  return rpcOnly('wire.outOfOrder', (answer, call) => ({ ...answer, order: -(call.place ?? 0) }))
}

/** G9: a batch whose answer lacks this call. Alone, it is never answered. */
export function missing(): Lie {
  return { name: 'wire.missing', attack: 'G9', about: isRpc, tell: () => undefined }
}

/** G9: both a result and an error in one answer. JSON-RPC alone. */
export function twoMinds(): Lie {
  const error = { code: -32000, message: 'of two minds' }
  return rpcOnly('wire.twoMinds', (answer) => ({ ...answer, envelope: { ...answer.envelope, error } }))
}

const isRpc = (call: Call): boolean => call.protocol === 'rpc' && !call.pushed

function rpcOnly(name: string, change: (answer: Answer, call: { readonly place?: number }) => Answer): Lie {
  return {
    name,
    attack: 'G9',
    about: isRpc,
    tell: async (call, ask) => change(await ask(), call.protocol === 'rpc' ? call : {}),
  }
}

function broken(name: string, attack: string, breakWire: BreakWire): Lie {
  return { name, attack, tell: () => breakWire }
}

function body(name: string, attack: string, code: number, type: string, bytes: string | Uint8Array): Lie {
  return broken(name, attack, async (out) => {
    out.head(code, { 'content-type': type })
    await out.write(bytes)
    out.end()
  })
}

function saying(name: string, attack: string, say: (value: unknown) => unknown): Lie {
  return {
    name,
    attack,
    async tell(_, ask) {
      const answer = await ask()
      return isSaid(answer) ? { ...answer, value: say(answer.value) } : answer
    },
  }
}

function pause(ms: number, gone?: AbortSignal): Promise<void> {
  return setTimeout(ms, undefined, { ref: false, ...(gone ? { signal: gone } : {}) }).catch(() => {})
}
