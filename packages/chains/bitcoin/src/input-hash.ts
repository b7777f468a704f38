import type { SignatureClaim } from '@coffer/core'
import { hash160 } from './bytes.ts'
import type { AccountScript } from './derive.ts'
import type { Descriptor } from './descriptor.ts'
import { p2pkhScript } from './script.ts'
import { makeSighash } from './sighash.ts'
import { outputKey } from './taproot.ts'
import type { Tx } from './transaction.ts'

/** SIGHASH_ALL; taproot's DEFAULT says the same in no byte. */
const ALL = 1
const DEFAULT = 0

/**
 * What the keys of the account sign for each input: everything (SIGHASH_ALL, BIP-143; SIGHASH_DEFAULT, BIP-341). What all
 * inputs share is hashed once.
 */
export function inputHasher(
  tx: Tx,
  coins: readonly { readonly script: AccountScript; readonly amount: bigint }[],
  { type }: Descriptor,
): (i: number) => Uint8Array {
  const hashes = makeSighash(
    tx,
    coins.map(({ amount, script }) => ({ amount, script: script.script })),
  )
  return (i) => {
    const { script, amount } = coins[i]!
    switch (type) {
      case 'p2pkh':
        return hashes.legacy(i, script.script, ALL)
      case 'p2tr':
        return hashes.taproot(i, DEFAULT)
      case 'p2wpkh':
      case 'p2sh-p2wpkh':
        return hashes.segwit(i, p2pkhScript(hash160(script.keys[0]!.publicKey)), amount, ALL)
      default:
        return hashes.segwit(i, script.witnessScript!, amount, ALL)
    }
  }
}

/** That key `k` of the account made this signature (64 bytes) of an input: to be verified. */
export function claimOf(
  signature: Uint8Array,
  hash: Uint8Array,
  script: AccountScript,
  k: number,
): SignatureClaim {
  const publicKey = script.internalKey ? outputKey(script.script) : script.keys[k]!.publicKey
  return { signature, hash, publicKey }
}
