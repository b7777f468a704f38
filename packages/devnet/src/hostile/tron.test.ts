import { createWallet } from '@coffer/core'
import { cluster, tronGrid, tronHttp } from '@coffer/daemon-client'
import { softwareSigner } from '@coffer/signer-software'
import { tronDevnet } from '@coffer/tron'
import { TronWeb, utils } from 'tronweb'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Devnet, startDevnet } from '../devnet.ts'
import { sha256Hex } from '../tron/bytes.ts'
import type { Lie } from './lie.ts'
import * as lies from './lies/all.ts'
import { type Liar, startHostile } from './start.ts'

const CHAIN = 'tron:0xc0ffe001' as const
const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const TRX = 1_000_000n
const DAY = 86_400_000

let devnet: Devnet<'tron'>
let liar: Liar
let owner: string
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['tron'] })
  liar = await startHostile(devnet.tron.url)
  owner = (await open().account('tron-devnet')).address
  await devnet.tron.fund(owner, { amount: 1_000n * TRX })
  await devnet.tron.fund(owner, { token: 'USDT', amount: 50_000_000n })
})
afterEach(() => liar.calm())
afterAll(async () => {
  await liar?.stop()
  await devnet?.stop()
})

function open(url = liar.url) {
  return createWallet({
    chains: [tronDevnet()],
    source: cluster({ [CHAIN]: [tronHttp({ fullNode: url, history: tronGrid({ url }) })] }),
    signer: softwareSigner({ mnemonic }),
  })
}

const stranger = async (): Promise<string> => (await open().account('tron-devnet', { index: 77 })).address

async function ask(path: string, body: object, url = liar.url) {
  const response = await fetch(`${url}/${path}`, { method: 'POST', body: JSON.stringify(body) })
  return response.json()
}

async function compare(lie: Lie, path: string, body: object = {}) {
  liar.play(lie, { times: 1 })
  const told = await ask(path, body)
  liar.calm()
  const honest = await ask(path, body, devnet.tron.url)
  expect(liar.played.at(-1)?.lie).toBe(lie.name)
  return { told, honest }
}

test('a wallet behind a calm liar pays as if it was not there', async () => {
  await using calm = await startHostile(devnet.tron.url)
  const wallet = open(calm.url)
  const account = await wallet.account('tron-devnet')
  const to = await stranger()
  const payment = await wallet.publish(
    await wallet.sign(await account.create({ to, asset: 'USDT', amount: '5' })),
  )
  await payment.confirmed()
  expect((await account.balances()).find(({ asset }) => asset.symbol === 'USDT')?.amount).toBe(45_000_000n)
  expect((await account.history()).items.length).toBeGreaterThan(0)
  expect(calm.played).toEqual([])
  expect(calm.calls.map((call) => call.protocol === 'http' && call.path)).toContain('/wallet/broadcasthex')
})

test('digits of an int64 come through a lie about something else', async () => {
  await devnet.tron.setAccount(owner, { trc10: { 1000001: 2n ** 63n - 1n } })
  liar.play(lies.tron.balance(1n))
  const text = await (
    await fetch(`${liar.url}/wallet/getaccount`, {
      method: 'POST',
      body: JSON.stringify({ address: owner, visible: true }),
    })
  ).text()
  expect(text).toContain('9223372036854775807')
  expect(JSON.parse(text).balance).toBe(1)
})

