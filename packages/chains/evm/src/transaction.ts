import { CofferError } from '@coffer/core'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { addressFromBytes } from './address.ts'
import { bytesToHex, bytesToInt, hexToBytes, intToBytes, isHex } from './hex.ts'
import type { AccessList, Address, Authorization, EvmTransaction, Hex } from './intent.ts'
import { decodeRlp, encodeRlp, type Rlp, type Wrong } from './rlp.ts'
import { isCanonical, type TxSignature } from './signature.ts'

/** The most call data that a transaction may carry, in bytes: nodes take no transaction above 128 KiB. */
export const MAX_DATA = 131_072

const TYPE_BYTES = { eip2930: 1, eip1559: 2, eip7702: 4 } as const
const FIELD_COUNT = { legacy: 6, eip2930: 8, eip1559: 9, eip7702: 10 } as const

/**
 * The bytes whose keccak-256 is signed: RLP with `chainId, 0, 0` for legacy transactions (EIP-155), and a
 * type byte before the RLP for the others, in lower-case hex. Authorisations without a signature are written
 * as `[chainId, address, nonce]`; they must be signed before the transaction is. Throws `INVALID_REQUEST` for
 * fields out of range.
 *
 * @see https://eips.ethereum.org/EIPS/eip-155 https://eips.ethereum.org/EIPS/eip-2718
 */
export function encodeUnsigned(tx: EvmTransaction): Hex {
  return bytesToHex(unsignedBytes(tx))
}

function unsignedBytes(tx: EvmTransaction): Uint8Array {
  checkRanges(tx, invalidRequest)
  return serialise(tx, tx.type === 'legacy' ? [tx.chainId, 0n, 0n] : [])
}

/**
 * Reads what {@link encodeUnsigned} writes, and nothing else: one canonical transaction to the last byte.
 * Throws `INVALID_DRAFT` otherwise, with a sentence of its own for transactions without a chain id and for
 * blobs.
 */
export function decodeUnsigned(hex: string): EvmTransaction {
  const [type, items] = parse(hex, invalidDraft)
  if (type !== 'legacy') return readFields(type, items, 0, invalidDraft)
  if (items.length === 6)
    throw invalidDraft('It names no chain, so it could be replayed on another one (EIP-155).')
  const tx = readFields(type, items, 3, invalidDraft)
  if (bytesOf(items[7], invalidDraft).length > 0 || bytesOf(items[8], invalidDraft).length > 0)
    throw invalidDraft('It is signed already.')
  return tx
}

/**
 * The bytes to broadcast. Throws `INVALID_REQUEST` for fields out of range, high s, or an unsigned
 * authorisation.
 */
export function encodeSigned(tx: EvmTransaction, signature: TxSignature): Hex {
  checkRanges(tx, invalidRequest)
  checkSignatures(tx, signature, invalidRequest)
  const v = BigInt(signature.yParity) + (tx.type === 'legacy' ? tx.chainId * 2n + 35n : 0n)
  return bytesToHex(serialise(tx, [v, signature.r, signature.s]))
}

/** Reads what {@link encodeSigned} writes, and nothing else. Throws `INVALID_SIGNED`. */
export function decodeSigned(hex: string): { tx: EvmTransaction; signature: TxSignature } {
  const [type, items] = parse(hex, invalidSigned)
  const [vItem, rItem, sItem] = items.slice(FIELD_COUNT[type])
  const v = intOf(vItem, invalidSigned)
  const [tx, parity] =
    type === 'legacy' ? readLegacy(items, v) : [readFields(type, items, 3, invalidSigned), v]
  const signature = {
    yParity: Number(parity),
    r: intOf(rItem, invalidSigned),
    s: intOf(sItem, invalidSigned),
  }
  checkSignatures(tx, signature, invalidSigned)
  return { tx, signature }
}

/** A signed legacy transaction has its chain id in `v`. */
function readLegacy(items: readonly Rlp[], v: bigint): [tx: EvmTransaction, parity: bigint] {
  if (v < 37n) throw invalidSigned('It names no chain, so it could be replayed on another one (EIP-155).')
  const chainId = intToBytes((v - 35n) / 2n)
  return [
    readFields('legacy', [...items.slice(0, 6), chainId, ...items.slice(7)], 3, invalidSigned),
    (v - 35n) % 2n,
  ]
}

/**
 * What is signed: keccak-256 of {@link encodeUnsigned}. Throws `INVALID_REQUEST` while an authorisation is
 * unsigned.
 */
export function signingHash(tx: EvmTransaction): Uint8Array {
  if (tx.type === 'eip7702' && tx.authorizationList.some((item) => !item.signature))
    throw invalidRequest('Its authorisations must be signed first.')
  return keccak_256(unsignedBytes(tx))
}

