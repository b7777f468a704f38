// Coffer as its guide shows it, on the devnet's Tron: the coin, or a TRC-20 token of its list.
import { createWallet } from '@coffer/core'
import { cluster, tronHttp } from '@coffer/daemon-client'
import { generateMnemonic, softwareSigner } from '@coffer/signer-software'
import { tronDevnet } from '@coffer/tron'

export const words = () => generateMnemonic()

export async function send({ mnemonic, url, to, amount, token }) {
  const wallet = createWallet({
    chains: [tronDevnet()],
    source: cluster({ 'tron:0xc0ffe001': [tronHttp(url)] }),
    signer: softwareSigner({ mnemonic }),
  })
  const account = await wallet.account('tron-devnet')
  const signed = await wallet.sign(await account.create({ to, amount, asset: token?.symbol }))
  await wallet.publish(signed)
  wallet.dispose()
  return signed.txid
}
