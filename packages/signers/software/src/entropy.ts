import { sha256 } from '@noble/hashes/sha2.js'
import type { Wordlist } from './wordlist.ts'

/*
 * Entropy as words and back, as BIP-39 says: the bits, then one bit of SHA-256 for each three words, in groups of eleven.
 * Here rather than in scure, whose arrays nobody wipes.
 */

/** The words of 16, 20, 24, 28 or 32 bytes. They stay the caller's to wipe; the copies made here are wiped. */
export function wordsOf(entropy: Uint8Array, wordlist: Wordlist): string[] {
  const bits = new Uint8Array(entropy.length + 1)
  bits.set(entropy)
  bits[entropy.length] = sha256(entropy)[0]!
  const words = Array.from({ length: (entropy.length / 4) * 3 }, (_, word) => {
    let index = 0
    for (let at = word * 11; at < word * 11 + 11; at++)
      index = (index << 1) | ((bits[at >> 3]! >> (7 - (at & 7))) & 1)
    return wordlist[index]!
  })
  bits.fill(0)
  return words
}

/** True when the checksum in 12, 15, 18, 21 or 24 words of the list is right. */
export function checksumHolds(words: readonly string[], wordlist: Wordlist): boolean {
  const sumBits = words.length / 3
  const bits = new Uint8Array(sumBits * 4 + 1)
  words.forEach((word, place) => {
    const index = wordlist.indexOf(word)
    for (let bit = 0; bit < 11; bit++) {
      const at = place * 11 + bit
      bits[at >> 3]! |= ((index >> (10 - bit)) & 1) << (7 - (at & 7))
    }
  })
  const sum = sha256(bits.subarray(0, -1))[0]! >> (8 - sumBits)
  const right = sum === bits.at(-1)! >> (8 - sumBits)
  bits.fill(0)
  return right
}
