import { createHash } from 'node:crypto'
import { type BitcoinBackend, refusalOf } from './bitcoin-backend.ts'
import { feeHistogram } from './esplora-json.ts'
import { feeOf, type IndexedTx } from './indexed.ts'
import type { Indexer } from './indexer.ts'
import { merkleBranch } from './merkle.ts'

/** What is spoken, oldest first. There is no 1.5. */
export const VERSIONS: readonly string[] = ['1.4', '1.4.1', '1.4.2', '1.4.3', '1.6']

/** A refusal on the wire. Never leaves the server. */
export class ElectrumError extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export type ElectrumMethod = (backend: BitcoinBackend, params: readonly unknown[], version: string) => unknown

const BAD_REQUEST = 1
const DAEMON_ERROR = 2
const MAX_HEADERS = 2016
/** Bitcoin for 1,000 virtual bytes, as the node is told. */
const RELAY_FEE = 0.00001

/** Every method but those that belong to one connection: its version and its subscriptions. */
export const electrumMethods: Readonly<Record<string, ElectrumMethod>> = {
  'server.banner': () => 'A local chain for tests.',
  'server.donation_address': () => '',
  'server.peers.subscribe': () => [],
  'server.add_peer': () => false,
  'server.ping': () => null,
  'server.features': ({ index }) => ({
    genesis_hash: index.blocks[0]?.hash,
    hosts: {},
    protocol_min: VERSIONS[0],
    protocol_max: VERSIONS.at(-1),
    pruning: null,
    server_version: 'coffer-devnet',
    hash_function: 'sha256',
    services: [],
  }),

  'blockchain.block.header'({ index }, [height, checkpoint = 0]) {
    const at = readNumber(height)
    const header = index.blocks[at]?.header
    if (!header) throw new ElectrumError(BAD_REQUEST, `height ${at} out of range`)
    return readNumber(checkpoint) === 0 ? header : { header, ...headerProof(index, at, checkpoint) }
  },

  'blockchain.block.headers'({ index }, [height, count, checkpoint = 0], version) {
    const from = readNumber(height)
    const headers = index.blocks
      .slice(from, from + Math.min(readNumber(count), MAX_HEADERS))
      .map(({ header }) => header)
    return {
      count: headers.length,
      max: MAX_HEADERS,
      ...(version === '1.6' ? { headers } : { hex: headers.join('') }),
      ...(headers.length > 0 &&
        readNumber(checkpoint) > 0 &&
        headerProof(index, from + headers.length - 1, checkpoint)),
    }
  },

  'blockchain.estimatefee'({ feeRate }, [blocks]) {
    const rate = feeRate(readNumber(blocks))
    return rate === undefined ? -1 : Number((rate / 100_000).toFixed(8))
  },

  'blockchain.relayfee'(_backend, _params, version) {
    if (version === '1.6') throw unknownMethod('blockchain.relayfee')
    return RELAY_FEE
  },

  'mempool.get_fee_histogram': ({ index }) => feeHistogram(index),

  'mempool.get_info'(_backend, _params, version) {
    if (version !== '1.6') throw unknownMethod('mempool.get_info')
    return { mempoolminfee: RELAY_FEE, minrelaytxfee: RELAY_FEE, incrementalrelayfee: RELAY_FEE }
  },

  'blockchain.scripthash.get_balance'({ index }, [hash]) {
    const scriptHash = readScriptHash(hash)
    const { confirmed, waiting } = index.history(scriptHash)
    const change = (txs: readonly IndexedTx[]): bigint =>
      txs.reduce((total, tx) => {
        for (const output of tx.outputs) if (output.scriptHash === scriptHash) total += output.value
        for (const { prevout } of tx.inputs) if (prevout?.scriptHash === scriptHash) total -= prevout.value
        return total
      }, 0n)
    return { confirmed: Number(change(confirmed)), unconfirmed: Number(change(waiting)) }
  },

  'blockchain.scripthash.get_history': ({ index }, [hash]) => {
    const scriptHash = readScriptHash(hash)
    const mined = index.history(scriptHash).confirmed
    return [
      ...mined.map((tx) => ({ tx_hash: tx.txid, height: heightOf(index, tx) })),
      ...waitingRows(index, scriptHash),
    ]
  },

  'blockchain.scripthash.get_mempool': ({ index }, [hash]) => waitingRows(index, readScriptHash(hash)),

  'blockchain.scripthash.listunspent'({ index }, [hash]) {
    const scriptHash = readScriptHash(hash)
    const { confirmed, waiting } = index.history(scriptHash)
    return [...confirmed, ...waiting].flatMap((tx) =>
      tx.outputs.flatMap(({ value, scriptHash: its }, vout) =>
        its === scriptHash && !index.spender(tx.txid, vout)
          ? [{ tx_hash: tx.txid, tx_pos: vout, height: tx.block?.height ?? 0, value: Number(value) }]
          : [],
      ),
    )
  },

  async 'blockchain.transaction.broadcast'(backend, [raw]) {
    if (!isHex(raw)) throw new ElectrumError(BAD_REQUEST, `${shorten(raw)} should be a hex string`)
    try {
      return await backend.broadcast(raw)
    } catch (error) {
      const refusal = refusalOf(error)
      if (!refusal) throw error
      throw new ElectrumError(
        BAD_REQUEST,
        `the transaction was rejected by network rules.\n\n${refusal.message}\n[${raw}]`,
      )
    }
  },

  async 'blockchain.transaction.broadcast_package'(backend, [raws, verbose = false], version) {
    if (version !== '1.6') throw unknownMethod('blockchain.transaction.broadcast_package')
    if (!Array.isArray(raws) || !raws.every(isHex)) {
      throw new ElectrumError(BAD_REQUEST, 'a package is a list of hex strings')
    }
    const result = await backend.broadcastPackage(raws).catch((error) => {
      const refusal = refusalOf(error)
      if (!refusal) throw error
      const words = `the tx package was rejected by network rules.\n\n${refusal.message}.`
      throw new ElectrumError(BAD_REQUEST, words)
    })
    if (verbose === true) return result
    const errors = Object.values(result['tx-results']).flatMap(({ txid, error }) =>
      error === undefined ? [] : [{ txid, error }],
    )
    return { success: result.package_msg === 'success', ...(errors.length > 0 && { errors }) }
  },

  async 'blockchain.transaction.get'(backend, [txid, verbose = false]) {
    const known = backend.index.tx(readTxid(txid))
    if (!known) {
      const words = 'No such mempool or blockchain transaction. Use gettransaction for wallet transactions.'
      throw new ElectrumError(DAEMON_ERROR, `daemon error: DaemonError({'code': -5, 'message': '${words}'})`)
    }
    return verbose === true ? backend.rpc('getrawtransaction', [txid, true]) : known.raw
  },

  'blockchain.transaction.get_merkle'({ index }, [txid, height]) {
    const tx = index.tx(readTxid(txid))
    const block = tx?.block
    if (!block || (height !== undefined && block.height !== readNumber(height))) {
      throw new ElectrumError(BAD_REQUEST, `tx ${String(txid)} not in block at height ${String(height)}`)
    }
    const { branch } = merkleBranch(block.txids, tx.position)
    return { block_height: block.height, merkle: branch, pos: tx.position }
  },

  'blockchain.transaction.id_from_pos'({ index }, [height, position, merkle = false]) {
    const [at, pos] = [readNumber(height), readNumber(position)]
    const txids = index.blocks[at]?.txids
    const txid = txids?.[pos]
    if (!txids || !txid)
      throw new ElectrumError(BAD_REQUEST, `no tx at position ${pos} in block at height ${at}`)
    return merkle === true ? { tx_hash: txid, merkle: merkleBranch(txids, pos).branch } : txid
  },
}

