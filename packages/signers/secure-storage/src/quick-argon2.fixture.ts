import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Argon2Request } from './argon2-request.ts'

/** In place of Argon2id, in tests that turn a password into a key a thousand times and are about something else. */
export async function argon2id({ password, salt }: Argon2Request): Promise<Uint8Array> {
  return hmac(sha256, salt, password)
}
