// Coffer offline on two chains: one wallet signs a Bitcoin payment and an Ethereum payment.
import { bitcoinNetwork, bitcoinRules } from '@coffer/bitcoin'
import { createOfflineWallet } from '@coffer/core'
import { ethereumNetwork, evmRules, makeDraft } from '@coffer/evm'
import { generateMnemonic, softwareSigner } from '@coffer/signer-software'
import { signWith } from './coffer-sign-btc.mjs'

export const words = () => generateMnemonic()

export async function sign({ mnemonic, tx, spend }) {
  const chains = [bitcoinRules(bitcoinNetwork), evmRules(ethereumNetwork)]
  const wallet = createOfflineWallet({ chains, signer: softwareSigner({ mnemonic }) })
  const account = await wallet.describe('ethereum')
  const intent = { kind: 'pay', asset: ethereumNetwork.coin.id, to: tx.to, amount: tx.value }
  const { gasLimit, maxFeePerGas, maxPriorityFeePerGas } = tx
  const numbers = { nonce: BigInt(tx.nonce), gasLimit, maxFeePerGas, maxPriorityFeePerGas }
  const { raw } = await wallet.sign(makeDraft(ethereumNetwork, account, intent, numbers))
  return `${await signWith(wallet, spend)} ${raw}`
}
