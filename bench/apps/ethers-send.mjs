// ethers as its guide shows it: a wallet connected to a JsonRpcProvider.
import { HDNodeWallet, JsonRpcProvider, Wallet } from 'ethers'

export const words = () => Wallet.createRandom().mnemonic.phrase

export async function send({ mnemonic, url, to, amount }) {
  const provider = new JsonRpcProvider(url)
  const { hash } = await HDNodeWallet.fromPhrase(mnemonic)
    .connect(provider)
    .sendTransaction({ to, value: amount })
  provider.destroy()
  return hash
}
