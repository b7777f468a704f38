import { bytesToHex } from '@noble/hashes/utils.js'
import { byteReader, byteWriter, compareBytes, setU32, setU64, u32At, u64At } from './bytes.ts'
import { wrongPsbt } from './psbt-maps.ts'
import type { PsbtDerivation, PsbtPair } from './psbt-types.ts'
import { isCompressedKey } from './script.ts'
import { derDecode } from './signature.ts'
import type { TxOutput } from './transaction.ts'

/** Steps that an extended key can be below its root. */
const MAX_STEPS = 255

/** A key that is its type alone. */
export function bareKey(type: number): Uint8Array {
  return Uint8Array.of(type)
}

export function keyOf(type: number, data: Uint8Array): Uint8Array {
  const key = new Uint8Array(data.length + 1)
  key[0] = type
  key.set(data, 1)
  return key
}

/** Throws `INVALID_DRAFT` unless the key is its type alone, and the value of that length. */
export function bare({ key, value }: PsbtPair, length?: number): Uint8Array {
  if (key.length !== 1) throw wrongPsbt('A key in it is longer than its kind allows.')
  if (length !== undefined) checkLength(value, length)
  return value
}

/** Throws `INVALID_DRAFT` unless what follows the type of the key has one of these lengths. */
export function keyData({ key }: PsbtPair, ...lengths: readonly number[]): Uint8Array {
  if (!lengths.includes(key.length - 1))
    throw wrongPsbt('A key in it has a length that its kind does not have.')
  return key.slice(1)
}

export function checkLength(value: Uint8Array, ...lengths: readonly number[]): void {
  if (!lengths.includes(value.length))
    throw wrongPsbt('A value in it has a length that its kind does not have.')
}

export function u32Of(pair: PsbtPair): number {
  return u32At(bare(pair, 4), 0)
}

export function u32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  setU32(bytes, 0, checkU32(value))
  return bytes
}

export function u64Of(pair: PsbtPair): bigint {
  return u64At(bare(pair, 8), 0)
}

export function u64Bytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  setU64(bytes, 0, checkU64(value))
  return bytes
}

export function readOutput(value: Uint8Array): TxOutput {
  if (value.length - 9 === value[8] && value[8] < 0xfd)
    return { amount: u64At(value, 0), script: value.slice(9) }
  const reader = byteReader(value, wrongPsbt)
  const output = { amount: reader.u64(), script: reader.varBytes() }
  reader.end()
  return output
}

export function outputBytes({ amount, script }: TxOutput): Uint8Array {
  if (script.length < 0xfd) {
    const bytes = new Uint8Array(9 + script.length)
    setU64(bytes, 0, checkU64(amount))
    bytes[8] = script.length
    bytes.set(script, 9)
    return bytes
  }
  const writer = byteWriter(script.length + 13)
  writer.bytes(u64Bytes(amount))
  writer.varBytes(script)
  return writer.done()
}

export function readStack(value: Uint8Array): readonly Uint8Array[] {
  const reader = byteReader(value, wrongPsbt)
  const items: Uint8Array[] = []
  for (let n = reader.count(1); n > 0; n--) items.push(reader.varBytes())
  reader.end()
  return items
}

export function stackBytes(items: readonly Uint8Array[]): Uint8Array {
  const writer = byteWriter(items.reduce((sum, { length }) => sum + length + 5, 5))
  writer.size(items.length)
  for (const item of items) writer.varBytes(item)
  return writer.done()
}

type Origin = Pick<PsbtDerivation, 'fingerprint' | 'path'>

/** Of the bytes from a place on. */
export function readOrigin(value: Uint8Array, from = 0): Origin {
  const length = value.length - from
  if (length % 4 !== 0 || length < 4 || length > 4 + 4 * MAX_STEPS)
    throw wrongPsbt('The path of a key in it has a wrong length.')
  const path: number[] = []
  for (let at = from + 4; at < value.length; at += 4) path.push(u32At(value, at))
  return { fingerprint: bytesToHex(value.subarray(from, from + 4)), path }
}

