import { createHash } from 'node:crypto'
import { type BitcoinBackend, refusalOf } from './bitcoin-backend.ts'
import { type HttpRequest, type Listening, serveHttp } from './http-server.ts'
import { feeOf, type IndexedBlock, type IndexedOutput, type IndexedTx } from './indexed.ts'
import type { Indexer } from './indexer.ts'

const MAX_PAGE = 1000

/** Its refusals are JSON with status 400. Never leaves this file. */
class Refusal extends Error {}

/**
 * The part of Blockbook's REST API, version 2, that a wallet of addresses needs.
 *
 * @see https://github.com/trezor/blockbook/blob/master/docs/api.md
 */
export function serveBlockbook(backend: BitcoinBackend): Promise<Listening> {
  return serveHttp(async (request) => {
    try {
      return { body: await answer(backend, request) }
    } catch (error) {
      if (error instanceof Refusal) return { status: 400, body: { error: error.message } }
      throw error
    }
  })
}

async function answer(backend: BitcoinBackend, { method, path, query, body }: HttpRequest): Promise<unknown> {
  const { index } = backend
  const [api, ...rest] = path
  const [what, id = ''] = rest[0] === 'v2' ? rest.slice(1) : rest
  if (api !== 'api') throw new Refusal('Not found')
  if (what === undefined) return systemInfo(index)
  if (what === 'sendtx') return send(backend, method === 'POST' ? body : id)
  if (what === 'block-index') {
    const height = /^\d{1,9}$/.test(id) ? Number(id) : index.tip().height
    return { blockHash: index.blocks[height]?.hash ?? '' }
  }
  if (what === 'estimatefee') return { result: feeText(backend, id) }
  if (what === 'block') return block(index, id, query)
  if (what === 'rawblock') return { hex: await backend.rpc('getblock', [findBlock(index, id).hash, 0]) }
  if (what === 'tx') return txJson(index, findTx(index, id), true)
  if (what === 'rawtx') return JSON.stringify(findTx(index, id).raw)
  if (what === 'tx-specific') return backend.rpc('getrawtransaction', [findTx(index, id).txid, true])
  if (what === 'address') return address(backend, id, query)
  if (what === 'utxo') return utxos(backend, id, query)
  throw new Refusal(`There is no ${what} on this server`)
}

function systemInfo(index: Indexer): unknown {
  const { height, hash, time } = index.tip()
  return {
    blockbook: {
      coin: 'Regtest',
      version: 'coffer-devnet',
      syncMode: true,
      inSync: true,
      bestHeight: height,
      lastBlockTime: new Date(time * 1000).toISOString(),
      inSyncMempool: true,
      mempoolSize: index.mempool.size,
      decimals: 8,
    },
    backend: { chain: 'regtest', blocks: height, headers: height, bestBlockHash: hash },
  }
}

async function send(backend: BitcoinBackend, raw: string): Promise<unknown> {
  if (!raw.trim()) throw new Refusal('Missing tx blob')
  try {
    return { result: await backend.broadcast(raw.trim()) }
  } catch (error) {
    const refusal = refusalOf(error)
    throw refusal ? new Refusal(`${refusal.code}: ${refusal.message}`) : error
  }
}

/** Bitcoin for 1,000 virtual bytes; 0 while nothing is known. */
function feeText({ feeRate }: BitcoinBackend, blocks: string): string {
  if (!/^\d{1,4}$/.test(blocks)) throw new Refusal("Parameter 'number of blocks' is not a number")
  return String(Number(((feeRate(Number(blocks)) ?? 0) / 100_000).toFixed(8)))
}

async function address(backend: BitcoinBackend, text: string, query: URLSearchParams): Promise<unknown> {
  const { index } = backend
  const scriptHash = await ofAddress(backend, text)
  const { confirmed, waiting } = index.history(scriptHash)
  const [from, to] = [readNumber(query, 'from', 0), readNumber(query, 'to', 0)]
  const details = query.get('details') ?? 'txids'
  const size = Math.min(readNumber(query, 'pageSize', MAX_PAGE) || MAX_PAGE, MAX_PAGE)
  const asked = confirmed.length === 0 ? 1 : Math.max(1, readNumber(query, 'page', 1))
  const isFiltered = from > 0 || to > 0
  const mined = [...confirmed].reverse().filter(({ block }) => {
    const height = block?.height ?? 0
    return height >= from && (to === 0 || height <= to)
  })
  const pool = to === 0 ? [...waiting].sort((a, b) => b.firstSeen - a.firstSeen) : []
  const pages = Math.max(1, Math.ceil(mined.length / size))
  const page = Math.min(asked, pages)
  const rows = mined.slice((page - 1) * size, page * size)
  // The first page begins with all that waits, and is cut to its length.
  const shown = page === 1 ? [...pool, ...rows].slice(0, size) : rows
  const [received, sent] = flows(confirmed, scriptHash)
  const [receiving, sending] = flows(pool, scriptHash)
  const hasRows = details === 'txids' || details === 'txs' || details === 'txslight'
  return {
    ...(hasRows && {
      page,
      // Under a filter a full page does not tell how many follow.
      totalPages: isFiltered && mined.length >= size ? -1 : pages,
      itemsOnPage: size,
    }),
    address: text,
    balance: String(received - sent),
    totalReceived: String(received),
    totalSent: String(sent),
    unconfirmedBalance: String(receiving - sending),
    unconfirmedTxs: pool.length,
    ...(sending > 0n && { unconfirmedSending: String(sending) }),
    ...(receiving > 0n && { unconfirmedReceiving: String(receiving) }),
    txs: confirmed.length,
    ...(details === 'txids' && shown.length > 0 && { txids: shown.map(({ txid }) => txid) }),
    ...((details === 'txs' || details === 'txslight') &&
      shown.length > 0 && { transactions: shown.map((tx) => txJson(index, tx, details === 'txs')) }),
  }
}

