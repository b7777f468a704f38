import { expect, it } from 'vitest'
import { createOfflineWallet } from './offline.ts'
import type { Signer } from './signer.ts'
import { fakeChain } from './testing/fake-chain.ts'

it('counts a payment in its window although another attempt to sign the same fails beside it', async () => {
  const chain = fakeChain()
  let calls = 0
  const signer = {
    name: 'flaky',
    keys: 'hd',
    dispose: () => {},
    sign: async ({ draft }) => {
      const call = ++calls
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (call === 1) throw new Error('unplugged')
      return {
        chain: chain.id,
        account: draft.account,
        txid: `tx:${draft.payload}`,
        raw: `${draft.payload}!`,
      }
    },
  } as Partial<Signer> as Signer
  const wallet = createOfflineWallet({
    chains: [{ ...chain, checkSigned: () => {} }],
    signer,
    policy: { limits: [{ asset: chain.coin.id, amount: 6n, seconds: 3_600 }] },
  })
  const account = chain.open({ descriptor: 'me' } as never)
  const draft = await account.create({ to: 'you', amount: 3n })
  const both = await Promise.allSettled([wallet.sign(draft), wallet.sign(draft)])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
  const more = await account.create({ to: 'them', amount: 3n })
  await expect(wallet.sign(more)).rejects.toMatchObject({ code: 'POLICY_REFUSED' })
})
