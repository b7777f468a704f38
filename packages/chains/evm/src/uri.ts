import {
  type AssetId,
  type ChainId,
  CofferError,
  parseAssetId,
  parseChainId,
  type Warning,
} from '@coffer/core'
import { parseAddress, ZERO_ADDRESS } from './address.ts'
import type { Address } from './intent.ts'

/** What a payment link asks for. */
export interface PaymentUri {
  readonly chain: ChainId
  readonly to: Address
  /** An ERC-20 token; the coin when absent. */
  readonly asset?: AssetId
  /** Base units of the asset. */
  readonly amount?: bigint
}

/**
 * Writes a payment link. `asset` may be the coin of the chain or one of its ERC-20 tokens. Throws
 * `INVALID_ADDRESS`, `INVALID_CHAIN`, `INVALID_ASSET`, `INVALID_AMOUNT`.
 *
 * @see https://eips.ethereum.org/EIPS/eip-681
 *
 * @example
 * formatUri({ chain: 'eip155:1', to: '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045', amount: 250_000_000_000_000_000n })
 * // 'ethereum:0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045@1?value=250000000000000000'
 */
export function formatUri({
  chain,
  to,
  asset,
  amount,
}: {
  chain: ChainId
  to: string
  asset?: AssetId | undefined
  amount?: bigint | undefined
}): string {
  const { namespace, reference } = parseChainId(chain)
  if (namespace !== 'eip155' || !CHAIN.test(reference))
    throw new CofferError({
      code: 'INVALID_CHAIN',
      message: `${chain} is not the id of an EVM chain, such as "eip155:1".`,
    })
  if (amount !== undefined && (typeof amount !== 'bigint' || amount < 0n || amount >= LIMIT))
    throw new CofferError({
      code: 'INVALID_AMOUNT',
      message: 'An amount is a bigint of base units from 0 to 2^256 − 1.',
    })
  const recipient = parseAddress(to)
  const token = asset === undefined ? undefined : tokenOf(asset, chain)
  if (token) {
    const uint256 = amount === undefined ? '' : `&uint256=${amount}`
    return `ethereum:${token}@${reference}/transfer?address=${recipient}${uint256}`
  }
  return `ethereum:${recipient}@${reference}${amount === undefined ? '' : `?value=${amount}`}`
}

function tokenOf(asset: AssetId, chain: ChainId): Address | undefined {
  const id = parseAssetId(asset)
  if (id.chain === chain && id.namespace === 'slip44') return undefined
  if (id.chain === chain && id.namespace === 'erc20') return parseAddress(id.reference)
  throw new CofferError({
    code: 'INVALID_ASSET',
    message: `${asset} is neither the coin nor an ERC-20 token of ${chain}.`,
  })
}

const CHAIN = /^[1-9][0-9]{0,18}$/
/** 2^256, as a literal: bundlers keep a computed bigint even where nobody uses it. */
const LIMIT = 0x1_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000n
const SHAPE = /^ethereum:(?:pay-)?([^@/?]*)(?:@([^/?]*))?(?:\/([^?]*))?(?:\?(.*))?$/is

/**
 * Reads a payment link: of the coin, or `transfer` of an ERC-20 token. Amounts may be written with a decimal
 * point and an exponent and must come to whole base units. Proposals for gas are passed over, since nobody
 * else chooses the fee. A link that names no chain is taken to mean `fallback`, with a warning.
 *
 * Throws `INVALID_URI` for other functions, unknown or repeated parameters and names, `INVALID_ADDRESS` for
 * an address that is none, `INVALID_AMOUNT` for an amount that is none.
 *
 * @example
 * parseUri('ethereum:0xd8da6bf26964af9d7eed9e03e53415d37aa96045@1?value=2.5e17')
 * // { chain: 'eip155:1', to: '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045', amount: 250000000000000000n, warnings: [] }
 */
export function parseUri(
  text: string,
  fallback: ChainId = 'eip155:1',
): PaymentUri & { readonly warnings: readonly Warning[] } {
  if (typeof text !== 'string' || text.length > 1000) throw invalidUri('It is not a text of sensible length.')
  const match = SHAPE.exec(text)
  if (!match) throw invalidUri('It does not begin with "ethereum:".')
  const [, target = '', chainText, call, query] = match
  if (chainText !== undefined && !CHAIN.test(chainText))
    throw invalidUri('The chain after its @ is not a number.')
  const chain: ChainId = chainText === undefined ? fallback : `eip155:${chainText}`
  const warnings: Warning[] = []
  if (chainText === undefined)
    warnings.push({
      code: 'no-chain-id',
      message: `The link names no chain; it is taken to mean ${chain}. Ask if that is so.`,
    })

  const address = parseAddress(target)
  if (call === undefined) {
    const params = parameters(query, ['value'])
    return { chain, to: recipientOf(address), ...amountOf(params.get('value')), warnings }
  }
  if (call !== 'transfer')
    throw invalidUri('It asks for a contract call, and only payments are made from links.')
  const params = parameters(query, ['address', 'uint256'])
  const to = params.get('address')
  if (to === undefined) throw invalidUri('It names a token and nobody to pay.')
  const asset: AssetId = `${chain}/erc20:${address}`
  return { chain, to: recipientOf(parseAddress(to)), asset, ...amountOf(params.get('uint256')), warnings }
}

function recipientOf(address: Address): Address {
  if (address === ZERO_ADDRESS)
    throw invalidUri('It would pay the zero address, of which nobody has the key.')
  return address
}

const GAS = ['gas', 'gasLimit', 'gasPrice']

function parameters(query: string | undefined, known: readonly string[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const part of query === undefined ? [] : query.split('&')) {
    const at = part.indexOf('=')
    const name = at < 0 ? part : part.slice(0, at)
    if (![...known, ...GAS].includes(name)) throw invalidUri('It has a parameter that is not known.')
    if (at < 0 || found.has(name)) throw invalidUri(`Its parameter "${name}" is empty or repeated.`)
    found.set(name, part.slice(at + 1))
  }
  return found
}

/** `2.5e17`, exactly. The exponent is bounded, so that a short text cannot make a huge number. */
function amountOf(text: string | undefined): { amount?: bigint } {
  if (text === undefined) return {}
  const [, whole = '', fraction = '', exponent = '0'] =
    /^\+?([0-9]{0,78})(?:\.([0-9]{1,78}))?(?:e([0-9]{1,2}))?$/i.exec(text) ?? []
  const zeros = Number(exponent) - fraction.replace(/0+$/, '').length
  const digits = whole + fraction.replace(/0+$/, '')
  const amount = zeros < 0 || digits === '' ? -1n : BigInt(digits) * 10n ** BigInt(zeros)
  if (amount >= 0n && amount < LIMIT) return { amount }
  throw new CofferError({
    code: 'INVALID_AMOUNT',
    message: 'The amount in this link does not come to a whole number of base units. Ask for a new link.',
  })
}

function invalidUri(why: string): CofferError {
  return new CofferError({
    code: 'INVALID_URI',
    message: `This payment link cannot be used. ${why} Ask for another one.`,
  })
}
