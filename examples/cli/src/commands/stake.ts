import type { Resource } from '@coffer/core'
import type { TronRequest } from '@coffer/tron'
import { Argument, type Command, Option } from 'commander'
import { type Cli, chosenChain, openTron, withContext } from '../context.ts'
import { type CostWords, costsOf, created } from '../families/tron-costs.ts'
import { invalid, refuseOptions } from '../families/words.ts'
import { type CommonOptions, count, repeated, withExamples, withOptions } from '../options.ts'
import { type Agreement, carryOut } from '../pay.ts'

const ACTIONS = [
  'freeze',
  'unfreeze',
  'cancel-unfreeze',
  'withdraw',
  'delegate',
  'undelegate',
  'vote',
  'claim',
] as const
type Action = (typeof ACTIONS)[number]

/** What the actions are about, as it was typed. */
interface StakeWords {
  readonly amount?: string | undefined
  readonly for?: Resource | undefined
  readonly to?: readonly string[] | undefined
  readonly lock?: number | undefined
}

interface StakeOptions extends CommonOptions, Agreement, CostWords, StakeWords {
  readonly draftOut?: string
  readonly wait: number
}

const HELP = `
Actions:
  freeze           stake TRX for bandwidth or energy: --amount, --for
  unfreeze         take TRX out of staking; it comes back after the wait of the chain: --amount, --for
  cancel-unfreeze  stake again all that waits to come back
  withdraw         get back what has waited long enough
  delegate         lend the bandwidth or energy of staked TRX: --amount, --for, --to, --lock
  undelegate       take it back: --amount, --for, --to
  vote             vote for those who make blocks, in the place of all earlier votes: --to T…=count
  claim            get the rewards of voting`

export function stakeCommand(program: Command, cli: Cli): void {
  const command = withOptions(program.command('stake'), 'chain')
    .description('stake TRX for bandwidth and energy, lend them, vote, get rewards')
    .addArgument(new Argument('<action>', 'what to do').choices(ACTIONS))
    .option('--amount <amount>', 'how much TRX')
    .addOption(new Option('--for <resource>', 'what the stake yields').choices(['bandwidth', 'energy']))
    .option(
      '--to <address>',
      'whom to lend to; or address=count, whom to vote for, repeated for several',
      repeated,
    )
    .option(
      '--lock <hours>',
      'for so long what is lent cannot be taken back; not at all when not given',
      count,
    )
  withExamples(
    withOptions(
      command,
      'costs',
      'draft',
      'agreement',
      'wait',
      'account',
      'address',
      'network',
      'passphrase',
      'json',
    ).addHelpText('after', HELP),
    'coffer stake freeze --chain tron --amount 100 --for energy',
    'coffer stake delegate --chain tron --amount 50 --for energy --to TUoH…uSuJM --lock 24',
    'coffer stake vote --chain tron --to TSR1…=60 --to TSR2…=40',
    'coffer stake withdraw --chain tron',
  ).action((action: Action, options: StakeOptions) =>
    withContext(cli, options, async (context) => {
      const chain = chosenChain(context)
      const { account, tron } = await openTron(context, chain)
      const { amount, for: resource, to, lock, draftOut, wait, maxFee, expires, permission, again } = options
      const costs = costsOf({ maxFee, expires, permission, again })
      const request = requestOf(action, { amount, for: resource, to, lock })
      const create = (reading: Parameters<typeof tron.create>[1]) =>
        created(() => tron.create({ ...costs, ...request }, reading))
      await carryOut(context, { chain, account, create, agreement: options, draftOut, wait })
    }),
  )
}

/** What an action and its options ask for. Throws `INVALID_REQUEST` for options that are missing, or too many. */
function requestOf(action: Action, words: StakeWords): TronRequest {
  const only = (others: object): void => refuseOptions({ name: `"stake ${action}"` }, others)
  const { amount, for: resource, to, lock } = words
  switch (action) {
    case 'freeze':
    case 'unfreeze':
      only({ to, lock })
      return { kind: action, ...stakeOf(words) }
    case 'cancel-unfreeze':
    case 'withdraw':
    case 'claim':
      only({ amount, for: resource, to, lock })
      return { kind: action }
    case 'delegate':
      return { kind: action, ...stakeOf(words), to: oneOf(to), lockBlocks: (lock ?? 0) * BLOCKS_AN_HOUR }
    case 'undelegate':
      only({ lock })
      return { kind: action, ...stakeOf(words), to: oneOf(to) }
    case 'vote':
      only({ amount, for: resource, lock })
      if (!to) throw invalid('Say whom to vote for: --to T…=60, repeated for several.')
      return { kind: action, votes: to.map(voteOf) }
  }
}

/** Of three seconds each. */
const BLOCKS_AN_HOUR = 1_200

function stakeOf({ amount, for: resource }: StakeWords): { amount: string; resource: Resource } {
  if (amount === undefined) throw invalid('Say how much TRX: --amount 100.')
  if (resource === undefined) throw invalid('Say for what: --for energy, or --for bandwidth.')
  return { amount, resource }
}

function oneOf(to: readonly string[] | undefined): string {
  const [address, second] = to ?? []
  if (address !== undefined && second === undefined) return address
  throw invalid('Say to whom: --to, with one address.')
}

function voteOf(text: string): { to: string; count: bigint } {
  const [, to, votes] = /^([^=]+)=([1-9][0-9]{0,17})$/.exec(text) ?? []
  if (to === undefined || votes === undefined)
    throw invalid('Write a vote as address=count: --to T…=60. Each staked TRX is one vote.')
  return { to, count: BigInt(votes) }
}
