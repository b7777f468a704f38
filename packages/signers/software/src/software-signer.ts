import { type Engine, hdFromSeed, nobleEngine, type Signer } from '@coffer/core'
import { hdKeys } from './hd-keys.ts'
import { type SeedInput, seedInput, stretch } from './mnemonic.ts'
import { makeSigner } from './signer.ts'
import type { Wordlist } from './wordlist.ts'

export interface SoftwareSignerOptions {
  readonly mnemonic: string
  /** The "25th word": another passphrase is another wallet, and none is wrong. Empty when not given. */
  readonly passphrase?: string | undefined
  /** English when not given. */
  readonly wordlist?: Wordlist | undefined
  /** Pure JavaScript when not given. */
  readonly engine?: Engine | undefined
}

/**
 * A signer over a mnemonic. The words are checked at once (`INVALID_MNEMONIC`) and kept as bytes until the first key is
 * needed; then the seed is made, and words, passphrase and seed are wiped.
 *
 * @example
 * const signer = softwareSigner({ mnemonic })
 * const wallet = createWallet({ chains: [ethereum()], signer })
 */
export function softwareSigner(options: SoftwareSignerOptions): Signer {
  const { mnemonic, passphrase, wordlist, engine = nobleEngine } = options
  let input: SeedInput | undefined = seedInput(mnemonic, { passphrase, wordlist })
  const close = (): void => {
    input?.words.fill(0)
    input?.salt.fill(0)
    input = undefined
  }
  return makeSigner(
    {
      keys: 'hd',
      open: async () => {
        // A copy, so that a failure leaves the words for another try.
        const { words, salt } = input!
        const seed = await stretch({ words: Uint8Array.from(words), salt: Uint8Array.from(salt) })
        try {
          return hdKeys(hdFromSeed(seed, engine))
        } finally {
          seed.fill(0)
          close()
        }
      },
      close,
    },
    engine,
  )
}
