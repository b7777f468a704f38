import { CofferError } from '@coffer/core'
import { armor, Decrypter, Encrypter } from 'age-encryption'
import { checkPassphrase } from './passphrase.ts'
import { readWalletBackup, type WalletBackup, writeWalletBackup } from './wallet-backup.ts'

/** For whom a backup is encrypted: one passphrase, or the public keys of age identities. */
export type Encryption =
  | {
      readonly passphrase: string
      /** scrypt at 2^18 when not given: about two seconds and 256 MiB for each guess. */
      readonly workFactor?: number | undefined
    }
  | { readonly recipients: readonly string[] }

/** The passphrase, or the private key of one of the recipients (`AGE-SECRET-KEY-1…`). */
export type Decryption = { readonly passphrase: string } | { readonly identity: string }

const WORK_FACTOR = 18
/** Beyond it a file stops the machine that opens it: 22 takes 4 GiB. */
const MOST_WORK = 20
/** Characters. */
const LONGEST = 10_000_000

/**
 * A backup as an armoured age file, which the standard tool opens as well (`age -d`). Throws `WEAK_PASSWORD`,
 * `INVALID_REQUEST` for a recipient that is none.
 *
 * @example
 * const text = await encryptBackup(backup, { passphrase: generatePassphrase() })
 * @see https://c2sp.org/age
 */
export async function encryptBackup(backup: WalletBackup, encryption: Encryption): Promise<string> {
  const encrypter = new Encrypter()
  if ('passphrase' in encryption) {
    checkPassphrase(encryption.passphrase)
    encrypter.setPassphrase(encryption.passphrase)
    encrypter.setScryptWorkFactor(encryption.workFactor ?? WORK_FACTOR)
  } else {
    if (encryption.recipients.length === 0) throw invalid('A backup needs a passphrase or a recipient.')
    try {
      for (const recipient of encryption.recipients) encrypter.addRecipient(recipient)
    } catch (cause) {
      throw invalid('A recipient is the public key of an age identity: age1….', cause)
    }
  }
  return `${armor.encode(await encrypter.encrypt(writeWalletBackup(backup)))}\n`
}

/**
 * Opens what {@link encryptBackup} or the age tool encrypted, armoured. A wrong passphrase and a changed file look alike:
 * `UNLOCK_FAILED`. What it held is read strictly: `INVALID_BACKUP`, `UNSUPPORTED`.
 */
export async function decryptBackup(text: string, how: Decryption): Promise<WalletBackup> {
  let json: string
  try {
    const bytes = readArmor(text)
    const decrypter = new Decrypter()
    if ('passphrase' in how) {
      checkWork(bytes)
      decrypter.addPassphrase(how.passphrase)
    } else decrypter.addIdentity(how.identity)
    json = await decrypter.decrypt(bytes, 'text')
  } catch {
    // Without the cause: which step failed is nobody's business.
    throw new CofferError({
      code: 'UNLOCK_FAILED',
      message: 'The backup does not open: the passphrase is wrong, or the file was changed or damaged.',
    })
  }
  return readWalletBackup(json)
}

/** The bytes in the armour, which must be written in the one right way: what has two writings can be changed unseen. */
function readArmor(file: string): Uint8Array {
  if (typeof file !== 'string' || file.length > LONGEST) throw new Error('too long')
  const text = file.replaceAll('\r\n', '\n').replace(/\n*$/, '\n')
  const bytes = armor.decode(text)
  if (armor.encode(bytes).replace(/\n*$/, '\n') !== text) throw new Error('another writing')
  return bytes
}

const HEADER = /^age-encryption\.org\/v1\n-> scrypt [^ \n]{22} ([1-9][0-9]?)\n/

/** Before anything is computed: no file can ask for hours and gigabytes. */
function checkWork(bytes: Uint8Array): void {
  const work = HEADER.exec(new TextDecoder().decode(bytes.subarray(0, 200)))?.[1]
  if (work === undefined || Number(work) > MOST_WORK) throw new Error('another header')
}

function invalid(message: string, cause?: unknown): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message, cause })
}
