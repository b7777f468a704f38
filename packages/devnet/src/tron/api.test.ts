import { TronWeb } from 'tronweb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDevnet } from '../devnet.ts'
import type { TronNode } from './node.ts'
import { newcomer, offer, type Someone, send, stranger, TRX } from './tronweb.fixture.ts'

let devnet: Awaited<ReturnType<typeof startDevnet<'tron'>>>
let node: TronNode
let a: Someone

beforeAll(async () => {
  devnet = await startDevnet({ chains: ['tron'] })
  node = devnet.tron
  a = await newcomer(node)
})
afterAll(() => devnet.stop())

const get = async (path: string): Promise<unknown> => (await fetch(`${node.url}/${path}`)).json()

describe('addresses', () => {
  test('are hex, or base58 when they are visible, in questions and in answers', async () => {
    const hex = TronWeb.address.toHex(a.address)
    expect(await node.request('wallet/getaccount', { address: hex })).toMatchObject({ address: hex })
    expect(await node.request('wallet/getaccount', { address: a.address, visible: true })).toMatchObject({
      address: a.address,
      owner_permission: { keys: [{ address: a.address }] },
    })
    expect(await get(`wallet/getaccount?address=${hex}`)).toMatchObject({ address: hex })
    expect(await get(`wallet/getaccount?address=${a.address}&visible=true`)).toMatchObject({
      address: a.address,
    })
    expect(await node.request('wallet/getaccount', { address: 'T123', visible: true })).toMatchObject({
      Error: expect.stringContaining('INVALID base58 String'),
    })
  })

  test('in a visible transaction too, which can be sent back as it is', async () => {
    const tx = await node.request<{ raw_data: { contract: { parameter: { value: object } }[] } }>(
      'wallet/createtransaction',
      { owner_address: a.address, to_address: stranger, amount: TRX, visible: true },
    )
    expect(tx.raw_data.contract[0]?.parameter.value).toEqual({
      owner_address: a.address,
      to_address: stranger,
      amount: TRX,
    })
    const signed = await a.tronWeb.trx.sign(tx as never)
    expect(await offer(a.tronWeb, signed as never)).toMatchObject({ code: 'SUCCESS' })
  })

  test('of logs are 20 bytes for programs, and an address for people', async () => {
    const value = await node.fund(a.address, { token: 'USDT', amount: 5n })
    const info = (visible: boolean) =>
      node.request<{ log: { address: string }[] }>('wallet/gettransactioninfobyid', { value, visible })
    expect((await info(false)).log[0]?.address).toBe('a614f803b6fd780986a42c78ec9c7f77e6ded13c')
    expect((await info(true)).log[0]?.address).toBe(node.tokens.USDT.address)
  })
})

test('what is not there is an empty object', async () => {
  for (const [path, body] of [
    ['gettransactionbyid', { value: '00'.repeat(32) }],
    ['gettransactioninfobyid', { value: '00'.repeat(32) }],
    ['getaccount', { address: stranger.replace('TJ', 'TJ'), visible: true }],
    ['getblockbynum', { num: 1_000_000 }],
    ['getcontract', { value: a.address, visible: true }],
    ['getassetissuebyid', { value: '1999999' }],
  ] as const) {
    const answer = await node.request(`wallet/${path}`, body)
    if (path !== 'getaccount') expect(answer, path).toEqual({})
  }
})

test('the two apis know blocks in the same way', async () => {
  await node.mine(3)
  const now = await node.request<{ blockID: string }>('wallet/getnowblock')
  expect(await node.request('wallet/getblock')).toEqual(now)
  expect(await node.request('wallet/getblockbyid', { value: now.blockID })).toEqual(now)
  expect(await node.request('wallet/getblock', { id_or_num: now.blockID, detail: true })).toEqual(now)
  expect(await node.request('walletsolidity/getblockbyid', { value: now.blockID })).toEqual({})
  expect(await node.request('wallet/getblock', { id_or_num: 'x' })).toEqual({
    Error: 'id must be legal block hash.',
  })
  const mined = await node.fund(a.address, { amount: 1n })
  expect(await node.request('wallet/getblock', { detail: true })).toMatchObject({
    transactions: [{ txID: mined }],
  })
  expect(await node.request('wallet/getblock', { detail: false })).not.toHaveProperty('transactions')
  await expect(fetch(`${node.url}/walletsolidity/broadcasthex`).then(({ status }) => status)).resolves.toBe(
    404,
  )
})

