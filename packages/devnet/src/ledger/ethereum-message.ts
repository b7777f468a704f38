import { keccak_256 } from '@noble/hashes/sha3.js'
import { type Apdu, StatusWord } from './apdu.ts'
import type { AppContext } from './app.ts'
import { concat, hex, numberOf, textOf, utf8 } from './byte-strings.ts'
import { ethereumKey } from './ethereum-address.ts'
import { readPath, signHash } from './secp-key.ts'

/** A message that comes in chunks. */
export interface ComingMessage {
  readonly path: readonly number[]
  readonly length: number
  readonly bytes: Uint8Array
}

const LONGEST = 32766
const FIRST = 0x00
const NEXT = 0x80

function begin(data: Uint8Array): ComingMessage {
  const read = readPath(data)
  if (!read || read.rest.length < 4) throw new StatusWord(0x6a80)
  // The app keeps the low two bytes of the length.
  const length = Number(numberOf(read.rest.slice(2, 4)))
  return { path: read.path, length, bytes: read.rest.slice(4) }
}

/** As text when all of it is printable, in hex otherwise. */
function shown(message: Uint8Array): string {
  const isText = message.every((byte) => (byte >= 0x20 && byte <= 0x7e) || (byte >= 0x09 && byte <= 0x0d))
  return isText ? textOf(message) : `0x${hex(message)}`
}

/** EIP-191: the answer to one chunk, and what has come so far when more has to. */
export async function signMessage(
  { p1, data }: Apdu,
  context: AppContext,
  state: { readonly coming: ComingMessage | undefined; readonly isIdle: boolean },
): Promise<{ answer: Uint8Array; coming?: ComingMessage }> {
  if (p1 !== FIRST && p1 !== NEXT) throw new StatusWord(0x6b00)
  if (p1 === FIRST && !state.isIdle) throw new StatusWord(0x6980)
  if (p1 === NEXT && !state.coming) throw new StatusWord(0x6a80)
  const coming: ComingMessage =
    p1 === FIRST ? begin(data) : { ...state.coming!, bytes: concat(state.coming!.bytes, data) }
  const { bytes, length, path } = coming
  if (bytes.length > length) throw new StatusWord(0x6a80)
  if (bytes.length < length) return { answer: new Uint8Array(), coming }
  if (length > LONGEST) throw new StatusWord(0x6a80)
  await context.ask({ kind: 'message', fields: [['Message', shown(bytes)]], warnings: [] })
  const hash = keccak_256(concat(utf8(`\x19Ethereum Signed Message:\n${length}`), bytes))
  const { rs, parity } = signHash(ethereumKey(context.root, path), hash)
  return { answer: concat(Uint8Array.of(27 + parity), rs) }
}
