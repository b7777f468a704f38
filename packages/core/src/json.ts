import { CofferError } from './error.ts'

/** Where a number begins and ends in a text. */
export type Span = readonly [start: number, end: number]

export interface ParseJsonOptions {
  /** The longest text that is read, counted in UTF-8 bytes; 10,000,000 when not given. */
  readonly maxBytes?: number | undefined
  /** How deep arrays and objects may nest; 64 when not given. */
  readonly maxDepth?: number | undefined
  /**
   * What becomes of numbers that a JS number cannot hold: integers beyond ±(2^53 − 1), or ones that overflow. Refused when
   * not given; {@link bigNumbersAsStrings} keeps each as the string that was written.
   */
  readonly bigNumbers?: ((text: string, spans: readonly Span[]) => string) | undefined
}

/**
 * Reads JSON that comes from outside: a server, a file, a QR code. Stricter than `JSON.parse` in five ways, all refused
 * with `INVALID_JSON`: a key twice in one object; the keys `__proto__`, `constructor` and `prototype`; nesting beyond
 * `maxDepth`; text beyond `maxBytes`; integers that would lose digits. Fractions become JS numbers, as ever.
 *
 * The error says why in `details.reason` (`size`, `depth`, `number`, `syntax`, `key` or `duplicate`) and never repeats
 * the text, which may hold a secret.
 *
 * @example
 * parseJson('{"a":1}')                                   // { a: 1 }
 * parseJson('{"a":1,"a":2}')                             // throws INVALID_JSON
 * parseJson('[9007199254740993]', { bigNumbers: bigNumbersAsStrings }) // ['9007199254740993']
 */
export function parseJson(text: string, options: ParseJsonOptions = {}): unknown {
  const { maxBytes = 10_000_000, maxDepth = 64, bigNumbers } = options
  if (typeof text !== 'string') throw wrong('syntax', 'it is not a text')
  if (longerThan(text, maxBytes)) throw wrong('size', `it has more than ${maxBytes} bytes`)
  const { members, big } = scan(text, maxDepth)
  if (big.length > 0 && !bigNumbers) throw wrong('number', 'it has a number that cannot be held exactly')
  let value: unknown
  try {
    value = JSON.parse(big.length > 0 && bigNumbers ? bigNumbers(text, big) : text)
  } catch {
    // Without the cause: the platform's message quotes the text.
    throw wrong('syntax', 'its syntax is wrong')
  }
  // Of two equal keys JSON.parse keeps the last, so fewer members than colons means that one was written twice.
  if (countMembers(value) !== members) throw wrong('duplicate', 'an object has the same key twice')
  return value
}

/**
 * Writes plain data as JSON: keys in code-unit order, no white space, bigints as decimal strings; members that are
 * `undefined` are left out and `toJSON` is honoured. Equal values give equal texts. Whatever `parseJson` would refuse or
 * JSON cannot hold (NaN, integers beyond 2^53, functions, bytes, cycles) is refused with `INVALID_JSON`.
 *
 * @example
 * writeJson({ b: 10n, a: [null, 'x'] }) // '{"a":[null,"x"],"b":"10"}'
 */
export function writeJson(value: unknown): string {
  return write(value, 0)
}

