/// <reference path="./raw.d.ts" />
import { orAbort } from '@coffer/core'
import hashWasm from 'hash-wasm/dist/argon2.umd.min.js?raw'
import type { Argon2Request } from './argon2-request.ts'

/** The part of a `Worker` that is needed. */
export interface Argon2Worker {
  onmessage: ((event: never) => unknown) | null
  onerror: ((event: never) => unknown) | null
  postMessage(message: unknown): void
  terminate(): void
}

/** The text of a worker that needs nothing else, so that no bundler has to know of it. Its messages are those of `serveArgon2`. */
const SOURCE = `${hashWasm}
onmessage = async ({ data: { password, salt, memory, passes, lanes } }) => {
  try {
    const result = await self.hashwasm.argon2id({
      password, salt, memorySize: memory, iterations: passes, parallelism: lanes, hashLength: 32, outputType: 'binary'
    })
    postMessage(result, [result.buffer])
  } catch {
    postMessage(null)
  } finally {
    password.fill(0)
  }
}
postMessage('ready')`

/** A worker that a page does not allow says so late or never. */
const PATIENCE = 2_000

/** Giving back the memory of a worker holds up the page's own for 10 milliseconds; so long after, the page has gone on. */
const LINGER = 100

/** A worker of {@link SOURCE}. */
export function blobWorker(): Argon2Worker {
  url ??= URL.createObjectURL(new Blob([SOURCE], { type: 'text/javascript' }))
  return new Worker(url)
}

let url: string | undefined

/** The result of a new worker, ended afterwards with all its memory; `undefined` where the page cannot have one. Throws `ABORTED`. */
export async function argon2InWorker(
  make: () => Argon2Worker,
  request: Argon2Request,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  let worker: Argon2Worker
  try {
    worker = make()
  } catch {
    return undefined
  }
  try {
    const result = await orAbort(resultOf(worker, request), signal)
    setTimeout(() => worker.terminate(), LINGER)
    return result
  } catch (error) {
    worker.terminate()
    throw error
  }
}

function resultOf(worker: Argon2Worker, request: Argon2Request): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const patience = setTimeout(() => resolve(undefined), PATIENCE)
    worker.onerror = (event: ErrorEvent) => {
      // It is told by the answer; a page should not hear of it as its own error.
      event.preventDefault()
      clearTimeout(patience)
      resolve(undefined)
    }
    worker.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data === 'ready') {
        clearTimeout(patience)
        worker.postMessage(request)
      } else if (data === null) resolve(undefined)
      else if (data instanceof Uint8Array && data.length === 32) resolve(data)
    }
  })
}
