import { createServer } from 'node:http'
import { regtestNetwork } from '@coffer/bitcoin'
import { type ChainId, isCofferError, type UtxoSource } from '@coffer/core'
import { expect, it } from 'vitest'
import { bitcoinSource } from './bitcoin-source.ts'
import type { NodeText } from './family.ts'

const CHAIN: ChainId = regtestNetwork.id
const open = (url: string, from: NodeText['from'] = 'config') => bitcoinSource({ url, from })(CHAIN)

it.each([
  ['https://blockstream.example/api', 'https://blockstream.example'],
  ['esplora+http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
  ['blockbook+https://btc1.example', 'https://btc1.example'],
  ['tcp://127.0.0.1:50001', 'tcp://127.0.0.1:50001'],
  ['ssl://electrum.example:50002', 'ssl://electrum.example:50002'],
  ['wss://electrum.example:50004/', 'wss://electrum.example:50004'],
  ['core+http://alice:secret@127.0.0.1:8332', 'http://127.0.0.1:8332'],
])('takes %s, connects to nothing, and shows its origin alone', (url, name) => {
  const source = open(url)
  expect([source.family, source.name]).toEqual(['utxo', name])
  source.close?.()
})

it.each([
  ['no URL', '127.0.0.1:8332'],
  ['another scheme', 'ftp://127.0.0.1'],
  ['a node of another kind', 'btcd+http://127.0.0.1'],
  ['Electrum without a port', 'ssl://electrum.example'],
  ['a node without its password', 'core+http://alice@127.0.0.1:8332'],
  ['a password that is not percent-encoded', 'core+http://alice:100%@127.0.0.1:8332'],
])('refuses %s without repeating it', (_, url) => {
  const error = caught(() => open(url))
  expect(isCofferError(error, 'INVALID_REQUEST')).toBe(true)
  expect(String(error)).not.toContain('alice')
})

it('refuses a password where others on the machine can see it', () => {
  const error = caught(() => open('core+http://alice:secret@127.0.0.1:8332', 'argument'))
  expect(isCofferError(error, 'INVALID_REQUEST')).toBe(true)
  expect(String(error)).toContain('COFFER_RPC_BITCOIN')
  expect(String(error)).not.toContain('secret')
})

it('hands user name and password to the node, decoded', async () => {
  const heard: (string | undefined)[] = []
  const server = createServer((request, response) => {
    heard.push(request.headers.authorization)
    response.writeHead(401).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const source = open(`core+http://alice:p%40ss@127.0.0.1:${port}`) as UtxoSource
  await expect(source.tip()).rejects.toMatchObject({ code: expect.any(String) })
  source.close?.()
  server.close()
  expect(heard[0]).toBe(`Basic ${Buffer.from('alice:p@ss').toString('base64')}`)
})

it('refuses an indexer, which Bitcoin does not need', () => {
  const indexer = { url: 'https://indexer.example' }
  expect(() => bitcoinSource({ url: 'https://x.example', from: 'config', indexer })).toThrow('no indexer')
})

function caught(task: () => unknown): unknown {
  try {
    return task()
  } catch (error) {
    return error
  }
}
