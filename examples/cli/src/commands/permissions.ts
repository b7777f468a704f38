import type { KeySet, TronAccount } from '@coffer/tron'
import type { Command } from 'commander'
import { type Cli, type Context, chosenChain, openTron, withContext } from '../context.ts'
import type { AppChain } from '../families/family.ts'
import { familyOf } from '../families/index.ts'
import { type CostWords, costsOf, created } from '../families/tron-costs.ts'
import { keysOf } from '../families/tron-keys.ts'
import { invalid } from '../families/words.ts'
import { type CommonOptions, repeated, withExamples, withOptions } from '../options.ts'
import { table } from '../output.ts'
import { type Agreement, carryOut } from '../pay.ts'

interface PermissionsOptions extends CommonOptions, Agreement, CostWords {
  readonly owner?: string
  readonly active?: readonly string[]
  readonly witness?: string
  readonly draftOut?: string
  readonly wait: number
}

const HELP = `
Keys are written as 2:T…,T…: how much weight is needed, then who counts; T…=2 counts twice, T… alone decides alone.
A change replaces all permissions of the account. It costs 100 TRX, and needs --accept permission-change.
An active permission may do all but change keys. Without --active there is one, of the keys of the owner.`

export function permissionsCommand(program: Command, cli: Cli): void {
  const command = withOptions(program.command('permissions'), 'chain')
    .description('show which keys decide over a Tron account, or give it others')
    .option('--owner <keys>', 'the keys that decide over everything from now on')
    .option('--active <keys>', 'keys that may pay and stake; repeat it for more permissions', repeated)
    .option('--witness <address>', 'the key that makes blocks, for accounts that do')
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
    'coffer permissions --chain tron',
    'coffer permissions --chain tron --owner 2:TAnn…,TBen… --accept permission-change',
    'coffer permissions --chain tron --owner TAnn… --active 2:TAnn…,TBen…,TCat… --accept permission-change',
  ).action((options: PermissionsOptions) =>
    withContext(cli, options, async (context) => {
      const chain = chosenChain(context)
      const { owner, active, witness } = options
      if (owner !== undefined) return change(context, chain, owner, options)
      if (active === undefined && witness === undefined) return show(context, chain)
      throw invalid('A change names the owner as well, since it replaces all permissions: --owner 2:T…,T….')
    }),
  )
}

async function change(
  context: Context,
  chain: AppChain,
  ownerText: string,
  options: PermissionsOptions,
): Promise<void> {
  const { active, witness, draftOut, wait, maxFee, expires, permission, again } = options
  const { account, tron } = await openTron(context, chain)
  const owner = keysOf(ownerText)
  const request = {
    kind: 'permissions',
    owner,
    actives: active?.map(keysOf) ?? [owner],
    ...(witness === undefined ? {} : { witness: keysOf(witness) }),
    ...costsOf({ maxFee, expires, permission, again }),
  } as const
  await carryOut(context, {
    chain,
    account,
    create: (reading) => created(() => tron.create(request, reading)),
    agreement: options,
    draftOut,
    wait,
  })
}

async function show(context: Context, chain: AppChain): Promise<void> {
  const { io, output } = context
  const { account, tron } = await openTron(context, chain)
  const permissions = await tron.permissions({ signal: io.signal })
  const { bold, dim } = output.colors
  const { owner, witness, actives } = permissions
  const rows = [
    rowOf(0, 'owner', owner, dim('everything')),
    ...(witness ? [rowOf(1, 'witness', witness, dim('the making of blocks'))] : []),
    ...actives.map((active) => rowOf(active.id, active.name, active, dim(mayDo(active)))),
  ]
  const title = `${bold(chain.name)} ${dim(familyOf(chain).label(account.descriptor))}`
  output.result(`${title}\n${table(rows, '  ')}`, {
    chain: chain.id,
    ...familyOf(chain).named(account.descriptor),
    ...permissions,
  })
}

function rowOf(id: number, name: string, { threshold, keys }: KeySet, does: string): string[] {
  const holders = keys.map(({ address, weight }) => `${address} (${weight})`).join(', ')
  return [String(id), name, `${threshold} of ${holders}`, does]
}

type Active = Awaited<ReturnType<TronAccount['permissions']>>['actives'][number]

/** AccountPermissionUpdateContract. */
const CHANGE_OF_KEYS = 46

/** Operations are a bit for each kind of transaction, the lowest of each byte first. */
function mayDo({ operations }: Active): string {
  const bytes = Buffer.from(operations, 'hex')
  const kinds = [...bytes].flatMap((byte, i) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (byte >> bit) & 1).map((bit) => 8 * i + bit),
  )
  const keys = kinds.includes(CHANGE_OF_KEYS) ? 'a change of keys among them' : 'no change of keys among them'
  return `${kinds.length} kinds of transactions, ${keys}`
}
