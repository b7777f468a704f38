import { isJson } from '../json.ts'
import type { Answer, Ask, Call, Lie } from '../lie.ts'
import { HISTORY, list, TRANSACTION, txidIn } from './bitcoin-answers.ts'
import { type BitcoinTx, encodeTx, reversed, scriptHash, txidOf } from './bitcoin-bytes.ts'
import { any, isSaid, number, rpc, withHttp, withParams } from './make.ts'

export interface InventedCoin {
  /** The output script that the coin pays, in hexadecimal. */
  readonly script: string
  /** Of that script; for servers that are asked by address. */
  readonly address?: string
  /** Satoshi. */
  readonly value: bigint
  /** The block that it is said to be in; waiting when not given. */
  readonly height?: number
}

/**
 * G14: a coin that does not exist, in a transaction that is whole: its bytes hash to its id, in histories, lists of coins
 * and single answers. Electrum's status of a script is left as it is.
 */
export function inventedCoin(coin: InventedCoin): Lie & { readonly txid: string } {
  const { script, value } = coin
  const tx: BitcoinTx = {
    version: '02000000',
    inputs: [
      { txid: 'c0'.repeat(32), vout: 0, script: '', sequence: 'fdffffff', witness: ['00'.repeat(64)] },
    ],
    outputs: [{ value, script }],
    locktime: '00000000',
  }
  const txid = txidOf(tx)
  const raw = encodeTx(tx)
  return {
    name: 'bitcoin.inventedCoin',
    attack: 'G14',
    txid,
    about: any(TRANSACTION, HISTORY, rpc('blockchain.scripthash.subscribe')),
    async tell(call, ask) {
      if (TRANSACTION(call)) return txidIn(call) === txid ? single({ ...coin, txid, raw }, call, ask) : ask()
      if (!isOf(call, coin)) return ask()
      const answer = await ask()
      if (!isSaid(answer)) return answer
      const told = await withCoin({ ...coin, txid, raw }, answer.value, call, ask)
      return told === answer.value ? answer : { ...answer, value: told }
    },
  }
}

interface Invented extends InventedCoin {
  readonly txid: string
  readonly raw: string
}

/** Whether a question is about the script. */
function isOf(call: Call, { script, address }: InventedCoin): boolean {
  if (call.protocol === 'rpc')
    return call.method.startsWith('blockchain.scripthash.')
      ? call.params[0] === reversed(scriptHash(script))
      : call.method === 'scantxoutset' && JSON.stringify(call.params).includes(script)
  const parts = call.path.split('/')
  return parts.includes(scriptHash(script)) || (address !== undefined && parts.includes(address))
}

async function withCoin(coin: Invented, value: unknown, call: Call, ask: Ask): Promise<unknown> {
  const { txid, height = 0 } = coin
  if (call.protocol === 'rpc') {
    if (call.method === 'scantxoutset' && isJson(value))
      return {
        ...value,
        unspents: [
          ...list(value.unspents),
          { txid, vout: 0, scriptPubKey: coin.script, amount: Number(coin.value) / 1e8, height },
        ],
      }
    if (!Array.isArray(value)) return value
    const row = {
      tx_hash: txid,
      height,
      ...(call.method.endsWith('listunspent') ? { tx_pos: 0, value: number(coin.value) } : {}),
    }
    return [...value, row].sort((a, b) => rank(a.height) - rank(b.height))
  }
  if (/\/txs\/chain\/[0-9a-f]{64}$/.test(call.path)) return value
  const status = await statusOf(coin, call, ask)
  if (call.path.endsWith('/utxo') && Array.isArray(value))
    return [{ txid, vout: 0, value: number(coin.value), status }, ...value]
  // The list is newest first.
  if (Array.isArray(value))
    return [...value, rowOf(coin, status)].sort(
      (a, b) => rank(b.status?.block_height) - rank(a.status?.block_height),
    )
  if (!isJson(value) || !('txs' in value)) return value
  // Up to a height, waiting rows are left out.
  const to = /[?&]to=(\d+)/.exec(call.protocol === 'http' ? call.query : '')?.[1]
  if (to !== undefined && (height === 0 || height > Number(to))) return value
  const row = await blockbookRow(coin, call, ask)
  const rows = [row, ...list(value.transactions)].sort((a, b) => rank(b.blockHeight) - rank(a.blockHeight))
  const waiting = Number(value.unconfirmedTxs ?? 0) + (height === 0 ? 1 : 0)
  return {
    ...value,
    ...('unconfirmedTxs' in value ? { unconfirmedTxs: waiting } : {}),
    txs: Number(value.txs) + (height === 0 ? 0 : 1),
    ...(Array.isArray(value.transactions) ? { transactions: rows } : {}),
  }
}

/** What waits is newest. */
function rank(height: unknown): number {
  return typeof height === 'number' && height > 0 ? height : Number.MAX_SAFE_INTEGER
}

async function single(coin: Invented, call: Call, ask: Ask): Promise<Answer> {
  if (call.protocol === 'rpc') {
    if (!call.params[1]) return { value: coin.raw }
    const block =
      coin.height === undefined
        ? undefined
        : await ask({ ...withParams(call, [coin.height]), method: 'getblockhash' })
    return { value: { txid: coin.txid, hex: coin.raw, ...(block ? { blockhash: block.value } : {}) } }
  }
  if (call.path.endsWith('/hex')) return { value: coin.raw }
  if (/\/api\/v\d/.test(call.path)) return { value: await blockbookRow(coin, call, ask) }
  return { value: rowOf(coin, await statusOf(coin, call, ask)) }
}

async function statusOf({ height }: InventedCoin, call: Call, ask: Ask): Promise<Record<string, unknown>> {
  if (height === undefined) return { confirmed: false }
  const { value } = await ask(withHttp(call, { path: `/block-height/${height}`, query: '', body: undefined }))
  return { confirmed: true, block_height: height, block_hash: String(value), block_time: 1_700_000_000 }
}

function rowOf(
  { txid, script, value }: Invented,
  status: unknown,
): Record<string, unknown> & { status: { block_height?: number } } {
  const vin = [
    {
      txid: 'c0'.repeat(32),
      vout: 0,
      prevout: null,
      scriptsig: '',
      sequence: 0xfffffffd,
      witness: ['00'.repeat(64)],
      is_coinbase: false,
    },
  ]
  const vout = [{ scriptpubkey: script, value: number(value) }]
  return {
    txid,
    version: 2,
    locktime: 0,
    vin,
    vout,
    size: 150,
    weight: 600,
    fee: 0,
    status: status as { block_height?: number },
  }
}

async function blockbookRow(
  { txid, raw, height, value }: Invented,
  call: Call,
  ask: Ask,
): Promise<Record<string, unknown>> {
  const row = { txid, hex: raw, value: value.toString(), vin: [], vout: [] }
  if (height === undefined) return { ...row, blockHeight: -1, confirmations: 0 }
  const api = call.protocol === 'http' ? (/\/api\/v\d/.exec(call.path)?.[0] ?? '') : ''
  const said = await ask(withHttp(call, { path: `${api}/block-index/${height}`, query: '', body: undefined }))
  const blockHash = isJson(said.value) ? said.value.blockHash : ''
  return { ...row, blockHeight: height, blockHash, confirmations: 1 }
}
