import { secp256k1 } from '@noble/curves/secp256k1.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addUp } from './add-up.ts'
import { N } from './points.ts'

const { Point } = secp256k1

describe('addUp', () => {
  const scalars = fc.array(
    fc.oneof(
      fc.integer({ min: 1, max: 4 }).map(BigInt),
      fc.integer({ min: 1, max: 4 }).map((k) => N - BigInt(k)),
      fc.bigInt({ min: 1n, max: N - 1n }),
    ),
    { maxLength: 9 },
  )

  it('adds up many lists as noble does: empty ones, equal and opposite points, sums at infinity', () => {
    fc.assert(
      fc.property(fc.array(scalars, { maxLength: 6 }), (lists) => {
        const sums = addUp(lists.map((list) => list.map((k) => Point.BASE.multiplyUnsafe(k).toAffine())))
        expect(sums).toEqual(
          lists.map((list) => {
            const k = list.reduce((sum, each) => (sum + each) % N, 0n)
            return k === 0n ? undefined : Point.BASE.multiplyUnsafe(k).toAffine()
          }),
        )
      }),
      { numRuns: 80 },
    )
  })

  it('adds up one long list', () => {
    const list = Array.from({ length: 67 }, (_, i) => Point.BASE.multiplyUnsafe(BigInt(i + 1)).toAffine())
    expect(addUp([list])).toEqual([Point.BASE.multiplyUnsafe(BigInt((67 * 68) / 2)).toAffine()])
  })
})
