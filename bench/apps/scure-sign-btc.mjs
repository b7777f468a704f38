// scure as its guide shows it: words, one key for the coin and one for the change.

import { bytesToHex } from '@noble/hashes/utils.js'
import { HDKey } from '@scure/bip32'
import { generateMnemonic, mnemonicToSeed } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { p2wpkh, Transaction } from '@scure/btc-signer'

export const words = () => generateMnemonic(wordlist)

export async function sign({ mnemonic, spend: { txid, vout, amount, to, pay, change } }) {
  const account = HDKey.fromMasterSeed(await mnemonicToSeed(mnemonic)).derive("m/84'/0'/0'")
  const { publicKey, privateKey } = account.deriveChild(0).deriveChild(0)
  const tx = new Transaction({ version: 2 })
  const { script } = p2wpkh(publicKey)
  tx.addInput({ txid, index: vout, sequence: 0xfffffffd, witnessUtxo: { script, amount } })
  tx.addOutputAddress(to, pay)
  tx.addOutput({ script: p2wpkh(account.deriveChild(1).deriveChild(0).publicKey).script, amount: change })
  tx.sign(privateKey)
  tx.finalize()
  return bytesToHex(tx.extract())
}
