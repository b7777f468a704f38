// Coffer offline: a draft made elsewhere is inspected and signed.
import { createWallet } from '@coffer/core'
import { encodeUnsigned, ethereum } from '@coffer/evm'
import { generateMnemonic, softwareSigner } from '@coffer/signer-software'

export const words = () => generateMnemonic()

export async function sign({ mnemonic, tx }) {
  const chain = ethereum()
  const signer = softwareSigner({ mnemonic })
  const wallet = createWallet({ chains: [chain], signer })
  const key = await signer.publicKey(chain.path(0))
  const draft = wallet.draft({
    kind: 'draft',
    version: 1,
    chain: chain.id,
    account: chain.describe(key),
    intent: { kind: 'pay', asset: chain.coin.id, to: tx.to, amount: tx.value.toString() },
    payload: encodeUnsigned({
      ...tx,
      type: 'eip1559',
      chainId: BigInt(tx.chainId),
      nonce: BigInt(tx.nonce),
      data: '0x',
      accessList: [],
    }),
    hints: {},
  })
  const { raw } = await wallet.sign(draft)
  return raw
}
