// The rules of https://github.com/bitcoin/bips/blob/master/bip-0066.mediawiki
import { nobleEngine } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { script as peer } from 'bitcoinjs-lib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { derDecode, derEncode, isLowS } from './signature.ts'
import { coreVectors } from './vectors.fixture.ts'

describe("Core's vectors", () => {
  const canonical = coreVectors('bitcoind/sig_canonical.json') as string[]
  const others = coreVectors('bitcoind/sig_noncanonical.json') as string[]

  test.each(canonical)('%s', (hex) => {
    const der = hexToBytes(hex).slice(0, -1)
    expect(derEncode(derDecode(der))).toEqual(der)
  })

  // A name, then a signature; types of signatures and all of zeros are not about DER.
  const isAboutDer = (name: string) => !/hashtype/i.test(name)
  const named = others.flatMap((name, i) =>
    /^([0-9a-f]{2})*$/i.test(name) ? [] : [[name, others[i + 1]!] as const],
  )
  test.each(named.filter(([name, hex]) => isAboutDer(name) && /^([0-9a-f]{2})+$/i.test(hex)))(
    'not %s %s',
    (_, hex) => {
      expect(() => derDecode(hexToBytes(hex).slice(0, -1))).toThrow(
        expect.objectContaining({ code: 'INVALID_SIGNATURE' }),
      )
    },
  )
})

test('as a peer, and back', () => {
  const half = fc.oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc
      .integer({ min: 1, max: 32 })
      .chain((n) =>
        fc
          .uint8Array({ minLength: n, maxLength: n })
          .map((tail) => Uint8Array.of(...new Uint8Array(32 - n), ...tail)),
      ),
  )
  fc.assert(
    fc.property(half, half, (r, s) => {
      fc.pre(r.some(Boolean) && s.some(Boolean))
      const signature = Uint8Array.of(...r, ...s)
      const der = derEncode(signature)
      expect(bytesToHex(der)).toBe(bytesToHex(peer.signature.encode(signature, 1).slice(0, -1)))
      expect(derDecode(der)).toEqual(signature)
    }),
    { numRuns: 300 },
  )
})

test('there is one writing: a changed byte is another signature or none', () => {
  const { signature } = nobleEngine.ecdsaSign(sha256(Uint8Array.of(1)), sha256(Uint8Array.of(2)))
  const der = derEncode(signature)
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const other = der.slice()
      other[at]! ^= flip
      let read: Uint8Array
      try {
        read = derDecode(other)
      } catch (error) {
        expect(error).toMatchObject({ code: 'INVALID_SIGNATURE' })
        return
      }
      expect(derEncode(read)).toEqual(other)
    }),
    { numRuns: 500 },
  )
})

test('70 or 71 bytes for what is signed here, a low s always', () => {
  const lengths = new Set<number>()
  for (let i = 0; i < 60; i++) {
    const { signature } = nobleEngine.ecdsaSign(sha256(Uint8Array.of(i)), sha256(Uint8Array.of(2)))
    expect(isLowS(signature)).toBe(true)
    lengths.add(derEncode(signature).length)
  }
  expect(Math.max(...lengths)).toBe(71)
})

test('the limit of a low s', () => {
  const withS = (s: bigint) => hexToBytes(`${'11'.repeat(32)}${s.toString(16).padStart(64, '0')}`)
  const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  expect(isLowS(withS(n / 2n))).toBe(true)
  expect(isLowS(withS(n / 2n + 1n))).toBe(false)
  expect(isLowS(withS(1n))).toBe(true)
  expect(isLowS(withS(n - 1n))).toBe(false)
})

test.each([0, 63, 65])('%i bytes are no signature', (length) => {
  expect(() => derEncode(new Uint8Array(length))).toThrow(
    expect.objectContaining({ code: 'INVALID_SIGNATURE' }),
  )
})
