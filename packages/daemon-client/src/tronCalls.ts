import { CofferError, type TronCall } from '@coffer/core'

/** A call as it travels. Equal calls give equal texts. */
export interface TronWireCall {
  readonly path: string
  readonly body: string
}

/** Broadcasts change the chain. Whatever else java-tron serves answers a question, or builds and changes nothing. */
export function isTronWrite({ path }: { readonly path: string }): boolean {
  return path.startsWith('wallet/broadcast')
}

/** True for what the newest block that is final answers. */
export function isSolid({ path }: { readonly path: string }): boolean {
  return path.startsWith('walletsolidity/')
}

/** Throws `INVALID_REQUEST` for a path that is none of the API's, and for a body without an exact JSON form. */
export function encodeTronCall({ path, body = {} }: TronCall): TronWireCall {
  if (typeof path !== 'string' || !/^wallet(?:solidity)?\/[a-zA-Z][a-zA-Z0-9]{0,99}$/.test(path))
    throw wrong('has no path such as "wallet/getaccount"')
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw wrong(`(${path}) has no object as its body`)
  return { path, body: write(body, path, 0) }
}

const MAX_DEPTH = 32

/** JSON whose bigints are integers: java-tron reads a string of digits for some fields only. */
function write(value: unknown, path: string, depth: number): string {
  if (depth > MAX_DEPTH) throw wrong(`(${path}) has a body that nests too deep`)
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return String(value)
    throw wrong(`(${path}) has a number that is no exact integer; use a bigint`)
  }
  if (Array.isArray(value)) return `[${value.map((item) => write(item, path, depth + 1)).join(',')}]`
  if (typeof value !== 'object' || ArrayBuffer.isView(value) || value instanceof Map || value instanceof Set)
    throw wrong(`(${path}) has a value without a JSON form; write bytes as hexadecimal strings`)
  const members = Object.entries(value).flatMap(([key, member]) =>
    member === undefined ? [] : `${JSON.stringify(key)}:${write(member, path, depth + 1)}`,
  )
  return `{${members.join(',')}}`
}

function wrong(what: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message: `A call of this request ${what}.` })
}
