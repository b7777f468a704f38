import type { Asset, ChainId } from '@coffer/core'

/** One Bitcoin network, as data. */
export interface BitcoinNetwork<Id extends ChainId = ChainId, Name extends string = string> {
  /** CAIP-2: `bip122:` and the first 32 digits of the genesis block's hash. */
  readonly id: Id
  readonly name: Name
  readonly testnet: boolean
  readonly coin: Asset
  /** SLIP-44. */
  readonly coinType: 0 | 1
  /** The human-readable part of segwit addresses (BIP-173, BIP-350). */
  readonly hrp: string
  /** Version bytes of base58 texts. */
  readonly pubKeyHash: number
  readonly scriptHash: number
  readonly wif: number
  /** Above this a fee is refused unless a policy says otherwise, in satoshi. */
  readonly maxFee: bigint
  /** Above this a fee rate is refused unless a policy says otherwise, in satoshi for 1,000 virtual bytes. */
  readonly maxFeeRate: bigint
  /** What nodes relay at least, in satoshi for 1,000 virtual bytes. */
  readonly minFeeRate: bigint
  /** Milliseconds between blocks, about. */
  readonly blockTime: number
  /** Confirmations after which a payment counts as final. */
  readonly finalAfter: number
  /** Own change is recognised up to this index: farther off nobody would find it again (threat B3). */
  readonly range: number
  /** An address of the network, for examples and error messages. */
  readonly sample: string
}

const common = {
  maxFee: 1_000_000n,
  maxFeeRate: 1_000_000n,
  minFeeRate: 1_000n,
  blockTime: 600_000,
  finalAfter: 6,
  range: 10_000,
} as const

export const bitcoinNetwork: BitcoinNetwork<'bip122:000000000019d6689c085ae165831e93', 'bitcoin'> = {
  ...common,
  id: 'bip122:000000000019d6689c085ae165831e93',
  name: 'bitcoin',
  testnet: false,
  coin: {
    id: 'bip122:000000000019d6689c085ae165831e93/slip44:0',
    symbol: 'BTC',
    name: 'Bitcoin',
    decimals: 8,
  },
  coinType: 0,
  hrp: 'bc',
  pubKeyHash: 0x00,
  scriptHash: 0x05,
  wif: 0x80,
  sample: 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu',
}

export const testnet4Network: BitcoinNetwork<'bip122:00000000da84f2bafbbc53dee25a72ae', 'testnet4'> = {
  ...common,
  id: 'bip122:00000000da84f2bafbbc53dee25a72ae',
  name: 'testnet4',
  testnet: true,
  coin: {
    id: 'bip122:00000000da84f2bafbbc53dee25a72ae/slip44:1',
    symbol: 'tBTC',
    name: 'Test Bitcoin',
    decimals: 8,
  },
  coinType: 1,
  hrp: 'tb',
  pubKeyHash: 0x6f,
  scriptHash: 0xc4,
  wif: 0xef,
  sample: 'tb1q6rz28mcfaxtmd6v789l9rrlrusdprr9pqcpvkl',
}

export const signetNetwork: BitcoinNetwork<'bip122:00000008819873e925422c1ff0f99f7c', 'signet'> = {
  ...testnet4Network,
  id: 'bip122:00000008819873e925422c1ff0f99f7c',
  name: 'signet',
  coin: {
    id: 'bip122:00000008819873e925422c1ff0f99f7c/slip44:1',
    symbol: 'sBTC',
    name: 'Signet Bitcoin',
    decimals: 8,
  },
}

export const regtestNetwork: BitcoinNetwork<'bip122:0f9188f13cb7b2c71f2a335e3a4fc328', 'regtest'> = {
  ...testnet4Network,
  id: 'bip122:0f9188f13cb7b2c71f2a335e3a4fc328',
  name: 'regtest',
  coin: {
    id: 'bip122:0f9188f13cb7b2c71f2a335e3a4fc328/slip44:1',
    symbol: 'rBTC',
    name: 'Regtest Bitcoin',
    decimals: 8,
  },
  hrp: 'bcrt',
  blockTime: 1_000,
  sample: 'bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk',
}
