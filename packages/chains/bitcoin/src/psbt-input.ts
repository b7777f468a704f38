import { idBytes, idText } from './bytes.ts'
import { keyType, wrongPsbt } from './psbt-maps.ts'
import type { PsbtDerivation, PsbtInput, PsbtPair } from './psbt-types.ts'
import {
  bare,
  bareKey,
  byKey,
  byPublicKey,
  checkLength,
  checkSignature,
  isCompressed,
  keyData,
  keyOf,
  originBytes,
  outputBytes,
  readOrigin,
  readOutput,
  readStack,
  readTapOrigin,
  stackBytes,
  tapOriginBytes,
  u32Bytes,
  u32Of,
} from './psbt-values.ts'
import { isTx, type TxInput } from './transaction.ts'

/** Key types of BIP-174, BIP-370 and BIP-371. */
export const IN = {
  previous: 0x00,
  witnessUtxo: 0x01,
  partialSignature: 0x02,
  sighashType: 0x03,
  redeemScript: 0x04,
  witnessScript: 0x05,
  derivation: 0x06,
  finalScriptSig: 0x07,
  finalWitness: 0x08,
  porCommitment: 0x09,
  ripemd160: 0x0a,
  sha256: 0x0b,
  hash160: 0x0c,
  hash256: 0x0d,
  txid: 0x0e,
  vout: 0x0f,
  sequence: 0x10,
  requiredTime: 0x11,
  requiredHeight: 0x12,
  tapKeySignature: 0x13,
  tapScriptSignature: 0x14,
  tapLeafScript: 0x15,
  tapDerivation: 0x16,
  tapInternalKey: 0x17,
  tapMerkleRoot: 0x18,
} as const

/** Locktimes from here on are times, below heights. */
const FIRST_TIME = 500_000_000

/**
 * An input of a map. `spends` is what the unsigned transaction says of it; left out in version 2, whose maps say it themselves.
 * Throws `INVALID_DRAFT`.
 */
export function readInput(pairs: readonly PsbtPair[], spends?: TxInput): PsbtInput {
  const partialSignatures: { publicKey: Uint8Array; signature: Uint8Array }[] = []
  const derivations: PsbtDerivation[] = []
  const tapDerivations: PsbtDerivation[] = []
  const other: PsbtPair[] = []
  const input: { -readonly [K in keyof PsbtInput]: PsbtInput[K] } = {
    txid: spends?.txid ?? '',
    vout: spends?.vout ?? -1,
    sequence: spends?.sequence ?? 0xffffffff,
    partialSignatures,
    derivations,
    tapDerivations,
    other,
  }
  for (const pair of pairs) {
    const { value } = pair
    const type = keyType(pair.key)
    if (spends && type >= IN.txid && type <= IN.requiredHeight)
      throw wrongPsbt('It has fields of version 2, but is of version 0.')
    switch (type) {
      case IN.previous:
        if (!isTx(bare(pair))) throw wrongPsbt('A previous transaction in it is none.')
        input.previous = value
        break
      case IN.witnessUtxo:
        input.witnessUtxo = readOutput(bare(pair))
        break
      case IN.partialSignature:
        checkSignature(value)
        if (isCompressed(pair)) partialSignatures.push({ publicKey: pair.key.slice(1), signature: value })
        else other.push(pair)
        break
      case IN.sighashType:
        input.sighashType = u32Of(pair)
        break
      case IN.redeemScript:
        input.redeemScript = bare(pair)
        break
      case IN.witnessScript:
        input.witnessScript = bare(pair)
        break
      case IN.derivation: {
        const origin = readOrigin(value)
        if (isCompressed(pair)) derivations.push({ publicKey: pair.key.slice(1), ...origin })
        else other.push(pair)
        break
      }
      case IN.finalScriptSig:
        input.finalScriptSig = bare(pair)
        break
      case IN.finalWitness:
        input.finalWitness = readStack(bare(pair))
        break
      case IN.txid:
        input.txid = idText(bare(pair, 32))
        break
      case IN.vout:
        input.vout = u32Of(pair)
        break
      case IN.sequence:
        input.sequence = u32Of(pair)
        break
      case IN.requiredTime:
        input.requiredTime = u32Of(pair)
        break
      case IN.requiredHeight:
        input.requiredHeight = u32Of(pair)
        break
      case IN.tapKeySignature:
        checkLength(bare(pair), 64, 65)
        input.tapKeySignature = value
        break
      case IN.tapDerivation:
        tapDerivations.push({ publicKey: keyData(pair, 32), ...readTapOrigin(value) })
        break
      case IN.tapInternalKey:
        input.tapInternalKey = bare(pair, 32)
        break
      case IN.tapMerkleRoot:
        input.tapMerkleRoot = bare(pair, 32)
        break
      default:
        checkKept(type, pair)
        other.push(pair)
    }
  }
  if (input.txid === '' || input.vout < 0) throw wrongPsbt('An input does not say what it spends.')
  checkLocks(input)
  partialSignatures.sort(byPublicKey)
  derivations.sort(byPublicKey)
  tapDerivations.sort(byPublicKey)
  other.sort(byKey)
  return input
}

