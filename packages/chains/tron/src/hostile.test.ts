import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, it } from 'vitest'
import {
  BOB,
  blockJson,
  blockOf,
  EVE,
  type FakeNode,
  fakeWallet,
  give,
  json,
  OWN,
  ok,
  TRX,
  USDT,
} from './fake-source.fixture.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import { bad, DAY, HOUR, inside, plain, read, valueIn, when, write } from './hostile.fixture.ts'
import { tronNetwork } from './networks.ts'
import type { TronTransaction } from './transaction.ts'

const COIN = tronNetwork.coin.id

describe('T1: bytes that somebody else made', () => {
  it('of another transaction are refused under the same intent', async () => {
    const { wallet, account } = await fakeWallet()
    const draft = await account.create({ to: BOB, amount: '1' })
    const tx = read(draft)
    if (tx.contract.type !== 'TransferContract') throw bad('another contract')
    const { contract } = tx
    const changes: TronTransaction[] = [
      { ...tx, contract: { ...contract, toAddress: EVE } },
      { ...tx, contract: { ...contract, amount: 2n * TRX } },
      { ...tx, contract: { ...contract, type: 'TransferAssetContract', assetName: '1000001' } },
      {
        ...tx,
        contract: { type: 'AccountCreateContract', ownerAddress: OWN, accountAddress: BOB, accountType: 0 },
      },
      { ...tx, contract: { type: 'CancelAllUnfreezeV2Contract', ownerAddress: OWN } },
    ]
    for (const changed of changes)
      await expect(wallet.sign({ ...draft, payload: write(changed) })).rejects.toMatchObject({
        code: 'DRAFT_MISMATCH',
      })
    const elsewhere = write({ ...tx, contract: { ...contract, ownerAddress: EVE, toAddress: BOB } })
    await expect(wallet.sign({ ...draft, payload: elsewhere })).rejects.toMatchObject({
      code: 'INVALID_DRAFT',
    })
  })

  it('are told by their own effects, whatever the draft says of them', async () => {
    const { wallet, account } = await fakeWallet()
    const draft = await account.create({ to: BOB, amount: '1' })
    const tx = read(draft)
    if (tx.contract.type !== 'TransferContract') throw bad('another contract')
    const evil = { ...draft, payload: write({ ...tx, contract: { ...tx.contract, toAddress: EVE } }) }
    const effects = wallet.chains[0].inspect(evil)
    expect(effects.list).toEqual([{ kind: 'transfer', asset: COIN, from: OWN, to: EVE, amount: TRX }])
  })

  it('get the id that is computed here, and keep it whatever a node calls it', async () => {
    const { wallet, account, node } = await fakeWallet()
    const draft = await account.create({ to: BOB, amount: '1' })
    const signed = await wallet.sign(draft)
    expect(signed.txid).toBe(bytesToHex(sha256(hexToBytes(draft.payload.slice(2)))))
    node.withholds = true
    node.bend = when('wallet/broadcasthex', () => ok({ result: true, txid: 'ab'.repeat(32) }))
    await expect(wallet.publish(signed)).rejects.toMatchObject({ code: 'BROADCAST_UNKNOWN' })
    expect(() => wallet.signed({ ...signed, txid: 'ab'.repeat(32) })).toThrow(
      expect.objectContaining({ code: 'INVALID_SIGNED' }),
    )
  })
})

