import { CofferError } from '@coffer/core'
import type { EvmNetwork } from './intent.ts'
import { bnbTokens, ethereumTokens } from './tokens.ts'

export const ethereumNetwork: EvmNetwork<'eip155:1', 'ethereum'> = {
  id: 'eip155:1',
  name: 'ethereum',
  testnet: false,
  coin: { id: 'eip155:1/slip44:60', symbol: 'ETH', name: 'Ether', decimals: 18 },
  tokens: ethereumTokens,
  fees: 'eip1559',
  // go-ethereum's default for the lowest tip that it mines for.
  minGasPrice: 1_000_000n,
  maxFee: 50_000_000_000_000_000n,
  blockTime: 12_000,
  finalAfter: 64,
  delegates: [],
  coinType: 60,
}

export const sepoliaNetwork: EvmNetwork<'eip155:11155111', 'sepolia'> = {
  id: 'eip155:11155111',
  name: 'sepolia',
  testnet: true,
  coin: { id: 'eip155:11155111/slip44:1', symbol: 'ETH', name: 'Sepolia Ether', decimals: 18 },
  tokens: [],
  fees: 'eip1559',
  minGasPrice: 1_000_000n,
  maxFee: 50_000_000_000_000_000n,
  blockTime: 12_000,
  finalAfter: 64,
  delegates: [],
  coinType: 1,
}

/**
 * Blocks have a base fee of zero, so the gas price is the whole fee and validators want at least 0.05 gwei.
 * Finality comes by votes within seconds; without them, a majority of the 21 validators has built upon a
 * block after about 200 more, since each builds 16 in a row.
 */
export const bnbNetwork: EvmNetwork<'eip155:56', 'bnb'> = {
  id: 'eip155:56',
  name: 'bnb',
  testnet: false,
  coin: { id: 'eip155:56/slip44:714', symbol: 'BNB', name: 'BNB', decimals: 18 },
  tokens: bnbTokens,
  fees: 'legacy',
  minGasPrice: 50_000_000n,
  maxFee: 20_000_000_000_000_000n,
  blockTime: 450,
  finalAfter: 200,
  delegates: [],
  coinType: 60,
}

export const bnbTestnetNetwork: EvmNetwork<'eip155:97', 'bnb-testnet'> = {
  id: 'eip155:97',
  name: 'bnb-testnet',
  testnet: true,
  coin: { id: 'eip155:97/slip44:1', symbol: 'tBNB', name: 'Test BNB', decimals: 18 },
  tokens: [],
  fees: 'legacy',
  minGasPrice: 50_000_000n,
  maxFee: 20_000_000_000_000_000n,
  blockTime: 450,
  finalAfter: 200,
  delegates: [],
  coinType: 1,
}

/**
 * The number in a network's id. Throws `INVALID_CHAIN` when the id is not `eip155:` and a positive number.
 */
export function chainIdOf({ id }: Pick<EvmNetwork, 'id'>): bigint {
  const match = /^eip155:([1-9][0-9]{0,18})$/.exec(id)
  if (match) return BigInt(match[1]!)
  throw new CofferError({
    code: 'INVALID_CHAIN',
    message: `${JSON.stringify(id)} is not the id of an EVM chain. Write it like "eip155:1".`,
  })
}
