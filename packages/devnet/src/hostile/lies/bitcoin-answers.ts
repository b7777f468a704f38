import { isJson, type Json } from '../json.ts'
import type { Call } from '../lie.ts'
import { type BitcoinOutput, type BitcoinTx, decodeTx, encodeTx } from './bitcoin-bytes.ts'
import { any, integer, number, path, rpc } from './make.ts'

// Where the four kinds of servers tell the same things.

/** A transaction by its id, its bytes among what is told: Electrum, Core, Esplora, Blockbook. */
export const TRANSACTION: (call: Call) => boolean = any(
  rpc('blockchain.transaction.get', 'getrawtransaction', 'gettransaction'),
  path(/\/tx\/[0-9a-f]{64}(?:\/hex|\/raw)?$/),
  path(/\/api(?:\/v\d)?\/tx-specific\/[0-9a-f]{64}$/),
)

/** Lists of whole transactions: history by script or address, blocks. */
export const TRANSACTIONS: (call: Call) => boolean = any(
  path(/\/(?:address|scripthash)\/[^/]+\/txs(?:\/.*)?$/),
  path(/\/api(?:\/v\d)?\/(?:address|xpub|block)\/[^/]+$/),
  path(/\/block\/[0-9a-f]{64}\/txs(?:\/.*)?$/),
  rpc('getblock'),
)

/** The ids of what a script was used for, or coins of it. */
export const HISTORY: (call: Call) => boolean = any(
  TRANSACTIONS,
  path(/\/(?:address|scripthash)\/[^/]+\/utxo$/),
  path(/\/api(?:\/v\d)?\/utxo\/[^/]+$/),
  rpc(
    'blockchain.scripthash.get_history',
    'blockchain.scripthash.listunspent',
    'blockchain.scripthash.get_mempool',
  ),
  rpc('scantxoutset', 'listunspent', 'getrawmempool'),
)

/** The transaction that a call is about. */
export function txidIn(call: Call): string | undefined {
  const found = call.protocol === 'rpc' ? call.params[0] : /[0-9a-f]{64}/.exec(call.path)?.[0]
  return typeof found === 'string' && /^[0-9a-f]{64}$/.test(found) ? found : undefined
}

/** Changes each output of each transaction in an answer, in its bytes and in what is told beside them. */
export function changeOutputs(value: unknown, change: ChangeOutput): unknown {
  if (typeof value === 'string') {
    const tx = decodeTx(value)
    return tx ? encodeTx(changeTx(tx, change)) : value
  }
  if (Array.isArray(value))
    return same(
      value,
      value.map((item) => (isJson(item) ? changeOutputs(item, change) : item)),
    )
  if (!isJson(value)) return value
  const list = ['transactions', 'tx', 'txs'].find((key) => Array.isArray(value[key]))
  if (list) {
    const told = changeOutputs(value[list], change)
    return told === value[list] ? value : { ...value, [list]: told }
  }
  return Array.isArray(value.vout) || typeof value.hex === 'string' ? changeRow(value, change) : value
}

/** Of which transaction; unknown in bare bytes. */
export type ChangeOutput = (output: BitcoinOutput, vout: number, txid: string | undefined) => BitcoinOutput

function changeTx(tx: BitcoinTx, change: ChangeOutput, txid?: string): BitcoinTx {
  return { ...tx, outputs: tx.outputs.map((output, vout) => change(output, vout, txid)) }
}

function changeRow(row: Json, change: ChangeOutput): Json {
  const txid = typeof row.txid === 'string' ? row.txid : undefined
  const tx = decodeTx(row.hex)
  const hex = tx && encodeTx(changeTx(tx, change, txid))
  const vout = list(row.vout).map((output, at) => changeTold(output, at, txid, change))
  // What an input spends is told beside it: by Esplora as `prevout`, by Core at its highest detail too.
  const vin = list(row.vin).map((input) => {
    const { prevout, vout: index, txid: spent } = input
    if (!isJson(prevout)) return input
    const told = changeTold(prevout, Number(index), String(spent), change)
    return told === prevout ? input : { ...input, prevout: told }
  })
  const isSame =
    hex === row.hex &&
    vout.every((one, i) => one === list(row.vout)[i]) &&
    vin.every((one, i) => one === list(row.vin)[i])
  if (isSame) return row
  return {
    ...row,
    ...(hex === undefined ? {} : { hex }),
    ...(Array.isArray(row.vin) ? { vin } : {}),
    ...(Array.isArray(row.vout) ? { vout } : {}),
  }
}

/** Esplora's `value` is satoshi, Blockbook's satoshi as a text, Core's whole coins. */
function changeTold(output: Json, vout: number, txid: string | undefined, change: ChangeOutput): Json {
  const { scriptPubKey } = output
  const isCore = isJson(scriptPubKey)
  const place = isCore || !('n' in output) ? vout : Number(output.n)
  const value = isCore ? fromCoins(output.value) : integer(output.value)
  const script = String(isCore ? scriptPubKey.hex : (output.scriptpubkey ?? output.hex ?? ''))
  const told = change({ value, script }, place, txid)
  if (told.value === value && told.script === script) return output
  if (isCore)
    return { ...output, value: toCoins(told.value), scriptPubKey: { ...scriptPubKey, hex: told.script } }
  const written = typeof output.value === 'string' ? told.value.toString() : number(told.value)
  if ('scriptpubkey' in output) return { ...output, value: written, scriptpubkey: told.script }
  return { ...output, value: written, ...('hex' in output ? { hex: told.script } : {}) }
}

export function toCoins(satoshi: bigint): number {
  return Number(satoshi) / 1e8
}

function fromCoins(coins: unknown): bigint {
  return BigInt(Math.round(Number(coins) * 1e8))
}

export function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isJson) : []
}

/** The old array where all of its entries are the old ones. */
export function same<T>(before: readonly T[], after: readonly T[]): readonly T[] {
  return before.length === after.length && before.every((item, i) => item === after[i]) ? before : after
}
