import WalletManagerEvm from '@tetherto/wdk-wallet-evm'

export const words = () => WalletManagerEvm.getRandomSeedPhrase()

export async function sign({ mnemonic, tx }) {
  const account = await new WalletManagerEvm(mnemonic).getAccount(0)
  return account.signTransaction({ type: 2, ...tx })
}
