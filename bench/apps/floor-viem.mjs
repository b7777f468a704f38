// The least that signs with viem: its accounts alone, no client, and the one word list picked by hand, since viem's own
// `english` brings nine others along.
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { generateMnemonic, mnemonicToAccount } from 'viem/accounts'

export const words = () => generateMnemonic(wordlist)

export function sign({ mnemonic, tx: { gasLimit, ...tx } }) {
  return mnemonicToAccount(mnemonic).signTransaction({ type: 'eip1559', gas: gasLimit, ...tx })
}
