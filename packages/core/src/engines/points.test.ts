import { secp256k1 } from '@noble/curves/secp256k1.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addFromComb,
  addPoint,
  affine,
  BASE,
  comb,
  hasX,
  invert,
  lift,
  multiplyOnce,
  N,
  oddMultiples,
  zero,
} from './points.ts'

const { Point } = secp256k1
const LAMBDA = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n
const edges = [
  0n,
  1n,
  2n,
  3n,
  15n,
  16n,
  17n,
  127n,
  128n,
  129n,
  255n,
  256n,
  1n << 127n,
  (1n << 128n) - 1n,
  1n << 128n,
  N / 2n,
  LAMBDA,
]
const scalar = fc.oneof(
  fc.bigInt({ min: 0n, max: N - 1n }),
  fc.constantFrom(...edges.flatMap((k) => [k, (N - k) % N, (LAMBDA * k) % N])),
)

/** The same sum by noble; `undefined` at infinity. */
function expected(terms: readonly (readonly [bigint, bigint])[]): { x: bigint; y: bigint } | undefined {
  const sum = terms.reduce(
    (all, [point, k]) => all.add(Point.BASE.multiplyUnsafe((point * k) % N)),
    Point.ZERO,
  )
  return sum.is0() ? undefined : sum.toAffine()
}

function point(k: bigint) {
  return Point.BASE.multiplyUnsafe(k).toAffine()
}

describe('points of secp256k1, against noble', () => {
  it('multiply on one doubling chain', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            scalar.filter((k) => k > 0n),
            scalar,
          ),
          { minLength: 1, maxLength: 3 },
        ),
        (terms) => {
          const sum = multiplyOnce(terms.map(([base, k]) => ({ odd: oddMultiples(point(base)), scalar: k })))
          expect(affine(sum)).toEqual(expected(terms))
        },
      ),
      { numRuns: 150 },
    )
  })

  it('multiply from tables', () => {
    const bases = [1n, 2n, N - 1n, LAMBDA, 123456789n]
    const tables = bases.map((base) => ({ base, table: comb(point(base)) }))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...tables), scalar), { minLength: 1, maxLength: 3 }),
        (terms) => {
          const sum = zero()
          for (const [{ table }, k] of terms) addFromComb(sum, table, k)
          expect(affine(sum)).toEqual(expected(terms.map(([{ base }, k]) => [base, k])))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('add equal and opposite points', () => {
    const double = zero()
    addPoint(double, BASE.x, BASE.y)
    addPoint(double, BASE.x, BASE.y)
    expect(affine(double)).toEqual(point(2n))
    const minus = point(N - 1n)
    const none = zero()
    addPoint(none, BASE.x, BASE.y)
    addPoint(none, minus.x, minus.y)
    expect(affine(none)).toBeUndefined()
    expect(hasX(none, 0n)).toBe(false)
    addPoint(none, BASE.x, BASE.y)
    expect(affine(none)).toEqual(BASE)
  })

  it('lift an x to both points, or to none', () => {
    expect(lift(BASE.x, false)).toEqual(BASE)
    expect(lift(BASE.x, true)).toEqual(point(N - 1n))
    expect(lift(5n, false)).toBeUndefined()
    expect(lift(2n ** 256n - 2n ** 32n - 977n, false)).toBeUndefined()
  })

  it('tell an x modulo n, also where the x itself is not below n', () => {
    expect(hasX({ ...BASE, z: 1n }, BASE.x)).toBe(true)
    expect(hasX({ ...BASE, z: 1n }, BASE.x + 1n)).toBe(false)
    // The smallest x above n that the curve has.
    let x = N
    while (!lift(x, false)) x++
    expect(hasX({ ...lift(x, false)!, z: 1n }, x - N)).toBe(true)
  })

  it('invert', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: N - 1n }), (value) => {
        expect((invert(value, N) * value) % N).toBe(1n)
        expect(invert(-value, N)).toBe(N - invert(value, N))
      }),
    )
  })
})
