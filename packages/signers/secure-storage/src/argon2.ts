import { throwIfAborted } from '@coffer/core'
import { argon2id as wasmArgon2id } from 'hash-wasm'

export interface Argon2Request {
  readonly password: Uint8Array
  readonly salt: Uint8Array
  /** KiB. */
  readonly memory: number
  readonly passes: number
  readonly lanes: number
}

/** Argon2id of RFC 9106, 32 bytes. Throws `ABORTED`. */
export async function argon2id(
  { password, salt, memory, passes, lanes }: Argon2Request,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Uint8Array> {
  throwIfAborted(signal)
  const result = await wasmArgon2id({
    password,
    salt,
    memorySize: memory,
    iterations: passes,
    parallelism: lanes,
    hashLength: 32,
    outputType: 'binary',
  })
  throwIfAborted(signal)
  return result
}
