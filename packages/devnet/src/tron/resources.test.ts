import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDevnet } from '../devnet.ts'
import type { TronNode } from './node.ts'
import { initialParameters } from './parameters.ts'
import { consume, energyLeft, giveBack, increase, netLimit, recovered, WINDOW } from './resources.ts'
import { emptyState, type Resource } from './state.ts'
import { newcomer, type Someone, send, stranger, TRX } from './tronweb.fixture.ts'

const idle: Resource = { frozen: 0n, delegated: 0n, acquired: 0n, usage: 0n, time: 0n, window: 0n }

describe('usage recovers over 28,800 slots', () => {
  // Usage, slots that went by, what is left. Worked out by hand with java-tron's steps: the average is usage × 10^6 / 28,800
  // rounded up, times what is left of the window as a double, rounded; and back, rounded down.
  test.each([
    [267n, 0n, 267n],
    [267n, 1n, 267n],
    [267n, 108n, 265n],
    [267n, 14_400n, 133n],
    [267n, 28_799n, 0n],
    [267n, 28_800n, 0n],
    [600n, 7_200n, 450n],
    [1_000_000n, 1n, 999_965n],
    [10_000_000_000n, 9_600n, 6_666_666_666n],
  ])('%s after %s slots is %s', (usage, slots, left) => {
    expect(increase(usage, 0n, 1_000n, 1_000n + slots)).toBe(left)
    expect(recovered({ ...idle, usage, time: 1_000n }, 1_000n + slots)).toBe(left)
  })

  test('the window of stake is the mean of old and new, weighed by usage', () => {
    const first = consume(idle, 1_000n, 100n)
    expect(first).toMatchObject({ usage: 1_000n, window: 28_800_000n })
    // Half recovered: 500 with 14,400 slots left, and 500 more with 28,800.
    const second = consume({ ...first, time: 100n }, 500n, 14_500n)
    expect(second.usage).toBe(1_000n)
    expect(second.window).toBe(21_600_000n)
  })

  test('what comes back with stake brings its window along', () => {
    const owner = { ...idle, usage: 100n, time: 10n, window: 28_800_000n }
    const receiver = { ...idle, window: 10_000_000n }
    expect(giveBack(owner, receiver, 100n, 10n)).toMatchObject({
      usage: 200n,
      window: 19_400_000n,
      time: 10n,
    })
    expect(giveBack(idle, receiver, 0n, 10n)).toMatchObject({ usage: 0n, window: WINDOW * 1_000n })
  })

  test('limits are the share of all stake', () => {
    const state = emptyState(initialParameters)
    state.netWeight = 27_000_000_000n
    state.energyWeight = 18_000_000_000n
    expect(netLimit(state, { ...idle, frozen: 1_000_000_000n })).toBe(1_600n)
    expect(netLimit(state, { ...idle, frozen: 500_000_000n, acquired: 500_000_000n })).toBe(1_600n)
    expect(energyLeft(state, { ...idle, frozen: 1_500_000n, usage: 5n, time: 7n }, 7n)).toBe(10n)
    expect(energyLeft(state, { ...idle, frozen: 1_500_000n, usage: 50n, time: 7n }, 7n)).toBe(0n)
  })
})

