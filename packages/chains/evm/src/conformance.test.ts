import { createDraft, hdDerive, hdFromSeed, hdSecret, type KeyRing, nobleEngine } from '@coffer/core'
import { type ChainUnderTest, chainConformance } from '@coffer/core/testing'
import { describe, it } from 'vitest'
import { bnb, type EvmChain, ethereum, evmChain, sepolia } from './evm.ts'
import type { EvmIntent } from './intent.ts'
import { buildTransaction, type TxNumbers } from './rebuild.ts'
import { encodeUnsigned } from './transaction.ts'

const ALICE_TOKEN = '0x00000000000000000000000000000000000A11cE'
const ALICE = '0x000000000000000000000000000000000000a11c'

function subject(chain: EvmChain): () => Promise<ChainUnderTest> {
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
  const address = chain.parseAddress(account.slice(account.lastIndexOf(':') + 1)) as `0x${string}`
  const legacy = chain.network.fees === 'legacy'
  const prices = legacy
    ? { gasPrice: 10n ** 9n }
    : { maxFeePerGas: 3n * 10n ** 9n, maxPriorityFeePerGas: 10n ** 9n }
  const token = chain.assets[0]?.id
  const intents: EvmIntent[] = [
    { kind: 'pay', asset: chain.coin.id, to: ALICE, amount: 10n ** 18n },
    ...(token
      ? ([
          { kind: 'pay', asset: token, to: ALICE, amount: 5n },
          { kind: 'approve', asset: token, spender: ALICE, amount: 7n },
        ] as const)
      : []),
    { kind: 'call', to: ALICE, value: 1n, data: '0x12345678' },
    {
      kind: 'call',
      to: ALICE,
      value: 0n,
      data: '0x',
      accessList: [{ address: ALICE, storageKeys: [`0x${'11'.repeat(32)}`] }],
    },
    { kind: 'deploy', value: 0n, data: '0x6001600155' },
    { kind: 'cancel', replaces: { txid: `0x${'ab'.repeat(32)}`, nonce: 7n } },
    ...(legacy ? [] : ([{ kind: 'delegate', to: null }] as const)),
  ]
  const drafts = intents.map((intent) => {
    const numbers: TxNumbers = { nonce: 7n, gasLimit: 90_000n, ...prices }
    const payload = encodeUnsigned(buildTransaction(intent, numbers, chain.network, address))
    return createDraft(chain, { chain: chain.id, account, intent, payload, hints: { gasUsed: '50000' } })
  })
  return async () => ({ chain, key, keys, otherKey: keyAt(chain.path(1)), drafts, badAddresses })
}

const badAddresses = [
  '',
  '0x',
  ALICE.slice(2),
  ` ${ALICE}`,
  `${ALICE} `,
  `${ALICE}\u200b`,
  `\u202e${ALICE}`,
  ALICE.replace('a', 'а'),
  `${ALICE.slice(0, -1)}g`,
  `${ALICE}00`,
  '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96046',
  'vitalik.eth',
  'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8',
  'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  'eip155:1:0x0000000000000000000000000000000000000001',
]

/** Any other EVM chain is one literal. */
const own = evmChain({
  id: 'eip155:424242',
  name: 'own-chain',
  testnet: false,
  coin: { id: 'eip155:424242/slip44:60', symbol: 'OWN', name: 'Own Coin', decimals: 18 },
  tokens: [{ address: ALICE_TOKEN, symbol: 'TEX', name: 'Utility Token', decimals: 9 }],
  fees: 'eip1559',
  minGasPrice: 0n,
  maxFee: 10n ** 16n,
  blockTime: 2_000,
  finalAfter: 30,
  delegates: [],
  coinType: 60,
})

for (const chain of [ethereum(), sepolia(), bnb(), own] as EvmChain[])
  chainConformance({ describe, it }, chain.name, subject(chain))
