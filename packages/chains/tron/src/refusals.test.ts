// What no node would take, or would take and burn, and what a node cannot say: told before anything is signed.
import { describe, expect, it } from 'vitest'
import { addressToHex } from './address.ts'
import { BOB, EVE, type FakeNode, fakeWallet, give, OWN, ok, TRX, USDT } from './fake-source.fixture.ts'
import { codeOf, plain, when } from './hostile.fixture.ts'
import { contractRead } from './reads.ts'

const pay = { to: BOB, amount: '1', asset: 'USDT' } as const
const TRIAL = 'wallet/triggerconstantcontract'
const trc10 = (id: string) => `tron:0x2b6653dc/trc10:${id}` as const

/** A node that tells of other needs than the call uses. */
function needs(node: FakeNode, energy: bigint): void {
  node.bend = when('wallet/estimateenergy', () =>
    ok({ result: { result: true }, energy_required: Number(energy) }),
  )
}

describe('energy', () => {
  it('a fee limit with which the call runs out of it is refused, with the one that it needs', async () => {
    const { account } = await fakeWallet()
    await expect(account.create({ ...pay, feeLimit: 2_964_900n })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('at least 2.965 TRX'),
      details: { energy: 29_650n, feeLimit: 2_964_900n },
    })
    expect(await codeOf(account.create({ ...pay, feeLimit: 0n }))).toBe('INVALID_REQUEST')
    await expect(account.create({ ...pay, feeLimit: 2_965_000n })).resolves.toMatchObject({ kind: 'draft' })
  })

  it('the least that succeeds counts, not what is used, to the coin within which nodes tell it', async () => {
    const { account, node } = await fakeWallet()
    needs(node, 60_000n)
    expect(await codeOf(account.create({ ...pay, feeLimit: 4_999_900n }))).toBe('INVALID_REQUEST')
    expect(await codeOf(account.create({ ...pay, feeLimit: 5_000_000n }))).toBe('nothing')
    // It would burn 2.965 TRX; the chain allows as much energy as the balance could pay.
    give(node, OWN, 5_000_000n)
    expect(await codeOf(account.create(pay))).toBe('nothing')
    give(node, OWN, 4_999_900n)
    await expect(account.create(pay)).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      details: { energy: 50_000n, reach: 49_999n },
    })
    // Stake reaches as far.
    node.resources.set(OWN, { freeNetLimit: 600, EnergyLimit: 1 })
    expect(await codeOf(account.create(pay))).toBe('nothing')
  })

  it('what the deployer adds counts, in proportion to what the caller has', async () => {
    const { account, node } = await fakeWallet()
    const terms = { origin: EVE, userPercent: 50, originEnergyLimit: 10_000_000 }
    Object.assign(node.tokens.get(USDT)!, { terms })
    node.resources.set(EVE, { EnergyLimit: 1_000_000 })
    needs(node, 60_000n)
    give(node, OWN, 2_500_000n)
    expect(await codeOf(account.create(pay))).toBe('nothing')
    give(node, OWN, 2_499_900n)
    expect(await codeOf(account.create(pay))).toBe('INSUFFICIENT_FUNDS')
  })

  it('a contract that tells no limit of its deployer has the one of old contracts', () => {
    const { parse } = contractRead(USDT)
    expect(parse({ origin_address: EVE, consume_user_resource_percent: 0 })).toMatchObject({
      originEnergyLimit: 10_000_000n,
    })
  })
})

