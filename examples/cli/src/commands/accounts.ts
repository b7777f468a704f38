import { CofferError } from '@coffer/core'
import type { Command } from 'commander'
import { readAccounts, writeAccounts } from '../accounts-file.ts'
import { type Cli, type Context, withContext } from '../context.ts'
import { accountsOf, withKeys } from '../keys.ts'
import { withHomeLock } from '../lock.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { accountJson, accountTable } from '../words.ts'

interface AccountsOptions extends CommonOptions {
  readonly add?: boolean
  readonly verify?: boolean
}

export function accountsCommand(program: Command, cli: Cli): void {
  const command = program
    .command('accounts')
    .description('list the accounts; adding or verifying asks for the passphrase')
    .option('--add', 'add the next account on every chain')
    .option('--verify', 'derive every account from the words again and compare')
  withExamples(
    withOptions(command, 'passphrase', 'json'),
    'coffer accounts',
    'coffer accounts --add',
    'coffer accounts --verify',
  ).action((options: AccountsOptions) =>
    withContext(cli, options, async (context) => {
      if (options.verify) await verify(context)
      if (options.add) await add(context)
      const accounts = await readAccounts(context.home)
      context.output.result(accountTable(context, accounts), { accounts: accountJson(accounts) })
    }),
  )
}

function add(context: Context): Promise<void> {
  const { home, io } = context
  return withHomeLock(home, io.signal, async () => {
    const known = await readAccounts(home)
    const index = 1 + Math.max(-1, ...known.map((account) => account.index))
    await writeAccounts(home, [...known, ...(await withKeys(context, (wallet) => accountsOf(wallet, index)))])
  })
}

/** Whoever may write to the folder could have put an address of their own into the public list. */
async function verify(context: Context): Promise<void> {
  const known = await readAccounts(context.home)
  await withKeys(context, async (wallet) => {
    for (const { chain, index, descriptor } of known) {
      const account = await wallet.account(chain, { index })
      if (account.descriptor !== descriptor)
        throw new CofferError({
          code: 'WRONG_ACCOUNT',
          message: `The listed account ${index} on ${chain} is not one of the words. Somebody changed accounts.json: do not be paid there.`,
          details: { chain, index },
        })
    }
  })
  context.output.say('Every account comes from the words.')
}
