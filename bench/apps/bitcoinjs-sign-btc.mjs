// bitcoinjs-lib as its guide shows it, with the curve in JavaScript: tiny-secp256k1 is WebAssembly that bundlers need
// plug-ins for.
import * as ecc from '@bitcoinerlab/secp256k1'
import { generateMnemonic, mnemonicToSeed } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { BIP32Factory } from 'bip32'
import { Psbt, payments } from 'bitcoinjs-lib'

export const words = () => generateMnemonic(wordlist)

export async function sign({ mnemonic, spend: { txid, vout, amount, to, pay, change } }) {
  const account = BIP32Factory(ecc)
    .fromSeed(await mnemonicToSeed(mnemonic))
    .derivePath("m/84'/0'/0'")
  const key = account.derive(0).derive(0)
  const { output: script } = payments.p2wpkh({ pubkey: key.publicKey })
  const psbt = new Psbt()
  psbt.addInput({ hash: txid, index: vout, sequence: 0xfffffffd, witnessUtxo: { script, value: amount } })
  psbt.addOutput({ address: to, value: pay })
  psbt.addOutput({
    script: payments.p2wpkh({ pubkey: account.derive(1).derive(0).publicKey }).output,
    value: change,
  })
  psbt.signAllInputs(key)
  psbt.finalizeAllInputs()
  return psbt.extractTransaction().toHex()
}
