import { CofferError, type PaymentStatus } from '@coffer/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { BOB, EVE, fakeWallet, OWN, ok, TRX, USDT, word } from './fake-source.fixture.ts'
import { DAY, later } from './hostile.fixture.ts'
import { tronNetwork } from './networks.ts'
import { accountRead, allowancesRead } from './reads.ts'

const COIN = tronNetwork.coin.id

afterEach(() => vi.useRealTimers())

describe('lying tokens', () => {
  const pay = { to: BOB, amount: '1', asset: 'USDT' } as const

  it('other decimals than the list has are refused', async () => {
    const { account, node } = await fakeWallet()
    for (const decimals of [0n, 5n, 18n, 2n ** 255n]) {
      node.tokens.get(USDT)!.decimals = decimals
      await expect(account.create(pay)).rejects.toMatchObject({ code: 'TOKEN_MISMATCH' })
    }
    node.tokens.get(USDT)!.says.set('313ce567', '')
    await expect(account.create(pay)).rejects.toMatchObject({ code: 'TOKEN_MISMATCH' })
  })

  it('that changes its decimals between two looks is not read', async () => {
    const { account, node } = await fakeWallet()
    const token = node.token(EVE)
    let looks = 0
    Object.defineProperty(token, 'decimals', { get: () => BigInt(6 + (looks++ % 2)) })
    await expect(account.token(EVE)).rejects.toMatchObject({ code: 'TOKEN_UNREADABLE' })
  })

  it('USDT returns false and pays; another token that returns false without an event is refused', async () => {
    const { account, node } = await fakeWallet()
    node.tokens.get(USDT)!.returns = word(0n)
    node.tokens.get(USDT)!.events = 0
    await expect(account.create(pay)).resolves.toMatchObject({ kind: 'draft' })
    node.token(EVE, { balances: new Map([[OWN, TRX]]) })
    const asset = await account.token(EVE)
    await expect(account.create({ ...pay, asset })).resolves.toMatchObject({ kind: 'draft' })
    for (const returns of [word(0n), word(2n), `${word(1n)}00`, '01', word(2n ** 255n)]) {
      Object.assign(node.tokens.get(EVE)!, { returns, events: 0 })
      await expect(account.create({ ...pay, asset }), returns).rejects.toMatchObject({
        code: 'EXECUTION_REVERTED',
      })
    }
    Object.assign(node.tokens.get(EVE)!, { returns: '', events: 0 })
    await expect(account.create({ ...pay, asset })).resolves.toMatchObject({ kind: 'draft' })
    Object.assign(node.tokens.get(EVE)!, { returns: word(0n), events: 1 })
    await expect(account.create({ ...pay, asset })).resolves.toMatchObject({ kind: 'draft' })
  })

  it('one that refuses says why, without what is invisible', async () => {
    const { account, node } = await fakeWallet()
    node.tokens.get(USDT)!.revert = 'black\u202elisted\u0000'
    await expect(account.create(pay)).rejects.toMatchObject({
      code: 'EXECUTION_REVERTED',
      details: { reason: 'blacklisted' },
    })
  })

  it('names are cleaned, and decimals beyond sense refused', async () => {
    const { account, node } = await fakeWallet()
    node.token(EVE, { symbol: 'U\u202eSDT\u200b' })
    expect((await account.token(EVE)).symbol).toBe('USDT')
    node.token(EVE, { decimals: 37n })
    await expect(account.token(EVE)).rejects.toMatchObject({ code: 'TOKEN_UNREADABLE' })
  })

  it('is paid in its own decimals alone: whole units need them', async () => {
    const { account, node } = await fakeWallet()
    node.token(EVE, { decimals: 18n, balances: new Map([[OWN, 10n ** 30n]]) })
    const id = `${account.chain}/trc20:${EVE}` as const
    await expect(account.create({ to: BOB, amount: '1', asset: id })).rejects.toMatchObject({
      code: 'UNKNOWN_ASSET',
    })
    const asset = { ...(await account.token(EVE)), decimals: 6 }
    await expect(account.create({ to: BOB, amount: '1', asset })).rejects.toMatchObject({
      code: 'TOKEN_MISMATCH',
    })
  })
})