describe('questions to contracts', () => {
  const ask = (body: Record<string, unknown>) =>
    node.request<{
      constant_result?: string[]
      result: { result?: boolean; code?: string; message?: string }
      energy_used?: number
    }>('wallet/triggerconstantcontract', {
      owner_address: 'T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb',
      visible: true,
      ...body,
    })

  test('without an address run creation code and answer with what it returns', async () => {
    // PUSH1 2a PUSH1 0 MSTORE PUSH1 20 PUSH1 0 RETURN
    const answer = await ask({ data: '602a60005260206000f3' })
    expect(answer).toMatchObject({ result: { result: true }, constant_result: ['2a'.padStart(64, '0')] })
    // 18 of execution and memory, and 200 for each of the 32 bytes.
    expect(answer.energy_used).toBe(6_418)
  })

  test('know CHAINID, SELFBALANCE, PUSH0 and MCOPY', async () => {
    const word = async (code: string): Promise<bigint> => {
      const { constant_result: result } = await ask({ data: `${code}60005260206000f3` })
      return BigInt(`0x${result?.[0]}`)
    }
    expect(await word('46')).toBe(0xc0ffe001n)
    expect(await word('47')).toBe(0n)
    expect(await word('5f')).toBe(0n)
    // MSTORE(0, 7), MCOPY(32, 0, 32), MLOAD(32)
    expect(await word('60076000526020600060205e602051')).toBe(7n)
  })

  test('tell of a revert, with its data', async () => {
    const answer = await ask({
      contract_address: node.tokens.USDT.address,
      function_selector: 'transfer(address,uint256)',
      parameter: '1'.padStart(128, '0'),
    })
    expect(answer).toMatchObject({
      result: { result: true, message: 'REVERT opcode executed' },
      constant_result: [expect.stringMatching(/^96c6fd1e/)],
      transaction: { ret: [{ ret: 'FAILED' }] },
    })
  })

  test('name the contract of an event by 20 bytes, for people in a base58check of those', async () => {
    const addressOf = async (visible: boolean): Promise<unknown> => {
      const hex = (address: string): string => TronWeb.address.toHex(address)
      const answer = await node.request<{ logs: { address: string }[] }>('wallet/triggerconstantcontract', {
        owner_address: visible ? a.address : hex(a.address),
        contract_address: visible ? node.tokens.USDT.address : hex(node.tokens.USDT.address),
        function_selector: 'approve(address,uint256)',
        parameter: '1'.padStart(64, '0').repeat(2),
        visible,
      })
      return answer.logs[0]?.address
    }
    expect(await addressOf(false)).toBe('a614f803b6fd780986a42c78ec9c7f77e6ded13c')
    expect(await addressOf(true)).toBe('G9AHnMvAgqKJ2eWErupYfdzu6hgWVUZqu')
  })

  test('of nobody, and with nothing to ask, are refused', async () => {
    expect(await ask({ contract_address: stranger, function_selector: 'x()' })).toEqual({
      result: { code: 'CONTRACT_VALIDATE_ERROR', message: 'Smart contract is not exist.' },
    })
    expect((await ask({})).result.message).toContain('At least one of contract_address and data must be set.')
    expect(await ask({ data: '00', call_value: 1 })).toMatchObject({
      result: {
        code: 'CONTRACT_VALIDATE_ERROR',
        message: 'Validate InternalTransfer error, no OwnerAccount.',
      },
    })
  })

  test('a token that lies', async () => {
    const decimals = async (): Promise<bigint> => {
      const { constant_result: result } = await ask({
        contract_address: node.tokens.LIAR.address,
        function_selector: 'decimals()',
      })
      return BigInt(`0x${result?.[0]}`)
    }
    expect(await decimals()).toBe(2n ** 200n)
    const liar = await a.tronWeb.contract().at(node.tokens.LIAR.address)
    await liar.setRefuses?.(true).send({ feeLimit: 100 * TRX })
    await node.fund(a.address, { token: 'LIAR', amount: 5n })
    const txid = await liar.transfer?.(stranger, 5).send({ feeLimit: 100 * TRX })
    const info = await a.tronWeb.trx.getUnconfirmedTransactionInfo(txid)
    expect(info).toMatchObject({ receipt: { result: 'SUCCESS' }, contractResult: ['0'.repeat(64)] })
    expect(info.log).toBeUndefined()
  })
})

test('TRX goes into a contract with a call, and out of it', async () => {
  // CALL(gas, caller, callvalue, 0, 0, 0, 0): sends what it gets back to who sent it. 13 bytes, deployed by 10 others:
  // PUSH13 code, PUSH1 0, MSTORE, PUSH1 13, PUSH1 19, RETURN.
  const runtime = '600060006000600034335af100'
  const bytecode = `6c${runtime}600052600d6013f3`
  const { transactionBuilder } = a.tronWeb
  const tx = await transactionBuilder.createSmartContract(
    { abi: [], bytecode, feeLimit: 1_000 * TRX, name: 'Echo' },
    a.address,
  )
  const { contract_address: echo } = await send(a.tronWeb, tx)
  const before = await a.tronWeb.trx.getUnconfirmedBalance(a.address)
  const { transaction } = await transactionBuilder.triggerSmartContract(
    echo,
    'any()',
    { callValue: 5 * TRX, feeLimit: 100 * TRX },
    [],
    a.address,
  )
  const info = await send(a.tronWeb, transaction)
  expect(info.receipt.result).toBe('SUCCESS')
  const after = await a.tronWeb.trx.getUnconfirmedBalance(a.address)
  expect(before - after).toBe(info.fee)
  expect(await a.tronWeb.trx.getUnconfirmedBalance(echo)).toBe(0)
})

test('chain parameters are in the order and shape of java-tron', async () => {
  const { chainParameter } = await node.request<{ chainParameter: { key: string; value?: number }[] }>(
    'wallet/getchainparameters',
  )
  expect(chainParameter[0]).toEqual({ key: 'getMaintenanceTimeInterval', value: 21_600_000 })
  // A zero is left out, as every default.
  expect(chainParameter).toContainEqual({ key: 'getAllowAdaptiveEnergy' })
  expect(chainParameter).toHaveLength(73)
})
