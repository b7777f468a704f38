/*
 * Public keys that were met, with tables that grow with use. A public key that was used often enough gets a table, and
 * so does the base point; where more keys take turns than tables are kept, they do without.
 */

import { bytesToHex } from '@noble/curves/utils.js'
import { number } from './bytes.ts'
import { invalidPublicKey, looksCompressed } from './guard.ts'
import {
  affine,
  BASE,
  type Comb,
  comb,
  lift,
  multiples,
  multiplyOnce,
  type OddMultiples,
  oddMultiples,
  type Point,
} from './points.ts'

/** From so many uses on a table of 0.4 MB pays for itself. */
const TABLE_AFTER = 24
const TABLES_KEPT = 16
const KEYS_KEPT = 4096

export interface Known {
  readonly point: Point
  /** Where it was derived from another key: point = factor·root + offset·G. */
  readonly derived?: { readonly root: Known; readonly factor: bigint; readonly offset: bigint }
  /** Sums that are known already, by their tweak in hex. */
  sums?: Map<string, Uint8Array>
  /** Whoever multiplies counts, before it asks for the points. */
  uses: number
  odd?: OddMultiples | undefined
  comb?: Comb | undefined
}

const keys = new Map<string, Known>()
/** Those that have a table, but for the base point. */
const tables = new Map<Known, Known>()
let basePoint: Known | undefined

export function base(): Known {
  basePoint ??= { point: BASE, uses: 0 }
  return basePoint
}

/** Throws `INVALID_KEY`. */
export function knownKey(publicKey: Uint8Array): Known {
  const known = findKey(publicKey)
  if (!known) throw invalidPublicKey()
  return known
}

export function findKey(publicKey: Uint8Array): Known | undefined {
  if (!looksCompressed(publicKey)) return undefined
  const name = bytesToHex(publicKey)
  const found = keys.get(name)
  const point = found ? undefined : lift(number(publicKey.subarray(1)), publicKey[0] === 3)
  const known = found ?? (point && { point, uses: 0 })
  if (known) keep(keys, name, known, KEYS_KEPT)
  return known
}

/** Saves the square root when the key is met next. */
export function learn(publicKey: Uint8Array, known: Known): void {
  keep(keys, bytesToHex(publicKey), known, KEYS_KEPT)
}

export function isLearnt(publicKey: Uint8Array): boolean {
  return keys.has(bytesToHex(publicKey))
}

/** Points that add up to the sum of scalar·key over `terms`. Scalars are from 0 to n − 1. */
export function pointsOf(terms: readonly (readonly [Known, bigint])[]): Point[] {
  const chain: { odd: OddMultiples; scalar: bigint }[] = []
  const found = terms.flatMap(([known, scalar]) => {
    const table = tableOf(known)
    if (table) return multiples(table, scalar)
    known.odd ??= oddMultiples(known.point)
    chain.push({ odd: known.odd, scalar })
    return []
  })
  const rest = chain.length > 0 && affine(multiplyOnce(chain))
  if (rest) found.push(rest)
  return found
}

function tableOf(known: Known): Comb | undefined {
  if (known.uses <= TABLE_AFTER) return undefined
  known.comb ??= comb(known.point, 8)
  const idle = known === basePoint ? undefined : keep(tables, known, known, TABLES_KEPT)
  if (idle) {
    idle.comb = undefined
    // Building tables over and over would cost more than it saves.
    idle.uses = -20 * TABLE_AFTER
  }
  return known.comb
}

/** Makes an entry the newest; returns the oldest one when it had to go. */
function keep<K, V>(map: Map<K, V>, key: K, value: V, most: number): V | undefined {
  map.delete(key)
  map.set(key, value)
  if (map.size <= most) return undefined
  for (const [oldest, gone] of map) {
    map.delete(oldest)
    return gone
  }
  return undefined
}
