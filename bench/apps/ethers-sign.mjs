import { HDNodeWallet, Wallet } from 'ethers'

export const words = () => Wallet.createRandom().mnemonic.phrase

export function sign({ mnemonic, tx }) {
  return HDNodeWallet.fromPhrase(mnemonic).signTransaction({ type: 2, ...tx })
}
