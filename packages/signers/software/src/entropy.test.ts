import { entropyToMnemonic, mnemonicToEntropy, validateMnemonic } from '@scure/bip39'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checksumHolds, wordsOf } from './entropy.ts'
import { wordlist as english } from './wordlists/english.ts'
import { wordlist as japanese } from './wordlists/japanese.ts'

const entropies = fc
  .constantFrom(16, 20, 24, 28, 32)
  .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }))

it.each([{ wordlist: english }, { wordlist: japanese }])(
  'agrees with scure on the words of any entropy',
  ({ wordlist }) => {
    fc.assert(
      fc.property(entropies, (entropy) => {
        const words = wordsOf(entropy, wordlist)
        const theirs = entropyToMnemonic(entropy, wordlist as string[])
        expect(words).toEqual(theirs.split(/[ \u3000]/))
        expect(checksumHolds(words, wordlist)).toBe(true)
        expect(mnemonicToEntropy(theirs, wordlist as string[])).toEqual(entropy)
      }),
      { numRuns: 200 },
    )
  },
)

it('agrees with scure on which words fail the checksum', () => {
  const held = new Set<boolean>()
  fc.assert(
    fc.property(entropies, fc.nat(23), fc.nat(2047), (entropy, place, index) => {
      const words = wordsOf(entropy, english)
      words[place % words.length] = english[index]!
      const holds = checksumHolds(words, english)
      held.add(holds)
      expect(holds).toBe(validateMnemonic(words.join(' '), english as string[]))
    }),
    { numRuns: 1_000 },
  )
  expect(held).toEqual(new Set([true, false]))
})

it('leaves the entropy as it was', () => {
  const entropy = new Uint8Array(16).fill(9)
  wordsOf(entropy, english)
  expect(entropy).toEqual(new Uint8Array(16).fill(9))
})
