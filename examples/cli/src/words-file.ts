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

/** Reads what {@link encryptWords} wrote. A wrong passphrase and a changed file look alike: `INVALID_KEY`. */
export async function decryptWords(file: string, passphrase: string): Promise<Words> {
  let text: string
  try {
    const decrypter = new Decrypter()
    decrypter.addPassphrase(passphrase)
    text = await decrypter.decrypt(armor.decode(file.trim()), 'text')
  } catch {
    // Without the cause: which step failed is nobody's business.
    throw new CofferError({
      code: 'INVALID_KEY',
      message: 'The words cannot be opened: the passphrase is wrong, or the file was changed.',
    })
  }
  const { v, mnemonic, createdAt } = parseJson(text) as Record<string, unknown>
  if (v !== 1 || typeof mnemonic !== 'string' || typeof createdAt !== 'string')
    throw new CofferError({
      code: 'UNSUPPORTED',
      message: 'The words were written by another version of this program.',
    })
  return { mnemonic, createdAt }
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
