import { CofferError } from '@coffer/core'

/**
 * In three groups of 32; the place in the group is one symbol, the groups of three characters another one.
 */
const CHARACTERS =
  '0123456789()[],\'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#"\\ '
const SYMBOLS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const LENGTH = 8
/** The generator of the code, each number of 40 bits as two of 20. */
const GENERATOR = [
  [0xf5dee, 0x51989],
  [0xa9fdc, 0xa3312],
  [0x1bab1, 0x0e32d],
  [0x3706b, 0x1677a],
  [0x644d6, 0x26ffd],
] as const

/**
 * The eight characters that stand after the `#` of a descriptor. `undefined` when a character is none that
 * descriptors have.
 *
 * @example
 * descriptorChecksum('raw(deadbeef)') // '89f8spxm'
 * @see https://github.com/bitcoin/bips/blob/master/bip-0380.mediawiki
 */
export function descriptorChecksum(descriptor: string): string | undefined {
  let high = 0
  let low = 1
  const add = (symbol: number): void => {
    const top = high >> 15
    high = ((high & 0x7fff) << 5) | (low >> 15)
    low = ((low & 0x7fff) << 5) ^ symbol
    for (let bit = 0; bit < GENERATOR.length; bit++) {
      if (((top >> bit) & 1) === 0) continue
      const [first, second] = GENERATOR[bit]!
      high ^= first
      low ^= second
    }
  }
  let groups = 0
  let pending = 0
  for (const character of descriptor) {
    const place = CHARACTERS.indexOf(character)
    if (place < 0) return undefined
    add(place & 31)
    groups = groups * 3 + (place >> 5)
    if (++pending === 3) {
      add(groups)
      groups = 0
      pending = 0
    }
  }
  if (pending > 0) add(groups)
  for (let i = 0; i < LENGTH; i++) add(0)
  low ^= 1
  let text = ''
  for (let i = LENGTH - 1; i >= 0; i--)
    text += SYMBOLS[(i >= 4 ? high >> (5 * (i - 4)) : low >> (5 * i)) & 31]
  return text
}

/**
 * Takes the checksum off a descriptor, where it has one. Throws `INVALID_ACCOUNT` for a wrong one, and for
 * characters that no descriptor has.
 *
 * @example
 * withoutChecksum('raw(deadbeef)#89f8spxm') // 'raw(deadbeef)'
 */
export function withoutChecksum(text: string): string {
  const at = text.indexOf('#')
  const descriptor = at < 0 ? text : text.slice(0, at)
  const expected = descriptorChecksum(descriptor)
  if (expected === undefined) throw wrong('It has a character that no descriptor has.')
  if (at < 0) return descriptor
  const given = text.slice(at + 1)
  if (given.length !== LENGTH) throw wrong('After its # stand eight characters.')
  if (given !== expected) throw wrong('Its checksum is wrong, so a part of it was changed or left out.')
  return descriptor
}

function wrong(reason: string): CofferError {
  return new CofferError({
    code: 'INVALID_ACCOUNT',
    message: `This descriptor cannot be used. ${reason} Copy it again from where it was made.`,
  })
}
