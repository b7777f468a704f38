// Who makes addresses of an extended public key, each loaded by itself: `await makers[name]()` imports the packages and
// gives `(account, type, from, count) => addresses`.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** Of the mnemonic of payment.mjs at m/84'/0'/0'; all types of address are made of this one key. */
export const account = {
  xpub: 'xpub6C4SXHaqSMPK8MGL7bWjvS8WQnhoadsaXv2mnBcjAv142P2TivoC7s7ukNRYxETJZGc3JNzDKHQAGH5N3oQhQgkpwk6WrMtJB4eG2fpRAsV',
}

const coffer = (engineOf) => async () => {
  const { nobleEngine } = await import('@coffer/core')
  const { bitcoinNetwork, deriveScripts, formatAddress, parseDescriptor } = await import('@coffer/bitcoin')
  const engine = engineOf ? await engineOf() : nobleEngine
  const known = new Map()
  return ({ xpub }, type, from, count) => {
    const text = wrapped[type](`${xpub}/<0;1>/*`)
    const descriptor = known.get(text) ?? parseDescriptor(text, bitcoinNetwork, engine)
    known.set(text, descriptor)
    return deriveScripts(descriptor, 0, from, count).map(({ script }) =>
      formatAddress(script, bitcoinNetwork),
    )
  }
}

const wrapped = {
  p2pkh: (key) => `pkh(${key})`,
  'p2sh-p2wpkh': (key) => `sh(wpkh(${key}))`,
  p2wpkh: (key) => `wpkh(${key})`,
  p2tr: (key) => `tr(${key})`,
}

export const COFFER = 'Coffer'
export const SCURE = '@scure/bip32 + @scure/btc-signer'
export const BITCOINJS = 'bip32 + bitcoinjs-lib + tiny-secp256k1'
export const BDK = 'bdk-wasm'
export const TRUST = 'Trust Wallet Core'
export const COFFER_TINY = 'Coffer with tiny-secp256k1'
export const COFFER_NATIVE = 'Coffer with secp256k1'

export const makers = {
  [COFFER]: coffer(),
  [COFFER_TINY]: coffer(async () => {
    const [{ tinyEngine }, tiny] = await Promise.all([
      import('@coffer/core/engines/tiny'),
      import('tiny-secp256k1'),
    ])
    return tinyEngine(tiny)
  }),
  [COFFER_NATIVE]: coffer(async () => {
    const [{ nativeEngine }, native] = await Promise.all([
      import('@coffer/core/engines/native'),
      import('secp256k1'),
    ])
    return nativeEngine(native.default)
  }),
  [SCURE]: async () => {
    const { HDKey } = await import('@scure/bip32')
    const { p2pkh, p2sh, p2tr, p2wpkh } = await import('@scure/btc-signer')
    const of = {
      p2pkh: (key) => p2pkh(key),
      'p2sh-p2wpkh': (key) => p2sh(p2wpkh(key)),
      p2wpkh: (key) => p2wpkh(key),
      p2tr: (key) => p2tr(key.subarray(1)),
    }
    return ({ xpub }, type, from, count) => {
      const chain = HDKey.fromExtendedKey(xpub).deriveChild(0)
      return range(from, count, (i) => of[type](chain.deriveChild(i).publicKey).address)
    }
  },
  [BITCOINJS]: async () => {
    const [{ BIP32Factory }, bitcoin, tiny] = await Promise.all([
      import('bip32'),
      import('bitcoinjs-lib'),
      import('tiny-secp256k1'),
    ])
    bitcoin.initEccLib(tiny)
    const bip32 = BIP32Factory(tiny)
    const { p2pkh, p2sh, p2tr, p2wpkh } = bitcoin.payments
    const of = {
      p2pkh: (pubkey) => p2pkh({ pubkey }),
      'p2sh-p2wpkh': (pubkey) => p2sh({ redeem: p2wpkh({ pubkey }) }),
      p2wpkh: (pubkey) => p2wpkh({ pubkey }),
      p2tr: (pubkey) => p2tr({ internalPubkey: pubkey.subarray(1) }),
    }
    return ({ xpub }, type, from, count) => {
      const chain = bip32.fromBase58(xpub).derive(0)
      return range(from, count, (i) => of[type](chain.derive(i).publicKey).address)
    }
  },
  [BDK]: async () => {
    const { Wallet } = await loadBdk()
    const known = new Map()
    return ({ xpub }, type, from, count) => {
      const name = `${type} ${xpub}`
      const [external, change] = [0, 1].map((chain) => wrapped[type](`${xpub}/${chain}/*`))
      const wallet = known.get(name) ?? Wallet.create('bitcoin', external, change)
      known.set(name, wallet)
      return range(from, count, (i) => wallet.peek_address('external', i).address.toString())
    }
  },
  [TRUST]: async () => {
    const { initWasm } = createRequire(import.meta.url)('@trustwallet/wallet-core')
    const { AnyAddress, CoinType, HDWallet } = await initWasm()
    return ({ xpub }, type, from, count) => {
      if (type !== 'p2wpkh') return undefined
      return range(from, count, (i) => {
        const key = HDWallet.getPublicKeyFromExtended(xpub, CoinType.bitcoin, `m/84'/0'/0'/0/${i}`)
        const address = AnyAddress.createWithPublicKey(key, CoinType.bitcoin)
        const text = address.description()
        address.delete()
        key.delete()
        return text
      })
    }
  },
}

/** Its package is for bundlers that understand `import … from './x.wasm'`; Node 20 does not. */
export const loadBdk = () => (bdk ??= instantiateBdk())
let bdk

async function instantiateBdk() {
  const glue = await import('@metamask/bitcoindevkit/bitcoindevkit_bg.js')
  const file = createRequire(import.meta.url).resolve('@metamask/bitcoindevkit/bitcoindevkit_bg.wasm')
  const { instance } = await WebAssembly.instantiate(readFileSync(file), { './bitcoindevkit_bg.js': glue })
  glue.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start?.()
  return glue
}

const range = (from, count, make) => Array.from({ length: count }, (_, i) => make(from + i))
