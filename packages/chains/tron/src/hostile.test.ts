import { expect, it } from 'vitest'
import { BOB, fakeWallet } from './fake-source.fixture.ts'
it('x', async () => {
  const { account, wallet, node } = await fakeWallet()
  console.log(account.address)
  const s = await wallet.sign(await account.create({ to: BOB, amount: '1', asset: 'USDT' }))
  const p = await wallet.publish(s)
  node.mine(1)
  console.log(await p.status(), s.txid)
  expect(1).toBe(1)
})
