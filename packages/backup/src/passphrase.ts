import { CofferError, randomBytes } from '@coffer/core'
import { wordlist } from '@coffer/signer-software/wordlists/english'

/** 66 bits, with a scrypt of a second or two in front of each guess. */
const WORDS = 6

/**
 * A passphrase of six random words, for a backup that lies where others can copy it.
 *
 * @example
 * generatePassphrase() // 'tiger lamp ocean quit virus motor'
 */
export function generatePassphrase(): string {
  const random = randomBytes(WORDS * 2)
  const words = Array.from(
    { length: WORDS },
    (_, i) => wordlist[((random[2 * i]! << 8) | random[2 * i + 1]!) & 2047]!,
  )
  random.fill(0)
  return words.join(' ')
}

/** Throws `WEAK_PASSWORD` for what a copy of the backup could be opened with by trying: a PIN, a word or two. */
export function checkPassphrase(passphrase: string): void {
  const length = typeof passphrase === 'string' ? [...passphrase].length : 0
  if (length >= 12 && [...passphrase].some((letter) => !'0123456789 -./'.includes(letter))) return
  throw new CofferError({
    code: 'WEAK_PASSWORD',
    message:
      'A backup needs a passphrase of 12 characters or more, not all of them digits: whoever copies it can try millions. Five random words are good.',
  })
}
