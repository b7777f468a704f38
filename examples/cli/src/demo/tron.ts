import {
  type Acceptance,
  type Asset,
  createWallet,
  type Draft,
  describeEffects,
  formatAmount,
  parseAmount,
  type Wallet,
} from '@coffer/core'
import { cluster, tronGrid, tronHttp } from '@coffer/daemon-client'
import type { Devnet } from '@coffer/devnet'
import { generateMnemonic, softwareSigner } from '@coffer/signer-software'
import { type TronAccount, tronDevnet } from '@coffer/tron'
import { reach } from './reach.ts'
import { amountOf, check, equal, follow, refused, show, signal, step, wrong } from './story.ts'

const trx = tronDevnet()
const TRX = trx.coin
const USDT = usdt()
const chains = [trx] as const

/** Tron: bandwidth and energy pay fees, nothing but the wallet keeps two payments apart, an account can have several keys. */
export async function payOnTron(node: Devnet<'tron'>['tron'], mnemonic: string): Promise<void> {
  step('Open a Tron account of the same words')
  const { url } = node
  const open = (url: string) => tronHttp({ fullNode: url, history: tronGrid({ url }) })
  const source = cluster({ [trx.id]: await reach('tron', url, open) })
  const wallet = createWallet({
    chains,
    source,
    signer: softwareSigner({ mnemonic }),
    policy: { limits: [{ asset: TRX.id, amount: sun('500'), seconds: 86_400 }] },
  })
  const friends = createWallet({ chains, source, signer: softwareSigner({ mnemonic: generateMnemonic() }) })
  const account = await wallet.account('tron-devnet')
  const friend = await friends.account('tron-devnet')
  const to = friend.address
  show(`account   ${account.address}`)
  show(`friend    ${to}`)
  show('policy    at most 500 TRX a day')

  step('Ask the faucet for TRX and USDT')
  await node.fund(account.address, { amount: sun('5000') })
  await node.fund(account.address, { token: 'USDT', amount: sun('1000') })
  const books = { TRX: sun('5000'), USDT: sun('1000') }
  await compare(account, books)

  step('Create a draft: pay 25 TRX to a friend, who has no account yet')
  const draft = await account.create({ to, amount: '25' })
  showEffects(draft)
  check(
    draft.effects.warnings.some(({ code }) => code === 'activation'),
    'the draft warns of an account that it opens',
  )

  step('Sign it, publish it twice, follow it to its end')
  const signed = await wallet.sign(draft)
  const payment = await wallet.publish(signed)
  equal((await wallet.publish(signed)).txid, payment.txid, 'the transaction id of a second publishing')
  const fee = await follow(payment, TRX, () => node.mine(3))
  equal(fee, draft.fee.expected, 'the fee that was paid')
  books.TRX -= sun('25') + fee

  step('Pay 10 USDT twice: energy is burnt')
  // The first one makes room for the friend in the contract; it costs more than those that follow.
  const first = await pay(wallet, await account.create({ to, amount: '10', asset: 'USDT' }))
  const burnt = await pay(wallet, await account.create({ to, amount: '10.5', asset: 'USDT' }))
  books.USDT -= sun('20.5')

  step('Stake 1500 TRX for energy, and pay USDT once more')
  const freezing = await pay(
    wallet,
    await account.create({ kind: 'freeze', amount: '1500', resource: 'energy' }),
  )
  const staked = await pay(wallet, await account.create({ to, amount: '11', asset: 'USDT' }))
  check(staked < burnt, 'the fee is lower with stake')
  show(`${amountOf(burnt, TRX)} without stake, ${amountOf(staked, TRX)} with it`)
  books.USDT -= sun('11')
  books.TRX -= first + burnt + sun('1500') + freezing + staked

  step('Stake 300 TRX for bandwidth, lend some of it, vote')
  const more = [
    { kind: 'freeze', amount: '300', resource: 'bandwidth' },
    { kind: 'delegate', amount: '100', resource: 'bandwidth', to },
    { kind: 'vote', votes: node.witnesses.slice(0, 2).map((witness) => ({ to: witness, count: 900 })) },
  ] as const
  for (const request of more) books.TRX -= await pay(wallet, await account.create(request))
  books.TRX -= sun('300')
  const { lent, votes } = await account.resources()
  equal(lent.bandwidth, sun('100'), 'the stake that is lent')
  show(`${votes.used} of ${votes.total} votes given, the bandwidth of ${amountOf(lent.bandwidth, TRX)} lent`)

  step('Try to pay more than the policy allows')
  await refused('POLICY_REFUSED', wallet.sign(await account.create({ to, amount: '600' })))

  step('Try to sign a draft whose words were changed on the way')
  const thief = (await wallet.account('tron-devnet', { index: 9 })).address
  const honest = await account.create({ to, amount: '1' })
  await refused('DRAFT_MISMATCH', wallet.sign(wallet.draft(JSON.stringify(honest).replaceAll(to, thief))))

  step('Sign the very same payment twice, while the first still waits')
  await node.setAutomine(false)
  const once = await account.create({ to, amount: '5' })
  const twin = await account.create({ to, amount: '5' })
  const waiting = await wallet.publish(await wallet.sign(once))
  equal((await waiting.status()).state, 'pending', 'the state of the payment')
  await refused('PAYMENT_OPEN', wallet.sign(twin))
  await wallet.publish(waiting.signed)
  show('published again: the same bytes, so that one payment waits')
  const second = await wallet.sign(await account.create({ to, amount: '5', again: true }))
  check(second.txid !== waiting.txid, 'what is meant twice is two transactions')
  const meant = await wallet.publish(second)
  show('a second one on purpose, with again: true')
  await node.setAutomine(true)
  for (const payment of [waiting, meant]) books.TRX -= sun('5') + (await payment.confirmed(1, { signal })).fee
  await compare(account, books)

  step('Give the account two keys')
  const keys = [account.address, to].map((address) => ({ address, weight: 1n }))
  const both = { threshold: 2n, keys }
  const change = await account.create({ kind: 'permissions', owner: both, actives: [both] })
  for (const [name, line] of Object.entries(change.effects.fields))
    if (/^before/.test(name)) show(`Before: ${line}`)
  await refused('POLICY_REFUSED', wallet.sign(change))
  books.TRX -= await pay(wallet, change, ['permission-change'])

  step('Pay with both: each adds a signature, anybody puts them together')
  const shared = await account.create({ to, amount: '20' })
  showEffects(shared)
  const half = await wallet.cosign(shared)
  await refused('SIGNATURES_MISSING', wallet.sign(half))
  const whole = await friends.cosign(friends.draft(JSON.stringify(half)))
  const paid = await wallet.publish(wallet.finish(whole))
  books.TRX -= sun('20') + (await paid.confirmed(1, { signal })).fee

  step('Compare balances with the books, to the sun')
  await compare(account, books)
  await compare(friend, { TRX: sun('55'), USDT: sun('31.5') }, 'the friend has ')

  step('Read the history')
  const { items } = await account.history()
  equal(items.length, 9, 'the number of rows')
  for (const { direction, amount, asset, state, height } of items)
    show(
      `${direction === 'in' ? '+' : '-'}${formatAmount(amount, asset.decimals)} ${asset.symbol}, ${state} in block ${height}`,
    )
  wallet.dispose()
  friends.dispose()
}

