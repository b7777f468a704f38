import { join } from 'node:path'
import { CofferError, parseJson } from '@coffer/core'
import { armor, Decrypter, Encrypter } from 'age-encryption'
import { readIfThere, writeWhole } from './files.ts'

/** What the encrypted file holds. */
export interface Words {
  readonly mnemonic: string
  /** ISO 8601. */
  readonly createdAt: string
}

/** Below this, whoever gets the file tries every passphrase within days. */
export const SHORTEST_PASSPHRASE = 8

/** age's own default, 2^18: about two seconds and 256 MiB for each passphrase that is tried. */
const WORK_FACTOR = 18

/** Characters: ten times what the longest words need. */
const LONGEST_FILE = 10_000

/**
 * Words as an age file, encrypted with a passphrase: the standard tool opens it as well (`age -d words.age`). Throws
 * `INVALID_REQUEST` for a short passphrase.
 *
 * @see https://c2sp.org/age
 */
export async function encryptWords(
  words: Words,
  passphrase: string,
  workFactor = WORK_FACTOR,
): Promise<string> {
  checkPassphrase(passphrase)
  const encrypter = new Encrypter()
  encrypter.setPassphrase(passphrase)
  encrypter.setScryptWorkFactor(workFactor)
  const { mnemonic, createdAt } = words
  return `${armor.encode(await encrypter.encrypt(JSON.stringify({ v: 1, mnemonic, createdAt })))}\n`
}

/**
 * Reads what {@link encryptWords} wrote with the same work factor, and nothing else. A wrong passphrase and a changed file look
 * alike: `INVALID_KEY`. Throws `UNSUPPORTED` for what another version wrote.
 */
export async function decryptWords(
  file: string,
  passphrase: string,
  workFactor = WORK_FACTOR,
): Promise<Words> {
  let text: string
  try {
    const bytes = readArmor(file)
    checkWorkFactor(bytes, workFactor)
    const decrypter = new Decrypter()
    decrypter.addPassphrase(passphrase)
    text = await decrypter.decrypt(bytes, 'text')
  } catch {
    // Without the cause: which step failed is nobody's business.
    throw new CofferError({
      code: 'INVALID_KEY',
      message: 'The words cannot be opened: the passphrase is wrong, or the file was changed.',
    })
  }
  const words = readWords(text)
  if (words) return words
  throw new CofferError({
    code: 'UNSUPPORTED',
    message: 'The words were written by another version of this program.',
  })
}

/** The bytes in the armor, which must be written as {@link encryptWords} writes it: what has two writings can be changed unseen. */
function readArmor(file: string): Uint8Array {
  if (file.length > LONGEST_FILE) throw new Error('too long')
  const text = file.replaceAll('\r\n', '\n').replace(/\n+$/, '\n')
  const bytes = armor.decode(text)
  if (armor.encode(bytes) !== text) throw new Error('another writing')
  return bytes
}

/** The header that {@link encryptWords} writes: one passphrase, and nobody else who could open it. */
const HEADER = /^age-encryption\.org\/v1\n-> scrypt [^ \n]{22} ([^ \n]+)\n[^\n]{43}\n--- /

/**
 * Before anything is computed: no file can ask for hours and gigabytes, nor for so little that a thief of it could try
 * passphrases by the million.
 */
function checkWorkFactor(bytes: Uint8Array, workFactor: number): void {
  const text = new TextDecoder().decode(bytes.subarray(0, 200))
  if (HEADER.exec(text)?.[1] !== String(workFactor)) throw new Error('another header')
}

function readWords(text: string): Words | undefined {
  try {
    const { v, mnemonic, createdAt } = parseJson(text) as Record<string, unknown>
    if (v === 1 && typeof mnemonic === 'string' && typeof createdAt === 'string')
      return { mnemonic, createdAt }
  } catch {
    // Without the cause, which may quote the words.
  }
  return undefined
}

/** Throws `INVALID_REQUEST` for a passphrase that protects nothing. */
export function checkPassphrase(passphrase: string): void {
  if ([...passphrase].length >= SHORTEST_PASSPHRASE) return
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: `The passphrase needs ${SHORTEST_PASSPHRASE} characters or more: whoever copies the file can try millions of short ones. Five random words are good.`,
  })
}

/** The encrypted file of a home folder; throws `NO_SIGNER` when there is none. */
export async function readWordsFile(home: string): Promise<string> {
  const text = await readIfThere(wordsPath(home))
  if (text !== undefined) return text
  throw new CofferError({
    code: 'NO_SIGNER',
    message: `There are no words at ${wordsPath(home)}. Make some with "coffer new", or bring yours with "coffer restore".`,
  })
}

/** Throws `INVALID_REQUEST` when there are words already, unless they may be replaced. */
export async function checkFree(home: string, force: boolean): Promise<void> {
  if (force || (await readIfThere(wordsPath(home))) === undefined) return
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: `There are words at ${wordsPath(home)} already. Choose another folder with COFFER_HOME, or replace them with --force.`,
  })
}

/**
 * Puts the encrypted file in its place. What it replaces is kept under another name, which is returned: no command of a
 * wallet should be able to destroy words.
 */
export async function writeWordsFile(home: string, text: string): Promise<string | undefined> {
  const before = await readIfThere(wordsPath(home))
  const kept = before === undefined ? undefined : join(home, `words.replaced-${Date.now()}.age`)
  if (before !== undefined && kept !== undefined) await writeWhole(kept, before)
  await writeWhole(wordsPath(home), text)
  return kept
}

export const wordsPath = (home: string): string => join(home, 'words.age')
