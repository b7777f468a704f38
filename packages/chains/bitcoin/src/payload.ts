import { CofferError, type DraftFields, type Engine } from '@coffer/core'
import { bytesToHex } from '@noble/hashes/utils.js'
import { equalBytes } from './bytes.ts'
import { type AccountScript, locateScript, scriptAt } from './derive.ts'
import { type Descriptor, readDescriptor } from './descriptor.ts'
import type { BitcoinNetwork } from './networks.ts'
import {
  decodePsbt,
  encodePsbt,
  type PsbtDerivation,
  type PsbtInput,
  type PsbtOutput,
  toBase64,
} from './psbt.ts'
import { scriptKind } from './script.ts'
import { decodeTx, type Tx, type TxOutput, txidOf } from './transaction.ts'

/** One coin that a draft spends. */
export interface SpentCoin {
  readonly txid: string
  readonly vout: number
  readonly sequence: number
  /** Satoshi, proven by `previous`; for taproot without it, by the signature itself, which covers it. */
  readonly amount: bigint
  readonly script: AccountScript
  /** The whole transaction that made the coin, without witnesses. */
  readonly previous?: Uint8Array
}

export interface PlannedOutput extends TxOutput {
  /** Present when the output comes back to the account: rebuilt from its descriptor, inside its range. */
  readonly own?: AccountScript
}

/** An unsigned transaction and all that signing and showing it takes. */
export interface Plan {
  readonly locktime: number
  readonly inputs: readonly SpentCoin[]
  readonly outputs: readonly PlannedOutput[]
}

/** What an input may ask for: nothing, DEFAULT, ALL. */
const SIGHASH_TYPES: readonly (number | undefined)[] = [undefined, 0, 1]
/** What a sequence may be: replaceable (BIP-125), not so but with the locktime in force, or neither. */
const SEQUENCES = [0xfffffffd, 0xfffffffe, 0xffffffff]
/** Locktimes from here on are times, which no draft of ours has. */
const FIRST_TIME = 500_000_000
const MOST_MONEY = 21_000_000n * 100_000_000n

/** Writes a plan as the payload of a draft: a PSBT of version 0 in base64, canonical to the last byte. */
export function writePayload({ locktime, inputs, outputs }: Plan): string {
  return toBase64(
    encodePsbt({
      version: 0,
      txVersion: 2,
      locktime,
      inputs: inputs.map(psbtInput),
      outputs: outputs.map(psbtOutput),
      xpubs: [],
      other: [],
    }),
  )
}

/**
 * Reads a payload and proves what it can: the amount of each input by the transaction that made it (B1), each own script by the
 * account's descriptor (B3), and that nothing is in it which a plan does not hold (B5).
 *
 * Throws `INVALID_DRAFT` for inputs of others, repeated inputs, outputs above inputs (B8), other signature types than ALL and
 * DEFAULT (B2), unknown fields, signatures, time locks, and amounts out of range.
 */
export function readPayload(
  { payload, account }: Pick<DraftFields, 'payload' | 'account'>,
  network: BitcoinNetwork,
  engine?: Engine,
): Plan {
  const isLast = last?.payload === payload && last.account === account && last.network === network
  if (!isLast) last = { payload, account, network, plan: prove(payload, account, network, engine) }
  return last!.plan
}

/** One draft is read several times on its way to a signature: shown, held against its intent, claimed, signed. */
let last:
  | {
      readonly payload: string
      readonly account: string
      readonly network: BitcoinNetwork
      readonly plan: Plan
    }
  | undefined

function prove(payload: string, account: string, network: BitcoinNetwork, engine: Engine | undefined): Plan {
  const descriptor = readDescriptor(account, network, engine)
  const psbt = decodePsbt(payload)
  if (psbt.txVersion !== 2) throw wrong('Its transaction is not of version 2.')
  if (psbt.other.length || psbt.xpubs.length || psbt.modifiable !== undefined)
    throw wrong('It has fields that no draft has.')
  if (psbt.locktime >= FIRST_TIME) throw wrong('It is locked until a time, which no draft of this wallet is.')
  if (psbt.inputs.length === 0 || psbt.outputs.length === 0) throw wrong('It spends or pays nothing.')

  const seen = new Set<string>()
  const previous = new Map<string, { readonly bytes: Uint8Array; readonly tx: Tx }>()
  const inputs = psbt.inputs.map((input, i): SpentCoin => {
    const outpoint = `${input.txid}:${input.vout}`
    if (seen.has(outpoint)) throw wrong(`Input ${i} spends the same coin as another one.`)
    seen.add(outpoint)
    checkInput(input, i)
    const output = spentOutput(input, i, previous)
    const script = ownScript(
      descriptor,
      output.script,
      [...input.derivations, ...input.tapDerivations],
      () => true,
    )
    if (!script) throw wrong(`Input ${i} is not a coin of this account.`)
    if (input.previous === undefined && descriptor.type !== 'p2tr')
      throw wrong(`Input ${i} comes without its previous transaction, so its amount is not proven.`)
    return {
      txid: input.txid,
      vout: input.vout,
      sequence: input.sequence,
      amount: checkAmount(output.amount),
      script,
      ...(input.previous ? { previous: input.previous } : {}),
    }
  })

  const spent = new Set(inputs.map(({ script }) => bytesToHex(script.script)))
  const usual = descriptor.keys.every(({ steps }) =>
    steps.every((step) => typeof step === 'number' || (step[0] === 0 && step[1] === 1)),
  )
  const outputs = psbt.outputs.map((output, i): PlannedOutput => {
    if (output.other.length || output.tapTree) throw wrong(`Output ${i} has fields that no draft has.`)
    const { amount, script } = output
    checkAmount(amount)
    const own = ownScript(
      descriptor,
      script,
      [...output.derivations, ...output.tapDerivations],
      (index) => index <= network.range,
    )
    // Under steps that no wallet takes by itself, change is found again only where a coin lay before.
    const isFound = own && (usual || spent.has(bytesToHex(own.script)))
    return { amount, script, ...(isFound ? { own } : {}) }
  })
  if (sumOf(outputs) > sumOf(inputs)) throw wrong('Its outputs exceed its inputs.')
  return { locktime: psbt.locktime, inputs, outputs }
}

