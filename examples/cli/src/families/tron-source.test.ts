import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TronSource } from '@coffer/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { NodeText } from './family.ts'
import { tronSource } from './tron-source.ts'

/** Two servers that note what they were asked, and answer nothing of use. */
const seen: {
  readonly port: number
  readonly path: string
  readonly key: unknown
  readonly authorization: unknown
}[] = []
let servers: Server[] = []
let urls: string[] = []

function note({ url = '', headers, socket }: IncomingMessage): void {
  const { 'tron-pro-api-key': key, authorization } = headers
  seen.push({ port: socket.localPort ?? 0, path: url, key, authorization })
}

beforeAll(async () => {
  servers = [0, 1].map(() =>
    createServer((request, response) => {
      note(request)
      request.resume()
      response.end(`{"blockID":"${'0'.repeat(56)}c0ffe001","data":[],"success":true}`)
    }),
  )
  urls = await Promise.all(
    servers.map(
      (server) =>
        new Promise<string>((resolve) => {
          server.listen(0, '127.0.0.1', () =>
            resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
          )
        }),
    ),
  )
})

afterAll(() => servers.map((server) => server.close()))

/** What a URL and a configuration lead to: for each request its server, path and key. */
async function asked(node: NodeText): Promise<readonly string[]> {
  const source = tronSource(node)('tron:0xc0ffe001') as TronSource
  seen.length = 0
  try {
    await source.request([{ path: 'wallet/getaccount' }, { path: 'walletsolidity/getaccount' }])
    await source.transfers?.({
      address: 'TUoHaVjx7n5xz8LwPRDckgFrDWhMhuSuJM',
      coin: 'tron:0xc0ffe001/slip44:1',
      limit: 1,
    })
  } finally {
    source.close?.()
  }
  return seen
    .map(({ port, path, key, authorization }) => {
      expect(authorization).toBe(undefined)
      return `${urls.findIndex((url) => url.endsWith(`:${port}`))} ${path.replace(/\?.*/, '')} ${String(key)}`
    })
    .filter((line) => !line.includes('getblock'))
    .sort()
}

const history = (server: number, key: string): string[] =>
  ['', '/trc20'].map(
    (list) => `${server} /v1/accounts/TUoHaVjx7n5xz8LwPRDckgFrDWhMhuSuJM/transactions${list} ${key}`,
  )

it('takes a plain URL for a node of both trees, which keeps no history', async () => {
  expect(await asked({ url: urls[0]!, from: 'argument' })).toEqual([
    '0 /wallet/getaccount undefined',
    '0 /walletsolidity/getaccount undefined',
  ])
})

it('takes what stands after # for the node of final blocks', async () => {
  expect(await asked({ url: `${urls[0]}#${urls[1]}`, from: 'argument' })).toEqual([
    '0 /wallet/getaccount undefined',
    '1 /walletsolidity/getaccount undefined',
  ])
})

it('takes trongrid+ for a server with histories, and a key from where nobody sees it', async () => {
  const lines = (key: string) => [
    ...history(0, key),
    `0 /wallet/getaccount ${key}`,
    `0 /walletsolidity/getaccount ${key}`,
  ]
  expect(await asked({ url: `trongrid+${urls[0]}`, from: 'argument' })).toEqual(lines('undefined'))
  const secret = `trongrid+${urls[0]!.replace('//', '//a-key@')}`
  for (const from of ['environment', 'config'] as const)
    expect(await asked({ url: secret, from })).toEqual(lines('a-key'))
  expect(() => tronSource({ url: secret, from: 'argument' })).toThrow('can be seen by others')
})

it('uses the key of the configuration for its own server alone', async () => {
  const indexer = { url: urls[1]!, apiKey: 'a-key' }
  expect(await asked({ url: urls[0]!, from: 'config', indexer })).toEqual([
    '0 /wallet/getaccount undefined',
    '0 /walletsolidity/getaccount undefined',
    ...history(1, 'a-key'),
  ])
  expect(await asked({ url: urls[1]!, from: 'argument', indexer })).toEqual([
    ...history(1, 'a-key'),
    '1 /wallet/getaccount a-key',
    '1 /walletsolidity/getaccount a-key',
  ])
})

it.each([
  'ftp://127.0.0.1',
  'trongrid+ftp://127.0.0.1',
  'trongrid+',
  '127.0.0.1:8090',
  'http://a#http://b#http://c',
  'http://a#b',
])('refuses %s', (url) => {
  expect(() => tronSource({ url, from: 'config' })).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST' }),
  )
})
