import type { EvmSource, RpcCall } from '@coffer/core'
import { evmSourceConformance } from '@coffer/core/testing'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { createClient, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { cluster } from './cluster.ts'
import { eip1193Source } from './eip1193Source.ts'
import { jsonRpc } from './jsonRpc.ts'

let devnet: Devnet<'ethereum'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['ethereum'] })
})
afterAll(() => devnet?.stop())

const options = { webSocket: WebSocket, pollInterval: 20 }
const mine = (): Promise<void> => devnet.ethereum.mine()

evmSourceConformance(
  { describe, it },
  {
    name: 'jsonRpc over HTTP on Anvil',
    make: async () => {
      const open = jsonRpc(devnet.ethereum.url, options)
      return { source: open('eip155:1'), wrongChain: open('eip155:56'), chain: 'eip155:1', mine }
    },
  },
)

evmSourceConformance(
  { describe, it },
  {
    name: 'jsonRpc over a WebSocket on Anvil',
    make: async () => {
      const open = jsonRpc(devnet.ethereum.wsUrl, options)
      return { source: open('eip155:1'), wrongChain: open('eip155:56'), chain: 'eip155:1', mine }
    },
  },
)

evmSourceConformance(
  { describe, it },
  {
    name: 'jsonRpc without batches on Anvil',
    make: async () => {
      const open = jsonRpc(devnet.ethereum.url, { ...options, batch: false })
      return { source: open('eip155:1'), wrongChain: open('eip155:56'), chain: 'eip155:1', mine }
    },
  },
)

evmSourceConformance(
  { describe, it },
  {
    name: 'eip1193Source over a viem client on Anvil',
    make: async () => {
      const client = createClient({ transport: http(devnet.ethereum.url, { retryCount: 0 }) })
      const open = eip1193Source(client, { pollInterval: 20 })
      return { source: open('eip155:1'), wrongChain: open('eip155:56'), chain: 'eip155:1', mine }
    },
  },
)

evmSourceConformance(
  { describe, it },
  {
    name: 'cluster with a dead node before Anvil',
    make: async () => {
      const dead = jsonRpc('http://127.0.0.1:9', options)
      const sources = cluster({ 'eip155:1': [dead, jsonRpc(devnet.ethereum.url, options)] })
      return { source: sources.for('eip155:1') as EvmSource, chain: 'eip155:1', mine }
    },
  },
)

describe('a real transaction', () => {
  const payer = privateKeyToAccount(`0x${'11'.repeat(32)}`)
  const sign = (nonce: number): Promise<`0x${string}`> =>
    payer.signTransaction({
      chainId: 1,
      nonce,
      to: `0x${'22'.repeat(20)}`,
      value: 1n,
      gas: 21_000n,
      maxFeePerGas: 100_000_000_000n,
      maxPriorityFeePerGas: 1n,
    })
  const call = (method: string, ...params: unknown[]): RpcCall => ({ method, params })

  it.each(['url', 'wsUrl'] as const)('is sent, and known when it is sent again, over %s', async (which) => {
    await devnet.ethereum.fund(payer.address, { amount: 10n ** 18n })
    const source = jsonRpc(devnet.ethereum[which], options)('eip155:1')
    try {
      const [count] = await source.request([call('eth_getTransactionCount', payer.address, 'pending')])
      if (!count?.ok) throw new Error('no nonce')
      const raw = await sign(Number(count.value))
      const [sent] = await source.request([call('eth_sendRawTransaction', raw)])
      if (!sent?.ok) throw new Error('not sent')
      const [again] = await source.request([call('eth_sendRawTransaction', raw)])
      expect(again?.ok).toBe(false)
      // The node answers before it has mined.
      const receipt = await vi.waitFor(async () => {
        const [found] = await source.request([call('eth_getTransactionReceipt', sent.value)])
        if (!found?.ok || found.value === null) throw new Error('no receipt')
        return found
      })
      expect(receipt).toMatchObject({ ok: true, value: { transactionHash: sent.value, status: '0x1' } })
    } finally {
      source.close?.()
    }
  })
})
