// The least that signs on all three chains with libraries at hand: scure for Bitcoin, viem's accounts alone for Ethereum,
// Tron by hand.
import { sign as signTron } from './floor-noble-tron.mjs'
import { sign as signBoth, words } from './scure-sign-both.mjs'

export { words }

export const sign = async (request) => `${await signBoth(request)} ${await signTron(request)}`
