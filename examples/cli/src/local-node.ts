import type { ChainId } from '@coffer/core'
import type { BitcoinNode, EvmNode, TronNode } from '@coffer/devnet'

/** A node of the devnet, as `coffer devnet` uses it. */
export interface LocalNode {
  readonly name: string
  readonly chain: ChainId
  /** What the other commands ask. */
  readonly url: string
  readonly json: Readonly<Record<string, unknown>>
  /** The faucet's usual gift. */
  pay(address: string): Promise<void>
  mine(blocks: number): Promise<unknown>
}

export const COINS = 10n
export const TOKENS = 1000n
/** Tron's coin is small, and other keys for an account cost 100 of them. */
export const TRON_COINS = 10_000n

/** The nodes of a running devnet; one that could not be had is not among them. */
export function localNodes(devnet: object): readonly LocalNode[] {
  return Object.entries(devnet).flatMap(([name, node]: [string, unknown]) => {
    if (typeof node !== 'object' || node === null) return []
    if ('esploraUrl' in node) return [bitcoinNode(name, node as BitcoinNode)]
    return ['witnesses' in node ? tronNode(name, node as TronNode) : evmNode(name, node as EvmNode)]
  })
}

function evmNode(name: string, node: EvmNode): LocalNode {
  const { chain, url, wsUrl, tokens } = node
  return {
    name,
    chain: chain as ChainId,
    url,
    json: { name, chain, url, wsUrl, tokens },
    pay: async (address) => {
      await node.fund(address, { amount: COINS * 10n ** 18n })
      for (const token of ['USDT', 'USDC', 'DAI'] as const)
        await node.fund(address, { token, amount: TOKENS * 10n ** BigInt(tokens[token].decimals) })
    },
    mine: (blocks) => node.mine(blocks),
  }
}

function bitcoinNode(name: string, node: BitcoinNode): LocalNode {
  const { chain, esploraUrl, electrumUrl } = node
  return {
    name,
    chain: chain as ChainId,
    url: esploraUrl,
    json: { name, chain, url: esploraUrl, electrumUrl },
    pay: async (address) => {
      await node.fund(address, { amount: COINS * 10n ** 8n })
    },
    mine: (blocks) => node.mine(blocks),
  }
}

function tronNode(name: string, node: TronNode): LocalNode {
  const { chain, url, tokens, witnesses } = node
  return {
    name,
    chain: chain as ChainId,
    url: `trongrid+${url}`,
    json: { name, chain, url, tokens, witnesses },
    pay: async (address) => {
      await node.fund(address, { amount: TRON_COINS * 10n ** 6n })
      for (const token of ['USDT', 'USDC'] as const)
        await node.fund(address, { token, amount: TOKENS * 10n ** BigInt(tokens[token].decimals) })
    },
    mine: (blocks) => node.mine(blocks),
  }
}
