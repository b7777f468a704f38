import { throwIfAborted } from '@coffer/core'
import type { Argon2Request } from './argon2-request.ts'

/** So long at a time that a page draws every frame. */
const SLICE = 6

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
  const isPage = typeof Worker === 'function' && typeof URL.createObjectURL === 'function'
  if (isPage) {
    const { argon2InWorker } = await import('./argon2-worker.ts')
    const result = await argon2InWorker(request, signal)
    if (result) return result
  } else if (typeof WebAssembly === 'object') {
    const { argon2ByWasm } = await import('./argon2-wasm.ts')
    const result = await argon2ByWasm(request)
    throwIfAborted(signal)
    return result
  }
  const { argon2idAsync } = await import('@noble/hashes/argon2.js')
  const { password, salt, memory: m, passes: t, lanes: p } = request
  const result = await argon2idAsync(password, salt, {
    m,
    t,
    p,
    dkLen: 32,
    asyncTick: SLICE,
    // Called between slices: the only place where it can be stopped.
    onProgress: () => throwIfAborted(signal),
  })
  throwIfAborted(signal)
  return result
}
