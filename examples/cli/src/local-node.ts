import type { ChainId } from '@coffer/core'
import type { BitcoinNode, EvmNode } from '@coffer/devnet'

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

/** The nodes of a running devnet; one that could not be had is not among them. */
export function localNodes(devnet: object): readonly LocalNode[] {
  return Object.entries(devnet).flatMap(([name, node]: [string, unknown]) => {
    if (typeof node !== 'object' || node === null) return []
    return ['esploraUrl' in node ? bitcoinNode(name, node as BitcoinNode) : evmNode(name, node as EvmNode)]
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
