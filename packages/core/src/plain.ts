import { CofferError } from './error.ts'
import { parseJson } from './json.ts'
import { jsonable } from './jsonable.ts'

/** Freezes `value` through and through, and gives it a hidden `toJSON` that writes `json` with bigints as strings. */
export function withJson<T extends object>(value: T, json: object): T {
  return deepFreeze(hide(value, 'toJSON', () => jsonable(json)))
}

/** Gives an object a property that is copied by no spread and written by no JSON. */
export function hide<T extends object>(value: T, name: string | symbol, hidden: unknown): T {
  return Object.defineProperty(value, name, { value: hidden })
}

/** A JSON text, parsed strictly; a value that was parsed already goes through the same gate. */
export function readJson(json: unknown): unknown {
  if (typeof json === 'string') return parseJson(json)
  let text: string | undefined
  try {
    text = JSON.stringify(json)
  } catch (cause) {
    throw new CofferError({ code: 'INVALID_JSON', message: 'This value has no JSON form.', cause })
  }
  if (text === undefined)
    throw new CofferError({ code: 'INVALID_JSON', message: 'This value has no JSON form.' })
  return parseJson(text)
}

/** An object with exactly `keys`, and perhaps some of `optional`. */
export function jsonObject<K extends string, O extends string = never>(
  json: unknown,
  keys: readonly K[],
  wrong: (hint: string) => CofferError,
  optional: readonly O[] = [],
): Record<K | O, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw wrong('It must be an object.')
  const found = Object.keys(json)
  const missing = keys.find((key) => !found.includes(key))
  if (missing) throw wrong(`"${missing}" is missing.`)
  const extra = found.find((key) => ![...keys, ...optional].includes(key as K))
  if (extra) throw wrong(`It has an unknown field ${JSON.stringify(extra.slice(0, 40))}.`)
  return json as Record<K | O, unknown>
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}

/** A deep copy of plain data, each field read once: what was checked is what is used, whatever the caller does meanwhile. */
export function copyPlain<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  // By the platform's own methods: those of the value may be somebody's.
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, i) => copyPlain(value[i])) as T
  if (value instanceof Uint8Array) return Uint8Array.from({ length: value.length }, (_, i) => value[i]!) as T
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyPlain(inner)])) as T
}
