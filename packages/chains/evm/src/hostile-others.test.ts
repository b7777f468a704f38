import { createWallet, memoryStore, readKnown } from '@coffer/core'
import { cluster, jsonRpc } from '@coffer/daemon-client'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { softwareSigner } from '@coffer/signer-software'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { ethereum } from './evm.ts'
import { decodeUnsigned } from './transaction.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const ALICE = '0x000000000000000000000000000000000000a11c'
const DAY = 86_400_000
const ETH = 10n ** 18n

let devnet: Devnet<'ethereum'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['ethereum'] })
})
afterAll(() => devnet.stop())
afterEach(() => {
  vi.useRealTimers()
})

let nextIndex = 0
async function funded({ index = nextIndex++, store = memoryStore() } = {}) {
  const wallet = createWallet({
    chains: [ethereum()],
    source: cluster({ 'eip155:1': [jsonRpc(devnet.ethereum.url)] }),
    signer: softwareSigner({ mnemonic }),
    store,
  })
  const account = await wallet.account('ethereum', { index })
  await devnet.ethereum.fund(account.address, { amount: 10n * ETH })
  return { wallet, account, store, index }
}

it('G1: a restored wallet knows from its own history whom it paid', async () => {
  const friend = '0x1234560000000000000000000000000000abcdef'
  const twin = '0x1234569999999999999999999999999999abcdef'
  const { wallet, account, index } = await funded()
  await (
    await wallet.publish(await wallet.sign(await account.create({ to: friend, amount: 5n })))
  ).confirmed()
  const restored = await funded({ index })
  await restored.account.history()
  const { contacts, seen } = await readKnown(restored.store, 'eip155:1')
  expect([contacts, seen.map((address) => address.toLowerCase())]).toEqual([[], [friend]])
  const poisoned = await restored.account.create({ to: twin, amount: 5n })
  expect(poisoned.effects.warnings.map(({ code }) => code)).toContain('lookalike')
  await expect(restored.wallet.sign(poisoned)).rejects.toMatchObject({ details: { rule: 'lookalike' } })
  await restored.account.discard(poisoned)
  await restored.wallet.sign(await restored.account.create({ to: friend, amount: 5n }))
})

describe('amounts', () => {
  it('G3: that are no amounts are refused', async () => {
    const { account } = await funded()
    const wrong: unknown[] = [
      1,
      0.1,
      Number.NaN,
      '1e3',
      '-1',
      '+1',
      '0.0000000000000000001',
      '0x10',
      '١',
      '',
      ' 1',
    ]
    for (const amount of [...wrong, '1,5', '.5', '5.', -1n, '0', 0n, null])
      await expect(
        account.create({ to: ALICE, amount: amount as bigint }),
        String(amount),
      ).rejects.toMatchObject({
        code: 'INVALID_AMOUNT',
      })
  })

  it('G3: arrive in the bytes as they were asked for, to the wei', async () => {
    const { account } = await funded()
    for (const [amount, wei] of [
      [1n, 1n],
      ['0.000000000000000001', 1n],
      ['9.999', 9_999n * 10n ** 15n],
      [2n ** 53n + 1n, 2n ** 53n + 1n],
    ] as const) {
      const draft = await account.create({ to: ALICE, amount })
      expect(decodeUnsigned(draft.payload).value).toBe(wei)
      await account.discard(draft)
    }
  })
})

it('G13: a clock a day wrong either way, or set back between drafts, still pays, and takes no nonce twice', async () => {
  const now = Date.now()
  for (const off of [DAY, -DAY]) {
    const { wallet, account } = await funded()
    const first = await account.create({ to: ALICE, amount: 1n })
    vi.useFakeTimers({ now: now + off, toFake: ['Date'] })
    const second = await account.create({ to: ALICE, amount: 2n })
    const signed = [await wallet.sign(second)]
    vi.useFakeTimers({ now, toFake: ['Date'] })
    // By the other clock the first was left lying for too long, and its nonce given to the second.
    try {
      signed.push(await wallet.sign(first))
    } catch (error) {
      expect(error).toMatchObject({ code: 'NONCE_TAKEN' })
    }
    const nonces = [first, second].map(({ payload }) => decodeUnsigned(payload).nonce)
    expect(signed.length === 2 ? new Set(nonces).size : 1).toBe(signed.length)
    const payments = []
    for (const one of signed.reverse()) payments.push(await wallet.publish(one))
    for (const payment of payments) expect(await payment.confirmed()).toMatchObject({ state: 'confirmed' })
    vi.useRealTimers()
  }
})
