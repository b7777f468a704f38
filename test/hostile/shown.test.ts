import { createWallet } from '@coffer/core'
import { cluster, jsonRpc, tronHttp } from '@coffer/daemon-client'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { lies, startHostile } from '@coffer/devnet/hostile'
import { ethereum } from '@coffer/evm'
import { softwareSigner } from '@coffer/signer-software'
import { tronDevnet } from '@coffer/tron'
import { afterAll, beforeAll, expect, it } from 'vitest'

const mnemonic = 'ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic'
const EVE = '0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc'

let devnet: Devnet<'ethereum' | 'tron'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['ethereum', 'tron'] })
})
afterAll(() => devnet?.stop())

async function behind(url: string, chain: 'ethereum' | 'tron-devnet') {
  const liar = await startHostile(url)
  const wallet = createWallet({
    chains: [ethereum(), tronDevnet()],
    source: cluster({
      'eip155:1': [jsonRpc(liar.url)],
      'tron:0xc0ffe001': [tronHttp(liar.url)],
    }),
    signer: softwareSigner({ mnemonic }),
  })
  return { liar, wallet, account: await wallet.account(chain) }
}

it('E8: a token of the list is shown as the list has it, whatever the node says of it', async () => {
  for (const [chain, { url, tokens }] of [
    ['ethereum', devnet.ethereum],
    ['tron-devnet', devnet.tron],
  ] as const) {
    const { liar, account } = await behind(url, chain)
    const honest = await account.token(tokens.USDT.address)
    expect(honest).toMatchObject({ symbol: 'USDT', decimals: 6 })
    for (const lie of [lies.evm.symbol('EVIL'), lies.evm.tokenName('Evil'), lies.evm.decimals(18)]) {
      liar.play(lie)
      expect(await account.token(tokens.USDT.address)).toEqual(honest)
      const [row] = await account.balances({ assets: [honest] })
      expect(row!.asset).toEqual(honest)
    }
    await liar.stop()
  }
})

it('E8: names of unlisted tokens carry nothing that hides or turns what stands beside them', async () => {
  const { liar, account } = await behind(devnet.ethereum.url, 'ethereum')
  const token = await devnet.ethereum.deployToken({ name: 'Tea', symbol: 'TEA', decimals: 3 })
  liar.play(lies.evm.symbol('\u202eCDSU\u200b\n'))
  liar.play(lies.evm.tokenName('US\u2066D Coin\u0000'))
  const { symbol, name, decimals, unlisted } = await account.token(token)
  expect(liar.played.map(({ lie }) => lie)).toEqual(
    expect.arrayContaining(['tokens.symbol', 'tokens.tokenName']),
  )
  expect(symbol + name).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
  expect([decimals, unlisted]).toEqual([3, true])
  await liar.stop()
})

it('G1: transfers that never were, and of nothing, enter no history and make nobody known', async () => {
  const { liar, account } = await behind(devnet.ethereum.url, 'ethereum')
  const from = account.address
  liar.play(lies.evm.poisonedLogs({ token: EVE, from, to: EVE, amount: 5n }))
  liar.play(lies.evm.poisonedLogs({ token: devnet.ethereum.tokens.USDT.address, from, to: EVE, amount: 0n }))
  const { items } = await account.history()
  expect(liar.played.length).toBeGreaterThan(0)
  expect(items).toEqual([])
  await liar.stop()
})

it('E4: an approval or a payment in another writing is no way past limits, on any chain that has them', async () => {
  const word = (hex: string) => hex.padStart(64, '0')
  const spender = word(EVE.slice(2))
  const data = {
    'an approval with a byte too many': `0x095ea7b3${spender}${'f'.repeat(64)}00`,
    'a payment with a byte too many': `0xa9059cbb${spender}${word('f4240')}00`,
    'the older name of another approval': `0xd73dd623${spender}${'f'.repeat(64)}`,
  } as const
  const ethereumAccount = await behind(devnet.ethereum.url, 'ethereum')
  const tronAccount = await behind(devnet.tron.url, 'tron-devnet')
  for (const [{ wallet, account }, to] of [
    [ethereumAccount, devnet.ethereum.tokens.USDT.address],
    [tronAccount, devnet.tron.tokens.USDT.address],
  ] as const) {
    const isTron = account.chain.startsWith('tron')
    if (isTron)
      await devnet.tron.setAccount(account.address, { balance: 10n ** 10n, tokens: { USDT: 10n ** 9n } })
    else {
      await devnet.ethereum.fund(account.address as `0x${string}`, { amount: 10n ** 18n })
      await devnet.ethereum.fund(account.address as `0x${string}`, { token: 'USDT', amount: 10n ** 9n })
    }
    for (const [what, call] of Object.entries(data)) {
      const asked = { kind: 'call', to, data: call, value: 0n } as const
      const draft = await account.create(asked as never).catch((error: unknown) => error)
      // The token of the devnet has no such function: then there is nothing to sign.
      if (draft instanceof Error) {
        expect([what, draft]).toMatchObject([
          'the older name of another approval',
          { code: 'EXECUTION_REVERTED' },
        ])
        continue
      }
      await expect(wallet.sign(draft as never), what).rejects.toMatchObject({
        code: 'POLICY_REFUSED',
        details: { rule: expect.stringMatching(/^(unknown-call|unlimited-approval)$/) },
      })
    }
  }
  await ethereumAccount.liar.stop()
  await tronAccount.liar.stop()
})
