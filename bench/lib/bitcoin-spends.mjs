// Who spends coins of a Bitcoin account, each as its guide does it, and the coins. `await spenders[name]()` gives
// `async (spend) => raw` in lower-case hexadecimal; every secret comes of the words, at the path of each coin.
import { createRequire } from 'node:module'
import {
  bitcoinNetwork,
  bitcoinRules,
  deriveScripts,
  encodePsbt,
  encodeTx,
  parseDescriptor,
  txidOf,
} from '@coffer/bitcoin'
import { createDraft, createOfflineWallet } from '@coffer/core'
import { nativeEngine } from '@coffer/core/engines/native'
import { tinyEngine } from '@coffer/core/engines/tiny'
import { softwareSigner } from '@coffer/signer-software'
import { base64 } from '@scure/base'
import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import { Transaction } from '@scure/btc-signer'
import { BIP32Factory } from 'bip32'
import * as bitcoinjs from 'bitcoinjs-lib'
import secp256k1 from 'secp256k1'
import * as tiny from 'tiny-secp256k1'
import { mnemonic } from './payment.mjs'

const PURPOSES = { p2pkh: 44, 'p2sh-p2wpkh': 49, p2wpkh: 84, p2tr: 86 }
/** Virtual bytes of one input, about; what remains is the fee. */
const SIZES = { p2pkh: 148n, 'p2sh-p2wpkh': 91n, p2wpkh: 68n, p2tr: 58n }
const AMOUNT = 100_000n
const SEQUENCE = 0xfffffffd
const HARD = 0x80000000
/** BIP-173's own example. */
const TO = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'
const TO_SCRIPT = bytes('0014751e76e8199196d454941c45d1b3a323f1433bd6')

const seed = mnemonicToSeedSync(mnemonic)
const root = HDKey.fromMasterSeed(seed)
const fast = nativeEngine(secp256k1)

/**
 * `count` coins of as many addresses of account `index`, or of its first one alone, each made by a transaction of its
 * own, and the one payment that spends them all. Another `salt` makes other coins of the same addresses.
 */
export function spendOf(type, count, index, { salt = 0, atOne = false } = {}) {
  const path = `${PURPOSES[type]}'/0'/${index}'`
  const { publicExtendedKey: xpub } = root.derive(`m/${path}`)
  const fingerprint = root.fingerprint.toString(16).padStart(8, '0')
  const key = `[${fingerprint}/${path}]${xpub}/<0;1>/*`
  const account = parseDescriptor(wrap(type, key), bitcoinNetwork, fast)
  const scripts = deriveScripts(account, 0, 0, atOne ? 1 : count)
  const coins = Array.from({ length: count }, (_, i) => {
    const script = scripts[atOne ? 0 : i]
    const tx = {
      version: 2,
      locktime: i,
      inputs: [{ txid: id(salt), vout: i, sequence: SEQUENCE, scriptSig: new Uint8Array(107), witness: [] }],
      outputs: [
        { amount: 1_234_567n, script: TO_SCRIPT },
        { amount: AMOUNT, script: script.script },
      ],
    }
    return { txid: txidOf(tx), vout: 1, amount: AMOUNT, script, previous: encodeTx(tx) }
  })
  const pay = AMOUNT * BigInt(count) - 10n * (50n + SIZES[type] * BigInt(count))
  return { type, account: account.text, coins, pay }
}

const wrap = (type, key) =>
  ({
    p2pkh: `pkh(${key})`,
    'p2sh-p2wpkh': `sh(wpkh(${key}))`,
    p2wpkh: `wpkh(${key})`,
    p2tr: `tr(${key})`,
  })[type]

export const COFFER = 'Coffer'
export const COFFER_TINY = 'Coffer with tiny-secp256k1'
export const COFFER_NATIVE = 'Coffer with secp256k1'
export const SCURE = '@scure/btc-signer, HD key'
export const SCURE_KEYS = '@scure/btc-signer, keys at hand'
export const BITCOINJS = 'bitcoinjs-lib with tiny-secp256k1'
export const TRUST = 'Trust Wallet Core'
/** All coins at one address. */
export const TRUST_ONE = 'Trust Wallet Core, one address, key at hand'
export const TINY_ONE = 'Coffer with tiny-secp256k1, one address'
export const NATIVE_ONE = 'Coffer with secp256k1, one address'
export const AT_ONE = [TINY_ONE, NATIVE_ONE, TRUST_ONE]