describe('lies of Tron nodes', () => {
  test('G10: another chain', async () => {
    liar.play(lies.tron.genesis())
    const other = tronHttp(liar.url)(CHAIN)
    await expect(other.request([{ path: 'wallet/getnowblock' }])).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
    })
    const main = tronHttp(liar.url)('tron:0x2b6653dc')
    expect((await main.request([{ path: 'wallet/getnowblock' }]))[0]).toMatchObject({ ok: true })
  })

  test('T1: another transaction, whose bytes, fields and id fit together', async () => {
    const to = await stranger()
    const thief = 'T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb'
    const body = { owner_address: owner, to_address: to, amount: 5, visible: true }
    const lie = lies.tron.transaction({ to: thief, amount: 2n ** 60n, data: 'c0ffee', permissionId: 2 })
    const { told } = await compare(lie, 'wallet/createtransaction', body)
    expect(told.txID).toBe(sha256Hex(told.raw_data_hex))
    expect(told.raw_data.contract[0].parameter.value).toMatchObject({ to_address: thief })
    const hex = await ask('wallet/createtransaction', {
      ...body,
      visible: false,
      owner_address: TronWeb.address.toHex(owner),
      to_address: TronWeb.address.toHex(to),
    })
    expect(TronWeb.address.fromHex(hex.raw_data.contract[0].parameter.value.to_address)).toBe(to)
    // What tronweb writes from the fields are the bytes.
    const tronWeb = new TronWeb({ fullHost: devnet.tron.url })
    const honest = await tronWeb.transactionBuilder.sendTrx(to, 5, owner)
    liar.play(lies.tron.transaction({ to: thief, amount: 9n, expiration: 1_900_000_000_000n }))
    const web = new TronWeb({ fullHost: liar.url })
    const swapped = (await web.fullNode.request(
      'wallet/createtransaction',
      { owner_address: TronWeb.address.toHex(owner), to_address: TronWeb.address.toHex(to), amount: 5 },
      'post',
    )) as typeof honest
    const { txJsonToPb, txPbToRawDataHex, txPbToTxID } = utils.transaction
    const pb = txJsonToPb(swapped)
    expect(txPbToRawDataHex(pb).toLowerCase()).toBe(swapped.raw_data_hex)
    expect(txPbToTxID(pb).replace(/^0x/, '')).toBe(swapped.txID)
    expect(swapped.raw_data.contract[0]?.parameter.value).toMatchObject({
      amount: 9,
      to_address: TronWeb.address.toHex(thief),
    })
    expect(swapped.raw_data.expiration).toBe(1_900_000_000_000)
  })

  test('T1: in what builds a token transfer, and in what shows a transaction', async () => {
    const to = await stranger()
    const body = {
      ...{
        owner_address: owner,
        contract_address: devnet.tron.tokens.USDT.address,
        visible: true,
        fee_limit: 100_000_000,
      },
      ...{ function_selector: 'transfer(address,uint256)', call_value: 0 },
      parameter: TronWeb.address.toHex(to).slice(2).padStart(64, '0') + '05'.padStart(64, '0'),
    }
    const thief = 'T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb'
    const { told, honest } = await compare(
      lies.tron.transaction({ to: thief, amount: 1n }),
      'wallet/triggersmartcontract',
      body,
    )
    const dataOf = (answer: typeof told): string =>
      answer.transaction.raw_data.contract[0].parameter.value.data
    expect(dataOf(told)).toContain(TronWeb.address.toHex(thief).slice(2).toLowerCase())
    expect(dataOf(told).endsWith('1')).toBe(true)
    expect(dataOf(honest).endsWith('5')).toBe(true)
    const txid = await devnet.tron.fund(to, { amount: 5n })
    const shown = await compare(lies.tron.transaction({ amount: 6n }), 'wallet/gettransactionbyid', {
      value: txid,
    })
    expect(shown.told.raw_data.contract[0].parameter.value.amount).toBe(6)
    expect(shown.told.signature).toEqual(shown.honest.signature)
  })

  test('T4: prices, energy, resources', async () => {
    const prices = await compare(
      lies.tron.parameters({ getEnergyFee: 10n ** 17n, getNew: 1n }),
      'wallet/getchainparameters',
    )
    const of = (answer: { chainParameter: { key: string; value?: number }[] }, key: string) =>
      answer.chainParameter.find((one) => one.key === key)?.value
    expect(of(prices.told, 'getEnergyFee')).toBe(1e17)
    expect(of(prices.told, 'getNew')).toBe(1)
    expect(of(prices.told, 'getTransactionFee')).toBe(of(prices.honest, 'getTransactionFee'))
    const call = {
      ...{ owner_address: owner, contract_address: devnet.tron.tokens.USDT.address, visible: true },
      ...{ function_selector: 'decimals()', parameter: '' },
    }
    expect(
      (await compare(lies.tron.energy(9n), 'wallet/triggerconstantcontract', call)).told.energy_used,
    ).toBe(9)
    expect((await compare(lies.tron.energy(9n), 'wallet/estimateenergy', call)).told.energy_required).toBe(9)
    const limits = lies.tron.resources({ energy: 10n ** 9n, bandwidth: 7n })
    const { told } = await compare(limits, 'wallet/getaccountresource', { address: owner, visible: true })
    expect(told).toMatchObject({ EnergyLimit: 1_000_000_000, NetLimit: 7 })
    liar.play(lies.tron.parameters({ getEnergyFee: 10n ** 9n, getTransactionFee: 10n ** 9n }))
    const account = await open().account('tron-devnet')
    await expect(account.create({ to: await stranger(), amount: '1' })).rejects.toMatchObject({
      code: 'FEE_TOO_HIGH',
    })
  })

  test('E8: tokens, in the reads of the SDK and alone', async () => {
    const token = devnet.tron.tokens.USDT.address
    const hex = TronWeb.address.toHex(token)
    const call = {
      ...{ owner_address: TronWeb.address.toHex(owner), contract_address: hex },
      ...{ function_selector: 'decimals()', parameter: '' },
    }
    const { told } = await compare(
      lies.tron.decimals(2, { token: hex }),
      'wallet/triggerconstantcontract',
      call,
    )
    expect(BigInt(`0x${told.constant_result[0]}`)).toBe(2n)
    const account = await open().account('tron-devnet')
    liar.play(lies.tron.decimals(2, { token: hex }))
    await expect(account.create({ to: await stranger(), asset: 'USDT', amount: '1' })).rejects.toMatchObject({
      code: 'TOKEN_MISMATCH',
    })
    liar.calm()
    liar.play(lies.tron.tokenBalance(5n, { token: hex }))
    expect((await account.balances()).find(({ asset }) => asset.symbol === 'USDT')?.amount).toBe(5n)
  })

  test('G14: balances, of accounts that exist and of others', async () => {
    const body = { address: owner, visible: true }
    const { told, honest } = await compare(lies.tron.balance(7n), 'wallet/getaccount', body)
    expect(told).toEqual({ ...honest, balance: 7 })
    const nobody = { address: 'T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb', visible: true }
    expect((await compare(lies.tron.balance(7n), 'wallet/getaccount', nobody)).told).toEqual({
      address: nobody.address,
      balance: 7,
    })
  })

  test.each([
    ['a day', DAY],
    ['a year', 365 * DAY],
    ['a year before', -365 * DAY],
  ])('T5: blocks that are %s off', async (_, by) => {
    const { told, honest } = await compare(lies.tron.clock(by), 'wallet/getnowblock')
    expect(told.block_header.raw_data.timestamp - honest.block_header.raw_data.timestamp).toBe(by)
    liar.play(lies.tron.clock(by))
    const account = await open().account('tron-devnet')
    const made = await account.create({ to: await stranger(), amount: '1' }).then(
      () => true,
      () => false,
    )
    expect(made).toBe(by === DAY)
  })

  test('T5, T6: a final block that is nearer, and farther back; transactions that were never heard of', async () => {
    await devnet.tron.mine(10)
    const heightOf = (block: { block_header: { raw_data: { number: number } } }): number =>
      block.block_header.raw_data.number
    const near = await compare(lies.tron.solid(100), 'walletsolidity/getnowblock')
    expect(heightOf(near.told)).toBeGreaterThan(heightOf(near.honest))
    const far = await compare(lies.tron.solid(-3), 'walletsolidity/getblock', { detail: false })
    expect(heightOf(far.told)).toBe(heightOf(far.honest) - 3)
    const txid = await devnet.tron.fund(owner, { amount: 5n })
    const unknown = await compare(lies.tron.unknownTransaction(), 'wallet/gettransactionbyid', {
      value: txid,
    })
    expect(unknown.told).toEqual({})
    const taken = await compare(
      lies.tron.ownerPermission('T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb'),
      'wallet/getaccount',
      { address: owner, visible: true },
    )
    expect(taken.told.owner_permission.keys).toHaveLength(1)
  })

  test('G14, G11: heads that are stale, frozen, others', async () => {
    await devnet.tron.mine(5)
    const now = await ask('wallet/getnowblock', {}, devnet.tron.url)
    const height = now.block_header.raw_data.number
    for (const [path, body] of [
      ['wallet/getnowblock', {}],
      ['wallet/getblock', { detail: false }],
    ] as const) {
      const { told } = await compare(lies.heads.stale(4), path, body)
      expect(told.block_header.raw_data.number).toBe(height - 4)
    }
    const other = await compare(lies.heads.otherHash(), 'wallet/getnowblock')
    expect(other.told.blockID).not.toBe(other.honest.blockID)
    expect(other.told.block_header).toEqual(other.honest.block_header)
    liar.play(lies.heads.frozen())
    const first = await ask('wallet/getnowblock', {})
    await devnet.tron.mine()
    expect(await ask('wallet/getnowblock', {})).toEqual(first)
  })
})

