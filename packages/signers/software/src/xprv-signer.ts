import {
  CofferError,
  type Engine,
  type HdKey,
  hdFromXprv,
  hdWipe,
  type KeyOrigin,
  nobleEngine,
  parsePath,
  type Signer,
} from '@coffer/core'
import { hdKeys } from './hd-keys.ts'
import { makeSigner } from './signer.ts'

export interface XprvSignerOptions {
  /** `xprv…`, or `tprv…` with `testnet`. */
  readonly xprv: string
  /** Where the key stands in its tree. Needed unless it is the root. */
  readonly origin?: KeyOrigin | undefined
  readonly testnet?: boolean | undefined
  /** Pure JavaScript when not given. */
  readonly engine?: Engine | undefined
}

/**
 * A signer over an extended private key: all keys at and below it. Paths are whole, from the root, and those that do not
 * begin with the origin's are `INVALID_PATH`. Throws `INVALID_KEY` for a broken key or an origin that does not fit.
 *
 * @example
 * const signer = xprvSigner({ xprv, origin: { fingerprint: 'd34db33f', path: 'm/84h/0h/0h' } })
 * await signer.publicKey('m/84h/0h/0h/0/0')
 */
export function xprvSigner(options: XprvSignerOptions): Signer {
  const { xprv, origin, testnet, engine = nobleEngine } = options
  const top = hdFromXprv(xprv, engine, { testnet })
  try {
    checkOrigin(top, origin)
  } catch (error) {
    hdWipe(top)
    throw error
  }
  const keys = hdKeys(top, origin)
  return makeSigner({ keys: 'hd', open: () => keys, close: () => keys.wipe() }, engine)
}

function checkOrigin(
  { depth, index, fingerprint, parentFingerprint }: HdKey,
  origin: KeyOrigin | undefined,
): void {
  if (!origin) {
    if (depth > 0)
      throw wrong(`This key is ${depth} levels below its root. Say where: origin: { fingerprint, path }.`)
    return
  }
  const path = parsePath(origin.path)
  if (!/^[0-9a-f]{8}$/.test(origin.fingerprint))
    throw wrong('The fingerprint of an origin is eight lower-case hex digits.')
  if (path.length !== depth)
    throw wrong(`This key is ${depth} levels below its root, but its origin has ${path.length}.`)
  if (depth > 0 && path.at(-1) !== index)
    throw wrong('The last step of the origin is not the one that made this key.')
  const root = depth === 0 ? fingerprint : depth === 1 ? parentFingerprint : origin.fingerprint
  if (root !== origin.fingerprint)
    throw wrong('The fingerprint of the origin is not that of the root of this key.')
}

function wrong(message: string): CofferError {
  return new CofferError({ code: 'INVALID_KEY', message })
}
