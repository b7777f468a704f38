import { keccak_256 } from '@noble/hashes/sha3.js'
import { type Apdu, StatusWord } from './apdu.ts'
import type { AppContext } from './app.ts'
import { bytesOfNumber, concat, hex, numberOf } from './byte-strings.ts'
import { addressOfKey, ethereumKey, shownAddress } from './ethereum-address.ts'
import { networkName } from './ethereum-networks.ts'
import { readPath, signHash } from './secp-key.ts'

/** An EIP-7702 authorization that comes in chunks. */
export interface ComingAuthorization {
  readonly path: readonly number[]
  readonly length: number
  readonly bytes: Uint8Array
}

interface Authorization {
  readonly chainId: bigint
  readonly delegate: Uint8Array
  readonly nonce: bigint
}

const FIRST = 0x01
const MAGIC = 5
const ANY_CHAIN = 0n
const VERSION = 1

/** The contracts that the app lets an account delegate to, on any chain. */
const DELEGATES: Readonly<Record<string, string>> = {
  '4cd241e8d1510e30b2076397afc7508ae59c66c9': 'Simple7702Account',
}

function begin(data: Uint8Array): ComingAuthorization {
  const read = readPath(data)
  if (!read) throw new StatusWord(0x6a80)
  if (read.rest.length < 2) throw new StatusWord(0x6a00)
  const length = Number(numberOf(read.rest.slice(0, 2)))
  if (length === 0) throw new StatusWord(0x6a00)
  return { path: read.path, length, bytes: read.rest.slice(2) }
}

/** Tag, length, value; every tag once. */
function readTags(bytes: Uint8Array): Map<number, Uint8Array> {
  const tags = new Map<number, Uint8Array>()
  let at = 0
  while (at < bytes.length) {
    const [tag = 0, length = 0xff] = bytes.slice(at, at + 2)
    const value = bytes.slice(at + 2, at + 2 + length)
    if (tag > 3 || tags.has(tag) || value.length < length) throw new StatusWord(0x6a80)
    tags.set(tag, value)
    at += 2 + length
  }
  return tags
}

function readAuthorization(bytes: Uint8Array): Authorization {
  const [version, delegate, chainId, nonce] = [0, 1, 2, 3].map((tag) => readTags(bytes).get(tag))
  const isNumber = (value: Uint8Array | undefined): value is Uint8Array =>
    value !== undefined && value.length >= 1 && value.length <= 8
  if (version?.length !== 1 || version[0] !== VERSION || delegate?.length !== 20) throw new StatusWord(0x6a80)
  if (!isNumber(chainId) || !isNumber(nonce)) throw new StatusWord(0x6a80)
  return { delegate, chainId: numberOf(chainId), nonce: numberOf(nonce) }
}

/** A number as an RLP item; of eight bytes at most. */
function rlpNumber(value: bigint): Uint8Array {
  if (value < 0x80n) return Uint8Array.of(value === 0n ? 0x80 : Number(value))
  const length = Math.ceil(value.toString(16).length / 2)
  return concat(Uint8Array.of(0x80 + length), bytesOfNumber(value, length))
}

function hashOf({ chainId, delegate, nonce }: Authorization): Uint8Array {
  const list = concat(rlpNumber(chainId), Uint8Array.of(0x80 + 20), delegate, rlpNumber(nonce))
  return keccak_256(concat(Uint8Array.of(MAGIC, 0xc0 + list.length), list))
}

/** The answer to one chunk, and what has come so far when more has to. */
export async function signAuthorization(
  { p1, data }: Apdu,
  context: AppContext,
  app: { readonly coming: ComingAuthorization | undefined; readonly smartAccounts: boolean },
): Promise<{ answer: Uint8Array; coming?: ComingAuthorization }> {
  if (p1 !== FIRST && !app.coming) throw new StatusWord(0x6a00)
  const coming: ComingAuthorization =
    p1 === FIRST ? begin(data) : { ...app.coming!, bytes: concat(app.coming!.bytes, data) }
  if (coming.bytes.length > coming.length) throw new StatusWord(0x6a00)
  if (coming.bytes.length < coming.length) return { answer: new Uint8Array(), coming }
  const authorization = readAuthorization(coming.bytes)
  if (!app.smartAccounts) throw new StatusWord(0x6980)
  const { chainId, delegate } = authorization
  const key = ethereumKey(context.root, coming.path)
  const account = ['Account', shownAddress(addressOfKey(key))] as const
  const network = chainId === ANY_CHAIN ? 'All' : networkName(chainId)
  const isRevocation = delegate.every((byte) => byte === 0)
  const name = DELEGATES[hex(delegate)]
  if (!isRevocation && name === undefined) throw new StatusWord(0x6980)
  await context.ask({
    kind: 'authorization',
    fields: isRevocation
      ? [account, ['Revoke on network', network]]
      : [account, ['Delegate to', name!], ['Delegate on network', network]],
    warnings: [],
  })
  const { rs, parity } = signHash(key, hashOf(authorization))
  return { answer: concat(Uint8Array.of(parity), rs) }
}
