import { createWallet, memoryStore, type Store } from '@coffer/core'
import { cluster, jsonRpc } from '@coffer/daemon-client'
import type { EvmNode } from '@coffer/devnet'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { softwareSigner } from '@coffer/signer-software'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bnb, ethereum } from './evm.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const ALICE = '0x000000000000000000000000000000000000a11c'
const ETH = 10n ** 18n
const GWEI = 10n ** 9n

let devnet: Devnet<'ethereum' | 'bnb'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['ethereum', 'bnb'] })
})
afterAll(() => devnet.stop())

function open(options: { store?: Store; tokens?: Parameters<typeof ethereum>[0] } = {}) {
  return createWallet({
    chains: [ethereum({ delegates: [devnet.ethereum.contracts.batchDelegate], ...options.tokens }), bnb()],
    source: cluster({
      'eip155:1': [jsonRpc(devnet.ethereum.url)],
      'eip155:56': [jsonRpc(devnet.bnb.url)],
    }),
    signer: softwareSigner({ mnemonic }),
    ...(options.store ? { store: options.store } : {}),
  })
}

let nextIndex = 0
/** A fresh account of its own for each test, with coins and tokens. */
async function funded(options: Parameters<typeof open>[0] = {}) {
  const wallet = open(options)
  const index = nextIndex++
  const account = await wallet.account('ethereum', { index })
  await devnet.ethereum.fund(account.address, { amount: 10n * ETH })
  await devnet.ethereum.fund(account.address, { token: 'USDT', amount: 1000_000000n })
  await devnet.ethereum.fund(account.address, { token: 'DAI', amount: 1000n * ETH })
  return { wallet, account, index, node: devnet.ethereum as EvmNode }
}

