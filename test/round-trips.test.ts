import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createWallet } from '@coffer/core'
import { cluster, jsonRpc, tronHttp } from '@coffer/daemon-client'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { bnb, ethereum } from '@coffer/evm'
import { softwareSigner } from '@coffer/signer-software'
import { tronDevnet } from '@coffer/tron'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

// How often a wallet goes to the network is a promise: on a phone every round trip is a tenth of a second.
// `bench/` shows the same figures beside other libraries.

const mnemonic = 'test test test test test test test test test test test junk'
const owner = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const recipient = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

let devnet: Devnet<'ethereum' | 'bnb'>
let proxies: { ethereum: CountingProxy; bnb: CountingProxy }

beforeAll(async () => {
  devnet = await startDevnet({ chains: ['ethereum', 'bnb'] })
  proxies = { ethereum: await countingProxy(devnet.ethereum.url), bnb: await countingProxy(devnet.bnb.url) }
  for (const node of [devnet.ethereum, devnet.bnb]) await node.setBalance(owner, 10n ** 20n)
})

afterAll(async () => {
  proxies?.ethereum.close()
  proxies?.bnb.close()
  await devnet?.stop()
})

beforeEach(() => {
  proxies.ethereum.requests.length = 0
  proxies.bnb.requests.length = 0
})

const openWallet = (
  chains: readonly [ReturnType<typeof ethereum>, ReturnType<typeof bnb>] = [ethereum(), bnb()],
) =>
  createWallet({
    chains,
    source: cluster({
      'eip155:1': [jsonRpc(proxies.ethereum.url)],
      'eip155:56': [jsonRpc(proxies.bnb.url)],
    }),
    signer: softwareSigner({ mnemonic }),
  })

describe('round trips', () => {
  test('a coin is sent in at most 3, from the intent to the accepted broadcast', async () => {
    const wallet = openWallet()
    const account = await wallet.account('ethereum')
    const signed = await wallet.sign(await account.create({ to: recipient, amount: '0.25' }))
    await wallet.publish(signed)

    expect(roundTrips(proxies.ethereum.requests)).toBeLessThanOrEqual(3)
    expect(proxies.ethereum.requests.length).toBeLessThanOrEqual(3)
    expect(await devnet.ethereum.rpc('eth_getTransactionReceipt', [signed.txid])).toMatchObject({
      status: '0x1',
    })
  })

  test('a token is sent in at most 3', async () => {
    await devnet.ethereum.fund(owner, { token: 'USDC', amount: 5_000_000n })
    const chain = ethereum()
    const usdc = chain.assets.find(({ symbol }) => symbol === 'USDC')!
    const wallet = openWallet([chain, bnb()])
    const account = await wallet.account('ethereum')
    const signed = await wallet.sign(await account.create({ to: recipient, amount: '1.5', asset: usdc.id }))
    await wallet.publish(signed)

    expect(roundTrips(proxies.ethereum.requests)).toBeLessThanOrEqual(3)
    expect(proxies.ethereum.requests.length).toBeLessThanOrEqual(3)
    expect(await devnet.ethereum.rpc('eth_getTransactionReceipt', [signed.txid])).toMatchObject({
      status: '0x1',
    })
  })

  test('the coin and 50 tokens are read with at most 2 requests', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const token = { name: `Token ${i}`, symbol: `T${i}`, decimals: 6 }
        return { ...token, address: await devnet.ethereum.deployToken(token) }
      }),
    )
    await devnet.ethereum.fund(owner, { token: tokens[49]!.address, amount: 7n })
    const chain = ethereum({ tokens })
    const account = await openWallet([chain, bnb()]).account('ethereum')
    const balances = await account.balances({ assets: [chain.coin, ...chain.assets.slice(-50)] })

    expect(proxies.ethereum.requests.length).toBeLessThanOrEqual(2)
    expect(balances).toHaveLength(51)
    expect(balances.map(({ error }) => error)).toEqual(balances.map(() => undefined))
    expect(balances[0]!.amount).toBeGreaterThan(0n)
    expect(balances[50]!.amount).toBe(7n)
  })

  test('an account on two chains is opened, balances and all, with at most 4 requests', async () => {
    const wallet = openWallet()
    const accounts = await Promise.all([wallet.account('ethereum'), wallet.account('bnb')])
    const balances = await Promise.all(accounts.map((account) => account.balances()))

    const requests = [...proxies.ethereum.requests, ...proxies.bnb.requests]
    expect(requests.length).toBeLessThanOrEqual(4)
    expect(roundTrips(requests)).toBeLessThanOrEqual(2)
    for (const list of balances) {
      expect(list.map(({ error }) => error)).toEqual(list.map(() => undefined))
      expect(list[0]!.amount).toBeGreaterThan(0n)
    }
  })
})

