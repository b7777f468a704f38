import { CofferError } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { equalBytes, hash160 } from './bytes.ts'
import { mapsOf, type Psbt, type PsbtInput, type PsbtPair, readMaps, unsignedTxOf } from './psbt.ts'
import { IN } from './psbt-input.ts'
import { keyType, wrongPsbt } from './psbt-maps.ts'
import { pushes, readMultiScript, scriptKind, witnessProgramOf } from './script.ts'
import { decodeTx, type Tx, type TxOutput, txidOf } from './transaction.ts'

/**
 * All that several PSBTs of one transaction know, in one of the highest version among them. Inputs that one of them holds finished
 * stay finished. Throws `INVALID_DRAFT` when they are of different transactions, and when two contradict each other about a field.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0174.mediawiki
 *
 * @example
 * combinePsbts([decodePsbt(fromAlice), decodePsbt(fromBob)])
 */
export function combinePsbts(psbts: readonly Psbt[]): Psbt {
  const [first] = psbts
  if (!first) throw wrongPsbt('There is none to combine.')
  if (psbts.length === 1) return first
  const id = txidOf(unsignedTxOf(first))
  for (const psbt of psbts)
    if (txidOf(unsignedTxOf(psbt)) !== id) throw wrongPsbt('They are not of the same transaction.')
  const version = psbts.some((psbt) => psbt.version === 2) ? 2 : 0
  const flags = modifiableOf(psbts)
  const maps = psbts.map(({ modifiable: _, ...psbt }) =>
    mapsOf(flags === undefined ? psbt : { ...psbt, modifiable: flags }, version),
  )
  const combined = readMaps({
    global: union(maps.map(({ global }) => global)),
    inputs: first.inputs.map((_, i) => union(maps.map(({ inputs }) => inputs[i]!))),
    outputs: first.outputs.map((_, i) => union(maps.map(({ outputs }) => outputs[i]!))),
  })
  return {
    ...combined,
    inputs: combined.inputs.map((input) => (isFinalInput(input) ? finished(input) : input)),
  }
}

/**
 * Makes the final script and witness of every input that has the signatures for it, and takes away what is not needed any more:
 * single keys of every kind, P2SH and P2WSH of several keys, taproot by its key. Other inputs stay as they are, see
 * {@link isFinal}. Signatures are not verified.
 *
 * Throws `INVALID_DRAFT` when an input contradicts itself: a script that is not of its hash, a previous transaction of another id,
 * a signature of another type than the input asks for.
 *
 * @example
 * extractTx(finalizePsbt(psbt))
 */
export function finalizePsbt(psbt: Psbt): Psbt {
  return { ...psbt, inputs: psbt.inputs.map((input) => (isFinalInput(input) ? input : finalizeInput(input))) }
}

/** Whether every input is finished. */
export function isFinal(psbt: Psbt): boolean {
  return psbt.inputs.length > 0 && psbt.inputs.every(isFinalInput)
}

/** The signed transaction. Throws `SIGNATURES_MISSING` unless every input is finished. */
export function extractTx(psbt: Psbt): Tx {
  if (!isFinal(psbt))
    throw new CofferError({
      code: 'SIGNATURES_MISSING',
      message: 'Some inputs are not signed yet, or not finished. Pass it on to the next signer.',
      details: { open: psbt.inputs.filter((input) => !isFinalInput(input)).length },
    })
  const unsigned = unsignedTxOf(psbt)
  return {
    ...unsigned,
    inputs: unsigned.inputs.map((input, i) => {
      const { finalScriptSig, finalWitness } = psbt.inputs[i]!
      return { ...input, scriptSig: finalScriptSig ?? input.scriptSig, witness: finalWitness ?? [] }
    }),
  }
}

/**
 * The output that an input spends: from its previous transaction, or else from what it says itself; `undefined` when it says
 * nothing. Throws `INVALID_DRAFT` when the previous transaction is another one, or the two contradict each other.
 */
export function spentOutputOf({ previous, witnessUtxo, txid, vout }: PsbtInput): TxOutput | undefined {
  if (!previous) return witnessUtxo
  let tx: Tx
  try {
    tx = decodeTx(previous)
  } catch {
    throw wrongPsbt('A previous transaction in it is none.')
  }
  const output = tx.outputs[vout]
  if (txidOf(tx) !== txid || !output)
    throw wrongPsbt('A previous transaction in it is not the one that is spent from.')
  if (witnessUtxo && (witnessUtxo.amount !== output.amount || !equalBytes(witnessUtxo.script, output.script)))
    throw wrongPsbt('An input contradicts its previous transaction about what it spends.')
  return output
}

// ---- combining ----

function union(lists: readonly (readonly PsbtPair[])[]): readonly PsbtPair[] {
  const known = new Map<string, PsbtPair>()
  for (const pairs of lists)
    for (const pair of pairs) {
      const key = bytesToHex(pair.key)
      const before = known.get(key)
      if (before && !equalBytes(before.value, pair.value))
        throw wrongPsbt('Two of them contradict each other about the same field.')
      known.set(key, pair)
    }
  return [...known.values()]
}

/** Every signer closes what its signature covers: open stays what all leave open; pairs that one must keep, all keep. */
function modifiableOf(psbts: readonly Psbt[]): number | undefined {
  const given = psbts.flatMap(({ modifiable }) => (modifiable === undefined ? [] : [modifiable]))
  if (given.length === 0) return undefined
  const open = psbts.reduce((flags, { modifiable = 0 }) => flags & modifiable, 0b11)
  return open | (given.reduce((flags, modifiable) => flags | modifiable, 0) & ~0b11)
}

