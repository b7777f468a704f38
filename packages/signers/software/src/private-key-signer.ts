import { CofferError, type Engine, fingerprintOf, nobleEngine, type Signer } from '@coffer/core'
import { makeSigner } from './signer.ts'

export interface PrivateKeySignerOptions {
  /** 32 bytes, copied; or 64 hex digits, with or without `0x`. */
  readonly privateKey: Uint8Array | string
  /** Pure JavaScript when not given. */
  readonly engine?: Engine | undefined
}

/**
 * A signer over one private key. It derives nothing: its only path is `m`. Throws `INVALID_KEY`.
 *
 * @example
 * const signer = privateKeySigner({ privateKey: '0x…' })
 * await signer.publicKey('m')
 */
export function privateKeySigner(options: PrivateKeySignerOptions): Signer {
  const { engine = nobleEngine } = options
  const secret = readKey(options.privateKey)
  if (!secret || !engine.isSecret(secret)) {
    secret?.fill(0)
    throw new CofferError({
      code: 'INVALID_KEY',
      message:
        'This is not a private key. It is 32 bytes, or 64 hex digits, and lies between 1 and n − 1 of secp256k1.',
    })
  }
  const wipe = (): void => void secret.fill(0)
  return makeSigner(
    {
      keys: 'single',
      open: () => ({
        derive: (path) => {
          if (path.length > 0)
            throw new CofferError({
              code: 'INVALID_PATH',
              message: 'This signer holds a single key, so its only path is m.',
            })
          const publicKey = engine.publicKey(secret)
          const fingerprint = fingerprintOf(publicKey)
          return { secret: Uint8Array.from(secret), publicKey, public: { publicKey, fingerprint, path: 'm' } }
        },
        wipe,
      }),
      close: wipe,
    },
    engine,
  )
}

function readKey(key: Uint8Array | string): Uint8Array | undefined {
  if (typeof key !== 'string') return key instanceof Uint8Array ? Uint8Array.from(key) : undefined
  return hexBytes(key.startsWith('0x') ? key.slice(2) : key)
}

/** By hand: a regular expression leaves what it met in `RegExp.input`, where the whole program can read it. */
function hexBytes(text: string): Uint8Array | undefined {
  if (text.length !== 64) return undefined
  const digits = Array.from(text.toLowerCase(), (letter) => '0123456789abcdef'.indexOf(letter))
  if (digits.length !== 64 || digits.includes(-1)) return undefined
  return Uint8Array.from({ length: 32 }, (_, i) => digits[2 * i]! * 16 + digits[2 * i + 1]!)
}
