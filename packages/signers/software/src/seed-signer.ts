import { CofferError, type Engine, hdFromSeed, nobleEngine, type Signer } from '@coffer/core'
import { hdKeys } from './hd-keys.ts'
import { makeSigner } from './signer.ts'

export interface SeedSignerOptions {
  /** 16 to 64 bytes. Copied: the caller's array can be wiped at once. */
  readonly seed: Uint8Array
  /** Pure JavaScript when not given. */
  readonly engine?: Engine | undefined
}

/**
 * A signer over a BIP-32 seed, as {@link mnemonicToSeed} or a backup gives it. Throws `INVALID_KEY`.
 *
 * @example
 * const seed = await mnemonicToSeed(mnemonic)
 * const signer = seedSigner({ seed })
 * seed.fill(0)
 */
export function seedSigner(options: SeedSignerOptions): Signer {
  const { engine = nobleEngine } = options
  if (!(options.seed instanceof Uint8Array) || options.seed.length < 16 || options.seed.length > 64)
    throw new CofferError({ code: 'INVALID_KEY', message: 'A seed has 16 to 64 bytes in a Uint8Array.' })
  const seed = Uint8Array.from(options.seed)
  const close = (): void => void seed.fill(0)
  return makeSigner(
    {
      keys: 'hd',
      open: () => {
        const keys = hdKeys(hdFromSeed(seed, engine))
        close()
        return keys
      },
      close,
    },
    engine,
  )
}