describe('round trips on Tron', () => {
  const held = { balance: 1_000_000_000n, tokens: { USDT: 7_000_000n } }
  const friend = 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8'
  let local: Devnet<'tron'>
  let proxy: CountingProxy

  beforeAll(async () => {
    local = await startDevnet({ chains: ['tron'] })
    proxy = await countingProxy(local.tron.url)
    const account = await openTron().account('tron-devnet')
    await local.tron.setAccount(account.address, held)
  })

  afterAll(async () => {
    proxy?.close()
    await local?.stop()
  })

  beforeEach(() => {
    proxy.requests.length = 0
  })

  const openTron = (chain = tronDevnet()) =>
    createWallet({
      chains: [chain],
      source: cluster({ [chain.id]: [tronHttp(proxy.url)] }),
      signer: softwareSigner({ mnemonic }),
    })

  test('TRX and 20 tokens are read with at most 3 requests, the look at the first block included', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const token = { name: `Token ${i}`, symbol: `T${i}`, decimals: 6 }
        return { ...token, address: await local.tron.deployToken(token) }
      }),
    )
    const chain = tronDevnet({ tokens })
    const account = await openTron(chain).account('tron-devnet')
    await local.tron.setAccount(account.address, { tokens: { [tokens[19]!.address]: 9n } })
    const balances = await account.balances({ assets: [chain.coin, ...chain.assets.slice(-20)] })

    expect(proxy.requests.length).toBeLessThanOrEqual(3)
    expect(balances).toHaveLength(21)
    expect(balances.map(({ error }) => error)).toEqual(balances.map(() => undefined))
    expect(balances[0]!.amount).toBe(held.balance)
    expect(balances[20]!.amount).toBe(9n)
  })

  test.each([undefined, 'USDT'])('a payment (of %s) is sent in at most 3', async (asset) => {
    const wallet = openTron()
    const account = await wallet.account('tron-devnet')
    const signed = await wallet.sign(await account.create({ to: friend, amount: '1.5', asset }))
    await wallet.publish(signed)

    expect(roundTrips(proxy.requests)).toBeLessThanOrEqual(3)
    const info = await local.tron.request('wallet/gettransactioninfobyid', { value: signed.txid })
    expect(info).toMatchObject({ id: signed.txid, ...(asset ? { receipt: { result: 'SUCCESS' } } : {}) })
  })

  test('a second payment of a token is sent in at most 2', async () => {
    const wallet = openTron()
    const account = await wallet.account('tron-devnet')
    const send = async (amount: string): Promise<void> => {
      const draft = await account.create({ to: friend, amount, asset: 'USDT' })
      await wallet.publish(await wallet.sign(draft))
    }
    await send('0.1')
    proxy.requests.length = 0
    await send('0.2')

    expect(roundTrips(proxy.requests)).toBeLessThanOrEqual(2)
  })
})

interface Seen {
  readonly start: number
  end: number
}

interface CountingProxy {
  readonly url: string
  readonly requests: Seen[]
  close(): void
}

/** Answers leave after so long without a request: whatever a wallet sends together has arrived by then, on a busy machine too. */
const LATENCY = 100

/** A server in front of a node, which notes every request. */
async function countingProxy(target: string): Promise<CountingProxy> {
  const requests: Seen[] = []
  const quiet = async (): Promise<void> => {
    for (let last: Seen | undefined; last !== requests.at(-1); ) {
      last = requests.at(-1)
      await sleep(LATENCY)
    }
  }
  const server = createServer(async (request, response) => {
    const seen: Seen = { start: performance.now(), end: Number.POSITIVE_INFINITY }
    requests.push(seen)
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const [answer] = await Promise.all([
      fetch(new URL(request.url ?? '', target), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      }).then((got) => got.text()),
      quiet(),
    ])
    seen.end = performance.now()
    response.setHeader('content-type', 'application/json').end(answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The longest chain of requests each of which began after another had been answered. */
function roundTrips(requests: readonly Seen[]): number {
  const inOrder = [...requests].sort((a, b) => a.start - b.start)
  const depths: number[] = []
  for (const { start } of inOrder) {
    const before = depths.filter((_, i) => inOrder[i]!.end <= start)
    depths.push(1 + Math.max(0, ...before))
  }
  return Math.max(0, ...depths)
}
