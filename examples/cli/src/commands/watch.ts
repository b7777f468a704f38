import { type Asset, CofferError, formatAmount } from '@coffer/core'
import { createPortfolio, type WatchEntry, type WatchList, watchList } from '@coffer/core/watch'
import type { Command } from 'commander'
import { type Cli, type Context, withContext } from '../context.ts'
import { familyOf } from '../families/index.ts'
import { readNamed } from '../files.ts'
import { withHomeLock } from '../home-lock.ts'
import { readStdin } from '../io.ts'
import { type CommonOptions, count, withExamples, withOptions } from '../options.ts'
import { alignAmounts, dateOf, oneLine, table } from '../output.ts'

interface WatchOptions extends CommonOptions {
  readonly label?: string
  readonly group?: string
  readonly file?: string
  readonly limit?: number
}

export function watchCommand(program: Command, cli: Cli): void {
  const watch = program
    .command('watch')
    .description('look at accounts of others and of other wallets; nothing is sent from them')
    .helpCommand(false)
    .action(() => watch.help())
  withExamples(watch, 'coffer watch add 0x7099…79C8 --label cold', 'coffer watch balance')
  addCommand(watch, cli)
  listCommand(watch, cli)
  removeCommand(watch, cli)
  balanceCommand(watch, cli)
  historyCommand(watch, cli)
}

function addCommand(watch: Command, cli: Cli): void {
  const command = withOptions(watch.command('add'), 'chain')
    .description('add an address, an xpub or a descriptor, or many from a file')
    .argument(
      '[account]',
      'what to watch; an EVM address is watched on every EVM chain unless --chain says which',
    )
    .option('--label <text>', 'what it is called')
    .option('--group <name>', 'with which others it belongs')
    .option(
      '--file <path>',
      'lines of account,label,group, or "-"; all are added or, when one is wrong, none',
    )
  withExamples(
    withOptions(command, 'json'),
    'coffer watch add 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --label cold --group savings',
    'coffer watch add --file customers.csv --group customers',
    'coffer vault add --label old --key old-key.txt     # with its key, to spend from it as well',
  ).action((account: string | undefined, options: WatchOptions) =>
    withContext(cli, options, async (context) => {
      const { io, home, output } = context
      const { chain, label, group, file } = options
      if ((account === undefined) === (file === undefined))
        throw new CofferError({
          code: 'INVALID_REQUEST',
          message: 'Say one account to watch, or name a --file of them.',
        })
      const lines = file === undefined ? '' : file === '-' ? await readStdin(io) : await readNamed(file)
      const list = listOf(context)
      const added = await withHomeLock(home, io.signal, () =>
        account === undefined
          ? list.addMany(lines, { chain, label, group })
          : list.add(account, { chain, label, group }),
      )
      output.result(entryTable(context, added), { entries: added })
    }),
  )
}

function listCommand(watch: Command, cli: Cli): void {
  const command = watch
    .command('list')
    .description('show what is watched')
    .option('--group <name>', 'of one group')
  withExamples(withOptions(command, 'json'), 'coffer watch list').action((options: WatchOptions) =>
    withContext(cli, options, async (context) => {
      const entries = await listOf(context).entries({ group: options.group })
      const nothing = 'Nothing is watched yet. Add an account with "coffer watch add".'
      context.output.result(entries.length > 0 ? entryTable(context, entries) : nothing, { entries })
    }),
  )
}

function removeCommand(watch: Command, cli: Cli): void {
  const command = watch
    .command('remove')
    .description('watch an account no longer')
    .argument('<id>', 'as "coffer watch list" shows it')
  withExamples(withOptions(command, 'json'), 'coffer watch remove 0123456789abcdef').action(
    (id: string, options: WatchOptions) =>
      withContext(cli, options, async (context) => {
        const { io, home, output } = context
        await withHomeLock(home, io.signal, () => listOf(context).remove(id))
        output.result('It is watched no longer.', { removed: id })
      }),
  )
}

function balanceCommand(watch: Command, cli: Cli): void {
  const command = watch
    .command('balance')
    .description('show the balances of all that is watched, and their sums')
    .option('--group <name>', 'of one group')
  withExamples(
    withOptions(command, 'network', 'json'),
    'coffer watch balance',
    'coffer watch balance --group savings --json',
  ).action((options: WatchOptions) =>
    withContext(cli, options, async (context) => {
      const { io, output, wallet } = context
      const { dim, red, bold } = output.colors
      const rows: Row[] = []
      const read = new Map<string, unknown[]>()
      const list = reachable(context)
      const portfolio = createPortfolio({ wallet, list })
      const { group } = options
      for await (const { entry, balances, error } of portfolio.balances({ group, signal: io.signal })) {
        if (error?.code === 'ABORTED') throw error
        read.set(
          entry.id,
          balances
            ? balances.map(({ asset, amount, error }) => ({
                asset: asset.id,
                symbol: asset.symbol,
                decimals: asset.decimals,
                ...(error ? { error: error.toJSON() } : { amount }),
              }))
            : [{ error: error.toJSON() }],
        )
        if (error) rows.push({ entry, says: red(oneLine(error.message)) })
        for (const { asset, amount, error } of balances ?? [])
          if (error) rows.push({ entry, says: red(oneLine(error.message)), asset })
          else if (amount > 0n || asset.id === balances?.[0]?.asset.id) rows.push({ entry, asset, amount })
      }
      const totals = sumsOf(rows)
      const order = (await list.entries({ group })).map(({ id }) => id)
      rows.sort((a, b) => order.indexOf(a.entry.id) - order.indexOf(b.entry.id))
      output.result(
        rows.length === 0
          ? 'Nothing is watched yet, or no node of its chains is known. See "coffer watch list".'
          : [
              table(amountRows(context, rows)),
              '',
              bold('Together'),
              table(
                alignAmounts(totals.map(({ asset, amount }) => formatAmount(amount, asset.decimals))).map(
                  (amount, i) => [
                    amount,
                    totals[i]!.asset.symbol,
                    chainName(context, totals[i]!.asset.id.split('/')[0]!),
                    totals[i]!.complete ? '' : dim('or more: some could not be read'),
                  ],
                ),
                '  ',
              ),
            ].join('\n'),
        {
          accounts: order.flatMap((id) => (read.has(id) ? [{ id, balances: read.get(id) }] : [])),
          totals: totals.map(({ asset, ...rest }) => ({
            asset: asset.id,
            symbol: asset.symbol,
            decimals: asset.decimals,
            ...rest,
          })),
        },
      )
    }),
  )
}

