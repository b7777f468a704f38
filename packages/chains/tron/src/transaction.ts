import { CofferError } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { type ContractTable, contracts, INT32, type TronContract } from './contracts.ts'
import { bytesToHex, hexToBytes, isHex } from './hex.ts'
import { decode, encode, type Schema, type SchemaOf, varintSize, type Wrong } from './protobuf.ts'

export type { TronContract }

/** An unsigned transaction, field by field. */
export interface TronTransaction<Contract = TronContract> {
  /** The last two bytes of the number of the block that it refers to; 4 hex digits. */
  readonly refBlockBytes: string
  /** Bytes 8 to 15 of that block's id; 16 hex digits. Nodes of another chain refuse it. */
  readonly refBlockHash: string
  /** Unix milliseconds. Once the chain's own clock is past it, no block takes the transaction. */
  readonly expiration: bigint
  /** Unix milliseconds. Says nothing to the network, and tells two equal transactions apart. */
  readonly timestamp: bigint
  /** The most that energy may cost, in sun; 0n when absent. */
  readonly feeLimit: bigint
  /** Lower-case hex, `''` when absent. */
  readonly memo: string
  /** The permission whose keys sign: 0 owner, 1 witness, 2 and above active. */
  readonly permission: number
  readonly contract: Contract
}

/** The most bytes that java-tron takes. */
const MAX_SIZE = 512_000

/** A recoverable signature: r, s and one byte more. */
const SIGNATURE = 65

/** What each transaction is charged for its result, though that is not in it yet. */
const RESULT = 64

/** @see https://github.com/tronprotocol/java-tron/blob/develop/protocol/src/main/protos/core/Tron.proto */
interface Raw {
  readonly refBlockBytes: string
  readonly refBlockHash: string
  readonly expiration: bigint
  readonly memo: string
  readonly contract: readonly {
    readonly type: number
    readonly parameter: { readonly typeUrl: string; readonly value: string }
    readonly permission: number
  }[]
  readonly timestamp: bigint
  readonly feeLimit: bigint
}

const RAW: SchemaOf<Raw> = {
  refBlockBytes: [1, 'hex'],
  refBlockHash: [4, 'hex'],
  expiration: [8, 'amount'],
  memo: [10, 'hex'],
  contract: [
    11,
    {
      type: [1, INT32],
      parameter: [2, { typeUrl: [1, 'text'], value: [2, 'hex'] }],
      permission: [5, INT32],
    },
    'list',
  ],
  timestamp: [14, 'amount'],
  feeLimit: [18, 'amount'],
}

interface Signed {
  readonly raw: string
  readonly signatures: readonly string[]
}

const SIGNED: SchemaOf<Signed> = { raw: [1, 'hex'], signatures: [2, 'hex', 'list'] }

type AnyTable = Readonly<Record<string, readonly [type: number, fields: Schema]>>

/**
 * The bytes whose SHA-256 is signed: `raw_data` in its canonical form. Throws `INVALID_REQUEST` for fields that are
 * missing or out of range, and `INVALID_ADDRESS`. Contracts that this wallet does not sign need their own table.
 */
export function encodeRaw<C extends { readonly type: string } = TronContract>(
  tx: TronTransaction<C>,
  table?: ContractTable<C>,
): Uint8Array {
  const { contract, permission, ...fields } = tx
  const { type: name, ...value } = contract
  const [type, schema] = entryOf(name, table)
  const parameter = {
    typeUrl: urlOf(name),
    value: bytesToHex(encode<unknown>(schema, value, invalidRequest)),
  }
  check(tx, invalidRequest)
  const bytes = encode(RAW, { ...fields, contract: [{ type, parameter, permission }] }, invalidRequest)
  if (bytes.length > MAX_SIZE) throw invalidRequest('It has more than 500 KB.')
  return bytes
}

/**
 * Reads what {@link encodeRaw} writes, and nothing else: one canonical transaction to the last byte, of one contract of
 * those in the table, which are those that this wallet signs when none is given. Throws what `wrong` makes.
 *
 * Fields that a wallet never fills (`auths`, `scripts`, `provider`, `ContractName`, `ref_block_num`) are refused.
 */
export function decodeRaw<C extends { readonly type: string } = TronContract>(
  bytes: Uint8Array,
  wrong: Wrong,
  table?: ContractTable<C>,
): TronTransaction<C> {
  if (bytes.length > MAX_SIZE) throw wrong('It has more than 500 KB.')
  const known = table ? undefined : recent.get(bytesToHex(bytes))
  if (known) return known as unknown as TronTransaction<C>
  const { contract: parts, ...fields } = decode(RAW, bytes, wrong)
  const [part, second] = parts
  if (!part || second) throw wrong('It should have one contract.')
  const { type, parameter, permission } = part
  const found = Object.entries((table ?? contracts) as AnyTable).find(([, [number]]) => number === type)
  if (!found) throw wrong(`Its contract is of a type (${type}) that this wallet does not know.`)
  const [name, [, schema]] = found
  if (parameter.typeUrl !== urlOf(name)) throw wrong('It names two types of contract.')
  const value = decode<unknown>(schema, hexToBytes(parameter.value), wrong)
  const contract = { type: name, ...(value as object) } as unknown as C
  const tx = { ...fields, permission, contract }
  check(tx, wrong)
  if (!table) remember(bytes, tx as unknown as TronTransaction)
  return tx
}

