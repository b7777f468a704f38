import { memoryStore } from '@coffer/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { giveTimes, openDeed, readOpen, settle } from './book.ts'
import { claim, deedOf } from './claim.ts'
import { BOB, EVE, fakeWallet, OWN } from './fake-source.fixture.ts'
import { codeOf, DAY, read, write } from './hostile.fixture.ts'
import { tronNetwork } from './networks.ts'

const ACCOUNT = `tron:0x2b6653dc:${OWN}` as const
const OTHER = `tron:0x2b6653dc:${BOB}` as const
const deed = (txid: string, deed = 'pay', expiration = Date.now() + 600_000) => ({ txid, deed, expiration })

afterEach(() => vi.useRealTimers())

describe('times', () => {
  it('are given once each, to however many ask at the same time', async () => {
    const store = memoryStore()
    const from = BigInt(Date.now())
    const all = (
      await Promise.all(Array.from({ length: 50 }, (_, i) => giveTimes(store, ACCOUNT, from, 1 + (i % 3))))
    ).flat()
    expect(new Set(all).size).toBe(all.length)
    // Not before the block that it is given for, and before anything so made could expire.
    expect(all.every((time) => time >= from && time < from + 60_000n)).toBe(true)
    const later = await giveTimes(store, ACCOUNT, from + 10_000n, 2)
    expect(later.every((time) => time >= from + 10_000n && !all.includes(time))).toBe(true)
  })

  it('are given for an honest block after one that was a day ahead', async () => {
    const store = memoryStore()
    const from = BigInt(Date.now())
    await giveTimes(store, ACCOUNT, from + 90_000_000n, 3)
    const [time] = await giveTimes(store, ACCOUNT, from, 1)
    expect(time! - from).toBeLessThan(60_000n)
  })
})

describe('the book of what is open', () => {
  it('holds one deed once, whoever asks first', async () => {
    const store = memoryStore()
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) => codeOf(openDeed(store, ACCOUNT, deed(`tx${i}`), false))),
    )
    expect(results.filter((result) => result === 'nothing')).toHaveLength(1)
    expect(await readOpen(store, ACCOUNT, ['pay'])).toHaveLength(1)
    await openDeed(store, ACCOUNT, deed('other', 'vote'), false)
    await openDeed(store, OTHER, deed('of another'), false)
    expect(await readOpen(store, ACCOUNT, ['pay', 'vote'])).toHaveLength(2)
  })

  it('takes the very same transaction again, and only its first note back', async () => {
    const store = memoryStore()
    const first = await openDeed(store, ACCOUNT, deed('a'), false)
    const second = await openDeed(store, ACCOUNT, deed('a'), false)
    await second()
    expect(await readOpen(store, ACCOUNT, ['pay'])).toHaveLength(1)
    await first()
    expect(await readOpen(store, ACCOUNT, ['pay'])).toEqual([])
  })

  it('holds two of a deed for who says again, until each is settled', async () => {
    const store = memoryStore()
    await openDeed(store, ACCOUNT, deed('a'), false)
    await openDeed(store, ACCOUNT, deed('b'), true)
    await settle(store, ACCOUNT, [
      { txid: 'a', deed: 'pay' },
      { txid: 'unknown', deed: 'pay' },
      { txid: 'b', deed: 'vote' },
    ])
    expect((await readOpen(store, ACCOUNT, ['pay'])).map(({ txid }) => txid)).toEqual(['b'])
    await expect(openDeed(store, ACCOUNT, deed('c'), false)).rejects.toMatchObject({
      code: 'PAYMENT_OPEN',
      details: { txid: 'b' },
    })
  })

  it('outlives a store that is opened again', async () => {
    const store = memoryStore()
    await openDeed(store, ACCOUNT, deed('a'), false)
    const again = memoryStore()
    for (const key of await store.keys()) await again.set(key, (await store.get(key))!)
    await expect(openDeed(again, ACCOUNT, deed('b'), false)).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
  })

  it('keeps what expired until a clock that is a day fast would say so too, and no longer', async () => {
    const store = memoryStore()
    await openDeed(store, ACCOUNT, deed('a'), false)
    vi.useFakeTimers({ now: Date.now() + 1.9 * DAY, toFake: ['Date'] })
    await expect(openDeed(store, ACCOUNT, deed('b'), false)).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
    // A machine that only signs the same each month has nothing else that would clear its book.
    vi.useFakeTimers({ now: Date.now() + 30 * DAY, toFake: ['Date'] })
    await expect(openDeed(store, ACCOUNT, deed('b'), false)).resolves.toBeTypeOf('function')
  })

  it('costs the same however many are open, and sweeps what is long past', async () => {
    const store = memoryStore()
    for (let i = 0; i < 300; i++) await openDeed(store, ACCOUNT, deed(`tx${i}`, `deed${i}`), false)
    const texts = await Promise.all((await store.keys('tron/open/')).map((key) => store.get(key)))
    expect(texts).toHaveLength(300)
    expect(texts.every((text) => text!.length < 100)).toBe(true)
    vi.useFakeTimers({ now: Date.now() + 3 * DAY, toFake: ['Date'] })
    await giveTimes(store, ACCOUNT, BigInt(Date.now()), 256)
    expect(await store.keys('tron/open/')).toEqual([])
  })
})

describe('claiming', () => {
  it('stands for what a transaction does, whatever its times, reference, fee limit and signers', async () => {
    const { account } = await fakeWallet()
    const tx = read(await account.create({ to: BOB, amount: '1' }))
    const same = [
      { timestamp: tx.timestamp + 1n },
      { expiration: tx.expiration + 1n },
      { refBlockBytes: 'ffff' },
      { refBlockHash: 'f'.repeat(16) },
      { feeLimit: 5n },
      { permission: 2 },
    ]
    for (const change of same) expect(deedOf({ ...tx, ...change })).toBe(deedOf(tx))
    if (tx.contract.type !== 'TransferContract') throw new Error('another contract')
    const others = [
      { memo: '00' },
      { contract: { ...tx.contract, amount: 2n } },
      { contract: { ...tx.contract, toAddress: EVE } },
      { contract: { ...tx.contract, ownerAddress: EVE } },
    ]
    for (const change of others) expect(deedOf({ ...tx, ...change })).not.toBe(deedOf(tx))
  })

  it('refuses what could be mined when nobody expects it any more', async () => {
    const { account, store } = await fakeWallet()
    const draft = await account.create({ to: BOB, amount: '1' })
    const tx = read(draft)
    const at = (ahead: number) => {
      const expiration = BigInt(Date.now() + ahead)
      return { ...draft, payload: write({ ...tx, expiration, timestamp: expiration - 600_000n }) }
    }
    await expect(claim(tronNetwork, at(2 * DAY + 60_000), store)).rejects.toMatchObject({
      code: 'INVALID_DRAFT',
    })
    await (await claim(tronNetwork, at(2 * DAY - 60_000), store))()
    await expect(claim(tronNetwork, at(600_000), store)).resolves.toBeTypeOf('function')
    await expect(claim(tronNetwork, at(700_000), store)).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
  })
})
