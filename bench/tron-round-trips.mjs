// How often each library goes to a Tron node for one and the same thing.
import { createWallet } from '@coffer/core'
import { cluster, tronHttp } from '@coffer/daemon-client'
import { startDevnet } from '@coffer/devnet'
import { softwareSigner } from '@coffer/signer-software'
import { tronDevnet } from '@coffer/tron'
import { send as cofferSend } from './apps/coffer-send-tron.mjs'
import { openTronWeb, trc20, send as tronwebSend } from './apps/tronweb-send.mjs'
import { countingProxy, counts } from './lib/counting-proxy.mjs'
import { runAlone } from './lib/harness.mjs'
import { mnemonic } from './lib/payment.mjs'
import { assertBuilt } from './lib/places.mjs'
import { transfer, tronAddress } from './lib/tron-payment.mjs'

const TOKENS = 20
const HELD = 7_000_000n
const TRX = 1_000_000_000n
/** tronweb works for a while between the twenty requests that it sends together. */
const LATENCY = 500

const COFFER = 'Coffer'
const COFFER_OPEN = 'Coffer, the second payment of an account'
const COFFER_SHARED = 'Coffer, the token’s deployer pays a part'
const TRONWEB = 'tronweb'
const TRONWEB_AT = 'tronweb, contract().at(…)'
const TRONWEB_PRICED = 'tronweb, after asking what it costs'

export async function measure() {
  assertBuilt()
  const { tron, stop } = await startDevnet({ chains: ['tron'] })
  const proxy = await countingProxy(tron.url, { latency: LATENCY })
  const { url } = proxy
  try {
    // tronweb knows the path of the main network alone; on others Coffer's has SLIP-44's coin type of tests.
    const owners = [tronAddress, (await openWallet(tron.url).account('tron-devnet')).address]
    const tokens = []
    for (let i = 0; i < TOKENS; i++)
      tokens.push(await tron.deployToken({ name: `Token ${i}`, symbol: `T${i}`, decimals: 6 }))
    const { USDT, USDC } = tron.tokens
    await tron.setContract(USDC.address, { userPercent: 30 })
    const held = Object.fromEntries([...tokens, USDT.address, USDC.address].map((token) => [token, HELD]))
    for (const owner of owners) await tron.setAccount(owner, { balance: TRX, tokens: held })

    const opens = await each(openers, proxy, async (open) => {
      const { coin, amounts } = await open({ url, tokens })
      if (coin !== TRX || amounts.length !== TOKENS || amounts.some((amount) => amount !== HELD))
        throw new Error('the balances are wrong')
    })
    const sending = (token) => async (send) => {
      const txid = await send({ mnemonic, url, to: transfer.to, amount: 1_000n, token })
      const info = await tron.request('wallet/gettransactioninfobyid', { value: txid })
      const { result } = info.receipt ?? {}
      if (info.id !== txid || (token && result !== 'SUCCESS')) throw new Error('the payment did not arrive')
    }
    const coins = await each(senders.coin, proxy, sending())
    const tokensSent = [
      ...(await each(senders.token, proxy, sending(USDT))),
      ...(await each({ [COFFER_SHARED]: cofferSend }, proxy, sending(USDC))),
    ]

    const signed = await coinSigned(tron)
    const statuses = await each(askers, proxy, async (ask) => {
      const { height, hash, confirmations } = await ask({ url, signed })
      if (!(height > 0 && hash && confirmations > 0)) throw new Error('the status is wrong')
    })

    const columns = ['who', 'HTTP requests', 'round trips', 'asked for']
    const table = (caption, results) => ({
      caption,
      columns,
      rows: results.map(({ name, requests, roundTrips, asked }) => [name, requests, roundTrips, asked]),
    })
    return {
      title: 'Tron: round trips',
      notes: [
        'As under “Round trips” above, before the devnet’s Tron. Tron’s API knows no batches, so that each call is a request; `20 a` are twenty of a kind at the same time. Coffer’s first request is always the genesis block, by which it knows the chain: a wallet that stays open asks for it every five minutes, and an account for the terms of a contract every ten. tronweb believes that the node is of the chain that is meant.',
        'Coffer’s payments hold balance, price, energy, fee and recipient against the chain before anything is signed, and refer to a final block. tronweb lets the node build the transaction of a token and asks for no price: “after asking what it costs” does what its guide says to do for that.',
      ],
      tables: [
        table(`Open an account: from words to TRX and ${TOKENS} TRC-20 balances`, opens),
        table('Send TRX: from words to the accepted broadcast', coins),
        table('Send a TRC-20 token: from words to the accepted broadcast', tokensSent),
        table('Status of a payment: block, confirmations, whether it is final', statuses),
      ],
      goals: [
        goal(`Coffer reads ${TOKENS} TRC-20 tokens in at most 3 HTTP requests`, opens, 'requests', 3),
        goal('Coffer sends a TRC-20 token in at most 3 round trips', tokensSent, 'roundTrips', 3),
        goal('Coffer sends TRX in at most 3 round trips', coins, 'roundTrips', 3),
      ],
    }
  } finally {
    proxy.close()
    await stop()
  }
}

function goal(text, results, key, most) {
  const found = results.find(({ name }) => name === COFFER)[key]
  return { goal: text, found: String(found), holds: found <= most }
}

