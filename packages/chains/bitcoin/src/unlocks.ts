import type { Engine } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { equalBytes, hash160 } from './bytes.ts'
import {
  isCompressedKey,
  p2pkhScript,
  p2shScript,
  p2wshScript,
  readMultiScript,
  readPushes,
  scriptKind,
} from './script.ts'
import { SIGHASH, type Sighash } from './sighash.ts'
import { derDecode } from './signature.ts'
import { outputKey } from './taproot.ts'
import type { TxInput, TxOutput } from './transaction.ts'

/** What the signatures of one input are checked with. */
interface Check {
  readonly i: number
  readonly amount: bigint
  readonly sighash: Sighash
  readonly engine: Engine
}

/**
 * Whether input `i` unlocks the output that it spends, with signatures of type ALL (in taproot DEFAULT too) and no other. Knows
 * P2PKH, P2WPKH, the key path of P2TR, and multisig in P2SH and P2WSH, those of segwit also in P2SH. There is no interpreter of
 * scripts here: all else counts as not unlocked.
 */
export function unlocks(
  { scriptSig, witness }: TxInput,
  i: number,
  { script, amount }: TxOutput,
  sighash: Sighash,
  engine: Engine,
): boolean {
  const check: Check = { i, amount, sighash, engine }
  const kind = scriptKind(script)
  if (kind !== 'p2pkh' && kind !== 'p2sh') return scriptSig.length === 0 && inWitness(witness, script, check)
  const items = readPushes(scriptSig)
  if (!items) return false
  if (kind === 'p2pkh')
    return (
      witness.length === 0 && byKey(items, script.subarray(3, 23), check, () => legacyHash(script, check))
    )
  const redeem = items.at(-1)
  if (!redeem || !equalBytes(p2shScript(hash160(redeem)), script)) return false
  if (scriptKind(redeem) === 'p2wpkh' || scriptKind(redeem) === 'p2wsh')
    return items.length === 1 && inWitness(witness, redeem, check)
  return witness.length === 0 && byKeys(items.slice(0, -1), redeem, check, () => legacyHash(redeem, check))
}

/** The public key of 33 bytes that stands for the same point; `undefined` when it is no key. */
export function compressedKey(key: Uint8Array, engine: Engine): Uint8Array | undefined {
  if (isCompressedKey(key)) return key
  if (key.length !== 65 || key[0] !== 4) return undefined
  const short = new Uint8Array(33)
  short[0] = 2 + ((key[64] as number) & 1)
  short.set(key.subarray(1, 33), 1)
  try {
    return equalBytes(engine.uncompressed(short), key) ? short : undefined
  } catch {
    return undefined
  }
}

function inWitness(witness: readonly Uint8Array[], program: Uint8Array, check: Check): boolean {
  switch (scriptKind(program)) {
    case 'p2wpkh': {
      const keyHash = program.subarray(2)
      // Segwit takes no long keys.
      if (witness[1]?.length !== 33) return false
      return byKey(witness, keyHash, check, () => segwitHash(p2pkhScript(keyHash), check))
    }
    case 'p2wsh': {
      const code = witness.at(-1)
      if (!code || !equalBytes(p2wshScript(sha256(code)), program)) return false
      return byKeys(witness.slice(0, -1), code, check, () => segwitHash(code, check))
    }
    case 'p2tr':
      return witness.length === 1 && byOutputKey(witness[0] as Uint8Array, program, check)
    default:
      return false
  }
}

function byOutputKey(item: Uint8Array, program: Uint8Array, { i, sighash, engine }: Check): boolean {
  const type = item.length === 64 ? SIGHASH.DEFAULT : SIGHASH.ALL
  if (type === SIGHASH.ALL && (item.length !== 65 || item[64] !== SIGHASH.ALL)) return false
  return engine.schnorrVerify(item.subarray(0, 64), sighash.taproot(i, type), outputKey(program))
}

/** A signature and the key whose hash it is. */
function byKey(
  [signature, key, ...more]: readonly Uint8Array[],
  keyHash: Uint8Array,
  { engine }: Check,
  hash: () => Uint8Array,
): boolean {
  if (!signature || !key || more.length > 0 || !equalBytes(hash160(key), keyHash)) return false
  const short = compressedKey(key, engine)
  return short !== undefined && isSigned(signature, hash(), short, engine)
}

/** As CHECKMULTISIG: an empty item, which it takes too many, and signatures in the order of their keys. */
function byKeys(
  [extra, ...signatures]: readonly Uint8Array[],
  code: Uint8Array,
  { engine }: Check,
  hash: () => Uint8Array,
): boolean {
  const multi = readMultiScript(code)
  if (!multi || extra?.length !== 0 || signatures.length !== multi.threshold) return false
  const digest = hash()
  let next = 0
  return signatures.every((signature) => {
    while (next < multi.keys.length)
      if (isSigned(signature, digest, multi.keys[next++] as Uint8Array, engine)) return true
    return false
  })
}

function isSigned(item: Uint8Array, hash: Uint8Array, key: Uint8Array, engine: Engine): boolean {
  if (item.at(-1) !== SIGHASH.ALL) return false
  try {
    return engine.ecdsaVerify(derDecode(item.subarray(0, -1)), hash, key)
  } catch {
    return false
  }
}

function legacyHash(code: Uint8Array, { i, sighash }: Check): Uint8Array {
  return sighash.legacy(i, code, SIGHASH.ALL)
}

function segwitHash(code: Uint8Array, { i, amount, sighash }: Check): Uint8Array {
  return sighash.segwit(i, code, amount, SIGHASH.ALL)
}
