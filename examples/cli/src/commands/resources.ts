import { formatAmount } from '@coffer/core'
import type { Resources } from '@coffer/tron'
import type { Command } from 'commander'
import { type Cli, type Context, chosenChain, openTron, withContext } from '../context.ts'
import type { AppChain } from '../families/family.ts'
import { familyOf } from '../families/index.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { dateOf, table } from '../output.ts'

export function resourcesCommand(program: Command, cli: Cli): void {
  const command = withOptions(program.command('resources'), 'chain').description(
    'show bandwidth, energy, stake, votes and rewards of a Tron account',
  )
  withExamples(
    withOptions(command, 'account', 'address', 'network', 'json'),
    'coffer resources --chain tron',
  ).action((options: CommonOptions) =>
    withContext(cli, options, async (context) => {
      const chain = chosenChain(context)
      const { account, tron } = await openTron(context, chain)
      const resources = await tron.resources({ signal: context.io.signal })
      context.output.result(show(context, chain, account.descriptor, resources), {
        chain: chain.id,
        ...familyOf(chain).named(account.descriptor),
        ...resources,
      })
    }),
  )
}

function show({ output }: Context, chain: AppChain, descriptor: string, resources: Resources): string {
  const { bold, dim } = output.colors
  const { free, bandwidth, energy, staked, lent, unfreezing, withdrawable, rewards, votes } = resources
  const coin = (sun: bigint): string => `${formatAmount(sun, chain.coin.decimals)} ${chain.coin.symbol}`
  const of = (stake: Resources['staked']): string => {
    const parts = (['energy', 'bandwidth'] as const).filter((resource) => stake[resource] > 0n)
    return parts.map((resource) => `${coin(stake[resource])} for ${resource}`).join(', ') || 'nothing'
  }
  const rows = [
    ['free bandwidth', `${leftOf(free)} bytes left; all is back within a day`],
    ['bandwidth', `${leftOf(bandwidth)} bytes left, by stake`],
    ['energy', `${leftOf(energy)} left, by stake`],
    ['staked', of(staked)],
    ['lent to others', of(lent)],
    ...unfreezing.map(({ amount, resource, ready }) => [
      'coming back',
      `${coin(amount)} from ${resource}, ${dateOf(ready / 1000)}`,
    ]),
    ...(withdrawable > 0n ? [['to withdraw', coin(withdrawable)]] : []),
    ['votes', `${count(votes.used)} of ${count(votes.total)} given`],
    ...votes.list.map(({ to, count: given }) => ['', `${count(given)} to ${to}`]),
    ['rewards', coin(rewards)],
  ]
  return [
    `${bold(chain.name)} ${dim(familyOf(chain).label(descriptor))}`,
    table(
      rows.map(([name = '', says = '']) => [dim(name), says]),
      '  ',
    ),
  ].join('\n')
}

/** `333 of 600`. */
function leftOf({ limit, used }: Resources['free']): string {
  return `${count(limit > used ? limit - used : 0n)} of ${count(limit)}`
}

function count(units: bigint): string {
  return units.toLocaleString('en-US')
}
