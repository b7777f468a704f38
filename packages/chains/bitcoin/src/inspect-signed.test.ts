import { createOfflineWallet, memoryStore } from '@coffer/core'
import { softwareSigner } from '@coffer/signer-software'
import { expect, it } from 'vitest'
import { openAccount } from './account.ts'
import { regtest } from './bitcoin.ts'
import { deriveScripts } from './derive.ts'
import { readDescriptor } from './descriptor.ts'
import { fakeChain } from './fake-source.fixture.ts'
import { inspectSigned } from './inspect-signed.ts'
import { regtestNetwork } from './networks.ts'
import type { SingleKeyType } from './rules.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
async function open(type: SingleKeyType) {
  const wallet = createOfflineWallet({ chains: [regtest()], signer: softwareSigner({ mnemonic }) })
  const account = await wallet.describe('regtest', { type })
  const fake = fakeChain()
  const descriptor = readDescriptor(account, regtestNetwork)
  for (const { script } of deriveScripts(descriptor, 0, 3, 2)) fake.pay([{ script, amount: 600_000n }], 900)
  const context = { descriptor: account, source: fake.source, store: memoryStore() }
  return { wallet, opened: openAccount(regtestNetwork, context) }
}

it.each(['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr'] as const)(
  'says of a signed transaction of %s what was said of its draft',
  async (type) => {
    const { wallet, opened } = await open(type)
    const draft = await opened.create({ to: STRANGER, amount: 1_000_000n, memo: 'hello' })
    const signed = await wallet.sign(draft)
    expect(draft.effects.list.map(({ kind }) => kind).sort()).toEqual(['change', 'memo', 'transfer'])
    expect(inspectSigned(signed, regtestNetwork)).toEqual(draft.effects)
    const other = { ...signed, txid: 'ff'.repeat(32) }
    expect(() => inspectSigned(other, regtestNetwork)).toThrow(
      expect.objectContaining({ code: 'INVALID_SIGNED' }),
    )
  },
)

it.each([
  ['near', 203, 'change'],
  ['far off', 204, 'transfer'],
])('tells an own address that is %s from others', async (_, index, kind) => {
  const { wallet, opened } = await open('p2wpkh')
  const [to = ''] = opened.addresses({ change: true, from: index, count: 1 })
  // Both coins, at 3 and 4, so that 4 is the highest.
  const draft = await opened.create({ to, amount: 1_000_000n })
  const { list } = inspectSigned(await wallet.sign(draft), regtestNetwork)
  expect(list.find((effect) => 'to' in effect && effect.to === to)?.kind).toBe(kind)
})
