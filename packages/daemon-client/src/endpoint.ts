import { CofferError } from '@coffer/core'

/** A URL taken apart once, so that its secrets travel in one place and errors show another. */
export interface Endpoint {
  /** What to connect to. Without userinfo for HTTP, where `fetch` refuses it. */
  readonly url: string
  /** Scheme, host and port: all that an error may show, since keys live in userinfo, path and query. */
  readonly origin: string
  readonly socket: boolean
  /** The userinfo of an HTTP URL as a Basic `authorization` header (RFC 7617). */
  readonly headers: Readonly<Record<string, string>>
}

const URL_PARTS =
  /^(https?|wss?):\/\/(?:([^\s/?#@\\]*)@)?(\[[0-9a-fA-F:.]+\]|[^\s/?#@:\\[\]]+)(?::([0-9]{1,5}))?([/?][^\s#\\]*)?$/i

/**
 * Reads the URL of a node. Throws `INVALID_REQUEST` without repeating it.
 *
 * Its own reading rather than `URL`, which React Native has in part only; whatever the two could read differently
 * (white space, backslashes, a second `@`, a fragment) is refused.
 */
export function parseEndpoint(url: string, schemes: 'any' | 'http' = 'any'): Endpoint {
  const match = typeof url === 'string' && url.length <= 4_096 ? URL_PARTS.exec(url) : null
  if (!match) throw wrong()
  const [, scheme = '', userinfo, host = '', port, rest = ''] = match
  const socket = /^ws/i.test(scheme)
  if (socket && schemes === 'http') throw wrong('http:// or https://')
  if (port !== undefined && Number(port) > 65_535) throw wrong()
  const origin = `${scheme}://${host}${port === undefined ? '' : `:${port}`}`.toLowerCase()
  if (socket) return { url, origin, socket, headers: {} }
  return { url: origin + rest, origin, socket, headers: userinfo ? basic(userinfo) : {} }
}

function basic(userinfo: string): Record<string, string> {
  let bytes: Uint8Array
  try {
    const [user = '', ...password] = userinfo.split(':')
    bytes = new TextEncoder().encode(`${decodeURIComponent(user)}:${decodeURIComponent(password.join(':'))}`)
  } catch {
    throw wrong()
  }
  return { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` }
}

function wrong(wanted = 'http://, https://, ws:// or wss://'): CofferError {
  return new CofferError({
    code: 'INVALID_REQUEST',
    message: `The URL of this node cannot be used. Write one that begins with ${wanted}, without white space or "#".`,
  })
}
