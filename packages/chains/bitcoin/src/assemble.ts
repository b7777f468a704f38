import { compareBytes, equalBytes } from './bytes.ts'
import type { AccountScript } from './derive.ts'
import type { Descriptor } from './descriptor.ts'
import { pushes, readPushes } from './script.ts'
import { derDecode, derEncode } from './signature.ts'
import type { Tx, TxInput } from './transaction.ts'

/** By position of the key in the descriptor: 64 bytes, r ‖ s or BIP-340. */
export type InputSignatures = ReadonlyMap<number, Uint8Array>

/** The signed transaction, of as many signatures for each input as the account needs at least. */
export function assemble(
  tx: Tx,
  inputs: readonly { readonly script: AccountScript; readonly signatures: InputSignatures }[],
  descriptor: Descriptor,
): Tx {
  const signed = inputs.map(
    ({ script, signatures }, i): TxInput => ({ ...tx.inputs[i]!, ...unlock(script, signatures, descriptor) }),
  )
  return { ...tx, inputs: signed }
}

function unlock(
  { keys, redeemScript, witnessScript }: AccountScript,
  signatures: InputSignatures,
  { type, threshold }: Descriptor,
): Pick<TxInput, 'scriptSig' | 'witness'> {
  const [first] = signatures.values()
  const scriptSig = redeemScript ? pushes([redeemScript]) : new Uint8Array()
  switch (type) {
    case 'p2pkh':
      return {
        scriptSig: pushes([withType(first!), keys[0]!.uncompressed ?? keys[0]!.publicKey]),
        witness: [],
      }
    case 'p2tr':
      return { scriptSig, witness: [first!] }
    case 'p2wpkh':
    case 'p2sh-p2wpkh':
      return { scriptSig, witness: [withType(first!), keys[0]!.publicKey] }
    default: {
      // In the order of the keys in the script, and no more than it takes; the empty item is CHECKMULTISIG's extra one.
      const ordered = [...signatures]
        .sort(([a], [b]) => compareBytes(keys[a]!.publicKey, keys[b]!.publicKey))
        .slice(0, threshold)
        .map(([, signature]) => withType(signature))
      return { scriptSig, witness: [new Uint8Array(), ...ordered, witnessScript!] }
    }
  }
}

/**
 * The signatures of an input that was signed as the account signs, 64 bytes each; `undefined` when it was signed in any other
 * way: other items, another signature type than ALL or DEFAULT, loose encodings.
 */
export function signaturesIn(
  { scriptSig, witness }: TxInput,
  { redeemScript, witnessScript }: AccountScript,
  { type, threshold }: Descriptor,
): readonly Uint8Array[] | undefined {
  if (type !== 'p2pkh' && !equalBytes(scriptSig, redeemScript ? pushes([redeemScript]) : new Uint8Array()))
    return undefined
  const items = type === 'p2pkh' ? readPushes(scriptSig) : witness
  switch (type) {
    case 'p2tr':
      return items?.length === 1 && items[0]!.length === 64 ? [items[0]!] : undefined
    case 'p2pkh':
    case 'p2wpkh':
    case 'p2sh-p2wpkh':
      return items?.length === 2 ? all([withoutType(items[0]!)]) : undefined
    default:
      return items?.length === threshold + 2 && witnessScript
        ? all(items.slice(1, -1).map(withoutType))
        : undefined
  }
}

function all<T>(items: readonly (T | undefined)[]): readonly T[] | undefined {
  return items.every((item) => item !== undefined) ? (items as readonly T[]) : undefined
}

function withType(signature: Uint8Array): Uint8Array {
  const der = derEncode(signature)
  const bytes = new Uint8Array(der.length + 1)
  bytes.set(der)
  bytes[der.length] = 1
  return bytes
}

function withoutType(item: Uint8Array): Uint8Array | undefined {
  if (item.at(-1) !== 1) return undefined
  try {
    return derDecode(item.subarray(0, -1))
  } catch {
    return undefined
  }
}
