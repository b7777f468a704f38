// WDK as its guide shows it: a manager over one provider URL.
import WalletManagerEvm from '@tetherto/wdk-wallet-evm'

export const words = () => WalletManagerEvm.getRandomSeedPhrase()

export async function send({ mnemonic, url, to, amount }) {
  const wallet = new WalletManagerEvm(mnemonic, { provider: url })
  const account = await wallet.getAccount(0)
  const { hash } = await account.sendTransaction({ to, value: amount })
  wallet.dispose()
  return hash
}