const coffer = (engine) => () => {
  const rules = bitcoinRules(bitcoinNetwork, { engine })
  const signer = softwareSigner({ mnemonic, ...(engine ? { engine } : {}) })
  const policy = { maxFee: { [rules.id]: 10n ** 10n } }
  const wallet = createOfflineWallet({ chains: [rules], signer, policy })
  return async ({ account, coins, pay }) => {
    const intent = { kind: 'sweep', asset: rules.coin.id, to: TO }
    const payload = base64.encode(encodePsbt(psbtOf(coins, pay)))
    const draft = createDraft(rules, { chain: rules.id, account, intent, payload, hints: {} })
    return (await wallet.sign(draft)).raw
  }
}

const psbtOf = (coins, pay) => ({
  version: 0,
  txVersion: 2,
  locktime: 0,
  inputs: coins.map(({ txid, vout, amount, script, previous }) => {
    const { keys, redeemScript, internalKey } = script
    const isLegacy = script.script.length === 25
    return {
      txid,
      vout,
      sequence: SEQUENCE,
      previous,
      ...(isLegacy ? {} : { witnessUtxo: { amount, script: script.script } }),
      ...(redeemScript ? { redeemScript } : {}),
      ...(internalKey ? { tapInternalKey: internalKey } : {}),
      partialSignatures: [],
      derivations: internalKey ? [] : keys,
      tapDerivations: internalKey
        ? keys.map((key) => ({ ...key, publicKey: key.publicKey.subarray(1), leafHashes: [] }))
        : [],
      other: [],
    }
  }),
  outputs: [{ amount: pay, script: TO_SCRIPT, derivations: [], tapDerivations: [], other: [] }],
  xpubs: [],
  other: [],
})

export const spenders = {
  [COFFER]: coffer(),
  [COFFER_TINY]: coffer(tinyEngine(tiny)),
  [COFFER_NATIVE]: coffer(fast),
  [TINY_ONE]: coffer(tinyEngine(tiny)),
  [NATIVE_ONE]: coffer(fast),
  [SCURE]: () => async (spend) => {
    const tx = scureTx(spend)
    tx.sign(root)
    tx.finalize()
    return hex(tx.extract())
  },
  [SCURE_KEYS]: () => {
    const known = new WeakMap()
    const keysOf = (spend) => {
      if (!known.has(spend))
        known.set(
          spend,
          spend.coins.map((coin) => secretOf(coin)),
        )
      return known.get(spend)
    }
    const sign = async (spend) => {
      const keys = keysOf(spend)
      const tx = scureTx(spend)
      for (let i = 0; i < keys.length; i++) tx.signIdx(keys[i], i)
      tx.finalize()
      return hex(tx.extract())
    }
    return Object.assign(sign, { prepare: keysOf })
  },
  [BITCOINJS]: () => {
    bitcoinjs.initEccLib(tiny)
    const master = BIP32Factory(tiny).fromSeed(seed)
    return async ({ type, coins, pay }) => {
      const psbt = new bitcoinjs.Psbt()
      for (const { txid, vout, amount, script, previous } of coins) {
        const { redeemScript, internalKey, keys } = script
        const [{ publicKey: pubkey, path }] = keys
        const witness = { witnessUtxo: { script: script.script, value: amount } }
        psbt.addInput({
          hash: txid,
          index: vout,
          sequence: SEQUENCE,
          ...(type === 'p2pkh' ? { nonWitnessUtxo: previous } : witness),
          ...(redeemScript ? { redeemScript } : {}),
          ...(internalKey
            ? { tapInternalKey: internalKey }
            : { bip32Derivation: [{ masterFingerprint: master.fingerprint, path: texts(path), pubkey }] }),
        })
      }
      psbt.addOutput({ address: TO, value: pay })
      if (type === 'p2tr')
        // A tweaked key is no HD key, so that taproot inputs are signed one by one.
        coins.forEach(({ script: { internalKey, keys } }, i) => {
          const child = master.derivePath(texts(keys[0].path))
          psbt.signInput(i, child.tweak(bitcoinjs.crypto.taggedHash('TapTweak', internalKey)))
        })
      else psbt.signAllInputsHD(master)
      psbt.finalizeAllInputs()
      return psbt.extractTransaction(true).toHex()
    }
  },
  [TRUST]: async () => {
    const { sign, secretAt } = await trust()
    return async (spend) =>
      sign(
        spend,
        spend.coins.map(({ script }) => secretAt(script)),
      )
  },
  [TRUST_ONE]: async () => {
    const { sign, secretAt } = await trust()
    const known = new WeakMap()
    const prepare = (spend) => known.set(spend, [secretAt(spend.coins[0].script)])
    return Object.assign(async (spend) => sign(spend, known.get(spend)), { prepare })
  },
}

