import { TronWeb } from 'tronweb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDevnet } from '../devnet.ts'
import { trc20 } from './artifacts.ts'
import type { TronNode } from './node.ts'
import { newcomer, type Someone, send, stranger, TRX, unconfirmed } from './tronweb.fixture.ts'

// tronweb as it is installed, unmodified: what it can do with a node of the real network it does here.

let devnet: Awaited<ReturnType<typeof startDevnet<'tron'>>>
let node: TronNode

beforeAll(async () => {
  devnet = await startDevnet({ chains: ['tron'] })
  node = devnet.tron
})
afterAll(() => devnet.stop())

const someone = (trx?: number): Promise<Someone> => newcomer(node, trx)

test('sees the genesis block, the newest one and the chain', async () => {
  const { tronWeb } = await someone(0)
  const genesis = await tronWeb.trx.getBlockByNumber(0)
  expect(genesis.blockID).toMatch(/^0{16}[0-9a-f]{40}c0ffe001$/)
  const now = await tronWeb.trx.getCurrentBlock()
  expect(now.block_header.raw_data.number).toBeGreaterThanOrEqual(3)
  expect(await tronWeb.trx.getBlockByHash(now.blockID)).toMatchObject({ blockID: now.blockID })
  expect(Math.abs(now.block_header.raw_data.timestamp - Date.now())).toBeLessThan(60_000)
  const parameters = await tronWeb.trx.getChainParameters()
  expect(parameters).toContainEqual({ key: 'getEnergyFee', value: 100 })
  expect(await tronWeb.trx.getEnergyPrices()).toBe('0:100')
  expect(await tronWeb.isConnected()).toMatchObject({ fullNode: true, solidityNode: true })
})

describe('TRX', () => {
  test('goes to an account that exists, for 267 bytes of the free bandwidth', async () => {
    const [a, b] = [await someone(), await someone()]
    const tx = await a.tronWeb.transactionBuilder.sendTrx(b.address, TRX, a.address)
    const info = await send(a.tronWeb, tx)
    expect(info).toMatchObject({ id: tx.txID, receipt: { net_usage: 267 }, contractResult: [''] })
    expect(info.fee).toBeUndefined()
    expect(await a.tronWeb.trx.getUnconfirmedBalance(b.address)).toBe(1_001 * TRX)
    expect(await a.tronWeb.trx.getBandwidth(a.address)).toBe(600 - 267)
    await expect(a.tronWeb.trx.getConfirmedTransaction(tx.txID)).rejects.toBeDefined()
    await node.mine(2)
    expect(await a.tronWeb.trx.getConfirmedTransaction(tx.txID)).toMatchObject({
      txID: tx.txID,
      ret: [{ contractRet: 'SUCCESS' }],
      raw_data_hex: tx.raw_data_hex,
    })
  })

  test('brings an account into being for 1.1 TRX', async () => {
    const [a, b] = [await someone(), await someone(0)]
    const info = await send(a.tronWeb, a.tronWeb.transactionBuilder.sendTrx(b.address, 5 * TRX, a.address))
    expect(info).toMatchObject({ fee: 1_100_000, receipt: { net_fee: 100_000 } })
    expect(await a.tronWeb.trx.getUnconfirmedBalance(a.address)).toBe(1_000 * TRX - 5 * TRX - 1_100_000)
  })

  test('carries a memo for 1 TRX', async () => {
    const [a, b] = [await someone(), await someone()]
    const plain = await a.tronWeb.transactionBuilder.sendTrx(b.address, TRX, a.address)
    const tx = await a.tronWeb.transactionBuilder.addUpdateData(plain, 'hello', 'utf8')
    expect(await send(a.tronWeb, tx)).toMatchObject({ fee: TRX })
  })

  test('an account can be made without a payment', async () => {
    const [a, b] = [await someone(), await someone(0)]
    const info = await send(a.tronWeb, a.tronWeb.transactionBuilder.createAccount(b.address, a.address))
    expect(info.fee).toBe(1_100_000)
    expect(await a.tronWeb.trx.getUnconfirmedAccount(b.address)).toMatchObject({
      owner_permission: { permission_name: 'owner', threshold: 1 },
      active_permission: [{ type: 'Active', id: 2 }],
    })
  })
})

