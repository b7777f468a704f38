import { secp256k1 } from '@noble/curves/secp256k1.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addPoint,
  affine,
  BASE,
  comb,
  compress,
  fewMultiples,
  fold,
  invert,
  invertAll,
  lift,
  modP,
  multiples,
  multiplyOnce,
  N,
  P,
  sumOf,
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
          const sum = multiplyOnce(terms.map(([base, k]) => ({ few: fewMultiples(point(base)), scalar: k })))
          expect(sum).toEqual(expected(terms))
        },
      ),
      { numRuns: 150 },
    )
  })

  it('list the first multiples of a point', () => {
    for (const base of [1n, 2n, N - 1n, LAMBDA, 987654321n])
      expect(fewMultiples(point(base))).toEqual(
        Array.from({ length: 16 }, (_, i) => point((base * BigInt(i + 1)) % N)),
      )
  })

  it('multiply from tables of every width', () => {
    const bases = [1n, 2n, N - 1n, LAMBDA, 123456789n]
    const tables = bases.flatMap((base, i) =>
      [4, 6, 8, i === 0 ? 11 : 7].map((width) => ({ base, table: comb(point(base), width) })),
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...tables), scalar), { minLength: 1, maxLength: 3 }),
        (terms) => {
          const found = terms.flatMap(([{ table }, k]) => multiples(table, k))
          expect(sumOf(found)).toEqual(expected(terms.map(([{ base }, k]) => [base, k])))
        },
      ),
      { numRuns: 400 },
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
    expect(sumOf([BASE, minus])).toBeUndefined()
    // A small x that was left above p, as `fold` may leave it.
    const { x, y } = lift(1n, false)!
    const above = { x: x + P, y, z: 1n }
    addPoint(above, x, y)
    expect(affine(above)).toEqual(Point.fromAffine({ x, y }).double().toAffine())
    const opposite = { x: x + P, y, z: 1n }
    addPoint(opposite, x, P - y)
    expect(affine(opposite)).toBeUndefined()
    expect(sumOf([])).toBeUndefined()
    addPoint(none, BASE.x, BASE.y)
    expect(affine(none)).toEqual(BASE)
  })

  it('lift an x to both points, or to none', () => {
    expect(lift(BASE.x, false)).toEqual(BASE)
    expect(lift(BASE.x, true)).toEqual(point(N - 1n))
    expect(lift(5n, false)).toBeUndefined()
    expect(lift(2n ** 256n - 2n ** 32n - 977n, false)).toBeUndefined()
  })

  it('are written as noble writes them', () => {
    for (const k of [1n, 2n, 3n, N - 1n, LAMBDA])
      expect(compress(point(k))).toEqual(Point.BASE.multiplyUnsafe(k).toBytes(true))
  })

  it('fold numbers of either sign and up to 600 bits, so that 0 is 0 or p', () => {
    const value = fc.bigInt({ min: -(2n ** 600n), max: 2n ** 600n })
    const special = fc.constantFrom(0n, 1n, P - 1n, P, P + 1n, 2n ** 256n, P * P, 2n ** 600n, P << 300n)
    fc.assert(
      fc.property(fc.oneof(value, special), fc.boolean(), (size, negative) => {
        const number = negative ? -size : size
        const rest = ((number % P) + P) % P
        const folded = fold(number)
        expect(((folded % P) + P) % P).toBe(rest)
        expect(folded > -(2n ** 160n) && folded < 2n ** 256n + 2n ** 160n).toBe(true)
        if (rest === 0n) expect([0n, P]).toContain(folded)
        expect(modP(number)).toBe(rest)
      }),
      { numRuns: 500 },
    )
  })

  it('invert', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: N - 1n }), (value) => {
        expect((invert(value, N) * value) % N).toBe(1n)
        expect(invert(-value, N)).toBe(N - invert(value, N))
      }),
    )
  })

  it('invert many at once', () => {
    for (const modulus of [P, N])
      fc.assert(
        fc.property(fc.array(fc.bigInt({ min: 1n, max: N - 1n }), { maxLength: 12 }), (values) => {
          const inverses = invertAll(values, modulus)
          expect(inverses.map((inverse, i) => (inverse * values[i]!) % modulus)).toEqual(values.map(() => 1n))
        }),
      )
  })
})
