import { join } from 'node:path'
import {
  type ChainId,
  CofferError,
  createWallet,
  parseAccountId,
  type Store,
  type WatchWallet,
} from '@coffer/core'
import { bnb, bnbTestnet, type EvmAccount, type EvmChain, ethereum, sepolia } from '@coffer/evm'
import { readAccounts } from './accounts-file.ts'
import { devnetStore } from './devnet-file.ts'
import { fileStore } from './file-store.ts'
import { homeOf, type Io } from './io.ts'
import type { CommonOptions } from './options.ts'
import { createOutput, type Output } from './output.ts'
import { findChain, readSources } from './sources.ts'

/** The program's surroundings, and what only its tests change. */
export interface Cli {
  readonly io: Io
  /** The work factor of age; its default when not given. */
  readonly workFactor?: number | undefined
}

/** What a command works with. The wallet in it has no keys: it watches, prepares and publishes. */
export interface Context {
  readonly cli: Cli
  readonly io: Io
  readonly home: string
  readonly output: Output
  readonly chains: readonly EvmChain[]
  /** The chains of which nodes are known. */
  readonly reachable: readonly ChainId[]
  readonly wallet: WatchWallet<readonly EvmChain[]>
  /** Nonces, spending windows, unfinished payments. */
  readonly store: Store
  readonly options: CommonOptions
}

/** Opens what a command needs, runs it, and closes connections whatever happens. Asks no network and no passphrase. */
export async function withContext(
  cli: Cli,
  options: CommonOptions,
  command: (context: Context) => Promise<void>,
): Promise<void> {
  const { io } = cli
  const home = homeOf(io)
  const chains = allChains()
  const { sources: source, chains: reachable } = await readSources(io, options, chains)
  const store = fileStore(options.devnet ? devnetStore(home) : join(home, 'store'))
  const wallet = createWallet({ chains, source, store })
  const output = createOutput(io, options.json ?? false)
  try {
    await command({ cli, io, home, output, chains, reachable, wallet, store, options })
  } finally {
    wallet.dispose()
  }
}

/** Every chain that the program knows. */
export function allChains(): readonly EvmChain[] {
  return [ethereum(), bnb(), sepolia(), bnbTestnet()]
}

/** The chain of `--chain`; throws `INVALID_REQUEST` when there is none. */
export function chosenChain({ chains, options }: Context): EvmChain {
  if (options.chain !== undefined) return findChain(chains, options.chain)
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: `Say on which chain: --chain ${chains.map(({ name }) => name).join(', ')}.`,
  })
}

/** The chain of `--chain`, or every chain of which a node is known. */
export function chosenChains(context: Context): readonly EvmChain[] {
  if (context.options.chain !== undefined) return [chosenChain(context)]
  const found = context.chains.filter(({ id }) => context.reachable.includes(id))
  // Whichever it is, its source explains how to name a node.
  return found.length > 0 ? found : context.chains.slice(0, 1)
}

/** The account of `--address` or `--account` on a chain, without its keys. */
export async function openAccount(context: Context, chain: EvmChain): Promise<EvmAccount> {
  const { account: index = 0, address } = context.options
  if (address !== undefined) return context.wallet.watch(accountOf(chain, address))
  const known = (await readAccounts(context.home)).find(
    (known) => known.chain === chain.id && known.index === index,
  )
  if (known) return context.wallet.watch(known.descriptor)
  throw new CofferError({
    code: 'INVALID_ACCOUNT',
    message: `The wallet has no account ${index} on ${chain.name} yet. Add it with "coffer accounts --add".`,
  })
}

/** An address alone, or with its chain as in CAIP-10. */
function accountOf(chain: EvmChain, text: string): string {
  if (!text.startsWith(`${chain.id}:`)) return `${chain.id}:${chain.parseAddress(text)}`
  return `${chain.id}:${chain.parseAddress(parseAccountId(text).address)}`
}
