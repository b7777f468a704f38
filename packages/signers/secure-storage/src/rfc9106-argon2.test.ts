import { argon2id as nobleArgon2id } from '@noble/hashes/argon2.js'
import fc from 'fast-check'
import { afterEach, expect, it, vi } from 'vitest'
import { argon2id } from './argon2.ts'
import type { Argon2Request } from './argon2-request.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

afterEach(() => vi.unstubAllGlobals())

/** From the tests of the reference implementation (phc-winner-argon2), for version 19 without a secret. */
const VECTORS: [Argon2Request, string][] = [
  [
    { password: text('password'), salt: text('somesalt'), memory: 65536, passes: 2, lanes: 1 },
    '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7',
  ],
  [
    { password: text('password'), salt: text('somesalt'), memory: 256, passes: 2, lanes: 1 },
    '9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe',
  ],
  [
    { password: text('password'), salt: text('somesalt'), memory: 256, passes: 2, lanes: 2 },
    '6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037',
  ],
]

it.each(VECTORS)('gives what the reference gives', async (request, expected) => {
  expect(hex(await argon2id(request))).toBe(expected)
})

it.each([
  ['without WebAssembly, as on React Native', undefined],
  [
    'where a policy forbids it, as in some extensions',
    { compile: () => Promise.reject(new Error('unsafe-eval')) },
  ],
])('gives the same %s', async (_, wasm) => {
  for (const [request, expected] of VECTORS.slice(1)) {
    vi.stubGlobal('WebAssembly', wasm)
    expect(hex(await argon2id(request))).toBe(expected)
  }
})

it('gives what another implementation gives, for any input', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.integer({ min: 8, max: 64 }),
      fc.integer({ min: 1, max: 3 }),
      async (password, salt, memory, passes) => {
        const request = { password, salt, memory, passes, lanes: 1 }
        const theirs = nobleArgon2id(password, salt, { m: memory, t: passes, p: 1, dkLen: 32 })
        expect(hex(await argon2id(request))).toBe(hex(theirs))
      },
    ),
    { numRuns: 100 },
  )
})

it('stops when nobody waits for it any more', async () => {
  const [[request]] = VECTORS as [[Argon2Request, string]]
  await expect(argon2id(request, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
  vi.stubGlobal('WebAssembly', undefined)
  await expect(argon2id(request, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
    code: 'ABORTED',
  })
})
