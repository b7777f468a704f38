import { CofferError, type EvmSource, isCofferError, type RpcCall, type RpcResult } from '@coffer/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical, commonHeight, count, middle, type Rule, reached } from './ballot.ts'
import { quorum } from './quorum.ts'

const text: Rule<string> = { key: (answer) => answer }
const votes = (answers: readonly string[]) => answers.map((answer, i) => ({ by: String(i), answer }))

describe('counting', () => {
  it('believes what enough say, whoever says it first', () => {
    expect(count(votes(['a', 'b', 'b']), 2, text, true)).toEqual({ key: 'b', value: 'b' })
    expect(count(votes(['a', 'b', 'c']), 2, text, true)).toBeUndefined()
    expect(count(votes(['a']), 2, text, true)).toBeUndefined()
  })

  it('takes the median of enough numbers, and of fewer only those that are close', () => {
    const bound = { percent: 110n, slack: 1n }
    expect(middle([100n, 7n, 1_000_000n], 2, bound)).toBe(100n)
    expect(middle([100n, 105n], 2, bound)).toBe(105n)
    expect(middle([100n, 200n], 2, bound)).toBeUndefined()
    expect(middle([100n], 2, bound)).toBeUndefined()
    expect(reached([5n, 6n, 99n], 2)).toBe(6n)
    expect(reached([5n], 2)).toBeUndefined()
  })

  it('finds the highest block that enough have, and none where they are too far apart', () => {
    expect(commonHeight([100, 102, 9_999_999], 2, 3)).toBe(100)
    expect(commonHeight([0, 100, 102], 2, 3)).toBe(100)
    expect(commonHeight([0, 100], 2, 3)).toBeUndefined()
    expect(commonHeight([], 1, 3)).toBeUndefined()
  })

  it('tells equal JSON by one text', () => {
    expect(canonical({ b: '0xAB', a: [1, null], c: null })).toBe(canonical({ a: [1, null], b: '0xab' }))
    expect(canonical({ a: '1' })).not.toBe(canonical({ a: 1 }))
    expect(canonical('Ab')).not.toBe(canonical('ab'))
  })

  it('G14: the middle lies between honest numbers while fewer than enough lie', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }).chain((agree) =>
          fc.record({
            agree: fc.constant(agree),
            honest: fc.array(fc.bigInt({ min: 1_000n, max: 1_100n }), { minLength: agree, maxLength: 7 }),
            lies: fc.array(fc.bigInt({ min: 0n, max: 10n ** 12n }), { maxLength: agree - 1 }),
          }),
        ),
        ({ agree, honest, lies }) => {
          const found = middle([...lies, ...honest], agree, { percent: 110n, slack: 0n })
          if (found === undefined) return
          // Of close ones a lie may be the middle, but never by more than the bound.
          expect(found).toBeGreaterThanOrEqual(900n)
          expect(found).toBeLessThanOrEqual(1_210n)
        },
      ),
    )
  })
})

// ---- whole quorums, over sources in memory ----

const HASH = `0x${'01'.repeat(32)}`
const BALANCE = '0x2a'

/** A node of a chain of 50 blocks; `lie` is what a liar makes of it. */
function node(name: string, delay: number, lie?: (call: RpcCall) => RpcResult | undefined): () => EvmSource {
  const honest = ({ method, params }: RpcCall): RpcResult => {
    if (method === 'eth_getBlockByNumber') {
      const number = params[0] === 'latest' ? '0x32' : params[0]
      return { ok: true, value: { number, hash: HASH, parentHash: HASH } }
    }
    if (method === 'eth_getBalance') return { ok: true, value: BALANCE }
    if (method === 'eth_gasPrice') return { ok: true, value: '0x3b9aca00' }
    return { ok: true, value: null }
  }
  return () => ({
    family: 'evm',
    chain: 'eip155:1',
    name,
    async request(calls, options) {
      for (let left = delay; left > 0; left--) await Promise.resolve()
      if (options?.signal?.aborted) throw new CofferError({ code: 'ABORTED', message: 'left' })
      return calls.map((call) => lie?.(call) ?? honest(call))
    },
  })
}

const LIES: readonly ((call: RpcCall) => RpcResult | undefined)[] = [
  ({ method }) => (method === 'eth_getBalance' ? { ok: true, value: '0xffffff' } : undefined),
  ({ method }) => (method === 'eth_getBalance' ? { ok: true, value: '0x0' } : undefined),
  ({ method }) => (method === 'eth_getBalance' ? { ok: true, value: { not: ['a', 'number'] } } : undefined),
  ({ method }) =>
    method === 'eth_getBalance' ? { ok: false, error: { code: 1, message: 'no' } } : undefined,
  ({ method, params }) =>
    method === 'eth_getBlockByNumber' && params[0] === 'latest'
      ? { ok: true, value: { number: '0x1', hash: HASH, parentHash: HASH } }
      : method === 'eth_getBalance'
        ? { ok: true, value: '0x1' }
        : undefined,
  ({ method }) =>
    method === 'eth_getBlockByNumber'
      ? { ok: true, value: { number: '0xffff', hash: `0x${'ee'.repeat(32)}`, parentHash: HASH } }
      : undefined,
  ({ method }) => (method === 'eth_gasPrice' ? { ok: true, value: '0xffffffffffffff' } : undefined),
  ({ method }) => (method === 'eth_gasPrice' ? { ok: true, value: 'much' } : undefined),
]

const FORK = 5

it('G14: while fewer lie than must agree, the answer is the honest one, or none', async () => {
  const liars = fc.array(fc.record({ lie: fc.nat(LIES.length - 1), delay: fc.nat(8) }), { maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(
      liars,
      fc.array(fc.nat(8), { minLength: 1, maxLength: 4 }),
      fc.nat(),
      async (bad, good, seed) => {
        const size = bad.length + good.length
        const least = (size >> 1) + 1
        const agree = least + (seed % (size - least + 1))
        fc.pre(bad.length < agree)
        // Who has other blocks is asked again for seconds, where too few are left without it.
        fc.pre(good.length >= agree || bad.every(({ lie }) => lie !== FORK))
        const sources = [
          ...bad.map(({ lie, delay }, i) => node(`liar ${i}`, delay, LIES[lie])),
          ...good.map((delay, i) => node(`honest ${i}`, delay)),
        ]
        const source = quorum(sources, { agree, patience: 0 })('eip155:1')
        const calls = [
          { method: 'eth_getBalance', params: ['0x', 'latest'] },
          { method: 'eth_gasPrice', params: [] },
        ]
        const answer = await source.request(calls).catch((error: unknown) => error)
        if (good.length >= agree) expect(Array.isArray(answer)).toBe(true)
        if (isCofferError(answer, 'NODES_DISAGREE', 'SOURCES_FAILED', 'BAD_RESPONSE')) return
        expect(answer).toEqual([
          { ok: true, value: BALANCE },
          { ok: true, value: '0x3b9aca00' },
        ])
      },
    ),
    { numRuns: 200 },
  )
})
