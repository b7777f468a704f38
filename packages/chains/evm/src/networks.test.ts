import { parseAssetId, parseChainId } from '@coffer/core'
import { getAddress } from 'viem'
import { describe, expect, test } from 'vitest'
import { PERMIT2 } from './abi.ts'
import { parseAddress } from './address.ts'
import { bnbNetwork, bnbTestnetNetwork, chainIdOf, ethereumNetwork, sepoliaNetwork } from './networks.ts'

const NETWORKS = [ethereumNetwork, sepoliaNetwork, bnbNetwork, bnbTestnetNetwork]

describe.each(NETWORKS)('$name', (network) => {
  test('has ids that are ids, and a number', () => {
    expect(parseChainId(network.id).namespace).toBe('eip155')
    expect(chainIdOf(network)).toBe(BigInt(network.id.slice(7)))
    expect(parseAssetId(network.coin.id).chain).toBe(network.id)
    expect(network.coin.decimals).toBe(18)
  })

  test('lists addresses that pass their checksum', () => {
    for (const address of [...network.tokens.map((token) => token.address), ...network.delegates]) {
      expect(parseAddress(address)).toBe(address)
      expect(getAddress(address)).toBe(address)
    }
    expect(new Set(network.tokens.map((token) => token.address)).size).toBe(network.tokens.length)
    expect(new Set(network.tokens.map((token) => token.symbol)).size).toBe(network.tokens.length)
  })

  test('keeps test coins and real coins on other paths', () => {
    expect(network.coinType).toBe(network.testnet ? 1 : 60)
    expect(network.coin.id.endsWith('/slip44:1')).toBe(network.testnet)
  })

  test('has a fee ceiling and a floor that let a payment through', () => {
    expect(network.minGasPrice * 21_000n).toBeLessThan(network.maxFee)
    expect(network.maxFee).toBeGreaterThan(0n)
    expect(network.delegates).toEqual([])
  })
})

test('the networks are the four that they say', () => {
  expect(NETWORKS.map(({ id, name }) => [id, name])).toEqual([
    ['eip155:1', 'ethereum'],
    ['eip155:11155111', 'sepolia'],
    ['eip155:56', 'bnb'],
    ['eip155:97', 'bnb-testnet'],
  ])
})

test('stablecoins have the decimals that they have on each chain', () => {
  const decimals = (network: (typeof NETWORKS)[number]): object =>
    Object.fromEntries(network.tokens.map((token) => [token.symbol, token.decimals]))
  expect(decimals(ethereumNetwork)).toEqual({ USDT: 6, USDC: 6, DAI: 18 })
  expect(decimals(bnbNetwork)).toEqual({ USDT: 18, USDC: 18, DAI: 18 })
})

test('the address of Permit2 passes its checksum', () => {
  expect(getAddress(PERMIT2)).toBe(PERMIT2)
})

test.each([
  'eip155:0',
  'eip155:01',
  'eip155:',
  'eip155:-1',
  'tron:1',
  'eip155:1e3',
  'eip155:99999999999999999999',
])('%s is no EVM chain', (id) => {
  expect(() => chainIdOf({ id: id as 'eip155:1' })).toThrow(
    expect.objectContaining({ code: 'INVALID_CHAIN' }),
  )
})
