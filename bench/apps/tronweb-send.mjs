// tronweb as its guide shows it: an instance with a key; the coin, or a TRC-20 token by the interface of its contract.
import { TronWeb } from 'tronweb'

export const words = () => TronWeb.createRandom().mnemonic.phrase

/** Some sun for the energy of a token; tronweb asks nobody how much it takes. */
const feeLimit = 30_000_000

export async function send({ mnemonic, url, to, amount, token }) {
  const tronWeb = openTronWeb({ mnemonic, url })
  if (token === undefined) {
    const { txid, result } = await tronWeb.trx.sendTransaction(to, Number(amount))
    if (!result) throw new Error('refused')
    return txid
  }
  return tronWeb.contract(trc20, token.address).methods.transfer(to, amount).send({ feeLimit })
}

export function openTronWeb({ mnemonic, url }) {
  const { privateKey } = TronWeb.fromMnemonic(mnemonic)
  return new TronWeb({ fullHost: url, privateKey: privateKey.replace(/^0x/, '') })
}

const address = (name) => ({ name, type: 'address' })
const amountOf = (name) => ({ name, type: 'uint256' })
export const trc20 = [
  {
    type: 'function',
    name: 'balanceOf',
    stateMutability: 'view',
    inputs: [address('owner')],
    outputs: [amountOf('')],
  },
  {
    type: 'function',
    name: 'transfer',
    stateMutability: 'nonpayable',
    inputs: [address('to'), amountOf('amount')],
    outputs: [{ name: '', type: 'bool' }],
  },
]
