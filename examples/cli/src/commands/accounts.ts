import { CofferError, createOfflineWallet } from '@coffer/core'
import { secureStorageSigner } from '@coffer/signer-secure-storage'
import type { Command } from 'commander'
import { readAccounts, writeAccounts } from '../accounts-file.ts'
import { accountType, type Cli, type Context, chosenChain, withContext } from '../context.ts'
import type { AppChain } from '../families/family.ts'
import { familyOf } from '../families/index.ts'
import { withHomeLock } from '../home-lock.ts'
import { accountsOf, withKeys, withVault } from '../keys.ts'
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
    .option('--add', 'add the next account on every chain, or on the one of --chain')
    .option('--verify', 'derive every account from the vault again and compare')
  withExamples(
    withOptions(command, 'chain', 'type', 'secret', 'passphrase', 'json'),
    'coffer accounts',
    'coffer accounts --add',
    'coffer accounts --add --chain bitcoin --type p2tr',
    'coffer accounts --verify',
  ).action((options: AccountsOptions) =>
    withContext(cli, options, async (context) => {
      if (options.verify) await verify(context)
      if (options.add) await add(context)
      const chains = meant(context)
      const { type, secret } = options
      const accounts = (await readAccounts(context.home)).filter((account) => {
        const chain = chains.find(({ id }) => id === account.chain)
        if (!chain) return context.options.chain === undefined && type === undefined
        if (secret !== undefined && account.secret !== secret) return false
        return type === undefined || account.type === accountType(chain, type)
      })
      context.output.result(accountTable(accounts), { accounts: accountJson(accounts) })
    }),
  )
}

/** The chains that the options are about. */
function meant(context: Context): readonly AppChain[] {
  const { chains, options } = context
  const chosen = options.chain === undefined ? chains : [chosenChain(context)]
  const { type } = options
  const found = chosen.filter((chain) => type === undefined || familyOf(chain).types.includes(type))
  // Whichever it is, it says which types there are.
  if (found.length === 0) for (const chain of chosen.slice(-1)) accountType(chain, type)
  return found
}

/** Adds what comes next, and what is missing below it: this program may have learnt of a chain since. */
function add(context: Context): Promise<void> {
  const { home, io, options } = context
  const { secret } = options
  const wanted = meant(context).map((chain) => ({ chain: chain.id, type: accountType(chain, options.type) }))
  return withHomeLock(home, io.signal, async () => {
    const all = await readAccounts(home)
    const known = all.filter((one) => one.secret === secret)
    const isKnown = (chain: string, type: string | undefined, index: number): boolean =>
      known.some((one) => one.chain === chain && one.type === type && one.index === index)
    const indexes = wanted.flatMap(({ chain, type }) =>
      known.filter((one) => one.chain === chain && one.type === type).map(({ index }) => index),
    )
    const next = 1 + Math.max(-1, ...indexes)
    const missing = Array.from({ length: next + 1 }, (_, index) =>
      wanted.flatMap(({ chain, type }) =>
        isKnown(chain, type, index) ? [] : [{ chain, type, index, secret }],
      ),
    ).flat()
    await writeAccounts(home, [
      ...all,
      ...(await withKeys(context, { secret }, (wallet) => accountsOf(wallet, missing))),
    ])
  })
}

/** Whoever may write to the folder could have put an address of their own into the public list. */
async function verify(context: Context): Promise<void> {
  const { chains, home, output } = context
  const known = await readAccounts(home)
  await withVault(context, async (vault) => {
    const signers = new Map(
      vault.secrets.map(({ id, label }, i) => [
        i === 0 ? undefined : label,
        secureStorageSigner({ vault, secret: id }),
      ]),
    )
    for (const { chain, index, type, secret, descriptor } of known) {
      const signer = signers.get(secret)
      const wallet = signer && createOfflineWallet({ chains, signer })
      if ((await wallet?.describe(chain, { index, type })) !== descriptor)
        throw new CofferError({
          code: 'WRONG_ACCOUNT',
          message: `The listed account ${index} on ${chain} is not one of the vault. Somebody changed accounts.json: do not be paid there.`,
          details: { chain, index },
        })
    }
  })
  output.say('Every account comes from the vault.')
}
