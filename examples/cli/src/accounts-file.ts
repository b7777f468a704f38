import { join } from 'node:path'
import { type AccountDescriptor, type ChainId, CofferError, parseJson } from '@coffer/core'
import { readIfThere, writeWhole } from './files.ts'
import type { SignerName } from './options.ts'
import { isVaultThere } from './vault-file.ts'

/** One account as the wallet knows it without keys. Public, and enough to watch it and to prepare payments from it. */
export interface KnownAccount {
  readonly chain: ChainId
  readonly index: number
  /** Of accounts of another type than the usual one of their chain. */
  readonly type?: string
  /** The label of the secret that has its keys, where that is not the first of the vault. */
  readonly secret?: string
  readonly descriptor: AccountDescriptor
}

/** The accounts of a home folder, of one signer; throws `NO_SIGNER` when there are none. */
export async function readAccounts(home: string, signer?: SignerName): Promise<readonly KnownAccount[]> {
  const accounts = await readAccountsIfThere(home, signer)
  if (accounts) return accounts
  throw new CofferError({ code: 'NO_SIGNER', message: await howToBegin(home, signer) })
}

async function howToBegin(home: string, signer: SignerName | undefined): Promise<string> {
  if (signer === 'ledger')
    return `There are no accounts of a Ledger in ${home} yet. Add them with "coffer --signer ledger accounts --add".`
  if (await isVaultThere(home))
    return `There is a vault in ${home}, but its list of accounts is gone. Make it anew with "coffer accounts --add"; those of another secret with --secret.`
  return `There are no accounts in ${home}. Make a wallet with "coffer new", or watch any address with --address.`
}

export async function readAccountsIfThere(
  home: string,
  signer?: SignerName,
): Promise<readonly KnownAccount[] | undefined> {
  const path = accountsPath(home, signer)
  const text = await readIfThere(path)
  if (text === undefined) return undefined
  const { v, accounts } = (parseJson(text) ?? {}) as { v?: unknown; accounts?: unknown }
  if (v !== 1 || !Array.isArray(accounts) || !accounts.every(isAccount))
    throw new CofferError({
      code: 'INVALID_JSON',
      message: `${path} is not a list of accounts of version 1.`,
    })
  return accounts
}

export async function writeAccounts(
  home: string,
  accounts: readonly KnownAccount[],
  signer?: SignerName,
): Promise<void> {
  await writeWhole(accountsPath(home, signer), `${JSON.stringify({ v: 1, accounts }, null, 2)}\n`)
}

function isAccount(value: unknown): value is KnownAccount {
  if (typeof value !== 'object' || value === null) return false
  const { chain, index, type = '', secret = '', descriptor } = value as Record<string, unknown>
  return (
    typeof chain === 'string' &&
    Number.isSafeInteger(index) &&
    typeof type === 'string' &&
    typeof secret === 'string' &&
    typeof descriptor === 'string'
  )
}

/** What a Ledger has is no part of the vault, nor of its backups. */
const accountsPath = (home: string, signer: SignerName | undefined): string =>
  join(home, signer === 'ledger' ? 'ledger.json' : 'accounts.json')