describe('TRC-20', () => {
  test('is read and sent by contract().at', async () => {
    const a = await someone()
    await node.fund(a.address, { token: 'USDT', amount: 50n * 10n ** 6n })
    const usdt = await a.tronWeb.contract().at(node.tokens.USDT.address)
    expect(await usdt.symbol?.().call()).toBe('USDT')
    expect(await usdt.decimals?.().call()).toBe(6n)
    expect(await usdt.balanceOf?.(a.address).call()).toBe(50_000_000n)
    const txid = await usdt.transfer?.(stranger, 7_000_000).send({ feeLimit: 100 * TRX })
    const info = await a.tronWeb.trx.getUnconfirmedTransactionInfo(txid)
    expect(info.receipt).toMatchObject({ result: 'SUCCESS', net_usage: 345 })
    expect(info.log).toHaveLength(1)
    expect(info.contractResult).toEqual(['1'.padStart(64, '0')])
    expect(await usdt.balanceOf?.(stranger).call()).toBe(7_000_000n)
  })

  test('is sent by triggerSmartContract, and asked by triggerConstantContract and estimateEnergy', async () => {
    const a = await someone()
    await node.fund(a.address, { token: 'USDC', amount: 10n ** 6n })
    const { transactionBuilder } = a.tronWeb
    const transfer = 'transfer(address,uint256)'
    const to = node.tokens.USDC.address
    const values = [
      { type: 'address', value: stranger },
      { type: 'uint256', value: 10 },
    ]
    const limit = { feeLimit: 100 * TRX }
    const asked = await transactionBuilder.triggerConstantContract(to, transfer, limit, values, a.address)
    const estimated = await transactionBuilder.estimateEnergy(to, transfer, limit, values, a.address)
    const { transaction } = await transactionBuilder.triggerSmartContract(
      to,
      transfer,
      limit,
      values,
      a.address,
    )
    const info = await send(a.tronWeb, transaction)
    expect(asked.energy_used).toBe(info.receipt.energy_usage_total)
    expect(estimated.energy_required).toBeGreaterThanOrEqual(info.receipt.energy_usage_total as number)
    expect(info.receipt.energy_fee).toBe((info.receipt.energy_usage_total as number) * 100)
  })

  test('can be deployed', async () => {
    const a = await someone()
    const tx = await a.tronWeb.transactionBuilder.createSmartContract(
      {
        abi: JSON.parse(trc20.abi),
        bytecode: trc20.bytecode,
        parameters: ['My Coin', 'MINE', 2],
        name: 'Trc20',
        feeLimit: 1_000 * TRX,
        userFeePercentage: 100,
        originEnergyLimit: 10_000_000,
      },
      a.address,
    )
    const info = await send(a.tronWeb, tx)
    expect(info.receipt.result).toBe('SUCCESS')
    expect(info.contract_address).toBe(tx.contract_address)
    const mine = await a.tronWeb.contract().at(info.contract_address)
    expect(await mine.symbol?.().call()).toBe('MINE')
    expect(await mine.name?.().call()).toBe('My Coin')
  })

  test('a failing call is in a block and paid for', async () => {
    const a = await someone()
    const usdt = await a.tronWeb.contract().at(node.tokens.USDT.address)
    const txid = await usdt.transfer?.(stranger, 1).send({ feeLimit: 100 * TRX })
    const info = await a.tronWeb.trx.getUnconfirmedTransactionInfo(txid)
    expect(info).toMatchObject({
      result: 'FAILED',
      receipt: { result: 'REVERT' },
      resMessage: TronWeb.fromUtf8('REVERT opcode executed').slice(2),
    })
    expect(info.fee).toBeGreaterThan(0)
    expect(info.log).toBeUndefined()
  })
})

test('TRC-10 tokens go from account to account', async () => {
  const [a, b] = [await someone(), await someone()]
  await node.setAccount(a.address, { trc10: { 1000001: 500n } })
  const { transactionBuilder } = a.tronWeb
  await send(a.tronWeb, transactionBuilder.sendToken(b.address, 200, '1000001', a.address))
  const { assetV2 } = await a.tronWeb.trx.getUnconfirmedAccount(b.address)
  expect(assetV2).toEqual([{ key: '1000001', value: 200 }])
  expect(await a.tronWeb.trx.getTokenByID('1000001')).toMatchObject({ id: '1000001', precision: 6 })
})

