import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { argon2id } from './argon2.ts'
import type { Argon2Worker } from './argon2-in-worker.ts'
import type { Argon2Request } from './argon2-request.ts'
import { serveArgon2, type WorkerScope } from './argon2-worker.ts'

// A worker of the app's own, in this thread: messages are copies, as between threads.

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Of the reference implementation (phc-winner-argon2). */
const REQUEST: Argon2Request = {
  password: text('password'),
  salt: text('somesalt'),
  memory: 256,
  passes: 2,
  lanes: 2,
}
const EXPECTED = '6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037'

interface Pair extends Argon2Worker {
  onmessage: ((event: { data: unknown }) => unknown) | null
  onerror: ((event: { preventDefault(): void }) => unknown) | null
  isEnded: boolean
  /** What it was asked, after it was done with it. */
  readonly asked: Argon2Request[]
}

const made: Pair[] = []

function pair(serve: (scope: WorkerScope) => void): () => Argon2Worker {
  return () => {
    const asked: Argon2Request[] = []
    const scope: WorkerScope = {
      onmessage: null,
      postMessage: (data) => void setTimeout(() => worker.isEnded || worker.onmessage?.({ data })),
    }
    const worker: Pair = {
      onmessage: null,
      onerror: null,
      isEnded: false,
      asked,
      terminate: () => {
        worker.isEnded = true
      },
      postMessage: (message) => {
        const data = structuredClone(message) as Argon2Request
        asked.push(data)
        scope.onmessage?.({ data })
      },
    }
    made.push(worker)
    serve(scope)
    return worker
  }
}

beforeEach(() => {
  made.length = 0
})
afterEach(() => vi.unstubAllGlobals())

it.each([
  ['by WebAssembly', undefined],
  ['without it', { compile: () => Promise.reject(new Error('unsafe-eval')) }],
])('computes in it %s, wipes its copy of the password, and ends it', async (_, wasm) => {
  if (wasm) vi.stubGlobal('WebAssembly', wasm)
  expect(hex(await argon2id(REQUEST, { worker: pair(serveArgon2) }))).toBe(EXPECTED)
  expect(made).toHaveLength(1)
  expect(made[0]!.asked.map(({ password }) => hex(password))).toEqual(['00'.repeat(8)])
  expect(hex(REQUEST.password)).toBe(hex(text('password')))
  // Not in the same breath, since that holds up the page.
  expect(made[0]!.isEnded).toBe(false)
  await vi.waitFor(() => expect(made[0]!.isEnded).toBe(true))
})

it('ends it at once when nobody waits for it any more', async () => {
  const controller = new AbortController()
  const silent = pair((scope) => scope.postMessage('ready'))
  const result = argon2id(REQUEST, { worker: silent, signal: controller.signal })
  await vi.waitFor(() => expect(made[0]?.asked).toHaveLength(1))
  controller.abort()
  await expect(result).rejects.toMatchObject({ code: 'ABORTED' })
  expect(made[0]!.isEnded).toBe(true)
})

it.each<[string, () => Argon2Worker]>([
  [
    'cannot be made',
    () => {
      throw new Error('a policy')
    },
  ],
  ['cannot compute', pair(serveNothing)],
  ['says something else', pair((scope) => setTimeout(() => scope.postMessage('hello')))],
])('computes on this thread where a worker %s', async (_, worker) => {
  expect(hex(await argon2id(REQUEST, { worker }))).toBe(EXPECTED)
})

it('computes on this thread where a worker does not start, which is no error of the page', async () => {
  const preventDefault = vi.fn()
  const worker = pair(() => setTimeout(() => made[0]!.onerror?.({ preventDefault })))
  expect(hex(await argon2id(REQUEST, { worker }))).toBe(EXPECTED)
  expect(preventDefault).toHaveBeenCalledOnce()
})

function serveNothing(scope: WorkerScope): void {
  scope.onmessage = () => scope.postMessage(null)
  scope.postMessage('ready')
}