describe('T2: fields that nobody asked for', () => {
  it('a memo, another permission and a fee limit of a payment in coin are refused or shown', async () => {
    const { wallet, account } = await fakeWallet()
    const draft = await account.create({ to: BOB, amount: '1' })
    const tx = read(draft)
    for (const changed of [
      { ...tx, memo: '6869' },
      { ...tx, permission: 2 },
    ])
      await expect(wallet.sign({ ...draft, payload: write(changed) })).rejects.toMatchObject({
        code: 'DRAFT_MISMATCH',
      })
    // The fee limit is one of the free numbers: it is in the fee's ceiling, and shown.
    const dear = wallet.draft(
      JSON.stringify({ ...plain(draft), payload: write({ ...tx, feeLimit: 5n * TRX }) }),
    )
    expect(dear.fee.ceiling).toBe(draft.fee.ceiling + 5n * TRX + 4n * 1_000n + 2_000n)
    expect(dear.effects.fields['feeLimit']).toBe('5000000')
  })

  it('auths, scripts, a second contract, two types, longer numbers: none is a transaction', async () => {
    const { wallet, account } = await fakeWallet()
    const draft = await account.create({ to: BOB, amount: '1' })
    const hex = draft.payload.slice(2)
    // Tag 11 (5a), length, contract; then the timestamp (70).
    const start = hex.indexOf('5a', 4 + 20 + 14)
    const length = Number.parseInt(hex.slice(start + 2, start + 4), 16) * 2
    const contract = hex.slice(start, start + 4 + length)
    const rest = hex.slice(start + 4 + length)
    const before = hex.slice(0, start)
    expect(before + contract + rest).toBe(hex)
    expect(rest.startsWith('70')).toBe(true)
    const forged = {
      auths: `${before}4a020a00${contract}${rest}`,
      scripts: `${before}${contract}620101${rest}`,
      'a second contract': `${before}${contract}${contract}${rest}`,
      'no contract': before + rest,
      'another type than its type_url': `${before}${contract.replace('0801', '0802')}${rest}`,
      'a longer varint': hex.replace(
        contract,
        contract
          .replace('0801', '088100')
          .replace(/^5a(..)/, (_, n) => `5a${(Number.parseInt(n, 16) + 1).toString(16)}`),
      ),
      'a number of a block': `${before.replace(/^(0a02....)/, '$11805')}${contract}${rest}`,
      'fields out of order': contract + before + rest,
      'a field twice': `${before}${contract}${rest}${rest}`,
      'an empty memo': `${before}5200${contract}${rest}`,
      'bytes after the end': `${hex}00`,
      'no end': hex.slice(0, -2),
    }
    for (const [name, bytes] of Object.entries(forged)) {
      expect(bytes, name).not.toBe(hex)
      await expect(wallet.sign({ ...draft, payload: `0x${bytes}` }), name).rejects.toMatchObject({
        code: 'INVALID_DRAFT',
      })
    }
  })
})

describe('T3: other keys for the account', () => {
  const permissions = {
    kind: 'permissions',
    owner: { threshold: 1, keys: [{ address: EVE, weight: 1 }] },
    actives: [{ threshold: 1, keys: [{ address: EVE, weight: 1 }] }],
  } as const

  it('are signed by their own intent, and only with an explicit yes', async () => {
    const { wallet, account } = await fakeWallet()
    const draft = await account.create(permissions)
    expect(draft.effects.warnings.map(({ code }) => code)).toEqual(['permission-change', 'permission-change'])
    await expect(wallet.sign(draft)).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
      details: { rule: 'permission-change' },
    })
    await expect(wallet.sign(draft, { accept: ['permission-change'] })).resolves.toMatchObject({
      kind: 'signed',
    })
  })

  it('are signed where the policy allows them', async () => {
    const { wallet, account } = await fakeWallet({ policy: { permissionChanges: true } })
    await expect(wallet.sign(await account.create(permissions))).resolves.toMatchObject({ kind: 'signed' })
  })

  it('hidden in a payment are refused, whatever is accepted', async () => {
    const { wallet, account } = await fakeWallet({ policy: { permissionChanges: true } })
    const pay = await account.create({ to: BOB, amount: '1' })
    const { payload } = await account.create(permissions)
    await expect(wallet.sign({ ...pay, payload }, { accept: ['permission-change'] })).rejects.toMatchObject({
      code: 'DRAFT_MISMATCH',
    })
  })

  it('that a node made up for the account end in signatures that are missing, not in a payment', async () => {
    const { wallet, account, node } = await fakeWallet()
    const owner = { threshold: 1, keys: [{ address: EVE, weight: 1 }] }
    give(node, OWN, 1_000n * TRX, { owner_permission: owner })
    const draft = await account.create({ to: BOB, amount: '1' })
    await expect(wallet.sign(draft)).rejects.toMatchObject({ code: 'WRONG_ACCOUNT' })
  })
})

