// How often each library goes to the node for one and the same thing.
import { createWallet } from '@coffer/core'
import { cluster, jsonRpc } from '@coffer/daemon-client'
import { startDevnet } from '@coffer/devnet'
import { bnb, ethereum } from '@coffer/evm'
import { softwareSigner } from '@coffer/signer-software'
import WalletManagerEvm from '@tetherto/wdk-wallet-evm'
import { Contract, HDNodeWallet, JsonRpcProvider } from 'ethers'
import { createPublicClient, erc20Abi, http } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { bsc, mainnet } from 'viem/chains'
import { send as cofferSend } from './apps/coffer-send.mjs'
import { send as ethersSend } from './apps/ethers-send.mjs'
import { send as viemSend } from './apps/viem-send.mjs'
import { send as wdkSend } from './apps/wdk-send.mjs'
import { countingProxy, counts } from './lib/counting-proxy.mjs'
import { runAlone } from './lib/harness.mjs'
import { address, mnemonic, payment } from './lib/payment.mjs'
import { assertBuilt } from './lib/places.mjs'

const TOKENS = 50
const HELD = 7_000_000n

export async function measure() {
  assertBuilt()
  const devnet = await startDevnet({ chains: ['ethereum', 'bnb'] })
  const ethereumProxy = await countingProxy(devnet.ethereum.url)
  const bnbProxy = await countingProxy(devnet.bnb.url)
  try {
    for (const node of [devnet.ethereum, devnet.bnb]) await node.setBalance(address, 10n ** 20n)
    const tokens = []
    for (let i = 0; i < TOKENS; i++) {
      const token = await devnet.ethereum.deployToken({ name: `Token ${i}`, symbol: `T${i}`, decimals: 6 })
      await devnet.ethereum.fund(address, { amount: HELD, token })
      tokens.push(token)
    }
    const urls = { ethereum: ethereumProxy.url, bnb: bnbProxy.url }
    const proxies = [ethereumProxy, bnbProxy]
    const sends = await each(senders, proxies, async (send) => {
      ethereumProxy.refused.clear()
      if (send === senders[VIEM_BARE]) ethereumProxy.refused.add('eth_fillTransaction')
      const txid = await send({ mnemonic, url: urls.ethereum, to: payment(0).to, amount: 1n })
      if (!(await devnet.ethereum.rpc('eth_getTransactionReceipt', [txid])))
        throw new Error('the payment did not arrive')
    })
    const balances = await each(readers, proxies, async (read) => {
      const { coin, amounts } = await read({ url: urls.ethereum, tokens })
      if (coin <= 0n || amounts.length !== TOKENS || amounts.some((amount) => amount !== HELD))
        throw new Error('the balances are wrong')
    })
    const opens = await each(openers, proxies, async (open) => {
      const found = await open(urls)
      if (found.some((balances) => balances.length !== 4 || balances[0] <= 0n))
        throw new Error('the balances are wrong')
    })
    const rows = (results) =>
      results.map(({ name, requests, calls, roundTrips, asked }) => [
        name,
        requests,
        calls,
        roundTrips,
        asked,
      ])
    const columns = ['who', 'HTTP requests', 'calls', 'round trips', 'asked for']
    return {
      title: 'Round trips',
      notes: [
        'Each begins with new objects and no connection. Calls that travel in one batch are one HTTP request; requests under way at the same time are one round trip. Asked for: `a+b` in one batch, `a & b` at the same time, `a → b` one after the other.',
      ],
      tables: [
        { caption: 'Send the coin: from the intent to the accepted broadcast', columns, rows: rows(sends) },
        { caption: `Balances: the coin and ${TOKENS} tokens`, columns, rows: rows(balances) },
        {
          caption: 'Open an account on two chains: from words to the coin and three tokens on each',
          columns,
          rows: rows(opens),
        },
      ],
      goals: [
        goal('Coffer sends in at most 3 round trips', sends, 'roundTrips', 3),
        goal(`Coffer reads ${TOKENS} tokens in at most 2 HTTP requests`, balances, 'requests', 2),
        goal('Coffer opens two chains with at most 4 HTTP requests', opens, 'requests', 4),
      ],
    }
  } finally {
    for (const proxy of [ethereumProxy, bnbProxy]) proxy.close()
    await devnet.stop()
  }
}

function goal(text, results, key, most) {
  const found = results.find(({ name }) => name === 'Coffer')[key]
  return { goal: text, found: String(found), holds: found <= most }
}

async function each(doers, proxies, run) {
  const results = []
  for (const [name, doer] of Object.entries(doers)) {
    for (const proxy of proxies) proxy.take()
    await run(doer)
    const entries = proxies.flatMap((proxy) => proxy.take()).toSorted((a, b) => a.start - b.start)
    results.push({ name, ...counts(entries) })
  }
  return results
}

