import type { Coin } from '@coffer/bitcoin'
import { formatAmount } from '@coffer/core'
import type { Command } from 'commander'
import { type Cli, type Context, chosenChain, openCoins, withContext } from '../context.ts'
import type { AppChain } from '../families/family.ts'
import { familyOf } from '../families/index.ts'
import { withHomeLock } from '../home-lock.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { alignAmounts, oneLine, table } from '../output.ts'

interface CoinsOptions extends CommonOptions {
  readonly freeze?: readonly string[]
  readonly thaw?: readonly string[]
}

export function coinsCommand(program: Command, cli: Cli): void {
  const command = withOptions(program.command('coins'), 'chain')
    .description('list the coins of a Bitcoin account, oldest first; leave some of them alone')
    .option('--freeze <txid:vout...>', 'spend these only when "coffer send --coin" names them')
    .option('--thaw <txid:vout...>', 'let them be spent again')
  withExamples(
    withOptions(command, 'account', 'address', 'network', 'json'),
    'coffer coins --chain bitcoin',
    'coffer coins --chain bitcoin --freeze 9f2c…51aa:0',
  ).action((options: CoinsOptions) =>
    withContext(cli, options, async (context) => {
      const { io, home, output } = context
      const chain = chosenChain(context)
      const account = await openCoins(context, chain)
      const { freeze = [], thaw = [] } = options
      const coins = await withHomeLock(home, io.signal, async () => {
        if (freeze.length > 0) await account.freeze(...freeze)
        if (thaw.length > 0) await account.thaw(...thaw)
        return account.coins({ signal: io.signal })
      })
      output.result(
        show(context, chain, account.descriptor, coins),
        coins.map((coin) => ({ chain: chain.id, ...familyOf(chain).named(account.descriptor), ...coin })),
      )
    }),
  )
}

function show({ output }: Context, chain: AppChain, descriptor: string, coins: readonly Coin[]): string {
  const { bold, dim, yellow } = output.colors
  const amounts = alignAmounts(coins.map(({ amount }) => formatAmount(amount, chain.coin.decimals)))
  const rows = coins.map((coin, i) => {
    const { address, path, outpoint, label } = coin
    const marks = [...(coin.frozen ? ['frozen'] : []), ...(coin.held ? ['held'] : [])].join(', ')
    return [
      amounts[i] ?? '',
      chain.coin.symbol,
      ageOf(coin),
      address,
      dim(path),
      outpoint,
      ...(marks === '' ? [] : [yellow(marks)]),
      ...(label === undefined ? [] : [dim(oneLine(label))]),
    ]
  })
  return [
    `${bold(chain.name)} ${dim(familyOf(chain).label(descriptor))}`,
    rows.length > 0 ? table(rows, '  ') : '  no coins',
  ].join('\n')
}

function ageOf({ confirmations, own }: Coin): string {
  if (confirmations === 0) return own ? 'waiting, own change' : 'waiting, from others'
  return `${confirmations} confirmation${confirmations === 1 ? '' : 's'}`
}
