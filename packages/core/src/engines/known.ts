/*
 * Public keys that were met, with tables that grow with use. A public key that was used often enough gets a table, and
 * so does the base point; where more keys take turns than tables are kept, they do without.
 */

import { bytesToHex } from '@noble/curves/utils.js'
import { number } from './bytes.ts'
import { invalidPublicKey, looksCompressed } from './guard.ts'
import { keep } from './keep.ts'
import {
  BASE,
  type Comb,
  comb,
  compress,
  fewMultiples,
  lift,
  multiples,
  multiplyOnce,
  N,
  type Point,
} from './points.ts'

/** From so many uses on a table of 0.4 MB pays for itself. */
const TABLE_AFTER = 24
const TABLES_KEPT = 16
const KEYS_KEPT = 4096

export interface Known {
  /** Its 33 bytes in hex; empty where nobody asks for it. */
  readonly name: string
  readonly point: Point
  /** point = factor·root + offset·G: the key that it was derived from, whose tables serve it; or itself. */
  readonly root?: Known
  readonly factor: bigint
  readonly offset: bigint
  /** Whoever multiplies counts, before it asks for the points. */
  uses: number
  few?: readonly Point[]
  comb?: Comb | undefined
}

const keys = new Map<string, Known>()
const sums = new Map<string, Uint8Array>()
/** Those that have a table, but for the base point. */
const tables = new Map<Known, Known>()
let basePoint: Known | undefined

export const lone = (point: Point, name = ''): Known => ({ name, point, factor: 1n, offset: 0n, uses: 0 })

export function base(): Known {
  basePoint ??= lone(BASE)
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
  const known = found ?? (point && lone(point, name))
  if (known) learn(known)
  return known
}

/** parent + tweak·G, where it was found before. Tweaks are public: whoever has the xpub computes them. */
export function recallSum(parent: Known, tweak: Uint8Array): Uint8Array | undefined {
  return sums.get(parent.name + bytesToHex(tweak))?.slice()
}

/** Notes that point = parent + tweak·G, and gives its bytes. */
export function learnSum(parent: Known, tweak: Uint8Array, point: Point): Uint8Array {
  const { root = parent, factor, offset } = parent
  const sum = compress(point)
  learn({ name: bytesToHex(sum), point, root, factor, offset: (offset + number(tweak)) % N, uses: 0 })
  keep(sums, parent.name + bytesToHex(tweak), new Uint8Array(sum), KEYS_KEPT)
  return sum
}

/** Makes it the newest of those that are remembered. */
export function learn(known: Known): void {
  keep(keys, known.name, known, KEYS_KEPT)
}

/** The key of this name, when it was met before. */
export function recallKey(name: string): Known | undefined {
  return keys.get(name)
}

/** Points that add up to the sum of scalar·key over `terms`. Scalars are from 0 to n − 1. */
export function pointsOf(terms: readonly (readonly [Known, bigint])[]): Point[] {
  const chain: { few: readonly Point[]; scalar: bigint }[] = []
  const found = terms.flatMap(([known, scalar]) => {
    const table = tableOf(known)
    if (table) return multiples(table, scalar)
    known.few ??= fewMultiples(known.point)
    chain.push({ few: known.few, scalar })
    return []
  })
  const rest = chain.length > 0 && multiplyOnce(chain)
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