// ---- finishing ----

function isFinalInput({ finalScriptSig, finalWitness }: PsbtInput): boolean {
  return (finalScriptSig?.length ?? 0) > 0 || (finalWitness?.length ?? 0) > 0
}

type Unlocking = Pick<PsbtInput, 'finalScriptSig' | 'finalWitness'>

function finalizeInput(input: PsbtInput): PsbtInput {
  const spent = spentOutputOf(input)
  const unlocking = spent && unlock(input, spent.script)
  return unlocking ? finished({ ...input, ...unlocking }) : input
}

/** Only what spends the coin, what it is, and fields that nobody here knows. */
function finished(input: PsbtInput): PsbtInput {
  const { txid, vout, sequence, previous, witnessUtxo, finalScriptSig, finalWitness } = input
  const { requiredTime, requiredHeight } = input
  return {
    txid,
    vout,
    sequence,
    ...(previous ? { previous } : {}),
    ...(witnessUtxo ? { witnessUtxo } : {}),
    ...(finalScriptSig?.length ? { finalScriptSig } : {}),
    ...(finalWitness?.length ? { finalWitness } : {}),
    ...(requiredTime === undefined ? {} : { requiredTime }),
    ...(requiredHeight === undefined ? {} : { requiredHeight }),
    partialSignatures: [],
    derivations: [],
    tapDerivations: [],
    other: input.other.filter(({ key }) => keyType(key) > LAST_OF_SIGNING),
  }
}

/** Types up to here serve signing. */
const LAST_OF_SIGNING = IN.tapMerkleRoot

function unlock(input: PsbtInput, script: Uint8Array): Unlocking | undefined {
  switch (scriptKind(script)) {
    case 'p2pkh': {
      needPrevious(input)
      const items = single(input, script.subarray(3, 23))
      return items && { finalScriptSig: pushes(items) }
    }
    case 'p2wpkh':
    case 'p2wsh': {
      const items = witnessOf(input, script)
      return items && { finalWitness: items }
    }
    case 'p2sh': {
      const { redeemScript } = input
      if (!redeemScript) return undefined
      if (!equalBytes(hash160(redeemScript), script.subarray(2, 22)))
        throw wrongPsbt('A redeem script in it is not the one that is paid to.')
      const items = witnessOf(input, redeemScript)
      if (items) return { finalScriptSig: pushes([redeemScript]), finalWitness: items }
      if (witnessProgramOf(redeemScript)) return undefined
      needPrevious(input)
      const signatures = several(input, redeemScript)
      return signatures && { finalScriptSig: pushes([...signatures, redeemScript]) }
    }
    case 'p2tr': {
      const { tapKeySignature, sighashType } = input
      if (!tapKeySignature) return undefined
      const type = tapKeySignature[64] ?? 0
      if (tapKeySignature.length === 65 && type === 0) throw wrongPsbt('A signature in it has a wrong form.')
      if (sighashType !== undefined && sighashType !== type) throw wrongType()
      return { finalWitness: [tapKeySignature] }
    }
    default:
      return undefined
  }
}

/** Of version 0; `undefined` for other scripts and for missing signatures. */
function witnessOf(input: PsbtInput, script: Uint8Array): readonly Uint8Array[] | undefined {
  switch (scriptKind(script)) {
    case 'p2wpkh':
      return single(input, script.subarray(2))
    case 'p2wsh': {
      const { witnessScript } = input
      if (!witnessScript) return undefined
      if (!equalBytes(sha256(witnessScript), script.subarray(2)))
        throw wrongPsbt('A witness script in it is not the one that is paid to.')
      const signatures = several(input, witnessScript)
      return signatures && [...signatures, witnessScript]
    }
    default:
      return undefined
  }
}

function single(input: PsbtInput, keyHash: Uint8Array): readonly Uint8Array[] | undefined {
  const found = input.partialSignatures.find(({ publicKey }) => equalBytes(hash160(publicKey), keyHash))
  return found && [checkType(found.signature, input), found.publicKey]
}

/** The empty item that CHECKMULTISIG takes, and as many signatures as it needs, in the order of the keys in the script. */
function several(input: PsbtInput, script: Uint8Array): readonly Uint8Array[] | undefined {
  const multi = readMultiScript(script)
  if (!multi) return undefined
  const byKey = new Map(
    input.partialSignatures.map(({ publicKey, signature }) => [bytesToHex(publicKey), signature]),
  )
  const signatures = multi.keys
    .flatMap((key) => byKey.get(bytesToHex(key)) ?? [])
    .slice(0, multi.threshold)
    .map((signature) => checkType(signature, input))
  return signatures.length < multi.threshold ? undefined : [new Uint8Array(), ...signatures]
}

/** Signatures before segwit do not cover the amount. */
function needPrevious({ previous }: PsbtInput): void {
  if (!previous)
    throw wrongPsbt('An input of it comes without its previous transaction, so its amount is not proven.')
}

function checkType(signature: Uint8Array, { sighashType }: PsbtInput): Uint8Array {
  if (sighashType !== undefined && signature.at(-1) !== sighashType) throw wrongType()
  return signature
}

function wrongType(): CofferError {
  return wrongPsbt('A signature in it is of another type than its input asks for.')
}
