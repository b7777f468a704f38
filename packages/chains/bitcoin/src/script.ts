import { CofferError } from '@coffer/core'
import { byteWriter, compareBytes } from './bytes.ts'

/**
 * What kind of output script it is. `witness` stands for versions and lengths that nothing gives a meaning yet: whoever mines may
 * take such coins. `op-return` can never be spent. Bare keys, bare multisig and all else are `unknown`.
 */
export type ScriptKind =
  | 'p2pkh'
  | 'p2sh'
  | 'p2wpkh'
  | 'p2wsh'
  | 'p2tr'
  | 'p2a'
  | 'witness'
  | 'op-return'
  | 'unknown'

const OP_0 = 0x00
const OP_PUSHDATA1 = 0x4c
const OP_PUSHDATA2 = 0x4d
const OP_1NEGATE = 0x4f
const OP_1 = 0x51
const OP_16 = 0x60
const OP_RETURN = 0x6a
const OP_DUP = 0x76
const OP_EQUAL = 0x87
const OP_EQUALVERIFY = 0x88
const OP_HASH160 = 0xa9
const OP_CHECKSIG = 0xac
const OP_CHECKMULTISIG = 0xae

/** Bytes of data that nodes of every age pass on in one output. */
const MAX_DATA = 80
/** Keys that one CHECKMULTISIG takes. */
const MAX_KEYS = 20

/** Pay to the hash of a public key (20 bytes). */
export function p2pkhScript(keyHash: Uint8Array): Uint8Array {
  return join([OP_DUP, OP_HASH160, 20], checked(keyHash, 20), [OP_EQUALVERIFY, OP_CHECKSIG])
}

/**
 * Pay to the hash of a script (20 bytes).
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0016.mediawiki
 */
export function p2shScript(scriptHash: Uint8Array): Uint8Array {
  return join([OP_HASH160, 20], checked(scriptHash, 20), [OP_EQUAL])
}

/**
 * Pay to the hash of a public key (20 bytes), in the witness.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0141.mediawiki
 */
export function p2wpkhScript(keyHash: Uint8Array): Uint8Array {
  return witnessScriptOf(0, checked(keyHash, 20))
}

/** Pay to the SHA-256 of a script (32 bytes), in the witness. */
export function p2wshScript(scriptHash: Uint8Array): Uint8Array {
  return witnessScriptOf(0, checked(scriptHash, 32))
}

/**
 * Pay to a taproot output key (x-only, 32 bytes).
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0341.mediawiki
 */
export function p2trScript(outputKey: Uint8Array): Uint8Array {
  return witnessScriptOf(1, checked(outputKey, 32))
}

/** Anybody may spend it: for raising the fee of a transaction from outside. */
export function p2aScript(): Uint8Array {
  return Uint8Array.of(OP_1, 2, 0x4e, 0x73)
}

/** A witness version (0 to 16) and its program (2 to 40 bytes). */
export function witnessScriptOf(version: number, program: Uint8Array): Uint8Array {
  return join([version === 0 ? OP_0 : OP_1 + version - 1, program.length], program, [])
}

/** The version and the program of a witness output; `undefined` for other scripts. */
export function witnessProgramOf(
  script: Uint8Array,
): { readonly version: number; readonly program: Uint8Array } | undefined {
  const [first, length] = script
  if (script.length < 4 || script.length > 42 || length !== script.length - 2) return undefined
  if (first !== OP_0 && (first! < OP_1 || first! > OP_16)) return undefined
  return { version: first === OP_0 ? 0 : first! - OP_1 + 1, program: script.subarray(2) }
}

export function scriptKind(script: Uint8Array): ScriptKind {
  const witness = witnessProgramOf(script)
  if (witness) {
    const { version, program } = witness
    if (version === 0) return program.length === 20 ? 'p2wpkh' : program.length === 32 ? 'p2wsh' : 'unknown'
    if (version === 1 && program.length === 32) return 'p2tr'
    if (version === 1 && program.length === 2 && program[0] === 0x4e && program[1] === 0x73) return 'p2a'
    return 'witness'
  }
  if (script[0] === OP_RETURN) return 'op-return'
  if (
    script.length === 25 &&
    script[0] === OP_DUP &&
    script[1] === OP_HASH160 &&
    script[2] === 20 &&
    script[23] === OP_EQUALVERIFY &&
    script[24] === OP_CHECKSIG
  )
    return 'p2pkh'
  if (script.length === 23 && script[0] === OP_HASH160 && script[1] === 20 && script[22] === OP_EQUAL)
    return 'p2sh'
  return 'unknown'
}

/** An output that carries data (80 bytes at most) and no coins. Throws `INVALID_REQUEST` for more. */
export function nullData(data: Uint8Array): Uint8Array {
  if (data.length > MAX_DATA)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `A transaction carries ${MAX_DATA} bytes of data at most. Shorten the memo.`,
    })
  return join([OP_RETURN], pushes([data]), [])
}

/** The data of a script that {@link nullData} could have made, of any length; `undefined` for other scripts. */
export function nullDataOf(script: Uint8Array): Uint8Array | undefined {
  if (script[0] !== OP_RETURN) return undefined
  const items = readPushes(script.subarray(1))
  return items?.length === 1 ? items[0] : undefined
}