async function utxos(backend: BitcoinBackend, text: string, query: URLSearchParams): Promise<unknown> {
  const { index } = backend
  const scriptHash = await ofAddress(backend, text)
  const { confirmed, waiting } = index.history(scriptHash)
  const txs = [...(query.get('confirmed') === 'true' ? [] : waiting), ...[...confirmed].reverse()]
  return txs.flatMap((tx) =>
    tx.outputs.flatMap((output, vout) =>
      output.scriptHash === scriptHash && !index.spender(tx.txid, vout)
        ? [
            {
              txid: tx.txid,
              vout,
              value: String(output.value),
              ...(tx.block && { height: tx.block.height }),
              confirmations: confirmations(index, tx),
              ...(tx.inputs.some(({ isCoinbase }) => isCoinbase) && { coinbase: true }),
            },
          ]
        : [],
    ),
  )
}

function block(index: Indexer, id: string, query: URLSearchParams): unknown {
  const found = findBlock(index, id)
  const size = MAX_PAGE
  const pages = Math.max(1, Math.ceil(found.txids.length / size))
  const page = Math.min(Math.max(1, readNumber(query, 'page', 1)), pages)
  const txs = found.txids.slice((page - 1) * size, page * size).flatMap((txid) => index.tx(txid) ?? [])
  const next = index.blocks[found.height + 1]
  return {
    page,
    totalPages: pages,
    itemsOnPage: size,
    hash: found.hash,
    ...(found.previous && { previousBlockHash: found.previous }),
    ...(next?.previous === found.hash && { nextBlockHash: next.hash }),
    height: found.height,
    confirmations: index.blocks[found.height] === found ? index.tip().height - found.height + 1 : -1,
    size: found.size,
    time: found.time,
    version: found.version,
    merkleRoot: found.merkleRoot,
    nonce: String(found.nonce),
    bits: found.bits,
    difficulty: String(found.difficulty),
    txCount: found.txids.length,
    txs: txs.map((tx) => txJson(index, tx, false)),
  }
}

function txJson(index: Indexer, tx: IndexedTx, isWhole: boolean): unknown {
  const { block } = tx
  const spent = tx.inputs.flatMap(({ prevout }) => prevout ?? [])
  return {
    txid: tx.txid,
    version: tx.version,
    ...(tx.locktime > 0 && { lockTime: tx.locktime }),
    vin: tx.inputs.map((input, n) => ({
      ...(input.isCoinbase ? { coinbase: input.script } : { txid: input.txid }),
      ...(!input.isCoinbase && input.vout > 0 && { vout: input.vout }),
      sequence: input.sequence,
      n,
      ...addresses(input.prevout),
      ...(input.prevout && { value: String(input.prevout.value) }),
      ...(isWhole && !input.isCoinbase && input.script && { hex: input.script }),
    })),
    vout: tx.outputs.map((output, n) => ({
      value: String(output.value),
      n,
      ...(index.spender(tx.txid, n) && { spent: true }),
      hex: output.script,
      addresses: null,
      ...addresses(output),
    })),
    ...(block && { blockHash: block.hash }),
    blockHeight: block?.height ?? -1,
    confirmations: confirmations(index, tx),
    blockTime: block?.time ?? tx.firstSeen,
    ...(isWhole && { size: tx.size, vsize: Math.ceil(tx.weight / 4) }),
    value: String(sum(tx.outputs)),
    ...(spent.length > 0 && { valueIn: String(sum(spent)) }),
    fees: String(feeOf(tx)),
    ...(isWhole && { hex: tx.raw }),
    ...(!block && tx.inputs.some(({ sequence }) => sequence < 0xfffffffe) && { rbf: true }),
  }
}

function addresses(output: IndexedOutput | undefined): object {
  if (!output?.address) return { isAddress: false }
  return { addresses: [output.address], isAddress: true }
}

function confirmations(index: Indexer, { block }: IndexedTx): number {
  return block ? index.tip().height - block.height + 1 : 0
}

/** What came to a script, and what went. */
function flows(txs: readonly IndexedTx[], scriptHash: string): [received: bigint, sent: bigint] {
  const its = (outputs: readonly (IndexedOutput | undefined)[]): bigint =>
    sum(outputs.flatMap((output) => (output?.scriptHash === scriptHash ? [output] : [])))
  return [
    txs.reduce((total, { outputs }) => total + its(outputs), 0n),
    txs.reduce((total, { inputs }) => total + its(inputs.map(({ prevout }) => prevout)), 0n),
  ]
}

async function ofAddress(backend: BitcoinBackend, text: string): Promise<string> {
  const script = await backend.scriptOf(text)
  if (script === undefined) throw new Refusal('Invalid address, checksum mismatch')
  return createHash('sha256').update(script, 'hex').digest('hex')
}

function findTx(index: Indexer, txid: string): IndexedTx {
  const tx = index.tx(txid)
  if (!tx) throw new Refusal(`Transaction '${txid}' not found`)
  return tx
}

function findBlock(index: Indexer, id: string): IndexedBlock {
  const found = /^\d{1,9}$/.test(id) ? index.blocks[Number(id)] : index.block(id)
  if (!found) throw new Refusal('Block not found')
  return found
}

function readNumber(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name) ?? ''
  return /^\d{1,10}$/.test(text) ? Number(text) : otherwise
}

function sum(outputs: readonly IndexedOutput[]): bigint {
  return outputs.reduce((total, { value }) => total + value, 0n)
}
