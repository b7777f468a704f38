import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { utxoSourceConformance } from '@coffer/core/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { bitcoinCore } from './bitcoinCore.ts'
import { MAINNET, REGTEST } from './testing/ledger.ts'

let child: ChildProcess
const port = 23450 + Math.floor(Math.random() * 1000)
const url = `http://127.0.0.1:${port}`
const auth = { username: 'u', password: 'p/ä q' }
async function rpc(method: string, ...params: unknown[]): Promise<any> {
  const response = await fetch(
    `${url}/${/wallet|address|send|sign/.test(method) && method !== 'createwallet' && method !== 'sendrawtransaction' ? 'wallet/w' : ''}`,
    {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`,
      },
      body: JSON.stringify({ id: 1, method, params }),
    },
  )
  const json: any = await response.json()
  if (json.error) throw new Error(`${method}: ${json.error.message}`)
  return json.result
}
let miner = ''
beforeAll(async () => {
  const dir = mkdtempSync('/tmp/h2/d-')
  child = spawn(
    '/tmp/h2/bitcoind.sh',
    [
      '-regtest',
      `-datadir=${dir}`,
      `-rpcport=${port}`,
      '-listen=0',
      '-dnsseed=0',
      '-fixedseeds=0',
      `-txindex=${process.env.TXINDEX ?? 1}`,
      `-blockfilterindex=${process.env.FILTERS ?? 1}`,
      '-fallbackfee=0.00001',
      '-printtoconsole=0',
      `-rpcuser=${auth.username}`,
      `-rpcpassword=${auth.password}`,
    ],
    { stdio: 'inherit' },
  )
  for (let i = 0; i < 100; i++) {
    try {
      await rpc('getblockcount')
      break
    } catch {
      await new Promise((r) => setTimeout(r, 100))
    }
  }
  await rpc('createwallet', 'w')
  miner = await rpc('getnewaddress')
  await rpc('generatetoaddress', 120, miner)
  miner = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202'
})
afterAll(async () => {
  await rpc('stop').catch(() => {})
  child.kill()
})
const empty = async (n: number) => {
  for (let i = 0; i < n; i++) await rpc('generateblock', 'raw(51)', [])
}
utxoSourceConformance(
  { describe, it },
  {
    name: 'bitcoinCore',
    make: async () => {
      const open = bitcoinCore({ url, ...auth, pollInterval: 20 })
      return {
        source: open(REGTEST),
        wrongChain: open(MAINNET),
        chain: REGTEST,
        async fund(script, amount) {
          const { address } = await rpc('decodescript', script)
          return rpc(
            'sendtoaddress',
            address ?? (await rpc('decodescript', script)).address,
            Number(amount) / 1e8,
          )
        },
        mine: (n) => rpc('generatetodescriptor', n, 'raw(51)'),
        async reorg(depth) {
          const height = await rpc('getblockcount')
          await rpc('invalidateblock', await rpc('getblockhash', height - depth + 1))
          await empty(depth + 1)
        },
        payer: {
          script: async () => (await rpc('getaddressinfo', await rpc('getnewaddress'))).scriptPubKey,
          async spend(script) {
            const { address } = await rpc('decodescript', script)
            const [coin] = await rpc('listunspent', 0, 9999999, [address])
            const raw = await rpc(
              'createrawtransaction',
              [{ txid: coin.txid, vout: coin.vout }],
              [{ [await rpc('getnewaddress')]: 0.0009 }],
            )
            return rpc('sendrawtransaction', (await rpc('signrawtransactionwithwallet', raw)).hex)
          },
        },
      }
    },
  },
)
