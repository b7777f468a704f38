import type { ChainId, TransferRow, TronSource } from '@coffer/core'
import { tronSourceConformance } from '@coffer/core/testing'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cluster } from './cluster.ts'
import { tronAddress } from './tronAddress.ts'
import { tronGrid } from './tronGrid.ts'
import { tronHttp } from './tronHttp.ts'

let devnet: Devnet<'tron'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['tron'] })
})
afterAll(() => devnet?.stop())

const CHAIN: ChainId = 'tron:0xc0ffe001'
const COIN = `${CHAIN}/slip44:1` as const
const MOST = 2n ** 63n - 1n
const options = { pollInterval: 20 }
const mine = (): Promise<void> => devnet.tron.mine()
let serial = 0
/** An address that no other test uses. */
const fresh = (): string => tronAddress(`41${(++serial).toString(16).padStart(40, 'd')}`) ?? ''

tronSourceConformance(
  { describe, it },
  {
    name: 'tronHttp on the devnet',
    make: async () => {
      const open = tronHttp(devnet.tron.url, options)
      const address = fresh()
      await devnet.tron.setAccount(address, { trc10: { 1000001: MOST } })
      return {
        source: open(CHAIN),
        wrongChain: open('tron:0x2b6653dc'),
        chain: CHAIN,
        big: {
          call: { path: 'wallet/getaccount', body: { address, visible: true } },
          at: (value) => (value as { assetV2?: { value?: unknown }[] }).assetV2?.[0]?.value,
          expected: MOST,
        },
        mine,
      }
    },
  },
)

tronSourceConformance(
  { describe, it },
  {
    name: 'cluster with a dead node before the devnet',
    make: async () => {
      const dead = tronHttp('http://127.0.0.1:9', options)
      const sources = cluster({ [CHAIN]: [dead, tronHttp(devnet.tron.url, options)] })
      return { source: sources.for(CHAIN) as TronSource, chain: CHAIN, mine }
    },
  },
)

describe('history of the devnet', () => {
  const transfersOf = (): NonNullable<TronSource['transfers']> => tronGrid({ url: devnet.tron.url })(CHAIN)

  async function readAll(address: string, limit: number): Promise<TransferRow[]> {
    const items: TransferRow[] = []
    let cursor: string | undefined
    do {
      const page = await transfersOf()({ address, coin: COIN, limit, cursor })
      items.push(...page.items)
      cursor = page.next
    } while (cursor !== undefined)
    return items
  }

  it('shows each payment once, in pages of any size, with the block that has it', async () => {
    const address = fresh()
    const { USDT, USDC } = devnet.tron.tokens
    const paid: [string, TransferRow['asset'], bigint][] = []
    const pay = async (amount: bigint, token?: string): Promise<void> => {
      const txid = await devnet.tron.fund(address, token === undefined ? { amount } : { amount, token })
      paid.unshift([txid, token === undefined ? COIN : `${CHAIN}/trc20:${token}`, amount])
    }
    await pay(5_000_000n)
    for (let i = 1n; i <= 4n; i++) {
      await pay(i, USDT.address)
      await pay(2n ** 200n + i, USDC.address)
      await pay(i)
    }
    const all = await readAll(address, 200)
    expect(all.map(({ txid, asset, amount }) => [txid, asset, amount])).toEqual(paid)
    expect(all.every(({ to, failed, fee }) => to === address && !failed && fee === undefined)).toBe(true)
    for (const { txid, height, time } of all) {
      const info = await devnet.tron.request<{ blockNumber: number; blockTimeStamp: number }>(
        'wallet/gettransactioninfobyid',
        { value: txid },
      )
      expect([height, time]).toEqual([info.blockNumber, Math.floor(info.blockTimeStamp / 1_000)])
    }
    for (const limit of [1, 2, 5, 13]) expect(await readAll(address, limit)).toEqual(all)
  })

  it('does not shift when payments come between pages', async () => {
    const address = fresh()
    await devnet.tron.fund(address, { amount: 1_000_000n })
    const [first] = await readAll(address, 5)
    await devnet.tron.fund(address, { amount: 2n })
    await devnet.tron.fund(address, { amount: 3n })
    const one = await transfersOf()({ address, coin: COIN, limit: 2 })
    await devnet.tron.fund(address, { amount: 4n })
    const two = await transfersOf()({ address, coin: COIN, limit: 2, cursor: one.next })
    expect([...one.items, ...two.items].map(({ amount }) => amount)).toEqual([3n, 2n, 1_000_000n])
    expect(two.items).toEqual([first])
    expect(two.next).toBeUndefined()
  })

  it('of nobody is empty', async () => {
    expect(await transfersOf()({ address: fresh(), coin: COIN, limit: 5 })).toEqual({ items: [] })
  })
})
