import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startDevnet } from '../devnet.ts'
import { parseJson } from './json.ts'
import type { TronNode } from './node.ts'
import { newcomer, offer, type Someone, send, stranger, TRX } from './tronweb.fixture.ts'

let devnet: Awaited<ReturnType<typeof startDevnet<'tron'>>>
let node: TronNode

beforeAll(async () => {
  devnet = await startDevnet({ chains: ['tron'] })
  node = devnet.tron
})
afterAll(() => devnet.stop())

interface BlockJson {
  readonly blockID: string
  readonly block_header: {
    readonly raw_data: { readonly number: number; readonly timestamp: number; readonly parentHash: string }
  }
  readonly transactions?: readonly { readonly txID: string }[]
}

const head = (api = 'wallet') => node.request<BlockJson>(`${api}/getnowblock`)
const height = async (api?: string): Promise<number> => (await head(api)).block_header.raw_data.number
const balance = async (address: string, api = 'wallet'): Promise<unknown> =>
  (await node.request<{ balance?: number }>(`${api}/getaccount`, { address, visible: true })).balance

const pay = async (who: Someone, sun = TRX) =>
  who.tronWeb.trx.sign(await who.tronWeb.transactionBuilder.sendTrx(stranger, sun, who.address))

test('starts in well under a second and ends with stop', async () => {
  const start = performance.now()
  const other = await startDevnet({ chains: ['tron'] })
  expect(performance.now() - start).toBeLessThan(1_000)
  await other.stop()
  await other.stop()
  await expect(fetch(`${other.tron.url}/wallet/getnowblock`)).rejects.toThrow()
  await expect(other.tron.mine()).rejects.toMatchObject({ code: 'DEVNET_FAILED' })
})

test('a script that forgets to stop it ends all the same', async () => {
  const root = fileURLToPath(new URL('../../../../', import.meta.url))
  const devnetFile = new URL('../devnet.ts', import.meta.url).href
  const script = `
    const { startDevnet } = await import(${JSON.stringify(devnetFile)})
    const devnet = await startDevnet({ chains: ['tron'], blockTime: 1 })
    const answer = await fetch(devnet.tron.url + '/wallet/getnowblock')
    console.log((await answer.json()).block_header.raw_data.number)`
  const run = promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: root, timeout: 20_000 },
  )
  expect((await run).stdout.trim()).toBe('3')
})

test('blocks are three seconds apart, name their parent and are signed', async () => {
  const before = await height()
  await node.mine(3)
  expect(await height()).toBe(before + 3)
  const blocks = await node.request<{ block: BlockJson[] }>('wallet/getblockbylatestnum', { num: 4 })
  expect(blocks.block).toHaveLength(4)
  for (let i = 1; i < 4; i++) {
    const [parent, block] = [blocks.block[i - 1], blocks.block[i]] as [BlockJson, BlockJson]
    expect(block.block_header.raw_data.parentHash).toBe(parent.blockID)
    expect(block.block_header.raw_data.timestamp - parent.block_header.raw_data.timestamp).toBe(3_000)
    expect(block.block_header).toMatchObject({ witness_signature: expect.stringMatching(/^[0-9a-f]{130}$/) })
    expect(Number.parseInt(block.blockID.slice(0, 16), 16)).toBe(block.block_header.raw_data.number)
  }
})

