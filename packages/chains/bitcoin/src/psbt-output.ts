import { keyType, wrongPsbt } from './psbt-maps.ts'
import type { PsbtDerivation, PsbtOutput, PsbtPair } from './psbt-types.ts'
import {
  bare,
  bareKey,
  byKey,
  byPublicKey,
  checkLength,
  checkTapTree,
  isCompressed,
  keyData,
  keyOf,
  originBytes,
  readOrigin,
  readTapOrigin,
  tapOriginBytes,
  u64Bytes,
  u64Of,
} from './psbt-values.ts'
import type { TxOutput } from './transaction.ts'

/** Key types of BIP-174, BIP-370 and BIP-371. */
const OUT = {
  redeemScript: 0x00,
  witnessScript: 0x01,
  derivation: 0x02,
  amount: 0x03,
  script: 0x04,
  tapInternalKey: 0x05,
  tapTree: 0x06,
  tapDerivation: 0x07,
} as const

/** An output of a map. `pays` is the output of the unsigned transaction; left out in version 2. Throws `INVALID_DRAFT`. */
export function readOutputMap(pairs: readonly PsbtPair[], pays?: TxOutput): PsbtOutput {
  const output: { -readonly [K in keyof PsbtOutput]?: PsbtOutput[K] } = pays ? { ...pays } : {}
  const derivations: PsbtDerivation[] = []
  const tapDerivations: PsbtDerivation[] = []
  const other: PsbtPair[] = []
  for (const pair of pairs) {
    const { value } = pair
    const type = keyType(pair.key)
    if (pays && (type === OUT.amount || type === OUT.script))
      throw wrongPsbt('It has fields of version 2, but is of version 0.')
    switch (type) {
      case OUT.redeemScript:
        output.redeemScript = bare(pair)
        break
      case OUT.witnessScript:
        output.witnessScript = bare(pair)
        break
      case OUT.derivation: {
        const origin = readOrigin(value)
        if (isCompressed(pair)) derivations.push({ publicKey: pair.key.slice(1), ...origin })
        else other.push(pair)
        break
      }
      case OUT.amount:
        output.amount = u64Of(pair)
        break
      case OUT.script:
        output.script = bare(pair)
        break
      case OUT.tapInternalKey:
        output.tapInternalKey = bare(pair, 32)
        break
      case OUT.tapTree:
        checkTapTree(bare(pair))
        output.tapTree = value
        break
      case OUT.tapDerivation:
        tapDerivations.push({ publicKey: keyData(pair, 32), ...readTapOrigin(value) })
        break
      default:
        other.push(pair)
    }
  }
  const { amount, script } = output
  if (amount === undefined || script === undefined) throw wrongPsbt('An output does not say what it pays.')
  return {
    ...output,
    amount,
    script,
    derivations: derivations.sort(byPublicKey),
    tapDerivations: tapDerivations.sort(byPublicKey),
    other: other.sort(byKey),
  }
}

/** The map of an output. */
export function outputPairs(output: PsbtOutput, version: 0 | 2): PsbtPair[] {
  const pairs: PsbtPair[] = []
  const add = (type: number, value: Uint8Array | undefined, length?: number) => {
    if (value === undefined) return
    if (length !== undefined) checkLength(value, length)
    pairs.push({ key: bareKey(type), value })
  }
  add(OUT.redeemScript, output.redeemScript)
  add(OUT.witnessScript, output.witnessScript)
  for (const derivation of output.derivations) {
    checkLength(derivation.publicKey, 33)
    pairs.push({ key: keyOf(OUT.derivation, derivation.publicKey), value: originBytes(derivation) })
  }
  if (version === 2) {
    add(OUT.amount, u64Bytes(output.amount))
    add(OUT.script, output.script)
  }
  add(OUT.tapInternalKey, output.tapInternalKey, 32)
  add(OUT.tapTree, output.tapTree)
  for (const derivation of output.tapDerivations) {
    checkLength(derivation.publicKey, 32)
    pairs.push({ key: keyOf(OUT.tapDerivation, derivation.publicKey), value: tapOriginBytes(derivation) })
  }
  pairs.push(...output.other)
  return pairs
}
