import { CofferError } from './error.ts'

/** Added to an index to harden it: `44h` is `44 + HARDENED`. */
export const HARDENED = 0x80000000

const PART = /^(0|[1-9][0-9]{0,9})(['hH]?)$/
const FINGERPRINT = /^[0-9a-f]{8}$/

/**
 * Reads a key path as indexes, hardened ones with {@link HARDENED} added. `'`, `h` and `H` all mean hardened.
 *
 * Throws `INVALID_PATH` for anything else than `m` followed by `/index` parts: white space, empty parts, leading zeros,
 * indexes of 2^31 and above, more than 255 levels.
 *
 * @example
 * parsePath("m/44'/60'/0'/0/0") // [2147483692, 2147483708, 2147483648, 0, 0]
 * @see https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki
 */
export function parsePath(text: string): readonly number[] {
  if (typeof text !== 'string' || text.length > 4096) throw wrong(text)
  const [root, ...parts] = text.split('/')
  if (root !== 'm' || parts.length > 255) throw wrong(text)
  return parts.map((part) => {
    const match = PART.exec(part)
    const index = Number(match?.[1])
    if (!match || index >= HARDENED) throw wrong(text)
    return match[2] === '' ? index : index + HARDENED
  })
}

/**
 * Writes indexes as a path in its canonical form, with `h` for hardened ones. Throws `INVALID_PATH`.
 *
 * @example
 * formatPath(parsePath("m/44'/60'/0'/0/0")) // 'm/44h/60h/0h/0/0'
 */
export function formatPath(indexes: readonly number[]): string {
  if (indexes.length > 255) throw wrong(indexes)
  return indexes.reduce((path, index) => {
    if (!Number.isInteger(index) || index < 0 || index >= 2 * HARDENED) throw wrong(index)
    return `${path}/${index < HARDENED ? index : `${index - HARDENED}h`}`
  }, 'm')
}

/** Where a key comes from: the fingerprint of its root key, and the path from there. */
export interface KeyOrigin {
  /** The first four bytes of the root key's HASH160, as eight lower-case hex digits. */
  readonly fingerprint: string
  /** Canonical, as {@link formatPath} writes it. */
  readonly path: string
}

/**
 * Writes a key origin as output descriptors do. Throws `INVALID_PATH`, or `INVALID_KEY` for a malformed fingerprint.
 *
 * @example
 * formatOrigin('d34db33f', "m/44'/60'/0'/0/0") // '[d34db33f/44h/60h/0h/0/0]'
 * formatOrigin('d34db33f', 'm') // '[d34db33f]'
 * @see https://github.com/bitcoin/bips/blob/master/bip-0380.mediawiki
 */
export function formatOrigin(fingerprint: string, path: string): string {
  if (!FINGERPRINT.test(fingerprint))
    throw new CofferError({
      code: 'INVALID_KEY',
      message: 'A key fingerprint is eight lower-case hex digits.',
    })
  return `[${fingerprint}${formatPath(parsePath(path)).slice(1)}]`
}

/**
 * Splits a descriptor into its key origin, if it begins with one, and the rest. The rest is for its chain to check.
 * Throws `INVALID_ACCOUNT` for a broken origin.
 *
 * @example
 * splitOrigin('[d34db33f/44h/60h/0h/0/0]eip155:1:0xab…')
 * // { origin: { fingerprint: 'd34db33f', path: 'm/44h/60h/0h/0/0' }, rest: 'eip155:1:0xab…' }
 * splitOrigin('eip155:1:0xab…') // { rest: 'eip155:1:0xab…' }
 */
export function splitOrigin(descriptor: string): { readonly origin?: KeyOrigin; readonly rest: string } {
  if (!descriptor.startsWith('[')) return { rest: descriptor }
  const end = descriptor.indexOf(']')
  const fingerprint = descriptor.slice(1, 9).toLowerCase()
  const tail = descriptor.slice(9, end)
  if (end < 9 || !FINGERPRINT.test(fingerprint) || (tail !== '' && !tail.startsWith('/'))) throw broken()
  try {
    return {
      origin: { fingerprint, path: formatPath(parsePath(`m${tail}`)) },
      rest: descriptor.slice(end + 1),
    }
  } catch (cause) {
    throw broken(cause)
  }
}

function wrong(value: unknown): CofferError {
  // Shown only when it looks like a path: what was passed by mistake may be a secret.
  const shown =
    typeof value === 'string' && /^[mM0-9'hH/ ]{1,80}$/.test(value) ? JSON.stringify(value) : 'This value'
  return new CofferError({
    code: 'INVALID_PATH',
    message: `${shown} is not a key path. Write it like m/44h/60h/0h/0/0, each index below 2147483648.`,
  })
}

function broken(cause?: unknown): CofferError {
  return new CofferError({
    code: 'INVALID_ACCOUNT',
    message: 'This account begins with a broken key origin. Write it like [d34db33f/44h/60h/0h/0/0].',
    cause,
  })
}
