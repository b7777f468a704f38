import { CofferError } from '@coffer/core'

/** Where the honest server is. */
export interface Target {
  readonly scheme: 'http' | 'https' | 'ws' | 'wss' | 'tcp' | 'ssl'
  readonly host: string
  readonly port: number
  /** In front of every path; without a slash at its end. */
  readonly base: string
  /** Of the target's own URL, such as a key; goes with every request. */
  readonly query: string
  /** From the user name and password of the URL. */
  readonly authorization: string | undefined
}

const PORTS = { http: 80, https: 443, ws: 80, wss: 443, tcp: 50001, ssl: 50002 }

/** Throws `INVALID_REQUEST`, and does not repeat the URL, which may hold a key. */
export function readTarget(url: string): Target {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const name = parsed?.protocol.slice(0, -1)
  const scheme = name === 'tls' ? 'ssl' : name
  if (!parsed || !scheme || !Object.hasOwn(PORTS, scheme) || parsed.hostname === '')
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'A target begins with http://, https://, ws://, wss://, tcp:// or ssl://, and names a host.',
    })
  const { hostname, port, pathname, search, username, password } = parsed
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return {
    scheme: scheme as Target['scheme'],
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || PORTS[scheme as Target['scheme']],
    base: pathname.replace(/\/+$/, ''),
    query: search,
    authorization: user === ':' ? undefined : `Basic ${Buffer.from(user).toString('base64')}`,
  }
}

/** The path and query of a request at the target. */
export function pathAt({ base, query }: Target, path: string, search: string): string {
  const joined = path === '/' && base !== '' ? base : base + path
  return joined + (search === '' ? query : query === '' ? search : `${search}&${query.slice(1)}`)
}

/** The path and the query with its question mark, as they were written: `URL` would tidy them up. */
export function pathAndQuery({ url = '/' }: { readonly url?: string | undefined }): [string, string] {
  const at = url.indexOf('?')
  return at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at)]
}

/** Headers that belong to one connection and not to the message (RFC 9110, 7.6.1), and those that are written anew. */
const OWN = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['host', 'content-length', 'expect'],
])

/** The headers of a client as they go to the target. */
export function headersFor(
  { authorization }: Target,
  headers: NodeJS.Dict<string[]>,
): Record<string, string[]> {
  const kept = Object.entries(headers).filter(([name]) => !OWN.has(name) && !name.startsWith('sec-websocket'))
  const all = Object.fromEntries(kept) as Record<string, string[]>
  return authorization === undefined ? all : { authorization: [authorization], ...all }
}

/** Names of the headers that hold secrets. */
export function credentialsIn(headers: NodeJS.Dict<string | string[]>): string[] {
  return Object.keys(headers).filter(
    (name) => /auth|cookie|token|secret|password|(^|-)key$/i.test(name) && !name.startsWith('sec-websocket'),
  )
}
