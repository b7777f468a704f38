/** One command to the device (ISO 7816-4, short form). */
export interface Apdu {
  readonly cla: number
  readonly ins: number
  readonly p1: number
  readonly p2: number
  readonly data: Uint8Array
}

/** What a device answers instead of data: two bytes, such as 0x6985. */
export class StatusWord extends Error {
  readonly word: number

  constructor(word: number) {
    super(`status word 0x${word.toString(16).padStart(4, '0')}`)
    this.word = word
  }
}

export const OK = 0x9000

/** Throws 0x6a87, as the apps do, for what is no command. */
export function parseApdu(bytes: Uint8Array): Apdu {
  const [cla, ins, p1, p2, length = 0] = bytes
  if (cla === undefined || ins === undefined || p1 === undefined || p2 === undefined)
    throw new StatusWord(0x6a87)
  const data = bytes.slice(5)
  if (data.length !== length) throw new StatusWord(0x6a87)
  return { cla, ins, p1, p2, data }
}

export function withStatus(data: Uint8Array, word: number): Uint8Array {
  const bytes = new Uint8Array(data.length + 2)
  bytes.set(data)
  bytes[data.length] = word >> 8
  bytes[data.length + 1] = word & 0xff
  return bytes
}
