/*
 * Arithmetic on points of secp256k1 in VARIABLE TIME: for public data only (verification, recovery, public derivation).
 * Nothing in this file may ever be given a secret; secrets stay in noble's blinded multiplication.
 *
 * Two ways to multiply. `multiplyOnce` walks one doubling chain, with both scalars of a sum split in two by the curve's
 * endomorphism (Strauss, GLV): right for a point that is met once. `multiples` looks points up in a table and never
 * doubles: right for a point that returns. What it finds is added up by `sumOf`, or for many sums at once by `addUp`.
 * Points are affine, with coordinates below p; a running sum is Jacobian, with numbers as `fold` leaves them.
 */

import { secp256k1 } from '@noble/curves/secp256k1.js'
import { concatBytes } from '@noble/curves/utils.js'
import { toBytes } from './bytes.ts'

/** The prime of the field. */
export const P: bigint = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn
/** The order of the group. */
export const N: bigint = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

// The endomorphism: (BETA·x, y) is LAMBDA·(x, y). SPLIT_… are the short lattice vectors of LAMBDA. Public constants of
// the curve, https://www.iacr.org/archive/crypto2001/21390189.pdf
const BETA = 0x7ae96a2b657c07106e64479eac3434e99cf0497512f58995c1396c28719501een
const SPLIT_A1 = 0x3086d221a7d46bcde86c90e49284eb15n
const SPLIT_B1 = -0xe4437ed6010e88286f547fa90abfe4c3n
const SPLIT_A2 = 0x114ca50f7a8e2f3f657c1108d9d44cfd8n

export interface Point {
  readonly x: bigint
  readonly y: bigint
}

export const BASE: Point = {
  x: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  y: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
}

/** A running sum in Jacobian coordinates (x/z², y/z³); z is 0 at infinity. */
export interface Sum {
  x: bigint
  y: bigint
  z: bigint
}

export const zero = (): Sum => ({ x: 0n, y: 1n, z: 0n })

/** The point with this x and an even or odd y; `undefined` when the curve has none. */
export function lift(x: bigint, odd: boolean): Point | undefined {
  if (x >= P) return undefined
  let y: bigint
  try {
    y = secp256k1.Point.Fp.sqrt((x * x * x + 7n) % P)
  } catch {
    return undefined
  }
  return { x, y: ((y & 1n) === 1n) === odd ? y : P - y }
}

/** The affine point of a sum; `undefined` at infinity. */
export function affine(sum: Sum): Point | undefined {
  return sum.z % P === 0n ? undefined : allAffine([sum])[0]
}

/** The sum of a few points; `undefined` at infinity. */
export function sumOf(points: readonly Point[]): Point | undefined {
  const sum = zero()
  for (const { x, y } of points) addPoint(sum, x, y)
  return affine(sum)
}

/** 33 bytes. */
export function compress({ x, y }: Point): Uint8Array {
  return concatBytes(Uint8Array.of(y & 1n ? 3 : 2), toBytes(x))
}

/** The affine points of sums other than infinity, with one inversion. */
function allAffine(sums: readonly Sum[]): Point[] {
  const inverses = invertAll(sums.map(({ z }) => z))
  return sums.map(({ x, y }, i) => {
    const inverse = inverses[i]!
    const square = fold(inverse * inverse)
    return { x: modP(x * square), y: modP(fold(y * square) * inverse) }
  })
}

/** Adds an affine point. */
export function addPoint(sum: Sum, x2: bigint, y2: bigint): void {
  const { x, y, z } = sum
  if (z === 0n) {
    sum.x = x2
    sum.y = y2
    sum.z = 1n
    return
  }
  const zz = fold(z * z)
  const h = fold(x2 * zz) - x
  const r = fold(y2 * fold(zz * z)) - y
  const hh = fold(h * h)
  if (hh === 0n || hh === P) {
    if (r % P === 0n) double(sum)
    else sum.z = 0n
    return
  }
  const hhh = fold(hh * h)
  const v = fold(x * hh)
  sum.x = fold(r * r - hhh - v - v)
  sum.y = fold(r * (v - sum.x) - y * hhh)
  sum.z = fold(z * h)
}

function double(sum: Sum): void {
  const { x, y, z } = sum
  const yy = fold(y * y)
  const s = fold(4n * x * yy)
  const m = fold(3n * x * x)
  sum.x = fold(m * m - s - s)
  sum.y = fold(m * (s - sum.x) - 8n * yy * yy)
  sum.z = fold(2n * y * z)
}

// ---- one doubling chain ----

const ONCE = 5

/** 1 … 16 times a point, for the doubling chain. */
export function fewMultiples(point: Point): readonly Point[] {
  return allAffine(progression(point, 2 ** (ONCE - 1)))
}

