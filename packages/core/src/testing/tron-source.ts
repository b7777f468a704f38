import { isCofferError } from '../error.ts'
import type { ChainId } from '../ids.ts'
import type { Head, TronCall, TronResult, TronSource } from '../source.ts'
import { ok, type Runner, refuses, same } from './assert.ts'

export interface TronSourceUnderTest {
  readonly source: TronSource
  readonly chain: ChainId
  /** The same server, opened as if it served another chain; without it, chain pinning goes untested. */
  readonly wrongChain?: TronSource
  /** A call whose answer holds an integer beyond 2^53, and where; without it, such integers go untested. */
  readonly big?: {
    readonly call: TronCall
    at(value: unknown): unknown
    readonly expected: bigint
  }
  /** Makes the server's chain grow by a block; without it, only the first head is tested. */
  mine?(): Promise<unknown>
  close?(): Promise<void> | void
}

export interface TronSourceSubject {
  readonly name: string
  /** A fresh source on a live server, for each test. */
  make(): Promise<TronSourceUnderTest>
}

/**
 * What every `TronSource` must do, whatever stands behind it. Needs a server of java-tron's HTTP API with at least its
 * genesis block.
 *
 * @example
 * import { describe, it } from 'vitest'
 * tronSourceConformance({ describe, it }, { name: 'mine', make: async () => ({ source, chain: 'tron:0x2b6653dc' }) })
 */
export function tronSourceConformance({ describe, it }: Runner, { name, make }: TronSourceSubject): void {
  const test = (title: string, body: (under: TronSourceUnderTest) => Promise<void>) =>
    it(title, async () => {
      const under = await make()
      try {
        await body(under)
      } finally {
        under.source.close?.()
        await under.close?.()
      }
    })

  describe(`Tron source ${name}`, () => {
    test('says what it is', async ({ source, chain }) => {
      same(source.family, 'tron', 'the family')
      same(source.chain, chain, 'the chain')
    })

    test('answers in the order of the calls', async ({ source, chain }) => {
      const results = await source.request([NOW, GENESIS, UNKNOWN, GENESIS, SOLID])
      same(results.length, 5, 'the number of answers')
      const id = idOf(results[1])
      same(`tron:0x${id.slice(-8)}`, chain, 'the chain of the first block')
      same(idOf(results[3]), id, 'the id of the fourth answer')
      same(resultOf(results[2]), {}, 'the third answer')
      ok(/^[0-9a-f]{64}$/.test(idOf(results[0])), 'the id of the newest block')
      ok(
        /^[0-9a-f]{64}$/.test(idOf(results[4])) && idOf(results[4]) <= idOf(results[0]),
        'the newest final block to be none above the newest',
      )
    })

    test('writes bigints as integers', async ({ source }) => {
      const [plain, big] = await source.request([GENESIS, { ...GENESIS, body: { num: 0n } }])
      same(idOf(big), idOf(plain), 'the id of block 0n')
    })

    test('answers nothing for an empty request', async ({ source }) => {
      same(await source.request([]), [], 'the answers')
    })

    test('gives a refused call as data and keeps its sisters', async ({ source }) => {
      const [first, second, third] = await source.request([GENESIS, BROKEN, GENESIS])
      ok(first?.ok && third?.ok, 'the other calls to succeed')
      checkRefusal(second)
    })

    test('gives a path that is not served as data and keeps its sisters', async ({ source }) => {
      const [first, second, third] = await source.request([GENESIS, NOT_SERVED, GENESIS])
      ok(first?.ok && third?.ok, 'the other calls to succeed')
      checkRefusal(second)
    })

    test('refuses what is no call of the API', async ({ source }) => {
      for (const path of [
        '',
        'wallet',
        'wallet/',
        '/wallet/getnowblock',
        'wallet/../x',
        'v1/accounts',
        'walletx/a',
      ])
        await refuses(() => source.request([GENESIS, { path }]), 'INVALID_REQUEST')
      for (const body of [{ num: 0.5 }, { num: 2 ** 60 }, { num: Number.NaN }, { num: () => 0 }])
        await refuses(() => source.request([{ ...GENESIS, body }]), 'INVALID_REQUEST')
    })

    test('gives a rejected transaction as data, with its code', async ({ source }) => {
      const [result] = await source.request([{ path: 'wallet/broadcasthex', body: { transaction: EXPIRED } }])
      const { result: taken, code } = resultOf(result) as { result?: unknown; code?: unknown }
      ok(taken !== true, 'the transaction not to be taken')
      ok(typeof code === 'string' && /^[A-Z_]+$/.test(code) && code !== 'SUCCESS', 'a code that says why')
    })

    test('gives nothing for a transaction that nobody knows', async ({ source }) => {
      const value = 'ab'.repeat(32)
      const results = await source.request(
        [
          'wallet/gettransactionbyid',
          'wallet/gettransactioninfobyid',
          'walletsolidity/gettransactioninfobyid',
        ].map((path) => ({ path, body: { value } })),
      )
      same(results.map(resultOf), [{}, {}, {}], 'the answers')
    })

    test('never gives a wrong number for one beyond 2^53', async ({ source, big }) => {
      if (!big) return
      const outcome = await source.request([big.call]).then(
        ([result]) => big.at(resultOf(result)),
        (error: unknown) => error,
      )
      ok(
        isCofferError(outcome, 'BAD_RESPONSE') || outcome === String(big.expected),
        `the digits ${big.expected} as a string, or BAD_RESPONSE, rather than ${String(outcome)}`,
      )
    })

    test('carries 60 calls in one request', async ({ source }) => {
      const calls = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? GENESIS : accountOf(i)))
      const results = await source.request(calls)
      same(results.length, 60, 'the number of answers')
      results.forEach((result, i) => {
        if (i % 3 === 0) same(idOf(result), idOf(results[0]), `the id in answer ${i}`)
        else same(resultOf(result), {}, `answer ${i}, of an account that nobody made`)
      })
    })

    test('keeps requests apart that run at once', async ({ source }) => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => source.request(i % 2 ? [GENESIS] : [UNKNOWN, GENESIS])),
      )
      answers.forEach((results, i) => {
        same(results.length, i % 2 ? 1 : 2, `the number of answers to request ${i}`)
        same(idOf(results.at(-1)), idOf(answers[1]?.[0]), `the id in request ${i}`)
      })
    })

    test('throws ABORTED for a caller who has left, before and after', async ({ source }) => {
      for (const call of [GENESIS, SEND]) {
        await refuses(() => source.request([call], { signal: AbortSignal.abort() }), 'ABORTED')
        const controller = new AbortController()
        const left = source.request([call], { signal: controller.signal })
        controller.abort()
        await refuses(() => left, 'ABORTED')
      }
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

    test('throws away what another chain answers, and sends nothing to it', async ({ wrongChain }) => {
      if (!wrongChain) return
      try {
        const error = await wrongChain.request([SEND]).catch((error: unknown) => error)
        ok(isCofferError(error, 'CHAIN_MISMATCH') && error.details.sent === false, 'that nothing was sent')
        await refuses(() => wrongChain.request([GENESIS, UNKNOWN]), 'CHAIN_MISMATCH')
        await refuses(() => wrongChain.request([SOLID]), 'CHAIN_MISMATCH')
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
        ok(/^[0-9a-f]{64}$/.test(head.hash), 'a block id')
        same(Number.parseInt(head.hash.slice(0, 16), 16), head.height, 'the height in the block id')
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
      const refused = await source.request([GENESIS]).catch((error: unknown) => error)
      ok(isCofferError(refused), 'a Coffer error')
    })
  })
}

