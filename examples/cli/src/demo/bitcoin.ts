import { type BitcoinAccount, regtest } from '@coffer/bitcoin'
import {
  createWallet,
  type Draft,
  describeEffects,
  formatAmount,
  type Payment,
  parseAmount,
  type Wallet,
} from '@coffer/core'
import { cluster, esplora } from '@coffer/daemon-client'
import type { Devnet } from '@coffer/devnet'
import { generateMnemonic, softwareSigner } from '@coffer/signer-software'
import { reach } from './reach.ts'
import { amountOf, check, equal, follow, refused, show, signal, step } from './story.ts'

const btc = regtest()
const BTC = btc.coin
const chains = [btc] as const

/** Bitcoin: coins of many addresses, and fees that can be raised after the fact. */
export async function payOnBitcoin(node: Devnet<'bitcoin'>['bitcoin'], mnemonic: string): Promise<void> {
  step('Open a Bitcoin account of the same words')
  const source = cluster({ [btc.id]: await reach('bitcoin', node.esploraUrl, esplora) })
  const wallet = createWallet({
    chains,
    source,
    signer: softwareSigner({ mnemonic }),
    policy: { limits: [{ asset: BTC.id, amount: sat('1'), seconds: 86_400 }] },
  })
  const friends = createWallet({ chains, source, signer: softwareSigner({ mnemonic: generateMnemonic() }) })
  const account = await wallet.account('regtest')
  const friend = await friends.account('regtest', { type: 'p2tr' })
  const { address: to } = await friend.receive()
  show(`account   ${account.descriptor.replace(/tpub\w+/, 'tpub…')}`)
  show(`friend    ${to}`)
  show('policy    at most 1 rBTC a day')

  step('Ask the faucet for two coins, and see one of them wait')
  let books = sat('1.5')
  const first = await account.receive()
  await node.fund(first.address, { amount: sat('1') })
  await node.setAutomine(false)
  const second = await account.receive()
  check(second.address !== first.address, 'an address that was used is not shown again')
  await node.fund(second.address, { amount: sat('0.5') })
  const waiting = await account.balance()
  equal(waiting.confirmed, sat('1'), 'what is in a block')
  equal(waiting.pendingIncoming, sat('0.5'), 'what waits')
  show(`${amountOf(waiting.confirmed, BTC)} at ${first.address}`)
  show(`${amountOf(waiting.pendingIncoming, BTC)} at ${second.address}, waiting for a block`)
  await node.setAutomine(true)
  await node.mine(1)
  equal((await account.balance()).confirmed, books, 'the balance after the block')

  step('Create a draft: pay 0.25 rBTC to a friend, at 12.5 sat/vB')
  const draft = await account.create({ to, amount: '0.25', fee: { satPerVb: '12.5' } })
  showEffects(draft)
  const { value } = draft.fee.rate
  check(value >= 12_500n && value <= 12_625n, 'the rate is the one that was asked for, or at most 1 % above')

  step('Sign it, publish it twice, follow it to its end')
  const signed = await wallet.sign(draft)
  const payment = await wallet.publish(signed)
  equal((await wallet.publish(signed)).txid, payment.txid, 'the transaction id of a second publishing')
  const fee = await follow(payment, BTC, () => node.mine(5))
  equal(fee, draft.fee.expected, 'the fee that was paid')
  books -= sat('0.25') + fee

  step('Try to pay more than the policy allows')
  const tooMuch = await account.create({ to, amount: '0.9' })
  await refused('POLICY_REFUSED', wallet.sign(tooMuch))
  await account.discard(tooMuch)

  step('Try to sign a draft whose words were changed on the way')
  const honest = await account.create({ to, amount: '0.1' })
  const thief = (await wallet.account('regtest', { index: 9 })).addresses({ count: 1 })[0] ?? ''
  await refused('DRAFT_MISMATCH', wallet.sign(wallet.draft(JSON.stringify(honest).replace(to, thief))))
  await account.discard(honest)

  step('Speed a waiting payment up, then cancel it')
  await node.setAutomine(false)
  const slow = await pay(wallet, await account.create({ to, amount: '0.1', fee: { satPerVb: '1' } }))
  const faster = await pay(
    wallet,
    await account.replace(slow, { action: 'speed-up', fee: { satPerVb: '5' } }),
  )
  const nothing = await pay(
    wallet,
    await account.replace(faster, { action: 'cancel', fee: { satPerVb: '10' } }),
  )
  await node.mine(1)
  books -= (await nothing.confirmed(1, { signal })).fee
  for (const gone of [slow, faster])
    equal((await gone.status()).state, 'replaced', 'the state of what was replaced')
  show('cancelled: 0.1 rBTC stay, both earlier transactions are replaced')

  step('Push a payment of the friend, whose fee is too low (CPFP)')
  const back = await account.receive()
  const gift = await pay(
    friends,
    await friend.create({ to: back.address, amount: '0.05', fee: { satPerVb: '1' } }),
  )
  const child = await pay(
    wallet,
    await account.replace(gift.txid, { action: 'speed-up', by: 'cpfp', fee: { satPerVb: '20' } }),
  )
  await node.setAutomine(true)
  await node.mine(1)
  const giftFee = (await gift.confirmed(1, { signal })).fee
  books += sat('0.05') - (await child.confirmed(1, { signal })).fee
  show('both are in one block')

  step('Compare balances with the books, to the satoshi')
  await compare(account, books)
  await compare(friend, sat('0.25') - sat('0.05') - giftFee, 'the friend has ')

  step('Read the history')
  const { items } = await account.history()
  equal(items.length, 6, 'the number of rows')
  for (const { direction, amount, state, height } of items)
    show(
      `${{ in: '+', out: '-', self: ' ' }[direction]}${formatAmount(amount, BTC.decimals)} ${BTC.symbol}, ${state} in block ${height}`,
    )
  wallet.dispose()
  friends.dispose()
}

// ---- what the steps share ----

async function pay(wallet: Wallet<typeof chains>, draft: Draft): Promise<Payment> {
  showEffects(draft)
  return wallet.publish(await wallet.sign(draft), { signal })
}

async function compare(account: BitcoinAccount, books: bigint, who = ''): Promise<void> {
  const { total, confirmed } = await account.balance()
  equal(total, books, `the balance of ${BTC.symbol}`)
  equal(confirmed, total, 'what is in blocks')
  show(who + amountOf(total, BTC))
}

function showEffects({ effects }: Draft): void {
  for (const line of describeEffects(effects, [BTC])) show(line)
}

function sat(amount: string): bigint {
  return parseAmount(amount, BTC.decimals)
}
