import { CofferError } from '@coffer/core'
import { words } from './slip39-words.ts'
import { splitWords } from './text.ts'

/** One share, as its words say. Thresholds and counts are the numbers that people say, from 1. */
export interface Share {
  readonly id: number
  readonly extendable: boolean
  readonly exponent: number
  readonly groupIndex: number
  readonly groupThreshold: number
  readonly groupCount: number
  readonly memberIndex: number
  readonly memberThreshold: number
  readonly value: Uint8Array
}

const SHORTEST = 20
const CHECKSUM = 3
/** Words before the value. */
const HEAD = 4

let list: readonly string[] | undefined
const wordlist = (): readonly string[] => {
  list ??= words.split(' ')
  return list
}

export function writeShare(share: Share): string {
  const {
    id,
    extendable,
    exponent,
    groupIndex,
    groupThreshold,
    groupCount,
    memberIndex,
    memberThreshold,
    value,
  } = share
  const bits: number[] = []
  const push = (number: number, width: number): void => {
    for (let bit = width - 1; bit >= 0; bit--) bits.push((number >> bit) & 1)
  }
  push(id, 15)
  push(extendable ? 1 : 0, 1)
  push(exponent, 4)
  for (const field of [groupIndex, groupThreshold - 1, groupCount - 1, memberIndex, memberThreshold - 1])
    push(field, 4)
  push(0, paddingOf(value.length))
  for (const byte of value) push(byte, 8)
  const indexes = Array.from({ length: bits.length / 10 }, (_, word) =>
    bits.slice(word * 10, word * 10 + 10).reduce((index, bit) => index * 2 + bit, 0),
  )
  bits.fill(0)
  const sum = polymod([...customization(extendable), ...indexes, 0, 0, 0]) ^ 1
  const all = [...indexes, (sum >> 20) & 1023, (sum >> 10) & 1023, sum & 1023]
  return all.map((index) => wordlist()[index]!).join(' ')
}

/**
 * Reads a share. Throws `INVALID_BACKUP`, which names the number of a wrong word, from 1, and repeats none.
 *
 * @param number of the share, for the error
 */
export function readShare(text: string, number: number): Share {
  const indexes = splitWords(String(text).toLowerCase()).map((word) => wordlist().indexOf(word))
  const wrongWords = indexes.flatMap((index, i) => (index < 0 ? [i + 1] : []))
  if (wrongWords.length > 0)
    throw wrong(number, `word ${wrongWords.join(', ')} is not in the list of SLIP-39`, { words: wrongWords })
  if (indexes.length < SHORTEST)
    throw wrong(number, `it has ${indexes.length} words; the shortest have ${SHORTEST}`)
  const bitsAt = (from: number, width: number): number => {
    let value = 0
    for (let at = from; at < from + width; at++)
      value = value * 2 + ((indexes[Math.floor(at / 10)]! >> (9 - (at % 10))) & 1)
    return value
  }
  const extendable = bitsAt(15, 1) === 1
  if (polymod([...customization(extendable), ...indexes]) !== 1)
    throw wrong(number, 'its check fails: a word is wrong, or two are swapped')
  const valueBits = (indexes.length - HEAD - CHECKSUM) * 10
  const padding = valueBits % 16
  const length = (valueBits - padding) / 8
  if (padding > 8 || length < 16) throw wrong(number, 'it has a number of words that no share has')
  if (bitsAt(HEAD * 10, padding) !== 0) throw wrong(number, 'its padding is not empty')
  const share: Share = {
    id: bitsAt(0, 15),
    extendable,
    exponent: bitsAt(16, 4),
    groupIndex: bitsAt(20, 4),
    groupThreshold: bitsAt(24, 4) + 1,
    groupCount: bitsAt(28, 4) + 1,
    memberIndex: bitsAt(32, 4),
    memberThreshold: bitsAt(36, 4) + 1,
    value: Uint8Array.from({ length }, (_, i) => bitsAt(HEAD * 10 + padding + i * 8, 8)),
  }
  indexes.fill(0)
  if (share.groupThreshold > share.groupCount) throw wrong(number, 'it needs more groups than there are')
  return share
}

export function wrong(
  number: number | undefined,
  why: string,
  details: Readonly<Record<string, unknown>> = {},
): CofferError {
  return new CofferError({
    code: 'INVALID_BACKUP',
    message:
      number === undefined ? `These shares do not fit: ${why}.` : `Share ${number} cannot be used: ${why}.`,
    details: { ...(number !== undefined && { share: number }), ...details },
  })
}

const paddingOf = (length: number): number => (10 - ((length * 8) % 10)) % 10

const customization = (extendable: boolean): number[] =>
  [...(extendable ? 'shamir_extendable' : 'shamir')].map((letter) => letter.charCodeAt(0))

const GENERATOR = [
  0xe0e040, 0x1c1c080, 0x3838100, 0x7070200, 0xe0e0009, 0x1c0c2412, 0x38086c24, 0x3090fc48, 0x21b1f890,
  0x3f3f120,
]

/** RS1024. */
function polymod(values: readonly number[]): number {
  return values.reduce((sum, value) => {
    const high = sum >> 20
    return GENERATOR.reduce(
      (next, term, i) => ((high >> i) & 1 ? next ^ term : next),
      ((sum & 0xfffff) << 10) ^ value,
    )
  }, 1)
}
