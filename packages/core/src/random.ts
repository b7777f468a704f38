import { CofferError } from './error.ts'

/**
 * Bytes from the platform's secure generator, asked directly: nothing else is mixed in, and nothing takes its place.
 *
 * Throws `NO_RANDOMNESS` where there is no `crypto.getRandomValues`, and `WEAK_RANDOMNESS` when it is plainly broken: all
 * bytes equal, or the same bytes twice. A good generator fails that test once in 2^120 draws of 16 bytes; ask for 12 or more.
 *
 * @example
 * const salt = randomBytes(16)
 */
export function randomBytes(length: number): Uint8Array {
  const first = draw(length)
  const second = draw(length)
  const weak = isConstant(first) || isConstant(second) || first.every((byte, i) => byte === second[i])
  second.fill(0)
  if (!weak) return first
  first.fill(0)
  throw new CofferError({
    code: 'WEAK_RANDOMNESS',
    message: 'The crypto.getRandomValues of this platform repeats itself. Make no keys here.',
  })
}

function draw(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  try {
    globalThis.crypto.getRandomValues(bytes)
  } catch (cause) {
    throw new CofferError({
      code: 'NO_RANDOMNESS',
      message:
        'This platform has no crypto.getRandomValues. Install one (react-native-get-random-values in React Native).',
      cause,
    })
  }
  return bytes
}

function isConstant(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === bytes[0])
}