/** Its wallet's keys, and `AnySigner` with `signingV2`. It takes no P2SH-P2WPKH. */
async function trust() {
  const { initWasm, TW } = createRequire(import.meta.url)('@trustwallet/wallet-core')
  const { AnySigner, CoinType, HDWallet } = await initWasm()
  const { Bitcoin, BitcoinV2 } = TW
  const wallet = HDWallet.createWithMnemonic(mnemonic, '')
  const secretAt = ({ keys: [{ path }] }) => {
    const key = wallet.getKey(CoinType.bitcoin, texts(path))
    const data = key.data()
    key.delete()
    return data
  }
  const claims = {
    p2pkh: ({ publicKey }) => ({ p2pkh: { pubkey: publicKey } }),
    p2wpkh: ({ publicKey }) => ({ p2wpkh: { pubkey: publicKey } }),
    p2tr: ({ publicKey }) => ({ p2trKeyPath: publicKey }),
  }
  const sign = ({ type, coins, pay }, privateKeys) => {
    const signingV2 = BitcoinV2.Proto.SigningInput.create({
      privateKeys,
      chainInfo: { p2pkhPrefix: 0, p2shPrefix: 5, hrp: 'bc' },
      builder: {
        version: BitcoinV2.Proto.TransactionVersion.V2,
        lockTime: 0,
        fixedDustThreshold: 546,
        inputSelector: BitcoinV2.Proto.InputSelector.UseAll,
        inputs: coins.map(({ txid, vout, amount, script }) => ({
          outPoint: { hash: bytes(txid).reverse(), vout },
          value: Number(amount),
          sighashType: type === 'p2tr' ? 0 : 1,
          sequence: { sequence: SEQUENCE },
          scriptBuilder: claims[type](script.keys[0]),
        })),
        outputs: [{ value: Number(pay), toAddress: TO }],
      },
    })
    const input = Bitcoin.Proto.SigningInput.create({ signingV2, coinType: CoinType.bitcoin.value })
    const encoded = Bitcoin.Proto.SigningInput.encode(input).finish()
    const output = Bitcoin.Proto.SigningOutput.decode(AnySigner.sign(encoded, CoinType.bitcoin))
    const { error, errorMessage, encoded: raw } = output.signingResultV2 ?? output
    if (error || !raw) throw new Error(`Trust Wallet Core: ${errorMessage || error}`)
    return hex(raw)
  }
  return { sign, secretAt }
}

function scureTx({ type, coins, pay }) {
  const tx = new Transaction({ version: 2 })
  for (const { txid, vout, amount, script, previous } of coins) {
    const { redeemScript, internalKey, keys } = script
    const [{ publicKey, path }] = keys
    const der = { fingerprint: root.fingerprint, path: [...path] }
    const witness = { witnessUtxo: { script: script.script, amount } }
    tx.addInput({
      txid,
      index: vout,
      sequence: SEQUENCE,
      ...(type === 'p2pkh' ? { nonWitnessUtxo: previous } : witness),
      ...(redeemScript ? { redeemScript } : {}),
      ...(internalKey
        ? { tapInternalKey: internalKey, tapBip32Derivation: [[internalKey, { hashes: [], der }]] }
        : { bip32Derivation: [[publicKey, der]] }),
    })
  }
  tx.addOutputAddress(TO, pay)
  return tx
}

const secretOf = ({ script }) =>
  script.keys[0].path.reduce((key, index) => key.deriveChild(index), root).privateKey

const texts = (path) => `m/${path.map((index) => (index >= HARD ? `${index - HARD}'` : index)).join('/')}`
const hex = (raw) => Buffer.from(raw).toString('hex')
function bytes(text) {
  return Uint8Array.from(Buffer.from(text, 'hex'))
}
const id = (salt) => (salt + 1).toString(16).padStart(64, '0')
