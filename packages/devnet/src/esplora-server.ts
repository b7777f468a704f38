import { createHash } from 'node:crypto'
import { type BitcoinBackend, refusalOf } from './bitcoin-backend.ts'
import {
  blockJson,
  feeEstimatesJson,
  mempoolJson,
  recentJson,
  spendJson,
  statsJson,
  statusJson,
  txJson,
  utxosJson,
} from './esplora-json.ts'
import { type HttpAnswer, type HttpRequest, type Listening, serveHttp } from './http-server.ts'
import type { IndexedTx } from './indexed.ts'
import { merkleBranch } from './merkle.ts'

/**
 * Blockstream's Esplora gives up to 50 waiting and 25 mined transactions on the first page of a script; the fork of
 * mempool.space gives 50 in all, and goes on after any transaction with `?after_txid=`.
 */
export type EsploraFlavour = 'blockstream' | 'mempool.space'

const CHAIN_PAGE = 25
const FIRST_PAGE = 50
const BLOCKS_PAGE = 10

/**
 * The REST API of Esplora over an index.
 *
 * @see https://github.com/Blockstream/esplora/blob/master/API.md
 */
export function serveEsplora(backend: BitcoinBackend, flavour: EsploraFlavour): Promise<Listening> {
  return serveHttp(async (request) => {
    try {
      return { body: await answer(backend, flavour, request) }
    } catch (error) {
      if (error instanceof Refusal) return error.answer
      throw error
    }
  })
}

/** Ends a request early with another status. Never leaves this file. */
class Refusal extends Error {
  readonly answer: HttpAnswer
  constructor(status: number, body: string) {
    super(body)
    this.answer = { status, body }
  }
}

function answer(
  backend: BitcoinBackend,
  flavour: EsploraFlavour,
  { method, path, query, body }: HttpRequest,
): unknown {
  const { index } = backend
  const [what, first, ...rest] = path
  if (method === 'POST' && what === 'tx' && !first) return broadcast(backend, body)
  if (method !== 'GET') throw noEndpoint(path)
  if (what === 'blocks') return blocks(backend, path.slice(1))
  if (what === 'mempool') {
    if (!first) return mempoolJson(index)
    if (first === 'txids') return [...index.mempool.keys()]
    if (first === 'recent') return recentJson(index)
  }
  if (what === 'fee-estimates' && !first) return feeEstimatesJson(backend.feeRate)
  if (what === 'broadcast' && !first) return broadcast(backend, query.get('tx') ?? '')
  if (!first) throw noEndpoint(path)
  if (what === 'block-height' && rest.length === 0) {
    const found = index.blocks[readNumber(first)]
    if (!found) throw notFound('Block')
    return found.hash
  }
  if (what === 'block') return block(backend, readHash(first), rest)
  if (what === 'tx') return transaction(backend, readHash(first), rest)
  if (what === 'address' || what === 'scripthash') return script(backend, flavour, path, query)
  throw noEndpoint(path)
}

async function script(
  backend: BitcoinBackend,
  flavour: EsploraFlavour,
  path: readonly string[],
  query: URLSearchParams,
): Promise<unknown> {
  const { index } = backend
  const [kind = '', name = '', what, part, last] = path
  const scriptHash = kind === 'address' ? await ofAddress(backend, name) : readHash(name)
  const { confirmed, waiting } = index.history(scriptHash)
  if (what === undefined) return { [kind]: name, ...statsJson({ confirmed, waiting }, scriptHash) }
  if (what === 'utxo' && path.length === 3) return utxosJson(index, scriptHash)
  if (what !== 'txs') throw noEndpoint(path)
  const mined = [...confirmed].reverse()
  const pool = [...waiting].sort((a, b) => b.firstSeen - a.firstSeen)
  if (part === 'mempool') return pool.slice(0, FIRST_PAGE).map(txJson)
  if (part === 'chain') return after(mined, last).slice(0, CHAIN_PAGE).map(txJson)
  if (part !== undefined) throw noEndpoint(path)
  if (flavour === 'blockstream')
    return [...pool.slice(0, FIRST_PAGE), ...mined.slice(0, CHAIN_PAGE)].map(txJson)
  const from = query.get('after_txid') ?? undefined
  if (from !== undefined && !index.tx(from)) throw new Refusal(422, 'after_txid not found')
  return after([...pool, ...mined], from)
    .slice(0, FIRST_PAGE)
    .map(txJson)
}

