import { isCofferError } from '@coffer/core'
import { startDevnet } from '@coffer/devnet'
import { localId, type Name, type Nodes, names } from './networks.ts'

/** Chains of this machine, with a faucet. */
export interface LocalChains {
  readonly nodes: Nodes
  /** Gives an address ten coins, on Tron ten thousand. */
  fund(name: Name, address: string): Promise<void>
  stop(): Promise<void>
}

interface Running {
  readonly url: string
  fund(address: string): Promise<unknown>
  stop(): Promise<void>
}

/** Starts the chains that are named. Where no bitcoind can be had, the others run without it. */
export async function startLocalChains(
  chains: readonly Name[] = names,
  say: (line: string) => void = () => {},
): Promise<LocalChains> {
  const running = new Map<Name, Running>()
  const stop = async (): Promise<void> => {
    await Promise.all([...running.values()].map((chain) => chain.stop()))
  }
  const started = await Promise.allSettled(
    chains.map(async (name) => running.set(name, await starters[name]())),
  )
  for (const [i, result] of started.entries()) {
    if (result.status === 'fulfilled') continue
    if (chains[i] === 'bitcoin' && chains.length > 1 && isCofferError(result.reason, 'DEVNET_UNAVAILABLE')) {
      say(`Without Bitcoin: ${result.reason.message}`)
      continue
    }
    await stop()
    throw result.reason
  }
  return {
    nodes: Object.fromEntries([...running].map(([name, { url }]) => [name, url])),
    fund: async (name, address) => {
      await running.get(name)?.fund(address)
    },
    stop,
  }
}

const starters: Readonly<Record<Name, () => Promise<Running>>> = {
  bitcoin: async () => {
    const { bitcoin, stop } = await startDevnet({ chains: ['bitcoin'] })
    return {
      url: bitcoin.esploraUrl,
      fund: (address) => bitcoin.fund(address, { amount: 10n * 10n ** 8n }),
      stop,
    }
  },
  ethereum: async () => {
    const { ethereum, stop } = await startDevnet({ chains: ['ethereum'] })
    await ethereum.rpc('anvil_setChainId', [localId])
    return {
      url: ethereum.url,
      // The node's own faucet signs for the id that it was started with.
      fund: (address) => ethereum.setBalance(address, 10n * 10n ** 18n),
      stop,
    }
  },
  tron: async () => {
    const { tron, stop } = await startDevnet({ chains: ['tron'] })
    return { url: tron.url, fund: (address) => tron.fund(address, { amount: 10_000n * 10n ** 6n }), stop }
  },
}
