import { createWallet } from '@coffer/core'
import { cluster, jsonRpc } from '@coffer/daemon-client'
import { ethereum } from '@coffer/evm'
import { softwareSigner } from '@coffer/signer-software'
import { decodeFunctionResult, encodeFunctionData, multicall3Abi, parseAbi } from 'viem'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Devnet, startDevnet } from '../devnet.ts'
import type { Lie } from './lie.ts'
import * as lies from './lies/all.ts'
import { type Liar, startHostile } from './start.ts'
import { call, post } from './upstream.fixture.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const ALICE = '0x000000000000000000000000000000000000a11c'
const ETH = 10n ** 18n
const word = (value: number): string => value.toString(16).padStart(64, '0')

let devnet: Devnet<'ethereum'>
let liar: Liar
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['ethereum'] })
  liar = await startHostile(devnet.ethereum.url)
})
afterEach(() => liar.calm())
afterAll(async () => {
  await liar.stop()
  await devnet.stop()
})

function open(source = jsonRpc(liar.url)) {
  return createWallet({
    chains: [ethereum()],
    source: cluster({ 'eip155:1': [source] }),
    signer: softwareSigner({ mnemonic }),
  })
}

/** What the chain and the liar say to the same. */
async function compare(lie: Lie, method: string, params: readonly unknown[] = []) {
  liar.play(lie, { times: 1 })
  const ask = async (url: string) => JSON.parse(await post(url, call(method, params)))
  const told = await ask(liar.url)
  const honest = await ask(devnet.ethereum.url)
  expect(await ask(liar.url)).toEqual(honest)
  return { told: told.result, honest: honest.result }
}

test('a wallet behind a calm liar pays as if it was not there', async () => {
  await using calm = await startHostile(devnet.ethereum.url)
  const wallet = open(jsonRpc(calm.url))
  const account = await wallet.account('ethereum')
  await devnet.ethereum.fund(account.address, { amount: ETH })
  await devnet.ethereum.fund(account.address, { token: 'USDT', amount: 5_000_000n })
  const payment = await wallet.publish(
    await wallet.sign(await account.create({ to: ALICE, asset: 'USDT', amount: '5' })),
  )
  await payment.confirmed()
  expect((await account.balances()).map(({ amount }) => amount)[1]).toBe(0n)
  expect(calm.played).toEqual([])
  expect(calm.calls.map(({ method }) => method)).toContain('eth_sendRawTransaction')
})

test('and over a WebSocket', async () => {
  await using calm = await startHostile(devnet.ethereum.wsUrl)
  const source = jsonRpc(calm.url, { webSocket: WebSocket })('eip155:1')
  const heads = source.heads?.()[Symbol.asyncIterator]()
  const first = await heads?.next()
  await devnet.ethereum.mine()
  expect((await heads?.next())?.value.height).toBe(first?.value.height + 1)
  calm.play(lies.evm.balance(7n))
  expect(await source.request([{ method: 'eth_getBalance', params: [ALICE, 'latest'] }])).toEqual([
    { ok: true, value: '0x7' },
  ])
  source.close?.()
})