/** Those that were read last: on its way to a signature a transaction is read five times, and its bytes say it all. */
const recent = new Map<string, TronTransaction>()
const RECENT = 16

function remember(bytes: Uint8Array, tx: TronTransaction): void {
  if (bytes.length > 4_096) return
  if (recent.size >= RECENT) recent.clear()
  recent.set(bytesToHex(bytes), frozen(tx))
}

/** Nobody may change what others will read. */
function frozen<T>(value: T): T {
  if (!(value instanceof Object)) return value
  for (const inner of Object.values(value)) frozen(inner)
  return Object.freeze(value)
}

/** The bytes to broadcast, in hex. Throws `INVALID_REQUEST` when a signature has not 65 bytes. */
export function encodeSigned(raw: Uint8Array, signatures: readonly Uint8Array[]): string {
  const tx = { raw: bytesToHex(raw), signatures: signatures.map(bytesToHex) }
  checkSignatures(signatures, invalidRequest)
  return bytesToHex(encode(SIGNED, tx, invalidRequest))
}

/**
 * Reads what {@link encodeSigned} writes, and nothing else. Who signed is not looked at. Throws `INVALID_SIGNED`, also for a
 * transaction that carries a result.
 */
export function decodeSigned<C extends { readonly type: string } = TronContract>(
  hex: string,
  table?: ContractTable<C>,
): { raw: Uint8Array; tx: TronTransaction<C>; signatures: readonly Uint8Array[] } {
  if (!isHex(hex) || hex !== hex.toLowerCase()) throw invalidSigned('They are not lower-case hex without 0x.')
  if (hex.length > 4 * MAX_SIZE) throw invalidSigned('They are too long.')
  const signed = decode(SIGNED, hexToBytes(hex), invalidSigned)
  const raw = hexToBytes(signed.raw)
  const signatures = signed.signatures.map(hexToBytes)
  checkSignatures(signatures, invalidSigned)
  return { raw, tx: decodeRaw(raw, invalidSigned, table), signatures }
}

/** What is signed, and in hex the id of the transaction: SHA-256 of `raw_data`. 32 bytes. */
export function signingHash(raw: Uint8Array): Uint8Array {
  return sha256(raw)
}

/** The id of a transaction, of its `raw_data`: 64 hex digits. */
export function txidOf(raw: Uint8Array): string {
  return bytesToHex(signingHash(raw))
}

/**
 * The bandwidth of a transaction, from the length of its `raw_data` and the number of its signatures: its bytes, and 64 for its result.
 *
 * @example
 * bandwidthOf(133, 1) // 267n
 */
export function bandwidthOf(rawLength: number, signatures: number): bigint {
  const bytes = 1 + varintSize(rawLength) + rawLength + signatures * (2 + SIGNATURE)
  return BigInt(bytes + RESULT)
}

function entryOf<C extends { readonly type: string }>(
  name: string,
  table?: ContractTable<C>,
): AnyTable[string] {
  const all = (table ?? contracts) as AnyTable
  if (Object.hasOwn(all, name)) return all[name]!
  throw invalidRequest('Its contract is of a type that is not in the table.')
}

function urlOf(name: string): string {
  return `type.googleapis.com/protocol.${name}`
}

/** What the kinds of the fields do not say. */
function check(tx: TronTransaction<unknown>, wrong: Wrong): void {
  if (!isHex(tx.refBlockBytes, 2) || !isHex(tx.refBlockHash, 8))
    throw wrong('It does not say in full to which block it refers.')
  if (!(tx.expiration > 0n)) throw wrong('It never expires.')
}

function checkSignatures(signatures: readonly Uint8Array[], wrong: Wrong): void {
  if (signatures.length === 0) throw wrong('It has no signature.')
  if (signatures.some(({ length }) => length !== SIGNATURE))
    throw wrong('One of its signatures has not 65 bytes.')
}

function invalidRequest(reason: string): CofferError {
  return new CofferError({
    code: 'INVALID_REQUEST',
    message: `This transaction cannot be written. ${reason}`,
  })
}

function invalidSigned(reason: string): CofferError {
  return new CofferError({
    code: 'INVALID_SIGNED',
    message: `These bytes are not a signed transaction. ${reason}`,
  })
}
