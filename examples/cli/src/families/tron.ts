import {
  type AmountInput,
  type Asset,
  CofferError,
  type HistoryOptions,
  isCofferError,
  parseAmount,
  type ReadOptions,
  type TronSource,
} from '@coffer/core'
import {
  decodeSigned,
  encodeRaw,
  formatUri,
  nile,
  parseUri,
  shasta,
  type TronAccount,
  type TronChain,
  tronDevnet,
  tron as tronMain,
} from '@coffer/tron'
import type { AppAccount, BalanceRow, Family, Order, PayWords } from './family.ts'
import { costsOf, created } from './tron-costs.ts'
import { tronSource } from './tron-source.ts'
import { contradicts, invalid, refuseOptions, unknownAsset } from './words.ts'

const LINK = /^tron:(?:\/\/)?T/i
const TRC10 = /^[1-9][0-9]{0,15}$/

/** Tron and its test networks: one address an account, tokens beside the coin, and stake that pays fees. */
export const tron: Family<TronChain, TronAccount> = {
  chains: [tronMain(), shasta(), nile(), tronDevnet()],
  types: [],
  meanwhile:
    'It expires: sign it and publish it within ten minutes, or within the seconds of --expires. Nothing is kept for it.',
  discarded: 'Nothing was kept for it. It can reach no block unless somebody signs it.',

  source: tronSource,
  silent: (chain, error): TronSource => ({
    family: 'tron',
    chain,
    request: async () => {
      throw error()
    },
  }),

  accountText: (_, text) => text,
  label: addressOf,
  firstAddress: (_, descriptor) => addressOf(descriptor),
  named: (descriptor) => ({ address: addressOf(descriptor) }),
  account,

  // An address is the same on all of them.
  linkChains: (text) => (LINK.test(text) ? tron.chains.map(({ id }) => id) : undefined),
  assetId: (chain, { namespace, reference }) => {
    if (namespace === 'trc20') return `${chain.id}/trc20:${chain.parseAddress(reference)}`
    return namespace === 'trc10' && TRC10.test(reference) ? `${chain.id}/trc10:${reference}` : undefined
  },

  inspectSigned: (chain, { account, raw, spent }) =>
    chain.inspect({
      chain: chain.id,
      account,
      // The transaction and who signed it alone: there is no intent to hold it against.
      intent: { kind: 'unknown', ...(spent === undefined ? {} : { permission: JSON.parse(spent) }) },
      payload: `0x${Buffer.from(encodeRaw(decodeSigned(raw).tx)).toString('hex')}`,
      hints: {},
    }),
  counterparty: ({ direction, from, to }) => (direction === 'in' ? `from ${from}` : `to   ${to}`),
}

function account(chain: TronChain, opened: TronAccount): AppAccount {
  return {
    descriptor: opened.descriptor,
    tron: opened,
    balances: async (names, options) => {
      const tokens = await Promise.all(names.map((name) => readToken(chain, opened, name, options)))
      const readable = tokens.flatMap((token) => ('error' in token ? [] : [token]))
      const balances = await opened.balances({
        assets: [chain.coin, ...chain.assets, ...readable],
        ...options,
      })
      return [...balances, ...tokens.filter((token) => 'error' in token)]
    },
    receive: async ({ asset: text, amount, ...others }, options) => {
      refuseOptions(chain, others)
      const asset = await findAsset(chain, opened, text, options)
      const { address } = opened
      const uri = linkOf(chain, address, asset, amount)
      // Links of Tron have no standard; every wallet reads a bare address.
      return { address, uri, code: amount === undefined ? address : uri }
    },
    history: (options) => readHistory(chain, opened, options),
    order: (words, options) => readOrder(chain, opened, words, options),
    replace: async () => {
      throw new CofferError({
        code: 'UNSUPPORTED',
        message:
          'Tron has no replacement: a payment is in a block at once, or it expires. Wait until "coffer payments" says so, then "coffer retry" it.',
      })
    },
    discard: async () => {},
  }
}

function linkOf(chain: TronChain, address: string, asset: Asset, amount: string | undefined): string {
  const { id, decimals } = asset
  if (id.startsWith(`${chain.id}/trc10:`))
    throw invalid(
      'Payment links of Tron cannot name a TRC-10 token. Leave --asset out, and show the address alone.',
    )
  const token = id === chain.coin.id ? undefined : addressOf(id)
  return formatUri(address, {
    token,
    amount: amount === undefined ? undefined : parseAmount(amount, decimals),
    decimals,
  })
}

