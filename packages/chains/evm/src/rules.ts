import type { ChainId, ChainRules } from '@coffer/core'
import { describe, parseAccount, parseAddress } from './address.ts'
import { inspect } from './inspect.ts'
import type { EvmIntent, EvmNetwork } from './intent.ts'
import { parseIntent, rebuild } from './rebuild.ts'
import { listedAssets } from './request.ts'
import { checkSigned, sign } from './sign.ts'

/** The rules of one EVM network, without its nodes. */
export interface EvmRules<Id extends ChainId = ChainId, Name extends string = string>
  extends ChainRules<Id, Name> {
  readonly family: 'evm'
  /** The data that it was made of. */
  readonly network: EvmNetwork<Id, Name>
}

/**
 * What a machine without a network needs of an EVM chain: to read drafts, show what they do, and sign. `ethereum()` and its
 * sisters add the nodes, messages and typed data.
 *
 * @example
 * const wallet = createOfflineWallet({ chains: [evmRules(ethereumNetwork)], signer })
 */
export function evmRules<const Id extends ChainId, const Name extends string>(
  network: EvmNetwork<Id, Name>,
): EvmRules<Id, Name> {
  const [coin, ...assets] = listedAssets(network)
  return {
    network,
    id: network.id,
    name: network.name,
    family: 'evm',
    testnet: network.testnet,
    coin: coin!,
    assets,
    maxFee: network.maxFee,
    path: (index) => `m/44h/${network.coinType}h/0h/0/${index}`,
    describe: (key) => describe(key, network),
    parseAccount: (text) => parseAccount(text, network),
    parseAddress: (text) => parseAddress(text),
    inspect: (draft) => inspect(draft, network),
    rebuild: (draft) => rebuild(draft as typeof draft & { intent: EvmIntent }, network),
    parseIntent: (json) => parseIntent(json, network),
    sign: (draft, keys) => sign(draft, keys, network),
    checkSigned: (signed) => checkSigned(signed, network),
  }
}
