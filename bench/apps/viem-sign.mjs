// viem as its guide shows it: accounts, with its own word list.
import { english, generateMnemonic, mnemonicToAccount } from 'viem/accounts'

export const words = () => generateMnemonic(english)

export function sign({ mnemonic, tx: { gasLimit, ...tx } }) {
  return mnemonicToAccount(mnemonic).signTransaction({ type: 'eip1559', gas: gasLimit, ...tx })
}
