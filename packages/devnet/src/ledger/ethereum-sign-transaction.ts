import { keccak_256 } from '@noble/hashes/sha3.js'
import { type Apdu, StatusWord } from './apdu.ts'
import type { AppContext } from './app.ts'
import { concat, decimal, hex } from './byte-strings.ts'
import { addressOfKey, ethereumKey, shownAddress } from './ethereum-address.ts'
import { networkName, networkTicker } from './ethereum-networks.ts'
import { checkTokenCall, isTokenCall, type Token, tokenCallFields } from './ethereum-token.ts'
import {
  type ComingData,
  LEGACY,
  readTransaction,
  type TransactionFields,
  transactionType,
} from './ethereum-transaction.ts'
import type { Screen } from './person.ts'
import { readPath, signHash } from './secp-key.ts'

/** A transaction that comes in chunks. */
export interface ComingTransaction {
  readonly path: readonly number[]
  readonly type: number
  /** What was hashed so far: everything that came. */
  readonly bytes: Uint8Array
}

const MORE = new Uint8Array()
const BASIC = 0
const STORE = 1
const START = 2
const FIRST = 0x00
const NEXT = 0x80

function begin(data: Uint8Array): ComingTransaction {
  const read = readPath(data)
  const first = read?.rest[0]
  if (!read || first === undefined) throw new StatusWord(0x6a80)
  const type = transactionType(first)
  return { path: read.path, type, bytes: read.rest }
}

const isCreation = (to: Uint8Array): boolean => to.length === 0

/** Refuses data as soon as they begin to come, as the app does. */
function checkData(coming: ComingData, blindSigning: boolean): void {
  if (isCreation(coming.to) || coming.length < 4) return
  // A chunk that ends within the selector is refused.
  if (coming.come.length < 4) throw new StatusWord(0x6a80)
  if (isTokenCall(coming.come)) checkTokenCall(coming)
  else if (!blindSigning) throw new StatusWord(0x6a80)
}

/** The first byte of the answer; of a legacy `v` of more than four bytes the app takes the first four. */
function firstByte({ type, v }: TransactionFields, parity: number): number {
  if (type !== LEGACY) return parity
  if (v.length === 0) return 27 + parity
  const low = v[Math.min(4, v.length) - 1]!
  return (low * 2 + 35 + parity) & 0xff
}

function screenOf(
  fields: TransactionFields,
  token: Token | undefined,
  from: Uint8Array,
  hash: Uint8Array,
): Omit<Screen, 'app'> {
  const ticker = networkTicker(fields.chainId)
  const fee = ['Max fees', `${decimal(fields.gasPrice * fields.gasLimit, 18)} ${ticker}`] as const
  const network = fields.chainId === 1n ? [] : [['Network', networkName(fields.chainId)] as const]
  if (token)
    return {
      kind: 'transaction',
      fields: [...tokenCallFields(fields.data, token), ...network, fee],
      warnings: [],
    }
  const isBlind = fields.data.length > 0
  const to = new Uint8Array(20)
  to.set(fields.to)
  return {
    kind: 'transaction',
    fields: [
      ['From', shownAddress(from)],
      ...(isBlind && fields.value === 0n
        ? []
        : [['Amount', `${decimal(fields.value, 18)} ${ticker}`] as const]),
      ['To', isCreation(fields.to) ? 'Contract' : shownAddress(to)],
      fee,
      ...network,
      ...(isBlind ? [['Transaction hash', `0x${hex(hash)}`] as const] : []),
    ],
    warnings: isBlind ? ['Blind signing'] : [],
  }
}

/** The answer to one chunk, and what has come so far when more has to. */
export async function signTransaction(
  { p1, p2, data }: Apdu,
  context: AppContext,
  app: {
    readonly coming: ComingTransaction | undefined
    readonly tokens: readonly Token[]
    readonly blindSigning: boolean
  },
): Promise<{ answer: Uint8Array; coming?: ComingTransaction }> {
  const { coming: before, tokens, blindSigning } = app
  if (p2 === START) {
    if (!before) throw new StatusWord(0x6980)
    // What would describe the stored call is signed by Ledger and refused here, so there is nothing to start.
    throw new StatusWord(0x6a80)
  }
  if ((p2 !== BASIC && p2 !== STORE) || (p1 !== FIRST && p1 !== NEXT)) throw new StatusWord(0x6b00)
  if (p1 === NEXT && !before) throw new StatusWord(0x6980)
  const coming: ComingTransaction =
    p1 === FIRST ? begin(data) : { ...before!, bytes: concat(before!.bytes, data) }
  const list = coming.type === LEGACY ? coming.bytes : coming.bytes.slice(1)
  const fields = readTransaction(list, coming.type, (data) => {
    if (p2 === BASIC) checkData(data, blindSigning)
  })
  if (!fields) return { answer: MORE, coming }
  const key = ethereumKey(context.root, coming.path)
  if (p2 === STORE) {
    if (fields.data.length < 4) throw new StatusWord(0x6a80)
    return { answer: MORE, coming }
  }
  const token = isTokenCall(fields.data) && tokens.find(({ address }) => address === hex(fields.to))
  if (fields.data.length > 0 && !token && !blindSigning) throw new StatusWord(0x6a80)
  if (fields.gasPrice * fields.gasLimit >= 2n ** 256n) throw new StatusWord(0x6a80)
  const hash = keccak_256(coming.bytes)
  await context.ask(screenOf(fields, token || undefined, addressOfKey(key), hash))
  const { rs, parity } = signHash(key, hash)
  return { answer: concat(Uint8Array.of(firstByte(fields, parity)), rs) }
}
