import { CofferError } from '@coffer/core'
import { type KnownAccount, writeAccounts } from './accounts-file.ts'
import type { Context } from './context.ts'
import { allChains, familyOf } from './families/index.ts'
import { deriveAccounts } from './keys.ts'
import { table } from './output.ts'
import { decryptWords, encryptWords, readWordsFile, wordsPath, writeWordsFile } from './words-file.ts'

/**
 * Encrypts words, writes them, and opens the written file once more to see that it gives the same accounts: a backup that
 * was never opened is a hope. Throws `STORE_FAILED` when it does not.
 */
export async function keepWords(
  { cli, home, chains, output }: Context,
  mnemonic: string,
  passphrase: string,
): Promise<readonly KnownAccount[]> {
  const accounts = await deriveAccounts(mnemonic, chains)
  output.say('Encrypting the words, and opening them once more as a check; slow on purpose …')
  const text = await encryptWords(
    { mnemonic, createdAt: new Date().toISOString() },
    passphrase,
    cli.workFactor,
  )
  const kept = await writeWordsFile(home, text)
  if (kept) output.say(`The words that were there before are now ${kept}.`)

  const again = await decryptWords(await readWordsFile(home), passphrase, cli.workFactor)
  const derived = await deriveAccounts(again.mnemonic, chains)
  if (JSON.stringify(derived) !== JSON.stringify(accounts))
    throw new CofferError({
      code: 'STORE_FAILED',
      message: `What was written to ${wordsPath(home)} does not give the same accounts. Do not use it; check the disk.`,
    })
  await writeAccounts(home, accounts)
  return accounts
}

/** Accounts as a table. */
export function accountTable(accounts: readonly KnownAccount[]): string {
  return table(
    accounts.map(({ chain: id, index, descriptor }) => {
      const chain = allChains().find((chain) => chain.id === id)
      return [String(index), chain?.name ?? id, chain ? familyOf(chain).label(descriptor) : descriptor]
    }),
  )
}

/** Accounts for programs. */
export function accountJson(accounts: readonly KnownAccount[]): unknown {
  return accounts.map((account) => {
    const chain = allChains().find(({ id }) => id === account.chain)
    const { address } = chain ? familyOf(chain).named(account.descriptor) : {}
    return { ...account, ...(address === undefined ? {} : { address }) }
  })
}