describe('every chain', () => {
  it('G1: a stranger that looks like somebody known is flagged and not signed', async () => {
    const { account, wallet, store } = await fakeWallet()
    const twin = EVE
    const known = `${EVE.slice(0, 6)}${BOB.slice(6, 30)}${EVE.slice(-4)}`
    await store.set(`contacts/${account.chain}`, JSON.stringify([known]))
    const draft = await account.create({ to: twin, amount: '1' })
    await expect(wallet.sign(draft)).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
      details: { rule: 'lookalike' },
    })
    await expect(wallet.sign(draft, { accept: ['lookalike'] })).resolves.toMatchObject({ kind: 'signed' })
  })

  it('G1: what a history tells never becomes a contact', async () => {
    const { account, node, store } = await fakeWallet()
    const row = { txid: 'ab'.repeat(32), height: 5, from: EVE, to: OWN, amount: 1n }
    node.transfers = async () => ({
      items: [
        { ...row, asset: COIN },
        { ...row, asset: `${account.chain}/trc20:${USDT}`, amount: 0n },
        { ...row, asset: `${account.chain}/trc20:${EVE}`, amount: 10n ** 30n },
        { ...row, asset: `${account.chain}/trc10:1002000` },
      ],
    })
    expect((await account.history()).items.map(({ asset }) => asset.symbol)).toEqual(['TRX'])
    expect(await store.keys('contacts/')).toEqual([])
  })

  it('G3: amounts that are no amounts are refused', async () => {
    const { account } = await fakeWallet()
    const wrong = [
      1,
      0.1,
      Number.NaN,
      '1e3',
      '-1',
      '+1',
      '1.0000001',
      '0x10',
      '١',
      '',
      ' 1',
      '1,5',
      '.5',
      '5.',
      -1n,
      0n,
      '0',
      null,
    ]
    for (const amount of wrong)
      await expect(
        account.create({ to: BOB, amount: amount as bigint }),
        String(amount),
      ).rejects.toMatchObject({
        code: 'INVALID_AMOUNT',
      })
    for (const feeLimit of [1, '5', -1n])
      await expect(
        account.create({ to: BOB, amount: '1', feeLimit: feeLimit as bigint }),
      ).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
  })

  it('G3: a payment link never asks for another asset, or for more, than was meant', async () => {
    const { account } = await fakeWallet()
    const links = [
      { asset: `${account.chain}/trc20:${EVE}`, amount: 5_000_000n },
      { asset: `${account.chain}/trc10:1000001`, amount: 5_000_000n },
      { asset: `${account.chain}/trc10:1000001`, amount: '5' },
    ] as const
    for (const request of links) {
      // Without decimals there are no whole units to ask for; and no link names a TRC-10 token.
      const answer = await account.receive(request).catch((error) => error)
      expect(answer, JSON.stringify(request.asset)).toMatchObject({ code: expect.any(String) })
    }
    expect((await account.receive({ asset: `${account.chain}/trc20:${USDT}`, amount: 5_000_000n })).uri).toBe(
      `tron:${OWN}?amount=5&token=${USDT}`,
    )
  })

  it('G8: __proto__ in an answer brings nothing along', async () => {
    const { node } = await fakeWallet()
    const evil = JSON.parse(
      `{"__proto__":{"address":"${OWN}","balance":5},"constructor":{"balance":7},"balance":0}`,
    ) as unknown
    expect(accountRead(OWN).parse(evil)).toMatchObject({ exists: false, balance: 0n })
    expect(allowancesRead(OWN).parse(JSON.parse('{"__proto__":{"NetLimit":5}}')).bandwidth.limit).toBe(0n)
    expect(({} as { balance?: unknown }).balance).toBeUndefined()
    expect(node.accounts.size).toBe(2)
  })

  it('G11: confirmed, then reorged, then expired, in this order; and confirmed again where it comes back', async () => {
    const { account, wallet, node } = await fakeWallet()
    const signed = await wallet.sign(await account.create({ to: BOB, amount: '1' }))
    const payment = await wallet.publish(signed)
    const seen: PaymentStatus['state'][] = []
    for await (const { state } of payment.watch({ interval: 1 })) {
      seen.push(state)
      if (state === 'pending') node.mine()
      else if (state === 'confirmed') node.reorg(signed.txid, true)
      else if (state === 'reorged') later(node, 15)
      if (seen.length > 8) break
    }
    expect(seen).toEqual(['pending', 'confirmed', 'reorged', 'expired'])

    const other = await wallet.sign(await account.create({ to: BOB, amount: '2' }))
    const back: PaymentStatus['state'][] = []
    for await (const { state } of (await wallet.publish(other)).watch({ interval: 1 })) {
      back.push(state)
      if (state === 'pending') node.mine()
      else if (state === 'confirmed' && !back.includes('reorged')) node.reorg(other.txid)
      else if (state === 'reorged') node.mine()
      else if (state === 'confirmed') node.mine(19)
      if (back.length > 8) break
    }
    expect(back).toEqual(['pending', 'confirmed', 'reorged', 'confirmed', 'final'])
  })

  it('G12: a reply that is lost after acceptance is found out, or told, and never signed anew', async () => {
    const { account, wallet, node } = await fakeWallet()
    const signed = await wallet.sign(await account.create({ to: BOB, amount: '1' }))
    let lost = 0
    let isHidden = true
    node.bend = ({ path }) => {
      if (path === 'wallet/gettransactionbyid' && isHidden) return ok({})
      if (path !== 'wallet/broadcasthex') return undefined
      lost++
      throw lostReply()
    }
    await expect(wallet.publish(signed)).rejects.toMatchObject({ code: 'BROADCAST_UNKNOWN', retryable: true })
    expect((await wallet.payments()).map(({ txid }) => txid)).toEqual([signed.txid])
    // It waits, and the node says so.
    isHidden = false
    await expect(wallet.publish(signed)).resolves.toMatchObject({ txid: signed.txid })
    node.mine()
    await expect(wallet.publish(signed)).resolves.toMatchObject({ txid: signed.txid })
    node.bend = () => undefined
    await expect(wallet.publish(signed)).resolves.toMatchObject({ txid: signed.txid })
    expect(lost).toBe(3)
    expect(new Set(node.broadcasts).size).toBe(1)
    expect(node.mined.size).toBe(1)
  })

  it('G13: a clock a day wrong either way still pays, and a year wrong is a clear error', async () => {
    const now = Date.now()
    for (const off of [DAY, -DAY]) {
      const { account, wallet, node } = await fakeWallet()
      vi.useFakeTimers({ now: now + off, toFake: ['Date'] })
      const signed = await wallet.sign(await account.create({ to: BOB, amount: '1' }))
      await wallet.publish(signed)
      await expect(account.create({ to: BOB, amount: '1' })).rejects.toMatchObject({ code: 'PAYMENT_OPEN' })
      node.mine(25)
      expect(await wallet.payment(signed).status()).toMatchObject({ state: 'mined', final: true })
      vi.useRealTimers()
    }
    for (const off of [365 * DAY, -365 * DAY]) {
      const { account } = await fakeWallet()
      vi.useFakeTimers({ now: now + off, toFake: ['Date'] })
      await expect(account.create({ to: BOB, amount: '1' })).rejects.toMatchObject({
        code: 'BAD_RESPONSE',
        message: expect.stringContaining('Check the clock'),
      })
      vi.useRealTimers()
    }
    const { account, wallet } = await fakeWallet()
    const draft = await account.create({ to: BOB, amount: '1' })
    vi.useFakeTimers({ now: now - 365 * DAY, toFake: ['Date'] })
    await expect(wallet.sign(draft)).rejects.toMatchObject({ message: expect.stringContaining('clock') })
  })
})

function lostReply(): CofferError {
  return new CofferError({ code: 'TIMEOUT', message: 'No reply came in time.', retryable: true })
}
