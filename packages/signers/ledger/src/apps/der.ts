import { CofferError } from '@coffer/core'

/**
 * An ECDSA signature in DER (BIP-66), with or without the byte of its type, as r ‖ s. Throws `SIGNATURE_WRONG` for what is none.
 *
 * @see https://github.com/bitcoin/bips/blob/master/bip-0066.mediawiki
 */
export function ecdsaOfDer(der: Uint8Array): Uint8Array {
  const [tag, length = 0] = der
  if (tag !== 0x30 || der.length < length + 2) throw wrong()
  const out = new Uint8Array(64)
  let at = 2
  for (const end of [32, 64]) {
    const size = der[at + 1] ?? 0
    const value = der.subarray(at + 2, at + 2 + size)
    const number = value[0] === 0 ? value.subarray(1) : value
    if (der[at] !== 0x02 || size === 0 || value.length !== size || number.length > 32) throw wrong()
    out.set(number, end - number.length)
    at += 2 + size
  }
  if (at !== length + 2) throw wrong()
  return out
}

function wrong(): CofferError {
  return new CofferError({
    code: 'SIGNATURE_WRONG',
    message: 'What the Ledger returned is not a signature. It was thrown away; update the app on the device.',
  })
}
