import { hdDerive, hdFromSeed, hdSecret, type KeyRing, nobleEngine, type PublicKey } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'

/** The keys of a seed that a word makes, as a software signer gives them. For tests alone. */
export function keysOf(word: string): { key(path: string): PublicKey; ring: KeyRing } {
  const root = hdFromSeed(sha256(utf8ToBytes(word)), nobleEngine)
  const at = (path: string) => hdDerive(root, path)
  return {
    key: (path) => {
      const { publicKey, chainCode, parentFingerprint } = at(path)
      return { publicKey, chainCode, parentFingerprint, fingerprint: root.fingerprint, path }
    },
    ring: async (path) => {
      const key = at(path)
      const secret = hdSecret(key)
      return {
        publicKey: key.publicKey,
        ecdsa: (hash) => nobleEngine.ecdsaSign(hash, secret),
        schnorr: (hash, { tweak } = {}) => {
          const even = key.publicKey[0] === 2 ? secret : nobleEngine.secretNegate(secret)
          const tweaked = tweak ? nobleEngine.secretAdd(even, tweak)! : secret
          return nobleEngine.schnorrSign(hash, tweaked, new Uint8Array(32))
        },
      }
    },
  }
}
