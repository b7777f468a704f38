// The least that signs on both chains with libraries at hand: scure for Bitcoin, viem's accounts alone for Ethereum.
import { sign as signEthereum } from './floor-viem.mjs'
import { sign as signBitcoin, words } from './scure-sign-btc.mjs'

export { words }

export const sign = async (request) => `${await signBitcoin(request)} ${await signEthereum(request)}`
