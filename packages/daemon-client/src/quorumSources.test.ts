import {
  evmSourceConformance,
  tronSourceConformance,
  type UtxoSourceUnderTest,
  utxoSourceConformance,
} from '@coffer/core/testing'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { WebSocket } from 'ws'
import { bitcoinCore } from './bitcoinCore.ts'
import { blockbook } from './blockbook.ts'
import { electrum } from './electrum.ts'
import { esplora } from './esplora.ts'
import { jsonRpc } from './jsonRpc.ts'
import { quorum } from './quorum.ts'
import { startBlockbook } from './testing/blockbookServer.ts'
import { startCore } from './testing/coreServer.ts'
import { startElectrumSocket } from './testing/electrumServer.ts'
import { startEsplora } from './testing/esploraServer.ts'
import { hex, MAINNET, openLedger, REGTEST } from './testing/ledger.ts'
import { startTron, TRON_DEVNET, TRON_MAINNET, type TronSetup } from './testing/tronServer.ts'
import { tronHttp } from './tronHttp.ts'

/* A quorum of honest sources is a source like any other, also when one of three is dead. */

let devnet: Devnet<'ethereum' | 'tron'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['ethereum', 'tron'] })
})
afterAll(() => devnet?.stop())

const often = { pollInterval: 20 }

for (const isOneDead of [false, true]) {
  const name = isOneDead ? 'a quorum with a dead source' : 'a quorum'

  evmSourceConformance(
    { describe, it },
    {
      name: `${name} on Anvil`,
      make: async () => {
        const { url, wsUrl } = devnet.ethereum
        const last = isOneDead ? 'http://127.0.0.1:9' : wsUrl
        const open = quorum(
          [jsonRpc(url), jsonRpc(url, { batch: false }), jsonRpc(last, { webSocket: WebSocket })],
          often,
        )
        return {
          source: open('eip155:1'),
          ...(isOneDead ? {} : { wrongChain: open('eip155:56') }),
          chain: 'eip155:1',
          mine: () => devnet.ethereum.mine(),
        }
      },
    },
  )

  tronSourceConformance(
    { describe, it },
    {
      name: `${name} on the devnet`,
      make: async () => {
        const { url } = devnet.tron
        const open = quorum(
          [tronHttp(url), tronHttp({ fullNode: url }), tronHttp(isOneDead ? 'http://127.0.0.1:9' : url)],
          often,
        )
        return {
          source: open(TRON_DEVNET),
          ...(isOneDead ? {} : { wrongChain: open(TRON_MAINNET) }),
          chain: TRON_DEVNET,
          mine: () => devnet.tron.mine(),
        }
      },
    },
  )

  tronSourceConformance(
    { describe, it },
    {
      name: `${name} over a server in memory`,
      make: async () => {
        const setup: TronSetup = { height: 3 }
        const server = await startTron(setup)
        const last = isOneDead ? 'http://127.0.0.1:9' : server.url
        return {
          source: quorum([tronHttp(server.url), tronHttp(server.url), tronHttp(last)], often)(TRON_DEVNET),
          chain: TRON_DEVNET,
          big: {
            call: { path: 'wallet/getassetissuebyid', body: { value: '1000001' } },
            at: (value) => (value as { total_supply?: unknown }).total_supply,
            expected: 9_223_372_036_854_775_807n,
          },
          mine: async () => {
            setup.height = (setup.height ?? 0) + 1
          },
          close: server.close,
        }
      },
    },
  )

  utxoSourceConformance({ describe, it }, { name: `${name} of four kinds`, make: () => utxo(isOneDead) })
}

async function utxo(isOneDead: boolean): Promise<UtxoSourceUnderTest> {
  const ledger = openLedger()
  const [one, two, three, four] = await Promise.all([
    startEsplora({ ledger, flavour: 'mempool.space' }),
    startElectrumSocket({ ledger }),
    startCore({ ledger }),
    startBlockbook({ ledger }),
  ])
  const notify = (): void => {
    const { height } = ledger.tip()
    two.notify('blockchain.headers.subscribe', [{ height, hex: ledger.blocks.at(-1)?.header }])
  }
  const open = quorum(
    [
      esplora(isOneDead ? 'http://127.0.0.1:9' : one.url, often),
      electrum(two.url, { webSocket: WebSocket }),
      bitcoinCore({ url: three.url }),
      blockbook(four.url),
    ],
    often,
  )
  let serial = 0
  return {
    source: open(REGTEST),
    ...(isOneDead ? {} : { wrongChain: open(MAINNET) }),
    chain: REGTEST,
    fund: async (script) => ledger.pay([script]).txid,
    mine: async (blocks) => {
      ledger.mine(blocks)
      notify()
    },
    reorg: async (depth) => {
      const back = ledger.unwind(depth)
      ledger.mine(depth + 1, false)
      ledger.waiting.push(...back)
      notify()
    },
    payer: {
      script: async () => `0014${(++serial).toString(16).padStart(40, '5')}`,
      spend: async (script) => {
        const [paid] = ledger.touching(script)
        const vout = paid?.fields.outputs.findIndex((output) => hex(output.script) === script) ?? 0
        return ledger.pay([`0014${'99'.repeat(20)}`], { txid: paid?.txid ?? '', vout }).txid
      },
    },
    close: async () => {
      await Promise.all([one, two, three, four].map((server) => server.close()))
    },
  }
}
