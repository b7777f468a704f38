import { memoryStore, type UtxoSource } from '@coffer/core'
import {
  bitcoinCore,
  blockbook,
  esplora,
  etherscan,
  jsonRpc,
  tronGrid,
  tronHttp,
} from '@coffer/daemon-client'
import { deriveScripts } from '../../packages/chains/bitcoin/src/derive.ts'
import { readDescriptor } from '../../packages/chains/bitcoin/src/descriptor.ts'
import { fakeChain } from '../../packages/chains/bitcoin/src/fake-source.fixture.ts'
import { fakeNode, OWN, USDT } from '../../packages/chains/tron/src/fake-source.fixture.ts'
import { startBlockbook } from '../../packages/daemon-client/src/testing/blockbookServer.ts'
import { startCore } from '../../packages/daemon-client/src/testing/coreServer.ts'
import { startEsplora } from '../../packages/daemon-client/src/testing/esploraServer.ts'
import { openLedger, REGTEST } from '../../packages/daemon-client/src/testing/ledger.ts'
import { startServer } from '../../packages/daemon-client/src/testing/server.ts'
import { startTron, TRON_DEVNET } from '../../packages/daemon-client/src/testing/tronServer.ts'
import { answersTarget, askAll, type Bend, bendTexts, bendValue } from './answers.ts'
import type { Target } from './check.ts'
import { chains, madeOf } from './drafts.ts'

// Sources behind a server that changes one of its answers, and accounts behind such a source.

type Fetch = typeof fetch
interface Server {
  readonly url: string
  close(): Promise<void>
}

/**
 * Plays against what a real server in this process said once. The `fetch` in a source's place asks it only for what it was not
 * asked before.
 */
function recorded(
  start: () => Promise<Server>,
  play: (url: string, fetch: Fetch) => Promise<void>,
): (bend: Bend) => Promise<void> {
  const answers = new Map<string, { readonly status: number; readonly text: string }>()
  let isWhole = false
  return async (bend) => {
    const server = isWhole ? undefined : await start()
    const url = server?.url ?? 'http://127.0.0.1:1'
    const answer: Fetch = async (where, init) => {
      const name = `${String(where).slice(url.length)} ${init?.body ?? ''}`
      if (server && !answers.has(name)) {
        const response = await fetch(where, init)
        answers.set(name, { status: response.status, text: await response.text() })
      }
      const { status, text } = answers.get(name) ?? { status: 404, text: 'not found' }
      return new Response(bend(text), { status })
    }
    await play(url, answer)
    await server?.close()
    isWhole = true
  }
}

// ---- Bitcoin ----

const MINE = `0014${'11'.repeat(20)}`
const ledger = openLedger()
ledger.pay([MINE])
ledger.mine(2)
const mined = ledger.blocks[1]!.txs[0]!
ledger.pay([MINE], { txid: mined.txid, vout: 0 })

async function askUtxo(source: UtxoSource): Promise<void> {
  await askAll(
    () => source.tip(),
    () => source.headers([0, 1, 9]),
    () => source.history([{ script: MINE }, { script: `0014${'22'.repeat(20)}` }]),
    () => source.transactions([{ txid: mined.txid, script: MINE }, { txid: 'ee'.repeat(32) }]),
    () => source.feeRates(),
    () => source.broadcast(mined.raw),
  )
  source.close?.()
}

