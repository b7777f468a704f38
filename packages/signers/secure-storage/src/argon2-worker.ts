/// <reference path="./raw.d.ts" />
import { orAbort } from '@coffer/core'
import hashWasm from 'hash-wasm/dist/argon2.umd.min.js?raw'
import type { Argon2Request } from './argon2-request.ts'

/** The text of a worker that needs nothing else, so that no bundler has to know of it. */
const SOURCE = `${hashWasm}
onmessage = async ({ data }) => {
  try {
    const result = await self.hashwasm.argon2id({ ...data, hashLength: 32, outputType: 'binary' })
    data.password.fill(0)
    postMessage(result, [result.buffer])
  } catch {
    postMessage(null)
  }
}
postMessage('ready')`

/** A worker that a page does not allow says so late or never. */
const PATIENCE = 2_000

/** Giving back the memory of a worker holds up the page's own for 10 milliseconds; so long after, the page has gone on. */
const LINGER = 100

/** The result of a worker of its own, ended afterwards with all its memory; `undefined` where the page cannot have one. Throws `ABORTED`. */
export async function argon2InWorker(
  request: Argon2Request,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const starting = startWorker()
  // Also one that starts after nobody waits for it any more.
  const end = (): void => void starting.then((worker) => worker?.terminate())
  try {
    const worker = await orAbort(starting, signal)
    const result = worker && (await orAbort(resultOf(worker, request), signal))
    setTimeout(end, LINGER)
    return result
  } catch (error) {
    end()
    throw error
  }
}

function resultOf(
  worker: Worker,
  { password, salt, memory, passes, lanes }: Argon2Request,
): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    worker.onerror = (event) => {
      event.preventDefault()
      resolve(undefined)
    }
    worker.onmessage = ({ data }: MessageEvent<Uint8Array | null>) => resolve(data ?? undefined)
    worker.postMessage({ password, salt, memorySize: memory, iterations: passes, parallelism: lanes })
  })
}

function startWorker(): Promise<Worker | undefined> {
  return new Promise((resolve) => {
    let worker: Worker | undefined
    const url = URL.createObjectURL(new Blob([SOURCE], { type: 'text/javascript' }))
    const timer = setTimeout(() => done(undefined), PATIENCE)
    const done = (result: Worker | undefined): void => {
      clearTimeout(timer)
      URL.revokeObjectURL(url)
      if (!result) worker?.terminate()
      resolve(result)
    }
    try {
      worker = new Worker(url)
      worker.onmessage = () => done(worker)
      worker.onerror = (event) => {
        // It is told by the answer; a page should not hear of it as its own error.
        event.preventDefault()
        done(undefined)
      }
    } catch {
      done(undefined)
    }
  })
}
