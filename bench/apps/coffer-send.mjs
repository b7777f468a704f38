// Coffer as its guide shows it: a wallet over a cluster of nodes.
import { createWallet } from '@coffer/core'
import { cluster, jsonRpc } from '@coffer/daemon-client'
import { ethereum } from '@coffer/evm'
import { generateMnemonic, softwareSigner } from '@coffer/signer-software'

export const words = () => generateMnemonic()

export async function send({ mnemonic, url, to, amount }) {
  const wallet = createWallet({
    chains: [ethereum()],
    source: cluster({ 'eip155:1': [jsonRpc(url)] }),
    signer: softwareSigner({ mnemonic }),
  })
  const account = await wallet.account('ethereum')
  const signed = await wallet.sign(await account.create({ to, amount }))
  await wallet.publish(signed)
  wallet.dispose()
  return signed.txid
}
