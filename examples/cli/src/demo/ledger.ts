import { regtest, regtestNetwork } from '@coffer/bitcoin'
import { createWallet, parseAmount } from '@coffer/core'
import { cluster, esplora, jsonRpc, tronGrid, tronHttp } from '@coffer/daemon-client'
import type { Devnet } from '@coffer/devnet'
import { bitcoinDeviceApp, ethereumDeviceApp, ledgerDevice, tronDeviceApp } from '@coffer/devnet/ledger'
import { ethereum } from '@coffer/evm'
import { bitcoinApp, ethereumApp, ledgerSigner, tronApp } from '@coffer/signer-ledger/ledgerjs'
import { softwareSigner } from '@coffer/signer-software'
import { tronDevnet } from '@coffer/tron'
import { reach } from './reach.ts'
import { check, equal, follow, refused, show, signal, step } from './story.ts'

const eth = ethereum()
const btc = regtest()
const trx = tronDevnet()
const chains = [eth, btc, trx] as const

/** The same words on a Ledger, a simulated one: what it shows is what is paid, and without its owner nothing is. */
export async function payWithLedger(
  nodes: Devnet<'ethereum' | 'bnb'> & Devnet<'tron'> & Partial<Devnet<'bitcoin'>>,
  mnemonic: string,
): Promise<void> {
  step('Put the same words on a Ledger, a simulated one')
  const device = ledgerDevice({
    mnemonic,
    apps: [bitcoinDeviceApp({ network: 'test' }), ethereumDeviceApp(), tronDeviceApp()],
  })
  const signer = ledgerSigner({
    transport: device.connect,
    apps: [bitcoinApp(), ethereumApp(), tronApp()],
    onPrompt: (prompt) =>
      show(
        prompt.kind === 'open-app' ? `open the ${prompt.app} app` : `check the ${prompt.what} on the Ledger`,
      ),
  })
  const { ethereum: evm, tron, bitcoin } = nodes
  const source = cluster({
    [eth.id]: await reach('evm', evm.url, jsonRpc),
    [trx.id]: await reach('tron', tron.url, (url) => tronHttp({ fullNode: url, history: tronGrid({ url }) })),
    ...(bitcoin ? { [btc.id]: await reach('bitcoin', bitcoin.esploraUrl, esplora) } : {}),
  })
  const wallet = createWallet({ chains, source, signer })
  const software = createWallet({ chains, source, signer: softwareSigner({ mnemonic }) })
  const account = await wallet.account('ethereum')
  equal(account.address, (await software.account('ethereum')).address, 'the address that software derives')

  step('Show the address on the device')
  const { descriptor, address } = account
  equal(
    await signer.showAddress({ chain: eth, account: descriptor }, { signal }),
    address,
    'the address shown',
  )
  const to = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

  step('Pay on Ethereum, confirmed on the device')
  const draft = await account.create({ to, amount: '0.1' })
  const payment = await wallet.publish(await wallet.sign(draft))
  showScreen()
  await follow(payment, eth.coin, () => evm.mine(70))

  step('Refuse a payment on the device')
  device.setPerson(() => 'refuse')
  const unwanted = await account.create({ to, amount: '0.2' })
  await refused('SIGNER_REFUSED', wallet.sign(unwanted))
  await account.discard(unwanted)
  device.setPerson(() => 'approve')

  if (bitcoin) {
    step('Pay on Bitcoin: the change is recognised, and not shown')
    const coins = await wallet.account('regtest', { type: 'p2tr' })
    await bitcoin.fund((await coins.receive()).address, { amount: parseAmount('1', 8) })
    const bought = await coins.create({ to: regtestNetwork.sample, amount: '0.3' })
    const sent = await wallet.publish(await wallet.sign(bought))
    showScreen()
    check(!JSON.stringify(device.shown.at(-1)).includes('0.69'), 'the change is not on the screen')
    await follow(sent, btc.coin, () => bitcoin.mine(6))
  }

  step('Pay on Tron')
  const onTron = await wallet.account('tron-devnet')
  await tron.fund(onTron.address, { amount: parseAmount('100', 6) })
  const paid = await wallet.publish(
    await wallet.sign(await onTron.create({ to: 'TUoHaVjx7n5xz8LwPRDckgFrDWhMhuSuJM', amount: '12.5' })),
  )
  showScreen()
  await follow(paid, trx.coin, () => tron.mine(3))
  wallet.dispose()

  function showScreen(): void {
    const { app, fields } = device.shown.at(-1)!
    show(`${app}: ${fields.map(([label, value]) => `${label} ${value}`).join(', ')}`)
  }
}
