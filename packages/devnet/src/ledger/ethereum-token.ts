import { StatusWord } from './apdu.ts'
import { decimal, hex, numberOf, textOf } from './byte-strings.ts'
import { shownAddress } from './ethereum-address.ts'
import { isKnownNetwork } from './ethereum-networks.ts'
import type { ComingData } from './ethereum-transaction.ts'
import type { Screen } from './person.ts'

export interface Token {
  /** In hex. */
  readonly address: string
  readonly ticker: string
  readonly decimals: number
}

const LONGEST_TICKER = 50
const TRANSFER = 'a9059cbb'
const APPROVE = '095ea7b3'
const UNLIMITED = 2n ** 256n - 1n

/** The shape of an ECDSA signature in DER. */
function isSignature(bytes: Uint8Array): boolean {
  const [tag, length, tagR, lengthR = 0] = bytes
  const s = 4 + lengthR
  return (
    tag === 0x30 &&
    length === bytes.length - 2 &&
    tagR === 2 &&
    bytes[s] === 2 &&
    bytes[s + 1] === bytes.length - s - 2 &&
    bytes.length > s + 2
  )
}

/** Ticker, address, decimals, chain and a signature, which is not verified here. Throws 0x6a80 for anything else. */
export function readToken(data: Uint8Array): Token {
  const [length = 0] = data
  const end = 1 + length
  if (data.length < end + 28 || length > LONGEST_TICKER) throw new StatusWord(0x6a80)
  const chainId = numberOf(data.slice(end + 24, end + 28))
  if (!isKnownNetwork(chainId) || !isSignature(data.slice(end + 28))) throw new StatusWord(0x6a80)
  return {
    address: hex(data.slice(end, end + 20)),
    ticker: textOf(data.slice(1, end)),
    decimals: Number(numberOf(data.slice(end + 20, end + 24)) & 0xffn),
  }
}

const selectorOf = (data: Uint8Array): string => hex(data.slice(0, 4))

/** Whether the app reads these data as a call of a token. */
export const isTokenCall = (data: Uint8Array): boolean => [TRANSFER, APPROVE].includes(selectorOf(data))

/** The arguments, and two words after them that belong to nobody. */
const MOST_DATA = 4 + 4 * 32

/** Throws 0x6a80 for a call that sends coins too, and for one that goes on for longer than the app can show. */
export function checkTokenCall({ value, length, come }: ComingData): void {
  if (value !== 0n) throw new StatusWord(0x6a80)
  if (length > MOST_DATA && come.length >= Math.min(length, MOST_DATA + 32)) throw new StatusWord(0x6a80)
}

/** What the app shows of a call of a token it knows. */
export function tokenCallFields(data: Uint8Array, token: Token): Screen['fields'] {
  const padded = new Uint8Array(68)
  padded.set(data.slice(0, 68))
  const amount = numberOf(padded.slice(36))
  const to = shownAddress(padded.slice(16, 36))
  const approves = selectorOf(data) === APPROVE
  const extra = data.slice(68)
  return [
    [
      approves ? 'Approve' : 'Send',
      `${amount === UNLIMITED ? 'Unlimited' : decimal(amount, token.decimals)} ${token.ticker}`,
    ],
    [approves ? 'Approve to' : 'To', to],
    ...(extra.length ? [['Extra Data', `0x${hex(extra)}`] as const] : []),
  ]
}
