import {
  type Asset,
  type AssetId,
  createWallet,
  type Draft,
  describeEffects,
  formatAmount,
  type Payment,
  parseAmount,
  type Wallet,
} from '@coffer/core'
import { cluster, jsonRpc } from '@coffer/daemon-client'
import type { Devnet } from '@coffer/devnet'
import { bnb, type EvmAccount, type EvmChain, ethereum } from '@coffer/evm'
import { generateMnemonic, softwareSigner } from '@coffer/signer-software'
import { reach } from './reach.ts'
import { amountOf, check, equal, follow, refused, show, signal, step, wrong } from './story.ts'

const eth = ethereum()
const bsc = bnb()
const chains = [eth, bsc] as const
const ETH = eth.coin
const BNB = bsc.coin
const USDT = token(eth, 'USDT')

/** Ethereum and BNB Smart Chain: coins and tokens of one address. */
export async function payOnEvm(devnet: Devnet<'ethereum' | 'bnb'>, mnemonic: string): Promise<void> {
  step('Make a wallet')
  const source = cluster({
    [eth.id]: await reach('evm', devnet.ethereum.url, jsonRpc),
    [bsc.id]: await reach('evm', devnet.bnb.url, jsonRpc),
  })
  const wallet = createWallet({
    chains,
    source,
    signer: softwareSigner({ mnemonic }),
    policy: { limits: [{ asset: ETH.id, amount: parseAmount('1', 18), seconds: 86_400 }] },
  })
  const friend = createWallet({ chains, source, signer: softwareSigner({ mnemonic: generateMnemonic() }) })
  const onEthereum = await wallet.account('ethereum')
  const onBnb = await wallet.account('bnb')
  const to = (await friend.account('ethereum')).address
  show(`${mnemonic.split(' ').length} new words (hidden)`)
  show(`ethereum  ${onEthereum.address}`)
  show(`bnb       ${onBnb.address}`)
  show('policy    at most 1 ETH a day')
  equal(onEthereum.address, onBnb.address, 'the address on both chains')

  step('Ask the faucet for money')
  const books = new Map<AssetId, bigint>()
  const gifts = [
    { node: devnet.ethereum, account: onEthereum, asset: ETH, amount: '10' },
    { node: devnet.ethereum, account: onEthereum, asset: USDT, amount: '1000' },
    { node: devnet.bnb, account: onBnb, asset: BNB, amount: '5' },
  ]
  for (const { node, account, asset, amount } of gifts) {
    const units = parseAmount(amount, asset.decimals)
    await node.fund(account.address, asset === USDT ? { token: 'USDT', amount: units } : { amount: units })
    books.set(asset.id, units)
    show(`${amount} ${asset.symbol}`)
  }

  step('Read balances')
  await compare(books, [onEthereum, onBnb])

  step('Create a draft: pay 0.25 ETH to a friend')
  const draft = await onEthereum.create({ to, amount: '0.25' })
  showEffects(eth, draft)
  equal(draft.effects.list.length, 1, 'the number of effects')
  check(draft.fee.expected <= draft.fee.ceiling, 'the expected fee is below its ceiling')

  step('Sign it, after holding its bytes against the intent and the policy')
  const signed = await wallet.sign(draft)
  show(`transaction ${signed.txid}`)

  step('Publish it')
  const payment = await wallet.publish(signed)
  equal((await wallet.publish(signed)).txid, payment.txid, 'the transaction id of a second publishing')
  show('published twice, sent once')

  step('Follow it to its end')
  const fee = await follow(payment, ETH, () => devnet.ethereum.mine(4))
  check(fee <= draft.fee.ceiling, 'the fee that was paid is below the ceiling that was signed')
  spend(books, ETH, '0.25', fee)

  step('Pay 25.5 USDT on Ethereum, and 1 BNB')
  const usdt = await send(wallet, eth, onEthereum, { to, amount: '25.5', asset: 'USDT' })
  spend(books, USDT, '25.5')
  spend(books, ETH, '0', usdt)
  spend(books, BNB, '1', await send(wallet, bsc, onBnb, { to, amount: '1' }))

  step('Try to pay more than the policy allows')
  const tooMuch = await onEthereum.create({ to, amount: '5' })
  await refused('POLICY_REFUSED', wallet.sign(tooMuch))
  await onEthereum.discard(tooMuch)

  step('Try to sign a draft that somebody changed on the way')
  const honest = await onEthereum.create({ to, amount: '0.1' })
  const thief = (await wallet.account('ethereum', { index: 9 })).address
  const forged = JSON.stringify(honest).replace(to.slice(2).toLowerCase(), thief.slice(2).toLowerCase())
  const changed = wallet.draft(forged)
  show(`its words pay ${to}`)
  show(`its bytes pay ${thief}`)
  await refused('DRAFT_MISMATCH', wallet.sign(changed))
  await onEthereum.discard(honest)

  step('Speed a waiting payment up, then cancel it')
  await devnet.ethereum.setAutomine(false)
  const slow = await wallet.publish(
    await wallet.sign(await onEthereum.create({ to, amount: '0.1', fee: 'slow' })),
  )
  const faster = await replace(wallet, onEthereum, slow, 'speed-up')
  const nothing = await replace(wallet, onEthereum, faster, 'cancel')
  await devnet.ethereum.setAutomine(true)
  await devnet.ethereum.mine(1)
  spend(books, ETH, '0', (await nothing.confirmed(1, { signal })).fee)
  for (const gone of [slow, faster])
    equal((await gone.status()).state, 'replaced', 'the state of what was replaced')
  show('cancelled: 0.1 ETH stay, both earlier transactions are replaced')

  step('Compare balances with the books, to the wei')
  await compare(books, [onEthereum, onBnb])
  await compare(
    new Map([
      [ETH.id, parseAmount('0.25', 18)],
      [USDT.id, parseAmount('25.5', 6)],
      [BNB.id, parseAmount('1', 18)],
    ]),
    [await friend.account('ethereum'), await friend.account('bnb')],
    'the friend got ',
  )

  step('Read the history')
  for (const account of [onEthereum, onBnb]) {
    const { items } = await account.history()
    equal(items.length, account === onEthereum ? 4 : 2, 'the number of rows')
    for (const { direction, amount, asset, state, height } of items)
      show(
        `${direction === 'in' ? '+' : '-'}${formatAmount(amount, asset.decimals)} ${asset.symbol}, ${state} in block ${height}`,
      )
  }
  wallet.dispose()
  friend.dispose()
}

