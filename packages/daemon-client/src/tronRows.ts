import type { ChainId, CofferError, TransferRow } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { badResponse } from './transportErrors.ts'
import { tronAddress } from './tronAddress.ts'

/** `coins`: transactions that name the account; `tokens`: events of TRC-20 contracts. */
export type TronList = 'coins' | 'tokens'

/** What one row of an indexer tells, before the block is known for certain. */
export interface GridRow {
  readonly list: TronList
  /** When its block was made, in milliseconds. */
  readonly at: number
  /** Tells the row from others of the same moment. Rows that look the same have the same. */
  readonly key: string
  readonly height: number | undefined
  readonly row: Omit<TransferRow, 'height'>
}

export interface RowContext {
  readonly list: TronList
  readonly chain: ChainId
  /** In base58check. */
  readonly address: string
  readonly coin: TransferRow['asset']
  readonly origin: string
}

const TXID = /^[0-9a-f]{64}$/
/** Where a block is known: its time in milliseconds. */
const LATEST = 9_999_999_999_999

/** When the block of a row was made, in milliseconds: what the indexer sorts by. */
export function timeOf(json: unknown, origin: string): number {
  const at = fieldsOf(json).block_timestamp
  if (!Number.isSafeInteger(at) || (at as number) < 0 || (at as number) > LATEST)
    throw badResponse(origin, 'sent a row of history with a wrong block_timestamp.')
  return at as number
}

/** The movement that a row tells of; `undefined` when it tells of none that is shown. */
export function readGridRow(json: unknown, about: RowContext): GridRow | undefined {
  const moved = about.list === 'coins' ? coinRow(json, about) : tokenRow(json, about)
  if (!moved) return undefined
  const at = timeOf(json, about.origin)
  const { height, ...row } = moved
  const text = [row.txid, row.from, row.to, row.asset, row.amount].join(' ')
  const key = bytesToHex(sha256(utf8ToBytes(text)).subarray(0, 8))
  return { list: about.list, at, key, height, row: { ...row, time: Math.floor(at / 1_000) } }
}

type Moved = Omit<TransferRow, 'height' | 'time'> & { readonly height: number | undefined }

/** A transaction that moves TRX or a TRC-10 token by itself. */
function coinRow(json: unknown, { chain, address, coin, origin }: RowContext): Moved | undefined {
  const { txID, raw_data, ret, blockNumber } = fieldsOf(json)
  const { contract } = fieldsOf(raw_data)
  // Coin that contracts move comes without the transaction.
  if (txID === undefined) return undefined
  const [only] = Array.isArray(contract) ? contract : []
  const { type, parameter } = fieldsOf(only)
  const value = fieldsOf(fieldsOf(parameter).value)
  const isCall = type === 'TriggerSmartContract'
  if (!isCall && type !== 'TransferContract' && type !== 'TransferAssetContract') return undefined
  const amount = isCall ? (value.call_value ?? 0) : value.amount
  if (isCall && (amount === 0 || amount === '0')) return undefined
  const asset = type === 'TransferAssetContract' ? trc10(chain, value.asset_name) : coin
  if (!asset) return undefined
  const from = account(value.owner_address, 'owner_address', origin)
  const target = isCall ? 'contract_address' : 'to_address'
  const to = account(value[target], target, origin)
  if (from !== address && to !== address) {
    // Named by a call's events, perhaps.
    if (isCall) return undefined
    throw badResponse(origin, 'sent history of another account.')
  }
  const [result] = Array.isArray(ret) ? ret : []
  const { contractRet, fee } = fieldsOf(result)
  const failed = contractRet !== undefined && contractRet !== 'SUCCESS' && contractRet !== 'DEFAULT'
  const paid = fee === undefined || from !== address || asset !== coin ? undefined : units(fee, 'fee', origin)
  return {
    txid: txid(txID, 'txID', origin),
    height: height(blockNumber, origin),
    from,
    to,
    asset,
    amount: units(amount, isCall ? 'call_value' : 'amount', origin),
    ...(failed ? { failed } : {}),
    ...(paid === undefined ? {} : { fee: paid }),
  }
}

/** A `Transfer` event of a contract. */
function tokenRow(json: unknown, { chain, address, origin }: RowContext): Moved | undefined {
  const fields = fieldsOf(json)
  if (fields.type !== 'Transfer') return undefined
  const { address: token } = fieldsOf(fields.token_info)
  // The indexer does not know the contract's token.
  if (token === undefined || token === null || token === '') return undefined
  const from = account(fields.from, 'from', origin)
  const to = account(fields.to, 'to', origin)
  if (from !== address && to !== address) throw badResponse(origin, 'sent history of another account.')
  return {
    txid: txid(fields.transaction_id, 'transaction_id', origin),
    height: height(fields.block_number ?? fieldsOf(fields.detail).blockNumber, origin),
    from,
    to,
    asset: `${chain}/trc20:${account(token, 'token_info', origin)}`,
    amount: units(fields.value, 'value', origin),
  }
}

/** Tokens are named by their numbers, as text or its hexadecimal form; before 2019 by names, which no asset id has. */
function trc10(chain: ChainId, name: unknown): TransferRow['asset'] | undefined {
  const text = typeof name === 'string' ? name : ''
  const hex = /^(?:3[0-9]){7,10}$/.test(text) ? text.replace(/3([0-9])/g, '$1') : text
  return /^1[0-9]{6,9}$/.test(hex) ? `${chain}/trc10:${hex}` : undefined
}

function account(value: unknown, field: string, origin: string): string {
  const address = tronAddress(value)
  if (address === undefined) throw wrong(field, origin)
  return address
}

function txid(value: unknown, field: string, origin: string): string {
  if (typeof value !== 'string' || !TXID.test(value)) throw wrong(field, origin)
  return value
}

/** Base units: digits, or a number that is exact. */
function units(value: unknown, field: string, origin: string): bigint {
  const text = typeof value === 'number' ? (Number.isSafeInteger(value) ? String(value) : '') : value
  if (typeof text !== 'string' || !/^(?:0|[1-9][0-9]{0,77})$/.test(text)) throw wrong(field, origin)
  return BigInt(text)
}

function height(value: unknown, origin: string): number | undefined {
  if (value === undefined || value === null) return undefined
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw wrong('blockNumber', origin)
  return value as number
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function wrong(field: string, origin: string): CofferError {
  return badResponse(origin, `sent a row of history with a wrong ${field}.`)
}