async function readHistory(chain: TronChain, opened: TronAccount, options: HistoryOptions) {
  try {
    return await opened.history(options)
  } catch (error) {
    if (!isCofferError(error, 'UNSUPPORTED')) throw error
    throw new CofferError({
      code: 'UNSUPPORTED',
      message: `Nodes of ${chain.name} keep no history of accounts. Name a server that does, as trongrid+https://…, or an indexer in "history" of config.json.`,
      cause: error,
    })
  }
}

/** Whom to pay what, put together from options and, where one is given, a payment link. */
async function readOrder(
  chain: TronChain,
  opened: TronAccount,
  words: PayWords,
  reading: ReadOptions,
): Promise<Order> {
  const { to: recipients, amount, asset, batch, coin, unconfirmed, ...costWords } = words
  if (batch !== undefined)
    throw invalid(
      'A transaction on Tron pays one recipient. For a table of payments there is "coffer payout".',
    )
  refuseOptions(chain, { coin, unconfirmed })
  const costs = costsOf(costWords)
  const [to, second] = recipients
  if (to === undefined) throw invalid('Say whom to pay: --to.')
  if (second !== undefined)
    throw invalid('A transaction on Tron pays one recipient. For several there is "coffer payout".')
  const link = LINK.test(to) ? parseUri(to) : undefined

  const wanted = await findAsset(chain, opened, asset, reading)
  const linked = link ? await findAsset(chain, opened, link.token, reading) : wanted
  if (asset !== undefined && linked.id !== wanted.id) throw contradicts('asset')
  if (link?.amount !== undefined && amount !== undefined && !isSame(link.amount, amount))
    throw contradicts('amount')
  if (costWords.feeLimit !== undefined && !linked.id.startsWith(`${chain.id}/trc20:`))
    throw invalid(`--fee-limit is for tokens that are contracts, and ${linked.symbol} is none. Leave it out.`)
  const chosen: AmountInput | 'max' | undefined = link?.amount ?? amount
  if (chosen === undefined) throw invalid('Say how much: --amount 0.25, or --amount max.')
  const request = { ...costs, to: link?.to ?? to, amount: chosen, asset: linked }
  return { tokens: [linked], create: (options) => created(() => opened.create(request, options)) }
}

/** Two writings of one number. */
function isSame(a: string, b: string): boolean {
  const plain = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)
  return plain(a) === plain(b)
}

/**
 * An asset by symbol, CAIP-19 id, the address of a TRC-20 contract or the number of a TRC-10 token; the coin when not given. A
 * token that is on no list is read from the chain.
 */
export async function findAsset(
  chain: TronChain,
  opened: TronAccount,
  text: string | undefined,
  options: ReadOptions,
): Promise<Asset> {
  if (text === undefined) return chain.coin
  const listed = [chain.coin, ...chain.assets]
  const known = listed.find(({ id, symbol }) => symbol.toLowerCase() === text.toLowerCase() || id === text)
  if (known) return known
  const token = text.replace(/^tron:0x[0-9a-f]+\/trc(?:20|10):/, '')
  if (token !== text && !text.startsWith(`${chain.id}/`))
    throw unknownAsset(chain, text, 'this one is of another chain')
  if (TRC10.test(token)) return opened.token(token, options)
  if (!/^(?:T.{20,}|41[0-9a-fA-F]{40})$/s.test(token))
    throw unknownAsset(
      chain,
      text,
      'name a TRC-20 token by the address of its contract, a TRC-10 token by its number',
    )
  const id = `${chain.id}/trc20:${chain.parseAddress(token)}`
  return listed.find((asset) => asset.id === id) ?? opened.token(token, options)
}

/** A token from the chain; one that cannot be read becomes a row that says so, beside the others. */
async function readToken(
  chain: TronChain,
  opened: TronAccount,
  name: string,
  options: ReadOptions,
): Promise<Asset | (BalanceRow & { readonly error: CofferError })> {
  const id = TRC10.test(name)
    ? (`${chain.id}/trc10:${name}` as const)
    : (`${chain.id}/trc20:${chain.parseAddress(name)}` as const)
  try {
    return await opened.token(name, options)
  } catch (error) {
    if (!isCofferError(error, 'TOKEN_UNREADABLE')) throw error
    return { asset: { id, symbol: name, name: 'unknown token', decimals: 0, unlisted: true }, error }
  }
}

/** The address at the end of a descriptor. */
function addressOf(descriptor: string): string {
  return descriptor.slice(descriptor.lastIndexOf(':') + 1)
}
