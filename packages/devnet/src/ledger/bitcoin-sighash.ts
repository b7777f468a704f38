import { sha256 } from '@noble/hashes/sha2.js'
import { tagSchnorr } from '@scure/btc-signer/utils.js'
import type { Host } from './bitcoin-host.ts'
import { fixedValue, listedMap, type MerkleList, type MerkleMap, mapValue } from './bitcoin-merkle.ts'
import {
  claimedOutput,
  outputFromTransaction,
  type PreviousOutput,
  serializedOutput,
} from './bitcoin-previous-output.ts'
import { byteReader, littleEndian, sameBytes, varint, withLength } from './bitcoin-reader.ts'
import { incorrect, orUndefined } from './bitcoin-status.ts'
import { concat } from './byte-strings.ts'

const TXID = 0x0e
const OUTPUT_INDEX = 0x0f
const SEQUENCE = 0x10
const REDEEM_SCRIPT = 0x04
const WITNESS_SCRIPT = 0x05
const AMOUNT = 0x03
const SCRIPT = 0x04
const LONGEST_OUTPUT_SCRIPT = 83

export const SIGHASH = { default: 0x00, all: 0x01, none: 0x02, single: 0x03, anyoneCanPay: 0x80 } as const

/** The parts of a PSBT of version 2 that signatures are about. */
export interface TransactionParts {
  readonly version: number
  readonly lockTime: number
  readonly inputs: MerkleList
  readonly outputs: MerkleList
}

/** SHA-256 of all inputs' and outputs' parts, hashed once. */
export interface TransactionHashes {
  readonly outpoints: Uint8Array
  readonly amounts: Uint8Array
  readonly scripts: Uint8Array
  readonly sequences: Uint8Array
  readonly outputs: Uint8Array
}

const twice = (bytes: Uint8Array): Uint8Array => sha256(sha256(bytes))
const fourBytes = (value: number): Uint8Array => littleEndian(value, 4)

async function outpoint(host: Host, input: MerkleMap): Promise<Uint8Array> {
  const txid = await fixedValue(host, input, TXID, 32)
  return concat(txid, await fixedValue(host, input, OUTPUT_INDEX, 4))
}

const sequence = async (host: Host, input: MerkleMap): Promise<Uint8Array> =>
  (await orUndefined(fixedValue(host, input, SEQUENCE, 4))) ?? fourBytes(0xffffffff)

/** What an output map says. */
export async function outputOfMap(host: Host, output: MerkleMap): Promise<PreviousOutput> {
  const amount = byteReader(await fixedValue(host, output, AMOUNT, 8), 0x6a80).u64le()
  return { amount, script: await mapValue(host, output, SCRIPT, LONGEST_OUTPUT_SCRIPT) }
}

const output = async (host: Host, { outputs }: TransactionParts, index: number): Promise<Uint8Array> =>
  serializedOutput(await outputOfMap(host, await listedMap(host, outputs, index)))

async function allOutputs(host: Host, parts: TransactionParts): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for (let index = 0; index < parts.outputs.size; index++) all.push(await output(host, parts, index))
  return concat(...all)
}

export async function transactionHashes(host: Host, parts: TransactionParts): Promise<TransactionHashes> {
  const { inputs } = parts
  const outpoints: Uint8Array[] = []
  const sequences: Uint8Array[] = []
  for (let index = 0; index < inputs.size; index++) {
    const input = await listedMap(host, inputs, index)
    outpoints.push(await outpoint(host, input))
    sequences.push(await sequence(host, input))
  }
  const outputs = await allOutputs(host, parts)
  const spent: PreviousOutput[] = []
  for (let index = 0; index < inputs.size; index++) {
    const input = await listedMap(host, inputs, index)
    spent.push((await orUndefined(claimedOutput(host, input))) ?? (await outputFromTransaction(host, input)))
  }
  return {
    outpoints: sha256(concat(...outpoints)),
    amounts: sha256(concat(...spent.map(({ amount }) => littleEndian(amount, 8)))),
    scripts: sha256(concat(...spent.map(({ script }) => withLength(script)))),
    sequences: sha256(concat(...sequences)),
    outputs: sha256(outputs),
  }
}

