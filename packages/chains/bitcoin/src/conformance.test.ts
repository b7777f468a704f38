import { createDraft } from '@coffer/core'
import { type ChainUnderTest, chainConformance } from '@coffer/core/testing'
import { describe, it } from 'vitest'
import { type BitcoinChain, bitcoin, regtest, signet, testnet4 } from './bitcoin.ts'
import { scriptAt } from './derive.ts'
import { readDescriptor } from './descriptor.ts'
import type { BitcoinIntent } from './intent.ts'
import { keysOf } from './keys.fixture.ts'
import { type Plan, writePayload } from './payload.ts'
import { wantedOf } from './rebuild.ts'
import { encodeTx, type Tx, txidOf } from './transaction.ts'

const STRANGERS = {
  bitcoin: ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'],
  test: ['tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx', 'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn'],
  regtest: ['bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', 'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn'],
}

function subject(chain: BitcoinChain, type: string): () => Promise<ChainUnderTest> {
  const { network } = chain
  const { key, ring } = keysOf('conformance')
  const own = key(chain.path(0, type))
  const account = chain.describe(own)
  const descriptor = readDescriptor(account, network)
  const [to, other] = STRANGERS[
    network.hrp === 'bc' ? 'bitcoin' : network.hrp === 'tb' ? 'test' : 'regtest'
  ] as [string, string]
  const asset = chain.coin.id
  const txid = 'ab'.repeat(32)
  const change = scriptAt(descriptor, 1, 3)

  const coins = [5, 7].map((index, i) => {
    const script = scriptAt(descriptor, 0, index)
    const tx: Tx = {
      version: 2,
      locktime: i,
      inputs: [{ txid, vout: i, sequence: 0xffffffff, scriptSig: new Uint8Array(), witness: [] }],
      outputs: [
        { amount: 1_234n, script: change.script },
        { amount: 100_000n, script: script.script },
      ],
    }
    return {
      txid: txidOf(tx),
      vout: 1,
      sequence: 0xfffffffd,
      amount: 100_000n,
      script,
      previous: encodeTx(tx, { witness: false }),
    }
  })
  const intents: BitcoinIntent[] = [
    { kind: 'pay', asset, to, amount: 40_000n },
    { kind: 'pay', asset, to, amount: 40_000n, memo: '68656c6c6f', replaces: txid },
    {
      kind: 'batch',
      asset,
      payments: [
        { to, amount: 40_000n },
        { to: other, amount: 50_000n },
        { to, amount: 40_000n },
      ],
    },
    { kind: 'batch', asset, payments: [{ to, amount: 10_000n }], rest: other },
    { kind: 'sweep', asset, to },
    { kind: 'cancel', replaces: txid },
    { kind: 'bump', parent: coins[0]!.txid },
  ]
  const drafts = intents.map((intent) => {
    const wanted = wantedOf(intent, network)
    const fixed = wanted.reduce((sum, { amount = 0n }) => sum + amount, 0n)
    const left = 200_000n - fixed - 1_500n
    const outputs: Plan['outputs'] = [
      ...wanted.map(({ script, amount = left }) => ({ script, amount })),
      ...(wanted.some(({ amount }) => amount === undefined)
        ? []
        : [{ script: change.script, amount: left, own: change }]),
    ]
    const payload = writePayload({ locktime: 800_000, inputs: coins, outputs })
    return createDraft(chain, { chain: chain.id, account, intent, payload, hints: {} })
  })
  return async () => ({
    chain,
    key: own,
    keys: ring,
    otherKey: keysOf('another').key(chain.path(0, type)),
    drafts,
    badAddresses,
  })
}

/** None of them is an address of any network here (G2). */
const badAddresses = [
  '',
  'nonsense',
  '0x00000000000000000000000000000000000a11cE',
  'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5',
  'bc1qW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd',
  'BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P',
  'ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9',
  '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb',
  '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa\u200b',
  ' 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
  '1А1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
  'T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb',
]

for (const type of ['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr'])
  chainConformance({ describe, it }, `regtest ${type}`, subject(regtest(), type))
for (const chain of [bitcoin(), testnet4(), signet()] as BitcoinChain[])
  chainConformance({ describe, it }, chain.name, subject(chain, 'p2wpkh'))
