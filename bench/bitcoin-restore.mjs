// What restoring a Bitcoin wallet and reading its history ask of a server, over the real protocols.
import { bitcoin } from '@coffer/bitcoin'
import { createWallet } from '@coffer/core'
import { cluster, electrum, esplora } from '@coffer/daemon-client'
import { softwareSigner } from '@coffer/signer-software'
import WalletManagerBtc from '@tetherto/wdk-wallet-btc'
import { WebSocket } from 'ws'
import { loadBdk } from './lib/address-makers.mjs'
import { counts } from './lib/counting-proxy.mjs'
import { count, runAlone } from './lib/harness.mjs'
import { mnemonic } from './lib/payment.mjs'
import { assertBuilt } from './lib/places.mjs'
import { slowIndexer } from './lib/slow-indexer.mjs'

const DELAY = 50
const RECEIVED = 800
const SPENT = 200
const PAYMENTS = 100
const PAGE = 10

const sources = {
  'Coffer, Esplora': (server) => esplora(server.esplora),
  'Coffer, Esplora, 32 requests at a time': (server) => esplora(server.esplora, { concurrency: 32 }),
  'Coffer, Electrum': (server) => electrum(server.electrum, { webSocket: WebSocket }),
  'Coffer, Electrum, 100 calls a message': (server) =>
    electrum(server.electrum, { webSocket: WebSocket, batch: { max: 100 } }),
}
const BDK = 'bdk-wasm, Esplora, 8 requests at a time'
const WDK = 'WDK, Electrum'

export async function measure() {
  assertBuilt()
  const descriptor = await descriptorOf()
  const restored = await restore(descriptor)
  const read = await histories(descriptor)
  const pages = PAYMENTS / PAGE - 1
  const coffer = read.find(({ name }) => name === 'Coffer, Electrum')
  return {
    title: 'Bitcoin: restoring and history',
    notes: [
      `Every answer comes ${DELAY} ms after its question, as on a phone; opening connections is free, which favours nobody. Round trips are the longest chain of requests each of which began after another had ended: with a limit of requests at a time, waiting for a free place counts. All find the same balance.`,
    ],
    tables: [
      {
        caption: `Restore a P2WPKH wallet of ${count(RECEIVED + SPENT)} used addresses and as many transactions, from its public key`,
        columns: [
          'who',
          'requests',
          'round trips',
          'seconds',
          'MB',
          'then, nothing new: requests',
          'round trips',
        ],
        rows: restored.map(({ name, first, again }) => [
          name,
          count(first.requests),
          count(first.roundTrips),
          first.seconds.toFixed(1),
          (first.bytes / 1e6).toFixed(1),
          again ? again.requests : '',
          again ? again.roundTrips : '',
        ]),
      },
      {
        caption: `History of an account with ${PAYMENTS} payments at one address, from nothing known: the first ${PAGE} rows, then the other ${PAYMENTS - PAGE}`,
        columns: ['who', `${PAGE} rows: requests`, 'round trips', 'the others: requests', 'round trips'],
        rows: [
          ...read.map(({ name, first, others }) => [
            name,
            first.requests,
            first.roundTrips,
            others.requests,
            others.roundTrips,
          ]),
          ['xchain (not run here, measured before)', '', 106, '', ''],
        ],
      },
    ],
    goals: [
      {
        goal: 'a page of history asks for one header a row and takes at most two round trips, beyond the sync (Electrum)',
        found: `${coffer.others.requests} requests, ${coffer.others.roundTrips} round trips for ${pages} pages`,
        holds: coffer.others.requests <= PAYMENTS - PAGE + pages && coffer.others.roundTrips <= 2 * pages,
      },
    ],
  }
}

async function descriptorOf() {
  const signer = softwareSigner({ mnemonic })
  const chain = bitcoin()
  return chain.describe(await signer.publicKey(chain.path(0)))
}

async function restore(descriptor) {
  const server = await slowIndexer({ descriptor, received: RECEIVED, spent: SPENT }, DELAY)
  const results = []
  try {
    for (const [name, source] of Object.entries(sources)) {
      const opened = await open(source(server), descriptor)
      const first = await timed(server, () => opened.account.sync())
      const again = await timed(server, () => opened.account.sync())
      assertBalance(name, (await opened.account.balance()).total, server)
      await server.take()
      opened.close()
      results.push({ name, first, again })
    }
    const { EsploraClient, Wallet } = await loadBdk()
    const [external, change] = [0, 1].map((chain) => descriptor.replace('<0;1>', chain).replace(/#.*/, ''))
    const wallet = Wallet.create('bitcoin', external, change)
    const client = new EsploraClient(server.esplora, 0)
    const first = await timed(server, async () =>
      wallet.apply_update(await client.full_scan(wallet.start_full_scan(), 20, 8)),
    )
    assertBalance(BDK, wallet.balance.total.to_sat(), server)
    results.push({ name: BDK, first })
  } finally {
    await server.close()
  }
  return results
}

async function histories(descriptor) {
  const world = { descriptor, received: (PAYMENTS * 4) / 5, spent: PAYMENTS / 5, atOne: true }
  const server = await slowIndexer(world, DELAY)
  const results = []
  try {
    for (const name of ['Coffer, Electrum', 'Coffer, Esplora']) {
      const { account, close } = await open(sources[name](server), descriptor)
      const rows = []
      let page
      const first = await timed(server, async () => {
        page = await account.history({ limit: PAGE })
        rows.push(...page.items)
      })
      const others = await timed(server, async () => {
        while (page.next !== undefined) {
          page = await account.history({ limit: PAGE, cursor: page.next })
          rows.push(...page.items)
        }
      })
      close()
      if (new Set(rows.map(({ txid }) => txid)).size !== PAYMENTS) throw new Error(`${name} shows other rows`)
      results.push({ name, first, others })
    }
    const readWdk = async (skip, limit) => {
      const client = { type: 'electrum-ws', clientConfig: { url: server.electrum } }
      const manager = new WalletManagerBtc(mnemonic, { client, network: 'bitcoin', bip: 84 })
      const account = await manager.getAccount(0)
      const counted = await timed(server, async () => {
        if ((await account.getTransfers({ skip, limit })).length !== limit)
          throw new Error('WDK shows other rows')
      })
      manager.dispose()
      return counted
    }
    results.push({ name: WDK, first: await readWdk(0, PAGE), others: await readWdk(PAGE, PAYMENTS - PAGE) })
  } finally {
    await server.close()
  }
  return results
}

async function open(source, descriptor) {
  const chain = bitcoin()
  const wallet = createWallet({ chains: [chain], source: cluster({ [chain.id]: [source] }) })
  return { account: await wallet.watch(descriptor), close: () => wallet.dispose?.() }
}

async function timed(server, task) {
  await server.take()
  const start = performance.now()
  await task()
  const seconds = (performance.now() - start) / 1000
  const { entries, bytes } = await server.take()
  const { requests, roundTrips } = counts(entries)
  return { seconds, bytes, requests, roundTrips }
}

function assertBalance(name, found, { balance }) {
  if (BigInt(found) !== balance) throw new Error(`${name} finds ${found} satoshi of ${balance}`)
}

await runAlone(import.meta, measure)
