import type { ReadOptions, Resource, TronSource } from '@coffer/core'
import type { Address, Vote } from './intent.ts'
import { type Allowance, accountRead, allowancesRead, blockRead, rewardRead } from './reads.ts'
import { ask, take } from './rpc.ts'

/** What an account has staked, what that yields, and what of it is used. Coin in sun. */
export interface Resources {
  /** The free bandwidth of a day, in bytes. */
  readonly free: Allowance
  /** Bandwidth by stake, own and lent by others. */
  readonly bandwidth: Allowance
  /** Energy by stake, own and lent by others. */
  readonly energy: Allowance
  /** Own coin that is staked for each, and not lent. */
  readonly staked: Readonly<Record<Resource, bigint>>
  /** Own coin that is staked in older ways (for votes alone, or as before 2023): shown here, and not moved by requests. */
  readonly older: bigint
  /** Own coin that is staked, and of which others have the use. */
  readonly lent: Readonly<Record<Resource, bigint>>
  /** Coin on its way out of staking; `ready` in Unix milliseconds. */
  readonly unfreezing: readonly {
    readonly amount: bigint
    readonly resource: Resource | 'votes'
    readonly ready: number
  }[]
  /** What `withdraw` would bring back now. */
  readonly withdrawable: bigint
  /** What `claim` would bring. */
  readonly rewards: bigint
  /** One for each coin that is staked. */
  readonly votes: { readonly total: bigint; readonly used: bigint; readonly list: readonly Vote[] }
}

/** Reads them in one round trip. */
export async function readResources(
  source: TronSource,
  address: Address,
  options: ReadOptions,
): Promise<Resources> {
  const [head, state, allowances, reward] = await ask(
    source,
    [blockRead('wallet'), accountRead(address), allowancesRead(address), rewardRead(address)] as const,
    options,
  )
  const { frozen, older, delegated, unfreezing, votes } = take(state)
  const { free, bandwidth, energy, votes: power } = take(allowances)
  const { time } = take(head)
  return {
    free,
    bandwidth,
    energy,
    staked: frozen,
    older,
    lent: delegated,
    unfreezing: unfreezing.map(({ ready, ...rest }) => ({ ...rest, ready: Number(ready) })),
    withdrawable: unfreezing.reduce((sum, { amount, ready }) => (ready <= time ? sum + amount : sum), 0n),
    rewards: take(reward),
    votes: {
      total: power.limit,
      used: votes.reduce((sum, { count }) => sum + count, 0n),
      list: votes,
    },
  }
}
