// Coffer offline: a payment is made from given numbers, inspected and signed.
import { generateMnemonic, softwareSigner } from '@coffer/signer-software'

// After the words: in this order what compresses alike stands together, which is worth 0.26 kB.
import { createOfflineWallet } from '@coffer/core'
import { ethereumNetwork, evmRules, makeDraft } from '@coffer/evm'

export const words = () => generateMnemonic()

export async function sign({ mnemonic, tx }) {
  const wallet = createOfflineWallet({ chains: [evmRules(ethereumNetwork)], signer: softwareSigner({ mnemonic }) })
  const account = await wallet.describe('ethereum')
  const intent = { kind: 'pay', asset: ethereumNetwork.coin.id, to: tx.to, amount: tx.value }
  const { gasLimit, maxFeePerGas, maxPriorityFeePerGas } = tx
  const numbers = { nonce: BigInt(tx.nonce), gasLimit, maxFeePerGas, maxPriorityFeePerGas }
  const { raw } = await wallet.sign(makeDraft(ethereumNetwork, account, intent, numbers))
  return raw
}
