import { CofferError, type Engine, type Keys } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { byteReader, byteWriter, equalBytes, hash160, taggedHash } from './bytes.ts'
import type { AccountScript } from './derive.ts'
import { p2pkhScript, p2shScript, p2wpkhScript, p2wshScript, pushes, scriptKind } from './script.ts'
import { makeSighash, SIGHASH } from './sighash.ts'
import { derEncode } from './signature.ts'
import { tapTweakHash } from './taproot.ts'
import { decodeTx, encodeTx, type Tx, type TxInput, txidOf } from './transaction.ts'
import { unlocks } from './unlocks.ts'

/** The witness alone, or the whole virtual transaction. */
export type Bip322Variant = 'simple' | 'full'

const NOTHING = new Uint8Array()
const OP_RETURN = 0x6a

/**
 * What is signed for a message, by a tagged hash that no transaction can have.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0322.mediawiki
 */
export function bip322Hash(message: Uint8Array): Uint8Array {
  return taggedHash('BIP0322-signed-message', message)
}

/** The virtual transaction that pays to the script of an address. It spends what does not exist, and can be in no block. */
export function toSpend(script: Uint8Array, message: Uint8Array): Tx {
  return {
    version: 0,
    locktime: 0,
    inputs: [
      {
        txid: '0'.repeat(64),
        vout: 0xffffffff,
        sequence: 0,
        scriptSig: pushes([NOTHING, bip322Hash(message)]),
        witness: [],
      },
    ],
    outputs: [{ amount: 0n, script }],
  }
}

/** The virtual transaction that spends {@link toSpend}, with what unlocks it. */
export function toSign(
  spend: Tx,
  { scriptSig, witness }: Pick<TxInput, 'scriptSig' | 'witness'> = { scriptSig: NOTHING, witness: [] },
): Tx {
  return {
    version: 0,
    locktime: 0,
    inputs: [{ txid: txidOf(spend), vout: 0, sequence: 0, scriptSig, witness }],
    outputs: [{ amount: 0n, script: Uint8Array.of(OP_RETURN) }],
  }
}

/** Signs with the one key of an address. Throws `UNSUPPORTED` for addresses of several keys or of another kind. */
export async function signBip322(
  { script, redeemScript, internalKey }: AccountScript,
  message: Uint8Array,
  keys: Keys,
  variant: Bip322Variant,
): Promise<Uint8Array> {
  const tx = toSign(toSpend(script, message))
  const sighash = makeSighash(tx, [{ amount: 0n, script }])
  const ecdsa = async (hash: Uint8Array): Promise<Uint8Array[]> => {
    const { signature } = await keys.ecdsa(hash)
    const der = derEncode(signature)
    const item = new Uint8Array(der.length + 1)
    item.set(der)
    item[der.length] = SIGHASH.ALL
    return [item, keys.publicKey]
  }
  const program = redeemScript ?? script
  let scriptSig = redeemScript ? pushes([redeemScript]) : NOTHING
  let witness: Uint8Array[] = []
  switch (scriptKind(program)) {
    case 'p2wpkh':
      witness = await ecdsa(sighash.segwit(0, p2pkhScript(program.subarray(2)), 0n, SIGHASH.ALL))
      break
    case 'p2pkh':
      scriptSig = pushes(await ecdsa(sighash.legacy(0, script, SIGHASH.ALL)))
      break
    case 'p2tr': {
      if (!internalKey || !keys.schnorr) throw unable()
      const hash = sighash.taproot(0, SIGHASH.DEFAULT)
      witness = [await keys.schnorr(hash, { tweak: tapTweakHash(internalKey) })]
      break
    }
    default:
      throw unable()
  }
  if (variant === 'full') return encodeTx(toSign(toSpend(script, message), { scriptSig, witness }))
  if (witness.length === 0) throw unable()
  return encodeWitness(witness)
}

/** When a signature holds: not before this time or height, and not before the output had this age. Both 0 as a rule. */
export interface Bip322Locks {
  readonly locktime: number
  readonly sequence: number
}

/**
 * Whether the bytes of a signature unlock the address; `undefined` when they do not, or when that takes an interpreter of
 * scripts: {@link unlocks} says which kinds are known.
 */
export function checkBip322(
  bytes: Uint8Array,
  variant: Bip322Variant,
  script: Uint8Array,
  message: Uint8Array,
  engine: Engine,
): Bip322Locks | undefined {
  const spend = toSpend(script, message)
  const tx = variant === 'full' ? readFull(bytes) : readSimple(bytes, spend, script)
  const [input] = tx?.inputs ?? []
  const [output] = tx?.outputs ?? []
  if (!tx || !input || !output || tx.inputs.length > 1 || tx.outputs.length > 1) return undefined
  if (tx.version !== 0 && tx.version !== 2) return undefined
  if (input.txid !== txidOf(spend) || input.vout !== 0) return undefined
  if (output.amount !== 0n || !equalBytes(output.script, Uint8Array.of(OP_RETURN))) return undefined
  const spent = { amount: 0n, script }
  if (!unlocks(input, 0, spent, makeSighash(tx, [spent]), engine)) return undefined
  return { locktime: tx.locktime, sequence: input.sequence }
}

function readFull(bytes: Uint8Array): Tx | undefined {
  try {
    return decodeTx(bytes)
  } catch {
    return undefined
  }
}

function readSimple(bytes: Uint8Array, spend: Tx, script: Uint8Array): Tx | undefined {
  try {
    const reader = byteReader(bytes, unable)
    const witness = Array.from({ length: reader.count(1) }, () => reader.varBytes())
    reader.end()
    const scriptSig = scriptKind(script) === 'p2sh' ? wrapping(witness, script) : NOTHING
    return toSign(spend, { scriptSig, witness })
  } catch {
    return undefined
  }
}

/** What a witness of segwit inside P2SH leaves out: the script inside follows from its last item. */
function wrapping(witness: readonly Uint8Array[], script: Uint8Array): Uint8Array {
  const last = witness.at(-1) ?? NOTHING
  const inner = [p2wpkhScript(hash160(last)), p2wshScript(sha256(last))].find((redeem) =>
    equalBytes(p2shScript(hash160(redeem)), script),
  )
  return inner ? pushes([inner]) : NOTHING
}

function encodeWitness(items: readonly Uint8Array[]): Uint8Array {
  const writer = byteWriter()
  writer.size(items.length)
  for (const item of items) writer.varBytes(item)
  return writer.done()
}

function unable(): CofferError {
  return new CofferError({
    code: 'UNSUPPORTED',
    message:
      'This kind of address cannot sign a message in this format. Choose another address or another format.',
  })
}
