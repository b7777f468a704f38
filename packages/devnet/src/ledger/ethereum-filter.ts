import { StatusWord } from './apdu.ts'
import { textOf } from './byte-strings.ts'

/** What says under which name a field of typed data is shown. Ledger signs it; the signature is not verified here. */
type Filter =
  | { readonly kind: 'message'; readonly name: string; readonly count: number }
  | { readonly kind: 'discarded'; readonly path: string }
  | { readonly kind: 'field'; readonly label: string | undefined }

const MESSAGE = 0x0f
const DISCARDED_PATH = 0x01
const JOINED_TOKEN = 0xfd
/** A trusted name, a date, an amount of a token, a value as it is. */
const NAMED = [0xfb, 0xfc, 0xfe, 0xff]

/** Throws 0x6a00 for what is malformed, and for filters of calldata, which need descriptors that only Ledger signs. */
export function readFilter(p2: number, data: Uint8Array): Filter {
  const [length = 0] = data
  const name = textOf(data.slice(1, 1 + length))
  if (p2 === JOINED_TOKEN) return { kind: 'field', label: undefined }
  if (data.length < 1 + length) throw new StatusWord(0x6a00)
  if (p2 === DISCARDED_PATH) return { kind: 'discarded', path: name }
  if (NAMED.includes(p2)) return { kind: 'field', label: name }
  if (p2 !== MESSAGE) throw new StatusWord(p2 >= 0xf4 ? 0x6a00 : 0x6b00)
  const count = data[1 + length]
  if (count === undefined) throw new StatusWord(0x6a00)
  return { kind: 'message', name, count }
}
