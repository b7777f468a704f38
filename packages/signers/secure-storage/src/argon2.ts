import { throwIfAborted } from '@coffer/core'
import type { Argon2Worker } from './argon2-in-worker.ts'
import type { Argon2Request } from './argon2-request.ts'

/** How Argon2id runs. */
export interface Argon2Options {
  readonly signal?: AbortSignal | undefined
  /** A worker of the app's own, on which `serveArgon2` runs; new at each call. */
  readonly worker?: (() => Argon2Worker) | undefined
}

/**
 * Argon2id of RFC 9106, 32 bytes. In a page it runs in a worker, by WebAssembly; where a page may have no worker, and on platforms
 * without WebAssembly, in slices of this thread, which takes four times as long and blocks nothing; in Node on this thread by
 * WebAssembly. All give the same. Throws `ABORTED`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9106
 */
export async function argon2id(request: Argon2Request, options: Argon2Options = {}): Promise<Uint8Array> {
  const { signal } = options
  throwIfAborted(signal)
  const result = await elsewhere(request, options)
  throwIfAborted(signal)
  if (result) return result
  const { argon2InSlices } = await import('./argon2-slices.ts')
  return argon2InSlices(request, signal)
}

/** In a worker or by WebAssembly; `undefined` where neither can be had. */
async function elsewhere(
  request: Argon2Request,
  { signal, worker }: Argon2Options,
): Promise<Uint8Array | undefined> {
  if (worker || (typeof Worker === 'function' && typeof URL.createObjectURL === 'function')) {
    const { argon2InWorker, blobWorker } = await import('./argon2-in-worker.ts')
    return argon2InWorker(worker ?? blobWorker, request, signal)
  }
  if (typeof WebAssembly !== 'object') return undefined
  const { argon2ByWasm } = await import('./argon2-wasm.ts')
  try {
    return await argon2ByWasm(request)
  } catch {
    // A content security policy may forbid it, as in an extension.
    return undefined
  }
}