describe('T4: the fee limit', () => {
  it('covers the whole energy bill, however much of it stake would pay', async () => {
    const { account, node } = await fakeWallet()
    for (const staked of [0, 10_000, 29_650, 1_000_000]) {
      node.resources.set(OWN, { freeNetLimit: 600, EnergyLimit: staked })
      const { feeLimit, energy, total } = await account.estimate({ to: BOB, amount: '1', asset: 'USDT' })
      expect(feeLimit).toBe(37_063n * 100n)
      expect(energy.staked).toBe(staked < 29_650 ? BigInt(staked) : 29_650n)
      expect(total).toBe((29_650n - energy.staked) * 100n)
    }
  })

  it('covers it too when the deployer shares it', async () => {
    const { account, node } = await fakeWallet()
    node.resources.set(EVE, { EnergyLimit: 1_000_000 })
    node.token(USDT, {
      balances: new Map([[OWN, TRX]]),
      terms: { origin: EVE, userPercent: 1, originEnergyLimit: 10_000_000 },
    })
    const { feeLimit, energy, total } = await account.estimate({ to: BOB, amount: '1', asset: 'USDT' })
    expect(energy.shared).toBe(29_353n)
    expect(feeLimit).toBe(37_063n * 100n)
    expect(total).toBe(297n * 100n)
  })

  it('of a node that inflates energy or its price ends at the ceiling of the caller and of the policy', async () => {
    const { account, wallet, node } = await fakeWallet()
    give(node, OWN, 1_000_000n * TRX)
    node.token(USDT, { energy: 5_000_000n, balances: new Map([[OWN, TRX]]) })
    const request = { to: BOB, amount: '1', asset: 'USDT' } as const
    await expect(account.create({ ...request, maxFee: '20' })).rejects.toMatchObject({ code: 'FEE_TOO_HIGH' })
    await expect(wallet.sign(await account.create(request))).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
      details: { rule: 'max-fee' },
    })
    node.token(USDT, { energy: 2n ** 60n, balances: new Map([[OWN, TRX]]) })
    await expect(account.create(request)).rejects.toMatchObject({ code: 'FEE_TOO_HIGH' })
    node.token(USDT, { energy: 2n ** 63n, balances: new Map([[OWN, TRX]]) })
    await expect(account.create(request)).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
    node.token(USDT, { balances: new Map([[OWN, TRX]]) })
    node.parameters.set('getEnergyFee', 100_000n)
    await expect(wallet.sign(await account.create(request))).rejects.toMatchObject({ code: 'POLICY_REFUSED' })
  })

  it('of a node that inflates what a call needs, and not what it uses, ends there too', async () => {
    const { account, wallet, node } = await fakeWallet()
    const needs = (energy_required: unknown): void => {
      node.bend = when('wallet/estimateenergy', () => ok({ result: { result: true }, energy_required }))
    }
    const request = { to: BOB, amount: '1', asset: 'USDT' } as const
    needs(40_000)
    expect(await account.estimate(request)).toMatchObject({ feeLimit: 50_000n * 100n, total: 29_650n * 100n })
    // Less than it uses is a lie: such a limit would make the call run out, and be paid all the same.
    needs(5)
    expect((await account.estimate(request)).feeLimit).toBe(37_063n * 100n)
    needs(5_000_000)
    await expect(wallet.sign(await account.create(request))).rejects.toMatchObject({ code: 'POLICY_REFUSED' })
    await expect(account.create({ ...request, maxFee: '20' })).rejects.toMatchObject({ code: 'FEE_TOO_HIGH' })
    needs(2 ** 52)
    await expect(account.create(request)).rejects.toMatchObject({ code: 'FEE_TOO_HIGH' })
    for (const nonsense of ['9223372036854775808', -1, {}]) {
      needs(nonsense)
      await expect(account.create(request)).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
    }
  })

  it('is never more than the chain takes', async () => {
    const { account, node } = await fakeWallet()
    node.parameters.set('getMaxFeeLimit', 3_000_000n)
    const { feeLimit } = await account.estimate({ to: BOB, amount: '1', asset: 'USDT' })
    expect(feeLimit).toBe(3_000_000n)
    await expect(
      account.create({ to: BOB, amount: '1', asset: 'USDT', feeLimit: 3_000_001n }),
    ).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    node.parameters.set('getMaxFeeLimit', 2_000_000n)
    await expect(account.estimate({ to: BOB, amount: '1', asset: 'USDT' })).rejects.toMatchObject({
      code: 'FEE_TOO_HIGH',
    })
  })

  it('prices above those of the network are refused, each by its name', async () => {
    const { account, node } = await fakeWallet()
    const prices = {
      getTransactionFee: ['byte', 1_001n],
      getMemoFee: ['memo', TRX + 1n],
      getMultiSignFee: ['multiSign', TRX + 1n],
      getUpdateAccountPermissionFee: ['permissions', 100n * TRX + 1n],
      getCreateNewAccountFeeInSystemContract: ['activation', TRX + 1n],
    } as const
    for (const [key, [price, value]] of Object.entries(prices)) {
      const before = node.parameters.get(key)!
      node.parameters.set(key, value)
      await expect(account.create({ to: BOB, amount: '1' }), key).rejects.toMatchObject({
        code: 'FEE_TOO_HIGH',
        details: { price },
      })
      node.parameters.set(key, before)
    }
  })
})

