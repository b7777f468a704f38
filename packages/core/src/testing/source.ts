import { isCofferError } from '../error.ts'
import type { ChainId } from '../ids.ts'
import type { EvmSource, Head, RpcCall, RpcResult } from '../source.ts'
import { ok, type Runner, refuses, same } from './assert.ts'

export interface EvmSourceUnderTest {
  readonly source: EvmSource
  readonly chain: ChainId
  /** The same server, opened as if it served another chain; without it, chain pinning goes untested. */
  readonly wrongChain?: EvmSource
  /** Makes the server's chain grow by a block; without it, only the first head is tested. */
  mine?(): Promise<unknown>
  close?(): Promise<void> | void
}

export interface EvmSourceSubject {
  readonly name: string
  /** A fresh source on a live server, for each test. */
  make(): Promise<EvmSourceUnderTest>
}

/**
 * What every `EvmSource` must do, whatever stands behind it. Needs a server of Ethereum's JSON-RPC with at least its
 * genesis block.
 *
 * @example
 * import { describe, it } from 'vitest'
 * evmSourceConformance({ describe, it }, { name: 'mine', make: async () => ({ source, chain: 'eip155:1' }) })
 */
export function evmSourceConformance({ describe, it }: Runner, { name, make }: EvmSourceSubject): void {
  const test = (title: string, body: (under: EvmSourceUnderTest) => Promise<void>) =>
    it(title, async () => {
      const under = await make()
      try {
        await body(under)
      } finally {
        under.source.close?.()
        await under.close?.()
      }
    })

  describe(`EVM source ${name}`, () => {
    test('says what it is', async ({ source, chain }) => {
      same(source.family, 'evm', 'the family')
      same(source.chain, chain, 'the chain')
    })

    test('answers in the order of the calls', async ({ source, chain }) => {
      const results = await source.request([BALANCE, CHAIN_ID, GENESIS, CHAIN_ID, BALANCE])
      same(results.length, 5, 'the number of answers')
      const id = `0x${BigInt(chain.split(':')[1] ?? '').toString(16)}`
      same(resultOf(results[1]), id, 'the second answer')
      same(resultOf(results[3]), id, 'the fourth answer')
      same((resultOf(results[2]) as { number?: unknown }).number, '0x0', 'the number of the first block')
      ok(/^0x/.test(String(resultOf(results[0]))), 'a balance')
      same(results[4], results[0], 'the last answer')
    })

    test('answers nothing for an empty request', async ({ source }) => {
      same(await source.request([]), [], 'the answers')
    })

    test('gives a refused call as data and keeps its sisters', async ({ source }) => {
      const broken: RpcCall = { method: 'eth_getBalance', params: ['no address', 'latest'] }
      const [first, second, third] = await source.request([CHAIN_ID, broken, CHAIN_ID])
      ok(first?.ok && third?.ok, 'the other calls to succeed')
      checkRefusal(second)
    })

    test('gives an unknown method as data', async ({ source }) => {
      const [result] = await source.request([{ method: 'coffer_noSuchMethod', params: [] }])
      checkRefusal(result)
    })

    test('gives a rejected transaction as data', async ({ source }) => {
      const [result] = await source.request([{ method: 'eth_sendRawTransaction', params: ['0x00'] }])
      checkRefusal(result)
    })

    test('gives null for a transaction that nobody knows', async ({ source }) => {
      const hash = `0x${'ab'.repeat(32)}`
      const results = await source.request([
        { method: 'eth_getTransactionByHash', params: [hash] },
        { method: 'eth_getTransactionReceipt', params: [hash] },
      ])
      for (const result of results) same(resultOf(result), null, 'the answer')
    })

    test('carries 150 calls in one request', async ({ source }) => {
      const calls = Array.from({ length: 150 }, (_, i) => (i % 3 === 0 ? CHAIN_ID : balanceOf(i)))
      const results = await source.request(calls)
      same(results.length, 150, 'the number of answers')
      results.forEach((result, i) => {
        if (i % 3 === 0) same(result, results[0], `answer ${i}`)
        else ok(/^0x/.test(String(resultOf(result))), `a balance as answer ${i}`)
      })
    })

    test('keeps requests apart that run at once', async ({ source }) => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => source.request(i % 2 ? [CHAIN_ID] : [GENESIS, CHAIN_ID])),
      )
      answers.forEach((results, i) => {
        same(results.length, i % 2 ? 1 : 2, `the number of answers to request ${i}`)
        same(resultOf(results.at(-1)), resultOf(answers[1]?.[0]), `the chain id in request ${i}`)
      })
    })

    test('throws ABORTED for a caller who has left, before and after', async ({ source }) => {
      await refuses(() => source.request([CHAIN_ID], { signal: AbortSignal.abort() }), 'ABORTED')
      const controller = new AbortController()
      const left = source.request([GENESIS], { signal: controller.signal })
      controller.abort()
      await refuses(() => left, 'ABORTED')
      ok((await source.request([GENESIS]))[0]?.ok, 'the source to work on')
    })

    test('does not let one caller cancel another', async ({ source }) => {
      const controller = new AbortController()
      const left = source.request([GENESIS], { signal: controller.signal })
      const stays = source.request([GENESIS])
      controller.abort()
      await refuses(() => left, 'ABORTED')
      ok((await stays)[0]?.ok, 'the other caller to be answered')
    })

    test('E1: throws away what another chain answers', async ({ wrongChain }) => {
      if (!wrongChain) return
      try {
        const send: RpcCall = { method: 'eth_sendRawTransaction', params: ['0x00'] }
        await refuses(() => wrongChain.request([send]), 'CHAIN_MISMATCH')
        await refuses(() => wrongChain.request([GENESIS, BALANCE]), 'CHAIN_MISMATCH')
        await refuses(() => wrongChain.request([CHAIN_ID]), 'CHAIN_MISMATCH')
      } finally {
        wrongChain.close?.()
      }
    })

    test('tells of heads until the signal aborts', async ({ source, mine }) => {
      if (!source.heads) return
      const controller = new AbortController()
      const seen: Head[] = []
      for await (const head of source.heads({ signal: controller.signal })) {
        ok(Number.isSafeInteger(head.height) && head.height >= 0, 'a height')
        ok(/^0x[0-9a-f]{64}$/.test(head.hash), 'a block hash')
        ok(
          seen.every(({ hash }) => hash !== head.hash),
          'no head twice',
        )
        seen.push(head)
        if (!mine || seen.length === 3) controller.abort()
        else await mine()
      }
      same(seen.length, mine ? 3 : 1, 'the number of heads')
      if (mine) ok((seen[2]?.height ?? 0) > (seen[0]?.height ?? 0), 'the chain to grow')
    })

    test('ends heads at once for a caller who has left', async ({ source }) => {
      if (!source.heads) return
      for await (const _ of source.heads({ signal: AbortSignal.abort() }))
        throw new Error('Expected no head.')
    })

    test('answers nobody after it was closed', async ({ source }) => {
      if (!source.close) return
      const flying = source.request([GENESIS]).then(
        () => undefined,
        (error: unknown) => error,
      )
      source.close()
      const error = await flying
      ok(error === undefined || isCofferError(error), 'an answer or a Coffer error for a request in flight')
      let refused: unknown
      await source.request([GENESIS]).catch((error: unknown) => {
        refused = error
      })
      ok(isCofferError(refused), 'a Coffer error')
    })
  })
}

const CHAIN_ID: RpcCall = { method: 'eth_chainId', params: [] }
const GENESIS: RpcCall = { method: 'eth_getBlockByNumber', params: ['0x0', false] }
const BALANCE: RpcCall = balanceOf(1)

function balanceOf(index: number): RpcCall {
  return { method: 'eth_getBalance', params: [`0x${index.toString(16).padStart(40, '0')}`, 'latest'] }
}

function resultOf(result: RpcResult | undefined): unknown {
  if (!result?.ok) throw new Error(`Expected: a value, found ${JSON.stringify(result?.error)}.`)
  return result.value
}

function checkRefusal(result: RpcResult | undefined): void {
  if (!result || result.ok) throw new Error('Expected: a refusal as data.')
  ok(Number.isSafeInteger(result.error.code), 'a numeric code')
  ok(typeof result.error.message === 'string' && result.error.message.length <= 500, 'a bounded message')
}