/**
 * The status of a script: the hash over the ids and heights of its history, `null` without one.
 *
 * @see https://electrum-protocol.readthedocs.io/en/latest/protocol-basics.html#status
 */
export function scriptStatus(index: Indexer, hash: unknown): string | null {
  const { confirmed, waiting } = index.history(readScriptHash(hash))
  const rows = [...confirmed, ...waiting].map((tx) => `${tx.txid}:${heightOf(index, tx)}:`)
  return rows.length === 0 ? null : createHash('sha256').update(rows.join('')).digest('hex')
}

function waitingRows(index: Indexer, scriptHash: string): unknown[] {
  return index
    .history(scriptHash)
    .waiting.map((tx) => ({ tx_hash: tx.txid, height: heightOf(index, tx), fee: Number(feeOf(tx)) }))
}

/** 0 while it waits, -1 while it waits for another one too. */
function heightOf(index: Indexer, tx: IndexedTx): number {
  return tx.block ? tx.block.height : index.hasWaitingParent(tx) ? -1 : 0
}

function headerProof(index: Indexer, height: number, checkpoint: unknown): object {
  const last = readNumber(checkpoint)
  if (height > last || last >= index.blocks.length) {
    throw new ElectrumError(
      BAD_REQUEST,
      `require header height ${height} <= cp_height ${last} <= chain height ${index.tip().height}`,
    )
  }
  const leaves = index.blocks.slice(0, last + 1).map(({ hash }) => hash)
  return merkleBranch(leaves, height)
}

/** The protocol writes hashes of scripts backwards. */
function readScriptHash(hash: unknown): string {
  if (typeof hash !== 'string' || !/^[0-9a-fA-F]{64}$/.test(hash)) {
    throw new ElectrumError(BAD_REQUEST, `${shorten(hash)} is not a valid script hash`)
  }
  return Buffer.from(hash, 'hex').reverse().toString('hex')
}

function readTxid(txid: unknown): string {
  if (typeof txid === 'string' && /^[0-9a-fA-F]{64}$/.test(txid)) return txid.toLowerCase()
  throw new ElectrumError(BAD_REQUEST, `${shorten(txid)} should be a transaction hash`)
}

function readNumber(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw new ElectrumError(BAD_REQUEST, `${shorten(value)} should be a non-negative integer`)
}

function isHex(text: unknown): text is string {
  return typeof text === 'string' && /^(?:[0-9a-fA-F]{2})+$/.test(text)
}

function shorten(value: unknown): string {
  return String(value).slice(0, 100)
}

export function unknownMethod(method: string): ElectrumError {
  return new ElectrumError(-32601, `unknown method "${method.slice(0, 100)}"`)
}