const GENESIS: TronCall = { path: 'wallet/getblockbynum', body: { num: 0 } }
const NOW: TronCall = { path: 'wallet/getnowblock' }
const SOLID: TronCall = { path: 'walletsolidity/getnowblock' }
const UNKNOWN: TronCall = { path: 'wallet/gettransactionbyid', body: { value: 'cd'.repeat(32) } }
const BROKEN: TronCall = { path: 'wallet/getaccount', body: { address: 'no address', visible: true } }
const NOT_SERVED: TronCall = { path: 'wallet/coffernosuchmethod' }
/** A transfer of one sun between accounts of nobody, with a signature of zeros, that expired in 1970. */
const EXPIRED = [
  '0a7b0a0200002208000000000000000040e8075a65080112610a2d747970652e676f6f676c65617069732e636f6d2f',
  '70726f746f636f6c2e5472616e73666572436f6e747261637412300a1541',
  `${'11'.repeat(20)}121541${'22'.repeat(20)}180170e8071241${'00'.repeat(65)}`,
].join('')
const SEND: TronCall = { path: 'wallet/broadcasthex', body: { transaction: EXPIRED } }

function accountOf(index: number): TronCall {
  const address = `41${index.toString(16).padStart(40, 'fe')}`
  return { path: 'wallet/getaccount', body: { address } }
}

function resultOf(result: TronResult | undefined): unknown {
  if (!result?.ok) throw new Error(`Expected: a value, found ${JSON.stringify(result?.error)}.`)
  return result.value
}

function idOf(result: TronResult | undefined): string {
  return String((resultOf(result) as { blockID?: unknown }).blockID)
}

function checkRefusal(result: TronResult | undefined): void {
  if (!result || result.ok) throw new Error('Expected: a refusal as data.')
  const { message, status } = result.error
  ok(typeof message === 'string' && message.length > 0 && message.length <= 500, 'a bounded message')
  ok(status === undefined || Number.isSafeInteger(status), 'a status that is a number, if any')
}
