import { join } from 'node:path'
import type { BitcoinAccount } from '@coffer/bitcoin'
import {
  type ChainId,
  CofferError,
  createWallet,
  type Sources,
  type Store,
  type WatchWallet,
} from '@coffer/core'
import type { KdfCost } from '@coffer/signer-secure-storage'
import { fileStore } from '@coffer/signer-secure-storage/file'
import type { TronAccount } from '@coffer/tron'
import { readAccounts } from './accounts-file.ts'
import { devnetStore } from './devnet-file.ts'
import type { AppAccount, AppChain } from './families/family.ts'
import { allChains, chainsOfLink, familyOf } from './families/index.ts'
import { homeOf, type Io } from './io.ts'
import type { CommonOptions } from './options.ts'
import { createOutput, type Output } from './output.ts'
import { findChain, readSources } from './sources.ts'

/** The program's surroundings, and what only its tests change. */
export interface Cli {
  readonly io: Io
  /** The work factor of age; its default when not given. */
  readonly workFactor?: number | undefined
  /** What a passphrase of the vault costs; its default when not given. */
  readonly cost?: KdfCost | undefined
}

/** What a command works with. The wallet in it has no keys: it watches, prepares and publishes. */
export interface Context {
  readonly cli: Cli
  readonly io: Io
  readonly home: string
  readonly output: Output
  readonly chains: readonly AppChain[]
  /** The chains of which nodes are known. */
  readonly reachable: readonly ChainId[]
  readonly wallet: WatchWallet<readonly AppChain[]>
  /** What the wallet asks. */
  readonly sources: Sources
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
  const { sources, chains: reachable } = await readSources(io, options, chains)
  const store = fileStore(options.devnet ? devnetStore(home) : join(home, 'store'))
  const wallet = createWallet({ chains, source: sources, store })
  const output = createOutput(io, options.json ?? false)
  try {
    await command({ cli, io, home, output, chains, reachable, wallet, sources, store, options })
  } finally {
    wallet.dispose()
  }
}

/** The chain of `--chain`; throws `INVALID_REQUEST` when there is none. */
export function chosenChain({ chains, options }: Context): AppChain {
  if (options.chain !== undefined) return findChain(chains, options.chain)
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: `Say on which chain: --chain ${chains.map(({ name }) => name).join(', ')}.`,
  })
}

/** The chain of `--chain`, or every chain of which a node is known. */
export function chosenChains(context: Context): readonly AppChain[] {
  if (context.options.chain !== undefined) return [chosenChain(context)]
  const found = context.chains.filter(({ id }) => context.reachable.includes(id))
  // Whichever it is, its source explains how to name a node.
  return found.length > 0 ? found : context.chains.slice(0, 1)
}

/** The chain of `--chain`, or the one that a payment link names. */
export function payingChain(context: Context, recipients: readonly string[]): AppChain {
  const { chains, options, reachable } = context
  const linked = options.chain === undefined ? chainsOfLink(recipients[0] ?? '') : undefined
  if (!linked) return chosenChain(context)
  const named = linked.map((id) => findChain(chains, id))
  const [first, second] = named.length > 1 ? named.filter(({ id }) => reachable.includes(id)) : named
  if (first && !second) return first
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: `The link could be of ${named.map(({ name }) => name).join(' or ')}. Say which with --chain.`,
  })
}

/** The account of `--address`, or of `--account` and `--type`, on a chain, without its keys. */
export async function openAccount(context: Context, chain: AppChain): Promise<AppAccount> {
  const { account: index = 0, address, secret, signer } = context.options
  const family = familyOf(chain)
  const type = accountType(chain, context.options.type)
  if (address !== undefined) return watch(context, chain, family.accountText(chain, address))
  const known = (await readAccounts(context.home, signer)).find(
    (known) =>
      known.chain === chain.id && known.index === index && known.type === type && known.secret === secret,
  )
  if (known) return watch(context, chain, known.descriptor)
  const program = signer === 'ledger' ? 'coffer --signer ledger' : 'coffer'
  const more = `${type === undefined ? '' : ` --type ${type}`}${secret === undefined ? '' : ` --secret ${secret}`}`
  throw new CofferError({
    code: 'INVALID_ACCOUNT',
    message: `The wallet has no account ${index}${type === undefined ? '' : ` of type ${type}`} on ${chain.name} yet. Add it with "${program} accounts --add${more}".`,
  })
}

/** The same, on a chain whose accounts hold coins; throws `UNSUPPORTED` on others. */
export async function openCoins(context: Context, chain: AppChain): Promise<BitcoinAccount> {
  const { utxo } = await openAccount(context, chain)
  if (utxo) return utxo
  throw new CofferError({
    code: 'UNSUPPORTED',
    message: `Accounts on ${chain.name} hold one balance and no coins. This is for Bitcoin.`,
  })
}

/** The same, on Tron; throws `UNSUPPORTED` on other chains. */
export async function openTron(
  context: Context,
  chain: AppChain,
): Promise<{ readonly account: AppAccount; readonly tron: TronAccount }> {
  const account = await openAccount(context, chain)
  if (account.tron) return { account, tron: account.tron }
  throw new CofferError({
    code: 'UNSUPPORTED',
    message: `Accounts on ${chain.name} have no stake, no resources and no permissions. This is for Tron.`,
  })
}

/** Opens what a descriptor stands for. */
export async function watch({ wallet }: Context, chain: AppChain, text: string): Promise<AppAccount> {
  return familyOf(chain).account(chain, await wallet.watch(text, { chain: chain.id }))
}

/** The type of `--type`; `undefined` for the usual one. Throws `INVALID_REQUEST` for one that the chain does not have. */
export function accountType(chain: AppChain, type: string | undefined): string | undefined {
  const { types } = familyOf(chain)
  if (type === undefined || type === types[0]) return undefined
  if (types.includes(type)) return type
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: types.length
      ? `Accounts on ${chain.name} are of type ${types.join(', ')}.`
      : `--type is nothing for ${chain.name}. Leave it out.`,
  })
}
