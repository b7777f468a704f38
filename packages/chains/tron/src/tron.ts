import { type Chain, type ChainId, CofferError, type Source, type TronSource } from '@coffer/core'
import { openAccount, type TronAccount } from './account.ts'
import { parseAddress } from './address.ts'
import type { TokenData, TronNetwork } from './intent.ts'
import { signMessage, verifyMessage } from './messages.ts'
import { nileNetwork, shastaNetwork, tronDevnetNetwork, tronNetwork } from './networks.ts'
import { publish } from './publish.ts'
import { type TronRules, tronRules } from './rules.ts'
import { cosign, finish } from './sign.ts'
import { status } from './status.ts'
import { inspectTypedData, signTypedData } from './typed-data.ts'

/** A Tron chain with its nodes. */
export interface TronChain<Id extends ChainId = ChainId, Name extends string = string>
  extends Chain<Id, Name, TronAccount>,
    TronRules<Id, Name> {
  readonly family: 'tron'
}

/** What a network of the list can be given beside its data. */
export interface TronOptions {
  /** TRC-20 tokens beside the built-in list, such as a utility token; each is checked against the chain when it is used. */
  readonly tokens?: readonly TokenData[] | undefined
}

/** Tron, `tron:0x2b6653dc`. */
export const tron = (options?: TronOptions): TronChain<'tron:0x2b6653dc', 'tron'> =>
  tronChain(tronNetwork, options)
/** The test network Shasta, `tron:0x94a9059e`. */
export const shasta = (options?: TronOptions): TronChain<'tron:0x94a9059e', 'shasta'> =>
  tronChain(shastaNetwork, options)
/** The test network Nile, `tron:0xcd8690dc`. */
export const nile = (options?: TronOptions): TronChain<'tron:0xcd8690dc', 'nile'> =>
  tronChain(nileNetwork, options)
/** The Tron of `@coffer/devnet`, `tron:0xc0ffe001`. */
export const tronDevnet = (options?: TronOptions): TronChain<'tron:0xc0ffe001', 'tron-devnet'> =>
  tronChain(tronDevnetNetwork, options)

/**
 * Any Tron network, from one literal of data.
 *
 * @example
 * const chain = tronChain({ ...tronNetwork, prices: { ...tronNetwork.prices, byte: 2_000n } })
 */
export function tronChain<const Id extends ChainId, const Name extends string>(
  data: TronNetwork<Id, Name>,
  { tokens = [] }: TronOptions = {},
): TronChain<Id, Name> {
  const network: TronNetwork<Id, Name> = {
    ...data,
    tokens: [...data.tokens, ...tokens.map((token) => ({ ...token, address: parseAddress(token.address) }))],
  }
  return {
    ...tronRules(network),
    pollInterval: 1_500,
    open: (context) => openAccount(network, context),
    cosign: (draft, keys) => cosign(draft, keys, network),
    finish: (draft) => finish(draft, network),
    publish: (signed, context) =>
      publish(network, signed, { ...context, source: tronSource(context.source) }),
    status: (signed, context) => status(network, signed, { ...context, source: tronSource(context.source) }),
    signMessage,
    verifyMessage,
    signTypedData: (request, keys) => signTypedData(request, keys, network),
    inspectTypedData: (request) => inspectTypedData(request, network),
  }
}

function tronSource(source: Source): TronSource {
  if (source.family === 'tron') return source as TronSource
  throw new CofferError({
    code: 'CHAIN_MISMATCH',
    message: `A source of the family "${source.family}" cannot serve a Tron chain.`,
  })
}
