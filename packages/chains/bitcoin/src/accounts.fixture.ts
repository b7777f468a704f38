import { hdDerive, hdFromSeed, hdNeuter, nobleEngine, type PublicKey } from '@coffer/core'
import { hexToBytes } from '@noble/hashes/utils.js'
import { formatAddress } from './address.ts'
import { deriveScripts, type Keychain } from './derive.ts'
import { parseDescriptor } from './descriptor.ts'
import type { BitcoinNetwork } from './networks.ts'

/** The seed of "abandon … about" (BIP-39), the mnemonic of the examples in BIP-49, BIP-84 and BIP-86. */
const ABANDON = hexToBytes(
  '5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc19a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4',
)

/** What a signer of this seed answers. */
export function publicKeyOf(path: string, seed: Uint8Array = ABANDON): PublicKey {
  const root = hdFromSeed(seed, nobleEngine)
  const { publicKey, chainCode, parentFingerprint } = hdNeuter(hdDerive(root, path))
  return { publicKey, chainCode, fingerprint: root.fingerprint, path, parentFingerprint }
}

/** The first addresses of a descriptor. */
export function addressesOf(
  text: string,
  network: BitcoinNetwork,
  { keychain = 0, from = 0, count = 1 }: { keychain?: Keychain; from?: number; count?: number } = {},
): readonly (string | undefined)[] {
  const descriptor = parseDescriptor(text, network)
  return deriveScripts(descriptor, keychain, from, count).map(({ script }) => formatAddress(script, network))
}
