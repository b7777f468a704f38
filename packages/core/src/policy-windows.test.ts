import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Effect } from './effects.ts'
import type { Policy } from './policy.ts'
import { digestOf, spend } from './policy-windows.ts'
import { memoryStore, type Store } from './store.ts'
import { fakeChain } from './testing/fake-chain.ts'

const token = { id: 'fake:1/erc20:Abc', symbol: 'TOK', name: 'Token', decimals: 1 } as const
const chain = { ...fakeChain(), assets: [token] }
const coin = chain.coin.id

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})
const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)

const pays = (amount: bigint, asset: string = coin): Effect[] => [
  { kind: 'transfer', asset: asset as typeof coin, from: 'me', to: 'bob', amount },
]

let drafts = 0
function spending(limits: NonNullable<Policy['limits']>, store: Store = memoryStore()) {
  const count = (list: readonly Effect[], id = `draft ${++drafts}`) =>
    spend({ list }, { chain, policy: { limits }, store, id })
  const refusal = async (list: readonly Effect[]) => {
    const error = (await count(list).catch((reason: unknown) => reason)) as { code?: string; message: string }
    expect(error.code).toBe('POLICY_REFUSED')
    return error as unknown as { message: string; details: Record<string, unknown> }
  }
  return { store, count, refusal }
}