/** The rows behind the one with this id; all of them without one, none when it is not there. */
function after(rows: readonly IndexedTx[], txid: string | undefined): readonly IndexedTx[] {
  if (txid === undefined) return rows
  const at = rows.findIndex((row) => row.txid === txid)
  return at < 0 ? [] : rows.slice(at + 1)
}

function blocks({ index }: BitcoinBackend, [first, second, ...more]: readonly string[]): unknown {
  if (first === 'tip' && more.length === 0) {
    if (second === 'hash') return index.tip().hash
    if (second === 'height') return String(index.tip().height)
  }
  const from = first === undefined ? index.tip().height : readNumber(first)
  if (!index.blocks[from]) throw notFound('Block')
  return index.blocks
    .slice(Math.max(0, from - BLOCKS_PAGE + 1), from + 1)
    .reverse()
    .map(blockJson)
}

async function block(backend: BitcoinBackend, hash: string, rest: readonly string[]): Promise<unknown> {
  const { index } = backend
  const found = index.block(hash)
  const [what, at] = rest
  if (what === 'status') {
    if (!found || index.blocks[found.height] !== found)
      return { in_best_chain: false, height: null, next_best: null }
    const { height } = found
    return { in_best_chain: true, height, next_best: index.blocks[height + 1]?.hash ?? null }
  }
  if (!found) throw notFound('Block')
  if (what === undefined) return blockJson(found)
  if (what === 'header') return found.header
  if (what === 'txids') return found.txids
  if (what === 'raw') return Buffer.from(await backend.rpc<string>('getblock', [hash, 0]), 'hex')
  if (what === 'txid' && at) {
    const txid = found.txids[readNumber(at)]
    if (!txid) throw new Refusal(404, 'tx index out of range')
    return txid
  }
  if (what === 'txs') {
    const from = at === undefined ? 0 : readNumber(at)
    if (from >= found.txids.length) throw new Refusal(404, 'start index out of range')
    if (from % CHAIN_PAGE !== 0) {
      throw new Refusal(400, `start index must be a multipication of ${CHAIN_PAGE}`)
    }
    const txs = found.txids.slice(from, from + CHAIN_PAGE).flatMap((txid) => index.tx(txid) ?? [])
    return txs.map(txJson)
  }
  throw noEndpoint(['block', hash, ...rest])
}

function transaction(backend: BitcoinBackend, txid: string, [what, at]: readonly string[]): unknown {
  const { index } = backend
  const tx = index.tx(txid)
  if (what === 'status') return statusJson(tx ?? { block: undefined })
  if (what === 'outspend' && at) return spendJson(index, txid, readNumber(at))
  if (what === 'merkle-proof') {
    if (!tx?.block) throw new Refusal(404, 'Transaction not found or is unconfirmed')
    const { branch } = merkleBranch(tx.block.txids, tx.position)
    return { block_height: tx.block.height, merkle: branch, pos: tx.position }
  }
  if (!tx) throw notFound('Transaction')
  if (what === undefined) return txJson(tx)
  if (what === 'hex') return tx.raw
  if (what === 'raw') return Buffer.from(tx.raw, 'hex')
  if (what === 'outspends') return tx.outputs.map((_, vout) => spendJson(index, txid, vout))
  throw noEndpoint(['tx', txid, what])
}

async function broadcast(backend: BitcoinBackend, raw: string): Promise<string> {
  try {
    return await backend.broadcast(raw.trim())
  } catch (error) {
    const refusal = refusalOf(error)
    if (!refusal) throw error
    const { code, message } = refusal
    throw new Refusal(400, `sendrawtransaction RPC error: ${JSON.stringify({ code, message })}`)
  }
}

async function ofAddress(backend: BitcoinBackend, address: string): Promise<string> {
  const found = await backend.scriptOf(address)
  if (found === undefined) throw new Refusal(400, 'Invalid Bitcoin address')
  return createHash('sha256').update(found, 'hex').digest('hex')
}

function readHash(text: string): string {
  if (!/^[0-9a-fA-F]{64}$/.test(text)) throw new Refusal(400, 'Invalid hex string')
  return text.toLowerCase()
}

function readNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Refusal(400, 'Invalid number')
  return Number(text)
}

function notFound(what: string): Refusal {
  return new Refusal(404, `${what} not found`)
}

function noEndpoint(path: readonly string[]): Refusal {
  return new Refusal(404, `endpoint does not exist "/${path.join('/')}"`)
}
