import type { SourceFactory, UtxoSource } from '@coffer/core'
import { type UtxoSourceUnderTest, utxoSourceConformance } from '@coffer/core/testing'
import { type BitcoinNode, type Devnet, startDevnet } from '@coffer/devnet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { bitcoinCore } from './bitcoinCore.ts'
import { blockbook } from './blockbook.ts'
import { electrum } from './electrum.ts'
import { electrumTcp } from './electrumTcp.ts'
import { esplora } from './esplora.ts'
import { addressForm, addressOf } from './scriptAddress.ts'
import { MAINNET, REGTEST } from './testing/ledger.ts'

/* The suite of the seam over a real bitcoind, and the servers that the devnet runs over it. */

let devnet: Devnet<'bitcoin'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['bitcoin'] })
  await devnet.bitcoin.setAutomine(false)
}, 180_000)
afterAll(() => devnet?.stop())

const WALLET = 'payer'
const rest = { pollInterval: 20 }
const kinds: [string, (node: BitcoinNode) => SourceFactory<UtxoSource>][] = [
  ['esplora as Blockstream pages', (node) => esplora(node.esploraUrl, rest)],
  ['esplora as mempool.space pages', (node) => esplora(node.mempoolSpaceUrl, rest)],
  ['electrum over TCP', (node) => electrumTcp(node.electrumUrl)],
  ['electrum over TCP, in batches', (node) => electrumTcp(node.electrumUrl, { batch: { max: 20 } })],
  ['electrum over a WebSocket', (node) => electrum(node.electrumWsUrl, { webSocket: WebSocket })],
  ['bitcoinCore', (node) => bitcoinCore({ ...node.access, pollInterval: 20 })],
  ['blockbook', (node) => blockbook(node.blockbookUrl, rest)],
]

for (const [name, kind] of kinds)
  utxoSourceConformance(
    { describe, it },
    {
      name: `${name} on bitcoind`,
      make: async (): Promise<UtxoSourceUnderTest> => {
        const node = devnet.bitcoin
        const open = kind(node)
        return {
          source: open(REGTEST),
          wrongChain: open(MAINNET),
          chain: REGTEST,
          fund: (script, amount) => node.fund(toAddress(script), { amount }),
          mine: (blocks) => node.mine(blocks),
          reorg: (depth) => node.reorg(depth),
          payer: { script: () => newScript(node), spend: (script) => spend(node, script) },
        }
      },
    },
  )

function toAddress(script: string): string {
  const form = addressForm(REGTEST)
  const address = form && addressOf(script, form)
  if (address === undefined) throw new Error(`no address: ${script}`)
  return address
}

async function newScript(node: BitcoinNode): Promise<string> {
  const address = await node.walletRpc<string>(WALLET, 'getnewaddress')
  const { scriptPubKey } = await node.walletRpc<{ scriptPubKey: string }>(WALLET, 'getaddressinfo', [address])
  return scriptPubKey
}

/** Sends the coins of a script on to another of the wallet. */
async function spend(node: BitcoinNode, script: string): Promise<string> {
  const coins = await node.walletRpc<{ txid: string; vout: number; amount: number }[]>(
    WALLET,
    'listunspent',
    [0, 9_999_999, [toAddress(script)]],
  )
  const to = await node.walletRpc<string>(WALLET, 'getnewaddress')
  const inputs = coins.map(({ txid, vout }) => ({ txid, vout }))
  const amount = (coins.reduce((sum, coin) => sum + coin.amount, 0) - 0.00001).toFixed(8)
  const raw = await node.rpc<string>('createrawtransaction', [inputs, [{ [to]: amount }]])
  const { hex } = await node.walletRpc<{ hex: string }>(WALLET, 'signrawtransactionwithwallet', [raw])
  return node.rpc<string>('sendrawtransaction', [hex])
}

/** The node, as if it had no index of anything. */
async function withoutIndexes(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request)
  if (!String(request[1]?.body).includes('getindexinfo')) return response
  const text = (await response.text()).replace(/"basic block filter index":\{[^}]*\}/, '')
  return new Response(text, response)
}

