import { CofferError, type KeyOrigin, type Secret } from '@coffer/core'
import { checkMnemonic } from '@coffer/signer-software'
import { keyBytes, splitWords } from './text.ts'
import type { BackupAccount } from './wallet-backup.ts'

/**
 * A secret in the clear, as the text of a file: words, an xprv, or 64 hex digits. Whoever has it has the money: write it where nobody
 * else can read it, and never log or send it. For encrypted files there are `encryptKeystore` and `encryptBackup`.
 *
 * The secret alone: a passphrase of the words (the "25th word"), their language and the origin of an xprv are not in it, and have to
 * be kept beside it.
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
  const isTestnet = given.startsWith('tprv')
  if ((isTestnet || given.startsWith('xprv')) && isBase58(given) && given.length > 100 && given.length < 115)
    return {
      kind: 'xprv',
      xprv: given,
      ...(origin && { origin }),
      ...(isTestnet && { testnet: true }),
    }
  const privateKey = keyBytes((given.startsWith('0x') ? given.slice(2) : given).toLowerCase())
  if (privateKey) return { kind: 'private-key', privateKey }
  const words = splitWords(given)
  if (words.length >= 12 && words.length <= 24) {
    checkMnemonic(given)
    return { kind: 'mnemonic', mnemonic: words.join(' ').toLowerCase() }
  }
  throw new CofferError({
    code: 'INVALID_BACKUP',
    message: 'This is no secret: neither words, nor an xprv, nor a private key of 64 hex digits.',
  })
}

const isBase58 = (text: string): boolean =>
  [...text].every((letter) => '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'.includes(letter))

/**
 * The public side of accounts as lines of chain and descriptor, which bring them back to be watched: for `watchList.addMany`, and for
 * Bitcoin for any wallet that reads descriptors. Whoever reads them sees every balance.
 */
export function exportDescriptors(accounts: readonly Pick<BackupAccount, 'chain' | 'descriptor'>[]): string {
  return accounts.map(({ chain, descriptor }) => `${chain} ${descriptor}\n`).join('')
}
