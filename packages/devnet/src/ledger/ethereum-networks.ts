interface Network {
  readonly name: string
  readonly ticker: string
}

/** Some of the networks that the app has by name. */
const NETWORKS: ReadonlyMap<bigint, Network> = new Map([
  [1n, { name: 'Ethereum', ticker: 'ETH' }],
  [10n, { name: 'OP Mainnet', ticker: 'ETH' }],
  [25n, { name: 'Cronos', ticker: 'CRO' }],
  [56n, { name: 'BSC', ticker: 'BNB' }],
  [61n, { name: 'Ethereum Classic', ticker: 'ETC' }],
  [100n, { name: 'Gnosis', ticker: 'xDAI' }],
  [137n, { name: 'Polygon', ticker: 'POL' }],
  [146n, { name: 'Sonic', ticker: 'S' }],
  [250n, { name: 'Fantom', ticker: 'FTM' }],
  [324n, { name: 'ZKsync Era', ticker: 'ETH' }],
  [999n, { name: 'HyperEVM', ticker: 'HYPE' }],
  [5000n, { name: 'Mantle', ticker: 'MNT' }],
  [8453n, { name: 'Base', ticker: 'ETH' }],
  [17000n, { name: 'Holesky', ticker: 'ETH' }],
  [42161n, { name: 'Arbitrum', ticker: 'ETH' }],
  [42220n, { name: 'Celo', ticker: 'CELO' }],
  [43114n, { name: 'Avalanche', ticker: 'AVAX' }],
  [59144n, { name: 'Linea', ticker: 'ETH' }],
  [80094n, { name: 'Berachain', ticker: 'BERA' }],
  [81457n, { name: 'Blast', ticker: 'ETH' }],
  [84532n, { name: 'Base Sepolia', ticker: 'ETH' }],
  [421614n, { name: 'Arbitrum Sepolia', ticker: 'ETH' }],
  [534352n, { name: 'Scroll', ticker: 'ETH' }],
  [11155111n, { name: 'Sepolia', ticker: 'ETH' }],
  [11155420n, { name: 'OP Sepolia', ticker: 'ETH' }],
])

export const isKnownNetwork = (chainId: bigint): boolean => NETWORKS.has(chainId)

/** The name that the app shows; the number of a network that it does not know. */
export const networkName = (chainId: bigint): string => NETWORKS.get(chainId)?.name ?? chainId.toString()

export const networkTicker = (chainId: bigint): string => NETWORKS.get(chainId)?.ticker ?? '???'
