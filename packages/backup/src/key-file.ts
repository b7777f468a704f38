import { CofferError, type KeyOrigin, type Secret } from '@coffer/core'
import { checkMnemonic } from '@coffer/signer-software'
import type { BackupAccount } from './wallet-backup.ts'

/**
 * A secret in the clear, as the text of a file: words, an xprv, or 64 hex digits. Whoever has it has the money: write it where nobody
 * else can read it, and never log or send it. For encrypted files there are `encryptKeystore` and `encryptBackup`.
 *
 * Throws `INVALID_REQUEST` without the confirmation.
 *
 * @example
 * const text = exportSecret(secret, { yesExportTheSecret: true })
 */
export function exportSecret(secret: Secret, confirmation: { readonly yesExportTheSecret: true }): string {
  if (confirmation?.yesExportTheSecret !== true)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'Exporting a secret in the clear needs { yesExportTheSecret: true } as its second argument.',
    })
  if (secret.kind === 'mnemonic') return `${secret.mnemonic}\n`
  if (secret.kind === 'xprv') return `${secret.xprv}\n`
  return `${Array.from(secret.privateKey, (byte) => byte.toString(16).padStart(2, '0')).join('')}\n`
}

/**
 * Reads what {@link exportSecret} wrote, or a person: words of the English list, an xprv or tprv, or 64 hex digits. Throws
 * `INVALID_BACKUP` for anything else, and `INVALID_MNEMONIC` for words with a wrong one among them.
 *
 * @param origin where an extended key stands in its tree, unless it is the root
 */
export function importSecret(
  text: string,
  { origin }: { readonly origin?: KeyOrigin | undefined } = {},
): Secret {
  const given = String(text).trim()
  if (/^[xt]prv[1-9A-HJ-NP-Za-km-z]{100,110}$/.test(given))
    return {
      kind: 'xprv',
      xprv: given,
      ...(origin && { origin }),
      ...(given.startsWith('tprv') && { testnet: true }),
    }
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(given)) {
    const hex = given.slice(-64)
    return {
      kind: 'private-key',
      privateKey: Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)),
    }
  }
  const words = given.split(/\s+/)
  if (words.length >= 12 && words.length <= 24) {
    checkMnemonic(given)
    return { kind: 'mnemonic', mnemonic: words.join(' ').toLowerCase() }
  }
  throw new CofferError({
    code: 'INVALID_BACKUP',
    message: 'This is no secret: neither words, nor an xprv, nor a private key of 64 hex digits.',
  })
}

/**
 * The public side of accounts as lines of chain and descriptor, which bring them back to be watched: for `watchList.addMany`, and for
 * Bitcoin for any wallet that reads descriptors. Whoever reads them sees every balance.
 */
export function exportDescriptors(accounts: readonly Pick<BackupAccount, 'chain' | 'descriptor'>[]): string {
  return accounts.map(({ chain, descriptor }) => `${chain} ${descriptor}\n`).join('')
}
