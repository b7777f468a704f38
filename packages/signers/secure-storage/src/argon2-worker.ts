import { argon2id } from '@noble/hashes/argon2.js'
import type { Argon2Request } from './argon2-request.ts'
import { argon2ByWasm } from './argon2-wasm.ts'

/** The part of a worker's global object that is needed. */
export interface WorkerScope {
  onmessage: ((event: { readonly data: Argon2Request }) => unknown) | null
  postMessage(message: unknown, transfer?: ArrayBuffer[]): void
}

/**
 * Computes Argon2id in a worker that is a file of the app, for pages whose content security policy allows no `blob:` workers, as
 * browser extensions. Where the policy of the worker forbids WebAssembly as well (no `wasm-unsafe-eval`), it takes four times as long.
 *
 * @example
 * // argon2.worker.ts
 * import { serveArgon2 } from '@coffer/signer-secure-storage/argon2-worker'
 * serveArgon2()
 *
 * // in the page
 * const worker = () => new Worker(new URL('./argon2.worker.ts', import.meta.url), { type: 'module' })
 * const vault = await openVault({ store, worker })
 */
export function serveArgon2(scope: WorkerScope = globalThis as unknown as WorkerScope): void {
  scope.onmessage = async ({ data }) => {
    try {
      const result = await argon2Here(data)
      scope.postMessage(result, [result.buffer as ArrayBuffer])
    } catch {
      scope.postMessage(null)
    } finally {
      data.password.fill(0)
    }
  }
  scope.postMessage('ready')
}

async function argon2Here(request: Argon2Request): Promise<Uint8Array> {
  try {
    return await argon2ByWasm(request)
  } catch {
    // Imported from the start, since a worker of one file is what every bundler can make.
    const { password, salt, memory, passes, lanes } = request
    return argon2id(password, salt, { m: memory, t: passes, p: lanes, dkLen: 32 })
  }
}
