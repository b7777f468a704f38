import { CofferError, randomBytes } from '@coffer/core'
import { armor, Decrypter, Encrypter } from 'age-encryption'
import { checkPassphrase } from './passphrase.ts'
import { formsOf } from './text.ts'
import { readWalletBackup, type WalletBackup, writeWalletBackup } from './wallet-backup.ts'

/** For whom a backup is encrypted: one passphrase, or the public keys of age identities. */
export type Encryption =
  | {
      readonly passphrase: string
      /** scrypt at 2^18 when not given, about two seconds and 256 MiB for each guess; 2^20 at most. */
      readonly workFactor?: number | undefined
      readonly recipients?: undefined
    }
  | { readonly recipients: readonly string[]; readonly passphrase?: undefined }

/** The passphrase, or the private key of one of the recipients (`AGE-SECRET-KEY-1…`). */
export type Decryption =
  | { readonly passphrase: string; readonly identity?: undefined }
  | { readonly identity: string; readonly passphrase?: undefined }

const WORK_FACTOR = 18
/** Beyond it a file stops the machine that opens it: 22 takes 4 GiB. */
const MOST_WORK = 20
/** Characters. */
const LONGEST = 10_000_000

/**
 * A backup as an armoured age file, which the standard tool opens as well (`age -d`). Throws `WEAK_PASSWORD`,
 * `INVALID_REQUEST` for a recipient that is none, `INVALID_BACKUP` for what could not be read again, `NO_RANDOMNESS`,
 * `WEAK_RANDOMNESS`, and `UNSUPPORTED` where the platform lacks streams, or for recipients WebCrypto.
 *
 * @example
 * const text = await encryptBackup(backup, { passphrase: generatePassphrase() })
 * @see https://c2sp.org/age
 */
export async function encryptBackup(backup: WalletBackup, encryption: Encryption): Promise<string> {
  const encrypter = new Encrypter()
  if (encryption.passphrase !== undefined && encryption.recipients !== undefined)
    throw invalid('An age file is for a passphrase or for recipients. Make two files to have both.')
  checkPlatform(encryption.recipients !== undefined)
  if (encryption.recipients === undefined) {
    const { passphrase, workFactor = WORK_FACTOR } = encryption
    checkPassphrase(passphrase)
    if (!Number.isInteger(workFactor) || workFactor < 1 || workFactor > MOST_WORK)
      throw invalid(`The work factor is a whole number from 1 to ${MOST_WORK}.`)
    encrypter.setPassphrase(passphrase)
    encrypter.setScryptWorkFactor(workFactor)
  } else {
    if (encryption.recipients.length === 0) throw invalid('A backup needs a passphrase or a recipient.')
    try {
      for (const recipient of encryption.recipients) encrypter.addRecipient(recipient)
    } catch (cause) {
      throw invalid('A recipient is the public key of an age identity: age1….', cause)
    }
  }
  // Asked before age asks it, which takes whatever comes.
  randomBytes(16)
  const text = `${armor.encode(await encrypter.encrypt(writeWalletBackup(backup)))}\n`
  if (text.length <= LONGEST) return text
  throw new CofferError({
    code: 'INVALID_BACKUP',
    message: `A backup has ${LONGEST} characters at most. Leave labels out, and keep them in a file of their own.`,
  })
}

/**
 * Opens what {@link encryptBackup} or the age tool encrypted, armoured. A wrong passphrase and a changed file look alike:
 * `UNLOCK_FAILED`. What it held is read strictly: `INVALID_BACKUP`, `UNSUPPORTED`.
 */
export async function decryptBackup(text: string, how: Decryption): Promise<WalletBackup> {
  let json: string
  if (how.passphrase !== undefined && how.identity !== undefined)
    throw invalid('A backup opens with its passphrase or with an identity. Give one of them.')
  checkPlatform(how.identity !== undefined)
  try {
    const bytes = readArmor(text)
    const decrypter = new Decrypter()
    if (how.identity === undefined) {
      checkWork(bytes)
      for (const form of new Set([how.passphrase, ...formsOf(how.passphrase)])) decrypter.addPassphrase(form)
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

/**
 * The bytes in the armour, which must be written in the one right way: what has two writings can be changed unseen. Blanks around
 * it come with pasting.
 */
function readArmor(file: string): Uint8Array {
  if (typeof file !== 'string' || file.length > LONGEST) throw new Error('too long')
  const text = file.replaceAll('\r\n', '\n').trim()
  const bytes = armor.decode(text)
  if (armor.encode(bytes).trim() !== text) throw new Error('another writing')
  return bytes
}

const HEADER = /^age-encryption\.org\/v1\n-> scrypt [^ \n]{22} ([1-9][0-9]?)\n/

/** Before anything is computed: no file can ask for hours and gigabytes. */
function checkWork(bytes: Uint8Array): void {
  const work = HEADER.exec(new TextDecoder().decode(bytes.subarray(0, 200)))?.[1]
  if (work === undefined || Number(work) > MOST_WORK) throw new Error('another header')
}

/** Said as it is, since a right passphrase would else look wrong. */
function checkPlatform(needsWebCrypto: boolean): void {
  const hasStreams = typeof ReadableStream === 'function' && typeof TransformStream === 'function'
  const hasWebCrypto = (globalThis.crypto as Crypto | undefined)?.subtle !== undefined
  if (hasStreams && (hasWebCrypto || !needsWebCrypto)) return
  throw new CofferError({
    code: 'UNSUPPORTED',
    message: hasStreams
      ? 'Keys of age need WebCrypto, which is there on https and localhost alone. Use a passphrase.'
      : 'Encrypted backups need ReadableStream and TransformStream. On React Native, load a polyfill of web streams first.',
  })
}

function invalid(message: string, cause?: unknown): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message, cause })
}
