import { CofferError } from '@coffer/core'

/** Half of the order of secp256k1, rounded down. */
const HALF_ORDER = '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0'

/**
 * Writes an ECDSA signature of 64 bytes (r ‖ s) in DER, as scripts and witnesses hold it before the byte of its type: 70 bytes or
 * 71, rarely fewer, when s is low.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0066.mediawiki
 */
export function derEncode(signature: Uint8Array): Uint8Array {
  if (signature.length !== 64) throw wrong('It is not of 64 bytes.')
  const r = integer(signature.subarray(0, 32))
  const s = integer(signature.subarray(32))
  return Uint8Array.of(0x30, r.length + s.length + 4, 2, r.length, ...r, 2, s.length, ...s)
}

/** Reads what {@link derEncode} writes, and nothing else. Throws `INVALID_SIGNATURE`. */
export function derDecode(der: Uint8Array): Uint8Array {
  if (der.length < 8 || der.length > 72) throw wrong('Its length is that of no signature.')
  if (der[0] !== 0x30 || der[1] !== der.length - 2) throw wrong('It does not begin as a signature does.')
  const signature = new Uint8Array(64)
  const middle = readInteger(der, 2, signature.subarray(0, 32))
  if (readInteger(der, middle, signature.subarray(32)) !== der.length)
    throw wrong('There are bytes left over at its end.')
  return signature
}

/** Whether s is in the lower half, the only one that nodes pass on. */
export function isLowS(signature: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) {
    const limit = Number.parseInt(HALF_ORDER.slice(2 * i, 2 * i + 2), 16)
    if (signature[32 + i] !== limit) return signature[32 + i]! < limit
  }
  return true
}

/** Big-endian, in the fewest bytes that keep it positive. */
function integer(bytes: Uint8Array): Uint8Array {
  let from = 0
  while (from < 31 && bytes[from] === 0) from++
  if (bytes[from]! < 0x80) return bytes.subarray(from)
  const padded = new Uint8Array(33 - from)
  padded.set(bytes.subarray(from), 1)
  return padded
}

/** Reads the integer at `at` into the 32 bytes of `target`; returns where it ends. */
function readInteger(der: Uint8Array, at: number, target: Uint8Array): number {
  const length = der[at + 1] ?? 0
  const from = at + 2
  const end = from + length
  if (der[at] !== 2 || length === 0 || end > der.length) throw wrong('A number in it has a wrong length.')
  if (der[from]! >= 0x80) throw wrong('A number in it is negative.')
  const isPadded = der[from] === 0 && length > 1
  if (isPadded && der[from + 1]! < 0x80)
    throw wrong('A number in it is written in a longer form than needed.')
  const digits = der.subarray(isPadded ? from + 1 : from, end)
  if (digits.length > 32) throw wrong('A number in it is too large.')
  target.set(digits, 32 - digits.length)
  return end
}

function wrong(reason: string): CofferError {
  return new CofferError({ code: 'INVALID_SIGNATURE', message: `This is no signature in DER. ${reason}` })
}
