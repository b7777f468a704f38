import {
  type Chain,
  type ChainId,
  CofferError,
  type Engine,
  type Source,
  type UtxoSource,
} from '@coffer/core'
import { type BitcoinAccount, openAccount } from './account.ts'
import { signMessage, verifyMessage } from './chain-messages.ts'
import { claim, release } from './claim.ts'
import {
  type BitcoinNetwork,
  bitcoinNetwork,
  regtestNetwork,
  signetNetwork,
  testnet4Network,
} from './networks.ts'
import { publish } from './publish.ts'
import { type BitcoinRules, bitcoinRules, type SingleKeyType } from './rules.ts'
import { status } from './status.ts'

/** A Bitcoin network with its nodes. */
export interface BitcoinChain<Id extends ChainId = ChainId, Name extends string = string>
  extends Chain<Id, Name, BitcoinAccount>,
    BitcoinRules<Id, Name> {
  readonly family: 'utxo'
}

export interface BitcoinOptions {
  /** The type of accounts that `wallet.account` opens when it is told none: `p2wpkh` (BIP-84) when not given. */
  readonly type?: SingleKeyType | undefined
  /** Unused addresses in a row after which an account counts as ended; 20 when not given. */
  readonly gapLimit?: number | undefined
  /** What derives addresses and checks signatures; pure JavaScript when not given. */
  readonly engine?: Engine | undefined
}

/** Bitcoin. */
export const bitcoin = (
  options?: BitcoinOptions,
): BitcoinChain<'bip122:000000000019d6689c085ae165831e93', 'bitcoin'> => bitcoinChain(bitcoinNetwork, options)
/** Bitcoin's test network of BIP-94. */
export const testnet4 = (
  options?: BitcoinOptions,
): BitcoinChain<'bip122:00000000da84f2bafbbc53dee25a72ae', 'testnet4'> =>
  bitcoinChain(testnet4Network, options)
/** Bitcoin's signed test network of BIP-325, the default one. */
export const signet = (
  options?: BitcoinOptions,
): BitcoinChain<'bip122:00000008819873e925422c1ff0f99f7c', 'signet'> => bitcoinChain(signetNetwork, options)
/** A local chain whose blocks are mined on demand. */
export const regtest = (
  options?: BitcoinOptions,
): BitcoinChain<'bip122:0f9188f13cb7b2c71f2a335e3a4fc328', 'regtest'> => bitcoinChain(regtestNetwork, options)

/**
 * Any network of Bitcoin's rules, from one literal of data.
 *
 * @example
 * const wallet = createWallet({ chains: [bitcoin()], source: cluster({ [bitcoinNetwork.id]: [esplora(url)] }), signer })
 */
export function bitcoinChain<const Id extends ChainId, const Name extends string>(
  network: BitcoinNetwork<Id, Name>,
  { type, gapLimit, engine }: BitcoinOptions = {},
): BitcoinChain<Id, Name> {
  return {
    ...bitcoinRules(network, { type, engine }),
    pollInterval: Math.min(30_000, Math.max(500, Math.floor(network.blockTime / 20))),
    open: (context) => openAccount(network, context, { engine, gapLimit }),
    claim: (draft, store) => claim(draft, store, network, engine),
    release: (draft, store) => release(draft, store, network, engine),
    publish: (signed, context) =>
      publish(network, signed, { ...context, source: utxoSource(context.source) }),
    status: (signed, context) => status(network, signed, { ...context, source: utxoSource(context.source) }),
    signMessage: (request, keys) => signMessage(request, keys, network, engine),
    verifyMessage: (request) => verifyMessage(request, network, engine),
  }
}

function utxoSource(source: Source): UtxoSource {
  if (source.family === 'utxo') return source as UtxoSource
  throw new CofferError({
    code: 'CHAIN_MISMATCH',
    message: `A source of the family "${source.family}" cannot serve a Bitcoin chain.`,
  })
}
