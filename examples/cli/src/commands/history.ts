import { CofferError, formatAmount, type HistoryItem, type HistoryPage } from '@coffer/core'
import type { Command } from 'commander'
import { type Cli, type Context, chosenChains, openAccount, withContext } from '../context.ts'
import type { AppChain } from '../families/family.ts'
import { familyOf } from '../families/index.ts'
import { type CommonOptions, count, withExamples, withOptions } from '../options.ts'
import { alignAmounts, dateOf, table } from '../output.ts'

interface HistoryOptions extends CommonOptions {
  readonly limit?: number
  readonly cursor?: string
  readonly txids?: boolean
}

export function historyCommand(program: Command, cli: Cli): void {
  const command = withOptions(program.command('history'), 'chain')
    .description('show what came in and went out, newest first')
    .option('--limit <rows>', 'about how many rows; 25 when not given', count)
    .option('--cursor <text>', 'go on where the page before ended; needs --chain')
    .option('--txids', 'show the ids of the transactions as well')
  withExamples(
    withOptions(command, 'account', 'address', 'network', 'json'),
    'coffer history',
    'coffer history --chain ethereum --limit 100 --json',
  ).action((options: HistoryOptions) =>
    withContext(cli, options, async (context) => {
      const { limit, cursor, chain: named } = options
      if (cursor !== undefined && named === undefined)
        throw new CofferError({
          code: 'INVALID_REQUEST',
          message: 'A cursor belongs to one chain: add --chain.',
        })
      const found = await Promise.all(
        chosenChains(context).map(async (chain) => {
          const account = await openAccount(context, chain)
          const page = await account.history({ limit, cursor, signal: context.io.signal })
          return { chain, descriptor: account.descriptor, page }
        }),
      )
      context.output.result(
        found.map((one) => show(context, options, one)).join('\n\n'),
        found.map(({ chain, descriptor, page }) => ({
          chain: chain.id,
          ...familyOf(chain).named(descriptor),
          ...page,
        })),
      )
    }),
  )
}

interface Found {
  readonly chain: AppChain
  readonly descriptor: string
  readonly page: HistoryPage
}

function show({ output }: Context, options: HistoryOptions, { chain, descriptor, page }: Found): string {
  const { items, next, coverage } = page
  const { bold, dim, red, green } = output.colors
  const family = familyOf(chain)
  const amounts = alignAmounts(
    items.map((item) => signOf(item) + formatAmount(item.amount, item.asset.decimals)),
  )
  const rows = items.map((item, i) => [
    dim(item.time === undefined ? '' : dateOf(item.time)),
    item.direction === 'in' ? green(amounts[i] ?? '') : (amounts[i] ?? ''),
    item.asset.symbol,
    family.counterparty(item),
    ...(item.state === 'confirmed' ? [] : [item.state === 'failed' ? red('failed') : item.state]),
    ...(options.txids ? [dim(item.txid)] : []),
  ])
  const end =
    next === undefined
      ? []
      : [dim(`Read down to block ${coverage.fromHeight}. Older: --chain ${chain.name} --cursor ${next}`)]
  return [
    `${bold(chain.name)} ${dim(family.label(descriptor))}`,
    rows.length > 0 ? table(rows, '  ') : '  nothing yet',
    ...end,
  ].join('\n')
}

const signOf = ({ direction }: HistoryItem): string => ({ in: '+', out: '-', self: '' })[direction]
