import { CofferError } from '@coffer/core'
import type { SigningPermission } from './intent.ts'
import { signerOf } from './keys.ts'

/** Signatures with the keys that made them, each key of the permission once. */
export type Weighed = ReadonlyMap<string, Uint8Array>

/**
 * Tells which key of a permission made which signature over a hash. Throws what `wrong` makes for a signature of nobody in the
 * permission, and for a second one of the same key.
 */
export function weigh(
  hash: Uint8Array,
  signatures: readonly Uint8Array[],
  { keys }: SigningPermission,
  wrong: (reason: string) => CofferError,
): Weighed {
  const found = new Map<string, Uint8Array>()
  for (const signature of signatures) {
    const signer = signerOf(hash, signature)
    const key = keys.find(({ address }) => address === signer)
    if (!key) throw wrong('One of its signatures is of nobody who may sign for the account.')
    if (found.has(key.address)) throw wrong('Somebody signed it twice.')
    found.set(key.address, signature)
  }
  return found
}

/** The weight of those who signed. */
export function weightOf(signers: Iterable<string>, { keys }: SigningPermission): bigint {
  const signed = [...signers]
  return keys.reduce((sum, { address, weight }) => (signed.includes(address) ? sum + weight : sum), 0n)
}

/**
 * The fewest signatures that reach the threshold, the heaviest keys first: each one costs bandwidth. Throws
 * `SIGNATURES_MISSING` while there are too few.
 */
export function enough(signatures: Weighed, permission: SigningPermission): Uint8Array[] {
  const { threshold, keys } = permission
  const signed = keys
    .filter(({ address }) => signatures.has(address))
    .sort((a, b) => Number(b.weight - a.weight))
  let weight = 0n
  const chosen: Uint8Array[] = []
  for (const key of signed) {
    if (weight >= threshold) break
    weight += key.weight
    chosen.push(signatures.get(key.address)!)
  }
  if (weight >= threshold) return chosen
  throw new CofferError({
    code: 'SIGNATURES_MISSING',
    message: `The signatures weigh ${weight}; the account wants ${threshold}. Have it signed by others too: wallet.cosign(draft).`,
    details: { weight, threshold, signed: signed.map(({ address }) => address) },
  })
}

/** The permission of a signed transaction as it travels beside the bytes. */
export function writePermission({ id, threshold, keys }: SigningPermission): string {
  return JSON.stringify({
    id,
    threshold: threshold.toString(),
    keys: keys.map(({ address, weight }) => ({ address, weight: weight.toString() })),
  })
}
