import { TronWeb, type Types } from 'tronweb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDevnet } from '../devnet.ts'
import type { Contract } from './messages.ts'
import type { TronNode } from './node.ts'
import {
  altered,
  broadcastHex,
  newcomer,
  offer,
  rawOf,
  refused,
  type Someone,
  send,
  stranger,
  TRX,
} from './tronweb.fixture.ts'

let devnet: Awaited<ReturnType<typeof startDevnet<'tron'>>>
let node: TronNode
let a: Someone
let b: Someone

beforeAll(async () => {
  devnet = await startDevnet({ chains: ['tron'] })
  node = devnet.tron
  ;[a, b] = [await newcomer(node, 10_000), await newcomer(node)]
})
afterAll(() => devnet.stop())

const toB = (sun = TRX): Promise<Types.Transaction> =>
  a.tronWeb.transactionBuilder.sendTrx(b.address, sun, a.address)

describe('a transaction that no node takes', () => {
  test('SIGERROR: signed by another key, twice by the same, by nobody, in few bytes', async () => {
    const tx = await toB()
    const { signature } = await b.tronWeb.trx.multiSign(tx, b.key)
    expect(await offer(a.tronWeb, { ...tx, signature })).toEqual({
      code: 'SIGERROR',
      message: `Validate signature error: ${signature[0]?.toLowerCase()} is signed by ${b.address} but it is not contained of permission.`,
    })
    const own = (await a.tronWeb.trx.sign(tx)).signature
    expect(await offer(a.tronWeb, { ...tx, signature: [...own, ...own] })).toMatchObject({
      code: 'SIGERROR',
      message: 'Validate signature error: Signature count is 2 more than key counts of permission : 1',
    })
    expect(await offer(a.tronWeb, { ...tx, signature: ['00'.repeat(64)] })).toMatchObject({
      code: 'SIGERROR',
      message: 'Validate signature error: Signature size is 64',
    })
    expect(await node.request('wallet/broadcasttransaction', { ...tx, signature: [] })).toMatchObject({
      code: 'SIGERROR',
      message: TronWeb.fromUtf8('Validate signature error: miss sig or contract').slice(2),
    })
  })

  test('a signature may end in 0, 1, 27 or 28', async () => {
    for (const shift of [0, 27]) {
      const tx = await toB(TRX + shift)
      const signature = (await a.tronWeb.trx.sign(tx)).signature[0] as string
      const v = (Number.parseInt(signature.slice(128), 16) % 27) + shift
      const changed = signature.slice(0, 128) + v.toString(16).padStart(2, '0')
      expect(await offer(a.tronWeb, { ...tx, signature: [changed] })).toMatchObject({ code: 'SUCCESS' })
    }
  })

  test('SIGERROR: a permission that is not there, or does not allow it', async () => {
    const tx = await a.tronWeb.transactionBuilder.sendTrx(b.address, TRX, a.address, { permissionId: 5 })
    expect(await refused(a.tronWeb, tx)).toMatchObject({
      code: 'SIGERROR',
      message: "Validate signature error: permission isn't exit",
    })
    const keys = [{ address: TronWeb.address.toHex(a.address), weight: 1 }]
    // An active permission never changes permissions.
    const update = await a.tronWeb.transactionBuilder.updateAccountPermissions(
      a.address,
      { type: 0, permission_name: 'owner', threshold: 1, keys },
      undefined,
      [
        {
          type: 2,
          permission_name: 'all',
          threshold: 1,
          operations: '7fff1fc0033ec30f'.padEnd(64, '0'),
          keys,
        },
      ],
      { permissionId: 2 },
    )
    expect(await refused(a.tronWeb, update)).toMatchObject({
      code: 'SIGERROR',
      message: 'Validate signature error: Permission denied',
    })
  })

  test('TAPOS_ERROR: an unknown block, and another hash of a known one', async () => {
    expect(await refused(a.tronWeb, altered(await toB(), { ref_block_bytes: 'fff0' }))).toEqual({
      code: 'TAPOS_ERROR',
      message: 'Tapos check error.',
    })
    const tx = altered(await toB(), { ref_block_hash: '0102030405060708' })
    expect(await refused(a.tronWeb, tx)).toMatchObject({ code: 'TAPOS_ERROR' })
  })

  test('TRANSACTION_EXPIRATION_ERROR: too late, and too early', async () => {
    const tx = await toB()
    const head = tx.raw_data.timestamp
    const day = 86_400_000
    for (const expiration of [head - 3_000, head, head + day + 30_000]) {
      expect(await refused(a.tronWeb, altered(tx, { expiration }))).toEqual({
        code: 'TRANSACTION_EXPIRATION_ERROR',
        message: 'Transaction expired',
      })
    }
    expect(await refused(a.tronWeb, altered(tx, { expiration: head + day }))).toMatchObject({
      code: 'SUCCESS',
    })
  })

  test('DUP_TRANSACTION_ERROR: the same once more', async () => {
    const signed = await a.tronWeb.trx.sign(await toB())
    expect(await offer(a.tronWeb, signed)).toMatchObject({ code: 'SUCCESS' })
    expect(await offer(a.tronWeb, signed)).toEqual({
      code: 'DUP_TRANSACTION_ERROR',
      message: 'Dup transaction.',
    })
  })

  test('BANDWITH_ERROR: no free bandwidth and no TRX left', async () => {
    const poor = await newcomer(node, 1)
    await node.setAccount(poor.address, { used: { freeBandwidth: 600n }, balance: 100_000n })
    expect(
      await refused(poor.tronWeb, poor.tronWeb.transactionBuilder.sendTrx(a.address, 10, poor.address)),
    ).toEqual({
      code: 'BANDWITH_ERROR',
      message: 'Account resource insufficient error.',
    })
  })

  test('CONTRACT_VALIDATE_ERROR: more than there is, to oneself, to a contract', async () => {
    const send = async (to: string, amount: number): Promise<unknown> => {
      const tx = await toB()
      const contract = structuredClone(tx.raw_data.contract) as unknown as [
        { parameter: { value: Record<string, unknown> } },
      ]
      contract[0].parameter.value.to_address = TronWeb.address.toHex(to)
      contract[0].parameter.value.amount = amount
      return refused(a.tronWeb, altered(tx, { contract: contract as never }))
    }
    const prefix = 'Contract validate error : '
    expect(await send(b.address, 20_000 * TRX)).toEqual({
      code: 'CONTRACT_VALIDATE_ERROR',
      message: `${prefix}Validate TransferContract error, balance is not sufficient.`,
    })
    expect(await send(b.address, 0)).toMatchObject({ message: `${prefix}Amount must be greater than 0.` })
    expect(await send(a.address, 1)).toMatchObject({ message: `${prefix}Cannot transfer TRX to yourself.` })
    expect(await send(node.tokens.USDT.address, 1)).toMatchObject({
      message: `${prefix}Cannot transfer TRX to a smartContract.`,
    })
  })

  test('CONTRACT_VALIDATE_ERROR: a type that is not what is inside, two contracts, none', async () => {
    const raw = rawOf(await toB())
    const [contract] = raw.contract as [Contract]
    const parameter = contract.parameter as { type_url: string; value: string }
    const send = (contracts: Contract[]): Promise<unknown> =>
      broadcastHex(node, a, { ...raw, contract: contracts })
    expect(await send([contract, contract])).toMatchObject({
      code: 'CONTRACT_VALIDATE_ERROR',
      message: expect.stringContaining('contract size should be exactly 1'),
    })
    expect(await send([])).toMatchObject({
      code: 'CONTRACT_VALIDATE_ERROR',
      message: 'Contract validate error : No contract!',
    })
    // Nobody owns what cannot be read, so nobody's signature is right.
    const named = { ...parameter, type_url: 'type.googleapis.com/protocol.TransferAssetContract' }
    expect(await send([{ ...contract, parameter: named }])).toMatchObject({ code: 'SIGERROR' })
    expect(await send([{ ...contract, type: 77 }])).toMatchObject({ code: 'SIGERROR' })
  })

  test('TOO_BIG_TRANSACTION_ERROR: a memo beyond 500 KB, and one beyond 1,000 bytes to a new account', async () => {
    const huge = altered(await toB(), { data: 'ab'.repeat(512_000) })
    expect(await refused(a.tronWeb, huge)).toMatchObject({ code: 'TOO_BIG_TRANSACTION_ERROR' })
    const fresh = await newcomer(node, 0)
    const tx = await a.tronWeb.transactionBuilder.sendTrx(fresh.address, TRX, a.address)
    expect(await refused(a.tronWeb, altered(tx, { data: 'ab'.repeat(900) }))).toMatchObject({
      code: 'TOO_BIG_TRANSACTION_ERROR',
    })
    expect(await refused(a.tronWeb, altered(tx, { data: 'ab'.repeat(500) }))).toMatchObject({
      code: 'SUCCESS',
    })
  })

  test('CONTRACT_EXE_ERROR: 100 TRX for new permissions are not there', async () => {
    const poor = await newcomer(node, 99)
    const keys = [{ address: TronWeb.address.toHex(poor.address), weight: 1 }]
    const update = await poor.tronWeb.transactionBuilder.updateAccountPermissions(
      poor.address,
      { type: 0, permission_name: 'owner', threshold: 1, keys },
      undefined,
      [
        {
          type: 2,
          permission_name: 'all',
          threshold: 1,
          operations: '7fff1fc0033ec30f'.padEnd(64, '0'),
          keys,
        },
      ],
    )
    expect(await refused(poor.tronWeb, update)).toMatchObject({
      code: 'CONTRACT_EXE_ERROR',
      message: expect.stringContaining('insufficient balance'),
    })
  })

  test('leaves nothing behind', async () => {
    const before = await node.request('wallet/getaccount', { address: TronWeb.address.toHex(a.address) })
    await refused(a.tronWeb, altered(await toB(20_000 * TRX).catch(() => toB()), { ref_block_bytes: 'fff0' }))
    expect(await node.request('wallet/getaccount', { address: TronWeb.address.toHex(a.address) })).toEqual(
      before,
    )
  })

  test('broadcasthex says the same in plain text', async () => {
    const raw = rawOf(await toB())
    expect(await broadcastHex(node, a, { ...raw, ref_block_bytes: 'fff0' })).toMatchObject({
      result: false,
      code: 'TAPOS_ERROR',
      message: 'Tapos check error.',
    })
    const tx = await toB()
    expect(await broadcastHex(node, a, rawOf(tx))).toMatchObject({
      result: true,
      code: 'SUCCESS',
      message: '',
      txid: tx.txID,
    })
  })
})