describe('broadcasts', () => {
  const isKnown = async (txid: string): Promise<boolean> =>
    'txID' in (await ask('wallet/gettransactionbyid', { value: txid }, devnet.tron.url))

  test.each([
    ['withheld', 'yes', false],
    ['lostReply', 'NETWORK', true],
    ['refusedAfter', 'CONTRACT_VALIDATE_ERROR', true],
    ['refusedBefore', 'CONTRACT_VALIDATE_ERROR', false],
    ['duplicated', 'DUP_TRANSACTION_ERROR', true],
    ['otherId', 'other', true],
  ] as const)('T6, G12: %s', async (name, says, isSent) => {
    const wallet = open()
    const account = await wallet.account('tron-devnet')
    const { txid, raw } = await wallet.sign(await account.create({ to: await stranger(), amount: '1' }))
    const source = tronHttp(liar.url)(CHAIN)
    await source.request([{ path: 'wallet/getnowblock' }])
    liar.play(lies.broadcast[name](), { times: 1 })
    const said = await source.request([{ path: 'wallet/broadcasthex', body: { transaction: raw } }]).then(
      ([result]) =>
        result?.ok ? (result.value as { result?: boolean; code?: string; txid: string }) : undefined,
      (error) => ({ result: false, code: error.code as string, txid: '' }),
    )
    expect(said?.result === true ? (said.txid === txid ? 'yes' : 'other') : said?.code).toBe(says)
    expect(await isKnown(txid)).toBe(isSent)
  })
})
