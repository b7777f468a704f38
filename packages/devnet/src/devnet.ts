import { CofferError } from '@coffer/core'
import { type EvmNode, startAnvil } from './anvil.ts'
import type { NodeOptions, Started } from './node.ts'
import { sweepLeftovers } from './supervise.ts'

/** What each chain kind gives; one file per family of chains starts it. */
export interface DevnetNodes {
  readonly ethereum: EvmNode
  readonly bnb: EvmNode
}

export type DevnetChain = keyof DevnetNodes

export interface DevnetOptions<K extends DevnetChain = DevnetChain> {
  /** Which chains to start. All of them by default. */
  readonly chains?: readonly K[]
  /** Seconds between blocks. Without it a block is mined at once for every transaction. */
  readonly blockTime?: number
  /** Ends the start: whatever already runs is stopped and the promise rejects with `ABORTED`. */
  readonly signal?: AbortSignal
  /** Hears one short line per step of the start. */
  onProgress?(step: string): void
}

export type Devnet<K extends DevnetChain = DevnetChain> = Pick<DevnetNodes, K> &
  AsyncDisposable & {
    /** Ends every process of this devnet and forgets its chains. May be called twice. */
    stop(): Promise<void>
  }

const starters: { [K in DevnetChain]: (options: NodeOptions) => Promise<Started<DevnetNodes[K]>> } = {
  ethereum: (options) => startAnvil('ethereum', options),
  bnb: (options) => startAnvil('bnb', options),
}

/**
 * Starts real local chains, ready with money and tokens.
 *
 * Throws `DEVNET_UNAVAILABLE` when a node's program is missing, `DEVNET_FAILED` when it does not come up, `ABORTED`
 * when the signal fires first, `INVALID_REQUEST` for a chain or block time it does not know. Whatever it throws, no
 * process is left running.
 *
 * @example
 * await using devnet = await startDevnet({ chains: ['ethereum'] })
 * await devnet.ethereum.fund('0x70997970C51812dc3A010C7d01b50e0d17dc79C8', { amount: 10n ** 18n })
 */
export async function startDevnet<K extends DevnetChain = DevnetChain>(
  options: DevnetOptions<K> = {},
): Promise<Devnet<K>> {
  const chains = [...new Set(options.chains ?? (Object.keys(starters) as K[]))]
  for (const chain of chains) {
    if (Object.hasOwn(starters, chain)) continue
    const known = Object.keys(starters).join(', ')
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `There is no devnet for "${chain}". Choose from: ${known}.`,
    })
  }
  const { blockTime, signal } = options
  if (blockTime !== undefined && !(Number.isInteger(blockTime) && blockTime > 0)) {
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: `The block time must be a whole number of seconds above zero, not ${blockTime}.`,
    })
  }

  const [results] = await Promise.all([
    Promise.allSettled(
      chains.map(async (chain) => ({
        chain,
        ...(await starters[chain]({
          blockTime,
          signal,
          onProgress: (step) => options.onProgress?.(`${chain}: ${step}`),
        })),
      })),
    ),
    sweepLeftovers(),
  ])
  const running = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((started) => started.stop()))
  }
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  const nodes = Object.fromEntries(running.map(({ chain, node }) => [chain, node])) as unknown as Pick<
    DevnetNodes,
    K
  >
  return { ...nodes, stop, [Symbol.asyncDispose]: stop }
}
