import { hdDerive, hdFromSeed, hdSecret, type KeyRing, nobleEngine } from '@coffer/core'
import { type ChainUnderTest, chainConformance } from '@coffer/core/testing'
import { describe, it } from 'vitest'
import { accountAddress } from './address.ts'
import { makeDraft } from './draft.ts'
import type { TronIntent } from './intent.ts'
import { tronNetwork } from './networks.ts'
import type { TxNumbers } from './rebuild.ts'
import { nile, type TronChain, tron, tronChain, tronDevnet } from './tron.ts'

const BOB = 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8'
const EVE = 'TUoHaVjx7n5xz8LwPRDckgFrDWhMhuSuJM'

function subject(chain: TronChain): () => Promise<ChainUnderTest> {
  const root = hdFromSeed(new Uint8Array(32).fill(9), nobleEngine)
  const keyAt = (path: string) => ({
    publicKey: hdDerive(root, path).publicKey,
    fingerprint: '0badcafe',
    path,
  })
  const keys: KeyRing = async (path) => {
    const node = hdDerive(root, path)
    return { publicKey: node.publicKey, ecdsa: (hash) => nobleEngine.ecdsaSign(hash, hdSecret(node)) }
  }
  const key = keyAt(chain.path(0))
  const account = chain.describe(key)
  const own = accountAddress(account, chain.network)
  const token = chain.assets[0]?.id
  const permission = { id: 2, threshold: 1n, keys: [{ address: own, weight: 1n }] }
  const intents: TronIntent[] = [
    { kind: 'pay', asset: chain.coin.id, to: BOB, amount: 1_000_000n },
    { kind: 'pay', asset: chain.coin.id, to: BOB, amount: 1n, memo: 'c0ffee', again: true },
    { kind: 'pay', asset: `${chain.id}/trc10:1000001`, to: BOB, amount: 3n, permission },
    ...(token
      ? ([
          { kind: 'pay', asset: token, to: BOB, amount: 5n },
          { kind: 'approve', asset: token, spender: BOB, amount: 7n },
        ] as const)
      : []),
    { kind: 'call', to: BOB, value: 1n, data: '0x12345678' },
    { kind: 'call', to: BOB, value: 0n, data: '0x', token: { id: 1_000_001n, amount: 9n } },
    {
      kind: 'deploy',
      value: 2n,
      data: '0x6001600155',
      name: 'C',
      userPercent: 100n,
      originEnergyLimit: 10_000_000n,
    },
    { kind: 'activate', to: BOB },
    { kind: 'freeze', amount: 5_000_000n, resource: 'energy' },
    { kind: 'unfreeze', amount: 5_000_000n, resource: 'bandwidth' },
    { kind: 'cancel-unfreeze' },
    { kind: 'withdraw' },
    { kind: 'claim' },
    { kind: 'delegate', to: BOB, amount: 1_000_000n, resource: 'energy', lockBlocks: 28_800n },
    { kind: 'undelegate', to: BOB, amount: 1_000_000n, resource: 'bandwidth' },
    { kind: 'vote', votes: [{ to: BOB, count: 3n }] },
    {
      kind: 'permissions',
      owner: {
        threshold: 2n,
        keys: [
          { address: own, weight: 1n },
          { address: BOB, weight: 1n },
        ],
      },
      actives: [
        {
          threshold: 1n,
          keys: [{ address: EVE, weight: 1n }],
          name: 'active',
          operations: `02${'00'.repeat(31)}`,
        },
      ],
    },
  ]
  const drafts = intents.map((intent) => {
    const calls =
      ['approve', 'call', 'deploy'].includes(intent.kind) || ('asset' in intent && intent.asset === token)
    const numbers: TxNumbers = {
      refBlockBytes: '1a2b',
      refBlockHash: '00112233aabbccdd',
      timestamp: 1_764_000_000_000n,
      expiration: 1_764_000_600_000n,
      feeLimit: calls ? 30_000_000n : 0n,
    }
    return makeDraft(chain.network, account, intent, numbers, { bandwidthFrom: 'free', fee: '5' })
  })
  return async () => ({ chain, key, keys, otherKey: keyAt(chain.path(1)), drafts, badAddresses })
}

const badAddresses = [
  '',
  'T',
  BOB.slice(1),
  ` ${BOB}`,
  `${BOB} `,
  `${BOB}\u200b`,
  `\u202e${BOB}`,
  BOB.replace('a', 'а'),
  `${BOB.slice(0, -1)}9`,
  `${BOB}1`,
  '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045',
  '0x41a614f803b6fd780986a42c78ec9c7f77e6ded13c',
  'a0a614f803b6fd780986a42c78ec9c7f77e6ded13c',
  'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  'tron:0x2b6653dc:TJRabPrwbZy45sbavfcjinPJC18kjpRTv8',
]

/** Any other Tron network is one literal. */
const own = tronChain({
  ...tronNetwork,
  id: 'tron:0x12345678',
  name: 'own-chain',
  coin: { id: 'tron:0x12345678/slip44:195', symbol: 'OWN', name: 'Own Coin', decimals: 6 },
  tokens: [{ address: EVE, symbol: 'TEX', name: 'Utility Token', decimals: 9 }],
})

for (const chain of [tron(), nile(), tronDevnet(), own] as TronChain[])
  chainConformance({ describe, it }, chain.name, subject(chain))
