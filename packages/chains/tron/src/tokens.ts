import type { TokenData } from './intent.ts'

/** The reviewed tokens of Tron. */
export const tronTokens: readonly TokenData[] = [
  { address: 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t', symbol: 'USDT', name: 'Tether USD', decimals: 6 },
  { address: 'TEkxiTehnzSmSe2XqrBj4w32RUN966rdz8', symbol: 'USDC', name: 'USD Coin', decimals: 6 },
]

/** Those of the devnet: at the addresses of mainnet where they have one, and a utility token. */
export const devnetTokens: readonly TokenData[] = [
  ...tronTokens,
  { address: 'TSSCQUojAtfM4Uh16RCoHFqGgqYDuBxrai', symbol: 'TEX', name: 'Utility Token', decimals: 18 },
]
