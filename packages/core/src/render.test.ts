import { expect, it } from 'vitest'
import type { Asset } from './asset.ts'
import type { Effect, Effects } from './effects.ts'
import { describeEffects } from './render.ts'

const coin: Asset = { id: 'x:1/slip44:60', symbol: 'ETH', name: 'Ether', decimals: 18 }
const usd: Asset = { id: 'x:1/erc20:a', symbol: 'USD', name: 'Dollar', decimals: 6 }
const asset = usd.id
const collection = 'x:1/erc721:c'

function say(...list: Effect[]): string[] {
  const fee: Effects['fee'] = {
    asset: coin.id,
    expected: 10n ** 15n,
    ceiling: 2n * 10n ** 15n,
    rate: { value: 1n, unit: 'weiPerGas' },
  }
  return describeEffects({ list, fee, warnings: [{ code: 'zero-amount', message: 'Look.' }], fields: {} }, [
    coin,
    usd,
  ])
}

it('says each effect in one plain sentence', () => {
  expect(
    say(
      { kind: 'transfer', asset, from: 'me', to: 'bob', amount: 1_500_000n },
      { kind: 'transfer', asset: 'x:1/erc20:b', from: 'me', to: 'bob', amount: 5n },
      { kind: 'approve', asset, owner: 'me', spender: 'dex', amount: 2_000_000n, unlimited: false },
      {
        kind: 'approve',
        asset,
        owner: 'me',
        spender: 'dex',
        amount: 2_000_000n,
        unlimited: false,
        change: 'increase',
      },
      {
        kind: 'approve',
        asset,
        owner: 'me',
        spender: 'dex',
        amount: 2_000_000n,
        unlimited: false,
        change: 'decrease',
      },
      { kind: 'approve', asset, owner: 'me', spender: 'dex', amount: 0n, unlimited: false },
      { kind: 'approve', asset, owner: 'me', spender: 'dex', amount: 1n << 255n, unlimited: true },
      { kind: 'nft-transfer', collection, tokenId: 7n, from: 'me', to: 'bob', amount: 1n },
      { kind: 'nft-transfer', collection, tokenId: 7n, from: 'me', to: 'bob', amount: 3n },
      { kind: 'approve-all', collection, owner: 'me', operator: 'dex', approved: true },
      { kind: 'approve-all', collection, owner: 'me', operator: 'dex', approved: false },
      { kind: 'call', to: 'dex', selector: '0x12345678', data: '0x12345678ff' },
      { kind: 'deploy', codeSize: 11, codeHash: '0xab' },
      { kind: 'delegate', authority: 'me', to: 'code', nonce: 1n },
      { kind: 'delegate', authority: 'me', to: null, nonce: 1n },
      { kind: 'cancel' },
    ),
  ).toMatchInlineSnapshot(`
    [
      "Send 1.5 USD to bob",
      "Send 5 base units of x:1/erc20:b to bob",
      "Let dex take up to 2 USD",
      "Let dex take another 2 USD",
      "Take back 2 USD of what dex may take",
      "Take back every approval of dex for x:1/erc20:a",
      "Let dex take ANY amount of x:1/erc20:a",
      "Send token 7 of x:1/erc721:c to bob",
      "Send 3 of token 7 of x:1/erc721:c to bob",
      "Let dex take EVERY token of x:1/erc721:c",
      "Take back the control of dex over x:1/erc721:c",
      "Call dex with data that is not understood (0x12345678, 5 bytes)",
      "Deploy a contract of 11 bytes (keccak256 0xab)",
      "Let the code at code act for me",
      "Give the account back its own, empty code",
      "Send nothing, in place of the earlier transaction",
      "Fee about 0.001 ETH, at most 0.002 ETH",
      "Warning: Look.",
    ]
  `)
})

it('says what comes back, what is written, and an exact fee with its rate', () => {
  const coin = { id: 'x:1/slip44:0', symbol: 'BTC', name: 'Bitcoin', decimals: 8 } as const
  const effects: Effects = {
    list: [
      { kind: 'change', asset: coin.id, to: 'own', amount: 5_000n, path: '1/7' },
      { kind: 'memo', data: '68656c6c6f' },
    ],
    fee: {
      asset: coin.id,
      expected: 1_913n,
      ceiling: 1_913n,
      rate: { value: 12_503n, unit: 'satPerKvb' },
    },
    warnings: [],
    fields: {},
  }
  expect(describeEffects(effects, [coin])).toEqual([
    'Get back 0.00005 BTC at own, your own address 1/7',
    'Write 5 bytes into the chain for all to read: 68656c6c6f',
    'Fee 0.00001913 BTC (12.503 sat/vB)',
  ])
})