export function originBytes({ fingerprint, path }: Origin): Uint8Array {
  if (!/^[0-9a-f]{8}$/.test(fingerprint)) throw wrongPsbt('A fingerprint in it is not of eight digits.')
  if (path.length > MAX_STEPS) throw wrongPsbt('The path of a key in it has a wrong length.')
  const bytes = new Uint8Array(4 + 4 * path.length)
  for (let i = 0; i < 4; i++) bytes[i] = Number.parseInt(fingerprint.slice(2 * i, 2 * i + 2), 16)
  for (const [i, step] of path.entries()) setU32(bytes, 4 + 4 * i, checkU32(step))
  return bytes
}

/** With the leaves that a taproot key signs for before its origin. */
export function readTapOrigin(value: Uint8Array): Origin & { readonly leafHashes: readonly Uint8Array[] } {
  if (value[0] === 0) return { ...readOrigin(value, 1), leafHashes: [] }
  const reader = byteReader(value, wrongPsbt)
  const leafHashes: Uint8Array[] = []
  for (let n = reader.count(32); n > 0; n--) leafHashes.push(reader.bytes(32))
  return { ...readOrigin(value, value.length - reader.left()), leafHashes }
}

export function tapOriginBytes(derivation: PsbtDerivation): Uint8Array {
  const { leafHashes = [] } = derivation
  const origin = originBytes(derivation)
  const writer = byteWriter(5 + 32 * leafHashes.length + origin.length)
  writer.size(leafHashes.length)
  for (const hash of leafHashes) {
    checkLength(hash, 32)
    writer.bytes(hash)
  }
  writer.bytes(origin)
  return writer.done()
}

/** Throws `INVALID_DRAFT` for what cannot be an ECDSA signature with its type. */
export function checkSignature(signature: Uint8Array): void {
  const isKnownType = [1, 2, 3].includes(signature.at(-1)! & 0x7f)
  try {
    derDecode(signature.subarray(0, -1))
    if (isKnownType) return
  } catch {}
  throw wrongPsbt('A signature in it has a wrong form.')
}

/** True for a compressed public key after the type; false for an uncompressed one. Throws for all else. */
export function isCompressed(pair: PsbtPair): boolean {
  const data = keyData(pair, 33, 65)
  if (data.length === 65 && data[0] === 4) return false
  if (!isCompressedKey(data)) throw wrongPsbt('A public key in it has a wrong form.')
  return true
}

/** A tree of taproot scripts: leaves in the order of depth first, which must make up one whole tree. */
export function checkTapTree(value: Uint8Array): void {
  const reader = byteReader(value, wrongPsbt)
  /** Depths of subtrees that wait for their sibling, each deeper than the one before. */
  const open: number[] = []
  let isWhole = false
  while (reader.left() > 0) {
    let depth = reader.u8()
    const version = reader.u8()
    reader.varBytes()
    if (isWhole || depth > 128 || version % 2 !== 0 || depth < (open.at(-1) ?? 0))
      throw wrongPsbt('A tree of scripts in it does not fit together.')
    while (depth > 0 && open.at(-1) === depth) {
      open.pop()
      depth--
    }
    if (depth === 0) isWhole = true
    else open.push(depth)
  }
  if (!isWhole) throw wrongPsbt('A tree of scripts in it does not fit together.')
}

export function byKey(a: PsbtPair, b: PsbtPair): number {
  return compareBytes(a.key, b.key)
}

export function byPublicKey(
  a: { readonly publicKey: Uint8Array },
  b: { readonly publicKey: Uint8Array },
): number {
  return compareBytes(a.publicKey, b.publicKey)
}

function checkU32(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffffffff) return value
  throw wrongPsbt('A number in it is out of range.')
}

function checkU64(value: bigint): bigint {
  if (value >= 0n && value >> 64n === 0n) return value
  throw wrongPsbt('An amount in it is out of range.')
}
