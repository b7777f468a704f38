import { keccak_256 } from '@noble/hashes/sha3.js'
import { type Apdu, StatusWord } from './apdu.ts'
import type { AppContext } from './app.ts'
import { concat, hex, numberOf, utf8 } from './byte-strings.ts'
import { readPath } from './secp-key.ts'
import { tronAddressOfKey, tronKey } from './tron-address.ts'
import { signWith, type TronSettings } from './tron-signature.ts'

/** A message that comes in chunks. */
export interface ComingMessage {
  readonly path: readonly number[]
  readonly length: number
  readonly bytes: Uint8Array
}

const FIRST = 0x00
const SINGLE = 0x10
const MORE = 0x80

function begin(data: Uint8Array): ComingMessage {
  const read = readPath(data)
  if (!read) throw new StatusWord(0x6a8a)
  if (read.rest.length < 4) throw new StatusWord(0x6700)
  const length = Number(numberOf(read.rest.slice(0, 4)))
  return { path: read.path, length, bytes: read.rest.slice(4) }
}

/** A message: the answer to one chunk, and what has come so far when more has to. */
export async function signMessage(
  { p1, p2, data }: Apdu,
  context: AppContext,
  before: ComingMessage | undefined,
): Promise<{ answer: Uint8Array; coming?: ComingMessage }> {
  const isFirst = p1 === FIRST || p1 === SINGLE
  if ((!isFirst && p1 !== MORE) || p2 !== 0) throw new StatusWord(0x6b00)
  if (!isFirst && !before) throw new StatusWord(0x6700)
  const coming: ComingMessage = isFirst ? begin(data) : { ...before!, bytes: concat(before!.bytes, data) }
  const { bytes, length, path } = coming
  if (bytes.length > length) throw new StatusWord(0x6700)
  if (bytes.length < length) return { answer: new Uint8Array(), coming }
  const hash = keccak_256(concat(utf8(`\x19TRON Signed Message:\n${length}`), bytes))
  await context.ask({
    kind: 'message',
    fields: [
      ['Message hash', hex(hash)],
      ['Sign with', tronAddressOfKey(tronKey(context.root, path))],
    ],
    warnings: [],
  })
  return { answer: signWith(context, path, hash) }
}

/** Typed data (TIP-712), of which the app gets nothing but the two hashes. */
export async function signHashedTypedData(
  { p1, p2, data }: Apdu,
  context: AppContext,
  settings: TronSettings,
): Promise<Uint8Array> {
  if (!settings.signByHash) throw new StatusWord(0x6a8c)
  if (p1 !== 0 || p2 !== 0) throw new StatusWord(0x6b00)
  const read = readPath(data)
  if (!read || read.rest.length < 64) throw new StatusWord(0x6a80)
  const [domain, message] = [read.rest.slice(0, 32), read.rest.slice(32, 64)]
  await context.ask({
    kind: 'typed data',
    fields: [
      ['Domain hash', `0x${hex(domain)}`],
      ['Message hash', `0x${hex(message)}`],
    ],
    warnings: ['Blind signing'],
  })
  return signWith(context, read.path, keccak_256(concat(Uint8Array.of(0x19, 0x01), domain, message)))
}

/** A transaction of which the app gets nothing but its hash. */
export async function signTransactionHash(
  { p1, p2, data }: Apdu,
  context: AppContext,
  settings: TronSettings,
): Promise<Uint8Array> {
  if (p1 !== 0 || p2 !== 0) throw new StatusWord(0x6b00)
  if (!settings.signByHash) throw new StatusWord(0x6a8c)
  const read = readPath(data)
  if (!read) throw new StatusWord(0x6a8a)
  const from = tronAddressOfKey(tronKey(context.root, read.path))
  if (read.rest.length !== 32) throw new StatusWord(0x6700)
  await context.ask({
    kind: 'hash',
    fields: [
      ['Hash', hex(read.rest)],
      ['From', from],
    ],
    warnings: ['Blind signing'],
  })
  return signWith(context, read.path, read.rest)
}
