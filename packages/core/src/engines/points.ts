/*
 * Arithmetic on points of secp256k1 in VARIABLE TIME: for public data only (verification, recovery, public derivation).
 * Nothing in this file may ever be given a secret; secrets stay in noble's blinded multiplication.
 *
 * Two ways to multiply. `addMultiple` walks one doubling chain, with both scalars of a sum split in two by the curve's
 * endomorphism (Strauss, GLV): right for a point that is met once. `addFromComb` looks multiples up in a table and never
 * doubles: right for a point that returns. Points are affine; sums are Jacobian, with x and y between −p and p.
 */

import { secp256k1 } from '@noble/curves/secp256k1.js'

/** The prime of the field. */
const P = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn
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
export function affine({ x, y, z }: Sum): Point | undefined {
  if (z % P === 0n) return undefined
  const inverse = invert(z, P)
  const square = (inverse * inverse) % P
  return { x: modP(x * square), y: modP(((y * square) % P) * inverse) }
}

/** True when the x of the sum, as an integer, is `r` modulo n: the test of ECDSA. Needs no inversion. */
export function hasX({ x, z }: Sum, r: bigint): boolean {
  if (z % P === 0n) return false
  const square = (z * z) % P
  const is = (candidate: bigint) => (candidate * square - x) % P === 0n
  return is(r) || (r + N < P && is(r + N))
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
  const zz = (z * z) % P
  const h = ((x2 * zz) % P) - x
  const r = ((y2 * ((zz * z) % P)) % P) - y
  const hh = (h * h) % P
  if (hh === 0n) {
    if (r % P === 0n) double(sum)
    else sum.z = 0n
    return
  }
  const hhh = (hh * h) % P
  const v = (x * hh) % P
  sum.x = (r * r - hhh - v - v) % P
  sum.y = (r * (v - sum.x) - y * hhh) % P
  sum.z = (z * h) % P
}

function double(sum: Sum): void {
  const { x, y, z } = sum
  if (z === 0n) return
  const yy = (y * y) % P
  const s = (4n * x * yy) % P
  const m = (3n * x * x) % P
  sum.x = (m * m - s - s) % P
  sum.y = (m * (s - sum.x) - 8n * yy * yy) % P
  sum.z = (2n * y * z) % P
}

// ---- one doubling chain ----

const ODD_WIDTH = 5

/** 1, 3, 5 … 15 times a point, for the doubling chain. */
export type OddMultiples = readonly Point[]

export function oddMultiples(point: Point): OddMultiples {
  const sums: Sum[] = [{ ...point, z: 1n }]
  const twice: Sum = { ...point, z: 1n }
  double(twice)
  const step = affine(twice)!
  for (let i = 1; i < 2 ** (ODD_WIDTH - 2); i++) {
    const sum = { ...sums[i - 1]! }
    addPoint(sum, step.x, step.y)
    sums.push(sum)
  }
  const inverses = invertAll(sums.map(({ z }) => z))
  return sums.map(({ x, y }, i) => {
    const square = (inverses[i]! * inverses[i]!) % P
    return { x: modP(x * square), y: modP(((y * square) % P) * inverses[i]!) }
  })
}

/** The sum of scalar·point over `terms`. Scalars are from 0 to n − 1. */
export function multiplyOnce(terms: readonly { readonly odd: OddMultiples; readonly scalar: bigint }[]): Sum {
  const walks = terms.flatMap(({ odd, scalar }) =>
    split(scalar).map((half, i) => ({ odd, digits: signedDigits(half), beta: i === 1 })),
  )
  const sum = zero()
  for (let bit = Math.max(...walks.map(({ digits }) => digits.length)) - 1; bit >= 0; bit--) {
    double(sum)
    for (const { odd, digits, beta } of walks) {
      const digit = digits[bit]
      if (!digit) continue
      const { x, y } = odd[(Math.abs(digit) - 1) >> 1]!
      addPoint(sum, beta ? (x * BETA) % P : x, digit < 0 ? P - y : y)
    }
  }
  return sum
}

/** Width-5 NAF, lowest first: digits are 0 or odd, from −15 to 15. */
function signedDigits(scalar: bigint): number[] {
  const negative = scalar < 0n
  const digits: number[] = []
  for (let rest = negative ? -scalar : scalar; rest > 0n; rest >>= 1n) {
    let digit = 0
    if (rest & 1n) {
      digit = Number(BigInt.asIntN(ODD_WIDTH, rest))
      rest -= BigInt(digit)
    }
    digits.push(negative ? -digit : digit)
  }
  return digits
}

