import type { Prices, TronNetwork } from './intent.ts'
import { devnetTokens, tronTokens } from './tokens.ts'

/** Of mainnet, by its parameters in 2026: 1,000 sun a byte; 1 TRX and 0.1 TRX to open an account. */
const prices: Prices = {
  byte: 1_000n,
  activation: 1_100_000n,
  memo: 1_000_000n,
  multiSign: 1_000_000n,
  permissions: 100_000_000n,
}

/** 150 TRX: more than any transfer of a token costs, and enough for other permissions. */
const maxFee = 150_000_000n

/** Tron. */
export const tronNetwork: TronNetwork<'tron:0x2b6653dc', 'tron'> = {
  id: 'tron:0x2b6653dc',
  name: 'tron',
  testnet: false,
  coin: { id: 'tron:0x2b6653dc/slip44:195', symbol: 'TRX', name: 'Tron', decimals: 6 },
  tokens: tronTokens,
  prices,
  maxFee,
  coinType: 195,
}

/** The test network Shasta. */
export const shastaNetwork: TronNetwork<'tron:0x94a9059e', 'shasta'> = {
  id: 'tron:0x94a9059e',
  name: 'shasta',
  testnet: true,
  coin: { id: 'tron:0x94a9059e/slip44:1', symbol: 'TRX', name: 'Shasta TRX', decimals: 6 },
  tokens: [],
  prices,
  maxFee,
  coinType: 1,
}

/** The test network Nile, which gets new rules first. */
export const nileNetwork: TronNetwork<'tron:0xcd8690dc', 'nile'> = {
  id: 'tron:0xcd8690dc',
  name: 'nile',
  testnet: true,
  coin: { id: 'tron:0xcd8690dc/slip44:1', symbol: 'TRX', name: 'Nile TRX', decimals: 6 },
  tokens: [],
  prices,
  maxFee,
  coinType: 1,
}

/** The network of `@coffer/devnet`. */
export const tronDevnetNetwork: TronNetwork<'tron:0xc0ffe001', 'tron-devnet'> = {
  id: 'tron:0xc0ffe001',
  name: 'tron-devnet',
  testnet: true,
  coin: { id: 'tron:0xc0ffe001/slip44:1', symbol: 'TRX', name: 'Devnet TRX', decimals: 6 },
  tokens: devnetTokens,
  prices,
  maxFee,
  coinType: 1,
}
