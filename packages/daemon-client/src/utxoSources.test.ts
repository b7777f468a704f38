import type { UtxoSource } from '@coffer/core'
import { type UtxoSourceUnderTest, utxoSourceConformance } from '@coffer/core/testing'
import { describe, it } from 'vitest'
import { WebSocket } from 'ws'
import { bitcoinCore } from './bitcoinCore.ts'
import { blockbook } from './blockbook.ts'
import { cluster } from './cluster.ts'
import { electrum } from './electrum.ts'
import { electrumTcp } from './electrumTcp.ts'
import { esplora } from './esplora.ts'
import { startBlockbook } from './testing/blockbookServer.ts'
import { startCore } from './testing/coreServer.ts'
import { type ElectrumServer, startElectrumSocket, startElectrumTcp } from './testing/electrumServer.ts'
import { startEsplora } from './testing/esploraServer.ts'
import { hex, type Ledger, MAINNET, openLedger, REGTEST } from './testing/ledger.ts'

/* The suite of the seam over chains in memory, without a node. bitcoind.test.ts runs it over a real one. */

interface Server {
  readonly url: string
  close(): Promise<void>
}

function subject(
  name: string,
  start: (ledger: Ledger) => Promise<Server | ElectrumServer>,
  open: (url: string, chain: typeof REGTEST | typeof MAINNET) => UtxoSource,
  { isPinned = true, needsScript = false }: { isPinned?: boolean; needsScript?: boolean } = {},
): void {
  const make = async (): Promise<UtxoSourceUnderTest> => {
    const ledger = openLedger()
    const server = await start(ledger)
    const notify = (): void => {
      if (!('notify' in server)) return
      const { height } = ledger.tip()
      server.notify('blockchain.headers.subscribe', [{ height, hex: ledger.blocks.at(-1)?.header }])
    }
    let serial = 0
    return {
      source: open(server.url, REGTEST),
      chain: REGTEST,
      // A cluster drops such a server, and says that none is left.
      ...(isPinned ? { wrongChain: open(server.url, MAINNET) } : {}),
      needsScript,
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
      close: server.close,
    }
  }
  utxoSourceConformance({ describe, it }, { name, make })
}

const rest = { pollInterval: 10 }
subject(
  'esplora, as Blockstream pages',
  (ledger) => startEsplora({ ledger }),
  (url, chain) => esplora(url, rest)(chain),
)
subject(
  'esplora, as mempool.space pages',
  (ledger) => startEsplora({ ledger, flavour: 'mempool.space' }),
  (url, chain) => esplora({ url, ...rest })(chain),
)
subject(
  'electrum over a WebSocket',
  (ledger) => startElectrumSocket({ ledger }),
  (url, chain) => electrum(url, { webSocket: WebSocket })(chain),
)
subject(
  'electrum over TCP, in batches',
  (ledger) => startElectrumTcp({ ledger }),
  (url, chain) => electrumTcp(url, { batch: { max: 10 } })(chain),
)
subject(
  'blockbook',
  (ledger) => startBlockbook({ ledger }),
  (url, chain) => blockbook(url, rest)(chain),
)
subject(
  'bitcoinCore with block filters',
  (ledger) => startCore({ ledger }),
  (url, chain) => bitcoinCore({ url, pollInterval: 10 })(chain),
)
subject(
  'bitcoinCore with block filters and without an index of transactions',
  (ledger) => startCore({ ledger, txindex: false }),
  (url, chain) => bitcoinCore({ url, pollInterval: 10 })(chain),
  { needsScript: true },
)
subject(
  'bitcoinCore without block filters',
  (ledger) => startCore({ ledger, filters: false }),
  (url, chain) => bitcoinCore({ url, pollInterval: 10 })(chain),
)
subject(
  'cluster with a dead server before a live one',
  (ledger) => startEsplora({ ledger }),
  (url, chain) => {
    const dead = esplora('http://127.0.0.1:9', rest)
    return cluster({ [chain]: [dead, esplora(url, rest)] }).for(chain) as UtxoSource
  },
  { isPinned: false },
)