/** The unsigned transaction of a plan. */
export function unsignedTx({ locktime, inputs, outputs }: Plan): Tx {
  return {
    version: 2,
    locktime,
    inputs: inputs.map(({ txid, vout, sequence }) => ({
      txid,
      vout,
      sequence,
      scriptSig: new Uint8Array(),
      witness: [],
    })),
    outputs: outputs.map(({ amount, script }) => ({ amount, script })),
  }
}

export function sumOf(list: readonly { readonly amount: bigint }[]): bigint {
  return list.reduce((sum, { amount }) => sum + amount, 0n)
}

/** What the network keeps of a plan. */
export function feeOf({ inputs, outputs }: Plan): bigint {
  return sumOf(inputs) - sumOf(outputs)
}

// ---- reading ----

function checkInput(input: PsbtInput, i: number): void {
  const { sighashType, sequence } = input
  if (!SIGHASH_TYPES.includes(sighashType))
    throw wrong(`Input ${i} asks for a signature of another type than "all".`)
  if (!SEQUENCES.includes(sequence)) throw wrong(`Input ${i} has an unusual sequence number.`)
  if (
    input.other.length ||
    input.partialSignatures.length ||
    input.tapKeySignature ||
    input.tapMerkleRoot ||
    input.finalScriptSig ||
    input.finalWitness ||
    // One that asks for a time alone has made that the locktime.
    input.requiredHeight !== undefined
  )
    throw wrong(`Input ${i} has fields that no draft has.`)
}

/** The output that an input spends, from its previous transaction where that is given. */
function spentOutput(
  input: PsbtInput,
  i: number,
  known: Map<string, { readonly bytes: Uint8Array; readonly tx: Tx }>,
): TxOutput {
  const { txid, vout, witnessUtxo } = input
  if (!input.previous) {
    if (witnessUtxo) return witnessUtxo
    throw wrong(`Input ${i} does not say what it spends.`)
  }
  let entry = known.get(txid)
  if (!entry || !equalBytes(entry.bytes, input.previous)) {
    const tx = decodeTx(input.previous)
    if (txidOf(tx) !== txid)
      throw wrong(`The previous transaction of input ${i} is not the one that it spends from.`)
    entry = { bytes: input.previous, tx }
    known.set(txid, entry)
  }
  const output = entry.tx.outputs[vout]
  if (!output) throw wrong(`Input ${i} spends an output that does not exist.`)
  if (witnessUtxo && (witnessUtxo.amount !== output.amount || !equalBytes(witnessUtxo.script, output.script)))
    throw wrong(`Input ${i} contradicts its previous transaction about what it spends.`)
  return output
}

/** The account's script that `script` is, where the derivations say so and the descriptor agrees. */
function ownScript(
  descriptor: Descriptor,
  script: Uint8Array,
  derivations: readonly PsbtDerivation[],
  inRange: (index: number) => boolean,
): AccountScript | undefined {
  const place = locateScript(descriptor, script, derivations)
  if (!place || !inRange(place.index)) return undefined
  const own = scriptAt(descriptor, place.keychain, place.index)
  return equalBytes(own.script, script) ? own : undefined
}

function checkAmount(amount: bigint): bigint {
  if (amount <= MOST_MONEY) return amount
  throw wrong('An amount is not one that Bitcoin has.')
}

// ---- writing ----

function psbtInput({ txid, vout, sequence, amount, script, previous }: SpentCoin): PsbtInput {
  const isLegacy = scriptKind(script.script) === 'p2pkh'
  return {
    txid,
    vout,
    sequence,
    ...(previous ? { previous } : {}),
    ...(isLegacy ? {} : { witnessUtxo: { amount, script: script.script } }),
    partialSignatures: [],
    other: [],
    ...keyFields(script),
  }
}

function psbtOutput({ amount, script, own }: PlannedOutput): PsbtOutput {
  return {
    amount,
    script,
    other: [],
    ...(own ? keyFields(own) : { derivations: [], tapDerivations: [] }),
  }
}

function keyFields(
  script: AccountScript,
): Pick<PsbtOutput, 'redeemScript' | 'witnessScript' | 'derivations' | 'tapInternalKey' | 'tapDerivations'> {
  const { redeemScript, witnessScript, internalKey, keys } = script
  return {
    ...(redeemScript ? { redeemScript } : {}),
    ...(witnessScript ? { witnessScript } : {}),
    ...(internalKey ? { tapInternalKey: internalKey } : {}),
    derivations: internalKey ? [] : keys,
    tapDerivations: internalKey
      ? keys.map((key) => ({ ...key, publicKey: key.publicKey.subarray(1), leafHashes: [] }))
      : [],
  }
}

function wrong(hint: string): CofferError {
  return new CofferError({ code: 'INVALID_DRAFT', message: `This Bitcoin draft cannot be used. ${hint}` })
}