/** The sum of scalar·point over `terms`, of points as {@link fewMultiples} gives them. Scalars are from 0 to n − 1. */
export function multiplyOnce(
  terms: readonly { readonly few: readonly Point[]; readonly scalar: bigint }[],
): Point | undefined {
  const walks = terms.flatMap(({ few, scalar }) =>
    digitsOf(scalar, ONCE).map((digits, half) => ({ few, digits, half })),
  )
  const sum = zero()
  for (let window = Math.max(...walks.map(({ digits }) => digits.length)) - 1; window >= 0; window--) {
    for (let bit = 0; bit < ONCE; bit++) double(sum)
    for (const { few, digits, half } of walks) {
      const digit = digits[window]
      if (!digit) continue
      const { x, y } = pick(few, 0, digit, half)
      addPoint(sum, x, y)
    }
  }
  return affine(sum)
}

// ---- tables ----

/** For each window of `width` bits, one after the other, the multiples 1 … 2^(width − 1) of 2^(width·window)·point. */
export interface Comb {
  readonly width: number
  readonly points: readonly Point[]
}

/** Builds the table of a point. With 8 bits it has 2,176 points, about 0.4 MB. */
export function comb(point: Point, width: number): Comb {
  const firsts: Sum[] = []
  const sum: Sum = { ...point, z: 1n }
  // Both halves of a split scalar are below 2^128; one bit more takes the last carry.
  for (let bit = 0; bit < 129; bit++) {
    if (bit % width === 0) firsts.push({ ...sum })
    double(sum)
  }
  const points = allAffine(allAffine(firsts).flatMap((first) => progression(first, 2 ** (width - 1))))
  return { width, points }
}

/** Points of the table that add up to scalar·point: at most one for each window and half of the scalar. */
export function multiples({ width, points }: Comb, scalar: bigint): Point[] {
  const found: Point[] = []
  digitsOf(scalar, width).forEach((digits, half) => {
    digits.forEach((digit, window) => {
      if (digit) found.push(pick(points, window * 2 ** (width - 1), digit, half))
    })
  })
  return found
}

/** A point, twice it, three times … */
function progression(point: Point, count: number): Sum[] {
  const sums: Sum[] = []
  const sum: Sum = { ...point, z: 1n }
  while (sums.push({ ...sum }) < count) addPoint(sum, point.x, point.y)
  return sums
}

/** The halves of a scalar as digits of `width` bits, lowest first, each at most half of 2^width in size. */
function digitsOf(scalar: bigint, width: number): readonly (readonly number[])[] {
  return split(scalar).map((half) => {
    const digits: number[] = []
    const sign = half < 0n ? -1 : 1
    for (let rest = half * BigInt(sign); rest > 0n; ) {
      const digit = Number(BigInt.asIntN(width, rest))
      rest = (rest - BigInt(digit)) >> BigInt(width)
      digits.push(sign * digit)
    }
    return digits
  })
}

/** digit·point, times LAMBDA in the second half, from multiples that begin at `start`. */
function pick(points: readonly Point[], start: number, digit: number, half: number): Point {
  const { x, y } = points[start + Math.abs(digit) - 1]!
  return { x: half === 1 ? modP(x * BETA) : x, y: digit < 0 ? P - y : y }
}

// ---- numbers ----

/** 1/value modulo a prime; `value` is not a multiple of it. */
export function invert(value: bigint, modulus: bigint): bigint {
  let a = value % modulus
  if (a < 0n) a += modulus
  let b = modulus
  let x = 1n
  let y = 0n
  while (a > 1n) {
    const q = b / a
    ;[a, b] = [b - a * q, a]
    ;[x, y] = [y - x * q, x]
  }
  return x < 0n ? x + modulus : x
}

/** 1/value modulo a prime for each of many values that are no multiples of it, with one inversion (Montgomery's trick). */
export function invertAll(values: readonly bigint[], modulus: bigint = P): bigint[] {
  const reduce = modulus === P ? fold : (value: bigint) => value % modulus
  const inverses: bigint[] = []
  let product = 1n
  for (const value of values) {
    inverses.push(product)
    product = reduce(product * value)
  }
  let rest = invert(product, modulus)
  for (let i = values.length - 1; i >= 0; i--) {
    inverses[i] = reduce(rest * inverses[i]!)
    rest = reduce(rest * values[i]!)
  }
  return inverses
}

/** scalar = k1 + LAMBDA·k2 modulo n, both halves below 2^128 in size and of either sign. */
function split(scalar: bigint): readonly [bigint, bigint] {
  const c1 = (SPLIT_A1 * scalar + N / 2n) / N
  const c2 = (-SPLIT_B1 * scalar + N / 2n) / N
  return [scalar - c1 * SPLIT_A1 - c2 * SPLIT_A2, -c1 * SPLIT_B1 - c2 * SPLIT_A1]
}

/** 2^256 modulo p. */
const FOLD = 0x1000003d1n
const LOW = 2n ** 256n - 1n

/**
 * A number that is congruent to `value` modulo p, above −2^160 and below 2^256 + 2^160, for values up to ±2^600: so 0 is
 * 0 or p. Takes two thirds of the time of `%`.
 */
export function fold(value: bigint): bigint {
  const once = (value & LOW) + (value >> 256n) * FOLD
  return (once & LOW) + (once >> 256n) * FOLD
}

/** `value` modulo p, from 0 to p − 1; under the terms of {@link fold}. */
export function modP(value: bigint): bigint {
  const rest = fold(value)
  return rest < 0n ? rest + P : rest < P ? rest : rest - P
}
