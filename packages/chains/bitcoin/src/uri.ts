import { type ChainId, CofferError, formatAmount } from '@coffer/core'
import { decodeSegwit, parseAddress } from './address.ts'
import type { BitcoinNetwork } from './networks.ts'
import { scriptKind, witnessScriptOf } from './script.ts'

/** One parameter of a payment link, decoded; the name in small letters. */
export interface UriParameter {
  readonly name: string
  readonly value: string
}

/** What a payment link asks for. */
export interface PaymentUri {
  readonly chain: ChainId
  /** Where to pay; absent when the link offers other ways of paying only. */
  readonly to?: string
  /** Further addresses that would do as well. */
  readonly others: readonly string[]
  /** Satoshi. */
  readonly amount?: bigint
  /** Who is paid and what for, in the words of whoever made the link. */
  readonly label?: string
  readonly message?: string
  /**
   * Other ways of paying (`lightning`, `lno`, `sp`, `pay`), where to prove the payment (`pop`), and what is
   * not known here, in their order.
   */
  readonly parameters: readonly UriParameter[]
}

export interface UriFields {
  readonly to?: string | undefined
  /** Further segwit addresses that would do as well. */
  readonly others?: readonly string[] | undefined
  /** Satoshi. */
  readonly amount?: bigint | undefined
  readonly label?: string | undefined
  readonly message?: string | undefined
  /** Other ways of paying, such as `{ name: 'lightning', value: 'lnbc…' }`. */
  readonly parameters?: readonly UriParameter[] | undefined
}

const LONGEST = 8_000
const LONGEST_WORDS = 1_000
const MOST_PARAMETERS = 100
const MOST_MONEY = 21_000_000n * 100_000_000n

/** Parameters that stand for an address of a network: their name is the prefix of its addresses. */
const PREFIXES = ['bc', 'tb', 'bcrt']
const WORDS = ['amount', 'label', 'message']
/** Once at most, whatever they say. */
const ONCE = [...WORDS, 'pop']
/** Ways of paying that need no address. */
const INSTRUCTIONS = ['lightning', 'lno', 'pay', 'sp']

/**
 * Writes a payment link. Throws `INVALID_ADDRESS`, `INVALID_AMOUNT`, and `INVALID_URI` for a link that names
 * no way to pay, names one thing twice, or would not be read back.
 *
 * @example
 * formatUri({ to: 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu', amount: 25_000_000n, label: 'Tea & cake' }, bitcoinNetwork)
 * // 'bitcoin:bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu?amount=0.25&label=Tea%20%26%20cake'
 * @see https://github.com/bitcoin/bips/blob/master/bip-0321.mediawiki
 */
export function formatUri(fields: UriFields, network: BitcoinNetwork): string {
  const { to, others = [], amount, label, message, parameters = [] } = fields
  if (amount !== undefined && (typeof amount !== 'bigint' || amount < 0n || amount > MOST_MONEY))
    throw new CofferError({
      code: 'INVALID_AMOUNT',
      message: 'An amount is a bigint of satoshi from 0 to 21 million coins.',
    })
  const path = to === undefined ? '' : parseAddress(to, network).address
  const query = [
    ...(amount === undefined ? [] : [{ name: 'amount', value: formatAmount(amount, 8) }]),
    ...(label === undefined ? [] : [{ name: 'label', value: label }]),
    ...(message === undefined ? [] : [{ name: 'message', value: message }]),
    ...others.map((address) => ({ name: network.hrp, value: address })),
    ...parameters,
  ]
  const pairs = query.map(({ name, value }) => `${encode(name)}=${encode(value)}`)
  const text = `bitcoin:${path}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`
  parseUri(text, network)
  return text
}

/**
 * Reads a payment link, of BIP-321 and of BIP-21 before it. Names count in small and capital letters alike,
 * and what is not known is passed on in `parameters`; but a link that requires something unknown (`req-…`)
 * asks for nothing that can be done here.
 *
 * Throws `INVALID_URI` for links that break a rule, name something twice, hide characters or name no way to
 * pay; `INVALID_ADDRESS` for an address that is none or of another network; `INVALID_AMOUNT` for an amount
 * that is none.
 *
 * @example
 * parseUri('bitcoin:bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu?amount=20.3&label=Luke-Jr', bitcoinNetwork)
 * // { chain: 'bip122:…', to: 'bc1qcr8…', amount: 2030000000n, label: 'Luke-Jr', others: [], parameters: [] }
 */
