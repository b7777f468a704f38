import { argon2id } from 'hash-wasm'
import type { Argon2Request } from './argon2-request.ts'

/** On this thread, which it blocks for as long as it takes. */
export function argon2ByWasm({ password, salt, memory, passes, lanes }: Argon2Request): Promise<Uint8Array> {
  return argon2id({
    password,
    salt,
    memorySize: memory,
    iterations: passes,
    parallelism: lanes,
    hashLength: 32,
    outputType: 'binary',
  })
}