// ---- what the steps share ----

type DemoWallet = Wallet<typeof chains>

/** All four steps of a payment; returns the fee that was paid. */
async function send(
  wallet: DemoWallet,
  chain: EvmChain,
  account: EvmAccount,
  request: { to: string; amount: string; asset?: string },
): Promise<bigint> {
  const draft = await account.create(request, { signal })
  showEffects(chain, draft)
  const payment = await wallet.publish(await wallet.sign(draft), { signal })
  const { fee, height } = await payment.confirmed(1, { signal })
  show(`confirmed in block ${height}, fee ${amountOf(fee, chain.coin)}`)
  return fee
}

async function replace(
  wallet: DemoWallet,
  account: EvmAccount,
  sent: Payment,
  action: 'speed-up' | 'cancel',
): Promise<Payment> {
  const draft = await account.replace(sent, { action })
  showEffects(eth, draft)
  return wallet.publish(await wallet.sign(draft))
}

/** Takes an amount and a fee out of the books. */
function spend(books: Map<AssetId, bigint>, asset: Asset, amount: string, fee = 0n): void {
  books.set(asset.id, (books.get(asset.id) ?? 0n) - parseAmount(amount, asset.decimals) - fee)
}

/** Reads every balance and compares it with the books, to the last unit. */
async function compare(
  books: Map<AssetId, bigint>,
  accounts: readonly EvmAccount[],
  who = '',
): Promise<void> {
  for (const account of accounts)
    for (const { asset, amount, error } of await account.balances()) {
      if (error) throw error
      equal(amount, books.get(asset.id) ?? 0n, `the balance of ${asset.symbol}`)
      if (amount > 0n) show(who + amountOf(amount, asset))
    }
}

function showEffects(chain: EvmChain, draft: Draft): void {
  for (const line of describeEffects(draft.effects, [chain.coin, ...chain.assets])) show(line)
}

function token(chain: EvmChain, symbol: string): Asset {
  const asset = chain.assets.find((asset) => asset.symbol === symbol)
  if (!asset) throw wrong(`${chain.name} lists no ${symbol}`)
  return asset
}