describe('windows', () => {
  it('let the limit be reached, and not one unit more', async () => {
    const { count, refusal } = spending([{ asset: coin, amount: 10n, seconds: 60 }])
    await count(pays(4n))
    await count(pays(6n))
    expect((await refusal(pays(1n))).details).toEqual({
      rule: 'limit',
      asset: coin,
      spent: 10n,
      amount: 1n,
      limit: 10n,
      seconds: 60,
    })
  })

  it('slide: what is as old as the window counts no more, one second less does', async () => {
    const { count, refusal } = spending([{ asset: coin, amount: 10n, seconds: 60 }])
    await count(pays(10n))
    pass(59)
    await refusal(pays(1n))
    pass(1)
    await count(pays(10n))
    await refusal(pays(1n))
  })

  it('of one asset are held each by itself, the longest one over all that it covers', async () => {
    const { count, refusal } = spending([
      { asset: coin, amount: 20n, seconds: 100 },
      { asset: coin, amount: 10n, seconds: 10 },
      { asset: token.id, amount: 1_000n, seconds: 1_000 },
    ])
    await count(pays(10n))
    expect((await refusal(pays(1n))).details).toMatchObject({ seconds: 10, spent: 10n })
    pass(10)
    await count(pays(10n))
    pass(10)
    expect((await refusal(pays(1n))).details).toMatchObject({ seconds: 100, spent: 20n })
    pass(80)
    await count(pays(1n))
    await count(pays(1_000n, token.id))
    expect((await refusal(pays(1n, token.id))).details).toMatchObject({ asset: token.id, spent: 1_000n })
  })

  it('count two writings of one token as one, and keep assets apart', async () => {
    const { count, refusal, store } = spending([{ asset: token.id, amount: 10n, seconds: 60 }])
    await count(pays(6n, 'fake:1/erc20:ABC'))
    await count(pays(1_000n))
    await count([])
    await refusal(pays(5n, 'fake:1/erc20:abc'))
    await count(pays(4n, 'fake:1/erc20:aBc'))
    expect(await store.keys('policy/')).toEqual(['policy/spent/fake:1/erc20:abc'])
    const other = spending([{ asset: 'fake:1/erc20:aBC', amount: 10n, seconds: 60 }], store)
    await other.refusal(pays(1n, token.id))
  })

  it('count approvals as money that may leave', async () => {
    const { refusal } = spending([{ asset: token.id, amount: 10n, seconds: 60 }])
    const approve = {
      kind: 'approve',
      asset: token.id,
      owner: 'me',
      spender: 'dex',
      unlimited: false,
    } as const
    await refusal([{ ...approve, amount: 11n }])
  })

  it('count a draft once however often it is signed, and give it back once', async () => {
    const { count, refusal } = spending([{ asset: coin, amount: 10n, seconds: 60 }])
    const undo = await count(pays(10n), 'the same')
    const undoAgain = await count(pays(10n), 'the same')
    await undoAgain()
    await refusal(pays(1n))
    await undo()
    await undo()
    await count(pays(10n))
  })

  it('give back what one draft counted and nothing of others', async () => {
    const { count, refusal } = spending([
      { asset: coin, amount: 10n, seconds: 60 },
      { asset: token.id, amount: 10n, seconds: 60 },
    ])
    await count(pays(3n))
    const undo = await count([...pays(7n), ...pays(7n, token.id)])
    await undo()
    await count(pays(7n))
    await refusal(pays(1n))
    await count(pays(10n, token.id))
  })

  it('count all of a draft or nothing', async () => {
    const { count, refusal } = spending([
      { asset: coin, amount: 10n, seconds: 60 },
      { asset: token.id, amount: 10n, seconds: 60 },
    ])
    await refusal([...pays(5n), ...pays(11n, token.id)])
    await count(pays(10n))
  })

  it('hold for many at the same time', async () => {
    const store = memoryStore()
    const slow: Store = {
      ...store,
      get: async (key) => {
        const value = await store.get(key)
        await Promise.resolve()
        return value
      },
    }
    const { count } = spending([{ asset: coin, amount: 10n, seconds: 60 }], slow)
    const results = await Promise.allSettled(Array.from({ length: 30 }, () => count(pays(1n))))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    const undos = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    await Promise.all(undos.map((undo) => undo()))
    await count(pays(10n))
  })

  it('share the lock of the store under one name, taking and giving back', async () => {
    const names: string[] = []
    const store: Store = {
      ...memoryStore(),
      lock: async (key, task) => {
        names.push(key)
        return task()
      },
    }
    const { count } = spending([{ asset: coin, amount: 10n, seconds: 60 }], store)
    await (await count(pays(1n)))()
    await (await count(pays(0n)))()
    expect(names).toEqual(['policy', 'policy'])
  })

  it('survive a restart, and forget what is older than any window', async () => {
    const limits = [{ asset: coin, amount: 10n, seconds: 60 }]
    const { count, store } = spending(limits)
    await count(pays(10n))
    await spending(limits, store).refusal(pays(1n))
    pass(60)
    await spending(limits, store).count(pays(1n))
    expect(JSON.parse((await store.get(`policy/spent/${coin}`))!)).toEqual({
      seconds: 60,
      rows: [{ id: digestOf(`draft ${drafts}`), at: 1_000_000_060, amount: '1' }],
    })
  })

  it('count the fee of the coin at its ceiling, and that of no other asset', async () => {
    const limits = [
      { asset: coin, amount: 13n, seconds: 60 },
      { asset: token.id, amount: 10n, seconds: 60 },
    ]
    const store = memoryStore()
    const fee = { asset: coin, expected: 1n, ceiling: 6n, rate: { value: 1n, unit: 'weiPerGas' } } as const
    const count = (list: readonly Effect[], id: string) =>
      spend({ list, fee }, { chain, policy: { limits }, store, id })
    await count(pays(10n, token.id), 'a')
    await expect(count(pays(1n, token.id), 'b')).rejects.toMatchObject({ details: { asset: token.id } })
    await count([{ kind: 'cancel' }], 'c')
    await expect(count([{ kind: 'cancel' }], 'd')).rejects.toMatchObject({
      details: { asset: coin, spent: 12n, amount: 6n },
    })
  })

  it('of a longer kind in another wallet over the same store are not cut short', async () => {
    const { count, store, refusal } = spending([{ asset: coin, amount: 10n, seconds: 1_000 }])
    await count(pays(10n))
    pass(100)
    await spending([{ asset: coin, amount: 10n, seconds: 60 }], store).count(pays(5n))
    await refusal(pays(1n))
  })

  it('G13: what a clock wrote that ran ahead counts from now, not until that time', async () => {
    const { count, refusal } = spending([{ asset: coin, amount: 10n, seconds: 60 }])
    pass(365 * 86_400)
    await count(pays(10n))
    pass(-365 * 86_400)
    await refusal(pays(1n))
    pass(59)
    await refusal(pays(1n))
    pass(1)
    await count(pays(10n))
  })

  it('G13: what was written before such a clock ran ahead keeps its time', async () => {
    const { count, refusal } = spending([{ asset: coin, amount: 10n, seconds: 60 }])
    await count(pays(5n))
    pass(30)
    await count(pays(5n))
    pass(-20)
    await refusal(pays(1n))
    pass(50)
    await count(pays(5n))
    await refusal(pays(1n))
    pass(10)
    await count(pays(5n))
  })

  it('are written once for each draft, and not for one that was counted', async () => {
    const store = memoryStore()
    const written: string[] = []
    const telling: Store = {
      ...store,
      set: async (key, value) => {
        written.push(key)
        return store.set(key, value)
      },
    }
    const { count } = spending([{ asset: coin, amount: 10n, seconds: 60 }], telling)
    await count(pays(5n), 'first')
    await count(pays(5n), 'first')
    await count(pays(5n), 'second')
    expect(written).toHaveLength(2)
  })

  it('do not turn to "nothing was spent" when their record is spoilt', async () => {
    const { count, store } = spending([{ asset: coin, amount: 10n, seconds: 60 }])
    await count(pays(10n))
    await store.set(`policy/spent/${coin}`, '[{')
    await expect(count(pays(1n))).rejects.toMatchObject({ code: 'INVALID_JSON' })
  })
})

it('says amounts in whole coins where the asset is known, however it is written, and base units else', async () => {
  const limit = (asset: string) => [{ asset: asset as typeof coin, amount: 10n, seconds: 60 }]
  const say = async (asset: string) => (await spending(limit(asset)).refusal(pays(25n, asset))).message
  expect(await say(coin)).toBe(
    'This would bring what leaves within 60 s to 0.25 FAKE; the limit is 0.1 FAKE. Wait, send less, or raise the limit.',
  )
  expect(await say('fake:1/erc20:ABC')).toContain('to 2.5 TOK; the limit is 1 TOK.')
  expect(await say('fake:1/erc20:other')).toContain('to 25 base units of fake:1/erc20:other;')
})

it('names a text by its SHA-256', () => {
  expect(digestOf('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})
