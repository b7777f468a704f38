import { formatAmount } from '@coffer/core'
import type { Command } from 'commander'
import { type Cli, type Context, chosenChains, openAccount, withContext } from '../context.ts'
import type { AppChain, BalanceRow } from '../families/family.ts'
import { familyOf } from '../families/index.ts'
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
      'tokens beside the list, by the addresses of their contracts, or the numbers of TRC-10; needs --chain',
    )
  withExamples(
    withOptions(command, 'account', 'address', 'network', 'json'),
    'coffer balance',
    'coffer balance --chain ethereum --address 0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045',
    'coffer balance --chain bitcoin --rpc bitcoin=https://blockstream.info/api',
  ).action((options: BalanceOptions) =>
    withContext(cli, options, async (context) => {
      const { signal } = context.io
      const found = await Promise.all(
        chosenChains(context).map(async (chain) => {
          const account = await openAccount(context, chain)
          const rows = await account.balances(options.token ?? [], { signal })
          return { chain, descriptor: account.descriptor, rows }
        }),
      )
      context.output.result(
        found.map((one) => show(context, one)).join('\n\n'),
        found.flatMap(({ chain, descriptor, rows }) =>
          rows.map(({ asset, amount, error, parts = [] }) => ({
            chain: chain.id,
            ...familyOf(chain).named(descriptor),
            asset: asset.id,
            symbol: asset.symbol,
            decimals: asset.decimals,
            ...(error ? { error: error.toJSON() } : { amount }),
            ...Object.fromEntries(parts.map(({ name, amount }) => [name, amount])),
          })),
        ),
      )
    }),
  )
}

interface Found {
  readonly chain: AppChain
  readonly descriptor: string
  readonly rows: readonly BalanceRow[]
}

function show({ output }: Context, { chain, descriptor, rows }: Found): string {
  const { bold, dim, red } = output.colors
  const lines = rows.flatMap(({ asset, amount, error, parts = [] }) => {
    const token = asset.unlisted && !error ? `${asset.symbol} ${dim(asset.id)}` : asset.symbol
    const whole = { amount, asset, cells: [token] }
    // One part is the whole.
    const some = parts.filter((part) => part.amount > 0n)
    const made = some.length < 2 && some[0]?.name === 'confirmed' ? [] : some
    return [whole, ...made.map(({ amount, says }) => ({ amount, asset, cells: [asset.symbol, dim(says)] }))]
  })
  const amounts = alignAmounts(
    lines.map(({ amount, asset }) =>
      amount === undefined ? 'unreadable' : formatAmount(amount, asset.decimals),
    ),
  )
  const cells = lines.map(({ amount, cells }, i) => {
    const shown = amounts[i] ?? ''
    return [amount === undefined ? red(shown) : shown, ...cells]
  })
  return `${bold(chain.name)} ${dim(familyOf(chain).label(descriptor))}\n${table(cells, '  ')}`
}
