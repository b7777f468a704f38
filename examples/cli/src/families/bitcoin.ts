import {
  type BitcoinAccount,
  type BitcoinChain,
  type BitcoinRequest,
  bitcoin as bitcoinMain,
  deriveScripts,
  type FeeChoice,
  formatAddress,
  inspectSigned,
  parseDescriptor,
  parseUri,
  regtest,
  signet,
  testnet4,
} from '@coffer/bitcoin'
import { isCofferError, parseAmount, type ReadOptions, type UtxoSource } from '@coffer/core'
import { type Payment, readBatch } from './batch-file.ts'
import { bitcoinSource } from './bitcoin-source.ts'
import type { AppAccount, BalanceRow, Family, Order, PayWords } from './family.ts'
import { contradicts, invalid, isSpeed, refuseOptions, unknownAsset } from './words.ts'

const LINK = /^bitcoin:/i

/** Bitcoin and its test networks: an account is all addresses of a descriptor, and holds coins. */
export const bitcoin: Family<BitcoinChain, BitcoinAccount> = {
  chains: [bitcoinMain(), testnet4(), signet(), regtest()],
  types: ['p2wpkh', 'p2tr', 'p2sh-p2wpkh', 'p2pkh'],
  meanwhile:
    'Its coins are kept for it for ten minutes: sign it by then, or give them back with "coffer discard".',
  discarded: 'Its coins are free again.',

  source: bitcoinSource,
  silent: (chain, error): UtxoSource => {
    const fail = async (): Promise<never> => {
      throw error()
    }
    return {
      family: 'utxo',
      chain,
      tip: fail,
      headers: fail,
      history: fail,
      transactions: fail,
      feeRates: fail,
      broadcast: fail,
    }
  },

  accountText: (chain, text) => (text.startsWith(`${chain.id}:`) ? text.slice(chain.id.length + 1) : text),
  label,
  firstAddress: ({ network }, descriptor) => {
    const [first] = deriveScripts(parseDescriptor(descriptor, network), 0, 0, 1)
    return (first && formatAddress(first.script, network)) ?? ''
  },
  named: (descriptor) => ({ account: descriptor }),
  account,

  linkChains: (text) => (LINK.test(text) ? networksOf(text) : undefined),
  assetId: () => undefined,

  inspectSigned: ({ network }, signed) => inspectSigned(signed, network),
  counterparty: ({ direction, to }) =>
    direction === 'in'
      ? `at   ${to ?? 'several addresses'}`
      : `to   ${to ?? 'several addresses'}${direction === 'self' ? ' (own)' : ''}`,
}

function account(chain: BitcoinChain, opened: BitcoinAccount): AppAccount {
  return {
    descriptor: opened.descriptor,
    utxo: opened,
    balances: async (tokens, options): Promise<readonly BalanceRow[]> => {
      if (tokens.length > 0) throw invalid(`There are no tokens on ${chain.name}. Leave --token out.`)
      const { total, confirmed, pendingOwn, pendingIncoming } = await opened.balance(options)
      const parts = [
        { name: 'confirmed', says: 'confirmed', amount: confirmed },
        { name: 'pendingOwn', says: 'waiting, own change', amount: pendingOwn },
        { name: 'pendingIncoming', says: 'waiting, from others', amount: pendingIncoming },
      ]
      return [{ asset: chain.coin, amount: total, parts }]
    },
    receive: async ({ asset, amount, fresh }, options) => {
      checkAsset(chain, asset)
      const receive = await opened.receive({ amount, fresh, ...options })
      return { ...receive, code: receive.uri }
    },
    history: (options) => opened.history(options),
    order: async (words) => readOrder(chain, opened, words),
    replace: (sent, { action, fee, cpfp }, options) =>
      opened.replace(sent, { action, fee: feeOf(fee), by: cpfp ? 'cpfp' : undefined }, options),
    discard: (draft) => opened.discard(draft),
  }
}

/** `wpkh([73c5da0a/84h/0h/0h]…)#cjjspncu`: the descriptor without its long keys, or the address that it is. */
function label(descriptor: string): string {
  const [, address, more] = /^addr\(([0-9A-Za-z]+)\)#\w+( .*)?$/s.exec(descriptor) ?? []
  if (address !== undefined) return more === undefined ? address : `${address} and others`
  return descriptor.replace(/[xt]pub[1-9A-HJ-NP-Za-km-z]+(?:\/[0-9<>;*]+)*/g, '…')
}

