import {
  createWallet,
  type SourceFactory,
  type TronCall,
  type TronResult,
  type TronSource,
} from '@coffer/core'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { softwareSigner } from '@coffer/signer-software'
import { tronDevnet } from '@coffer/tron'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { cluster } from './cluster.ts'
import type { ClusterEvent } from './failover.ts'
import { quorum } from './quorum.ts'
import { TRON_DEVNET as CHAIN } from './testing/tronServer.ts'
import { tronHttp } from './tronHttp.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const BOB = 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8'
const TRX = 1_000_000n

let devnet: Devnet<'tron'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['tron'] })
})
afterAll(() => devnet?.stop())

type Request = TronSource['request']
const ok = (value: unknown): TronResult => ({ ok: true, value })

function bent(change: (real: Request) => Request, name = 'http://liar'): SourceFactory<TronSource> {
  return (chain) => {
    const real = tronHttp(devnet.tron.url)(chain)
    return { ...real, name, request: change(real.request) }
  }
}

const saying = (lie: (call: TronCall, result: TronResult) => TronResult): SourceFactory<TronSource> =>
  bent(
    (real) => async (calls, options) =>
      (await real(calls, options)).map((result, i) => lie(calls[i]!, result)),
  )

const honest = bent((real) => real, 'http://honest')
const inflated = saying((call, result) =>
  call.path === 'wallet/getaccount' && result.ok
    ? ok({ ...(result.value as object), balance: 999_999_000_000 })
    : result,
)
const hiding = saying((call, result) => (call.path === 'wallet/getaccount' ? ok({}) : result))
/** Blocks of a chain that stopped a while ago, or that never was this one. */
const elsewhere = (height: number): SourceFactory<TronSource> =>
  saying((call, result) =>
    /getblock|getnowblock/.test(call.path)
      ? ok({ blockID: height.toString(16).padStart(16, '0') + 'ee'.repeat(24) })
      : result,
  )

let next = 0
async function open(sources: readonly SourceFactory<TronSource>[], index = next++) {
  const events: ClusterEvent[] = []
  const source = cluster({ [CHAIN]: [quorum(sources)] }, { onEvent: (event) => void events.push(event) })
  const wallet = createWallet({ chains: [tronDevnet()], source, signer: softwareSigner({ mnemonic }) })
  const account = await wallet.account('tron-devnet', { index })
  await devnet.tron.fund(account.address, { amount: 100n * TRX })
  return { wallet, account, events, source: source.for(CHAIN) as TronSource }
}

const heightNow = async (): Promise<number> => {
  const [result] = await honest(CHAIN).request([{ path: 'wallet/getblock', body: { detail: false } }])
  return Number.parseInt((result as { value: { blockID: string } }).value.blockID.slice(0, 16), 16)
}

describe('G14: one of three Tron nodes', () => {
  it.each([
    ['inflates a balance', inflated],
    ['hides an account', hiding],
  ])('G14: that %s is outvoted, and told of', async (_what, liar) => {
    const { account, events } = await open([liar, honest, honest])
    expect((await account.balances())[0]?.amount).toBe(100n * TRX)
    await vi.waitFor(() =>
      expect(events).toContainEqual(
        expect.objectContaining({
          type: 'dissent',
          source: 'http://liar',
          question: expect.stringContaining(account.address),
        }),
      ),
    )
  })

  it('G14: that lags by 100 blocks is left out, and told of', async () => {
    await devnet.tron.mine(120)
    const { account, events } = await open([elsewhere((await heightNow()) - 100), honest, honest])
    expect(await account.balance()).toBe(100n * TRX)
    await vi.waitFor(() =>
      expect(events).toContainEqual(expect.objectContaining({ type: 'lagging', source: 'http://liar' })),
    )
  })

  it('G14: with the blocks of another chain does not vote, and one of another genesis is dropped', async () => {
    const other: SourceFactory<TronSource> = (chain) => ({
      ...tronHttp(devnet.tron.url)('tron:0x2b6653dc'),
      name: 'http://other',
      chain,
    })
    const { account, events } = await open([honest, other, honest])
    expect(await account.balance()).toBe(100n * TRX)
    await vi.waitFor(() => expect(events).toContainEqual(expect.objectContaining({ type: 'dropped' })))
    const forked = await open([elsewhere(await heightNow()), honest, honest])
    expect(await forked.account.balance()).toBe(100n * TRX)
    await vi.waitFor(() =>
      expect(forked.events).toContainEqual(expect.objectContaining({ source: 'http://liar' })),
    )
  })

  it('G14: and one honest and one that lies are no two that agree', async () => {
    for (const liar of [inflated, hiding, elsewhere((await heightNow()) - 100)]) {
      const { account } = await open([liar, honest])
      await expect(account.balance()).rejects.toMatchObject({ code: 'NODES_DISAGREE', retryable: true })
    }
  })

  it('pays through two honest nodes and a liar, and shows what it paid', async () => {
    const { wallet, account } = await open([inflated, honest, honest])
    const draft = await account.create({ to: BOB, amount: '1' })
    const payment = await wallet.publish(await wallet.sign(draft))
    await devnet.tron.mine()
    const { fee } = await payment.confirmed()
    expect(await account.balance()).toBe(99n * TRX - fee)
  })

  it('asks again while blocks come in, before it calls that a disagreement', async () => {
    let asked = 0
    // For a moment it does not know yet of what the newest block brought.
    const late = bent((real) => async (calls, options) => {
      const results = await real(calls, options)
      return results.map((result, i) => {
        const { path } = calls[i]!
        if (path === 'wallet/getaccount' && ++asked < 2) return ok({})
        if (path !== 'wallet/getblock' || asked > 1 || !result.ok) return result
        const { blockID } = result.value as { blockID: string }
        return ok({ blockID: blockID.replace(/.{4}$/, asked === 0 ? blockID.slice(-4) : 'ffff') })
      })
    })
    const { account } = await open([late, honest])
    expect(await account.balance()).toBe(100n * TRX)
    expect(asked).toBeGreaterThanOrEqual(2)
  })
})