describe('trials', () => {
  it('are asked in hexadecimal: otherwise events would be told in a writing of nobody', async () => {
    const { account, node } = await fakeWallet()
    await account.create(pay)
    const [trial] = node.calls.filter(({ path, body }) => path === TRIAL && body?.['contract_address'])
    expect(trial?.body).toMatchObject({
      owner_address: expect.stringMatching(/^41[0-9a-f]{40}$/),
      contract_address: '41a614f803b6fd780986a42c78ec9c7f77e6ded13c',
    })
    expect(trial?.body).not.toHaveProperty('visible')
  })

  it.each([
    ['this node does not support constant', false],
    ['class org.tron.core.vm.program.Program$OutOfTimeException : CPU timeout for 0xF1', true],
  ])('that a node does not run say nothing about the contract: %s', async (message, retryable) => {
    const { account, node } = await fakeWallet()
    node.bend = when(TRIAL, () => ok({ result: { code: 'OTHER_ERROR', message } }))
    const refusal = { code: 'RPC_ERROR', retryable }
    await expect(account.create(pay)).rejects.toMatchObject(refusal)
    await expect(account.balances()).rejects.toMatchObject(refusal)
    await expect(account.token(EVE)).rejects.toMatchObject(refusal)
  })

  it('of many at once that take too long are made one by one', async () => {
    const { account, node } = await fakeWallet()
    const slow = { result: { code: 'OTHER_ERROR', message: 'CPU timeout' } }
    node.bend = when(TRIAL, ({ body }, result) => (body?.['contract_address'] ? result : ok(slow)))
    expect(await account.balance('USDT')).toBe(1_000n * TRX)
    // And one that takes too long alone does not take the others with it.
    node.token(EVE)
    const asset = await account.token(EVE)
    node.bend = when(TRIAL, ({ body }, result) => {
      const to = body?.['contract_address']
      return to === undefined || to === addressToHex(EVE) ? ok(slow) : result
    })
    expect(await account.balances({ assets: [asset, 'USDT'] })).toMatchObject([
      { error: expect.objectContaining({ code: 'TOKEN_UNREADABLE' }) },
      { amount: 1_000n * TRX },
    ])
  })

  it('too little of a token is told as that, whatever its contract says', async () => {
    const { account, node } = await fakeWallet()
    node.tokens.get(USDT)!.balances.set(OWN, 5n * TRX)
    node.tokens.get(USDT)!.revert = 'no'
    await expect(account.create({ ...pay, amount: '6' })).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      details: { needed: 6n * TRX, held: 5n * TRX },
    })
    expect(await codeOf(account.create(pay))).toBe('EXECUTION_REVERTED')
  })
})

describe('TRC-10', () => {
  const asset = { id: trc10('1000001'), symbol: 'BTT', name: 'BitTorrent', decimals: 6 }

  it('decimals are compared with those of the chain, of payments and of what calls send along', async () => {
    const { account, node } = await fakeWallet()
    give(node, OWN, 1_000n * TRX, { assetV2: [{ key: '1000001', value: 9_000_000 }] })
    const call = { kind: 'call', to: USDT, data: '0xa9059cbb' } as const
    for (const request of [
      { to: BOB, amount: '5', asset },
      { ...call, token: { asset, amount: '5' } },
    ]) {
      for (const issue of [{}, { id: '1000001' }, { id: '1000001', precision: 5 }]) {
        node.issues.set('1000001', issue)
        expect(await codeOf(account.create(request))).toBe('TOKEN_MISMATCH')
      }
      node.issues.set('1000001', { id: '1000001', precision: 6 })
      expect(await codeOf(account.create(request))).toBe('nothing')
    }
    const draft = await account.create({ to: BOB, amount: '5', asset })
    expect(draft.intent).toMatchObject({ amount: 5_000_000n })
  })
})

