import { nobleEngine } from '@coffer/core'
import { describe, expect, test } from 'vitest'
import { bytesToHex, intToBytes } from './hex.ts'
import type { Hex } from './intent.ts'
import {
  formatSignature,
  isCanonical,
  parseSignature,
  recoverAddress,
  type TxSignature,
} from './signature.ts'

// https://www.secg.org/sec2-v2.pdf: the order of secp256k1, and its half.
const N = BigInt('0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141')
const HALF = BigInt('0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0')

const written = ({ r, s }: TxSignature, v: number): Hex =>
  bytesToHex(Uint8Array.of(...intToBytes(r, 32), ...intToBytes(s, 32), v))

describe('G5: which signatures are canonical', () => {
  test.each<[string, TxSignature, boolean]>([
    ['the least', { r: 1n, s: 1n, yParity: 0 }, true],
    ['the highest', { r: N - 1n, s: HALF, yParity: 1 }, true],
    ['r of zero', { r: 0n, s: 1n, yParity: 0 }, false],
    ['r of n', { r: N, s: 1n, yParity: 0 }, false],
    ['s of zero', { r: 1n, s: 0n, yParity: 0 }, false],
    ['s above the half', { r: 1n, s: HALF + 1n, yParity: 0 }, false],
    ['a parity of two', { r: 1n, s: 1n, yParity: 2 }, false],
    ['a negative parity', { r: 1n, s: 1n, yParity: -1 }, false],
  ])('%s', (_, signature, canonical) => {
    expect(isCanonical(signature)).toBe(canonical)
    if (canonical) return
    expect(() => recoverAddress(new Uint8Array(32).fill(1), signature)).toThrow(
      expect.objectContaining({ code: 'INVALID_SIGNATURE' }),
    )
  })

  test.each([
    [0, 0],
    [1, 1],
    [27, 0],
    [28, 1],
  ])('v of %i is the parity %i', (v, yParity) => {
    const signature = { r: 2n, s: HALF, yParity }
    expect(parseSignature(written(signature, v))).toEqual(signature)
    expect(formatSignature(signature)).toBe(written(signature, 27 + yParity))
  })

  test.each<[string, Hex]>([
    ['v of 2', written({ r: 1n, s: 1n, yParity: 0 }, 2)],
    ['v of 26', written({ r: 1n, s: 1n, yParity: 0 }, 26)],
    ['v of 29', written({ r: 1n, s: 1n, yParity: 0 }, 29)],
    ['high s', written({ r: 1n, s: HALF + 1n, yParity: 0 }, 27)],
    ['64 bytes', written({ r: 1n, s: 1n, yParity: 0 }, 27).slice(0, -2) as Hex],
    ['66 bytes', `${written({ r: 1n, s: 1n, yParity: 0 }, 27)}00`],
    ['no hex', '0xzz'],
  ])('%s is refused', (_, text) => {
    expect(() => parseSignature(text)).toThrow(expect.objectContaining({ code: 'INVALID_SIGNATURE' }))
  })

  test('an r that is no point of the curve was made by nobody', () => {
    expect(() =>
      recoverAddress(new Uint8Array(32).fill(1), { r: 5n, s: 1n, yParity: 0 }, nobleEngine),
    ).toThrow(expect.objectContaining({ code: 'INVALID_SIGNATURE' }))
  })
})
