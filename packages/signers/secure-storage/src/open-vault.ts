import { CofferError, randomBytes, withLock } from '@coffer/core'
import { wipeSecrets } from './body.ts'
import { toBase64 } from './bytes.ts'
import { emptyRoom, infoOf, type Opened, writeContents } from './contents.ts'
import type { Envelope } from './envelope.ts'
import { eraseVault, loadVault, saveVault } from './generations.ts'
import { DEFAULT_COST, newKdf } from './kdf.ts'
import { keepVault } from './keeper.ts'
import { storedSecret } from './secrets.ts'
import { checkPassword, makeSlot } from './slots.ts'
import type { CreateVaultOptions, OpenVaultOptions, Vault } from './vault.ts'

/**
 * Makes a vault, writes it, and answers it unlocked. Throws `VAULT_EXISTS`, `WEAK_PASSWORD`, `INVALID_MNEMONIC`, `INVALID_KEY`.
 *
 * @example
 * const vault = await createVault({ store: indexedDbStore(), password, secrets: [{ kind: 'mnemonic', mnemonic }] })
 * const wallet = createWallet({ chains, source, signer: secureStorageSigner({ vault }) })
 */
export async function createVault(options: CreateVaultOptions): Promise<Vault> {
  const { store, name = 'vault', password, secrets = [], cost = DEFAULT_COST, hiddenRoom, worker } = options
  checkPassword(password)
  checkRoom(hiddenRoom)
  const stored = await Promise.all(secrets.map((secret) => storedSecret(secret, secret)))
  const dataKey = randomBytes(32)
  const opened: Opened = { part: 'outer', dataKey }
  try {
    return await withLock(store, name, async () => {
      if (await loadVault(store, name))
        throw new CofferError({
          code: 'VAULT_EXISTS',
          message: `There is a vault of the name ${JSON.stringify(name)} in this store. Open it, or take another name.`,
        })
      const id = toBase64(randomBytes(16))
      const { slot } = await makeSlot(id, dataKey, { password }, cost, { worker })
      const empty: Envelope = {
        v: 1,
        id,
        createdAt: new Date().toISOString(),
        generation: 0,
        slots: [slot],
        ...((options.showWhileLocked ?? true) && { shown: { secrets: stored.map(infoOf), keys: [] } }),
        box: '',
        // With the salt of the password, so that one stretching tells which of the two it opens.
        ...(hiddenRoom !== undefined && {
          hidden: emptyRoom('kdf' in slot ? slot.kdf : newKdf(cost), hiddenRoom),
        }),
      }
      const envelope = writeContents(empty, opened, stored)
      await saveVault(store, name, envelope)
      return keepVault({ ...options, name, cost }, envelope, {
        opened: { part: 'outer', dataKey: Uint8Array.from(dataKey) },
        secrets: stored.map(infoOf),
      })
    })
  } finally {
    dataKey.fill(0)
    wipeSecrets(stored)
  }
}

/**
 * Opens the vault of a store, locked. Throws `VAULT_MISSING`. One that is damaged opens as well, and refuses every password.
 *
 * @example
 * const vault = await openVault({ store })
 * await vault.unlock({ password })
 */
export async function openVault(options: OpenVaultOptions): Promise<Vault> {
  const { store, name = 'vault', cost = DEFAULT_COST, generation } = options
  const loaded = await loadVault(store, name, generation)
  if (loaded) return keepVault({ ...options, name, cost }, loaded)
  throw new CofferError({
    code: 'VAULT_MISSING',
    message: `There is no vault of the name ${JSON.stringify(name)} in this store. Make one, or restore one from a backup.`,
  })
}

/** True when there is a vault, damaged or not. */
export async function hasVault({
  store,
  name = 'vault',
}: Pick<OpenVaultOptions, 'store' | 'name'>): Promise<boolean> {
  return (await loadVault(store, name)) !== undefined
}

/**
 * Deletes a vault with all that is in it. There is no way back but a backup; what devices hold for it is of no use any more.
 *
 * Throws `INVALID_REQUEST` without the confirmation.
 *
 * @example
 * await deleteVault({ store }, { yesDeleteTheVault: true })
 */
export async function deleteVault(
  { store, name = 'vault' }: Pick<OpenVaultOptions, 'store' | 'name'>,
  confirmation: { readonly yesDeleteTheVault: true },
): Promise<void> {
  if (confirmation?.yesDeleteTheVault !== true)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'Deleting a vault needs { yesDeleteTheVault: true } as its second argument.',
    })
  await withLock(store, name, () => eraseVault(store, name))
}

function checkRoom(room: number | undefined): void {
  if (room === undefined || (Number.isInteger(room) && room >= 1024 && room <= 1_048_576)) return
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: 'The room for a hidden vault is a whole number of bytes from 1,024 to 1,048,576.',
  })
}