// ---- what the steps share ----

/** All four steps of a payment; returns the fee that was paid, which is the one that was expected. */
async function pay(
  wallet: Wallet<typeof chains>,
  draft: Draft,
  accept: readonly Acceptance[] = [],
): Promise<bigint> {
  showEffects(draft)
  const payment = await wallet.publish(await wallet.sign(draft, { accept }), { signal })
  const { fee } = await payment.confirmed(1, { signal })
  equal(fee, draft.fee.expected, 'the fee that was paid')
  return fee
}

async function compare(account: TronAccount, books: { TRX: bigint; USDT: bigint }, who = ''): Promise<void> {
  for (const [asset, held] of [
    [TRX, books.TRX],
    [USDT, books.USDT],
  ] as const) {
    equal(await account.balance(asset), held, `the balance of ${asset.symbol}`)
    show(who + amountOf(held, asset))
  }
}

/** What a draft does, and what its fee is made of. */
function showEffects({ effects, fee }: Draft): void {
  check(fee.detail !== undefined, 'a draft tells what its fee is made of')
  for (const line of describeEffects(effects, [TRX, ...trx.assets])) show(line)
}

function usdt(): Asset {
  const asset = trx.assets.find(({ symbol }) => symbol === 'USDT')
  if (!asset) throw wrong(`${trx.name} lists no USDT`)
  return asset
}

function sun(amount: string): bigint {
  return parseAmount(amount, TRX.decimals)
}