/** What is signed to authorise a delegation. @see https://eips.ethereum.org/EIPS/eip-7702 */
export function authorizationHash({ chainId, address, nonce }: Authorization): Uint8Array {
  return keccak_256(
    concatBytes(Uint8Array.of(5), encodeRlp([intToBytes(chainId), hexToBytes(address), intToBytes(nonce)])),
  )
}

/** The id of a signed transaction: keccak-256 of its bytes. */
export function txid(raw: Hex): Hex {
  return bytesToHex(keccak_256(hexToBytes(raw)))
}

// ---- writing ----

function serialise(tx: EvmTransaction, tail: readonly bigint[]): Uint8Array {
  const body = encodeRlp([...fieldsOf(tx), ...tail.map((value) => intToBytes(value))])
  return tx.type === 'legacy' ? body : concatBytes(Uint8Array.of(TYPE_BYTES[tx.type]), body)
}

function fieldsOf(tx: EvmTransaction): Rlp[] {
  const int = (value: bigint): Uint8Array => intToBytes(value)
  const to = tx.to === null ? new Uint8Array() : hexToBytes(tx.to)
  const end = [int(tx.gasLimit), to, int(tx.value), hexToBytes(tx.data)]
  if (tx.type === 'legacy') return [int(tx.nonce), int(tx.gasPrice), ...end]
  const start = [int(tx.chainId), int(tx.nonce)]
  const access = tx.accessList.map((item) => [hexToBytes(item.address), item.storageKeys.map(hexToBytes)])
  if (tx.type === 'eip2930') return [...start, int(tx.gasPrice), ...end, access]
  const fields = [...start, int(tx.maxPriorityFeePerGas), int(tx.maxFeePerGas), ...end, access]
  return tx.type === 'eip1559' ? fields : [...fields, tx.authorizationList.map(authorizationFields)]
}

function authorizationFields({ chainId, address, nonce, signature }: Authorization): Rlp {
  const fields = [intToBytes(chainId), hexToBytes(address), intToBytes(nonce)]
  if (!signature) return fields
  return [...fields, intToBytes(BigInt(signature.yParity)), intToBytes(signature.r), intToBytes(signature.s)]
}

// ---- reading ----

function parse(hex: string, wrong: Wrong): [type: EvmTransaction['type'], items: readonly Rlp[]] {
  if (!isHex(hex) || hex !== hex.toLowerCase())
    throw wrong('They are not lower-case hex that begins with 0x.')
  if (hex.length > 4 * MAX_DATA) throw wrong('They are too long.')
  const bytes = hexToBytes(hex)
  const first = bytes[0] ?? 0
  const type = first >= 0xc0 ? 'legacy' : typeOf(first, wrong)
  const items = decodeRlp(type === 'legacy' ? bytes : bytes.subarray(1), wrong)
  if (items instanceof Uint8Array) throw wrong('It is not a list of fields.')
  return [type, items]
}

function typeOf(byte: number, wrong: Wrong): keyof typeof TYPE_BYTES {
  if (byte === 3) throw wrong('It carries blobs (type 3), which a wallet has no use for.')
  for (const type of ['eip2930', 'eip1559', 'eip7702'] as const) if (TYPE_BYTES[type] === byte) return type
  throw wrong('Its type is not known.')
}

/** Reads the fields of a transaction from items that are followed by `tail` items more. */
function readFields(
  type: EvmTransaction['type'],
  items: readonly Rlp[],
  tail: number,
  wrong: Wrong,
): EvmTransaction {
  if (items.length !== FIELD_COUNT[type] + tail) throw wrong('It has the wrong number of fields.')
  let at = 0
  const int = (): bigint => intOf(items[at++], wrong)
  const chainId = type === 'legacy' ? intOf(items[6], wrong) : int()
  const nonce = int()
  const prices =
    type === 'legacy' || type === 'eip2930'
      ? { gasPrice: int() }
      : { maxPriorityFeePerGas: int(), maxFeePerGas: int() }
  const fields = {
    type,
    chainId,
    nonce,
    ...prices,
    gasLimit: int(),
    to: addressOrNull(items[at++], wrong),
    value: int(),
    data: bytesToHex(bytesOf(items[at++], wrong)),
    ...(type === 'legacy'
      ? {}
      : { accessList: listOf(items[at++], wrong).map((item) => readAccess(item, wrong)) }),
    ...(type === 'eip7702'
      ? { authorizationList: listOf(items[at++], wrong).map((item) => readAuthorization(item, wrong)) }
      : {}),
  }
  if (type === 'eip7702' && fields.to === null)
    throw wrong('A transaction with authorisations must have a recipient.')
  const tx = fields as EvmTransaction
  checkRanges(tx, wrong)
  return tx
}

