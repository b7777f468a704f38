import { hexToBytes } from '@noble/hashes/utils.js'
import { base64 } from '@scure/base'
import { byteReader, byteWriter, compareBytes, equalBytes } from './bytes.ts'
import { inputPairs, readInput } from './psbt-input.ts'
import { keyType, readMap, writeMap, wrongPsbt } from './psbt-maps.ts'
import { outputPairs, readOutputMap } from './psbt-output.ts'
import type { Psbt, PsbtInput, PsbtPair } from './psbt-types.ts'
import {
  bare,
  bareKey,
  byKey,
  keyData,
  keyOf,
  originBytes,
  readOrigin,
  u32Bytes,
  u32Of,
} from './psbt-values.ts'
import { decodeTx, encodeTx, type Tx } from './transaction.ts'

export type { Psbt, PsbtDerivation, PsbtInput, PsbtOutput, PsbtPair } from './psbt-types.ts'

/**
 * Reads a PSBT of version 0 or 2, as bytes or as a text in base64 or hexadecimal. Throws `INVALID_DRAFT` for everything that the
 * standards do not allow: repeated keys, missing fields and those of the other version, wrong lengths, an unsigned transaction
 * that is signed, bytes left over. A previous transaction must be one; whether it is the one that is spent from, the caller has
 * to check, as well as amounts and scripts.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0174.mediawiki
 * @see https://github.com/bitcoin/bips/blob/master/bip-0370.mediawiki
 * @see https://github.com/bitcoin/bips/blob/master/bip-0371.mediawiki
 *
 * @example
 * decodePsbt('cHNidP8B…').inputs.length // 2
 */
export function decodePsbt(psbt: Uint8Array | string): Psbt {
  const bytes = typeof psbt === 'string' ? bytesOf(psbt) : psbt
  if (!(bytes instanceof Uint8Array) || bytes.length > MAX_BYTES)
    throw wrongPsbt(`It is no byte string, or one of more than ${MAX_BYTES} bytes.`)
  if (!equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) throw wrongPsbt('It does not begin as one does.')
  const reader = byteReader(bytes.subarray(MAGIC.length), wrongPsbt)
  const global = readMap(reader)
  const unsigned = unsignedOf(global)
  const counts = unsigned
    ? { inputs: unsigned.inputs.length, outputs: unsigned.outputs.length }
    : countsOf(global)
  if (counts.inputs + counts.outputs > reader.left())
    throw wrongPsbt('It counts more parts than it has room for.')
  const maps = {
    global,
    inputs: Array.from({ length: counts.inputs }, () => readMap(reader)),
    outputs: Array.from({ length: counts.outputs }, () => readMap(reader)),
  }
  reader.end()
  return readMaps(maps, unsigned)
}

/**
 * Writes a PSBT canonically: keys in ascending order, numbers in their shortest form, nothing that is the default. In the version
 * that it was read in unless told otherwise; version 0 cannot hold `modifiable`, `fallbackLocktime` and required locktimes, and
 * goes without. Throws `INVALID_DRAFT` for what no field can hold, and for a locktime that contradicts the inputs' in version 2.
 *
 * @example
 * toBase64(encodePsbt(psbt, { version: 2 }))
 */
export function encodePsbt(
  psbt: Psbt,
  { version = psbt.version }: { readonly version?: 0 | 2 } = {},
): Uint8Array {
  const { global, inputs, outputs } = mapsOf(psbt, version)
  const writer = byteWriter(4096)
  writer.bytes(MAGIC)
  writeMap(writer, global)
  for (const pairs of inputs) writeMap(writer, pairs)
  for (const pairs of outputs) writeMap(writer, pairs)
  return writer.done()
}

/** The transaction of a PSBT, without scripts and witnesses of its inputs. */
export function unsignedTxOf({ txVersion, locktime, inputs, outputs }: Psbt): Tx {
  return {
    version: txVersion,
    locktime,
    inputs: inputs.map(({ txid, vout, sequence }) => ({
      txid,
      vout,
      sequence,
      scriptSig: EMPTY,
      witness: [],
    })),
    outputs: outputs.map(({ amount, script }) => ({ amount, script })),
  }
}

export function toBase64(bytes: Uint8Array): string {
  return base64.encode(bytes)
}

