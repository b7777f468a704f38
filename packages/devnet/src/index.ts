export type { Address, EvmContracts, EvmNode, EvmToken, EvmTokens, TokenOptions, TxId } from './anvil.ts'
export * as artifacts from './artifacts.ts'
export type { BitcoinNode, ReorgOptions, RpcAccess } from './bitcoin-node.ts'
export { type Devnet, type DevnetChain, type DevnetNodes, type DevnetOptions, startDevnet } from './devnet.ts'
export type {
  TronAccountState,
  TronContractState,
  TronNode,
  TronToken,
  TronTokenOptions,
  TronTokens,
} from './tron/node.ts'
