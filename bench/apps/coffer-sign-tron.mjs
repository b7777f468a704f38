// Coffer offline on Tron: a payment is made from given numbers, inspected and signed.
import { createOfflineWallet } from '@coffer/core'
import { generateMnemonic, softwareSigner } from '@coffer/signer-software'
import { makeDraft, tronNetwork, tronRules } from '@coffer/tron'

export const words = () => generateMnemonic()

export async function sign({ mnemonic, transfer }) {
  const wallet = createOfflineWallet({
    chains: [tronRules(tronNetwork)],
    signer: softwareSigner({ mnemonic }),
  })
  return signWith(wallet, transfer)
}

/** The id and the signature, which is the last of the signed bytes. */
export async function signWith(wallet, { to, amount, numbers }) {
  const account = await wallet.describe('tron')
  const intent = { kind: 'pay', asset: tronNetwork.coin.id, to, amount: BigInt(amount) }
  const { txid, raw } = await wallet.sign(makeDraft(tronNetwork, account, intent, numbers))
  return `${txid} ${raw.slice(-130)}`
}