describe('rules of stake', () => {
  test.each([
    ['freezebalancev2', { frozen_balance: 999_999 }, 'frozenBalance must be greater than or equal to 1 TRX'],
    [
      'freezebalancev2',
      { frozen_balance: 1e12 },
      'frozenBalance must be less than or equal to accountBalance',
    ],
    [
      'freezebalancev2',
      { frozen_balance: 1e6, resource: 'TRON_POWER' },
      'ResourceCode error, valid ResourceCode[BANDWIDTH、ENERGY]',
    ],
    ['unfreezebalancev2', { unfreeze_balance: 1e6, resource: 'ENERGY' }, 'no frozenBalance(Energy)'],
    ['withdrawexpireunfreeze', {}, 'no unFreeze balance to withdraw '],
    ['cancelallunfreezev2', {}, 'No unfreezeV2 list to cancel'],
    [
      'delegateresource',
      { balance: 1, receiver_address: stranger },
      'delegateBalance must be greater than or equal to 1 TRX',
    ],
    [
      'delegateresource',
      { balance: 1e6, receiver_address: stranger },
      'delegateBalance must be less than or equal to available FreezeBandwidthV2 balance',
    ],
    ['undelegateresource', { balance: 1e6, receiver_address: stranger }, 'delegated Resource does not exist'],
    ['votewitnessaccount', { votes: [] }, 'VoteNumber must more than 0'],
    ['withdrawbalance', {}, 'witnessAccount does not have any reward'],
  ])('%s %j', async (path, body, message) => {
    const answer = await node.request(`wallet/${path}`, { owner_address: b.address, visible: true, ...body })
    expect(answer).toEqual({ Error: `class org.tron.core.exception.ContractValidateException : ${message}` })
  })

  test('at most 32 withdrawals wait at the same time', async () => {
    const rich = await newcomer(node, 1_000)
    const { transactionBuilder } = rich.tronWeb
    await send(rich.tronWeb, transactionBuilder.freezeBalanceV2(500 * TRX, 'ENERGY', rich.address))
    for (let i = 0; i < 32; i++) {
      await send(rich.tronWeb, transactionBuilder.unfreezeBalanceV2(TRX + i, 'ENERGY', rich.address))
    }
    const last = transactionBuilder.unfreezeBalanceV2(2 * TRX, 'ENERGY', rich.address)
    expect((await refused(rich.tronWeb, last)).message).toContain('unfreezing times is over limit')
  })

  test('a lock holds for its time', async () => {
    const lender = await newcomer(node, 1_000)
    const { transactionBuilder } = lender.tronWeb
    await send(lender.tronWeb, transactionBuilder.freezeBalanceV2(500 * TRX, 'ENERGY', lender.address))
    await send(
      lender.tronWeb,
      transactionBuilder.delegateResource(100 * TRX, b.address, 'ENERGY', lender.address, true, 1_200),
    )
    const back = (): Promise<Types.Transaction> =>
      transactionBuilder.undelegateResource(
        100 * TRX,
        b.address,
        'ENERGY',
        lender.address,
      ) as Promise<Types.Transaction>
    expect(await refused(lender.tronWeb, back())).toMatchObject({
      message:
        'Contract validate error : insufficient delegateFrozenBalance(Energy), request=100000000, unlock_balance=0',
    })
    const id = await node.snapshot()
    await node.advanceTime(3_606)
    expect(await refused(lender.tronWeb, back())).toMatchObject({ code: 'SUCCESS' })
    await node.revert(id)
    // A shorter lock than what is left of the earlier one is refused.
    const shorter = transactionBuilder.delegateResource(TRX, b.address, 'ENERGY', lender.address, true, 10)
    expect((await refused(lender.tronWeb, shorter)).message).toContain(
      'cannot be less than the remaining time',
    )
    const contract = transactionBuilder.delegateResource(
      TRX,
      node.tokens.USDT.address,
      'ENERGY',
      lender.address,
    )
    expect((await refused(lender.tronWeb, contract)).message).toContain(
      'Do not allow delegate resources to contract',
    )
  })

  test('votes go to witnesses, and no more than there is stake', async () => {
    const voter = await newcomer(node, 1_000)
    const { transactionBuilder } = voter.tronWeb
    await send(voter.tronWeb, transactionBuilder.freezeBalanceV2(10 * TRX, 'ENERGY', voter.address))
    const [first = ''] = node.witnesses
    const many = transactionBuilder.vote({ [first]: 11 }, voter.address)
    expect((await refused(voter.tronWeb, many)).message).toContain(
      '[11000000] is greater than the tronPower[10000000]',
    )
    const nobody = transactionBuilder.vote({ [b.address]: 1 }, voter.address)
    expect((await refused(voter.tronWeb, nobody)).message).toContain('Witness[')
  })

  test('rewards are paid once in 24 hours', async () => {
    const voter = await newcomer(node, 10)
    const { transactionBuilder } = voter.tronWeb
    await node.setAccount(voter.address, { rewards: 5n })
    await send(voter.tronWeb, transactionBuilder.withdrawBlockRewards(voter.address))
    await node.setAccount(voter.address, { rewards: 5n })
    const again = (): Promise<Types.Transaction> =>
      transactionBuilder.withdrawBlockRewards(voter.address) as Promise<Types.Transaction>
    expect((await refused(voter.tronWeb, again())).message).toContain('less than 24 hours')
    const id = await node.snapshot()
    await node.advanceTime(86_400)
    expect(await refused(voter.tronWeb, again())).toMatchObject({ code: 'SUCCESS' })
    await node.revert(id)
  })
})