const MAX_WRITE_DEPTH = 64
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value)
    case 'bigint':
      return `"${value}"`
    case 'number':
      if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
        throw wrong('number', 'it has a number that cannot be held exactly; use a bigint')
      return JSON.stringify(value)
    case 'object':
      break
    default:
      throw wrong('syntax', `it holds a value of type ${typeof value}`)
  }
  if (value === null) return 'null'
  if (depth >= MAX_WRITE_DEPTH)
    throw wrong('depth', `it nests deeper than ${MAX_WRITE_DEPTH}, or in a circle`)
  if (Array.isArray(value)) return `[${Array.from(value, (item) => write(item, depth + 1)).join(',')}]`
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') return write(toJSON.call(value), depth + 1)
  if (ArrayBuffer.isView(value) || value instanceof Map || value instanceof Set)
    throw wrong('syntax', 'it holds bytes or a collection; write them as a string or an array')
  const members: string[] = []
  for (const key of Object.keys(value).sort()) {
    refuseKey(key)
    const member = (value as Record<string, unknown>)[key]
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${write(member, depth + 1)}`)
  }
  return `{${members.join(',')}}`
}

/** What JSON.parse does not tell: the depth, the number of members, and where numbers stand that it would round. */
function scan(text: string, maxDepth: number): { members: number; big: Span[] } {
  const big: Span[] = []
  const length = text.length
  let members = 0
  let depth = 0
  let at = 0
  while (at < length) {
    const code = text.charCodeAt(at)
    if (code === 34) {
      at = endOfString(text, at + 1)
    } else if (code === 58) {
      members++
      at++
    } else if (code === 123 || code === 91) {
      if (++depth > maxDepth) throw wrong('depth', `it nests deeper than ${maxDepth}`)
      at++
    } else if (code === 125 || code === 93) {
      depth--
      at++
    } else if (code >= 48 && code <= 57) {
      const start = at
      at = endOfNumber(text, at + 1)
      // Fifteen characters without an exponent always fit.
      if (at - start > 15 || hasExponent(text, start, at)) {
        const value = Number(text.slice(start, at))
        if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
          big.push([start > 0 && text.charCodeAt(start - 1) === 45 ? start - 1 : start, at])
      }
    } else {
      at++
    }
  }
  return { members, big }
}

/** The place after the closing quote. */
function endOfString(text: string, from: number): number {
  let at = from
  for (;;) {
    const quoteAt = text.indexOf('"', at)
    if (quoteAt === -1) return text.length
    let slashes = quoteAt
    while (slashes > from && text.charCodeAt(slashes - 1) === 92) slashes--
    at = quoteAt + 1
    if (((quoteAt - slashes) & 1) === 0) return at
  }
}

function endOfNumber(text: string, from: number): number {
  let at = from
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    // digits . + - e E
    if (
      !(
        (code >= 48 && code <= 57) ||
        code === 46 ||
        code === 43 ||
        code === 45 ||
        code === 101 ||
        code === 69
      )
    )
      break
  }
  return at
}

function hasExponent(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((text.charCodeAt(at) | 32) === 101) return true
  return false
}

/** Quotes each number that would lose digits. For {@link ParseJsonOptions.bigNumbers}. */
export function bigNumbersAsStrings(text: string, spans: readonly Span[]): string {
  const parts: string[] = []
  let at = 0
  for (const [start, end] of spans) {
    const token = text.slice(start, end)
    // What is no JSON number, or stands where a key must stand, must stay wrong.
    if (!NUMBER.test(token) || isBeforeColon(text, end)) throw wrong('syntax', 'its syntax is wrong')
    parts.push(text.slice(at, start), '"', token, '"')
    at = end
  }
  parts.push(text.slice(at))
  return parts.join('')
}

function isBeforeColon(text: string, from: number): boolean {
  let at = from
  while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at++
  return text.charAt(at) === ':'
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && item !== null) count += countMembers(item)
    return count
  }
  const keys = Object.keys(value)
  count = keys.length
  for (const key of keys) {
    refuseKey(key)
    const member = (value as Record<string, unknown>)[key]
    if (typeof member === 'object' && member !== null) count += countMembers(member)
  }
  return count
}

function refuseKey(key: string): void {
  if (key === '__proto__' || key === 'constructor' || key === 'prototype')
    throw wrong('key', `it has the key "${key}"`)
}

function longerThan(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return true
  // A UTF-16 unit takes at most three bytes.
  if (text.length * 3 <= maxBytes) return false
  return new TextEncoder().encode(text).length > maxBytes
}

type Reason = 'size' | 'depth' | 'number' | 'syntax' | 'key' | 'duplicate'

function wrong(reason: Reason, why: string): CofferError {
  return new CofferError({
    code: 'INVALID_JSON',
    message: `This JSON is refused: ${why}.`,
    details: { reason },
  })
}