describe('what a transaction pays', () => {
  let devnet: Awaited<ReturnType<typeof startDevnet<'tron'>>>
  let node: TronNode

  beforeAll(async () => {
    devnet = await startDevnet({ chains: ['tron'] })
    node = devnet.tron
    await node.fund(stranger, { amount: 1n })
    await node.fund(stranger, { amount: 1n, token: 'USDT' })
  })
  afterAll(() => devnet.stop())

  const pay = (who: Someone, sun = TRX) =>
    send(who.tronWeb, who.tronWeb.transactionBuilder.sendTrx(stranger, sun, who.address))

  const call = async (who: Someone, to = stranger, feeLimit = 100 * TRX, amount = 1) => {
    const { transaction } = await who.tronWeb.transactionBuilder.triggerSmartContract(
      node.tokens.USDT.address,
      'transfer(address,uint256)',
      { feeLimit },
      [
        { type: 'address', value: to },
        { type: 'uint256', value: amount },
      ],
      who.address,
    )
    return send(who.tronWeb, transaction)
  }

  const holder = async (trx = 1_000): Promise<Someone> => {
    const who = await newcomer(node, trx)
    await node.setAccount(who.address, { tokens: { USDT: 1_000_000n } })
    return who
  }

  test('bandwidth comes from stake, then from the free allowance, then from TRX', async () => {
    const who = await newcomer(node)
    await node.setAccount(who.address, { frozen: { bandwidth: 200_000_000n } })
    const resources = () => who.tronWeb.trx.getAccountResources(who.address)
    expect(await resources()).toMatchObject({ NetLimit: 319, freeNetLimit: 600 })
    expect((await pay(who)).receipt).toEqual({ net_usage: 267 })
    expect(await resources()).toMatchObject({ NetUsed: 267 })
    expect((await pay(who)).receipt).toEqual({ net_usage: 267 })
    expect((await pay(who)).receipt).toEqual({ net_usage: 267 })
    expect(await resources()).toMatchObject({ NetUsed: 266, freeNetUsed: 533 })
    const paid = await pay(who)
    expect(paid.receipt).toEqual({ net_fee: 267_000 })
    expect(paid.fee).toBe(267_000)
  })

  test('a new account costs staked bandwidth, never the free one, or 0.1 TRX; and 1 TRX', async () => {
    const who = await newcomer(node)
    const create = async () => {
      const { address } = await newcomer(node, 0)
      return send(who.tronWeb, who.tronWeb.transactionBuilder.sendTrx(address, TRX, who.address))
    }
    expect(await create()).toMatchObject({ fee: 1_100_000, receipt: { net_fee: 100_000 } })
    await node.setAccount(who.address, { frozen: { bandwidth: 1_000_000_000n } })
    expect(await create()).toMatchObject({ fee: 1_000_000, receipt: { net_usage: 267 } })
  })

  test('energy comes from stake, and TRX pays the rest', async () => {
    const who = await holder()
    expect((await call(who)).receipt).toEqual({
      result: 'SUCCESS',
      energy_usage_total: 12_988,
      energy_fee: 1_298_800,
      net_usage: 345,
    })
    await node.setAccount(who.address, { frozen: { energy: 1_000_000_000n } })
    expect((await call(who)).receipt).toMatchObject({ energy_usage: 9_999, energy_fee: 298_900 })
    await node.setAccount(who.address, { frozen: { energy: 2_000_000_000n }, used: { energy: 0n } })
    const free = await call(who)
    expect(free.receipt).toMatchObject({ energy_usage: 12_988, energy_usage_total: 12_988 })
    expect(free.receipt.energy_fee).toBeUndefined()
    expect((await who.tronWeb.trx.getAccountResources(who.address)).EnergyUsed).toBeGreaterThan(12_980)
  })

  test('a holder who is new to the token costs 15,000 energy more', async () => {
    const [who, other] = [await holder(), await newcomer(node, 0)]
    expect((await call(who, other.address)).receipt.energy_usage_total).toBe(27_988)
  })

  test('the fee limit bounds all energy, staked energy too', async () => {
    const who = await holder()
    await node.setAccount(who.address, { frozen: { energy: 2_000_000_000n } })
    const info = await call(who, stranger, 1_000_000)
    expect(info).toMatchObject({
      result: 'FAILED',
      receipt: { result: 'OUT_OF_ENERGY', energy_usage: 10_000 },
    })
  })

  test('out of energy is in a block and paid for, and changes nothing else', async () => {
    const who = await holder(10)
    const info = await call(who, stranger, 1_000_000)
    expect(info).toMatchObject({
      fee: 1_000_000,
      result: 'FAILED',
      receipt: { result: 'OUT_OF_ENERGY', energy_usage_total: 10_000, energy_fee: 1_000_000 },
    })
    expect(info.log).toBeUndefined()
    expect(await who.tronWeb.trx.getUnconfirmedBalance(who.address)).toBe(9 * TRX)
    const usdt = await who.tronWeb.contract().at(node.tokens.USDT.address)
    expect(await usdt.balanceOf?.(who.address).call()).toBe(1_000_000n)
  })

  test('TRX that is not there buys no energy', async () => {
    const who = await holder(1)
    expect((await call(who)).receipt).toMatchObject({ result: 'OUT_OF_ENERGY', energy_usage_total: 10_000 })
    expect(await who.tronWeb.trx.getUnconfirmedBalance(who.address)).toBe(0)
  })

  test.each([
    // userPercent, originEnergyLimit, paid by the deployer
    [0, 10_000_000n, 12_988],
    [40, 10_000_000n, 7_792],
    [40, 5_000n, 5_000],
    [99, 10_000_000n, 129],
    [100, 10_000_000n, undefined],
  ])(
    'callers pay %s %%: the deployer at most %s energy, here %s',
    async (userPercent, originEnergyLimit, origin) => {
      const who = await holder()
      const id = await node.snapshot()
      await node.setContract('USDT', { userPercent, originEnergyLimit })
      const { receipt } = await call(who)
      expect(receipt.origin_energy_usage).toBe(origin)
      expect(receipt.energy_fee ?? 0).toBe((12_988 - (origin ?? 0)) * 100)
      await node.revert(id)
    },
  )

  test('a contract in demand is dearer, operation by operation', async () => {
    const who = await holder()
    const id = await node.snapshot()
    await node.setContract('USDT', { energyFactor: 10_000n })
    const asked = await who.tronWeb.transactionBuilder.triggerConstantContract(
      node.tokens.USDT.address,
      'transfer(address,uint256)',
      {},
      [
        { type: 'address', value: stranger },
        { type: 'uint256', value: 1 },
      ],
      who.address,
    )
    expect(asked).toMatchObject({ energy_used: 2 * 12_988, energy_penalty: 12_988 })
    const { receipt } = await call(who)
    expect(receipt).toMatchObject({ energy_usage_total: 2 * 12_988, energy_penalty_total: 12_988 })
    await node.setContract('USDT', { energyFactor: 2_000n })
    const { energy_penalty_total: penalty = 0 } = (await call(who)).receipt
    expect(penalty).toBeGreaterThan(12_988 / 5 - 600)
    expect(penalty).toBeLessThan(12_988 / 5)
    await node.revert(id)
  })

  test('lent energy is used by the receiver, and its use comes back with it', async () => {
    const [lender, who] = [await newcomer(node), await holder()]
    await node.setAccount(lender.address, { frozen: { energy: 4_000_000_000n } })
    const { transactionBuilder } = lender.tronWeb
    await send(
      lender.tronWeb,
      transactionBuilder.delegateResource(4_000 * TRX, who.address, 'ENERGY', lender.address),
    )
    expect((await call(who)).receipt).toMatchObject({ energy_usage: 12_988 })
    await send(
      lender.tronWeb,
      transactionBuilder.undelegateResource(2_000 * TRX, who.address, 'ENERGY', lender.address),
    )
    const [one, other] = await Promise.all(
      [lender, who].map(({ tronWeb, address }) => tronWeb.trx.getAccountResources(address)),
    )
    // A few slots have gone by.
    expect(one?.EnergyUsed).toBeGreaterThan(6_480)
    expect(one?.EnergyUsed).toBeLessThanOrEqual(6_494)
    expect(Math.abs((other?.EnergyUsed ?? 0) - (one?.EnergyUsed ?? 0))).toBeLessThanOrEqual(1)
  })

  test('what was used two hours ago is nearly there again', async () => {
    const who = await newcomer(node)
    await node.setAccount(who.address, { used: { freeBandwidth: 600n, at: 7_200 } })
    expect((await who.tronWeb.trx.getAccountResources(who.address)).freeNetUsed).toBe(550)
    await node.setAccount(who.address, { used: { freeBandwidth: 600n, at: 43_200 } })
    expect((await pay(who)).receipt).toEqual({ net_usage: 267 })
  })

  test('prices are parameters', async () => {
    const who = await holder()
    const id = await node.snapshot()
    await node.setParameters({ getEnergyFee: 420n, getTransactionFee: 10n, getFreeNetLimit: 0n })
    expect((await call(who)).receipt).toMatchObject({ energy_fee: 12_988 * 420, net_fee: 3_450 })
    expect(await node.request('wallet/getenergyprices')).toEqual({
      prices: expect.stringMatching(/^0:100,\d{13}:420$/),
    })
    await node.revert(id)
  })
})