describe('lies of EVM nodes', () => {
  test('E1: another chain is what the SDK sees, and drops', async () => {
    liar.play(lies.evm.chainId(56n))
    const account = await open().account('ethereum')
    await expect(account.balances()).rejects.toMatchObject({ code: 'SOURCES_FAILED' })
    expect(liar.played[0]).toMatchObject({ lie: 'evm.chainId', attack: 'E1' })
    liar.calm()
    expect((await compare(lies.evm.chainId(56n), 'net_version')).told).toBe('56')
  })

  test('E6: prices, each alone and all together', async () => {
    const price = 10n ** 15n
    const hex = `0x${price.toString(16)}`
    const feeHistory = ['0x2', 'latest', [10, 50]]
    const all = await compare(lies.evm.gasPrice(price), 'eth_feeHistory', feeHistory)
    expect(all.told).toEqual({
      ...all.honest,
      baseFeePerGas: all.honest.baseFeePerGas.map(() => hex),
      reward: all.honest.reward.map(() => [hex, hex]),
    })
    expect((await compare(lies.evm.gasPrice(price), 'eth_gasPrice')).told).toBe(hex)
    expect((await compare(lies.evm.priorityFee(price), 'eth_maxPriorityFeePerGas')).told).toBe(hex)
    const base = await compare(lies.evm.baseFee(price), 'eth_feeHistory', feeHistory)
    expect(base.told).toEqual({ ...base.honest, baseFeePerGas: base.honest.baseFeePerGas.map(() => hex) })
    const block = await compare(lies.evm.baseFee(price), 'eth_getBlockByNumber', ['latest', false])
    expect(block.told).toEqual({ ...block.honest, baseFeePerGas: hex })
    const gas = await compare(lies.evm.gasEstimate(30_000_000n), 'eth_estimateGas', [{ to: ALICE }])
    expect(gas.told).toBe('0x1c9c380')
  })

  test('E7: nonces low, high, and for one tag alone', async () => {
    const { address } = await open().account('ethereum')
    const params = [address, 'latest']
    expect((await compare(lies.evm.nonce(5n), 'eth_getTransactionCount', params)).told).toBe('0x6')
    expect((await compare(lies.evm.nonce(-9n), 'eth_getTransactionCount', params)).told).toBe('0x0')
    const tagged = lies.evm.nonce(5n, { tag: 'pending' })
    const { told, honest } = await compare(tagged, 'eth_getTransactionCount', params)
    expect(told).toBe(honest)
  })

  test('G14: balances; E3: code', async () => {
    expect((await compare(lies.evm.balance(2n ** 200n), 'eth_getBalance', [ALICE, 'latest'])).told).toBe(
      `0x${(2n ** 200n).toString(16)}`,
    )
    const code = lies.evm.code('0xef0100', { address: ALICE.toUpperCase().replace('0X', '0x') })
    expect((await compare(code, 'eth_getCode', [ALICE, 'latest'])).told).toBe('0xef0100')
  })

  test('E8: a token that lies, in the reads of the SDK and in no other token', async () => {
    const { USDT, DAI } = devnet.ethereum.tokens
    const account = await open().account('ethereum')
    liar.play(lies.evm.decimals(18, { token: USDT.address }))
    liar.play(lies.evm.symbol('EVIL', { token: DAI.address }))
    liar.play(lies.evm.tokenName('Evil', { token: DAI.address }))
    liar.play(lies.evm.tokenBalance(123n, { token: DAI.address }))
    const strange = await devnet.ethereum.deployToken({ name: 'Fine', symbol: 'FINE', decimals: 9 })
    liar.play(lies.evm.symbol('EVIL', { token: strange }))
    liar.play(lies.evm.tokenName('Evil', { token: strange }))
    liar.play(lies.evm.decimals(3, { token: strange }))
    expect(await account.token(strange)).toMatchObject({ symbol: 'EVIL', name: 'Evil', decimals: 3 })
    const balances = await account.balances()
    expect(balances.find(({ asset }) => asset.symbol === 'DAI')?.amount).toBe(123n)
    expect(balances.find(({ asset }) => asset.symbol === 'USDC')?.amount).toBe(0n)
    await expect(account.create({ to: ALICE, asset: 'USDT', amount: '1' })).rejects.toMatchObject({
      code: 'TOKEN_MISMATCH',
    })
    liar.play(lies.evm.unreadable({ token: DAI.address }))
    const unreadable = (await account.balances()).find(({ asset }) => asset.symbol === 'DAI')
    expect(unreadable).toMatchObject({ error: { code: 'TOKEN_UNREADABLE' } })
  })

  test('E8: alone, and in a multicall of viem', async () => {
    const { USDT, DAI } = devnet.ethereum.tokens
    const one = [{ to: USDT.address, data: '0x313ce567' }, 'latest']
    expect((await compare(lies.evm.decimals(7), 'eth_call', one)).told).toBe(`0x${word(7)}`)
    const symbols = [USDT, DAI].map(({ address }) => ({
      target: address as `0x${string}`,
      allowFailure: true,
      callData: encodeFunctionData({ abi: parseAbi(['function symbol() view returns (string)']) }),
    }))
    const data = encodeFunctionData({ abi: multicall3Abi, functionName: 'aggregate3', args: [symbols] })
    const lie = lies.evm.symbol('EVIL', { token: DAI.address })
    const { told, honest } = await compare(lie, 'eth_call', [
      { to: devnet.ethereum.contracts.multicall3, data },
      'latest',
    ])
    const read = (result: `0x${string}`) =>
      decodeFunctionResult({ abi: multicall3Abi, functionName: 'aggregate3', data: result }).map(
        ({ returnData }) =>
          decodeFunctionResult({
            abi: parseAbi(['function symbol() view returns (string)']),
            data: returnData,
          }),
      )
    expect(read(honest)).toEqual(['USDT', 'DAI'])
    expect(read(told)).toEqual(['USDT', 'EVIL'])
  })

  test('G1: poisoned logs, to those who ask for such alone', async () => {
    const { address } = await open().account('ethereum')
    const token = devnet.ethereum.tokens.USDT.address
    const lie = lies.evm.poisonedLogs({ token, from: address, to: ALICE })
    const topic = `0x${address.slice(2).toLowerCase().padStart(64, '0')}`
    const transfer = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
    const range = { fromBlock: '0x0', toBlock: '0x2' }
    const { told, honest } = await compare(lie, 'eth_getLogs', [{ ...range, topics: [transfer, topic] }])
    expect(told.slice(0, -1)).toEqual(honest)
    expect(told.at(-1)).toMatchObject({ address: token.toLowerCase(), data: `0x${word(0)}` })
    liar.calm()
    const other = await compare(lie, 'eth_getLogs', [{ ...range, topics: [transfer, null, topic] }])
    expect(other.told).toEqual(other.honest)
  })

  test('G15, G11: transactions, blocks and receipts that say something else', async () => {
    const { address } = await open().account('ethereum')
    const txid = await devnet.ethereum.fund(address, { amount: 1n })
    const lie = lies.evm.swapped({ to: ALICE, value: 99n })
    const tx = await compare(lie, 'eth_getTransactionByHash', [txid])
    expect(tx.told).toEqual({ ...tx.honest, to: ALICE, value: '0x63' })
    const block = await compare(lie, 'eth_getBlockByNumber', ['latest', true])
    expect(block.told.transactions[0]).toEqual({ ...block.honest.transactions[0], to: ALICE, value: '0x63' })
    const hashes = await compare(lie, 'eth_getBlockByNumber', ['latest', false])
    expect(hashes.told).toEqual(hashes.honest)
    liar.calm()
    const receipt = await compare(lies.evm.receiptStatus(), 'eth_getTransactionReceipt', [txid])
    expect(receipt.told).toEqual({ ...receipt.honest, status: '0x0' })
    expect((await compare(lies.evm.unknownTransaction(), 'eth_getTransactionByHash', [txid])).told).toBeNull()
  })
})

