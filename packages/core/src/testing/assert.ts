import { type ErrorCode, isCofferError } from '../error.ts'

/** What a conformance suite needs of a test runner: vitest, `node:test`, mocha and jest all have it. */
export interface Runner {
  describe(name: string, body: () => void): unknown
  it(name: string, body: () => void | Promise<void>): unknown
}

export function ok(value: unknown, what: string): asserts value {
  if (!value) throw new Error(`Expected: ${what}.`)
}

/** Compares bytes by content and plain values by their JSON form. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [found, wanted] = [show(actual), show(expected)]
  if (found !== wanted) throw new Error(`Expected ${what} to be ${wanted}, found ${found}.`)
}

/** The call throws, or its promise rejects, with a Coffer error of one of these codes. */
export async function refuses(call: () => unknown, ...codes: ErrorCode[]): Promise<void> {
  try {
    await call()
  } catch (error) {
    if (isCofferError(error, ...codes)) return
    throw new Error(`Expected a Coffer error ${codes.join(' or ')}, found ${String(error)}.`)
  }
  throw new Error(`Expected a Coffer error ${codes.join(' or ')}, but nothing was thrown.`)
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${toHex(value)}`
  if (value === undefined) return 'undefined'
  return JSON.stringify(value, (_, inner) => {
    if (inner instanceof Uint8Array) return `bytes ${toHex(inner)}`
    return typeof inner === 'bigint' ? `${inner}n` : inner
  })
}
