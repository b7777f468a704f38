import type { TransferRow } from '@coffer/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BOB, EVE, fakeWallet, OWN, USDT } from './fake-source.fixture.ts'
import { tronNetwork } from './networks.ts'

const COIN = tronNetwork.coin.id
const TOKEN = `tron:0x2b6653dc/trc20:${USDT}` as const
const row = (more: Partial<TransferRow> = {}): TransferRow => ({
  txid: 'ab'.repeat(32),
  height: 100,
  time: 1_764_000_000,
  from: EVE,
  to: OWN,
  asset: COIN,
  amount: 5n,
  ...more,
})

async function told(items: readonly TransferRow[], next?: string) {
  const made = await fakeWallet()
  made.node.transfers = async () => ({ items, ...(next === undefined ? {} : { next }) })
  return made
}

describe('history', () => {
  it('tells which way each row went, and what was paid for it', async () => {
    const { account } = await told([
      row(),
      row({ from: OWN, to: BOB, fee: 268_000n }),
      row({ from: OWN, to: OWN }),
      row({ from: OWN, to: null, amount: 0n, failed: true }),
      row({ asset: TOKEN, fee: 7n }),
    ])
    const { items } = await account.history()
    expect(items.map(({ direction }) => direction)).toEqual(['in', 'out', 'self', 'out', 'in'])
    expect(items.map(({ state }) => state)).toEqual([
      'confirmed',
      'confirmed',
      'confirmed',
      'failed',
      'confirmed',
    ])
    expect(items.map(({ fee }) => fee)).toEqual([undefined, 268_000n, undefined, undefined, undefined])
    expect(items.at(-1)).toMatchObject({ asset: { symbol: 'USDT' }, height: 100, time: 1_764_000_000 })
  })

  it('leaves out tokens of no list, and token movements of nothing (G1)', async () => {
    const { account } = await told([
      row({ asset: TOKEN, amount: 0n }),
      row({ asset: `tron:0x2b6653dc/trc20:${EVE}` }),
      row({ asset: 'tron:0x2b6653dc/trc10:1000001' }),
      row({ asset: 'tron:0x94a9059e/slip44:1' }),
    ])
    expect((await account.history()).items).toEqual([])
  })

  it('rows of other accounts, and rows that are none, are refused', async () => {
    for (const wrong of [
      { from: EVE, to: BOB },
      { from: EVE, to: null },
      { from: 'nobody' },
      { to: 'x' },
      { from: OWN.toLowerCase() },
    ]) {
      const { account } = await told([row(), row(wrong)])
      await expect(account.history(), JSON.stringify(wrong)).rejects.toMatchObject({ name: 'CofferError' })
    }
  })

  it('rows with an id, a height or an amount that is none are refused', async () => {
    for (const wrong of [
      { txid: '<b>' },
      { txid: 'AB' },
      { height: -1 },
      { height: 1.5 },
      { height: Number.NaN },
      { amount: -1n },
      { amount: 5 as unknown as bigint },
      { fee: -1n, from: OWN },
      { time: Number.POSITIVE_INFINITY },
    ]) {
      const { account } = await told([row(wrong)])
      await expect(account.history(), Object.keys(wrong)[0]).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
    }
  })

  it('says how far it came', async () => {
    expect((await (await told([row()])).account.history()).coverage.fromHeight).toBe(0)
    const more = await (await told([row(), row({ height: 90 })], 'cursor')).account.history()
    expect(more).toMatchObject({ next: 'cursor', coverage: { fromHeight: 90, coin: true, tokens: true } })
    const { coverage } = await (await told([], 'cursor')).account.history()
    expect(coverage.fromHeight).toBe(Number.MAX_SAFE_INTEGER)
  })

  it('asks with the limit and the cursor of the caller, and for no other limit', async () => {
    const { account, node } = await told([])
    const asked: unknown[] = []
    node.transfers = async (query) => {
      asked.push(query)
      return { items: [] }
    }
    await account.history()
    await account.history({ limit: 7, cursor: 'x' })
    expect(asked).toMatchObject([
      { address: OWN, coin: COIN, limit: 25 },
      { limit: 7, cursor: 'x' },
    ])
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.integer({ max: 0 }), fc.integer({ min: 1001 }), fc.constantFrom(1.5, Number.NaN)),
        async (limit) => {
          await expect(account.history({ limit })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
        },
      ),
      { numRuns: 20 },
    )
  })

  it('without an indexer says what to add', async () => {
    const { account } = await fakeWallet()
    await expect(account.history()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('tronGrid'),
    })
  })
})