/** A wallet's account over a source whose texts are bent: bytes, ids, statuses. */
async function playBitcoin(bend: Bend): Promise<void> {
  const { drafts, signed } = await madeOf('bitcoin')
  const { account } = drafts.at(-10)!
  const fake = fakeChain()
  for (const { script } of deriveScripts(readDescriptor(account, chains.bitcoin.network), 0, 0, 2))
    fake.pay([{ script, amount: 600_000n }], 900)
  const source = Object.fromEntries(
    Object.entries(fake.source).map(([name, member]) => [
      name,
      typeof member === 'function'
        ? async (...args: unknown[]) => {
            return bendTexts(await (member as (...args: unknown[]) => Promise<unknown>)(...args), bend)
          }
        : member,
    ]),
  ) as unknown as UtxoSource
  const opened = chains.bitcoin.open({ descriptor: account, source, store: memoryStore() })
  await askAll(
    () => opened.balances(),
    () => opened.history!(),
    () => opened.create({ to: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', amount: 100_000n }),
    () => chains.bitcoin.status(signed[0]!, { source }),
    () => chains.bitcoin.publish(signed[0]!, { source, store: memoryStore() }),
  )
}

// ---- EVM ----

const ME = '0x000000000000000000000000000000000000a11c'
const HASH = `0x${'ab'.repeat(32)}`
const BLOCK = {
  number: '0x10',
  hash: HASH,
  parentHash: HASH,
  timestamp: '0x65a00000',
  baseFeePerGas: '0x3b9aca00',
  gasLimit: '0x1c9c380',
}
const EVM_ANSWERS: Readonly<Record<string, unknown>> = {
  eth_chainId: '0x1',
  eth_blockNumber: '0x10',
  eth_getBlockByNumber: BLOCK,
  eth_getBlockByHash: BLOCK,
  eth_getBalance: '0xde0b6b3a7640000',
  eth_getTransactionCount: '0x7',
  eth_getCode: '0x',
  eth_estimateGas: '0x5208',
  eth_gasPrice: '0x3b9aca00',
  eth_maxPriorityFeePerGas: '0x3b9aca00',
  eth_feeHistory: {
    oldestBlock: '0xf',
    baseFeePerGas: ['0x3b9aca00', '0x3b9aca00'],
    gasUsedRatio: [0.5],
    reward: [['0x1', '0x2', '0x3']],
  },
  eth_call: `0x${'0'.repeat(63)}6`,
  eth_getTransactionByHash: { hash: HASH, blockNumber: '0x10', from: ME, nonce: '0x7' },
  eth_getTransactionReceipt: {
    transactionHash: HASH,
    blockNumber: '0x10',
    blockHash: HASH,
    status: '0x1',
    gasUsed: '0x5208',
    effectiveGasPrice: '0x3b9aca00',
  },
  eth_sendRawTransaction: HASH,
}

const startEvm = (): Promise<Server> =>
  startServer((_request, response, body) => {
    const one = ({ id, method }: { id: number; method: string }): object =>
      method in EVM_ANSWERS
        ? { jsonrpc: '2.0', id, result: EVM_ANSWERS[method] }
        : { jsonrpc: '2.0', id, error: { code: -32601, message: 'no such method' } }
    const message = JSON.parse(body)
    response.end(JSON.stringify(Array.isArray(message) ? message.map(one) : one(message)))
  })

async function playEvm(url: string, fetch: Fetch): Promise<void> {
  const { drafts, signed } = await madeOf('evm')
  const source = jsonRpc(url, { fetch })('eip155:1')
  const account = chains.evm.open({ descriptor: drafts[0]!.account, source, store: memoryStore() })
  await askAll(
    () => account.balances(),
    () => account.create({ to: ME, amount: 1n }),
    () => account.create({ to: ME, amount: 1n, asset: chains.evm.assets[0]!.id }),
    () => chains.evm.status(signed[0]!, { source }),
    () => chains.evm.publish(signed[0]!, { source, store: memoryStore() }),
  )
  source.close?.()
}

const ROW = {
  blockNumber: '16',
  timeStamp: '1700000000',
  hash: HASH,
  transactionIndex: '0',
  from: ME,
  to: `0x${'bb'.repeat(20)}`,
  value: '1000000000000000000',
  gasUsed: '21000',
  gasPrice: '1000000007',
}
const startIndexer = (): Promise<Server> =>
  startServer((request, response) => {
    const isToken = (request.url ?? '').includes('tokentx')
    const more = isToken
      ? { contractAddress: `0x${'cc'.repeat(20)}`, tokenSymbol: 'USDC', tokenDecimal: '6' }
      : { contractAddress: '', isError: '0', txreceipt_status: '1' }
    response.end(JSON.stringify({ status: '1', message: 'OK', result: [{ ...ROW, ...more }] }))
  })

// ---- Tron ----

const TRON_ROW = {
  ret: [{ contractRet: 'SUCCESS', fee: 1_100_000 }],
  txID: 'ab'.repeat(32),
  blockNumber: 2,
  block_timestamp: 1_700_000_000_000,
  raw_data: {
    contract: [
      {
        parameter: {
          value: { amount: 5, owner_address: `41${'aa'.repeat(20)}`, to_address: `41${'bb'.repeat(20)}` },
          type_url: 'type.googleapis.com/protocol.TransferContract',
        },
        type: 'TransferContract',
      },
    ],
  },
}
const TOKEN_ROW = {
  transaction_id: 'cd'.repeat(32),
  token_info: { symbol: 'USDT', address: USDT, decimals: 6, name: 'Tether' },
  block_timestamp: 1_700_000_000_000,
  from: OWN,
  to: 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8',
  type: 'Transfer',
  value: '1000000',
}

async function playTron(bend: Bend): Promise<void> {
  const { drafts, signed } = await madeOf('tron')
  const node = fakeNode()
  node.accounts.set(OWN, { address: OWN, balance: 100_000_000, create_time: 1 })
  node.token(USDT)
  node.bend = (_call, result) => (result.ok ? { ok: true, value: bendValue(result.value, bend) } : result)
  const { source } = node
  const account = chains.tron.open({ descriptor: drafts[0]!.account, source, store: memoryStore() })
  const to = 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8'
  await askAll(
    () => account.balances(),
    () => account.create({ to, amount: 1n }),
    () => account.create({ to, amount: 1n, asset: chains.tron.assets[0]!.id }),
    () => account.permissions(),
    () => account.resources(),
    () => chains.tron.status(signed[0]!, { source }),
    () => chains.tron.publish(signed[0]!, { source, store: memoryStore() }),
  )
}

export const serverTargets: readonly Target<void>[] = [
  answersTarget(
    'servers/esplora',
    240,
    recorded(
      () => startEsplora({ ledger }),
      (url, fetch) => askUtxo(esplora(url, { fetch })(REGTEST)),
    ),
  ),
  answersTarget(
    'servers/blockbook',
    240,
    recorded(
      () => startBlockbook({ ledger }),
      (url, fetch) => askUtxo(blockbook(url, { fetch })(REGTEST)),
    ),
  ),
  answersTarget(
    'servers/bitcoin-core',
    240,
    recorded(
      () => startCore({ ledger }),
      (url, fetch) => askUtxo(bitcoinCore({ url, fetch })(REGTEST)),
    ),
  ),
  answersTarget('servers/ethereum', 240, recorded(startEvm, playEvm)),
  answersTarget(
    'servers/etherscan',
    300,
    recorded(startIndexer, (url, fetch) =>
      askAll(() =>
        etherscan({ url, fetch })('eip155:1')({ address: ME, coin: 'eip155:1/slip44:60', limit: 10 }),
      ),
    ),
  ),
  answersTarget(
    'servers/tron-http',
    300,
    recorded(startTron, async (url, fetch) => {
      const source = tronHttp(url, { fetch })(TRON_DEVNET)
      await askAll(
        () => source.request([{ path: 'wallet/getaccount', body: { address: OWN } }]),
        () => source.request([{ path: 'wallet/getassetissuebyid', body: { value: '1000001' } }]),
        () => source.request([{ path: 'wallet/broadcasthex', body: { transaction: 'ab' } }]),
      )
      source.close?.()
    }),
  ),
  answersTarget(
    'servers/trongrid',
    300,
    recorded(
      () => startTron({ coins: [TRON_ROW], tokens: [TOKEN_ROW] }),
      (url, fetch) =>
        askAll(() =>
          tronGrid({ url, fetch })(TRON_DEVNET)({ address: OWN, coin: `${TRON_DEVNET}/slip44:1`, limit: 10 }),
        ),
    ),
  ),
  answersTarget('bitcoin/answers', 120, playBitcoin),
  answersTarget('tron/answers', 160, playTron),
]
