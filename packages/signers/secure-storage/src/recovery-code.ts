import { CofferError, randomBytes } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { base32crockford } from '@scure/base'
import { concat } from './bytes.ts'

/** 152 bits: nobody tries them, so nothing needs to be slow. */
const LENGTH = 19

/** 32 letters and digits in groups of four, for paper; the last byte is a check. The material is the caller's to wipe. */
export function newRecoveryCode(): { readonly code: string; readonly material: Uint8Array } {
  const material = randomBytes(LENGTH)
  const bytes = concat(material, checkOf(material))
  const code = base32crockford.encode(bytes)
  bytes.fill(0)
  return { code: code.replace(/(.{4})(?=.)/g, '$1-'), material }
}

/** Capital letters or not, with or without dashes; O, I and L count as 0 and 1. Throws `INVALID_KEY` for a slip of the pen. */
export function readRecoveryCode(code: string): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = base32crockford.decode(
      code.replace(/[\s-]/g, '').toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1'),
    )
  } catch {
    throw mistyped()
  }
  const material = bytes.slice(0, LENGTH)
  const isRight = bytes.length === LENGTH + 1 && checkOf(material)[0] === bytes[LENGTH]
  bytes.fill(0)
  if (isRight) return material
  material.fill(0)
  throw mistyped()
}

const checkOf = (material: Uint8Array): Uint8Array => sha256(material).subarray(0, 1)

function mistyped(): CofferError {
  return new CofferError({
    code: 'INVALID_KEY',
    message: 'This is no recovery code: it has 32 letters and digits, and one of them is wrong or missing.',
  })
}
