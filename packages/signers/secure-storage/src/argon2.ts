import { throwIfAborted } from '@coffer/core'
import type { Argon2Request } from './argon2-request.ts'

/**
 * Argon2id of RFC 9106, 32 bytes. In a page it runs in a worker, by WebAssembly; where a page may have no worker, and on platforms
 * without WebAssembly, in slices of this thread, which takes four times as long and blocks nothing; in Node on this thread by
 * WebAssembly. All give the same. Throws `ABORTED`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9106
 */
export async function argon2id(
  request: Argon2Request,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Uint8Array> {
  throwIfAborted(signal)
  const result = await byWasm(request, signal)
  throwIfAborted(signal)
  if (result) return result
  const { argon2InSlices } = await import('./argon2-slices.ts')
  return argon2InSlices(request, signal)
}

/** `undefined` where it cannot be had. */
async function byWasm(
  request: Argon2Request,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  if (typeof Worker === 'function' && typeof URL.createObjectURL === 'function') {
    const { argon2InWorker } = await import('./argon2-worker.ts')
    return argon2InWorker(request, signal)
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