interface Row {
  readonly entry: WatchEntry
  readonly asset?: Asset
  readonly amount?: bigint
  readonly says?: string
}

function amountRows(context: Context, rows: readonly Row[]): string[][] {
  const amounts = alignAmounts(
    rows.map(({ amount, asset }) =>
      amount === undefined || !asset ? 'unreadable' : formatAmount(amount, asset.decimals),
    ),
  )
  return rows.map(({ entry, asset, says }, i) => [
    amounts[i]!,
    asset?.symbol ?? '',
    chainName(context, entry.chain),
    entry.label ?? nameOf(context, entry),
    says ?? '',
  ])
}

function sumsOf(rows: readonly Row[]): { asset: Asset; amount: bigint; complete: boolean }[] {
  const sums = new Map<string, { asset: Asset; amount: bigint; complete: boolean }>()
  const failed = new Set(
    rows.filter(({ asset, says }) => says !== undefined && !asset).map(({ entry }) => entry.chain),
  )
  for (const { asset, amount, says } of rows) {
    if (!asset) continue
    const sum = sums.get(asset.id) ?? { asset, amount: 0n, complete: true }
    sums.set(asset.id, {
      asset,
      amount: sum.amount + (amount ?? 0n),
      complete: sum.complete && says === undefined && !failed.has(asset.id.split('/')[0] as never),
    })
  }
  return [...sums.values()]
}

function historyCommand(watch: Command, cli: Cli): void {
  const command = watch
    .command('history')
    .description('show what came in and went out of all that is watched, newest first')
    .option('--group <name>', 'of one group')
    .option('--limit <rows>', 'how many rows; 25 when not given', count)
  withExamples(withOptions(command, 'network', 'json'), 'coffer watch history --limit 100').action(
    (options: WatchOptions) =>
      withContext(cli, options, async (context) => {
        const { io, output, wallet } = context
        const { dim, red, green } = output.colors
        const { group, limit = 25 } = options
        const found: { entry: WatchEntry; item: NonNullable<Item> }[] = []
        const portfolio = createPortfolio({ wallet, list: reachable(context) })
        const failures: unknown[] = []
        for await (const { entry, item, error } of portfolio.history({ group, signal: io.signal })) {
          if (error?.code === 'ABORTED') throw error
          if (error) {
            failures.push({ entry: entry.id, error: error.toJSON() })
            output.say(
              red(
                `${entry.label ?? nameOf(context, entry)} on ${chainName(context, entry.chain)}: ${oneLine(error.message)}`,
              ),
            )
          } else if (found.push({ entry, item }) >= limit) break
        }
        const amounts = alignAmounts(
          found.map(({ item }) => SIGNS[item.direction] + formatAmount(item.amount, item.asset.decimals)),
        )
        output.result(
          found.length === 0
            ? 'Nothing yet.'
            : table(
                found.map(({ entry, item }, i) => [
                  dim(item.time === undefined ? '' : dateOf(item.time)),
                  item.direction === 'in' ? green(amounts[i]!) : amounts[i]!,
                  item.asset.symbol,
                  chainName(context, entry.chain),
                  entry.label ?? nameOf(context, entry),
                  familyOf(chainOf(context, entry)).counterparty(item),
                  item.state === 'confirmed' ? '' : item.state,
                ]),
              ),
          {
            items: found.map(({ entry, item }) => ({ entry: entry.id, chain: entry.chain, ...item })),
            failures,
          },
        )
      }),
  )
}

type Item = Parameters<ReturnType<typeof familyOf>['counterparty']>[0]
const SIGNS = { in: '+', out: '-', self: '' } as const

function listOf({ store, chains }: Context): WatchList {
  return watchList({ store, chains })
}

/** What is watched on chains of which a node is known; the others are shown by `coffer watch list`. */
function reachable(context: Context): Pick<WatchList, 'entries' | 'chains'> {
  const list = listOf(context)
  return {
    chains: list.chains,
    entries: async (filter) =>
      (await list.entries(filter)).filter(({ chain }) => context.reachable.includes(chain)),
  }
}

function entryTable(context: Context, entries: readonly WatchEntry[]): string {
  return table(
    entries.map((entry) => [
      entry.id,
      chainName(context, entry.chain),
      nameOf(context, entry),
      entry.label ?? '',
      entry.group ?? '',
    ]),
  )
}

function chainOf({ chains }: Context, { chain }: WatchEntry) {
  const found = chains.find(({ id }) => id === chain)
  if (found) return found
  throw new CofferError({ code: 'UNKNOWN_CHAIN', message: `This program does not know ${chain}.` })
}

function chainName({ chains }: Context, id: string): string {
  return chains.find((chain) => chain.id === id)?.name ?? id
}

function nameOf(context: Context, entry: WatchEntry): string {
  return familyOf(chainOf(context, entry)).label(entry.descriptor)
}