describe('an EVM account on a real node', () => {
  it('reads the coin and the listed tokens, and never 0 for what cannot be read', async () => {
    const { account, node } = await funded()
    const balances = await account.balances()
    expect(balances.map(({ asset, amount }) => [asset.symbol, amount])).toEqual([
      ['ETH', 10n * ETH],
      ['USDT', 1000_000000n],
      ['USDC', 0n],
      ['DAI', 1000n * ETH],
    ])
    const ghost = { id: `eip155:1/erc20:${ALICE}`, symbol: 'GHOST', name: 'Ghost', decimals: 18 } as const
    const [missing] = await account.balances({ assets: [ghost] })
    expect(missing).toMatchObject({ asset: ghost, error: { code: 'TOKEN_UNREADABLE' } })
    expect(missing!.amount).toBeUndefined()
    await expect(account.balance(ghost)).rejects.toMatchObject({ code: 'TOKEN_UNREADABLE' })
    expect(node.tokens.USDT.decimals).toBe(6)
  })

  it('pays in the coin: create, inspect, sign, publish, follow', async () => {
    const { wallet, account, node } = await funded()
    const draft = await account.create({ to: ALICE, amount: '0.25' })
    expect(draft.effects.list).toEqual([
      { kind: 'transfer', asset: 'eip155:1/slip44:60', from: account.address, to: ALICE, amount: ETH / 4n },
    ])
    const signed = await wallet.sign(draft)
    const payment = await wallet.publish(signed)
    expect(payment.txid).toBe(signed.txid)
    const status = await payment.confirmed()
    expect(status.fee).toBeLessThanOrEqual(draft.fee.ceiling)
    expect(status.fee).toBe(draft.fee.expected)
    expect(await account.balance()).toBe(10n * ETH - ETH / 4n - status.fee)
    await node.mine(6)
    const states = []
    for await (const { state } of payment.watch()) states.push(state)
    expect(states).toEqual(['final'])
  })

  it('pays in tokens that return nothing and in tokens that return true', async () => {
    const { wallet, account } = await funded()
    for (const [asset, amount, units] of [
      ['USDT', '12.5', 12_500000n],
      ['DAI', '12.5', 125n * 10n ** 17n],
    ] as const) {
      const before = await account.balance(asset)
      const draft = await account.create({ to: ALICE, amount, asset })
      expect(draft.effects.list).toMatchObject([{ kind: 'transfer', to: ALICE, amount: units }])
      await (await wallet.publish(await wallet.sign(draft))).confirmed()
      expect(await account.balance(asset)).toBe(before - units)
    }
  })

  it('sends all of the coin and all of a token', async () => {
    const { wallet, account } = await funded()
    const all = await account.create({ to: ALICE, amount: 'max', asset: 'DAI' })
    await (await wallet.publish(await wallet.sign(all))).confirmed()
    expect(await account.balance('DAI')).toBe(0n)
    const draft = await account.create({
      to: ALICE,
      amount: 'max',
      fee: { maxFeePerGas: 5n * GWEI, maxPriorityFeePerGas: 5n * GWEI },
    })
    const { fee } = await (await wallet.publish(await wallet.sign(draft))).confirmed()
    expect(await account.balance()).toBe(draft.fee.ceiling - fee)
  })

  it('approves, reads the allowance, and takes the approval back', async () => {
    const { wallet, account } = await funded()
    const send = async (request: Parameters<typeof account.create>[0], accept: 'unlimited-approval'[] = []) =>
      (await wallet.publish(await wallet.sign(await account.create(request), { accept }))).confirmed()
    await send({ kind: 'approve', asset: 'DAI', spender: ALICE, amount: '5' })
    expect(await account.allowance({ asset: 'DAI', spender: ALICE })).toBe(5n * ETH)
    await send({ kind: 'approve', asset: 'DAI', spender: ALICE, amount: '0' })
    expect(await account.allowance({ asset: 'DAI', spender: ALICE })).toBe(0n)
    const unlimited = { kind: 'approve', asset: 'DAI', spender: ALICE, amount: 'unlimited' } as const
    await expect(send(unlimited)).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
      details: { rule: 'unlimited-approval' },
    })
    await send(unlimited, ['unlimited-approval'])
    expect(await account.allowance({ asset: 'DAI', spender: ALICE })).toBe(2n ** 256n - 1n)
  })

  it('calls and deploys contracts', async () => {
    const { wallet, account, node } = await funded()
    const draft = await account.create({ kind: 'call', to: node.contracts.sink, data: '0x', amount: '0.5' })
    await (await wallet.publish(await wallet.sign(draft))).confirmed()
    // Creation code that returns two bytes of code.
    const deploy = await account.create({ kind: 'deploy', data: '0x61600060005260026000f3' })
    expect(deploy.effects.list).toMatchObject([{ kind: 'deploy', codeSize: 11 }])
    await (await wallet.publish(await wallet.sign(deploy))).confirmed()
  })

  it('pays on BNB Smart Chain with a gas price', async () => {
    const wallet = open()
    const account = await wallet.account('bnb')
    await devnet.bnb.fund(account.address, { amount: ETH })
    const draft = await account.create({ to: ALICE, amount: '0.1' })
    expect(draft.effects.fields['type']).toBe('legacy')
    const { fee } = await (await wallet.publish(await wallet.sign(draft))).confirmed()
    expect(await account.balance()).toBe(ETH - ETH / 10n - fee)
  })

  it('sends an access list along: EIP-2930 with a gas price, EIP-1559 without', async () => {
    const { wallet } = await funded()
    for (const [name, node, type] of [
      ['bnb', devnet.bnb, 'eip2930'],
      ['ethereum', devnet.ethereum, 'eip1559'],
    ] as const) {
      const account = await wallet.account(name, { index: 77 })
      await node.fund(account.address, { amount: ETH })
      const accessList = [{ address: ALICE, storageKeys: [`0x${'11'.repeat(32)}`] }] as const
      const draft = await account.create({ kind: 'call', to: ALICE, data: '0x', amount: 1n, accessList })
      expect(draft.effects.fields['type']).toBe(type)
      await (await wallet.publish(await wallet.sign(draft))).confirmed()
    }
  })

  it('pays a batch in one round trip of facts', async () => {
    const { wallet, account } = await funded()
    const drafts = await account.createBatch(
      Array.from({ length: 20 }, (_, i) => ({
        to: ALICE,
        amount: BigInt(i + 1),
        asset: i % 2 ? 'DAI' : undefined,
      })),
    )
    const nonces = drafts.map((draft) => Number(draft.effects.fields['nonce']))
    expect(nonces).toEqual(Array.from({ length: 20 }, (_, i) => nonces[0]! + i))
    for (const draft of drafts) await (await wallet.publish(await wallet.sign(draft))).confirmed()
    expect(await account.balance('DAI')).toBe(1000n * ETH - 110n)
  })

  it('delegates to a pinned contract alone, and takes it back (E3)', async () => {
    const { wallet, account, node } = await funded()
    const delegate = node.contracts.batchDelegate
    const send = async (to: string | null) =>
      (await wallet.publish(await wallet.sign(await account.create({ kind: 'delegate', to })))).confirmed()
    await send(delegate)
    const code = () => node.rpc('eth_getCode', [account.address, 'latest'])
    expect(await code()).toBe(`0xef0100${delegate.slice(2).toLowerCase()}`)
    await send(null)
    expect(await code()).toBe('0x')
    await expect(send(ALICE)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

describe('replacing', () => {
  it('speeds up and cancels a waiting payment with its own nonce', async () => {
    const { wallet, account, node } = await funded()
    await node.setAutomine(false)
    try {
      const first = await wallet.publish(
        await wallet.sign(await account.create({ to: ALICE, amount: '1', fee: 'slow' })),
      )
      const faster = await account.replace(first, { action: 'speed-up' })
      expect(faster.effects.list).toEqual((await account.create({ to: ALICE, amount: '1' })).effects.list)
      const second = await wallet.publish(await wallet.sign(faster))
      const cancel = await account.replace(second, { action: 'cancel' })
      expect(cancel.effects.list).toEqual([{ kind: 'cancel' }])
      const third = await wallet.publish(await wallet.sign(cancel))
      await node.mine(1)
      await third.confirmed()
      expect(await first.status()).toEqual({ state: 'replaced', final: false })
      await node.mine(6)
      expect(await first.status()).toEqual({ state: 'replaced', final: true })
      await expect(second.confirmed()).rejects.toMatchObject({ code: 'PAYMENT_REPLACED' })
      await expect(account.replace(third, { action: 'cancel' })).rejects.toMatchObject({
        code: 'NONCE_TAKEN',
      })
    } finally {
      await node.setAutomine(true)
    }
  })
})

describe('nonces (E7)', () => {
  it('gives 100 parallel sends unique, contiguous nonces, and all are mined', async () => {
    const { wallet, account } = await funded()
    const drafts = await Promise.all(
      Array.from({ length: 100 }, () => account.create({ to: ALICE, amount: 1n })),
    )
    const nonces = drafts.map((draft) => Number(draft.effects.fields['nonce'])).sort((a, b) => a - b)
    expect(nonces).toEqual(Array.from({ length: 100 }, (_, i) => i))
    const payments = await Promise.all(drafts.map(async (draft) => wallet.publish(await wallet.sign(draft))))
    await Promise.all(payments.map((payment) => payment.confirmed(1, { interval: 50 })))
  })

  it('closes the gap of a discarded draft, and survives a restart', async () => {
    const store = memoryStore()
    const { account, index } = await funded({ store })
    const [a, b, c] = [
      await account.create({ to: ALICE, amount: 1n }),
      await account.create({ to: ALICE, amount: 2n }),
      await account.create({ to: ALICE, amount: 3n }),
    ]
    expect([a, b, c].map((draft) => draft.effects.fields['nonce'])).toEqual(['0', '1', '2'])
    await account.discard(b)
    const restarted = await open({ store }).account('ethereum', { index })
    expect((await restarted.create({ to: ALICE, amount: 4n })).effects.fields['nonce']).toBe('1')
    expect((await restarted.create({ to: ALICE, amount: 5n })).effects.fields['nonce']).toBe('3')
  })

  it('signs no second draft with the nonce of a signed one, and takes back the nonce of a refused one', async () => {
    const { wallet, account } = await funded()
    const unlimited = { kind: 'approve', asset: 'DAI', spender: ALICE, amount: 'unlimited' } as const
    const refused = await account.create(unlimited)
    await expect(wallet.sign(refused)).rejects.toMatchObject({ code: 'POLICY_REFUSED' })
    const next = await account.create({ to: ALICE, amount: 1n })
    expect(next.effects.fields['nonce']).toBe(refused.effects.fields['nonce'])
    await wallet.sign(refused, { accept: ['unlimited-approval'] })
    await expect(wallet.sign(next)).rejects.toMatchObject({ code: 'NONCE_TAKEN' })
    await wallet.sign(refused, { accept: ['unlimited-approval'] })
  })

  it('keeps no nonce for a draft that could not be made', async () => {
    const { account } = await funded()
    await expect(account.create({ to: ALICE, amount: '11' })).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    })
    await expect(account.create({ to: ALICE, amount: '1', maxFee: 1n })).rejects.toMatchObject({
      code: 'FEE_TOO_HIGH',
    })
    expect((await account.create({ to: ALICE, amount: 1n })).effects.fields['nonce']).toBe('0')
  })
})

describe('tokens that lie (E8)', () => {
  it('refuses decimals that make no sense, names that hide things, and transfers that move nothing', async () => {
    const { account, node } = await funded()
    await expect(account.token(node.tokens.LIAR.address)).rejects.toMatchObject({ code: 'TOKEN_UNREADABLE' })
    await expect(account.token(ALICE)).rejects.toMatchObject({ code: 'TOKEN_UNREADABLE' })
    const address = await node.deployToken({
      name: 'Evil\u202e \u200bName',
      symbol: 'US\u200bDT',
      decimals: 6,
    })
    const token = await account.token(address)
    expect(token).toMatchObject({ name: 'Evil Name', symbol: 'USDT', decimals: 6, unlisted: true })
    await node.fund(account.address, { token: address, amount: 100n })
    const draft = await account.create({ to: ALICE, amount: '0.00005', asset: token })
    expect(draft.effects.warnings.map(({ code }) => code)).toContain('unlisted-token')
    await expect(
      account.create({ to: ALICE, amount: '0.00005', asset: { ...token, decimals: 5 } }),
    ).rejects.toMatchObject({
      code: 'TOKEN_MISMATCH',
    })
    await expect(account.create({ to: ALICE, amount: '1', asset: token.id })).rejects.toMatchObject({
      code: 'UNKNOWN_ASSET',
    })
  })
})

describe('history', () => {
  it('tells coin and token movements, newest first, and how far it looked', async () => {
    const { wallet, account } = await funded()
    const send = async (request: Parameters<typeof account.create>[0]) =>
      (await wallet.publish(await wallet.sign(await account.create(request)))).confirmed()
    const { fee } = await send({ to: ALICE, amount: '0.5' })
    await send({ to: ALICE, amount: '7', asset: 'USDT' })
    const page = await account.history()
    expect(
      page.items.map(({ direction, asset, amount, state }) => [direction, asset.symbol, amount, state]),
    ).toEqual([
      ['out', 'USDT', 7_000000n, 'confirmed'],
      ['out', 'ETH', ETH / 2n, 'confirmed'],
      ['in', 'DAI', 1000n * ETH, 'confirmed'],
      ['in', 'USDT', 1000_000000n, 'confirmed'],
      ['in', 'ETH', 10n * ETH, 'confirmed'],
    ])
    expect(page.items[1]!.fee).toBe(fee)
    expect(page.items[0]!.time).toBeGreaterThan(1_600_000_000)
    expect(page.coverage).toMatchObject({ coin: true, tokens: true })
  })
})

describe('G12: a lost reply', () => {
  it('is settled by asking, and the same bytes may be published again', async () => {
    const { wallet, account } = await funded()
    const signed = await wallet.sign(await account.create({ to: ALICE, amount: '1' }))
    const [first, second] = [await wallet.publish(signed), await wallet.publish(signed)]
    expect(second.txid).toBe(first.txid)
    await second.confirmed()
    await wallet.publish(signed)
    expect(await account.balance()).toBeGreaterThan(8n * ETH)
  })
})

describe('G11: reorganisations', () => {
  it('tells that a payment was undone, and balances follow', async () => {
    const { wallet, account, node } = await funded()
    const before = await account.balance()
    await node.mine(2)
    const payment = await wallet.publish(await wallet.sign(await account.create({ to: ALICE, amount: '1' })))
    const states: string[] = []
    for await (const { state } of payment.watch({ interval: 50, dropAfter: 300 })) {
      states.push(state)
      if (state === 'confirmed' && states.length < 3) await node.reorg(1)
      if (state === 'dropped') break
    }
    expect(states.filter((state) => state !== 'pending')).toEqual(['confirmed', 'reorged', 'dropped'])
    expect(await account.balance()).toBe(before)
    const again = await wallet.publish(payment.signed)
    await again.confirmed()
    expect(await account.balance()).toBeLessThan(before - ETH + 1n)
  })
})
