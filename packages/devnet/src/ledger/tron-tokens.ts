import { hex } from './byte-strings.ts'

interface Trc20Token {
  readonly ticker: string
  readonly decimals: number
}

/** Some of the TRC-20 tokens that the app has by name, by address in hex. */
const TOKENS: Readonly<Record<string, Trc20Token>> = {
  '41a614f803b6fd780986a42c78ec9c7f77e6ded13c': { ticker: 'USDT', decimals: 6 },
  '413487b63d30b5b2c87fb7ffa8bcfade38eaac1abe': { ticker: 'USDC', decimals: 6 },
  '4194f24e992ca04b49c6f2a2753076ef8938ed4daa': { ticker: 'USDD', decimals: 18 },
  '41cebde71077b830b958c8da17bcddeeb85d0bcf25': { ticker: 'TUSD', decimals: 18 },
  '41834295921a488d9d42b4b3021ed1a3c39fb0f03e': { ticker: 'USDJ', decimals: 18 },
  '4118fd0626daf3af02389aef3ed87db9c33f638ffa': { ticker: 'JST', decimals: 18 },
  '41b4a428ab7092c2f1395f376ce297033b3bb446c1': { ticker: 'SUN', decimals: 18 },
  '4174472e7d35395a6b5add427eecb7f4b62ad2b071': { ticker: 'WIN', decimals: 6 },
  '41032017411f4663b317fe77c257d28d5cd1b26e3d': { ticker: 'BTT', decimals: 18 },
  '413dfe637b2b9ae4190a458b5f3efc1969afe27819': { ticker: 'NFT', decimals: 6 },
  '41891cdb91d149f23b1a45d9c5ca78a88d0cb44c18': { ticker: 'WTRX', decimals: 6 },
  '41d8b8089856ced3038601cbeb1e3f765cabc12a41': { ticker: 'KLV', decimals: 6 },
}

export const knownToken = (contract: Uint8Array): Trc20Token | undefined => TOKENS[hex(contract)]