describe('automine', () => {
  test('off: a transaction waits, is known to the full node, and a block takes it', async () => {
    const who = await newcomer(node)
    await node.setAutomine(false)
    const signed = await pay(who)
    const before = await height()
    expect(await offer(who.tronWeb, signed)).toMatchObject({ code: 'SUCCESS' })
    expect(await height()).toBe(before)
    expect(await node.request('wallet/gettransactionbyid', { value: signed.txID })).toMatchObject({
      txID: signed.txID,
    })
    expect(await node.request('wallet/gettransactioninfobyid', { value: signed.txID })).toEqual({})
    expect(await node.request('wallet/getpendingsize')).toEqual({ pendingSize: 1 })
    expect(await offer(who.tronWeb, signed)).toMatchObject({ code: 'DUP_TRANSACTION_ERROR' })
    await node.mine()
    expect(await node.request('wallet/gettransactioninfobyid', { value: signed.txID })).toMatchObject({
      id: signed.txID,
      blockNumber: before + 1,
    })
    await node.setAutomine(true)
  })

  test('on again: what waited is in a block', async () => {
    const who = await newcomer(node)
    await node.setAutomine(false)
    const signed = await pay(who)
    await offer(who.tronWeb, signed)
    await node.setAutomine(true)
    expect(await node.request('wallet/gettransactioninfobyid', { value: signed.txID })).toMatchObject({
      id: signed.txID,
    })
  })

  test('a dropped transaction is gone, and may come again', async () => {
    const who = await newcomer(node)
    await node.setAutomine(false)
    const [first, second] = [await pay(who, 1), await pay(who, 2)]
    await offer(who.tronWeb, first)
    await offer(who.tronWeb, second)
    expect(await node.dropTransaction(first.txID)).toBe(true)
    expect(await node.dropTransaction(first.txID)).toBe(false)
    await node.mine()
    expect(await node.request('wallet/gettransactionbyid', { value: first.txID })).toEqual({})
    expect(await node.request('wallet/gettransactioninfobyid', { value: second.txID })).toMatchObject({
      id: second.txID,
    })
    await node.setAutomine(true)
    expect(await offer(who.tronWeb, first)).toMatchObject({ code: 'SUCCESS' })
  })

  test('what expires while it waits is not taken', async () => {
    const who = await newcomer(node)
    await node.setAutomine(false)
    const signed = await pay(who)
    await offer(who.tronWeb, signed)
    await node.advanceTime(120)
    await node.mine()
    expect(await node.request('wallet/gettransactionbyid', { value: signed.txID })).toEqual({})
    await node.setAutomine(true)
  })

  test('by the clock when a block time is given', async () => {
    const timed = await startDevnet({ chains: ['tron'], blockTime: 1 })
    const who = await newcomer(timed.tron, 10)
    const signed = await pay(who)
    await offer(who.tronWeb, signed)
    const info = () =>
      timed.tron.request<{ id?: string }>('wallet/gettransactioninfobyid', { value: signed.txID })
    expect(await info()).toEqual({})
    await expect.poll(async () => (await info()).id, { timeout: 5_000 }).toBe(signed.txID)
    await timed.stop()
  })
})

