import { memoryStore } from '@coffer/core'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { CHAIN, fresh, funded, mined, openWallet, send, TRX } from './devnet.fixture.ts'
import { feeParts } from './fee-parts.ts'
import { payoutQueue } from './payout-queue.ts'
import { tronDevnet } from './tron.ts'

let devnet: Devnet<'tron'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['tron'] })
})
afterAll(() => devnet.stop())
afterEach(async () => {
  vi.useRealTimers()
  await devnet.tron.setAutomine(true)
})
const node = () => devnet.tron

const USDT = `${CHAIN}/trc20:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t` as const

describe('a Tron account on the devnet', () => {
  it('reads the coin, the listed tokens, and never 0 for what cannot be read', async () => {
    const { account } = await funded(node(), { usdt: 25_000_000n })
    const balances = await account.balances()
    expect(balances.map(({ asset, amount }) => [asset.symbol, amount])).toEqual([
      ['TRX', 1_000n * TRX],
      ['USDT', 25_000_000n],
      ['USDC', 0n],
      ['TEX', 0n],
    ])
    const ghost = {
      id: `${CHAIN}/trc20:${account.address}`,
      symbol: 'GHOST',
      name: 'Ghost',
      decimals: 6,
    } as const
    const [missing] = await account.balances({ assets: [ghost] })
    expect(missing).toMatchObject({ asset: ghost, error: { code: 'TOKEN_UNREADABLE' } })
    const listed = await account.token(node().tokens.USDC.address)
    expect(listed).toEqual(tronDevnet().assets.find(({ symbol }) => symbol === 'USDC'))
    const own = await node().deployToken({ name: 'Tea', symbol: 'TEA', decimals: 3 })
    expect(await account.token(own)).toMatchObject({ symbol: 'TEA', decimals: 3, unlisted: true })
  })

  it('pays TRX to an account, and opens one', async () => {
    const { wallet, account } = await funded(node())
    const other = await funded(node())
    const { draft, payment, info } = await send(node(), wallet, account, {
      to: other.account.address,
      amount: '1',
    })
    expect(draft.effects.list).toEqual([
      {
        kind: 'transfer',
        asset: `${CHAIN}/slip44:1`,
        from: account.address,
        to: other.account.address,
        amount: 1_000_000n,
      },
    ])
    expect(feeParts(draft)).toMatchObject({ bandwidth: { bytes: 267n, from: 'free' }, total: 0n })
    expect(info.fee ?? 0).toBe(0)
    expect(await other.account.balance()).toBe(1_001_000_000n)
    await node().mine(5)
    expect(await payment.status()).toMatchObject({ state: 'mined', ok: true, final: true, fee: 0n })

    const to = await fresh(node())
    const opening = await send(node(), wallet, account, { to, amount: '1' })
    expect(opening.draft.effects.warnings.map(({ code }) => code)).toContain('activation')
    expect(opening.draft.fee.expected).toBe(BigInt(opening.info.fee ?? 0))
    expect(opening.draft.fee.expected).toBeGreaterThan(0n)
    expect(opening.draft.fee.expected).toBeLessThanOrEqual(opening.draft.fee.ceiling)
  })

  it('pays USDT, with a memo, and tells the energy that is staked, shared and burnt', async () => {
    const { wallet, account } = await funded(node(), { usdt: 100_000_000n })
    const to = await fresh(node())
    const first = await send(node(), wallet, account, {
      to,
      amount: '12.5',
      asset: 'USDT',
      memo: 'invoice 7',
    })
    expect(first.info.receipt.result).toBe('SUCCESS')
    expect(first.draft.effects.list).toEqual([
      { kind: 'transfer', asset: USDT, from: account.address, to, amount: 12_500_000n },
      { kind: 'memo', data: Buffer.from('invoice 7').toString('hex') },
    ])
    const parts = feeParts(first.draft)!
    expect(parts.energy.used).toBe(BigInt(first.info.receipt.energy_usage_total!))
    expect(parts.total).toBe(BigInt(first.info.fee ?? 0))

    // Staked in part: the fee limit still covers the whole bill.
    await node().setAccount(account.address, { frozen: { energy: 1_000n * TRX } })
    const staked = (await account.resources()).energy.limit
    expect(staked).toBeGreaterThan(0n)
    const second = await send(node(), wallet, account, { to, amount: '1', asset: 'USDT' })
    expect(second.info.receipt.result).toBe('SUCCESS')
    expect(feeParts(second.draft)!.total).toBe(BigInt(second.info.fee ?? 0))
    expect(await account.balance('USDT')).toBe(86_500_000n)
  })

  it('sends all there is, to the sun', async () => {
    const { wallet, account } = await funded(node(), { usdt: 7_000_001n })
    const { account: friend } = await funded(node())
    await send(node(), wallet, account, { to: friend.address, amount: 'max', asset: 'USDT' })
    expect(await account.balance('USDT')).toBe(0n)
    expect(await friend.balance('USDT')).toBe(7_000_001n)
    await node().setAccount(account.address, { used: { freeBandwidth: 600n } })
    await send(node(), wallet, account, { to: friend.address, amount: 'max' })
    expect(await account.balance()).toBe(0n)
  })

  it('approves, calls and deploys', async () => {
    const { wallet, account } = await funded(node(), { usdt: 5_000_000n })
    const spender = await fresh(node())
    await send(node(), wallet, account, { kind: 'approve', asset: 'USDT', spender, amount: '5' })
    expect(await account.allowance({ asset: 'USDT', spender })).toBe(5_000_000n)
    const call = await send(node(), wallet, account, {
      kind: 'call',
      to: node().tokens.TEX.address,
      data: `0x40c10f19${'0'.repeat(24)}${'11'.repeat(20)}${'0'.repeat(63)}5`,
    })
    expect(call.draft.effects.list[0]).toMatchObject({ kind: 'call', selector: '0x40c10f19' })
    expect(call.info.receipt.result).toBe('SUCCESS')
    // Code that stores nothing and makes a contract of one byte, STOP.
    const deployed = await send(node(), wallet, account, {
      kind: 'deploy',
      data: '0x600160005360016000f3',
      name: 'Stop',
    })
    expect(deployed.info.receipt.result).toBe('SUCCESS')
    expect(deployed.info.contract_address).toMatch(/^41/)
    expect(feeParts(deployed.draft)!.total).toBe(BigInt(deployed.info.fee ?? 0))
  })

  it('moves TRC-10 tokens by their number', async () => {
    const { wallet, account } = await funded(node())
    const { account: friend } = await funded(node())
    await node().setAccount(account.address, { trc10: { '1000001': 9_007_199_254_740_993n } })
    const asset = `${CHAIN}/trc10:1000001` as const
    expect(await account.balance(asset)).toBe(9_007_199_254_740_993n)
    await send(node(), wallet, account, { to: friend.address, amount: 9_007_199_254_740_993n, asset })
    expect(await friend.balance(asset)).toBe(9_007_199_254_740_993n)
  })

  it('stakes, lends, votes, unstakes and gets everything back', async () => {
    const { wallet, account } = await funded(node())
    const { account: friend } = await funded(node())
    const step = (request: Parameters<typeof account.create>[0]) => send(node(), wallet, account, request)
    await step({ kind: 'freeze', amount: '100', resource: 'energy' })
    await step({ kind: 'freeze', amount: '50', resource: 'bandwidth' })
    let now = await account.resources()
    expect(now.staked).toEqual({ energy: 100n * TRX, bandwidth: 50n * TRX })
    expect(now.votes.total).toBe(150n)
    expect(now.energy.limit).toBeGreaterThan(0n)

    const [witness] = node().witnesses
    const vote = await step({ kind: 'vote', votes: [{ to: witness!, count: 150 }] })
    expect(vote.draft.effects.list).toEqual([{ kind: 'vote', votes: [{ to: witness, count: 150n }] }])
    await expect(
      account.create({ kind: 'vote', votes: [{ to: witness!, count: 151 }] }),
    ).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    })

    await step({ kind: 'delegate', to: friend.address, amount: '40', resource: 'energy' })
    now = await account.resources()
    expect(now.staked.energy).toBe(60n * TRX)
    expect(now.lent.energy).toBe(40n * TRX)
    expect((await friend.resources()).energy.limit).toBeGreaterThan(0n)
    await step({ kind: 'undelegate', to: friend.address, amount: '40', resource: 'energy' })
    expect((await account.resources()).staked.energy).toBe(100n * TRX)

    await step({ kind: 'unfreeze', amount: '30', resource: 'energy' })
    now = await account.resources()
    expect(now.unfreezing).toMatchObject([{ amount: 30n * TRX, resource: 'energy' }])
    await expect(account.create({ kind: 'withdraw' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await step({ kind: 'cancel-unfreeze' })
    expect((await account.resources()).staked.energy).toBe(100n * TRX)

    await step({ kind: 'unfreeze', amount: '100', resource: 'energy', again: true })
    const { unfreezing } = await account.resources()
    // Near enough to the clock of this machine for a wallet to believe it.
    const wait = Math.ceil((unfreezing[0]!.ready - Date.now()) / 1000) + 60
    expect(wait).toBeGreaterThan(3 * 86_400)
    await node().setAccount(account.address, { rewards: 7n * TRX })
    const before = await account.balance()
    const claim = await step({ kind: 'claim' })
    expect(await account.balance()).toBe(before + 7n * TRX - BigInt(claim.info.fee ?? 0))
  })

  it('gives the account to two keys, which sign one after the other', async () => {
    const { wallet, account } = await funded(node())
    const second = openWallet(node(), { words: 'zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong' })
    const partner = await second.account('tron-devnet')
    const keys = [
      { address: account.address, weight: 1 },
      { address: partner.address, weight: 1 },
    ]
    const draft = await account.create({
      kind: 'permissions',
      owner: { threshold: 2, keys },
      actives: [{ threshold: 2, keys }],
    })
    expect((draft.effects.list[0] as { before?: string[] }).before?.[0]).toContain(
      `owner, 1 of ${account.address}`,
    )
    expect(draft.effects.list[0]).toMatchObject({ kind: 'permissions', permissions: [{ threshold: 2n }, {}] })
    await expect(wallet.sign(draft)).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
      details: { rule: 'permission-change' },
    })
    const { info } = await mined(node(), wallet, draft)
    expect(BigInt(info.fee ?? 0)).toBe(draft.fee.expected)

    const to = (await funded(node())).account.address
    for (const permission of [undefined, 2]) {
      const payment = await account.create({ to, amount: '1', permission, again: true })
      expect(payment.fee.expected).toBeGreaterThanOrEqual(TRX)
      await expect(wallet.sign(payment)).rejects.toMatchObject({ code: 'SIGNATURES_MISSING' })
      const once = await wallet.cosign(payment)
      const travelled = second.draft(JSON.stringify(once))
      const signed = await second.sign(travelled)
      const sent = await wallet.publish(wallet.signed(JSON.stringify(signed)))
      const charged = await node().request<{ fee: number }>('wallet/gettransactioninfobyid', {
        value: sent.txid,
      })
      expect(BigInt(charged.fee)).toBe(payment.fee.expected)
      // Side by side, too.
      const again = await account.create({ to, amount: '1', permission, again: true })
      const both = [await wallet.cosign(again), await second.cosign(second.draft(JSON.stringify(again)))]
      await wallet.publish(wallet.finish(both))
    }
  })

  it('follows a payment through a reorganisation to its end (G11)', async () => {
    const { wallet, account } = await funded(node())
    const to = (await funded(node())).account.address
    node().setSolidBehind(6)
    const { payment } = await send(node(), wallet, account, { to, amount: '1' })
    const states: string[] = []
    for await (const { state } of payment.watch({ interval: 20 })) {
      if (states.at(-1) === state) continue
      states.push(state)
      if (state === 'confirmed' && states.length < 3) await node().reorg(1)
      else if (state === 'reorged') await node().mine(1)
      else if (state === 'confirmed') await node().mine(8)
    }
    node().setSolidBehind(2)
    expect(states).toEqual(['confirmed', 'reorged', 'confirmed', 'final'])
  })

  it('T6: makes a second attempt only when the first can no longer be mined', async () => {
    const store = memoryStore()
    const { wallet, account } = await funded(node(), { store })
    const to = (await funded(node())).account.address
    await node().setAutomine(false)
    const draft = await account.create({ to, amount: '3', expiresIn: 60 })
    const signed = await wallet.sign(draft)
    await expect(account.create({ to, amount: '3' })).rejects.toMatchObject({
      code: 'PAYMENT_OPEN',
      details: { txid: signed.txid },
    })
    const payment = await wallet.publish(signed)
    expect((await payment.status()).state).toBe('pending')
    await node().dropTransaction(signed.txid)
    expect((await payment.status()).state).toBe('unknown')
    await expect(account.retry(signed)).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
    await node().advanceTime(1_000)
    await node().mine(1)
    // Both clocks: one node could make up a time.
    vi.useFakeTimers({ now: Date.now() + 1_000_000, toFake: ['Date'] })
    await expect(account.retry(signed)).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
    await node().mine(3)
    vi.useRealTimers()
    expect((await payment.status()).state).toBe('unknown')
    vi.useFakeTimers({ now: Date.now() + 1_000_000, toFake: ['Date'] })
    expect((await payment.status()).state).toBe('expired')
    await expect(payment.confirmed(1, { interval: 10 })).rejects.toMatchObject({ code: 'PAYMENT_EXPIRED' })
    await expect(wallet.publish(signed)).rejects.toMatchObject({ code: 'BROADCAST_REJECTED' })
    await node().setAutomine(true)
    const second = await mined(node(), wallet, await account.retry(signed))
    expect(second.payment.txid).not.toBe(signed.txid)
    expect((await second.payment.status()).state).toBe('mined')
    await expect(account.retry(second.signed)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    // Mined, it is settled: the same again is a new payment.
    await account.create({ to, amount: '3' })
    vi.useRealTimers()
  })

  it('publishes the same bytes as often as asked, and pays once (G12)', async () => {
    const { wallet, account } = await funded(node())
    const to = (await funded(node(), { trx: TRX })).account
    const signed = await wallet.sign(await account.create({ to: to.address, amount: '4' }))
    const payments = await Promise.all([1, 2, 3].map(() => wallet.publish(signed)))
    expect(new Set(payments.map(({ txid }) => txid)).size).toBe(1)
    expect((await wallet.publish(signed)).txid).toBe(signed.txid)
    expect(await to.balance()).toBe(5n * TRX)
  })

  it('pays a list, each once, across a restart', async () => {
    const store = memoryStore()
    const { wallet, account, index } = await funded(node(), { usdt: 1_000_000_000n, store })
    const people = await Promise.all(Array.from({ length: 12 }, () => fresh(node())))
    const payouts = people.map((to, i) => ({ id: `p${i}`, to, amount: '1.5', asset: 'USDT' }))
    const queue = payoutQueue({ wallet, account, store, inFlight: 4 })
    await queue.add([...payouts, ...payouts])
    const cut = new AbortController()
    let seen = 0
    await expect(
      (async () => {
        for await (const { state } of queue.run({ signal: cut.signal, interval: 20 }))
          if (state === 'signed' && ++seen === 5) cut.abort()
      })(),
    ).rejects.toMatchObject({ code: 'ABORTED' })

    const later = openWallet(node(), { store })
    const again = payoutQueue({
      wallet: later,
      account: await later.account('tron-devnet', { index }),
      store,
    })
    await again.add(payouts)
    for await (const { state } of again.run({ interval: 20 })) if (state === 'confirmed') await node().mine(3)
    expect(await account.balance('USDT')).toBe(1_000_000_000n - 12n * 1_500_000n)
    const done = await again.list()
    expect(done.map(({ id, state }) => [id, state])).toEqual(payouts.map(({ id }) => [id, 'final']))
  })

  it('tells the history of coin and tokens, in pages', async () => {
    const { wallet, account } = await funded(node(), { usdt: 9_000_000n })
    const { account: friend } = await funded(node(), { trx: 10n * TRX })
    await send(node(), wallet, account, { to: friend.address, amount: '1' })
    await send(node(), wallet, account, { to: friend.address, amount: '2', asset: 'USDT' })
    await node().mine(3)
    const rows: string[] = []
    let cursor: string | undefined
    do {
      const page = await account.history({ limit: 1, cursor })
      rows.push(...page.items.map(({ direction, amount, asset }) => `${direction} ${amount} ${asset.symbol}`))
      cursor = page.next
    } while (cursor !== undefined)
    expect(rows).toEqual(['out 2000000 USDT', 'out 1000000 TRX', 'in 9000000 USDT', 'in 1000000000 TRX'])
  })

  it('opens an account with 20 tokens in two calls', async () => {
    const { account } = await funded(node())
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        node().deployToken({ name: `T${i}`, symbol: `T${i}`, decimals: 6 }),
      ),
    )
    const assets = tokens.map((address) => ({
      id: `${CHAIN}/trc20:${address}` as const,
      symbol: 'T',
      name: 'T',
      decimals: 6,
    }))
    const balances = await account.balances({ assets: ['TRX', ...assets] })
    expect(balances).toHaveLength(21)
    expect(balances.every(({ error }) => error === undefined)).toBe(true)
  })

  it('signs a hundred payments at once, and every one is mined', async () => {
    const { wallet, account } = await funded(node())
    const to = (await funded(node(), { trx: TRX })).account
    const drafts = await account.createBatch(
      Array.from({ length: 100 }, () => ({ to: to.address, amount: '0.5', again: true })),
    )
    const signed = await Promise.all(drafts.map((draft) => wallet.sign(draft)))
    expect(new Set(signed.map(({ txid }) => txid)).size).toBe(100)
    const payments = await Promise.all(signed.map((one) => wallet.publish(one)))
    const states = await Promise.all(payments.map((payment) => payment.status()))
    expect(states.filter((status) => status.state !== 'mined')).toEqual([])
    expect(await to.balance()).toBe(TRX + 50n * TRX)
  })
})
