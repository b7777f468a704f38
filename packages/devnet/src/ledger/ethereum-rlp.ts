import { StatusWord } from './apdu.ts'

/** What stands before an RLP item; an item of one byte below 0x80 is its own. */
interface RlpHeader {
  readonly isList: boolean
  /** Where its content starts. */
  readonly start: number
  readonly length: number
}

/** The app reads lengths of four bytes at most. */
const LONGEST_LENGTH = 4

/** `undefined` while more bytes have to come. */
export function readHeader(bytes: Uint8Array, at: number): RlpHeader | undefined {
  const first = bytes[at]
  if (first === undefined) return undefined
  if (first < 0x80) return { isList: false, start: at, length: 1 }
  const isList = first >= 0xc0
  const short = first - (isList ? 0xc0 : 0x80)
  if (short <= 55) return { isList, start: at + 1, length: short }
  const size = short - 55
  if (bytes.length < at + 1 + size) return undefined
  if (size > LONGEST_LENGTH) throw new StatusWord(0x6a80)
  const length = bytes.slice(at + 1, at + 1 + size).reduce((sum, byte) => sum * 256 + byte, 0)
  return { isList, start: at + 1 + size, length }
}
