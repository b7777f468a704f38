import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { CofferError, isCofferError, type Secret, type Store } from '@coffer/core'
import {
  type CreateVaultOptions,
  createVault,
  hasVault,
  type KdfCost,
  openVault,
  type Vault,
} from '@coffer/signer-secure-storage'
import { fileStore } from '@coffer/signer-secure-storage/file'
import { readIfThere, unusable } from './files.ts'

/** What a wallet's vault is found by. */
interface Place {
  readonly cli: { readonly cost?: KdfCost | undefined }
  readonly home: string
}

/** The folder of the vault of a home folder. */
export const vaultPath = (home: string): string => join(home, 'vault')

/** The vault of a home folder, locked. Throws `VAULT_MISSING` and says how to make one. */
export async function openWalletVault(
  { cli, home }: Place,
  generation: 'current' | 'previous' = 'current',
): Promise<Vault> {
  try {
    // A command ends before it could be idle.
    return await openVault({ store: vaultStore(home), cost: cli.cost, autoLock: false, generation })
  } catch (error) {
    if (!isCofferError(error, 'VAULT_MISSING')) throw error
    const old = (await readIfThere(join(home, 'words.age'))) !== undefined
    throw new CofferError({
      code: 'VAULT_MISSING',
      message: old
        ? `There is no vault in ${home}, but words of an earlier version: bring them with "coffer backup restore ${join(home, 'words.age')}".`
        : `There is no vault in ${home}. Make a wallet with "coffer new", or bring yours with "coffer restore" or "coffer backup restore".`,
    })
  }
}

/** Throws `STORE_FAILED` for a vault of which nothing can be read: that looks like an empty one. */
export function checkReadable({ id }: Vault): void {
  if (id !== '') return
  throw new CofferError({
    code: 'STORE_FAILED',
    message:
      'The vault is damaged. Bring it back as it was before its last change with "coffer vault unlock --previous", or from a backup with "coffer backup restore --force".',
  })
}

/** Makes the vault of a home folder; throws what `createVault` throws. */
export function createWalletVault(
  { cli, home }: Place,
  options: Pick<CreateVaultOptions, 'password' | 'hiddenRoom'> & {
    readonly secrets: readonly (Secret & { readonly label?: string | undefined })[]
  },
): Promise<Vault> {
  return createVault({ ...options, store: vaultStore(home), cost: cli.cost, autoLock: false })
}

/** True when there is a vault in a home folder, whole or damaged. */
export function isVaultThere(home: string): Promise<boolean> {
  return hasVault({ store: vaultStore(home) })
}

/** Throws `VAULT_EXISTS` when there is one, unless it may be replaced. */
export async function checkFree(home: string, force: boolean): Promise<void> {
  if (force || !(await isVaultThere(home))) return
  throw new CofferError({
    code: 'VAULT_EXISTS',
    message: `There is a wallet in ${home} already. Choose another folder with COFFER_HOME, or replace it with --force.`,
  })
}

/**
 * Makes room for another vault: the one that is there gets another name, which is returned. No command of a wallet should be able
 * to destroy keys.
 */
export async function setAside(home: string): Promise<string | undefined> {
  if (!(await hasVault({ store: vaultStore(home) }))) return undefined
  const kept = join(home, `vault.replaced-${Date.now()}`)
  try {
    await rename(vaultPath(home), kept)
  } catch (error) {
    throw unusable('rename', vaultPath(home), error)
  }
  return kept
}

/** Ends {@link setAside} the other way round: the vault is where it was. What came in its place gets another name. */
export async function putBack(home: string, kept: string): Promise<void> {
  const path = vaultPath(home)
  const move = async (from: string, to: string, allowed?: string): Promise<void> => {
    try {
      await rename(from, to)
    } catch (error) {
      if ((error as { code?: string }).code !== allowed) throw unusable('rename', from, error)
    }
  }
  await move(path, join(home, `vault.failed-${Date.now()}`), 'ENOENT')
  await move(kept, path)
}

function vaultStore(home: string): Store {
  return fileStore(vaultPath(home))
}
