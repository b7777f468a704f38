import { CofferError, type Secret } from '@coffer/core'

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
