// viem as its guide shows it: a wallet client over HTTP.
import { createWalletClient, http } from 'viem'
import { english, generateMnemonic, mnemonicToAccount } from 'viem/accounts'
import { mainnet } from 'viem/chains'

export const words = () => generateMnemonic(english)

export function send({ mnemonic, url, to, amount }) {
  const account = mnemonicToAccount(mnemonic)
  const client = createWalletClient({ account, chain: mainnet, transport: http(url) })
  return client.sendTransaction({ to, value: amount })
}
