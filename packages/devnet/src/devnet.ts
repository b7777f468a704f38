import { CofferError, isCofferError } from '@coffer/core'
import { type EvmNode, startAnvil } from './anvil.ts'
import type { BitcoinNode } from './bitcoin-node.ts'
import { startBitcoind } from './bitcoind.ts'
import type { NodeOptions, Started } from './node.ts'
import { sweepLeftovers } from './supervise.ts'
import type { TronNode } from './tron/node.ts'

/** What each chain kind gives; one file per family of chains starts it. */
export interface DevnetNodes {
  readonly bitcoin: BitcoinNode
  readonly ethereum: EvmNode
  readonly bnb: EvmNode
  readonly tron: TronNode
}

export type DevnetChain = keyof DevnetNodes

export interface DevnetOptions<K extends DevnetChain = DevnetChain> {
  /**
   * Which chains to start. By default all of them; then a machine where no bitcoind can be had does without: `onProgress`
   * says so in one line, and reading `devnet.bitcoin` throws `DEVNET_UNAVAILABLE`.
   */
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
  bitcoin: startBitcoind,
  ethereum: (options) => startAnvil('ethereum', options),
  bnb: (options) => startAnvil('bnb', options),
  // Its virtual machine is only loaded by who wants it.
  tron: async (options) => (await import('./tron/start.ts')).startTron(options),
}

/**
 * Starts real local chains, ready with money and tokens.
 *
 * Throws `DEVNET_UNAVAILABLE` when the program of a chain that was asked for is missing, `DEVNET_FAILED` when it does not come up, `ABORTED`
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

  const absent = new Map<DevnetChain, unknown>()
  const start = async <C extends K>(chain: C) => {
    const onProgress = (step: string): void => options.onProgress?.(`${chain}: ${step}`)
    try {
      return [{ chain, ...(await starters[chain]({ blockTime, signal, onProgress })) }]
    } catch (error) {
      if (options.chains || !mayBeAbsent(chain, error)) throw error
      onProgress((error as Error).message)
      absent.set(chain, error)
      return []
    }
  }
  const [results] = await Promise.all([Promise.allSettled(chains.map(start)), sweepLeftovers()])
  const running = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
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
  const devnet = { ...nodes, stop, [Symbol.asyncDispose]: stop }
  for (const [chain, error] of absent) {
    Object.defineProperty(devnet, chain, {
      get() {
        throw error
      },
    })
  }
  return devnet
}

/** Only Bitcoin's program may be missing where everything is installed; one that was named must be there. */
function mayBeAbsent(chain: DevnetChain, error: unknown): boolean {
  return chain === 'bitcoin' && !process.env.BITCOIND && isCofferError(error, 'DEVNET_UNAVAILABLE')
}