describe('T5: times and reference blocks', () => {
  it('of a node that is more than a day off are an error that names the clock', async () => {
    for (const off of [365 * DAY, -365 * DAY, 27 * HOUR, -27 * HOUR]) {
      const { account, node } = await fakeWallet()
      node.head = { ...node.head, time: Date.now() + off }
      await expect(account.create({ to: BOB, amount: '1' })).rejects.toMatchObject({
        code: 'BAD_RESPONSE',
        message: expect.stringContaining('clock'),
      })
    }
  })

  it('a draft that could be mined in a year is not signed', async () => {
    const { wallet, account } = await fakeWallet()
    const draft = await account.create({ to: BOB, amount: '1' })
    const tx = read(draft)
    const year = BigInt(365 * DAY)
    const late = {
      ...draft,
      payload: write({ ...tx, timestamp: tx.timestamp + year, expiration: tx.expiration + year }),
    }
    await expect(wallet.sign(late)).rejects.toMatchObject({ code: 'INVALID_DRAFT' })
    const long = { ...draft, payload: write({ ...tx, expiration: tx.expiration + year }) }
    await expect(wallet.sign(long)).rejects.toMatchObject({ code: 'INVALID_DRAFT' })
    expect(() => wallet.chains[0].inspect(long)).toThrow(expect.objectContaining({ code: 'INVALID_DRAFT' }))
    const over = { ...draft, payload: write({ ...tx, expiration: tx.timestamp }) }
    await expect(wallet.sign(over)).rejects.toMatchObject({ code: 'INVALID_DRAFT' })
  })

  it('blocks that do not fit to each other or to their ids are refused', async () => {
    const lies: ((node: FakeNode) => void)[] = [
      (node) => (node.lag = -1),
      (node) => (node.lag = 10_001),
      (node) =>
        (node.bend = when('walletsolidity/getblock', () =>
          ok({ ...blockJson(node, 5), blockID: 'ab'.repeat(32) }),
        )),
      (node) => (node.bend = when('walletsolidity/getblock', () => ok({}))),
      (node) =>
        (node.bend = when('walletsolidity/getblock', (_, result) => {
          const block = valueIn(result)
          return ok({ ...block, blockID: `${'0'.repeat(15)}1${String(block['blockID']).slice(16)}` })
        })),
    ]
    for (const lie of lies) {
      const { account, node } = await fakeWallet()
      lie(node)
      await expect(account.create({ to: BOB, amount: '1' })).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
    }
  })

  it('the reference is the final block, and the life ten minutes from the newest one', async () => {
    const { account, node } = await fakeWallet()
    const tx = read(await account.create({ to: BOB, amount: '1' }))
    const { hash, height } = await blockOf(node, 'walletsolidity')
    expect(tx.refBlockBytes).toBe((height % 65_536).toString(16).padStart(4, '0'))
    expect(tx.refBlockHash).toBe(hash.slice(16, 32))
    expect(tx.expiration).toBe(BigInt(node.head.time + 600_000))
  })

  it('a node that once ran a day ahead does not stop the account afterwards', async () => {
    const { account, node } = await fakeWallet()
    const { time } = node.head
    node.head = { ...node.head, time: time + 25 * HOUR }
    await account.create({ to: BOB, amount: '1' })
    node.head = { ...node.head, time }
    await expect(account.create({ to: BOB, amount: '2' })).resolves.toMatchObject({ kind: 'draft' })
  })
})