describe('broadcasts', () => {
  /** A signed payment of a fresh account. */
  let index = 10
  async function signed() {
    const wallet = open()
    const account = await wallet.account('ethereum', { index: index++ })
    await devnet.ethereum.fund(account.address, { amount: ETH })
    return { wallet, signed: await wallet.sign(await account.create({ to: ALICE, amount: '0.1' })) }
  }
  const isKnown = async (txid: string): Promise<boolean> =>
    (await devnet.ethereum.rpc('eth_getTransactionByHash', [txid])) !== null

  test('T6, G12: withheld: a yes under the right id, and nothing is sent', async () => {
    const one = await signed()
    liar.play(lies.broadcast.withheld())
    expect((await one.wallet.publish(one.signed)).txid).toBe(one.signed.txid)
    expect(liar.played.at(-1)?.lie).toBe('broadcast.withheld')
    expect(await isKnown(one.signed.txid)).toBe(false)
  })

  test('G12: a reply that is lost after acceptance', async () => {
    const one = await signed()
    liar.play(lies.broadcast.lostReply(), { times: 1 })
    const said = await post(liar.url, call('eth_sendRawTransaction', [one.signed.raw])).catch(() => 'lost')
    expect(said).toBe('lost')
    expect(await isKnown(one.signed.txid)).toBe(true)
  })

  test.each([
    ['refusedAfter', 'insufficient fee', true],
    ['refusedBefore', 'insufficient fee', false],
    ['duplicated', 'known|nonce', true],
  ] as const)('G12: %s', async (name, says, isSent) => {
    const one = await signed()
    liar.play(lies.broadcast[name]())
    const { error } = JSON.parse(await post(liar.url, call('eth_sendRawTransaction', [one.signed.raw])))
    expect(error.message).toMatch(new RegExp(says))
    expect(await isKnown(one.signed.txid)).toBe(isSent)
  })

  test('G12: the id of another transaction', async () => {
    const one = await signed()
    liar.play(lies.broadcast.otherId())
    const { result } = JSON.parse(await post(liar.url, call('eth_sendRawTransaction', [one.signed.raw])))
    expect(result).toMatch(/^0x[0-9a-f]{64}$/)
    expect(result).not.toBe(one.signed.txid)
    expect(await isKnown(one.signed.txid)).toBe(true)
  })
})

describe('heads', () => {
  test('G14: stale, with the state of then', async () => {
    await devnet.ethereum.fund(ALICE, { amount: 1n })
    const before = await devnet.ethereum.rpc<string>('eth_getBalance', [ALICE, 'latest'])
    const height = Number(await devnet.ethereum.rpc('eth_blockNumber'))
    await devnet.ethereum.fund(ALICE, { amount: 1n })
    await devnet.ethereum.mine(2)
    const lie = lies.heads.stale(3)
    expect((await compare(lie, 'eth_blockNumber')).told).toBe(`0x${height.toString(16)}`)
    const block = await compare(lie, 'eth_getBlockByNumber', ['latest', false])
    expect(Number(block.told.number)).toBe(height)
    expect(block.told.hash).toBe(
      (await devnet.ethereum.rpc<{ hash: string }>('eth_getBlockByNumber', [block.told.number, false])).hash,
    )
    const balance = await compare(lie, 'eth_getBalance', [ALICE, 'latest'])
    expect(balance.told).toBe(before)
    expect(liar.played.at(-1)).toMatchObject({ lie: 'heads.stale', attack: 'G14' })
    const by = await compare(lie, 'eth_getBlockByNumber', ['0x1', false])
    expect(by.told).toEqual(by.honest)
  })

  test('G14: frozen', async () => {
    liar.play(lies.heads.frozen())
    const ask = () => post(liar.url, call('eth_blockNumber'))
    const first = await ask()
    await devnet.ethereum.mine()
    expect(await ask()).toBe(first)
    liar.calm()
    expect(await ask()).not.toBe(first)
  })

  test('G11: another hash at the same height', async () => {
    const { told, honest } = await compare(lies.heads.otherHash(), 'eth_getBlockByNumber', ['latest', false])
    expect(told.hash).not.toBe(honest.hash)
    expect({ ...told, hash: '' }).toEqual({ ...honest, hash: '' })
  })
})
