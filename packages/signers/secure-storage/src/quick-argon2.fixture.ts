import { throwIfAborted } from '@coffer/core'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Argon2Options } from './argon2.ts'
import type { Argon2Request } from './argon2-request.ts'

/** In place of Argon2id, in tests that turn a password into a key a thousand times and are about something else. */
export async function argon2id(
  { password, salt, memory, passes, lanes }: Argon2Request,
  { signal }: Argon2Options = {},
): Promise<Uint8Array> {
  throwIfAborted(signal)
  const cost = new Uint8Array(new Uint32Array([memory, passes, lanes]).buffer)
  return hmac.create(sha256, salt).update(cost).update(password).digest()
}