describe('T7: amounts up to 2^63 − 1', () => {
  const MOST = 2n ** 63n - 1n

  it('are exact from the request through bytes and JSON to what nodes answer', async () => {
    const { account, wallet, node } = await fakeWallet()
    give(node, OWN, MOST, { assetV2: [{ key: '1000001', value: json(MOST) }] })
    node.resources.set(OWN, { freeNetLimit: 600, EnergyLimit: json(MOST) })
    expect(await account.balance()).toBe(MOST)
    expect(await account.balance(`${account.chain}/trc10:1000001`)).toBe(MOST)
    const request = { to: BOB, amount: MOST, asset: `${account.chain}/trc10:1000001` }
    const draft = wallet.draft(JSON.stringify(await account.create(request)))
    expect(draft.effects.list).toMatchObject([{ kind: 'transfer', amount: MOST }])
    expect(draft.intent).toMatchObject({ amount: MOST })
    const signed = wallet.signed(JSON.stringify(await wallet.sign(draft)))
    expect(inside(signed).contract).toMatchObject({ type: 'TransferAssetContract', amount: MOST })
    give(node, BOB, 1n)
    await expect(account.create({ to: BOB, amount: '9223372036854.775807' })).resolves.toMatchObject({
      intent: { amount: MOST },
    })
  })

  it('above are refused in requests, drafts and answers', async () => {
    const { account, wallet, node } = await fakeWallet()
    for (const amount of [MOST + 1n, '9223372036854.775808', 2n ** 64n])
      await expect(account.create({ to: BOB, amount })).rejects.toMatchObject({ code: 'INVALID_AMOUNT' })
    const draft = plain(await account.create({ to: BOB, amount: '1' }))
    const intent = { ...(draft['intent'] as object), amount: (MOST + 1n).toString() }
    expect(() => wallet.draft(JSON.stringify({ ...draft, intent }))).toThrow(
      expect.objectContaining({ code: 'INVALID_DRAFT' }),
    )
    for (const balance of [
      (MOST + 1n).toString(),
      2 ** 53,
      '1e3',
      '-1',
      -1,
      1.5,
      '01',
      ' 1',
      true,
      null,
      [1],
    ]) {
      give(node, OWN, 0n, { balance })
      await expect(account.balance(), String(balance)).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
    }
  })
})
