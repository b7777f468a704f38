// Real nodes, both of Ledger's libraries, one simulated device: what it signs is mined.
import { type BitcoinAccount, multisigDescriptor, regtest, regtestNetwork } from '@coffer/bitcoin'
import { createWallet, memoryStore } from '@coffer/core'
import { cluster, esplora, jsonRpc, tronHttp } from '@coffer/daemon-client'
import { type Devnet, startDevnet } from '@coffer/devnet'
import type { LedgerDevice } from '@coffer/devnet/ledger'
import { bnb, ethereum } from '@coffer/evm'
import { softwareSigner } from '@coffer/signer-software'
import { tronDevnet } from '@coffer/tron'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fullDevice } from './conformance.fixture.ts'
import * as kit from './dmk/index.ts'
import { connectDmk } from './dmk/simulator.fixture.ts'
import type { LedgerSigner } from './index.ts'
import * as ledgerjs from './ledgerjs/index.ts'

let devnet: Devnet
beforeAll(async () => {
  devnet = await startDevnet()
})
afterAll(() => devnet?.stop())

const MAKE: Readonly<Record<string, (device: LedgerDevice) => LedgerSigner>> = {
  ledgerjs: (device) =>
    ledgerjs.ledgerSigner({
      transport: device.connect,
      apps: [ledgerjs.bitcoinApp(), ledgerjs.ethereumApp(), ledgerjs.tronApp()],
    }),
  dmk: (device) =>
    kit.ledgerSigner({
      transport: () => connectDmk(device),
      apps: [kit.bitcoinApp(), kit.ethereumApp(), kit.tronApp()],
    }),
}

function walletOf(signer: LedgerSigner) {
  const { bitcoin, ethereum: evm, bnb: smart, tron } = devnet
  return createWallet({
    chains: [regtest(), ethereum(), bnb(), tronDevnet()],
    source: cluster({
      [bitcoin.chain]: [esplora({ url: bitcoin.esploraUrl })],
      [evm.chain]: [jsonRpc(evm.url)],
      [smart.chain]: [jsonRpc(smart.url)],
      [tron.chain]: [tronHttp({ fullNode: tron.url })],
    }),
    store: memoryStore(),
    signer,
  })
}

describe.each(Object.keys(MAKE))('paid by %s', (library) => {
  it.each(['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr'] as const)('Bitcoin, %s', async (type) => {
    const wallet = walletOf(MAKE[library]!(fullDevice()))
    const account = await wallet.account('regtest', { type })
    await devnet.bitcoin.fund((await account.receive()).address, { amount: 100_000_000n })
    await devnet.bitcoin.fund((await account.receive({ fresh: true })).address, { amount: 50_000_000n })
    const draft = await account.create({ to: regtestNetwork.sample, amount: '1.2', fee: { satPerVb: '3' } })
    const payment = await wallet.publish(await wallet.sign(draft))
    expect(await payment.confirmed(1, { interval: 50 })).toMatchObject({
      state: expect.stringMatching(/confirmed|final/),
    })
    wallet.dispose()
  })

  it('Bitcoin, 2 of 3 keys with a software signer', async () => {
    const signer = MAKE[library]!(fullDevice())
    const wallet = walletOf(signer)
    const others = [`${'zoo '.repeat(11)}wrong`, `${'abandon '.repeat(11)}about`].map((mnemonic) =>
      softwareSigner({ mnemonic }),
    )
    const keys = await Promise.all([signer, ...others].map((one) => one.publicKey('m/48h/1h/0h/2h')))
    const descriptor = multisigDescriptor({ threshold: 2, keys }, regtestNetwork)
    await signer.registerAccount({ chain: wallet.chain('regtest'), account: descriptor, name: 'Shared' })
    const account = (await wallet.watch(descriptor)) as BitcoinAccount
    await devnet.bitcoin.fund((await account.receive()).address, { amount: 100_000_000n })
    const draft = await account.create({ to: regtestNetwork.sample, amount: '0.5' })
    const other = createWallet({ chains: [regtest()], signer: others[0]!, store: memoryStore() })
    const one = await wallet.cosign(draft)
    const two = await other.cosign(other.draft(JSON.stringify(draft)))
    const payment = await wallet.publish(wallet.finish([one, two]))
    expect(await payment.confirmed(1, { interval: 50 })).toMatchObject({ confirmations: expect.any(Number) })
    wallet.dispose()
  })

  it.each(['ethereum', 'bnb'] as const)('%s: the coin and a token', async (name) => {
    const wallet = walletOf(MAKE[library]!(fullDevice()))
    const account = await wallet.account(name)
    await devnet[name].fund(account.address, { amount: 10n ** 18n })
    await devnet[name].fund(account.address, { token: 'USDT', amount: 10n ** 20n })
    for (const request of [{ amount: '0.25' }, { amount: '1.5', asset: 'USDT' }]) {
      const draft = await account.create({ to: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8', ...request })
      const payment = await wallet.publish(await wallet.sign(draft))
      expect(await payment.confirmed(1, { interval: 50 })).toMatchObject({ height: expect.any(Number) })
    }
    wallet.dispose()
  })

  it('Tron: the coin, a token and a stake', async () => {
    const wallet = walletOf(MAKE[library]!(fullDevice()))
    const account = await wallet.account('tron-devnet')
    const { tron } = devnet
    await tron.fund(account.address, { amount: 1_000_000_000n })
    await tron.fund(account.address, { token: 'USDT', amount: 10_000_000n })
    const to = 'TUoHaVjx7n5xz8LwPRDckgFrDWhMhuSuJM'
    for (const request of [
      { to, amount: '1.5' },
      { to, amount: '2.5', asset: 'USDT' },
      { kind: 'freeze', amount: '100', resource: 'energy' } as const,
    ]) {
      const payment = await wallet.publish(await wallet.sign(await account.create(request)))
      expect(await payment.confirmed(1, { interval: 50 })).toMatchObject({ height: expect.any(Number) })
    }
    wallet.dispose()
  })
})
