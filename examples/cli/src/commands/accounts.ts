import { CofferError, createOfflineWallet, isCofferError, type Signer, type Wallet } from '@coffer/core'
import { secureStorageSigner } from '@coffer/signer-secure-storage'
import type { Command } from 'commander'
import { type KnownAccount, readAccounts, readAccountsIfThere, writeAccounts } from '../accounts-file.ts'
import { accountType, type Cli, type Context, chosenChain, withContext } from '../context.ts'
import type { AppChain } from '../families/family.ts'
import { familyOf } from '../families/index.ts'
import { withHomeLock } from '../home-lock.ts'
import { accountsOf, withKeys, withVault } from '../keys.ts'
import { withLedger } from '../ledger.ts'
import { type CommonOptions, withExamples, withOptions } from '../options.ts'
import { findChain } from '../sources.ts'
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
    withOptions(command, 'chain', 'type', 'secret', 'devnet', 'passphrase', 'json'),
    'coffer accounts',
    'coffer accounts --add',
    'coffer accounts --add --chain bitcoin --type p2tr',
    'coffer accounts --verify',
    'coffer --signer ledger accounts --add --chain bitcoin',
  ).action((options: AccountsOptions) =>
    withContext(cli, options, async (context) => {
      if (options.verify) await verify(context)
      if (options.add) await add(context)
      const chains = meant(context)
      const { type, secret, signer } = options
      const accounts = (await readAccounts(context.home, signer)).filter((account) => {
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
  const { secret, signer } = options
  const wanted = meant(context).map((chain) => ({ chain: chain.id, type: accountType(chain, options.type) }))
  return withHomeLock(home, io.signal, async () => {
    // A list that is gone is made anew; where there are no keys either, that says so.
    const all = (await readAccountsIfThere(home, signer)) ?? []
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
    const added = await withKeys(context, { secret }, (wallet) =>
      signer === 'ledger' ? installed(context, wallet, missing) : accountsOf(wallet, missing),
    )
    await writeAccounts(home, [...all, ...added], signer)
  })
}

/** Those of a Ledger one after the other; a chain whose app is not on it is left out, unless it alone was asked for. */
async function installed(
  { output, options, chains }: Context,
  wallet: Wallet<readonly AppChain[]>,
  missing: Parameters<typeof accountsOf>[1],
): Promise<readonly KnownAccount[]> {
  const found: KnownAccount[] = []
  for (const wanted of missing)
    try {
      found.push(...(await accountsOf(wallet, [wanted])))
    } catch (error) {
      if (!isCofferError(error, 'DEVICE_APP_MISSING') || options.chain !== undefined) throw error
      output.say(`Left out ${findChain(chains, wanted.chain).name}: its app is not on the Ledger.`)
    }
  return found
}

/** Whoever may write to the folder could have put an address of their own into the public list. */
async function verify(context: Context): Promise<void> {
  const { chains, home, output, options } = context
  const known = await readAccounts(home, options.signer)
  if (options.signer === 'ledger') {
    await withLedger(context, (signer) => verifyAll(known, chains, () => signer))
    return output.say('Every account comes from the Ledger.')
  }
  await withVault(context, async (vault) => {
    const signers = new Map(
      vault.secrets.map(({ id, label }, i) => [
        i === 0 ? undefined : label,
        secureStorageSigner({ vault, secret: id }),
      ]),
    )
    await verifyAll(known, chains, ({ secret }) => signers.get(secret))
  })
  output.say('Every account comes from the vault.')
}

async function verifyAll(
  known: readonly KnownAccount[],
  chains: readonly AppChain[],
  signerOf: (account: KnownAccount) => Signer | undefined,
): Promise<void> {
  for (const account of known) {
    const { chain, index, type, descriptor } = account
    const signer = signerOf(account)
    const wallet = signer && createOfflineWallet({ chains, signer })
    if ((await wallet?.describe(chain, { index, type })) !== descriptor)
      throw new CofferError({
        code: 'WRONG_ACCOUNT',
        message: `The listed account ${index} on ${chain} is not one of this signer. Somebody changed the list, or it is another device: do not be paid there.`,
        details: { chain, index },
      })
  }
}
