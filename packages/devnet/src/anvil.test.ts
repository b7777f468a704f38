import {
  type Abi,
  createPublicClient,
  createWalletClient,
  encodeFunctionData,
  erc20Abi,
  http,
  keccak256,
  parseAbi,
  parseSignature,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Address, artifacts, type Devnet, type EvmNode, startDevnet } from './index.ts'
import { multicall3Code } from './multicall3.ts'

const owner = privateKeyToAccount(`0x${'17'.repeat(32)}`)
const friend: Address = '0x00000000000000000000000000000000000f5e4d'
const ether = 10n ** 18n

let devnet: Devnet
beforeAll(async () => {
  devnet = await startDevnet()
})
afterAll(() => devnet.stop())

describe.each(['ethereum', 'bnb'] as const)('%s', (name) => {
  let node: EvmNode
  let clean: string
  beforeAll(() => {
    node = devnet[name]
  })
  beforeEach(async () => {
    if (clean) await node.revert(clean)
    clean = await node.snapshot()
  })

  const client = () =>
    createPublicClient({ transport: http(node.url), pollingInterval: 10, chain: chainOf(node), cacheTime: 0 })
  const wallet = () => createWalletClient({ transport: http(node.url), chain: chainOf(node), account: owner })
  const read = (address: Address, functionName: string, args: unknown[] = [], abi: Abi = erc20Abi) =>
    client().readContract({ address, abi, functionName, args })
  const write = async (address: Address, functionName: string, args: unknown[], abi: Abi = erc20Abi) => {
    const hash = await wallet().writeContract({ address, abi, functionName, args })
    return client().waitForTransactionReceipt({ hash })
  }
  const height = async () => Number(await node.rpc<string>('eth_blockNumber'))

  test('is the chain it says it is, and only on this machine', async () => {
    expect(await client().getChainId()).toBe(name === 'ethereum' ? 1 : 56)
    expect(node.chain).toBe(name === 'ethereum' ? 'eip155:1' : 'eip155:56')
    expect(node.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(node.wsUrl).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/)
  })

  test('fund adds native coins and is in a block when it returns', async () => {
    const txid = await node.fund(friend, { amount: 2n * ether })
    await node.fund(friend, { amount: 1n })
    expect(await client().getBalance({ address: friend })).toBe(2n * ether + 1n)
    const transaction = await client().getTransaction({ hash: txid })
    expect(transaction).toMatchObject({ to: friend, value: 2n * ether })
    expect(transaction.maxPriorityFeePerGas).toBe(name === 'ethereum' ? 1_000_000_000n : 50_000_000n)
  })

  test('fund mints tokens by symbol and by address, many at once', async () => {
    const { USDC, DAI } = node.tokens
    await Promise.all(Array.from({ length: 20 }, () => node.fund(friend, { token: 'USDC', amount: 5n })))
    await node.fund(friend, { token: DAI.address.toLowerCase(), amount: 7n })
    expect(await read(USDC.address, 'balanceOf', [friend])).toBe(100n)
    expect(await read(DAI.address, 'balanceOf', [friend])).toBe(7n)
  })

  test('fund works while nothing is mined, and when gas is dear', async () => {
    await node.setAutomine(false)
    await node.fund(friend, { amount: 1n })
    await node.setAutomine(true)
    await node.setNextBaseFee(10n ** 15n)
    await node.fund(friend, { amount: 1n })
    expect(await client().getBalance({ address: friend })).toBe(2n)
  })

  test('refuses what is not an address, not an amount, and a recipient that refuses', async () => {
    await expect(node.fund('0x12', { amount: 1n })).rejects.toMatchObject({ code: 'INVALID_ADDRESS' })
    await expect(node.fund(friend, { token: 'NOPE', amount: 1n })).rejects.toMatchObject({
      code: 'INVALID_ADDRESS',
    })
    for (const amount of [1, -1n, 2n ** 256n, '1'] as bigint[]) {
      await expect(node.fund(friend, { amount })).rejects.toMatchObject({ code: 'INVALID_AMOUNT' })
    }
    await node.fund(owner.address, { amount: ether })
    const { sink } = node.contracts
    await node.fund(sink, { amount: 3n })
    await write(sink, 'setRefuses', [true], parseAbi(artifacts.Sink.abi))
    await expect(node.fund(sink, { amount: 3n })).rejects.toMatchObject({ code: 'DEVNET_FAILED' })
    expect(await client().getBalance({ address: sink })).toBe(3n)
  })

  test('has the stablecoins at their mainnet addresses', async () => {
    const facts = { USDT: 'Tether USD', USDC: 'USD Coin', DAI: 'Dai Stablecoin' }
    for (const symbol of ['USDT', 'USDC', 'DAI'] as const) {
      const { address, decimals } = node.tokens[symbol]
      expect(await read(address, 'symbol')).toBe(symbol)
      expect(await read(address, 'name')).toBe(facts[symbol])
      expect(await read(address, 'decimals')).toBe(decimals)
      expect(decimals).toBe(name === 'ethereum' && symbol !== 'DAI' ? 6 : 18)
    }
  })

  test('moves an ordinary token, and its EIP-2612 permit holds at this address', async () => {
    const { address } = node.tokens.USDC
    await node.fund(owner.address, { amount: ether })
    await node.fund(owner.address, { token: 'USDC', amount: 1_000n })
    const receipt = await write(address, 'transfer', [friend, 400n])
    expect(receipt.status).toBe('success')
    expect(await read(address, 'balanceOf', [owner.address])).toBe(600n)

    const signature = await owner.signTypedData({
      domain: {
        name: 'USD Coin',
        version: '1',
        chainId: await client().getChainId(),
        verifyingContract: address,
      },
      types: {
        Permit: [
          { name: 'owner', type: 'address' },
          { name: 'spender', type: 'address' },
          { name: 'value', type: 'uint256' },
          { name: 'nonce', type: 'uint256' },
          { name: 'deadline', type: 'uint256' },
        ],
      },
      primaryType: 'Permit',
      message: { owner: owner.address, spender: friend, value: 55n, nonce: 0n, deadline: 2n ** 64n },
    })
    const { r, s, yParity } = parseSignature(signature)
    const permit = [owner.address, friend, 55n, 2n ** 64n, 27 + yParity, r, s]
    await write(address, 'permit', permit, parseAbi(artifacts.Token.abi))
    expect(await read(address, 'allowance', [owner.address, friend])).toBe(55n)
  })

  test('USDT behaves as the real one of its chain', async () => {
    const { address } = node.tokens.USDT
    await node.fund(owner.address, { amount: ether })
    await node.fund(owner.address, { token: 'USDT', amount: 1_000n })
    const data = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [friend, 1n] })
    const { data: returned } = await client().call({ account: owner.address, to: address, data })
    await write(address, 'approve', [friend, 10n])
    const change = write(address, 'approve', [friend, 20n])
    if (name === 'ethereum') {
      expect(returned).toBeUndefined()
      await expect(change).rejects.toThrow(/revert/)
      await write(address, 'approve', [friend, 0n])
      await write(address, 'approve', [friend, 20n])
    } else {
      expect(BigInt(returned ?? '0x0')).toBe(1n)
      await change
    }
    expect(await read(address, 'allowance', [owner.address, friend])).toBe(20n)
    await write(address, 'transfer', [friend, 1_000n])
    expect(await read(address, 'balanceOf', [friend])).toBe(1_000n)
    await expect(write(address, 'transfer', [friend, 1n])).rejects.toThrow(/revert/)
  })

  test('LIAR lies', async () => {
    const { address } = node.tokens.LIAR
    const abi = parseAbi(artifacts.LyingToken.abi)
    expect(await read(address, 'decimals', [], abi)).toBe(2n ** 200n)
    expect(await read(address, 'symbol')).toBe('\u202eTDSU\u200b')
    expect(await read(address, 'name')).toBe('Tether\u200b USD')

    await node.fund(owner.address, { amount: ether })
    await write(address, 'setLie', [1], abi)
    const first = await read(address, 'decimals', [], abi)
    await node.mine()
    expect([first, await read(address, 'decimals', [], abi)].sort()).toEqual([18n, 6n])
    await write(address, 'setDecimals', [0n], abi)
    expect(await read(address, 'decimals', [], abi)).toBe(0n)

    await node.fund(owner.address, { token: 'LIAR', amount: 10n })
    await write(address, 'transfer', [friend, 4n])
    await write(address, 'setRefuses', [true], abi)
    const receipt = await write(address, 'transfer', [friend, 4n])
    expect(receipt).toMatchObject({ status: 'success', logs: [] })
    expect(await read(address, 'balanceOf', [friend])).toBe(4n)
  })

  test('Multicall3 answers, and is byte for byte the one of the real chains', async () => {
    expect(keccak256(multicall3Code)).toBe(
      '0xd5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891',
    )
    const answers = await client().multicall({
      contracts: (['USDT', 'USDC', 'DAI'] as const).map((symbol) => ({
        address: node.tokens[symbol].address,
        abi: erc20Abi,
        functionName: 'symbol',
      })),
      multicallAddress: node.contracts.multicall3,
      allowFailure: false,
    })
    expect(answers).toEqual(['USDT', 'USDC', 'DAI'])
  })

  test('collections mint', async () => {
    const { nft, multiToken } = node.contracts
    await node.fund(owner.address, { amount: ether })
    await write(nft, 'mint', [owner.address, 5n], parseAbi(artifacts.Nft.abi))
    await write(multiToken, 'mint', [owner.address, 6n, 70n], parseAbi(artifacts.MultiToken.abi))
    expect(await read(nft, 'ownerOf', [5n], parseAbi(artifacts.Nft.abi))).toBe(owner.address)
    expect(await read(nft, 'name', [], parseAbi(artifacts.Nft.abi))).toBe('Devnet Collection')
    const held = await read(multiToken, 'balanceOf', [owner.address, 6n], parseAbi(artifacts.MultiToken.abi))
    expect(held).toBe(70n)
  })

  test('takes an EIP-7702 delegation, with which only the account itself runs a batch', async () => {
    const { batchDelegate } = node.contracts
    await node.fund(owner.address, { amount: ether })
    await node.fund(owner.address, { token: 'USDC', amount: 9n })
    const transfer = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [friend, 9n] })
    const data = encodeFunctionData({
      abi: parseAbi(artifacts.BatchDelegate.abi),
      functionName: 'execute',
      args: [
        [
          { to: friend, value: 1n, data: '0x' },
          { to: node.tokens.USDC.address, value: 0n, data: transfer },
        ],
      ],
    })
    const authorization = await wallet().signAuthorization({
      contractAddress: batchDelegate,
      executor: 'self',
    })
    const hash = await wallet().sendTransaction({
      to: owner.address,
      data,
      authorizationList: [authorization],
    })
    const receipt = await client().waitForTransactionReceipt({ hash })
    expect(receipt).toMatchObject({ status: 'success', type: 'eip7702' })
    expect(await client().getCode({ address: owner.address })).toBe(
      `0xef0100${batchDelegate.slice(2).toLowerCase()}`,
    )
    expect(await client().getBalance({ address: friend })).toBe(1n)
    expect(await read(node.tokens.USDC.address, 'balanceOf', [friend])).toBe(9n)
    await expect(client().call({ account: friend, to: owner.address, data })).rejects.toThrow(/revert/)
  })

  test('deployToken makes as many as a test needs', async () => {
    const addresses = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        node.deployToken({ name: `Token ${i}`, symbol: `T${i}`, decimals: i }),
      ),
    )
    expect(new Set(addresses).size).toBe(50)
    const last = addresses[49] as Address
    await node.fund(friend, { token: last, amount: 3n })
    expect(await read(last, 'symbol')).toBe('T49')
    expect(await read(last, 'name')).toBe('Token 49')
    expect(await read(last, 'decimals')).toBe(49)
    expect(await read(last, 'balanceOf', [friend])).toBe(3n)
    await expect(node.deployToken({ name: 'x'.repeat(32), symbol: 'X', decimals: 0 })).rejects.toMatchObject({
      code: 'DEVNET_FAILED',
    })
  })

  test('reorg takes transactions back and leaves tokens standing', async () => {
    await node.mine(2)
    const before = await client().getBlock()
    const txid = await node.fund(friend, { amount: ether })
    const mined = await client().getBlock()
    await node.mine(1)
    await node.reorg(2)
    expect(await height()).toBe(Number(before.number) + 2)
    expect((await client().getBlock({ blockNumber: before.number })).hash).toBe(before.hash)
    expect((await client().getBlock({ blockNumber: mined.number })).hash).not.toBe(mined.hash)
    expect(await node.rpc('eth_getTransactionByHash', [txid])).toBeNull()
    expect(await client().getBalance({ address: friend })).toBe(0n)
    expect(await read(node.tokens.USDC.address, 'symbol')).toBe('USDC')
    await expect(node.reorg(1_000_000)).rejects.toMatchObject({ code: 'DEVNET_FAILED' })
  })

  test('blocks become safe and final after a few more', async () => {
    await node.mine(4)
    const head = await height()
    const safe = await client().getBlock({ blockTag: 'safe' })
    const final = await client().getBlock({ blockTag: 'finalized' })
    const [toSafe, toFinal] = name === 'ethereum' ? [2, 4] : [1, 2]
    expect([head - Number(safe.number), head - Number(final.number)]).toEqual([toSafe, toFinal])
  })

  test('the clock, the base fee, balances and the pool are in the hands of the test', async () => {
    const { timestamp } = await client().getBlock()
    await node.advanceTime(3600)
    expect(Number((await client().getBlock()).timestamp - timestamp)).toBeGreaterThanOrEqual(3600)

    await node.setNextBaseFee(123_456n)
    await node.mine()
    expect((await client().getBlock()).baseFeePerGas).toBe(123_456n)

    await node.setBalance(owner.address, 5n * ether)
    expect(await client().getBalance({ address: owner.address })).toBe(5n * ether)

    await node.setAutomine(false)
    const txid = await wallet().sendTransaction({ to: friend, value: 1n })
    expect(await client().getTransaction({ hash: txid })).toMatchObject({ blockNumber: null })
    expect(await node.dropTransaction(txid)).toBe(true)
    expect(await node.dropTransaction(txid)).toBe(false)
    await wallet().sendTransaction({ to: friend, value: 2n })
    await node.setAutomine(true)
    await expect.poll(() => client().getBalance({ address: friend })).toBe(2n)
  })

  test('snapshots go back, once', async () => {
    const next = () => client().getBlock({ blockTag: 'pending' })
    const { baseFeePerGas } = await next()
    const id = await node.snapshot()
    await node.setNextBaseFee(10n ** 12n)
    await node.fund(friend, { amount: 1n })
    await node.revert(id)
    expect(await client().getBalance({ address: friend })).toBe(0n)
    expect((await next()).baseFeePerGas).toBe(baseFeePerGas)
    await expect(node.revert(id)).rejects.toMatchObject({ code: 'DEVNET_FAILED' })
    clean = await node.snapshot()
  })
})

test('rpc reaches every method and says what was refused', async () => {
  expect(await devnet.ethereum.rpc('web3_clientVersion')).toMatch(/^anvil\//)
  await expect(devnet.ethereum.rpc('eth_noSuchThing', [])).rejects.toMatchObject({
    code: 'DEVNET_FAILED',
    message: 'The devnet node refused eth_noSuchThing: Method not found',
    details: { method: 'eth_noSuchThing', rpcCode: -32601 },
  })
})

function chainOf(node: EvmNode) {
  const nativeCurrency = { name: 'Ether', symbol: 'ETH', decimals: 18 }
  const id = Number(node.chain.split(':')[1])
  return { id, name: node.chain, nativeCurrency, rpcUrls: { default: { http: [node.url] } } }
}
