// viem's client with the one word list picked by hand.
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { createWalletClient, http } from 'viem'
import { generateMnemonic, mnemonicToAccount } from 'viem/accounts'
import { mainnet } from 'viem/chains'

export const words = () => generateMnemonic(wordlist)

export function send({ mnemonic, url, to, amount }) {
  const account = mnemonicToAccount(mnemonic)
  const client = createWalletClient({ account, chain: mainnet, transport: http(url) })
  return client.sendTransaction({ to, value: amount })
}