describe('what no node would take', () => {
  it('a long memo of a payment that opens an account', async () => {
    const { account, node } = await fakeWallet()
    node.parameters.set('getMaxCreateAccountTxSize', 1_000n)
    const request = { to: EVE, amount: '1', memo: 'x'.repeat(1_000) }
    await expect(account.create(request)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      details: { most: 1_000n },
    })
    expect(await codeOf(account.create({ ...request, memo: 'x'.repeat(800) }))).toBe('nothing')
    // To the byte: as a field of the transaction, with two bytes of its signature.
    const { payload } = await account.create({ ...request, memo: 'x'.repeat(800) })
    const room = 1_000 - (payload.length / 2 - 1 + 3 + 2)
    const memo = (length: number) => codeOf(account.create({ ...request, memo: 'x'.repeat(length) }))
    expect(await memo(800 + room)).toBe('nothing')
    expect(await memo(801 + room)).toBe('INVALID_REQUEST')
    expect(await codeOf(account.create({ ...request, to: BOB }))).toBe('nothing')
  })

  it('lending to a contract, for too long, or more than is free; and all that is free may be lent', async () => {
    const { account, node } = await fakeWallet()
    const delegate = { kind: 'delegate', to: BOB, resource: 'bandwidth', amount: '100' } as const
    node.parameters.set('getMaxDelegateLockPeriod', 864_000n)
    give(node, OWN, 1_000n * TRX, { frozenV2: [{ amount: 100_000_000 }] })
    const told = (sun: bigint) => when('wallet/getcandelegatedmaxsize', () => ok({ max_size: Number(sun) }))
    node.bend = told(100n * TRX)
    expect(await codeOf(account.create({ ...delegate, lockBlocks: 864_001n }))).toBe('INVALID_REQUEST')
    expect(await codeOf(account.create({ ...delegate, lockBlocks: 864_000n }))).toBe('nothing')
    // Stake of few bytes cannot pay for the lending, for which the node keeps it back all the same.
    node.bend = told(0n)
    node.resources.set(OWN, { freeNetLimit: 600, NetLimit: 200 })
    expect(await codeOf(account.create(delegate))).toBe('nothing')
    node.resources.set(OWN, { freeNetLimit: 600, NetLimit: 200, NetUsed: 50 })
    expect(await codeOf(account.create(delegate))).toBe('INSUFFICIENT_FUNDS')
    expect(await codeOf(account.create({ ...delegate, amount: '75' }))).toBe('nothing')
    node.resources.set(OWN, { freeNetLimit: 600, NetLimit: 300 })
    expect(await codeOf(account.create(delegate))).toBe('INSUFFICIENT_FUNDS')
    give(node, BOB, 1n, { type: 'Contract' })
    node.bend = told(100n * TRX)
    expect(await codeOf(account.create(delegate))).toBe('INVALID_REQUEST')
  })

  it('taking back what was lent for longer, or to others', async () => {
    const { account, node } = await fakeWallet()
    const undelegate = { kind: 'undelegate', to: BOB, resource: 'energy', amount: '100' } as const
    give(node, OWN, 1_000n * TRX, {
      account_resource: { delegated_frozenV2_balance_for_energy: 150_000_000 },
    })
    const loans = (...list: readonly (readonly [number, number])[]) => {
      node.bend = when('wallet/getdelegatedresourcev2', () =>
        ok({
          delegatedResource: list.map(([sun, until]) => ({
            from: OWN,
            to: BOB,
            frozen_balance_for_energy: sun,
            expire_time_for_energy: until,
          })),
        }),
      )
    }
    const { time } = node.head
    loans([60_000_000, 0], [40_000_000, time - 1])
    expect(await codeOf(account.create(undelegate))).toBe('nothing')
    loans([60_000_000, 0], [40_000_000, time])
    await expect(account.create(undelegate)).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      details: { held: 60_000_000n },
    })
    loans()
    expect(await codeOf(account.create(undelegate))).toBe('INSUFFICIENT_FUNDS')
  })

  it('claiming twice in a day', async () => {
    const { account, node } = await fakeWallet()
    node.bend = when('wallet/getReward', () => ok({ reward: 5 }))
    give(node, OWN, 1_000n * TRX, { latest_withdraw_time: node.head.time - 86_399_000 })
    await expect(account.create({ kind: 'claim' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('24 hours'),
    })
    give(node, OWN, 1_000n * TRX, { latest_withdraw_time: node.head.time - 86_400_000 })
    expect(await codeOf(account.create({ kind: 'claim' }))).toBe('nothing')
  })

  it('permissions without who makes the blocks of an account that does, or with that of one that does not', async () => {
    const { account, node } = await fakeWallet()
    const keys = { threshold: 1, keys: [{ address: OWN, weight: 1 }] }
    const permissions = { kind: 'permissions', owner: keys, actives: [keys] } as const
    expect(await codeOf(account.create({ ...permissions, witness: keys }))).toBe('INVALID_REQUEST')
    expect(await codeOf(account.create(permissions))).toBe('nothing')
    give(node, OWN, 1_000n * TRX, { is_witness: true })
    expect(await codeOf(account.create({ ...permissions, witness: keys }))).toBe('nothing')
    expect(await codeOf(account.create(permissions))).toBe('INVALID_REQUEST')
  })

  it('what a batch has done already, and nothing that it makes possible', async () => {
    const { account, node } = await fakeWallet()
    give(node, OWN, 1_000n * TRX, { frozenV2: [{ type: 'ENERGY', amount: 100_000_000 }] })
    const unfreeze = { kind: 'unfreeze', resource: 'energy', amount: '100' } as const
    expect(await codeOf(account.createBatch([unfreeze, { ...unfreeze, again: true }]))).toBe(
      'INSUFFICIENT_FUNDS',
    )
    const freeze = { ...unfreeze, kind: 'freeze' } as const
    expect(await codeOf(account.createBatch([unfreeze, freeze, { ...unfreeze, again: true }]))).toBe(
      'nothing',
    )
    const lend = { kind: 'delegate', to: BOB, resource: 'energy', amount: '60' } as const
    const back = { ...lend, kind: 'undelegate' } as const
    const again = <T extends object>(request: T) => ({ ...request, again: true as const })
    const batch = (...requests: Parameters<typeof account.createBatch>[0]) =>
      codeOf(account.createBatch(requests))
    expect(await batch(lend, again(lend))).toBe('INSUFFICIENT_FUNDS')
    expect(await batch(lend, freeze, again(lend))).toBe('nothing')
    expect(await batch(lend, back)).toBe('nothing')
    expect(await batch(lend, back, again(back))).toBe('INSUFFICIENT_FUNDS')
    expect(await batch({ ...lend, lockBlocks: 9n }, back)).toBe('INSUFFICIENT_FUNDS')
    expect(await batch(lend, back, again(lend))).toBe('nothing')
    give(node, OWN, 2n * TRX, { unfrozenV2: [{ unfreeze_amount: 50_000_000, unfreeze_expire_time: 1 }] })
    const pay = { to: BOB, amount: '40' }
    expect(await batch(pay)).toBe('INSUFFICIENT_FUNDS')
    expect(await batch({ kind: 'withdraw' }, pay)).toBe('nothing')
    expect(await batch({ kind: 'withdraw' }, again({ kind: 'withdraw' as const }))).toBe('INVALID_REQUEST')
    node.bend = when('wallet/getReward', () => ok({ reward: 5 }))
    expect(await batch({ kind: 'claim' }, again({ kind: 'claim' as const }))).toBe('INVALID_REQUEST')
  })
})