describe('all sources of one node', () => {
  it('tell the same of a script with receipts and spends', async () => {
    const node = devnet.bitcoin
    const script = await newScript(node)
    for (let i = 0; i < 3; i++) {
      await node.fund(toAddress(script), { amount: 100_000n })
      await node.mine()
    }
    await spend(node, script)
    await node.mine()
    await node.fund(toAddress(script), { amount: 100_000n })
    await spend(node, script)
    const answers = await Promise.all(
      kinds.map(async ([, kind]) => {
        const source = kind(node)(REGTEST)
        try {
          const [history] = await source.history([{ script }])
          const ids = history?.entries?.map(({ txid }) => txid) ?? []
          const records = await source.transactions(ids.map((txid) => ({ txid, script })))
          const rows = ids.map((txid, i) => [
            txid,
            history?.entries?.[i]?.height,
            records[i]?.raw,
            records[i]?.height,
          ])
          return [...rows.slice(0, 4), ...rows.slice(4).sort()]
        } finally {
          source.close?.()
        }
      }),
    )
    expect(answers[0]).toHaveLength(6)
    for (const answer of answers) expect(answer).toEqual(answers[0])
  })

  it('send a real transaction, and know it', async () => {
    const node = devnet.bitcoin
    for (const [, kind] of kinds) {
      const script = await newScript(node)
      const paid = await node.fund(toAddress(script), { amount: 100_000n })
      await node.mine()
      const [coin] = await node.walletRpc<{ vout: number }[]>(WALLET, 'listunspent', [
        0,
        9_999_999,
        [toAddress(script)],
      ])
      const raw = await node.rpc<string>('createrawtransaction', [
        [{ txid: paid, vout: coin?.vout }],
        [{ [toAddress(script)]: '0.0009' }],
      ])
      const { hex } = await node.walletRpc<{ hex: string }>(WALLET, 'signrawtransactionwithwallet', [raw])
      const source = kind(node)(REGTEST)
      try {
        const txid = await source.broadcast(hex)
        expect(await source.transactions([{ txid, script }])).toEqual([{ raw: hex, height: 0 }])
        const [history] = await source.history([{ script }])
        expect(history?.entries?.at(-1)).toMatchObject({ txid, height: 0 })
      } finally {
        source.close?.()
      }
    }
  })

  it('tell what a node without block filters can tell', async () => {
    const node = devnet.bitcoin
    const script = await newScript(node)
    await node.fund(toAddress(script), { amount: 70_000n })
    await node.mine()
    await spend(node, script)
    const last = await node.fund(toAddress(script), { amount: 80_000n })
    await node.mine()
    const height = await node.rpc<number>('getblockcount')
    const waiting = await node.fund(toAddress(script), { amount: 90_000n })
    const source = bitcoinCore({ ...node.access, fetch: withoutIndexes })(REGTEST)
    const [history] = await source.history([{ script }])
    expect(history).toMatchObject({
      entries: [
        { txid: last, height },
        { txid: waiting, height: 0 },
      ],
      fromHeight: height + 1,
    })
  })

  it('tell the fee rates of the servers', async () => {
    const node = devnet.bitcoin
    node.setFeeEstimates({ 1: '12.5', 6: '4', 144: '1' })
    const source = esplora(node.esploraUrl)(REGTEST)
    const rates = await source.feeRates()
    expect(rates.find(({ blocks }) => blocks === 1)?.satPerKvb).toBe(12_500n)
    const electrumRates = await electrumTcp(node.electrumUrl)(REGTEST).feeRates()
    expect(electrumRates.find(({ blocks }) => blocks === 144)?.satPerKvb).toBe(1_000n)
    const blockbookRates = await blockbook(node.blockbookUrl)(REGTEST).feeRates()
    expect(blockbookRates.find(({ blocks }) => blocks === 6)?.satPerKvb).toBe(4_000n)
  })
})
