import { type AccountDescriptor, CofferError, type KeyRing, nobleEngine } from '@coffer/core'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { parseAddress } from './address.ts'
import type { Address, Hex } from './intent.ts'
import { accountKey, signerOf, signHash } from './keys.ts'
import { formatSignature, parseSignature, recoverAddress } from './signature.ts'

/**
 * Signs a message as TronLink's `signMessageV2` does: keccak-256 over a prefix, the length and the message, so
 * that it can never be a transaction. Text is signed as UTF-8. Returns r ‖ s ‖ v with v 27 or 28, in hex.
 *
 * Throws `INVALID_REQUEST` for text that has no UTF-8 form, `WRONG_ACCOUNT`, `SIGNATURE_WRONG`.
 *
 * @see https://github.com/tronprotocol/tips/blob/master/tip-191.md
 */
export async function signMessage(
  { account, message }: { account: AccountDescriptor; message: string | Uint8Array },
  keys: KeyRing,
): Promise<Hex> {
  const hash = hashMessage(message)
  const key = await accountKey(account, keys, nobleEngine)
  return formatSignature(await signHash(hash, key, nobleEngine))
}

/** True when `signature` (65 bytes in hex, v 27/28 or 0/1, low s) over `message` was made by `address`. */
export function verifyMessage({
  address,
  message,
  signature,
}: {
  address: string
  message: string | Uint8Array
  signature: string
}): boolean {
  const signer = parseAddress(address)
  const hash = hashMessage(message)
  try {
    return signerOf(hash, parseSignature(signature)) === signer
  } catch {
    return false
  }
}

/** Who signed a message. Throws `INVALID_SIGNATURE` when nobody can have. */
export function recoverMessage({
  message,
  signature,
}: {
  message: string | Uint8Array
  signature: string
}): Address {
  return recoverAddress(hashMessage(message), parseSignature(signature))
}

/** What is signed for a message. */
export function hashMessage(message: string | Uint8Array): Uint8Array {
  if (typeof message === 'string' && /\p{Surrogate}/u.test(message))
    throw new CofferError({
      code: 'INVALID_REQUEST',
      message:
        'The message holds half a character and has no UTF-8 form. Give it as bytes, or mend the text.',
    })
  const bytes = typeof message === 'string' ? utf8ToBytes(message) : message
  return keccak_256(concatBytes(utf8ToBytes(`\x19TRON Signed Message:\n${bytes.length}`), bytes))
}
