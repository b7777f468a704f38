import { CofferError, type Secret } from '@coffer/core'
import { secureStorageSigner, type Vault } from '@coffer/signer-secure-storage'
import { type KnownAccount, writeAccounts } from './accounts-file.ts'
import type { Context } from './context.ts'
import { allChains, familyOf } from './families/index.ts'
import { deriveAccounts } from './keys.ts'
import { table } from './output.ts'
import { createWalletVault, openWalletVault, putBack, setAside, vaultPath } from './vault-file.ts'

type NewSecret = Secret & { readonly label?: string | undefined }

/**
 * Makes a vault of secrets, and opens what was written once more to see that it gives the same accounts: a vault that was never
 * opened is a hope. Throws `STORE_FAILED` when it does not. Whatever it throws, a vault that was there before is there again.
 */
export async function keepSecrets(
  context: Context,
  secrets: readonly NewSecret[],
  password: string,
): Promise<readonly KnownAccount[]> {
  const { home, output } = context
  output.say('Encrypting the wallet, and opening it once more as a check; slow on purpose …')
  const kept = await setAside(home)
  if (kept) output.say(`The vault that was there before is now ${kept}.`)
  try {
    return await makeChecked(context, secrets, password)
  } catch (error) {
    if (kept) {
      await putBack(home, kept)
      output.say(`That failed. The vault that was there before is ${vaultPath(home)} again.`)
    }
    throw error
  }
}

async function makeChecked(
  context: Context,
  secrets: readonly NewSecret[],
  password: string,
): Promise<readonly KnownAccount[]> {
  const { home, chains } = context
  const made = await createWalletVault(context, { password, secrets })
  const accounts = await accountsOfAll(made, chains)
  made.lock()

  const again = await openWalletVault(context)
  await again.unlock({ password })
  const derived = await accountsOfAll(again, chains)
  again.lock()
  if (JSON.stringify(derived) !== JSON.stringify(accounts))
    throw new CofferError({
      code: 'STORE_FAILED',
      message: `What was written to ${vaultPath(home)} does not give the same accounts. Do not use it; check the disk.`,
    })
  await writeAccounts(home, accounts)
  return accounts
}

/** The first accounts of every secret of an open vault; those of the first one bear no label. */
async function accountsOfAll(vault: Vault, chains: Context['chains']): Promise<readonly KnownAccount[]> {
  const found: KnownAccount[] = []
  const signers = vault.secrets.map(({ id }) => secureStorageSigner({ vault, secret: id }))
  for (const [i, signer] of signers.entries())
    found.push(...(await deriveAccounts(signer, chains, i === 0 ? undefined : vault.secrets[i]!.label)))
  return found
}

/** Accounts as a table. */
export function accountTable(accounts: readonly KnownAccount[]): string {
  return table(
    accounts.map(({ chain: id, index, descriptor, secret }) => {
      const chain = allChains().find((chain) => chain.id === id)
      return [
        String(index),
        chain?.name ?? id,
        chain ? familyOf(chain).label(descriptor) : descriptor,
        secret ?? '',
      ]
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
