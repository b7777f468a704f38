// tronweb as its guide shows it: an instance, which wants a node even where none is asked; built locally since the block
// header is given.
import { TronWeb } from 'tronweb'

export const words = () => TronWeb.createRandom().mnemonic.phrase

export async function sign({ mnemonic, transfer: { to, amount, blockHeader } }) {
  const { address, privateKey } = TronWeb.fromMnemonic(mnemonic)
  const tronWeb = new TronWeb({ fullHost: 'https://api.trongrid.io' })
  const tx = await tronWeb.transactionBuilder.sendTrx(to, amount, address, { blockHeader })
  const { txID, signature } = await tronWeb.trx.sign(tx, privateKey.replace(/^0x/, ''))
  return `${txID} ${signature[0]}`.toLowerCase()
}
