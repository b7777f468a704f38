// Coffer offline on all three chains: one wallet signs a payment of bitcoin, one of ether and one of TRX.
import { bitcoinNetwork, bitcoinRules } from '@coffer/bitcoin'
import { createOfflineWallet } from '@coffer/core'
import { ethereumNetwork, evmRules, makeDraft } from '@coffer/evm'
import { generateMnemonic, softwareSigner } from '@coffer/signer-software'
import { tronNetwork, tronRules } from '@coffer/tron'
import { signWith as signBitcoin } from './coffer-sign-btc.mjs'
import { signWith as signTron } from './coffer-sign-tron.mjs'

export const words = () => generateMnemonic()

export async function sign({ mnemonic, tx, spend, transfer }) {
  const chains = [bitcoinRules(bitcoinNetwork), evmRules(ethereumNetwork), tronRules(tronNetwork)]
  const wallet = createOfflineWallet({ chains, signer: softwareSigner({ mnemonic }) })
  const account = await wallet.describe('ethereum')
  const intent = { kind: 'pay', asset: ethereumNetwork.coin.id, to: tx.to, amount: tx.value }
  const { gasLimit, maxFeePerGas, maxPriorityFeePerGas } = tx
  const numbers = { nonce: BigInt(tx.nonce), gasLimit, maxFeePerGas, maxPriorityFeePerGas }
  const { raw } = await wallet.sign(makeDraft(ethereumNetwork, account, intent, numbers))
  return `${await signBitcoin(wallet, spend)} ${raw} ${await signTron(wallet, transfer)}`
}