/** An input that is signed. */
interface SignedInput {
  readonly index: number
  readonly map: MerkleMap
  readonly hasRedeemScript: boolean
}

/** The hash that a signature without segregated witness signs, for SIGHASH_ALL. */
export async function legacySighash(
  host: Host,
  parts: TransactionParts,
  { index, map, hasRedeemScript }: SignedInput,
  script: Uint8Array,
  type: number,
): Promise<Uint8Array> {
  const all = [fourBytes(parts.version), varint(parts.inputs.size)]
  for (let at = 0; at < parts.inputs.size; at++) {
    const input = at === index ? map : await listedMap(host, parts.inputs, at)
    all.push(await outpoint(host, input))
    if (at !== index) all.push(varint(0))
    else all.push(withLength(hasRedeemScript ? await mapValue(host, map, REDEEM_SCRIPT) : script))
    all.push(await sequence(host, input))
  }
  all.push(varint(parts.outputs.size), await allOutputs(host, parts))
  return twice(concat(...all, fourBytes(parts.lockTime), fourBytes(type)))
}

const isKeyProgram = (script: Uint8Array): boolean =>
  script.length === 22 && script[0] === 0 && script[1] === 20
const isScriptProgram = (script: Uint8Array): boolean =>
  script.length === 34 && script[0] === 0 && script[1] === 32

async function scriptCode(host: Host, input: MerkleMap, program: Uint8Array): Promise<Uint8Array> {
  if (isKeyProgram(program)) return Uint8Array.of(0x19, 0x76, 0xa9, 0x14, ...program.slice(2), 0x88, 0xac)
  if (!isScriptProgram(program)) throw incorrect()
  const script = await mapValue(host, input, WITNESS_SCRIPT)
  if (!sameBytes(sha256(script), program.slice(2))) throw incorrect(0x000a)
  return withLength(script)
}

/** The hash of BIP-143. */
export async function segwitSighash(
  host: Host,
  parts: TransactionParts,
  hashes: TransactionHashes,
  { index, map }: SignedInput,
  program: Uint8Array,
  type: number,
): Promise<Uint8Array> {
  const zeros = new Uint8Array(32)
  const base = type & 0x1f
  const isAnyone = (type & SIGHASH.anyoneCanPay) !== 0
  const isAll = base !== SIGHASH.single && base !== SIGHASH.none
  const spent = await outpoint(host, map)
  const code = await scriptCode(host, map, program)
  const { amount } = await claimedOutput(host, map)
  const own = await sequence(host, map)
  let outputs: Uint8Array = isAll ? sha256(hashes.outputs) : zeros
  if (base === SIGHASH.single && index < parts.outputs.size) outputs = twice(await output(host, parts, index))
  return twice(
    concat(
      fourBytes(parts.version),
      isAnyone ? zeros : sha256(hashes.outpoints),
      isAnyone || !isAll ? zeros : sha256(hashes.sequences),
      spent,
      code,
      littleEndian(amount, 8),
      own,
      outputs,
      fourBytes(parts.lockTime),
      fourBytes(type),
    ),
  )
}

/** The hash of BIP-341, for spending with the key. */
export async function taprootSighash(
  host: Host,
  parts: TransactionParts,
  hashes: TransactionHashes,
  { index, map }: SignedInput,
  type: number,
): Promise<Uint8Array> {
  const base = type & 3
  const isAnyone = (type & SIGHASH.anyoneCanPay) !== 0
  const isAll = base !== SIGHASH.none && base !== SIGHASH.single
  const all = [Uint8Array.of(0, type), fourBytes(parts.version), fourBytes(parts.lockTime)]
  if (!isAnyone) all.push(hashes.outpoints, hashes.amounts, hashes.scripts, hashes.sequences)
  if (isAll) all.push(hashes.outputs)
  all.push(Uint8Array.of(0))
  if (isAnyone) {
    all.push(await outpoint(host, map), serializedOutput(await claimedOutput(host, map)))
    all.push(await sequence(host, map))
  } else all.push(fourBytes(index))
  if (base === SIGHASH.single) all.push(sha256(await output(host, parts, index)))
  return tagSchnorr('TapSighash', ...all)
}