/** Reads base64 in its one writing: padded, no white space, no bits left over. Throws `INVALID_DRAFT`. */
export function fromBase64(text: string): Uint8Array {
  try {
    return base64.decode(text)
  } catch {
    throw wrongPsbt('Its text is not base64.')
  }
}

// ---- maps ----

/** The raw maps of a PSBT. */
export interface PsbtMaps {
  readonly global: readonly PsbtPair[]
  readonly inputs: readonly (readonly PsbtPair[])[]
  readonly outputs: readonly (readonly PsbtPair[])[]
}

/** Key types of the global map. */
const GLOBAL = {
  unsignedTx: 0x00,
  xpub: 0x01,
  txVersion: 0x02,
  fallbackLocktime: 0x03,
  inputCount: 0x04,
  outputCount: 0x05,
  modifiable: 0x06,
  version: 0xfb,
} as const

const MAGIC = Uint8Array.of(0x70, 0x73, 0x62, 0x74, 0xff)
const EMPTY = new Uint8Array()
/** More than the largest of transactions with all their previous ones. */
const MAX_BYTES = 64 * 1024 * 1024
const XPUB = 78
const XPUB_DEPTH = 4

/** `unsigned` is the transaction of version 0, when it is read already. Throws `INVALID_DRAFT`. */
export function readMaps(
  { global, inputs, outputs }: PsbtMaps,
  unsigned: Tx | undefined = unsignedOf(global),
): Psbt {
  const fields: { -readonly [K in keyof Psbt]?: Psbt[K] } = {}
  const xpubs: { xpub: Uint8Array; fingerprint: string; path: readonly number[] }[] = []
  const other: PsbtPair[] = []
  const version = versionOf(global)
  for (const pair of global) {
    const type = keyType(pair.key)
    if (version === 0 && type >= GLOBAL.txVersion && type <= GLOBAL.modifiable)
      throw wrongPsbt('It has fields of version 2, but is of version 0.')
    switch (type) {
      case GLOBAL.unsignedTx:
        if (version === 2) throw wrongPsbt('It has a field of version 0, but is of version 2.')
        bare(pair)
        break
      case GLOBAL.xpub: {
        const xpub = keyData(pair, XPUB)
        const origin = readOrigin(pair.value)
        if (origin.path.length !== xpub[XPUB_DEPTH])
          throw wrongPsbt('An extended key in it is not at its path.')
        xpubs.push({ xpub, ...origin })
        break
      }
      case GLOBAL.txVersion:
        fields.txVersion = u32Of(pair)
        break
      case GLOBAL.fallbackLocktime:
        fields.fallbackLocktime = u32Of(pair)
        break
      case GLOBAL.modifiable:
        fields.modifiable = bare(pair, 1)[0]!
        break
      case GLOBAL.inputCount:
      case GLOBAL.outputCount:
      case GLOBAL.version:
        break
      default:
        other.push(pair)
    }
  }
  const txVersion = unsigned?.version ?? fields.txVersion
  if (txVersion === undefined) throw wrongPsbt('It does not say the version of its transaction.')
  const readInputs = inputs.map((pairs, i) => readInput(pairs, unsigned?.inputs[i]))
  return {
    ...fields,
    version,
    txVersion,
    locktime: unsigned?.locktime ?? locktimeOf(readInputs, fields.fallbackLocktime),
    inputs: readInputs,
    outputs: outputs.map((pairs, i) => readOutputMap(pairs, unsigned?.outputs[i])),
    xpubs: xpubs.sort((a, b) => compareBytes(a.xpub, b.xpub)),
    other: other.sort(byKey),
  }
}

