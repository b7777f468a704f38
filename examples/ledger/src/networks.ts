import { type BitcoinAccount, type BitcoinChain, bitcoin, regtest, testnet4 } from '@coffer/bitcoin'
import type { SourceFactory, Sources } from '@coffer/core'
import { cluster, esplora, jsonRpc, tronHttp } from '@coffer/daemon-client'
import { type EvmAccount, type EvmChain, ethereum, evmChain, sepolia, sepoliaNetwork } from '@coffer/evm'
import { nile, type TronAccount, type TronChain, tron, tronDevnet } from '@coffer/tron'

/** How this example calls its chains; the nodes have the same names in `devnet.json` and in the query of the page. */
export const names = ['bitcoin', 'ethereum', 'tron'] as const
export type Name = (typeof names)[number]
export type Network = 'local' | 'test' | 'main'
export type AnyChain = BitcoinChain | EvmChain | TronChain
export type AnyAccount = BitcoinAccount | EvmAccount | TronAccount
/** URLs of nodes: of a chain without one there is nothing to show. */
export type Nodes = Partial<Readonly<Record<Name, string>>>

/** The local Ethereum has an id of its own: what a real device signs for it is worth nothing anywhere else. */
export const localId = 31337

const localEthereum = evmChain({
  ...sepoliaNetwork,
  id: `eip155:${localId}`,
  name: 'local-ethereum',
  coin: { id: `eip155:${localId}/slip44:60`, symbol: 'ETH', name: 'Local Ether', decimals: 18 },
  blockTime: 1_000,
})

export const networks: Readonly<Record<Network, Readonly<Record<Name, AnyChain>>>> = {
  local: { bitcoin: regtest(), ethereum: localEthereum, tron: tronDevnet() },
  test: { bitcoin: testnet4(), ethereum: sepolia(), tron: nile() },
  main: { bitcoin: bitcoin(), ethereum: ethereum(), tron: tron() },
}

const sources: Readonly<Record<Name, (url: string) => SourceFactory>> = {
  bitcoin: esplora,
  ethereum: jsonRpc,
  tron: tronHttp,
}

/** The sources of a wallet, one node for each chain. */
export function sourcesOf(network: Network, nodes: Nodes): Sources {
  return cluster(
    Object.fromEntries(
      names.flatMap((name) => {
        const url = nodes[name]
        return url === undefined ? [] : [[networks[network][name].id, [sources[name](url)]]]
      }),
    ),
  )
}