function readAccess(item: Rlp, wrong: Wrong): AccessList[number] {
  const [address, keys, ...rest] = listOf(item, wrong)
  if (rest.length > 0) throw wrong('An entry of its access list has too many fields.')
  const storageKeys = listOf(keys, wrong).map((key) => bytesToHex(sized(key, 32, wrong)))
  return { address: addressFromBytes(sized(address, 20, wrong)), storageKeys }
}

function readAuthorization(item: Rlp, wrong: Wrong): Authorization {
  const fields = listOf(item, wrong)
  if (fields.length !== 3 && fields.length !== 6)
    throw wrong('One of its authorisations has the wrong number of fields.')
  const [chainId, address, nonce, yParity, r, s] = fields
  const terms = {
    chainId: intOf(chainId, wrong),
    address: addressFromBytes(sized(address, 20, wrong)),
    nonce: intOf(nonce, wrong),
  }
  if (fields.length === 3) return terms
  return {
    ...terms,
    signature: { yParity: Number(intOf(yParity, wrong)), r: intOf(r, wrong), s: intOf(s, wrong) },
  }
}

function listOf(item: Rlp | undefined, wrong: Wrong): readonly Rlp[] {
  if (item === undefined || item instanceof Uint8Array) throw wrong('One of its fields should be a list.')
  return item
}

function bytesOf(item: Rlp | undefined, wrong: Wrong): Uint8Array {
  if (!(item instanceof Uint8Array)) throw wrong('One of its fields is missing or of the wrong kind.')
  return item
}

function sized(item: Rlp | undefined, size: number, wrong: Wrong): Uint8Array {
  const bytes = bytesOf(item, wrong)
  if (bytes.length !== size) throw wrong(`One of its fields should have ${size} bytes.`)
  return bytes
}

function intOf(item: Rlp | undefined, wrong: Wrong): bigint {
  const bytes = bytesOf(item, wrong)
  if (bytes.length > 32) throw wrong('One of its numbers is too large.')
  if (bytes[0] === 0) throw wrong('One of its numbers is written with zeros in front.')
  return bytesToInt(bytes)
}

function addressOrNull(item: Rlp | undefined, wrong: Wrong): Address | null {
  return bytesOf(item, wrong).length === 0 ? null : addressFromBytes(sized(item, 20, wrong))
}

// ---- rules ----

/** EIP-2681 for nonces, EIP-2294 for chain ids, go-ethereum for gas. */
const BELOW = {
  chainId: (1n << 63n) - 36n,
  nonce: (1n << 64n) - 1n,
  gasLimit: 1n << 63n,
  value: 1n << 256n,
  gasPrice: 1n << 256n,
  maxFeePerGas: 1n << 256n,
  maxPriorityFeePerGas: 1n << 256n,
} as const

function checkRanges(tx: EvmTransaction, wrong: Wrong): void {
  for (const [name, limit] of Object.entries(BELOW)) {
    if (!(name in tx)) continue
    const value = (tx as unknown as Record<string, unknown>)[name]
    if (typeof value !== 'bigint' || value < 0n || value >= limit) throw wrong(`Its ${name} is out of range.`)
  }
  if (tx.chainId === 0n) throw wrong('Its chain id is zero, so it could be replayed on another chain.')
  if (tx.data.length > 2 + 2 * MAX_DATA) throw wrong('It carries more than 128 KiB of data.')
  if (!('gasPrice' in tx) && tx.maxPriorityFeePerGas > tx.maxFeePerGas)
    throw wrong('Its tip is higher than the most it may pay for gas.')
  if (tx.type !== 'eip7702') return
  if (tx.authorizationList.length === 0) throw wrong('It should carry an authorisation and has none.')
  for (const { chainId, nonce, signature } of tx.authorizationList) {
    if (chainId < 0n || chainId >= BELOW.chainId || nonce < 0n || nonce >= BELOW.nonce)
      throw wrong('One of its authorisations has a number out of range.')
    if (signature && !isCanonical(signature))
      throw wrong('One of its authorisations has a signature that is not canonical.')
  }
}

function checkSignatures(tx: EvmTransaction, signature: TxSignature, wrong: Wrong): void {
  if (!isCanonical(signature)) throw wrong('Its signature is not canonical.')
  if (tx.type === 'eip7702' && tx.authorizationList.some((item) => !item.signature))
    throw wrong('One of its authorisations is not signed.')
}

function invalidRequest(reason: string): CofferError {
  return new CofferError({
    code: 'INVALID_REQUEST',
    message: `This transaction cannot be written. ${reason}`,
  })
}

function invalidDraft(reason: string): CofferError {
  return new CofferError({
    code: 'INVALID_DRAFT',
    message: `The bytes of this draft are not a transaction that can be signed. ${reason} Make a new draft.`,
  })
}

function invalidSigned(reason: string): CofferError {
  return new CofferError({
    code: 'INVALID_SIGNED',
    message: `These bytes are not a signed transaction. ${reason}`,
  })
}