/** The map of an input. What only version 2 can say is left out of version 0. */
export function inputPairs(input: PsbtInput, version: 0 | 2): PsbtPair[] {
  checkLocks(input)
  const pairs: PsbtPair[] = []
  const add = (type: number, value: Uint8Array | undefined, length?: number) => {
    if (value === undefined) return
    if (length !== undefined) checkLength(value, length)
    pairs.push({ key: bareKey(type), value })
  }
  const { witnessUtxo, sighashType, finalWitness, tapKeySignature } = input
  add(IN.previous, input.previous)
  add(IN.witnessUtxo, witnessUtxo && outputBytes(witnessUtxo))
  for (const { publicKey, signature } of input.partialSignatures) {
    checkLength(publicKey, 33)
    pairs.push({ key: keyOf(IN.partialSignature, publicKey), value: signature })
  }
  add(IN.sighashType, sighashType === undefined ? undefined : u32Bytes(sighashType))
  add(IN.redeemScript, input.redeemScript)
  add(IN.witnessScript, input.witnessScript)
  for (const derivation of input.derivations) {
    checkLength(derivation.publicKey, 33)
    pairs.push({ key: keyOf(IN.derivation, derivation.publicKey), value: originBytes(derivation) })
  }
  add(IN.finalScriptSig, input.finalScriptSig)
  add(IN.finalWitness, finalWitness && stackBytes(finalWitness))
  if (version === 2) {
    const { txid, vout, sequence, requiredTime, requiredHeight } = input
    if (!/^[0-9a-f]{64}$/.test(txid)) throw wrongPsbt('An id in it is not of 64 hexadecimal digits.')
    add(IN.txid, idBytes(txid))
    add(IN.vout, u32Bytes(vout))
    if (sequence !== 0xffffffff) add(IN.sequence, u32Bytes(sequence))
    if (requiredTime !== undefined) add(IN.requiredTime, u32Bytes(requiredTime))
    if (requiredHeight !== undefined) add(IN.requiredHeight, u32Bytes(requiredHeight))
  }
  if (tapKeySignature) checkLength(tapKeySignature, 64, 65)
  add(IN.tapKeySignature, tapKeySignature)
  for (const derivation of input.tapDerivations) {
    checkLength(derivation.publicKey, 32)
    pairs.push({ key: keyOf(IN.tapDerivation, derivation.publicKey), value: tapOriginBytes(derivation) })
  }
  add(IN.tapInternalKey, input.tapInternalKey, 32)
  add(IN.tapMerkleRoot, input.tapMerkleRoot, 32)
  pairs.push(...input.other)
  return pairs
}

/** The lengths of fields that are known, but kept as they came. */
function checkKept(type: number, pair: PsbtPair): void {
  switch (type) {
    case IN.porCommitment:
      bare(pair)
      break
    case IN.ripemd160:
    case IN.hash160:
      keyData(pair, 20)
      break
    case IN.sha256:
    case IN.hash256:
      keyData(pair, 32)
      break
    case IN.tapScriptSignature:
      keyData(pair, 64)
      checkLength(pair.value, 64, 65)
      break
    case IN.tapLeafScript: {
      const controlBlock = pair.key.length - 1
      if (
        controlBlock < 33 ||
        (controlBlock - 33) % 32 !== 0 ||
        controlBlock > 33 + 32 * 128 ||
        pair.value.length < 1
      )
        throw wrongPsbt('A key in it has a length that its kind does not have.')
    }
  }
}

function checkLocks({
  requiredTime,
  requiredHeight,
}: Pick<PsbtInput, 'requiredTime' | 'requiredHeight'>): void {
  if (requiredTime !== undefined && requiredTime < FIRST_TIME)
    throw wrongPsbt('A time lock in it is no time.')
  if (requiredHeight !== undefined && (requiredHeight < 1 || requiredHeight >= FIRST_TIME))
    throw wrongPsbt('A height lock in it is no height.')
}
