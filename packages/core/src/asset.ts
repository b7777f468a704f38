import type { AssetId } from './ids.ts'

/** What an amount counts: a chain's native coin or a token on it. Plain data. */
export interface Asset {
  /** CAIP-19. */
  readonly id: AssetId
  readonly symbol: string
  readonly name: string
  /** Base units per whole coin, as a power of ten. */
  readonly decimals: number
  /** True when the data came from a node and not from a list that was reviewed. */
  readonly unlisted?: true
}
