import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesOf, hexOf } from './bytes.ts'
import { addressOfKey } from './permissions.ts'

/** A key of the devnet itself. Everybody can know it: it holds play money. */
export interface DevnetKey {
  /** `41…` */
  readonly address: string
  /** `r ‖ s ‖ v` over 32 bytes of hash, as hex. */
  sign(hash: string): string
}

export function devnetKey(name: string): DevnetKey {
  const secret = sha256(new TextEncoder().encode(`Coffer devnet of Tron, ${name}`))
  return {
    address: addressOfKey(secp256k1.getPublicKey(secret, false)),
    sign(hash) {
      const [recovery = 0, ...rest] = secp256k1.sign(bytesOf(hash), secret, {
        prehash: false,
        format: 'recovered',
      })
      return hexOf(Uint8Array.of(...rest, recovery + 27))
    },
  }
}

let witnesses: readonly DevnetKey[] | undefined

/** The keys of the 27 that make blocks. */
export function witnessKeys(): readonly DevnetKey[] {
  witnesses ??= Array.from({ length: 27 }, (_, i) => devnetKey(`witness ${i + 1}`))
  return witnesses
}