async function each(doers, proxy, run) {
  const results = []
  for (const [name, doer] of Object.entries(doers)) {
    if (name === COFFER_OPEN) await run(doer)
    proxy.take()
    await run(doer)
    results.push({ name, ...counts(proxy.take().toSorted((a, b) => a.start - b.start)) })
  }
  return results
}

const openWallet = (url, tokens = []) => {
  const chain = tronDevnet({
    tokens: tokens.map((address, i) => ({ address, symbol: `T${i}`, name: `Token ${i}`, decimals: 6 })),
  })
  return createWallet({
    chains: [chain],
    source: cluster({ [chain.id]: [tronHttp(url)] }),
    signer: softwareSigner({ mnemonic }),
  })
}

const openers = {
  [COFFER]: async ({ url, tokens }) => {
    const wallet = openWallet(url, tokens)
    const [chain] = wallet.chains
    const account = await wallet.account(chain.id)
    const [coin, ...rest] = await account.balances({ assets: [chain.coin, ...chain.assets.slice(-TOKENS)] })
    wallet.dispose()
    return { coin: coin.amount, amounts: rest.map(({ amount }) => amount) }
  },
  [TRONWEB]: async ({ url, tokens }) => {
    const tronWeb = openTronWeb({ mnemonic, url })
    const own = tronWeb.defaultAddress.base58
    const [coin, ...amounts] = await Promise.all([
      tronWeb.trx.getBalance(own),
      ...tokens.map((token) => tronWeb.contract(trc20, token).methods.balanceOf(own).call()),
    ])
    return { coin: BigInt(coin), amounts: amounts.map(BigInt) }
  },
  [TRONWEB_AT]: async ({ url, tokens }) => {
    const tronWeb = openTronWeb({ mnemonic, url })
    const own = tronWeb.defaultAddress.base58
    const balanceOf = async (token) => (await tronWeb.contract().at(token)).methods.balanceOf(own).call()
    const [coin, ...amounts] = await Promise.all([tronWeb.trx.getBalance(own), ...tokens.map(balanceOf)])
    return { coin: BigInt(coin), amounts: amounts.map(BigInt) }
  },
}

const senders = {
  coin: {
    [COFFER]: cofferSend,
    [TRONWEB]: tronwebSend,
    [TRONWEB_PRICED]: async (request) => {
      const { trx, defaultAddress } = openTronWeb(request)
      const own = defaultAddress.base58
      await Promise.all([
        trx.getBalance(own),
        trx.getAccountResources(own),
        trx.getChainParameters(),
        trx.getAccount(request.to),
      ])
      return tronwebSend(request)
    },
  },
  token: {
    [COFFER]: cofferSend,
    [COFFER_OPEN]: keepsOpen(),
    [TRONWEB]: tronwebSend,
    [TRONWEB_AT]: async (request) => {
      const tronWeb = openTronWeb(request)
      const contract = await tronWeb.contract().at(request.token.address)
      return contract.methods.transfer(request.to, request.amount).send({ feeLimit: 30_000_000 })
    },
    [TRONWEB_PRICED]: async (request) => {
      const { to, amount, token } = request
      const tronWeb = openTronWeb(request)
      const { trx, transactionBuilder } = tronWeb
      const own = tronWeb.defaultAddress.base58
      const parameters = [
        { type: 'address', value: to },
        { type: 'uint256', value: amount.toString() },
      ]
      await Promise.all([
        trx.getBalance(own),
        tronWeb.contract(trc20, token.address).methods.balanceOf(own).call(),
        trx.getAccountResources(own),
        trx.getChainParameters(),
        transactionBuilder.triggerConstantContract(
          token.address,
          'transfer(address,uint256)',
          {},
          parameters,
          own,
        ),
      ])
      return tronwebSend(request)
    },
  },
}

/** One wallet and account for all that it sends, each payment another amount. */
function keepsOpen() {
  let wallet
  let account
  let more = 0n
  return async ({ url, to, amount, token }) => {
    wallet ??= openWallet(url)
    account ??= await wallet.account('tron-devnet')
    const request = { to, amount: amount + ++more, asset: token.symbol }
    const signed = await wallet.sign(await account.create(request))
    await wallet.publish(signed)
    return signed.txid
  }
}

/** A payment that is in a block, but not in a final one. */
async function coinSigned(tron) {
  const wallet = openWallet(tron.url)
  const account = await wallet.account(wallet.chains[0].id)
  const signed = await wallet.sign(await account.create({ to: transfer.to, amount: 2_000n }))
  await wallet.publish(signed)
  wallet.dispose()
  return signed
}

const askers = {
  [COFFER]: async ({ url, signed }) => {
    const wallet = openWallet(url)
    const status = await wallet.payment(signed).status()
    wallet.dispose()
    return status
  },
  [TRONWEB]: async ({ url, signed: { txid } }) => {
    const { trx } = openTronWeb({ mnemonic, url })
    const [mined, , head] = await Promise.all([
      trx.getUnconfirmedTransactionInfo(txid),
      // What is final, where there is any answer.
      trx.getTransactionInfo(txid),
      trx.getCurrentBlock(),
    ])
    const height = mined.blockNumber
    const { blockID } = await trx.getBlockByNumber(height)
    return { height, hash: blockID, confirmations: head.block_header.raw_data.number - height + 1 }
  },
}

await runAlone(import.meta, measure)
