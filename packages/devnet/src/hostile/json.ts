import { parseJson, type Span } from '@coffer/core'

const MARK = '\ue000int:'

/**
 * Reads JSON without loss: integers beyond 2^53 become bigints. `undefined` for what is no JSON, and for JSON that a lie
 * cannot change and leave the rest as it was: the same key twice, `__proto__`.
 */
export function readLossless(text: string): { readonly value: unknown } | undefined {
  if (text.includes(MARK)) return undefined
  try {
    const value = parseJson(text, { maxBytes: 1_000_000_000, maxDepth: 1_000, bigNumbers: marked })
    return { value: text.length > 15 ? revive(value) : value }
  } catch {
    return undefined
  }
}

/** JSON that is written as it stands, wherever it is in a value: `verbatim('{"a":1,"a":2}')`. */
export interface Verbatim {
  readonly [VERBATIM]: string
}

const VERBATIM: unique symbol = Symbol('verbatim')

/** Stands for JSON that no value can be: the same key twice, `__proto__`, numbers of any length. Nothing checks it. */
export function verbatim(text: string): Verbatim {
  return { [VERBATIM]: text }
}

/** The other way round: bigints as integers. Key order stays. */
export function writeLossless(value: unknown): string {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return `[${value.map((item) => writeLossless(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (VERBATIM in value) return (value as Verbatim)[VERBATIM]
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${writeLossless(member)}`).join(',')}}`
}

export type Json = Record<string, unknown>

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Bare integers of digits alone get a mark; `1e400` and its like stay wrong, as they cannot be held. */
function marked(text: string, spans: readonly Span[]): string {
  const parts: string[] = []
  let at = 0
  for (const [start, end] of spans) {
    const token = text.slice(start, end)
    if (!/^-?[0-9]+$/.test(token)) throw new Error('no integer')
    parts.push(text.slice(at, start), `"${MARK}${token}"`)
    at = end
  }
  return parts.join('') + text.slice(at)
}

function revive(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value
  if (Array.isArray(value)) return value.map(revive)
  if (!isJson(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, revive(member)]))
}
