import type { Command } from 'commander'
import { accountType, type Cli, chosenChain, withContext } from '../context.ts'
import { familyOf } from '../families/index.ts'
import { withLedger } from '../ledger.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'

interface RegisterOptions extends CommonOptions {
  readonly name: string
}

/** What only a Ledger has. Everything else is done by the usual commands with `--signer ledger`. */
export function ledgerCommand(program: Command, cli: Cli): void {
  const group = program
    .command('ledger')
    .description('a Ledger: what is open on it, and registering accounts of several keys')
    .action(() => group.help())
  withExamples(group, 'coffer ledger status', 'coffer --signer ledger accounts --add --chain bitcoin')
  withExamples(
    withOptions(group.command('status').description('which app is open'), 'devnet', 'json'),
    'coffer ledger status',
  ).action((options: CommonOptions) =>
    withContext(cli, options, async (context) => {
      const { io, output } = context
      const app = await withLedger(context, (ledger) => ledger.app({ signal: io.signal }))
      output.result(`${app.name === 'BOLOS' ? 'No app is open' : app.name} (${app.version})`, app)
    }),
  )
  withExamples(
    withOptions(
      group
        .command('register')
        .description('register an account of several keys, once, comparing every key on the device')
        .argument('<descriptor>', 'wsh(sortedmulti(2,…)): the same for all who hold it')
        .requiredOption('--name <name>', 'what the device calls it; 1 to 64 letters, digits and spaces'),
      'chain',
      'devnet',
      'json',
    ),
    'coffer ledger register --chain bitcoin --name "Cold storage" "wsh(sortedmulti(2,[…]xpub…/<0;1>/*,…))"',
  ).action((descriptor: string, options: RegisterOptions) =>
    withContext(cli, options, async (context) => {
      const { io, output } = context
      const chain = chosenChain(context)
      accountType(chain, undefined)
      const account = chain.parseAccount(familyOf(chain).accountText(chain, descriptor))
      const { name } = options
      await withLedger(context, (ledger) =>
        ledger.registerAccount({ chain, account, name }, { signal: io.signal }),
      )
      output.result(`Registered: ${name}`, { registered: name, account })
    }),
  )
}
