import { type Asset, type Balance, type CofferError, formatAmount, isCofferError } from '@coffer/core'
import type { EvmAccount, EvmChain } from '@coffer/evm'
import type { Command } from 'commander'
import { type Cli, type Context, chosenChains, openAccount, withContext } from '../context.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { alignAmounts, table } from '../output.ts'

interface BalanceOptions extends CommonOptions {
  readonly token?: readonly string[]
}

export function balanceCommand(program: Command, cli: Cli): void {
  const command = withOptions(program.command('balance'), 'chain')
    .description('show balances of the coin and the listed tokens')
    .option(
      '--token <address...>',
      'tokens beside the list, by the addresses of their contracts; needs --chain',
    )
  withExamples(
    withOptions(command, 'account', 'address', 'network', 'json'),
    'coffer balance',
    'coffer balance --chain ethereum --address 0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045',
  ).action((options: BalanceOptions) =>
    withContext(cli, options, async (context) => {
      const chains = chosenChains(context)
      const found = await Promise.all(chains.map((chain) => read(context, chain, options.token ?? [])))
      context.output.result(
        found.map((one) => show(context, one)).join('\n\n'),
        found.flatMap(({ chain, account, balances }) =>
          balances.map(({ asset, amount, error }) => ({
            chain: chain.id,
            address: account.address,
            asset: asset.id,
            symbol: asset.symbol,
            decimals: asset.decimals,
            ...(error ? { error: error.toJSON() } : { amount }),
          })),
        ),
      )
    }),
  )
}

interface Found {
  readonly chain: EvmChain
  readonly account: EvmAccount
  readonly balances: readonly Balance[]
}

async function read(context: Context, chain: EvmChain, addresses: readonly string[]): Promise<Found> {
  const { signal } = context.io
  const account = await openAccount(context, chain)
  const tokens = await Promise.all(addresses.map((address) => readToken(account, chain, address, signal)))
  const readable = tokens.flatMap((token) => ('error' in token ? [] : [token]))
  const balances = await account.balances({ assets: [chain.coin, ...chain.assets, ...readable], signal })
  return { chain, account, balances: [...balances, ...tokens.filter((token) => 'error' in token)] }
}

/** A token from the chain; one that cannot be read becomes a row that says so, beside the others. */
async function readToken(
  account: EvmAccount,
  chain: EvmChain,
  address: string,
  signal: AbortSignal,
): Promise<Asset | { asset: Asset; error: CofferError }> {
  const id = `${chain.id}/erc20:${chain.parseAddress(address)}` as const
  try {
    return await account.token(address, { signal })
  } catch (error) {
    if (!isCofferError(error, 'TOKEN_UNREADABLE')) throw error
    return { asset: { id, symbol: address, name: 'unknown token', decimals: 0, unlisted: true }, error }
  }
}

function show({ output }: Context, { chain, account, balances }: Found): string {
  const { bold, dim, red } = output.colors
  const amounts = alignAmounts(
    balances.map(({ asset, amount }) =>
      amount === undefined ? 'unreadable' : formatAmount(amount, asset.decimals),
    ),
  )
  const rows = balances.map(({ asset, error }, i) => [
    error ? red(amounts[i] ?? '') : (amounts[i] ?? ''),
    asset.unlisted && !error ? `${asset.symbol} ${dim(asset.id)}` : asset.symbol,
  ])
  return `${bold(chain.name)} ${dim(account.address)}\n${table(rows, '  ')}`
}