// ---- tables ----

const WIDTH = 8
const HALF = 2 ** (WIDTH - 1)
/** Both halves of a split scalar are below 2^128; one window more takes the last carry. */
const WINDOWS = 128 / WIDTH + 1

/** For each window w, the multiples 1 … 128 of 2^(8w)·point: 2,176 points, about 0.2 MB. */
export interface Comb {
  readonly xs: readonly bigint[]
  readonly ys: readonly bigint[]
}

/** Builds the table of a point: affine additions, in rounds that share one inversion each. */
export function comb(point: Point): Comb {
  const firsts: Sum[] = []
  const sum: Sum = { ...point, z: 1n }
  for (let window = 0; window < WINDOWS; window++) {
    firsts.push({ ...sum })
    for (let i = 0; i < WIDTH; i++) double(sum)
  }
  const xs = new Array<bigint>(WINDOWS * HALF)
  const ys = new Array<bigint>(WINDOWS * HALF)
  const inverses = invertAll(firsts.map(({ z }) => z))
  firsts.forEach(({ x, y }, window) => {
    const square = (inverses[window]! * inverses[window]!) % P
    xs[window * HALF] = modP(x * square)
    ys[window * HALF] = modP(((y * square) % P) * inverses[window]!)
  })
  // From 1 … known to known+1 … 2·known: add the last one to each, and double it.
  for (let known = 1; known < HALF; known *= 2) {
    const divisors: bigint[] = []
    for (let start = 0; start < xs.length; start += HALF) {
      const last = start + known - 1
      for (let i = start; i < last; i++) divisors.push(xs[i]! - xs[last]!)
      divisors.push(2n * ys[last]!)
    }
    const quotients = invertAll(divisors)
    let next = 0
    for (let start = 0; start < xs.length; start += HALF) {
      const last = start + known - 1
      const x2 = xs[last]!
      const y2 = ys[last]!
      for (let i = start; i <= last; i++) {
        const rise = i === last ? 3n * x2 * x2 : ys[i]! - y2
        const slope = (rise * quotients[next++]!) % P
        const x = modP(slope * slope - xs[i]! - x2)
        xs[i + known] = x
        ys[i + known] = modP(slope * (x2 - x) - y2)
      }
    }
  }
  return { xs, ys }
}

/** Adds scalar·point to the sum, from the point's table. */
export function addFromComb(sum: Sum, { xs, ys }: Comb, scalar: bigint): void {
  split(scalar).forEach((half, i) => {
    const negative = half < 0n
    let rest = negative ? -half : half
    for (let start = 0; rest > 0n; start += HALF) {
      const digit = Number(BigInt.asIntN(WIDTH, rest))
      rest = (rest - BigInt(digit)) >> BigInt(WIDTH)
      if (digit === 0) continue
      const at = start + Math.abs(digit) - 1
      addPoint(sum, i === 1 ? (xs[at]! * BETA) % P : xs[at]!, digit < 0 === negative ? ys[at]! : P - ys[at]!)
    }
  })
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

/** 1/value modulo p for each of many values other than 0, with one inversion (Montgomery's trick). */
function invertAll(values: readonly bigint[]): bigint[] {
  const inverses = new Array<bigint>(values.length)
  let product = 1n
  values.forEach((value, i) => {
    inverses[i] = product
    product = (product * value) % P
  })
  let rest = invert(product, P)
  for (let i = values.length - 1; i >= 0; i--) {
    inverses[i] = (rest * inverses[i]!) % P
    rest = (rest * values[i]!) % P
  }
  return inverses
}

/** scalar = k1 + LAMBDA·k2 modulo n, both halves below 2^128 in size and of either sign. */
function split(scalar: bigint): readonly [bigint, bigint] {
  const c1 = (SPLIT_A1 * scalar + N / 2n) / N
  const c2 = (-SPLIT_B1 * scalar + N / 2n) / N
  return [scalar - c1 * SPLIT_A1 - c2 * SPLIT_A2, -c1 * SPLIT_B1 - c2 * SPLIT_A1]
}

function modP(value: bigint): bigint {
  const rest = value % P
  return rest < 0n ? rest + P : rest
}
