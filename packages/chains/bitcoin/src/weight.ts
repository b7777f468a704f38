import { CofferError } from '@coffer/core'
import { sizeLength } from './bytes.ts'
import { readMultiScript, type ScriptKind, scriptKind, witnessProgramOf } from './script.ts'
import type { ScriptType } from './script-type.ts'
import type { TxOutput } from './transaction.ts'

/**
 * How long ECDSA signatures are taken to be, with the byte of their type. One with a low s has 72 bytes (r above 2^255) or 71
 * (r below it), each about half of the time, and 70 or fewer once in about 128. `most` counts 72 for each, so that a fee is never
 * below its rate; `expected` counts 71.5. Taproot signatures always have 64 bytes, the default type having no byte.
 */
export type SignatureSizes = 'most' | 'expected'

/** A coin to be spent: its output script, and the scripts that this one is the hash of. */
export interface Spending {
  readonly script: Uint8Array
  readonly redeemScript?: Uint8Array | undefined
  readonly witnessScript?: Uint8Array | undefined
}

export interface KeyCounts {
  /** Of a sortedmulti; 1 when left out. */
  readonly keys?: number
  readonly threshold?: number
  readonly signatures?: SignatureSizes
}

/** Output, position, sequence. */
const OUTPOINT_AND_SEQUENCE = 40
/** The length of a compressed key, and of its push. */
const KEY = 34
const SCHNORR = 64
/** How many bytes the script of a 20- or 32-byte program has. */
const P2WPKH = 22
const P2WSH = 34

/**
 * The weight of a signed input of an account, in weight units: its outpoint, its scriptSig, its sequence, and its witness with
 * their lengths. What the presence of witnesses costs otherwise is in {@link txOverheadWeight}. Throws `UNSUPPORTED` for type
 * `address`, of which nobody knows how it is spent.
 *
 * @example
 * inputWeight('p2wpkh') // 272
 */
export function inputWeight(
  type: ScriptType,
  { keys = 1, threshold = 1, signatures = 'most' }: KeyCounts = {},
): number {
  const one = signatureSizes(1, signatures)
  const multi = () =>
    witnessOfMulti(threshold, keys * KEY + (threshold > 16 ? 2 : 1) + (keys > 16 ? 2 : 1) + 1, signatures)
  switch (type) {
    case 'p2pkh':
      return withScriptSig(one + 1 + KEY)
    case 'p2sh-p2wpkh':
      return withScriptSig(1 + P2WPKH) + one + 2 + KEY
    case 'p2wpkh':
      return withScriptSig(0) + one + 2 + KEY
    case 'p2tr':
      return withScriptSig(0) + 2 + SCHNORR
    case 'p2wsh-sortedmulti':
      return withScriptSig(0) + multi()
    case 'p2sh-p2wsh-sortedmulti':
      return withScriptSig(1 + P2WSH) + multi()
    case 'address':
      throw unknown()
  }
}

/** The same of a coin whose scripts are known. Throws `UNSUPPORTED` for scripts that the accounts here do not have. */
export function spendingWeight(spending: Spending, signatures: SignatureSizes = 'most'): number {
  const { redeemScript, witnessScript } = spending
  const kind = innerKind(spending)
  const scriptSig = redeemScript ? 1 + redeemScript.length : 0
  const one = signatureSizes(1, signatures)
  switch (kind) {
    case 'p2pkh':
      return withScriptSig(one + 1 + KEY)
    case 'p2wpkh':
      return withScriptSig(scriptSig) + one + 2 + KEY
    case 'p2tr':
      return withScriptSig(0) + 2 + SCHNORR
    case 'p2wsh': {
      const multi = witnessScript && readMultiScript(witnessScript)
      if (!multi) throw unknown()
      return withScriptSig(scriptSig) + witnessOfMulti(multi.threshold, witnessScript.length, signatures)
    }
    default:
      throw unknown()
  }
}

/** The weight of an output, in weight units. */
export function outputWeight(script: Uint8Array): number {
  return (8 + sizeLength(script.length) + script.length) * 4
}

/**
 * The weight of a transaction besides its inputs and outputs: version, locktime, both counts (which grow at 253 and at 65,536),
 * and with any segwit input, marker and flag and one empty witness for each input that is not (`plain`).
 */
export function txOverheadWeight(inputs: number, outputs: number, segwit: boolean, plain = 0): number {
  return (8 + sizeLength(inputs) + sizeLength(outputs)) * 4 + (segwit ? 2 + plain : 0)
}

/**
 * The weight of a transaction once it is signed, in weight units: at most, or as expected (rounded up).
 *
 * @example
 * estimateWeight({ inputs: [{ script: p2wpkhScript(a) }], outputs: [{ script: p2wpkhScript(b) }] }) // 438
 */
export function estimateWeight(
  tx: {
    readonly inputs: readonly Spending[]
    readonly outputs: readonly Pick<TxOutput, 'script'>[]
  },
  signatures: SignatureSizes = 'most',
): number {
  const { inputs, outputs } = tx
  let weight = 0
  let plain = 0
  for (const input of inputs) {
    weight += spendingWeight(input, signatures)
    if (scriptKind(input.script) === 'p2pkh') plain++
  }
  for (const { script } of outputs) weight += outputWeight(script)
  return Math.ceil(weight + txOverheadWeight(inputs.length, outputs.length, plain < inputs.length, plain))
}

/**
 * The amount below which nodes take an output for dust, in satoshi: what it costs at 3 sat/vB to make and to spend it. 0 for
 * outputs that can never be spent.
 *
 * @see https://github.com/bitcoin/bitcoin/blob/master/src/policy/policy.cpp
 *
 * @example
 * dustOf(p2wpkhScript(keyHash)) // 294n
 */
export function dustOf(script: Uint8Array): bigint {
  if (scriptKind(script) === 'op-return' || script.length > 10_000) return 0n
  // A spending input of 148 bytes; its scriptSig of 107 counts a quarter in a witness.
  const spend = witnessProgramOf(script) ? 32 + 4 + 1 + Math.floor(107 / 4) + 4 : 148
  return BigInt((outputWeight(script) / 4 + spend) * 3)
}

// ---- inside ----

/** What decides how a coin is spent: the script itself, or the one that P2SH is the hash of. */
function innerKind({ script, redeemScript }: Spending): ScriptKind | undefined {
  const kind = scriptKind(script)
  if (kind !== 'p2sh') return redeemScript ? undefined : kind
  const inner = redeemScript && scriptKind(redeemScript)
  return inner === 'p2wpkh' || inner === 'p2wsh' ? inner : undefined
}

function withScriptSig(length: number): number {
  return (OUTPOINT_AND_SEQUENCE + sizeLength(length) + length) * 4
}

/** The number of items, CHECKMULTISIG's empty one, the signatures and the script. */
function witnessOfMulti(threshold: number, script: number, signatures: SignatureSizes): number {
  return 2 + threshold + signatureSizes(threshold, signatures) + sizeLength(script) + script
}

/** Of ECDSA, each with the byte of its type and without its length. */
function signatureSizes(count: number, signatures: SignatureSizes): number {
  return count * (signatures === 'most' ? 72 : 71.5)
}

function unknown(): CofferError {
  return new CofferError({
    code: 'UNSUPPORTED',
    message:
      'Nobody knows here how coins of this script are spent, so no fee can be counted. Open the account by its descriptor.',
  })
}
