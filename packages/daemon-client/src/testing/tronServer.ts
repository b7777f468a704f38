import type { ServerResponse } from 'node:http'
import type { ChainId } from '@coffer/core'
import { type Handler, sendJson, startServer, type TestServer } from './server.ts'

export const TRON_DEVNET: ChainId = 'tron:0xc0ffe001'
export const TRON_MAINNET: ChainId = 'tron:0x2b6653dc'

/** A row of TronGrid, as it writes them, in either of its lists. */
export type GridJson = Readonly<Record<string, unknown>> & { readonly block_timestamp: number }

export interface TronSetup {
  /** How many blocks there are, the first included; a test may raise it. */
  height?: number
  /** Sees each request first; answers it by returning true. */
  before?:
    | ((
        path: string,
        response: ServerResponse,
        body: Readonly<Record<string, unknown>>,
      ) => boolean | undefined)
    | undefined
  /** What TronGrid's two lists hold, in any order. */
  coins?: readonly GridJson[]
  tokens?: readonly GridJson[]
  /** Rows of one moment come in another order each time. */
  shuffles?: boolean
  /** Takes "max" for "below". */
  excludesMax?: boolean
  /** Pays no heed to `max_timestamp`. */
  ignoresMax?: boolean
}

export interface TronServer extends TestServer {
  /** Paths of the requests so far, without the slash, and forgets them. */
  paths(): string[]
}

/** A node and TronGrid in this process; `setup` is read anew at each request. */
export async function startTron(setup: TronSetup = {}): Promise<TronServer> {
  const server = await startServer(tronHandler(setup))
  let read = 0
  return {
    ...server,
    paths: () => {
      const paths = server.requests.slice(read).map(({ url = '' }) => url.slice(1))
      read = server.requests.length
      return paths
    },
  }
}

export function blockId(height: number): string {
  const number = height.toString(16).padStart(16, '0')
  return number + (height === 0 ? `${'9f'.repeat(20)}c0ffe001` : `${'ab'.repeat(20)}00000000`)
}

function block(height: number): object {
  const number = height === 0 ? {} : { number: height }
  return { blockID: blockId(height), block_header: { raw_data: { ...number, timestamp: height * 3_000 } } }
}

function tronHandler(setup: TronSetup): Handler {
  return (request, response, text) => {
    const [path = '', search = ''] = (request.url ?? '').slice(1).split('?')
    const body = text === '' ? {} : JSON.parse(text)
    if (setup.before?.(path, response, body)) return
    const { height = 3 } = setup
    const [, api, name] = /^(wallet|walletsolidity)\/(\w+)$/.exec(path) ?? []
    if (path.startsWith('v1/accounts/'))
      return sendJson(response, gridPage(setup, path, new URLSearchParams(search)))
    const newest = api === 'walletsolidity' ? Math.max(0, height - 2) : height - 1
    switch (name) {
      case 'getnowblock':
      case 'getblock':
        return sendJson(response, block(newest))
      case 'getblockbynum':
        return sendJson(response, body.num <= newest ? block(body.num) : {})
      case 'getaccount':
        if (/^(?:41[0-9a-f]{40}|T\w{33})$/.test(body.address)) return sendJson(response, {})
        return sendJson(response, {
          Error: 'class org.tron.core.services.http.JsonFormat$ParseException : invalid address',
        })
      case 'getassetissuebyid':
        response.writeHead(200, { 'content-type': 'application/json' })
        return void response.end('{"id":"1000001","total_supply":9223372036854775807}')
      case 'gettransactionbyid':
      case 'gettransactioninfobyid':
        return sendJson(response, {})
      case 'broadcasthex':
        return sendJson(response, {
          result: false,
          code: 'TRANSACTION_EXPIRATION_ERROR',
          message: 'Transaction expired',
          transaction: '{}',
          txid: 'ef'.repeat(32),
        })
      default:
        response.writeHead(404, { 'content-type': 'text/html' })
        return void response.end('<html><h2>HTTP ERROR 404 Not Found</h2></html>')
    }
  }
}

/** Fingerprints stand for the last row of a page. */
function gridPage(setup: TronSetup, path: string, query: URLSearchParams): object {
  const list = (path.endsWith('/trc20') ? setup.tokens : setup.coins) ?? []
  const max = query.get('max_timestamp')
  const fits = ({ block_timestamp: at }: GridJson): boolean =>
    max === null || setup.ignoresMax === true || (setup.excludesMax ? at < Number(max) : at <= Number(max))
  const order = new Map(
    list.map((row) => [row, setup.shuffles && !query.has('fingerprint') ? Math.random() : 0]),
  )
  const rows = list
    .filter(fits)
    .sort((a, b) => b.block_timestamp - a.block_timestamp || (order.get(a) ?? 0) - (order.get(b) ?? 0))
  const after = query.get('fingerprint')
  const from = after === null ? 0 : rows.findIndex((row) => fingerprintOf(list, row) === after) + 1
  const limit = Number(query.get('limit') ?? 20)
  const data = rows.slice(from, from + limit)
  const last = data.at(-1)
  const more = last && from + limit < rows.length ? { fingerprint: fingerprintOf(list, last) } : {}
  return { data, success: true, meta: { at: 1_700_000_000_000, page_size: data.length, ...more } }
}

function fingerprintOf(list: readonly GridJson[], row: GridJson): string {
  return `print+${list.indexOf(row)}/=`
}
