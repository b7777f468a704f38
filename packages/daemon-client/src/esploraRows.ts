import { HASH, isHex, type TxFields, writeTx } from './bitcoinBytes.ts'
import { badResponse } from './transportErrors.ts'

/** One transaction of an Esplora server. */
export interface EsploraRow {
  readonly txid: string
  /** 0 while it waits to be mined. */
  readonly height: number
  /** The block that it is in; empty while it waits. */
  readonly block: string
  /** What the server told of it. */
  readonly json: Json
}

type Json = Readonly<Record<string, unknown>>

/**
 * Reads a transaction as Esplora tells it, but for its contents: {@link rawOf} reads and proves those.
 *
 * @see https://github.com/Blockstream/esplora/blob/master/API.md#transaction-format
 */
export function readRow(value: unknown, origin: string): EsploraRow {
  const json = object(value)
  const { confirmed, block_height: height, block_hash: block } = object(json.status)
  const { txid } = json
  if (!isHash(txid)) throw badResponse(origin, 'sent a transaction without an id.')
  if (confirmed === false) return { txid, height: 0, block: '', json }
  if (confirmed !== true || !isHash(block) || !isCount(height, MOST_HEIGHT) || height === 0)
    throw badResponse(origin, `sent the transaction ${txid} with a wrong status.`)
  return { txid, height, block, json }
}

/**
 * The bytes of the transaction, written from its fields. Throws `BAD_RESPONSE` unless they hash to its id, so that
 * nothing of it can be a lie but the witnesses and the height.
 */
export function rawOf({ txid, json }: EsploraRow, origin: string): string {
  const fields = readFields(json)
  const written = fields && writeTx(fields)
  if (written?.txid === txid) return written.raw
  throw badResponse(origin, `sent the transaction ${txid} with contents that are not those of its id.`)
}

function readFields(json: Json): TxFields | undefined {
  const { version, locktime, vin, vout } = json
  if (!Array.isArray(vin) || !Array.isArray(vout)) return undefined
  if (!isInteger(version, -0x8000_0000, U32) || !isCount(locktime, U32)) return undefined
  const inputs: TxFields['inputs'][number][] = []
  for (const item of vin) {
    const { txid, vout: index, scriptsig: script, sequence, witness = [] } = object(item)
    if (!isHash(txid) || !isCount(index, U32) || !isHex(script) || !isCount(sequence, U32)) return undefined
    // Some servers write null where there are none.
    const items: unknown = witness ?? []
    if (!Array.isArray(items) || !items.every(isHex)) return undefined
    inputs.push({ txid, vout: index, script, sequence, witness: items })
  }
  const outputs: TxFields['outputs'][number][] = []
  for (const item of vout) {
    const { scriptpubkey: script, value: amount } = object(item)
    if (!isHex(script) || !isCount(amount, MOST_SATOSHI)) return undefined
    outputs.push({ amount, script })
  }
  return { version, locktime, inputs, outputs }
}

const U32 = 0xffff_ffff
/** All coins there will ever be. */
const MOST_SATOSHI = 2_100_000_000_000_000
const MOST_HEIGHT = 0x7fff_ffff

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && HASH.test(value)
}

function isCount(value: unknown, most: number): value is number {
  return isInteger(value, 0, most)
}

function isInteger(value: unknown, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
}
