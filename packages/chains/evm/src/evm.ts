import { type Chain, type ChainId, CofferError, type EvmSource, type Source } from '@coffer/core'
import { type EvmAccount, openAccount } from './account.ts'
import { parseAddress } from './address.ts'
import { claim, release } from './claim.ts'
import type { EvmNetwork, TokenData } from './intent.ts'
import { signMessage, verifyMessage } from './messages.ts'
import { bnbNetwork, bnbTestnetNetwork, ethereumNetwork, sepoliaNetwork } from './networks.ts'
import { publish } from './publish.ts'
import { type EvmRules, evmRules } from './rules.ts'
import { status } from './status.ts'
import { inspectTypedData, signTypedData } from './typed-data.ts'

/** An EVM chain with its nodes. */
export interface EvmChain<Id extends ChainId = ChainId, Name extends string = string>
  extends Chain<Id, Name, EvmAccount>,
    EvmRules<Id, Name> {
  readonly family: 'evm'
}

export interface EvmOptions {
  /** Tokens beside the built-in list; each is checked against the chain when it is used. */
  readonly tokens?: readonly TokenData[] | undefined
  /** Contracts to which EIP-7702 delegation is allowed. None when not given. */
  readonly delegates?: readonly string[] | undefined
}

/** Ethereum, `eip155:1`. */
export const ethereum = (options?: EvmOptions): EvmChain<'eip155:1', 'ethereum'> =>
  evmChain(ethereumNetwork, options)
/** Ethereum's test network Sepolia, `eip155:11155111`. */
export const sepolia = (options?: EvmOptions): EvmChain<'eip155:11155111', 'sepolia'> =>
  evmChain(sepoliaNetwork, options)
/** BNB Smart Chain, `eip155:56`. */
export const bnb = (options?: EvmOptions): EvmChain<'eip155:56', 'bnb'> => evmChain(bnbNetwork, options)
/** BNB Smart Chain's test network, `eip155:97`. */
export const bnbTestnet = (options?: EvmOptions): EvmChain<'eip155:97', 'bnb-testnet'> =>
  evmChain(bnbTestnetNetwork, options)

/**
 * Any EVM chain, from one literal of data.
 *
 * @example
 * const base = evmChain({ id: 'eip155:8453', name: 'base', … })
 */
export function evmChain<const Id extends ChainId, const Name extends string>(
  data: EvmNetwork<Id, Name>,
  { tokens = [], delegates = [] }: EvmOptions = {},
): EvmChain<Id, Name> {
  const network: EvmNetwork<Id, Name> = {
    ...data,
    tokens: [...data.tokens, ...tokens.map((token) => ({ ...token, address: parseAddress(token.address) }))],
    delegates: [...data.delegates, ...delegates.map((address) => parseAddress(address))],
  }
  return {
    ...evmRules(network),
    pollInterval: Math.max(1000, Math.floor(network.blockTime / 2)),
    open: (context) => openAccount(network, context),
    claim: (draft, store) => claim(network, draft, store),
    release: (draft, store) => release(network, draft, store),
    publish: (signed, context) => publish(network, signed, { ...context, source: evmSource(context.source) }),
    status: (signed, context) => status(network, signed, { ...context, source: evmSource(context.source) }),
    signMessage,
    verifyMessage,
    signTypedData: (request, keys) => signTypedData(request, keys, network),
    inspectTypedData: (request) => inspectTypedData(request, network),
  }
}

function evmSource(source: Source): EvmSource {
  if (source.family === 'evm') return source as EvmSource
  throw new CofferError({
    code: 'CHAIN_MISMATCH',
    message: `A source of the family "${source.family}" cannot serve an EVM chain.`,
  })
}