describe('reorgs', () => {
  test('undo transactions, which wait again when their reference stands', async () => {
    const who = await newcomer(node)
    const signed = await pay(who)
    await node.mine(2)
    await offer(who.tronWeb, signed)
    const before = await head()
    await node.reorg(1)
    const after = await head()
    expect(after.block_header.raw_data.number).toBe(before.block_header.raw_data.number + 1)
    expect(after.block_header.raw_data.parentHash).not.toBe(before.blockID)
    expect(await node.request('wallet/getblockbyid', { value: before.blockID })).toEqual({})
    expect(await node.request('wallet/gettransactioninfobyid', { value: signed.txID })).toEqual({})
    expect(await node.request('wallet/getpendingsize')).toEqual({ pendingSize: 1 })
    await node.mine()
    expect(await node.request('wallet/gettransactioninfobyid', { value: signed.txID })).toMatchObject({
      id: signed.txID,
    })
  })

  test('with drop they are gone, and balances with them', async () => {
    const who = await newcomer(node)
    const before = await balance(stranger)
    const signed = await pay(who)
    await offer(who.tronWeb, signed)
    expect(await balance(stranger)).toBe(((before as number) ?? 0) + TRX)
    await node.reorg(1, { drop: true })
    expect(await balance(stranger)).toBe(before)
    expect(await node.request('wallet/gettransactionbyid', { value: signed.txID })).toEqual({})
  })

  test('a transaction that names a block which is gone does not come back', async () => {
    const who = await newcomer(node)
    await node.mine()
    const signed = await pay(who)
    await offer(who.tronWeb, signed)
    await node.reorg(2)
    expect(await node.request('wallet/getpendingsize')).toEqual({ pendingSize: 0 })
  })

  test('not past the beginning', async () => {
    await expect(node.reorg(1_000_000)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(node.reorg(0)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

describe('what is final', () => {
  test('lags two blocks behind, balances and transactions alike', async () => {
    const who = await newcomer(node)
    await node.mine(3)
    expect(await height('walletsolidity')).toBe((await height()) - 2)
    const signed = await pay(who)
    await offer(who.tronWeb, signed)
    const info = () => node.request('walletsolidity/gettransactioninfobyid', { value: signed.txID })
    expect(await info()).toEqual({})
    expect(await balance(who.address, 'walletsolidity')).toBe(1_000 * TRX)
    await node.mine(2)
    expect(await info()).toMatchObject({ id: signed.txID })
    expect(await balance(who.address, 'walletsolidity')).toBeLessThan(1_000 * TRX)
    node.setSolidBehind(20)
    expect(await info()).toEqual({})
    node.setSolidBehind(2)
    expect(await info()).toMatchObject({ id: signed.txID })
  })
})

describe('the clock', () => {
  test('a chain that nobody asked for a while catches up, unless automine is off', async () => {
    const fresh = await startDevnet({ chains: ['tron'] })
    const newest = async () => {
      const { block_header: header } = await fresh.tron.request<BlockJson>('wallet/getnowblock')
      return header.raw_data
    }
    const { number, timestamp } = await newest()
    const clock = vi.spyOn(Date, 'now').mockReturnValue(timestamp + 11_000)
    expect((await newest()).number).toBe(number)
    clock.mockReturnValue(timestamp + 3_600_000)
    await fresh.tron.setAutomine(false)
    expect((await newest()).number).toBe(number)
    await fresh.tron.setAutomine(true)
    expect(await newest()).toMatchObject({ number: number + 1, timestamp: timestamp + 3_600_000 })
    expect((await newest()).number).toBe(number + 1)
    clock.mockRestore()
    await fresh.stop()
  })

  test('moves the following blocks', async () => {
    const before = (await head()).block_header.raw_data.timestamp
    const id = await node.snapshot()
    await node.advanceTime(3_600)
    const after = (await head()).block_header.raw_data.timestamp
    expect(after - before).toBeGreaterThanOrEqual(3_597_000)
    expect(after - before).toBeLessThan(3_660_000)
    await node.revert(id)
    await expect(node.revert(id)).rejects.toMatchObject({ code: 'DEVNET_FAILED' })
    expect((await head()).block_header.raw_data.timestamp).toBe(before)
  })
})

test('a snapshot brings everything back', async () => {
  const who = await newcomer(node)
  const id = await node.snapshot()
  await send(who.tronWeb, who.tronWeb.transactionBuilder.sendTrx(stranger, TRX, who.address))
  await node.setParameters({ getEnergyFee: 7n })
  await node.setAccount(who.address, { balance: 1n })
  await node.revert(id)
  expect(await balance(who.address)).toBe(1_000 * TRX)
  expect(await node.request('wallet/getenergyprices')).toEqual({ prices: '0:100' })
})

describe('the faucet', () => {
  test('gives TRX and every token', async () => {
    const { address } = await newcomer(node, 5)
    expect(await balance(address)).toBe(5 * TRX)
    for (const symbol of ['USDT', 'USDC', 'TEX', 'LIAR'] as const) {
      await node.fund(address, { token: symbol, amount: 7n })
      expect(await tokenBalance(node.tokens[symbol].address, address)).toBe(7n)
    }
    expect(node.tokens).toMatchObject({
      USDT: { address: 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t', decimals: 6 },
      USDC: { address: 'TEkxiTehnzSmSe2XqrBj4w32RUN966rdz8', decimals: 6 },
      TEX: { decimals: 18 },
    })
  })

  test('deploys tokens, and sets balances of them', async () => {
    const mine = await node.deployToken({ name: 'Mine', symbol: 'MINE', decimals: 2, userPercent: 30 })
    const before = await height()
    await node.setAccount(stranger, { tokens: { [mine]: 2n ** 200n, LIAR: 3n } })
    expect(await height()).toBe(before)
    expect(await tokenBalance(mine, stranger)).toBe(2n ** 200n)
    expect(await tokenBalance(node.tokens.LIAR.address, stranger)).toBe(3n)
    expect(await node.request('wallet/getcontract', { value: mine, visible: true })).toMatchObject({
      consume_user_resource_percent: 30,
      origin_energy_limit: 10_000_000,
      contract_address: mine,
    })
  })

  test.each([
    ['not an address', { amount: 1n }, 'INVALID_ADDRESS'],
    [stranger, { amount: -1n }, 'INVALID_AMOUNT'],
    [stranger, { amount: 2n ** 63n }, 'INVALID_AMOUNT'],
    [stranger, { amount: 0n }, 'INVALID_AMOUNT'],
    [stranger, { amount: 1n, token: stranger }, 'DEVNET_FAILED'],
    [stranger, { amount: 2n ** 256n, token: 'USDT' }, 'INVALID_AMOUNT'],
  ])('refuses %s %o', async (address, what, code) => {
    await expect(node.fund(address, what)).rejects.toMatchObject({ code })
  })
})

test('controls say what they do not know', async () => {
  await expect(node.setParameters({ getEnergyfee: 1n })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  await expect(node.setContract(stranger, { userPercent: 1 })).rejects.toMatchObject({
    code: 'INVALID_ADDRESS',
  })
  await expect(node.setAccount(stranger, { trc10: { 5: 1n } })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
  })
  const token = { name: 'x', symbol: 'x', decimals: 256 }
  await expect(node.deployToken(token)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  await expect(node.request('wallet/nonsense')).rejects.toMatchObject({ code: 'DEVNET_FAILED' })
})

test('an int64 is exact both ways, as a bare integer', async () => {
  const rich = await newcomer(node, 1)
  const amount = 9_007_199_254_740_993n
  await node.setAccount(rich.address, { balance: 2n ** 63n - 1n })
  const ask = (path: string, body: string): Promise<string> =>
    fetch(`${node.url}/${path}`, { method: 'POST', body }).then((answer) => answer.text())
  const account = await ask('wallet/getaccount', JSON.stringify({ address: rich.address, visible: true }))
  expect(account).toContain('"balance":9223372036854775807')
  const body = `{"owner_address":"${rich.address}","to_address":"${stranger}","amount":${amount},"visible":true}`
  const tx = await ask('wallet/createtransaction', body)
  expect(tx).toContain(`"amount":${amount}`)
  const signed = (parseJson(tx) as { raw_data_hex: string }).raw_data_hex
  // The amount as a varint, field 3 of the contract.
  expect(signed).toContain('188180808080808010')
})

describe('a hostile client', () => {
  test.each([
    ['POST', 'wallet/getaccount', '{"address":'],
    ['POST', 'wallet/getaccount', '[]'],
    ['POST', 'wallet/getaccount', '{"address":{"__proto__":1}}'],
    ['POST', 'wallet/getaccount', '{"__proto__":{"address":"x"},"constructor":1}'],
    ['POST', 'wallet/broadcasthex', '{"transaction":"zz"}'],
    ['POST', 'wallet/broadcasthex', '{"transaction":"0a"}'],
    ['POST', 'wallet/broadcasthex', '{"transaction":"0affffffffffffffffff01"}'],
    ['POST', 'wallet/broadcasttransaction', '{}'],
    [
      'POST',
      'wallet/broadcasttransaction',
      '{"raw_data":{"contract":[null,1,{"parameter":{}}]},"signature":"00"}',
    ],
    ['POST', 'wallet/broadcasttransaction', '{"raw_data":{"contract":[],"expiration":1e400},"signature":[]}'],
    ['POST', 'wallet/triggerconstantcontract', '{"owner_address":"41","data":"fe"}'],
    ['POST', 'wallet/getblock', '{"id_or_num":"99999999999999999999"}'],
    ['POST', 'wallet/getblockbynum', '{"num":-1}'],
    ['POST', 'wallet/getblockbynum', '{"num":1.5}'],
    ['GET', 'wallet/getblockbylimitnext?startNum=0&endNum=1000000', undefined],
    ['GET', 'v1/accounts/nonsense/transactions', undefined],
    ['GET', `v1/accounts/${stranger}/transactions?limit=100000`, undefined],
    ['GET', 'wallet/%E0%A4%A', undefined],
    ['POST', 'wallet/constructor', '{}'],
  ])('%s %s %s gets an answer', async (method, path, body) => {
    const answer = await fetch(`${node.url}/${path}`, { method, ...(body !== undefined && { body }) })
    expect(answer.status).toBeLessThan(500)
    expect(await height()).toBeGreaterThan(0)
  })

  test('an endless loop ends with its energy', async () => {
    const answer = await node.request('wallet/triggerconstantcontract', {
      owner_address: stranger,
      data: '5b600056',
      fee_limit: 100_000_000,
      visible: true,
    })
    expect(answer).toMatchObject({ result: { code: 'OTHER_ERROR' } })
  })

  test('a body of 11 MB is refused', async () => {
    const body = JSON.stringify({ transaction: 'ab'.repeat(5_500_000) })
    const answer = await fetch(`${node.url}/wallet/broadcasthex`, { method: 'POST', body })
    expect(answer.status).toBe(400)
  })
})

async function tokenBalance(token: string, holder: string): Promise<bigint> {
  const { constant_result: result } = await node.request<{ constant_result: string[] }>(
    'wallet/triggerconstantcontract',
    {
      owner_address: holder,
      contract_address: token,
      function_selector: 'balanceOf(address)',
      parameter: await hexWord(holder),
      visible: true,
    },
  )
  return BigInt(`0x${result[0]}`)
}

async function hexWord(address: string): Promise<string> {
  const { TronWeb } = await import('tronweb')
  return TronWeb.address.toHex(address).slice(2).padStart(64, '0')
}
