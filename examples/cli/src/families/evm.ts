import {
  type AmountInput,
  type Asset,
  type CofferError,
  type EvmSource,
  formatAmount,
  isCofferError,
  parseAccountId,
  type ReadOptions,
} from '@coffer/core'
import { etherscan, jsonRpc } from '@coffer/daemon-client'
import {
  bnb,
  bnbTestnet,
  decodeSigned,
  type EvmAccount,
  type EvmChain,
  encodeUnsigned,
  ethereum,
  type FeeSpeed,
  parseUri,
  sepolia,
} from '@coffer/evm'
import { WebSocket } from 'ws'
import type { AppAccount, BalanceRow, Family, Order, PayWords } from './family.ts'
import { contradicts, invalid, isSpeed, refuseOptions, unknownAsset } from './words.ts'

const LINK = /^ethereum:/i

/** Ethereum, BNB Smart Chain and their test networks: one address an account, tokens beside the coin. */
export const evm: Family<EvmChain, EvmAccount> = {
  chains: [ethereum(), bnb(), sepolia(), bnbTestnet()],
  types: [],
  meanwhile:
    'Payments made meanwhile wait for this one: publish it soon, or give it up with "coffer discard".',
  discarded: 'Its nonce is free again.',

  source: ({ url, indexer }) =>
    jsonRpc(url, { webSocket: WebSocket, ...(indexer ? { history: etherscan(indexer) } : {}) }),
  silent: (chain, error): EvmSource => ({
    family: 'evm',
    chain,
    request: async () => {
      throw error()
    },
  }),

  accountText: (chain, text) => {
    if (!text.startsWith(`${chain.id}:`)) return `${chain.id}:${chain.parseAddress(text)}`
    return `${chain.id}:${chain.parseAddress(parseAccountId(text).address)}`
  },
  label: addressOf,
  firstAddress: (_, descriptor) => addressOf(descriptor),
  named: (descriptor) => ({ address: addressOf(descriptor) }),
  account,

  linkChains: (text) => (LINK.test(text) ? [parseUri(text).chain] : undefined),
  assetId: (chain, { namespace, reference }) =>
    namespace === 'erc20' ? `${chain.id}/erc20:${chain.parseAddress(reference)}` : undefined,

  inspectSigned: (chain, signed) =>
    chain.inspect({
      chain: chain.id,
      account: signed.account,
      // The transaction alone: there is no intent to hold it against.
      intent: { kind: 'unknown' },
      payload: encodeUnsigned(decodeSigned(signed.raw).tx),
      hints: {},
    }),
  counterparty: ({ direction, from, to }) =>
    direction === 'in' ? `from ${from}` : `to   ${to ?? 'a new contract'}`,
}

function account(chain: EvmChain, opened: EvmAccount): AppAccount {
  return {
    descriptor: opened.descriptor,
    balances: async (addresses, options) => {
      const tokens = await Promise.all(addresses.map((address) => readToken(chain, opened, address, options)))
      const readable = tokens.flatMap((token) => ('error' in token ? [] : [token]))
      const assets = [chain.coin, ...chain.assets, ...readable]
      const balances = await opened.balances({ assets, ...options })
      return [...balances, ...tokens.filter((token) => 'error' in token)]
    },
    receive: async ({ asset: text, amount, ...others }, options) => {
      refuseOptions(chain, others)
      const asset = await findAsset(chain, opened, text, options)
      const receive = await opened.receive({ asset: asset.id, amount })
      // Every wallet reads a bare address; links are for those that ask for an amount.
      return { ...receive, code: amount === undefined ? receive.address : receive.uri }
    },
    history: (options) => opened.history(options),
    order: (words, options) => readOrder(chain, opened, words, options),
    replace: (sent, { action, fee, ...others }, options) => {
      refuseOptions(chain, others)
      if (typeof sent === 'string') throw invalid('Only payments that were sent from here can be replaced.')
      return opened.replace(sent, { action, fee: feeOf(fee) }, options)
    },
    discard: (draft) => opened.discard(draft),
  }
}

/** Whom to pay what, put together from options and, where one is given, a payment link. */
async function readOrder(
  chain: EvmChain,
  opened: EvmAccount,
  { to: recipients, amount, asset, fee: speed, maxFee, ...others }: PayWords,
  { say, ...options }: ReadOptions & { say(line: string): void },
): Promise<Order> {
  refuseOptions(chain, others)
  const [to, second] = recipients
  if (to === undefined) throw invalid('Say whom to pay: --to.')
  if (second !== undefined) throw invalid(`Payments on ${chain.name} go to one recipient each.`)
  const link = LINK.test(to) ? parseUri(to, chain.id) : undefined
  for (const { message } of link?.warnings ?? []) say(`Warning: ${message}`)
  if (link && link.chain !== chain.id) throw contradicts('chain')
  const fee = feeOf(speed)

  const wanted = await findAsset(chain, opened, asset, options)
  const linked = link ? await findAsset(chain, opened, link.asset, options) : wanted
  if (asset !== undefined && linked.id !== wanted.id) throw contradicts('asset')
  if (
    link?.amount !== undefined &&
    amount !== undefined &&
    amount !== formatAmount(link.amount, linked.decimals)
  )
    throw contradicts('amount')
  const chosen: AmountInput | 'max' | undefined = link?.amount ?? amount
  if (chosen === undefined) throw invalid('Say how much: --amount 0.25, or --amount max.')
  const request = { to: link?.to ?? to, amount: chosen, asset: linked, fee, maxFee }
  return { tokens: [linked], create: (options) => opened.create(request, options) }
}

/** An asset by symbol, CAIP-19 id or contract address; the coin when not given. A token that is on no list is read from the chain. */
async function findAsset(
  chain: EvmChain,
  opened: EvmAccount,
  text: string | undefined,
  options: ReadOptions,
): Promise<Asset> {
  if (text === undefined) return chain.coin
  const listed = [chain.coin, ...chain.assets]
  const known = listed.find(
    ({ id, symbol }) =>
      symbol.toLowerCase() === text.toLowerCase() || id.toLowerCase() === text.toLowerCase(),
  )
  if (known) return known
  const prefix = `${chain.id}/erc20:`
  const token = text.startsWith(prefix) ? text.slice(prefix.length) : text
  if (!/^0x/i.test(token))
    throw unknownAsset(chain, text, 'name any other token by the address of its contract')
  const id = `${prefix}${chain.parseAddress(token)}`
  return listed.find((asset) => asset.id === id) ?? opened.token(token, options)
}

/** A token from the chain; one that cannot be read becomes a row that says so, beside the others. */
async function readToken(
  chain: EvmChain,
  opened: EvmAccount,
  address: string,
  options: ReadOptions,
): Promise<Asset | (BalanceRow & { readonly error: CofferError })> {
  const id = `${chain.id}/erc20:${chain.parseAddress(address)}` as const
  try {
    return await opened.token(address, options)
  } catch (error) {
    if (!isCofferError(error, 'TOKEN_UNREADABLE')) throw error
    return { asset: { id, symbol: address, name: 'unknown token', decimals: 0, unlisted: true }, error }
  }
}

function feeOf(text: string | undefined): FeeSpeed | undefined {
  if (text === undefined || isSpeed(text)) return text
  throw invalid('A fee is "slow", "normal" or "fast".')
}

/** The address at the end of a descriptor. */
function addressOf(descriptor: string): string {
  return descriptor.slice(descriptor.lastIndexOf(':') + 1)
}