/** A script that puts items on the stack, each in its shortest form. */
export function pushes(items: readonly Uint8Array[]): Uint8Array {
  const writer = byteWriter()
  for (const item of items) {
    const { length } = item
    if (length === 1 && item[0]! >= 1 && item[0]! <= 16) writer.u8(OP_1 + item[0]! - 1)
    else if (length === 1 && item[0] === 0x81) writer.u8(OP_1NEGATE)
    else {
      if (length > 0xffff) throw invalid('An item of a script is longer than any may be.')
      if (length >= 0x100) {
        writer.u8(OP_PUSHDATA2)
        writer.u8(length & 0xff)
        writer.u8(length >> 8)
      } else {
        if (length >= OP_PUSHDATA1) writer.u8(OP_PUSHDATA1)
        writer.u8(length)
      }
      writer.bytes(item)
    }
  }
  return writer.done()
}

/** The items of a script that only puts items on the stack, each in its shortest form; `undefined` for other scripts. */
export function readPushes(script: Uint8Array): readonly Uint8Array[] | undefined {
  const items: Uint8Array[] = []
  for (let at = 0; at < script.length; ) {
    const op = script[at++]!
    if (op === OP_1NEGATE) items.push(Uint8Array.of(0x81))
    else if (op >= OP_1 && op <= OP_16) items.push(Uint8Array.of(op - OP_1 + 1))
    else if (op > OP_PUSHDATA2) return undefined
    else {
      let length = op
      if (op === OP_PUSHDATA1) length = script[at++] ?? 0
      if (op === OP_PUSHDATA2) {
        length = (script[at] ?? 0) + (script[at + 1] ?? 0) * 256
        at += 2
      }
      if (at + length > script.length) return undefined
      if (op === OP_PUSHDATA1 && length < OP_PUSHDATA1) return undefined
      if (op === OP_PUSHDATA2 && length < 0x100) return undefined
      const item = script.slice(at, at + length)
      if (length === 1 && ((item[0]! >= 1 && item[0]! <= 16) || item[0] === 0x81)) return undefined
      items.push(item)
      at += length
    }
  }
  return items
}

/**
 * The script that takes `threshold` signatures of these keys (33 bytes each), which it holds in ascending order. Throws
 * `INVALID_REQUEST` for repeated keys, more than 20, and a threshold that they cannot reach.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0067.mediawiki
 */
export function sortedMultiScript(threshold: number, keys: readonly Uint8Array[]): Uint8Array {
  if (keys.length > MAX_KEYS || !Number.isInteger(threshold) || threshold < 1 || threshold > keys.length)
    throw invalid(`Several keys together are ${MAX_KEYS} at most, and no more signatures than keys.`)
  const sorted = [...keys].sort(compareBytes)
  const writer = byteWriter()
  writer.bytes(smallNumber(threshold))
  for (const [i, key] of sorted.entries()) {
    if (!isCompressedKey(key)) throw invalid('A public key is not of 33 bytes.')
    if (i > 0 && compareBytes(sorted[i - 1]!, key) === 0) throw invalid('A public key is named twice.')
    writer.varBytes(key)
  }
  writer.bytes(smallNumber(keys.length))
  writer.u8(OP_CHECKMULTISIG)
  return writer.done()
}

export interface MultiScript {
  readonly threshold: number
  /** 33 bytes each, in the order of the script. */
  readonly keys: readonly Uint8Array[]
  /** Whether {@link sortedMultiScript} makes it. */
  readonly sorted: boolean
}

/** Reads a script that takes some signatures of some compressed keys; `undefined` for other scripts. */
export function readMultiScript(script: Uint8Array): MultiScript | undefined {
  if (script.length < 37 || script.at(-1) !== OP_CHECKMULTISIG) return undefined
  const items = readPushes(script.subarray(0, -1))
  if (!items) return undefined
  const keys = items.slice(1, -1)
  const threshold = numberOf(items[0]!)
  if (
    keys.length > MAX_KEYS ||
    threshold < 1 ||
    threshold > keys.length ||
    numberOf(items.at(-1)!) !== keys.length ||
    !keys.every(isCompressedKey)
  )
    return undefined
  const sorted = keys.every((key, i) => i === 0 || compareBytes(keys[i - 1]!, key) < 0)
  return { threshold, keys, sorted }
}

/** By its form; not whether it is a point of the curve. */
export function isCompressedKey(key: Uint8Array): boolean {
  return key.length === 33 && (key[0] === 2 || key[0] === 3)
}

function smallNumber(n: number): Uint8Array {
  return n <= 16 ? Uint8Array.of(OP_1 + n - 1) : Uint8Array.of(1, n)
}

/** Of one byte; 0 for others. A negative one reads as more than there can be keys. */
function numberOf(item: Uint8Array): number {
  return item.length === 1 ? item[0]! : 0
}

function checked(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length === length) return bytes
  throw invalid(`A hash or key of a script is not of ${length} bytes.`)
}

function join(head: readonly number[], body: Uint8Array, tail: readonly number[]): Uint8Array {
  const script = new Uint8Array(head.length + body.length + tail.length)
  script.set(head)
  script.set(body, head.length)
  script.set(tail, head.length + body.length)
  return script
}

function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
