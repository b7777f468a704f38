import { CofferError, randomBytes } from '@coffer/core'
import { pbkdf2Async } from '@noble/hashes/pbkdf2.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { checksumHolds, wordsOf } from './entropy.ts'
import type { Wordlist } from './wordlist.ts'
import { wordlist as english } from './wordlists/english.ts'

export interface MnemonicOptions {
  /** English when not given. */
  readonly wordlist?: Wordlist | undefined
}

const WORDS = [12, 15, 18, 21, 24]
/** BIP-39 has Japanese words written with ideographic blanks. */
const FIRST_JAPANESE = 'あいこくしん'

/**
 * Makes a new mnemonic from the platform's secure generator. Twelve words when not said: their 128 bits are as strong
 * as secp256k1 itself, and half as many words are written down wrong half as often.
 *
 * Throws `NO_RANDOMNESS` and `WEAK_RANDOMNESS`.
 *
 * @example
 * const mnemonic = generateMnemonic() // 'legal winner thank year wave …'
 * @see https://github.com/bitcoin/bips/blob/master/bip-0039.mediawiki
 */
export function generateMnemonic(
  options: MnemonicOptions & { readonly words?: 12 | 15 | 18 | 21 | 24 | undefined } = {},
): string {
  const { words = 12, wordlist = english } = options
  if (!WORDS.includes(words))
    throw new CofferError({ code: 'INVALID_REQUEST', message: 'A mnemonic has 12, 15, 18, 21 or 24 words.' })
  checkWordlist(wordlist)
  const entropy = randomBytes((words / 3) * 4)
  const mnemonic = wordsOf(entropy, wordlist).join(wordlist[0] === FIRST_JAPANESE ? '\u3000' : ' ')
  entropy.fill(0)
  return mnemonic
}

/**
 * Throws `INVALID_MNEMONIC` unless these are the right number of words of the list with a right checksum. Upper case,
 * line breaks and more or other white space than needed are forgiven, here and wherever a mnemonic is taken.
 *
 * The error says which words are wrong by their number, from 1, also in `details.words`, and never repeats one: a nearly
 * right word gives away the right one.
 *
 * @example
 * checkMnemonic('legal winner thank year wave sausage worth useful legal winner thank yellow')
 * checkMnemonic('legal winer …') // throws: Word 2 is not in the word list. …
 */
export function checkMnemonic(mnemonic: string, options: MnemonicOptions = {}): void {
  canonicalWords(mnemonic, options.wordlist)
}

/**
 * The seed of a mnemonic: 64 bytes, for the caller to wipe. By the platform's WebCrypto where there is one, by noble
 * elsewhere, with the same result. A passphrase counts to the last blank. Throws `INVALID_MNEMONIC`.
 *
 * @example
 * const seed = await mnemonicToSeed(mnemonic, { passphrase: 'TREZOR' })
 */
export async function mnemonicToSeed(
  mnemonic: string,
  options: MnemonicOptions & { readonly passphrase?: string | undefined } = {},
): Promise<Uint8Array> {
  return stretch(seedInput(mnemonic, options))
}

/** What the seed is made of, as bytes that can be wiped; strings cannot. */
export interface SeedInput {
  readonly words: Uint8Array<ArrayBuffer>
  readonly salt: Uint8Array<ArrayBuffer>
}

/** Checks a mnemonic and turns it into bytes. */
export function seedInput(
  mnemonic: string,
  { passphrase = '', wordlist }: MnemonicOptions & { readonly passphrase?: string | undefined },
): SeedInput {
  if (typeof passphrase !== 'string' || /\p{Surrogate}/u.test(passphrase))
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message: 'A passphrase is a text of whole Unicode characters.',
    })
  const encoder = new TextEncoder()
  return {
    words: encoder.encode(canonicalWords(mnemonic, wordlist)),
    salt: encoder.encode(`mnemonic${passphrase.normalize('NFKD')}`),
  }
}

/** PBKDF2 of BIP-39; wipes its input, whatever happens. */
export async function stretch({ words, salt }: SeedInput): Promise<Uint8Array> {
  try {
    return (
      (await stretchByPlatform(words, salt)) ??
      (await pbkdf2Async(sha512, words, salt, { c: 2048, dkLen: 64 }))
    )
  } finally {
    words.fill(0)
    salt.fill(0)
  }
}

/** `undefined` where WebCrypto is missing (plain http, React Native) or does not know PBKDF2. */
async function stretchByPlatform(
  words: Uint8Array<ArrayBuffer>,
  salt: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array | undefined> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle as SubtleCrypto | undefined
  if (!subtle) return undefined
  try {
    const key = await subtle.importKey('raw', words, 'PBKDF2', false, ['deriveBits'])
    return new Uint8Array(
      await subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-512', salt, iterations: 2048 }, key, 512),
    )
  } catch {
    return undefined
  }
}

/** The words as BIP-39 hashes them: NFKD, one blank between. */
function canonicalWords(mnemonic: string, wordlist: Wordlist = english): string {
  checkWordlist(wordlist)
  if (typeof mnemonic !== 'string') throw wrong('A mnemonic is a text of words.')
  const words = splitWords(mnemonic.normalize('NFKD').toLowerCase())
  if (!WORDS.includes(words.length))
    throw wrong(`A mnemonic has 12, 15, 18, 21 or 24 words; this one has ${words.length}.`)
  const unknown = words.flatMap((word, i) => (wordlist.includes(word) ? [] : [i + 1]))
  if (unknown.length === words.length)
    throw wrong('None of the words is in the word list. Is it of another language?', unknown)
  if (unknown.length > 0)
    throw wrong(
      unknown.length === 1
        ? `Word ${unknown[0]} is not in the word list. Check its spelling.`
        : `Words ${unknown.join(', ')} are not in the word list. Check their spelling.`,
      unknown,
    )
  if (!checksumHolds(words, wordlist))
    throw wrong(
      'Every word is in the list, but together they fail the checksum: a word is wrong, or two are swapped.',
    )
  return words.join(' ')
}

/** By hand: a regular expression leaves what it met in `RegExp.input`, where the whole program can read it. */
function splitWords(text: string): string[] {
  const words: string[] = []
  let isInside = false
  for (const letter of text) {
    const isBlank = letter.trim() === ''
    if (!isBlank) words.push(isInside ? words.pop()! + letter : letter)
    isInside = !isBlank
  }
  return words
}

function checkWordlist(wordlist: Wordlist): void {
  if (!Array.isArray(wordlist) || wordlist.length !== 2048)
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message:
        'A word list has 2,048 words. Import one: @coffer/signer-software/wordlists/japanese, and so on.',
    })
}

function wrong(message: string, words: readonly number[] = []): CofferError {
  return new CofferError({ code: 'INVALID_MNEMONIC', message, details: words.length > 0 ? { words } : {} })
}