/** A fee of Bitcoin is exact, and has a rate that people compare. */

// ---- whom to pay ----

async function readOrder(chain: BitcoinChain, opened: BitcoinAccount, words: PayWords): Promise<Order> {
  const { to, batch, amount, asset, fee, maxFee, memo, coin, unconfirmed, ...rest } = words
  refuseOptions(chain, rest)
  checkAsset(chain, asset)
  const costs = { fee: feeOf(fee), maxFee, memo, coins: coin, unconfirmed }
  const listed = batch === undefined ? [] : await readBatch(batch)
  const [only, ...others] = to
  const create = (request: BitcoinRequest): Order => ({
    tokens: [],
    create: (options: ReadOptions) => opened.create(request, options),
  })
  if (only !== undefined && others.length === 0 && batch === undefined && !isPair(only))
    return create({ ...costs, ...readOne(chain, only, amount) })

  if (amount !== undefined)
    throw invalid('With several recipients each has its own amount: --to address=amount.')
  const payments = [...to.map((text) => readPair(chain, text)), ...listed]
  if (payments.length === 0) throw invalid('Say whom to pay: --to, or --batch with a file.')
  return create({ ...costs, kind: 'batch', payments })
}

/** One recipient: an address with `--amount`, or a link, which may not be contradicted. */
function readOne(
  chain: BitcoinChain,
  text: string,
  amount: string | undefined,
): { to: string; amount: bigint | string } {
  const link = LINK.test(text) ? readLink(chain, text) : undefined
  if (link?.amount !== undefined && amount !== undefined && !isSame(link.amount, amount, chain))
    throw contradicts('amount')
  const chosen = link?.amount ?? amount
  if (chosen === undefined) throw invalid('Say how much: --amount 0.25, or --amount max.')
  return { to: link?.to ?? text, amount: chosen }
}

function isPair(text: string): boolean {
  return !LINK.test(text) && text.includes('=')
}

/** `address=amount`, or a link that asks for an amount. */
function readPair(chain: BitcoinChain, text: string): Payment {
  if (LINK.test(text)) {
    const { to, amount } = readLink(chain, text)
    if (amount === undefined) throw invalid('With several recipients each link must ask for an amount.')
    return { to, amount }
  }
  const [to = '', amount = '', more] = text.split('=')
  if (to === '' || amount === '' || more !== undefined)
    throw invalid('With several recipients each has its own amount: --to address=amount.')
  return { to, amount }
}

function readLink({ network }: BitcoinChain, text: string): { to: string; amount: bigint | undefined } {
  const { to, amount } = parseUri(text, network)
  if (to !== undefined) return { to, amount }
  throw invalid('This link offers no address, only other ways of paying. Ask for one with an address.')
}

/** The networks whose address a link names; of tb1… there are two. Throws what the first one says when there is none. */
function networksOf(text: string): readonly BitcoinChain['id'][] {
  let first: unknown
  const found = bitcoin.chains.filter(({ network }) => {
    try {
      return parseUri(text, network).to !== undefined
    } catch (error) {
      if (!isCofferError(error)) throw error
      first ??= error
      return false
    }
  })
  if (found.length === 0) throw first ?? invalid('This link names no address. Ask for one that does.')
  return found.map(({ id }) => id)
}

function feeOf(text: string | undefined): FeeChoice | undefined {
  if (text === undefined || isSpeed(text)) return text
  if (/^[0-9.]+$/.test(text)) return { satPerVb: text }
  throw invalid('A fee is "slow", "normal" or "fast", or a rate in sat/vB such as 12.5.')
}

function isSame(satoshi: bigint, amount: string, { coin }: BitcoinChain): boolean {
  return amount !== 'max' && parseAmount(amount, coin.decimals) === satoshi
}

function checkAsset(chain: BitcoinChain, text: string | undefined): void {
  const { id, symbol } = chain.coin
  if (text === undefined || [id, symbol].some((name) => name.toLowerCase() === text.toLowerCase())) return
  throw unknownAsset(chain, text, 'leave --asset out')
}