export function parseUri(text: string, network: BitcoinNetwork): PaymentUri {
  if (typeof text !== 'string' || text.length > LONGEST) throw wrong('It is not a text of sensible length.')
  const [, path, query] = /^bitcoin:([^?#]*)(?:\?([^#]*))?$/i.exec(text) ?? []
  if (path === undefined)
    throw wrong('It does not begin with "bitcoin:", or it has a part that no such link has.')
  const found = parametersOf(query)
  const only = (name: string): string | undefined => found.find((one) => one.name === name)?.value
  const addresses = new Set([
    ...(path === '' ? [] : [parseAddress(path, network).address]),
    ...found.flatMap((one) => addressIn(one, network) ?? []),
  ])
  const [to, ...others] = addresses
  if (to === undefined && !found.some(({ name, value }) => INSTRUCTIONS.includes(name) && value !== ''))
    throw wrong(
      found.some(({ name }) => PREFIXES.includes(name))
        ? `It names no address of ${network.name} that can be paid here.`
        : 'It names no way to pay.',
    )
  const amount = only('amount')
  const label = only('label')
  const message = only('message')
  return {
    chain: network.id,
    ...(to === undefined ? {} : { to }),
    others,
    ...(amount === undefined ? {} : { amount: readAmount(amount) }),
    ...(label === undefined ? {} : { label: words(label) }),
    ...(message === undefined ? {} : { message: words(message) }),
    parameters: found.filter((one) => !WORDS.includes(one.name) && addressIn(one, network) === undefined),
  }
}

function parametersOf(query: string | undefined): readonly UriParameter[] {
  const parts = query === undefined ? [] : query.split('&').filter((part) => part !== '')
  if (parts.length > MOST_PARAMETERS) throw wrong('It has too many parts.')
  const seen = new Set<string>()
  return parts.map((part) => {
    const at = part.indexOf('=')
    const name = decode(at < 0 ? part : part.slice(0, at)).toLowerCase()
    const value = at < 0 ? '' : decode(part.slice(at + 1))
    if (name === '') throw wrong('It has a part without a name.')
    if (name.startsWith('req-')) throw wrong('It requires something that this wallet does not do.')
    if (ONCE.includes(name) && seen.has(name)) throw wrong(`It says its ${name} twice.`)
    seen.add(name)
    return { name, value }
  })
}

/** The address that a parameter stands for, if it can be paid on this network. */
function addressIn({ name, value }: UriParameter, network: BitcoinNetwork): string | undefined {
  if (!PREFIXES.includes(name)) return undefined
  if (!value.toLowerCase().startsWith(`${name}1`)) throw wrong('It files an address under another network.')
  const { version, program } = decodeSegwit(value, name)
  // Later kinds of addresses are to come this way, beside one that older wallets can pay.
  const isLater = scriptKind(witnessScriptOf(version, program)) === 'witness'
  return name !== network.hrp || isLater ? undefined : parseAddress(value, network).address
}

/** Whole coins with a decimal point, exactly. */
function readAmount(text: string): bigint {
  const [, whole = '', fraction = ''] = /^([0-9]{0,16})(?:\.([0-9]{0,24}))?$/.exec(text) ?? []
  const decimals = fraction.replace(/0+$/, '')
  if (whole + fraction !== '' && decimals.length <= 8) {
    const amount = BigInt(whole + decimals.padEnd(8, '0'))
    if (amount <= MOST_MONEY) return amount
  }
  throw new CofferError({
    code: 'INVALID_AMOUNT',
    message:
      'The amount in this link is not a number of coins with up to eight decimals. Ask for a new link.',
  })
}

/**
 * Text that is shown to people must not look like another one: no control characters, no marks that turn its
 * direction.
 */
function words(text: string): string {
  if (text.length > LONGEST_WORDS) throw wrong('Its words are too long.')
  if (/[\p{Cc}\p{Cs}\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u.test(text.replace(/[\t\r\n]/g, '')))
    throw wrong('Its words hide invisible characters.')
  return text
}

function decode(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw wrong('It holds half of a character.')
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong('A part of it is not encoded as links are.')
  }
}

function encode(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    throw wrong('Its words hold half of a character.')
  }
}

function wrong(why: string): CofferError {
  return new CofferError({
    code: 'INVALID_URI',
    message: `This payment link cannot be used. ${why} Ask for another one.`,
  })
}