describe('stake', () => {
  test('is frozen, lent, taken back and unfrozen', async () => {
    const [a, b] = [await someone(), await someone()]
    const { transactionBuilder, trx } = a.tronWeb
    await send(a.tronWeb, transactionBuilder.freezeBalanceV2(500 * TRX, 'ENERGY', a.address))
    expect(await trx.getAccountResources(a.address)).toMatchObject({
      EnergyLimit: 4_999,
      tronPowerLimit: 500,
    })
    expect(await trx.getCanDelegatedMaxSize(a.address, 'ENERGY', unconfirmed)).toEqual({
      max_size: 500 * TRX,
    })

    await send(a.tronWeb, transactionBuilder.delegateResource(200 * TRX, b.address, 'ENERGY', a.address))
    expect((await trx.getAccountResources(b.address)).EnergyLimit).toBe(1_999)
    expect((await trx.getAccountResources(a.address)).EnergyLimit).toBe(2_999)
    const lent = await trx.getDelegatedResourceV2(a.address, b.address, unconfirmed)
    expect(lent.delegatedResource).toMatchObject([{ frozen_balance_for_energy: 200 * TRX }])
    expect((await trx.getDelegatedResourceAccountIndexV2(a.address, unconfirmed)).toAccounts).toHaveLength(1)

    await send(a.tronWeb, transactionBuilder.undelegateResource(200 * TRX, b.address, 'ENERGY', a.address))
    expect(await trx.getDelegatedResourceV2(a.address, b.address, unconfirmed)).toEqual({})

    await send(a.tronWeb, transactionBuilder.unfreezeBalanceV2(100 * TRX, 'ENERGY', a.address))
    expect(await trx.getAvailableUnfreezeCount(a.address, unconfirmed)).toEqual({ count: 31 })
    expect(await trx.getCanWithdrawUnfreezeAmount(a.address, Date.now(), unconfirmed)).toEqual({})
    await send(a.tronWeb, transactionBuilder.cancelUnfreezeBalanceV2(a.address))
    expect((await trx.getAccountResources(a.address)).EnergyLimit).toBe(4_999)
  })

  test('comes back after 14 days', async () => {
    const a = await someone()
    const { transactionBuilder, trx } = a.tronWeb
    const id = await node.snapshot()
    await send(a.tronWeb, transactionBuilder.freezeBalanceV2(500 * TRX, 'BANDWIDTH', a.address))
    await send(a.tronWeb, transactionBuilder.unfreezeBalanceV2(500 * TRX, 'BANDWIDTH', a.address))
    await node.advanceTime(14 * 86_400)
    const info = await send(a.tronWeb, transactionBuilder.withdrawExpireUnfreeze(a.address))
    expect(info).toMatchObject({ withdraw_expire_amount: 500 * TRX })
    expect(await trx.getUnconfirmedBalance(a.address)).toBe(1_000 * TRX)
    await node.revert(id)
  })

  test('votes, and earns rewards', async () => {
    const a = await someone()
    const { transactionBuilder, trx } = a.tronWeb
    await send(a.tronWeb, transactionBuilder.freezeBalanceV2(100 * TRX, 'ENERGY', a.address))
    const [first, second] = node.witnesses as [string, string]
    await send(a.tronWeb, transactionBuilder.vote({ [first]: 60, [second]: 40 }, a.address))
    const account = await trx.getUnconfirmedAccount(a.address)
    expect(account.votes).toHaveLength(2)
    expect((await trx.listSuperRepresentatives()).length).toBe(27)
    await node.setAccount(a.address, { rewards: 12_345n })
    expect(await trx.getUnconfirmedReward(a.address)).toBe(12_345)
    expect(await trx.getUnconfirmedBrokerage(first)).toBe(20)
    const info = await send(a.tronWeb, transactionBuilder.withdrawBlockRewards(a.address))
    expect(info.withdraw_amount).toBe(12_345)
    // Half of the stake carries half of the votes.
    await send(a.tronWeb, transactionBuilder.unfreezeBalanceV2(50 * TRX, 'ENERGY', a.address))
    const { votes } = await trx.getUnconfirmedAccount(a.address)
    expect(votes?.map(({ vote_count }) => vote_count)).toEqual([30, 20])
  })
})

describe('permissions', () => {
  test('two of three keys sign', async () => {
    const [a, b, c] = [await someone(), await someone(0), await someone(0)]
    const { transactionBuilder, trx } = a.tronWeb
    const keys = [a, b, c].map(({ address }) => ({ address: TronWeb.address.toHex(address), weight: 1 }))
    const operations = '7fff1fc0033ec30f'.padEnd(64, '0')
    const update = await transactionBuilder.updateAccountPermissions(
      a.address,
      { type: 0, permission_name: 'owner', threshold: 2, keys },
      undefined,
      [{ type: 2, permission_name: 'daily', threshold: 2, operations, keys }],
    )
    expect((await send(a.tronWeb, update)).fee).toBe(100 * TRX)

    const tx = await transactionBuilder.sendTrx(stranger, TRX, a.address, { permissionId: 2 })
    const once = await trx.multiSign(tx, a.key, 2)
    expect(await trx.getSignWeight(once, 2)).toMatchObject({
      result: { code: 'NOT_ENOUGH_PERMISSION' },
      current_weight: 1,
      permission: { threshold: 2 },
    })
    const early = await trx.sendRawTransaction(once)
    expect(early).toMatchObject({ code: 'SIGERROR' })
    const twice = await b.tronWeb.trx.multiSign(once, b.key, 2)
    const { approved_list: approved } = await trx.getApprovedList(twice)
    expect(approved).toEqual([a, b].map(({ address }) => TronWeb.address.toHex(address)))
    expect(await trx.getSignWeight(twice, 2)).toMatchObject({ current_weight: 2 })
    expect(await trx.sendRawTransaction(twice)).toMatchObject({ result: true })
    // 1 TRX for the second signature, 1.1 for a new account.
    expect((await trx.getUnconfirmedTransactionInfo(twice.txID)).fee).toBe(2_100_000)
  })
})

test('messages are signed without any node, so only their check is of interest', async () => {
  const a = await someone(0)
  const signature = await a.tronWeb.trx.signMessageV2('hello', a.key)
  expect(await a.tronWeb.trx.verifyMessageV2('hello', signature)).toBe(a.address)
})
