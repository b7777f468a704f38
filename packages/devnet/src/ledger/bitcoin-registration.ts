import { hmac } from '@noble/hashes/hmac.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { StatusWord } from './apdu.ts'
import type { AppContext } from './app.ts'
import { sameBytes } from './bitcoin-reader.ts'
import { WRONG_HMAC } from './bitcoin-status.ts'
import { concat, utf8 } from './byte-strings.ts'

/** The symmetric key that SLIP-21 derives from a seed at a label. */
function symmetricKey(seed: Uint8Array, label: string): Uint8Array {
  const master = hmac(sha512, utf8('Symmetric key seed'), seed)
  const node = hmac(sha512, master.slice(0, 32), concat(Uint8Array.of(0), utf8(label)))
  return node.slice(32)
}

/** Proves to the device that its owner registered a policy. */
export const registrationOf = (id: Uint8Array, { seed }: AppContext): Uint8Array =>
  hmac(sha256, symmetricKey(seed, 'LEDGER-Wallet policy'), id)

/** Whether a registration is given; throws 0xb008 for a false one. */
export function isRegistered(id: Uint8Array, registration: Uint8Array, context: AppContext): boolean {
  if (registration.every((byte) => byte === 0)) return false
  if (!sameBytes(registration, registrationOf(id, context))) throw new StatusWord(WRONG_HMAC)
  return true
}
