import { sha256 } from '@noble/hashes/sha2.js'
import { type Apdu, StatusWord } from './apdu.ts'
import type { AppContext } from './app.ts'
import { concat, hex } from './byte-strings.ts'
import { readPath } from './secp-key.ts'
import { shownTronAddress } from './tron-address.ts'
import { readContract, type TokenName, type TronContract } from './tron-contracts.ts'
import { decode } from './tron-protobuf.ts'
import { signWith, type TronSettings } from './tron-signature.ts'
import { readExchange, readTokenName } from './tron-token-names.ts'

/** A transaction that comes in chunks, each of whole fields. */
export interface ComingTransaction {
  readonly path: readonly number[]
  readonly bytes: Uint8Array
  readonly contract: TronContract | undefined
  readonly permission: number
  readonly hasData: boolean
  readonly names: readonly (TokenName | undefined)[]
}

const FIRST = 0x00
const SINGLE = 0x10
const MORE = 0x80
const LAST = 0x90
const NAME = 0xa0
const LAST_NAME = 0x08
const CONTRACT = 11
const CUSTOM_DATA = 10

function begin(data: Uint8Array): { coming: ComingTransaction; rest: Uint8Array } {
  const read = readPath(data)
  if (!read) throw new StatusWord(0x6a8a)
  const coming = {
    path: read.path,
    bytes: new Uint8Array(),
    contract: undefined,
    permission: 0,
    hasData: false,
    names: [],
  }
  return { coming, rest: read.rest }
}

/** Takes the fields of one chunk. */
function take(coming: ComingTransaction, chunk: Uint8Array, settings: TronSettings): ComingTransaction {
  const raw = decode(chunk, { [CUSTOM_DATA]: 'any', [CONTRACT]: 'any', 18: 'number' })
  if (raw.all(CONTRACT).length > 1) throw new StatusWord(0x6a80)
  const customData = raw.bytes(CUSTOM_DATA)
  const hasData = customData ? customData.length > 0 : coming.hasData
  const contract = raw.bytes(CONTRACT)
  const outer = contract && decode(contract, { 1: 'number', 2: 'any', 5: 'number' })
  if (hasData && !settings.data) throw new StatusWord(0x6a8b)
  const next = { ...coming, bytes: concat(coming.bytes, chunk), hasData }
  const parameter = outer?.bytes(2)
  if (!outer || !parameter) return next
  const value = decode(parameter, { 1: 'any', 2: 'any' }).bytes(2) ?? new Uint8Array()
  return {
    ...next,
    contract: readContract(outer.number(1), value),
    permission: Number(outer.number(5) & 0xffn),
  }
}

/** Gives a token of the contract its name; throws 0x6a80 where nothing can be named. */
function takeName(coming: ComingTransaction, p1: number, data: Uint8Array): ComingTransaction {
  const { contract } = coming
  const index = p1 & 0x07
  if (!contract || contract.tokens.length === 0) throw new StatusWord(0x6a80)
  if (contract.exchangeId !== undefined) {
    if (index > 0 || (p1 & LAST_NAME) === 0) throw new StatusWord(0x6b00)
    return { ...coming, names: readExchange(data, contract.exchangeId, contract.tokens[0]!) }
  }
  if (index > 1) throw new StatusWord(0x6b00)
  const names = [...coming.names]
  names[index] = readTokenName(data)
  return { ...coming, names }
}

async function approve(
  { contract, permission, hasData, names, bytes, path }: ComingTransaction,
  context: AppContext,
  settings: TronSettings,
): Promise<Uint8Array> {
  if (!contract) throw new StatusWord(0x6a80)
  if (contract.needs === 'customContract' && !settings.customContract) throw new StatusWord(0x6a8d)
  if (contract.needs === 'signByHash' && !settings.signByHash) throw new StatusWord(0x6a8c)
  const hash = sha256(bytes)
  const owner = shownTronAddress(contract.owner)
  await context.ask({
    kind: 'transaction',
    fields: [
      ...(contract.needs === 'signByHash' ? [['Hash', hex(hash)] as const] : contract.fields(names)),
      ['From', permission > 0 ? `P${permission} - ${owner}` : owner],
    ],
    warnings: [...(hasData ? ['Extra data'] : []), ...contract.warnings],
  })
  return signWith(context, path, hash)
}

/** The answer to one chunk, and what has come so far when more has to. */
export async function signTransaction(
  { p1, p2, data }: Apdu,
  context: AppContext,
  before: ComingTransaction | undefined,
  settings: TronSettings,
  remember: (coming: ComingTransaction | undefined) => void,
): Promise<Uint8Array> {
  if (p2 !== 0) throw new StatusWord(0x6b00)
  let coming = before
  let chunk = data
  if (p1 === FIRST || p1 === SINGLE) {
    const begun = begin(data)
    coming = begun.coming
    chunk = begun.rest
    remember(coming)
  } else if ((p1 & 0xf0) === NAME) {
    if (!coming) throw new StatusWord(0x6a80)
    coming = takeName(coming, p1, data)
    remember(coming)
    if ((p1 & LAST_NAME) === 0) return new Uint8Array()
    chunk = new Uint8Array()
  } else if (p1 !== MORE && p1 !== LAST) {
    throw new StatusWord(0x6b00)
  }
  if (!coming) throw new StatusWord(0x6b00)
  if (chunk.length > 0) {
    coming = take(coming, chunk, settings)
    remember(coming)
    if (p1 !== LAST && p1 !== SINGLE) return new Uint8Array()
  }
  remember(undefined)
  return approve(coming, context, settings)
}
