import { type Keys, nobleEngine } from '@coffer/core'
import { formatAddress } from './address.ts'
import { hash160 } from './bytes.ts'
import type { AccountScript } from './derive.ts'
import { type BitcoinNetwork, bitcoinNetwork, regtestNetwork } from './networks.ts'
import { p2pkhScript, p2shScript, p2trScript, p2wpkhScript } from './script.ts'
import { tapOutputKey } from './taproot.ts'
import { parseWif } from './wif.ts'

export type KeyType = 'p2pkh' | 'p2sh-p2wpkh' | 'p2wpkh' | 'p2tr'

/** The keys that a private key in WIF stands for. For tests alone. */
export function keysOfWif(wif: string): Required<Keys> {
  const secret = secretOf(wif)
  const publicKey = nobleEngine.publicKey(secret)
  return {
    publicKey,
    ecdsa: (hash) => nobleEngine.ecdsaSign(hash, secret),
    schnorr: (hash, { tweak } = {}) => {
      const even = publicKey[0] === 2 ? secret : nobleEngine.secretNegate(secret)
      const tweaked = tweak ? nobleEngine.secretAdd(even, tweak) : secret
      return nobleEngine.schnorrSign(hash, tweaked as Uint8Array, new Uint8Array(32))
    },
  }
}

export function scriptOf(wif: string, type: KeyType): AccountScript {
  const publicKey = nobleEngine.publicKey(secretOf(wif))
  const keyHash = hash160(publicKey)
  const shared = { keychain: 0, index: 0, keys: [{ publicKey, fingerprint: '00000000', path: [] }] } as const
  switch (type) {
    case 'p2pkh':
      return { ...shared, script: p2pkhScript(keyHash) }
    case 'p2wpkh':
      return { ...shared, script: p2wpkhScript(keyHash) }
    case 'p2sh-p2wpkh': {
      const redeemScript = p2wpkhScript(keyHash)
      return { ...shared, redeemScript, script: p2shScript(hash160(redeemScript)) }
    }
    case 'p2tr': {
      const internalKey = publicKey.slice(1)
      return { ...shared, internalKey, script: p2trScript(tapOutputKey(internalKey)) }
    }
  }
}

export function addressOf(wif: string, type: KeyType, network: BitcoinNetwork = bitcoinNetwork): string {
  return formatAddress(scriptOf(wif, type).script, network) as string
}

function secretOf(wif: string): Uint8Array {
  return parseWif(wif, wif.startsWith('c') ? regtestNetwork : bitcoinNetwork).secret
}
