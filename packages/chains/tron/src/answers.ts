import { CofferError } from '@coffer/core'
import { isAddress, parseAddress } from './address.ts'
import { hexToBytes, isHex } from './hex.ts'
import type { Address } from './intent.ts'

/** An object that a node sent. */
export type Json = Readonly<Record<string, unknown>>

/** An object; throws `BAD_RESPONSE` for anything else. */
export function object(value: unknown): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw badResponse('an object')
}

/** A list, empty where the node left it out. */
export function list(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value
  throw badResponse('a list')
}

/**
 * A whole number from 0 to 2^63 − 1: as a JSON number, or as digits where it is too large for one. 0 where the node left it
 * out, as protobuf does with zeros.
 */
export function amount(value: unknown): bigint {
  if (value === undefined) return 0n
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value
  if (typeof text === 'string' && /^(0|[1-9][0-9]{0,18})$/.test(text)) {
    const number = BigInt(text)
    if (number <= MOST) return number
  }
  throw badResponse('an amount')
}

/** The same, where it must be there. */
export function given(value: unknown): bigint {
  if (value === undefined) throw badResponse('an amount')
  return amount(value)
}

/** A number that JS holds exactly, such as a height. */
export function count(value: unknown): number {
  const number = Number(amount(value))
  if (Number.isSafeInteger(number)) return number
  throw badResponse('a count')
}

/** Bare hexadecimal, in lower case; of `size` bytes where a size is given. */
export function hex(value: unknown, size?: number): string {
  if (typeof value === 'string' && value.length <= 2_097_152 && isHex(value, size)) return value.toLowerCase()
  throw badResponse('bytes')
}

/** A short text, as it is. */
export function text(value: unknown): string {
  if (typeof value === 'string' && value.length <= 100) return value
  throw badResponse('a text')
}

/** An address in either writing; in base58check. */
export function addressIn(value: unknown): Address {
  if (typeof value === 'string' && isAddress(value)) return parseAddress(value)
  throw badResponse('an address')
}

/** Words of a node, which come as hexadecimal or as they are; cleaned of everything that is not plain text. */
export function words(value: unknown): string {
  if (typeof value !== 'string') return ''
  const said = isHex(value) && value !== '' ? new TextDecoder().decode(hexToBytes(value)) : value
  return cleanText(said, 300)
}

/** Text from outside, for showing: no control, bidirectional or invisible characters, bounded. */
export function cleanText(text: string, most: number): string {
  return text
    .slice(0, 4 * most)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .trim()
    .slice(0, most)
}

export function badResponse(what: string): CofferError {
  return new CofferError({
    code: 'BAD_RESPONSE',
    message: `The node answered with something that is not ${what}. Try again, or use another node.`,
  })
}

/** 2^63 − 1. */
const MOST = 0x7fff_ffff_ffff_ffffn