/** Anvil and geth fill a transaction; most public endpoints do not let one ask for it. */
const VIEM_BARE = 'viem, where eth_fillTransaction is refused'
const senders = {
  Coffer: cofferSend,
  viem: viemSend,
  [VIEM_BARE]: (request) => viemSend(request),
  ethers: ethersSend,
  WDK: wdkSend,
}

const readers = {
  Coffer: async ({ url, tokens }) => {
    const chain = ethereum({
      tokens: tokens.map((token, i) => ({
        address: token,
        symbol: `T${i}`,
        name: `Token ${i}`,
        decimals: 6,
      })),
    })
    const wallet = createWallet({ chains: [chain], source: cluster({ [chain.id]: [jsonRpc(url)] }) })
    const account = await wallet.watch(`${chain.id}:${address}`)
    const [coin, ...rest] = await account.balances({ assets: [chain.coin, ...chain.assets.slice(-TOKENS)] })
    return { coin: coin.amount, amounts: rest.map(({ amount }) => amount) }
  },
  viem: async ({ url, tokens }) => {
    const client = createPublicClient({ chain: mainnet, transport: http(url) })
    return viemBalances(client, address, tokens)
  },
  ethers: async ({ url, tokens }) => {
    const provider = new JsonRpcProvider(url)
    const result = await ethersBalances(provider, address, tokens)
    provider.destroy()
    return result
  },
  WDK: async ({ url, tokens }) => {
    const account = await new WalletManagerEvm(mnemonic, { provider: url }).getAccount(0)
    return wdkBalances(account, tokens)
  },
}

/** Coffer's own lists: USDT, USDC and DAI. */
const listed = (chain) => chain.assets.slice(0, 3).map(({ id }) => id.split(':').at(-1))

const openers = {
  Coffer: async (urls) => {
    const wallet = createWallet({
      chains: [ethereum(), bnb()],
      source: cluster({ 'eip155:1': [jsonRpc(urls.ethereum)], 'eip155:56': [jsonRpc(urls.bnb)] }),
      signer: softwareSigner({ mnemonic }),
    })
    const open = async (name) => {
      const account = await wallet.account(name)
      const chain = wallet.chain(name)
      const balances = await account.balances({ assets: [chain.coin, ...chain.assets.slice(0, 3)] })
      return balances.map(({ amount }) => amount)
    }
    return Promise.all([open('ethereum'), open('bnb')])
  },
  viem: (urls) => {
    const account = mnemonicToAccount(mnemonic)
    const open = async (chain, url, tokens) => {
      const client = createPublicClient({ chain, transport: http(url) })
      const { coin, amounts } = await viemBalances(client, account.address, tokens)
      return [coin, ...amounts]
    }
    return Promise.all([open(mainnet, urls.ethereum, listed(ethereum())), open(bsc, urls.bnb, listed(bnb()))])
  },
  ethers: (urls) => {
    const wallet = HDNodeWallet.fromPhrase(mnemonic)
    const open = async (url, tokens) => {
      const provider = new JsonRpcProvider(url)
      const { coin, amounts } = await ethersBalances(provider, wallet.address, tokens)
      provider.destroy()
      return [coin, ...amounts]
    }
    return Promise.all([open(urls.ethereum, listed(ethereum())), open(urls.bnb, listed(bnb()))])
  },
  WDK: (urls) => {
    const open = async (url, tokens) => {
      const account = await new WalletManagerEvm(mnemonic, { provider: url }).getAccount(0)
      const { coin, amounts } = await wdkBalances(account, tokens)
      return [coin, ...amounts]
    }
    return Promise.all([open(urls.ethereum, listed(ethereum())), open(urls.bnb, listed(bnb()))])
  },
}

async function viemBalances(client, owner, tokens) {
  const [coin, amounts] = await Promise.all([
    client.getBalance({ address: owner }),
    client.multicall({
      allowFailure: false,
      contracts: tokens.map((token) => ({
        address: token,
        abi: erc20Abi,
        functionName: 'balanceOf',
        args: [owner],
      })),
    }),
  ])
  return { coin, amounts }
}

async function ethersBalances(provider, owner, tokens) {
  const abi = ['function balanceOf(address) view returns (uint256)']
  const [coin, ...amounts] = await Promise.all([
    provider.getBalance(owner),
    ...tokens.map((token) => new Contract(token, abi, provider).balanceOf(owner)),
  ])
  return { coin, amounts }
}

async function wdkBalances(account, tokens) {
  const [coin, amounts] = await Promise.all([account.getBalance(), account.getTokenBalances(tokens)])
  return { coin, amounts: tokens.map((token) => amounts[token]) }
}

await runAlone(import.meta, measure)
