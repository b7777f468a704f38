// What the guides of the three chains lead to: bitcoinjs-lib, ethers and tronweb side by side.
import { sign as signBitcoin, words } from './bitcoinjs-sign-btc.mjs'
import { sign as signEthereum } from './ethers-sign.mjs'
import { sign as signTron } from './tronweb-sign.mjs'

export { words }

export const sign = async (request) =>
  `${await signBitcoin(request)} ${await signEthereum(request)} ${await signTron(request)}`