describe('stake of other days', () => {
  it('is shown, and what of it has waited long enough can be withdrawn', async () => {
    const { account, node } = await fakeWallet()
    give(node, OWN, 1_000n * TRX, {
      frozen: [{ frozen_balance: 1, expire_time: 1 }],
      delegated_frozen_balance_for_bandwidth: 2,
      account_resource: {
        frozen_balance_for_energy: { frozen_balance: 4 },
        delegated_frozen_balance_for_energy: 8,
      },
      tron_power: { frozen_balance: 16 },
      frozenV2: [{ type: 'TRON_POWER', amount: 32 }, { amount: 64 }],
      unfrozenV2: [{ type: 'TRON_POWER', unfreeze_amount: 128, unfreeze_expire_time: 1 }],
    })
    expect(await account.resources()).toMatchObject({
      staked: { bandwidth: 64n, energy: 0n },
      older: 63n,
      unfreezing: [{ amount: 128n, resource: 'votes', ready: 1 }],
      withdrawable: 128n,
    })
    expect(await codeOf(account.create({ kind: 'withdraw' }))).toBe('nothing')
  })
})

describe('a draft from outside', () => {
  it('shows no hint whose name is not one of ours, nor a character that hides', async () => {
    const { account, wallet } = await fakeWallet()
    const draft = await account.create({ to: BOB, amount: '1' })
    const hints = { ...draft.hints, 'before\u202eevil': 'x', 'energy\nAmount': 'x', 'activation <b>': 'x' }
    const { effects } = wallet.draft({ ...plain(draft), hints })
    expect(Object.keys(effects.fields).join()).toMatch(/^[A-Za-z0-9,]+$/)
    expect(Object.values(effects.fields)).not.toContain('x')
    const named = await account.create({
      kind: 'permissions',
      owner: { threshold: 1, keys: [{ address: OWN, weight: 1 }] },
      actives: [{ name: 'fine', threshold: 1, keys: [{ address: BOB, weight: 1 }] }],
    })
    const evil = named.payload.replace('66696e65', 'e280ae65')
    const read = wallet.draft({ ...plain(named), payload: evil })
    expect(JSON.stringify(read.effects.fields)).toContain('\ufffde')
    expect(Object.values(read.effects.fields).join('')).not.toMatch(/\p{C}/u)
  })
})
