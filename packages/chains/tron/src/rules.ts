import type { ChainId, ChainRules } from '@coffer/core'
import { describe, parseAccount, parseAddress } from './address.ts'
import { listedAssets } from './assets.ts'
import { claim } from './claim.ts'
import { inspect } from './inspect.ts'
import type { TronIntent, TronNetwork } from './intent.ts'
import { parseIntent } from './parse-intent.ts'
import { rebuild } from './rebuild.ts'
import { checkSigned, pathOf, sign } from './sign.ts'

/** The rules of one Tron network, without its nodes. */
export interface TronRules<Id extends ChainId = ChainId, Name extends string = string>
  extends ChainRules<Id, Name> {
  readonly family: 'tron'
  /** The data that it was made of. */
  readonly network: TronNetwork<Id, Name>
}

/**
 * What a machine without a network needs of a Tron chain: to read drafts, show what they do, and sign. `tron()` and its
 * sisters add the nodes, messages and typed data.
 *
 * @example
 * const wallet = createOfflineWallet({ chains: [tronRules(tronNetwork)], signer })
 */
export function tronRules<const Id extends ChainId, const Name extends string>(
  network: TronNetwork<Id, Name>,
): TronRules<Id, Name> {
  const [coin, ...assets] = listedAssets(network)
  return {
    network,
    id: network.id,
    name: network.name,
    family: 'tron',
    testnet: network.testnet,
    coin: coin!,
    assets,
    maxFee: network.maxFee,
    path: (index) => pathOf(network, index),
    describe: (key) => describe(key, network),
    parseAccount: (text) => parseAccount(text, network),
    parseAddress: (text) => parseAddress(text),
    inspect: (draft) => inspect(draft, network),
    rebuild: (draft) => rebuild(draft as typeof draft & { intent: TronIntent }, network),
    parseIntent: (json) => parseIntent(json, network),
    claim: (draft, store) => claim(network, draft, store),
    sign: (draft, keys) => sign(draft, keys, network),
    checkSigned: (signed) => checkSigned(signed, network),
  }
}
