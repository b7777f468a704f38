import { join } from 'node:path'
import { type AccountDescriptor, type ChainId, CofferError, parseJson } from '@coffer/core'
import { readIfThere, writeWhole } from './files.ts'

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

/** The accounts of a home folder; throws `NO_SIGNER` when there are none. */
export async function readAccounts(home: string): Promise<readonly KnownAccount[]> {
  const accounts = await readAccountsIfThere(home)
  if (accounts) return accounts
  throw new CofferError({
    code: 'NO_SIGNER',
    message: `There are no accounts in ${home}. Make a wallet with "coffer new", or watch any address with --address.`,
  })
}

export async function readAccountsIfThere(home: string): Promise<readonly KnownAccount[] | undefined> {
  const text = await readIfThere(accountsPath(home))
  if (text === undefined) return undefined
  const { v, accounts } = (parseJson(text) ?? {}) as { v?: unknown; accounts?: unknown }
  if (v !== 1 || !Array.isArray(accounts) || !accounts.every(isAccount))
    throw new CofferError({
      code: 'INVALID_JSON',
      message: `${accountsPath(home)} is not a list of accounts of version 1.`,
    })
  return accounts
}

export async function writeAccounts(home: string, accounts: readonly KnownAccount[]): Promise<void> {
  await writeWhole(accountsPath(home), `${JSON.stringify({ v: 1, accounts }, null, 2)}\n`)
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

const accountsPath = (home: string): string => join(home, 'accounts.json')