/** Throws `INVALID_DRAFT`. */
export function mapsOf(psbt: Psbt, version: 0 | 2): PsbtMaps {
  const global: PsbtPair[] = []
  const add = (type: number, value: Uint8Array) => global.push({ key: bareKey(type), value })
  if (version === 0) add(GLOBAL.unsignedTx, unsignedBytes(psbt))
  for (const { xpub, fingerprint, path } of psbt.xpubs) {
    if (xpub.length !== XPUB || path.length !== xpub[XPUB_DEPTH])
      throw wrongPsbt('An extended key in it is not at its path.')
    global.push({ key: keyOf(GLOBAL.xpub, xpub), value: originBytes({ fingerprint, path }) })
  }
  if (version === 2) {
    const { txVersion, locktime, inputs, outputs, modifiable } = psbt
    const asked = inputs.some(
      (input) => input.requiredHeight !== undefined || input.requiredTime !== undefined,
    )
    const fallback = psbt.fallbackLocktime ?? (asked || locktime === 0 ? undefined : locktime)
    if (locktimeOf(inputs, fallback) !== locktime)
      throw wrongPsbt('Its locktime is not the one that its inputs ask for.')
    add(GLOBAL.txVersion, u32Bytes(txVersion))
    if (fallback !== undefined) add(GLOBAL.fallbackLocktime, u32Bytes(fallback))
    add(GLOBAL.inputCount, sizeBytes(inputs.length))
    add(GLOBAL.outputCount, sizeBytes(outputs.length))
    if (modifiable !== undefined) add(GLOBAL.modifiable, Uint8Array.of(modifiable))
    add(GLOBAL.version, u32Bytes(2))
  }
  global.push(...psbt.other)
  return {
    global,
    inputs: psbt.inputs.map((input) => inputPairs(input, version)),
    outputs: psbt.outputs.map((output) => outputPairs(output, version)),
  }
}

/** BIP-370: the locktime that all inputs which ask for one allow; a height where both kinds are possible. */
function locktimeOf(
  inputs: readonly Pick<PsbtInput, 'requiredHeight' | 'requiredTime'>[],
  fallback = 0,
): number {
  let height: number | undefined = 0
  let time: number | undefined = 0
  for (const { requiredHeight, requiredTime } of inputs) {
    if (requiredHeight === undefined && requiredTime === undefined) continue
    height =
      height === undefined || requiredHeight === undefined ? undefined : Math.max(height, requiredHeight)
    time = time === undefined || requiredTime === undefined ? undefined : Math.max(time, requiredTime)
  }
  const locktime = height ?? time
  if (locktime === undefined) throw wrongPsbt('Its inputs ask for locktimes that do not go together.')
  return locktime === 0 ? fallback : locktime
}

function versionOf(global: readonly PsbtPair[]): 0 | 2 {
  const pair = global.find(({ key }) => keyType(key) === GLOBAL.version)
  const version = pair ? u32Of(pair) : 0
  if (version === 0 || version === 2) return version
  throw wrongPsbt('It is of a version that is not known. Ask for version 0 or 2.')
}

/** The transaction of version 0; `undefined` in version 2. */
function unsignedOf(global: readonly PsbtPair[]): Tx | undefined {
  if (versionOf(global) === 2) return undefined
  const pair = global.find(({ key }) => keyType(key) === GLOBAL.unsignedTx)
  if (!pair) throw wrongPsbt('It has no transaction.')
  return unsignedFrom(bare(pair))
}

function countsOf(global: readonly PsbtPair[]): { readonly inputs: number; readonly outputs: number } {
  const count = (type: number): number => {
    const pair = global.find(({ key }) => keyType(key) === type)
    if (!pair) throw wrongPsbt('It does not say how many inputs and outputs it has.')
    const reader = byteReader(bare(pair), wrongPsbt)
    const size = reader.size()
    reader.end()
    return size
  }
  return { inputs: count(GLOBAL.inputCount), outputs: count(GLOBAL.outputCount) }
}

function unsignedFrom(bytes: Uint8Array): Tx {
  let tx: Tx
  try {
    tx = decodeTx(bytes, { witness: false })
  } catch {
    throw wrongPsbt('Its transaction has a wrong form.')
  }
  if (tx.inputs.some(({ scriptSig }) => scriptSig.length > 0))
    throw wrongPsbt('Its transaction is signed already.')
  return tx
}

function unsignedBytes(psbt: Psbt): Uint8Array {
  try {
    return encodeTx(unsignedTxOf(psbt), { witness: false })
  } catch {
    throw wrongPsbt('Its transaction has a wrong form.')
  }
}

function sizeBytes(value: number): Uint8Array {
  const writer = byteWriter(5)
  writer.size(value)
  return writer.done()
}

function bytesOf(text: string): Uint8Array {
  if (text.length > MAX_BYTES * 2) throw wrongPsbt('It is too long.')
  if (!/^70736274ff/i.test(text)) return fromBase64(text)
  try {
    return hexToBytes(text)
  } catch {
    throw wrongPsbt('Its text is not hexadecimal.')
  }
}
