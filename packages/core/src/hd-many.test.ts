import { HDKey } from '@scure/bip32'
import * as fc from 'fast-check'
import * as tiny from 'tiny-secp256k1'
import { describe, expect, it } from 'vitest'
import { nobleEngine } from './engines/noble.ts'
import { tinyEngine } from './engines/tiny.ts'
import { type HdKey, hdDerive, hdDerivePublic, hdFromSeed, hdFromXpub, hdWipe } from './hd.ts'
import { hdDerivePublicMany } from './hd-many.ts'
import { HARDENED } from './path.ts'

const engines = [nobleEngine, tinyEngine(tiny)]
const account = (engine = nobleEngine): HdKey =>
  hdDerive(hdFromSeed(new Uint8Array(32).fill(5), engine), 'm/84h/0h/0h')

describe.each(engines)('hdDerivePublicMany over $name', (engine) => {
  it('differential: gives the keys of @scure/bip32, for random xpubs and indexes up to the last', () => {
    const seed = fc.uint8Array({ minLength: 16, maxLength: 64 })
    const path = fc.array(fc.nat(HARDENED - 1), { maxLength: 3 })
    const from = fc.oneof(fc.nat(HARDENED - 8), fc.constantFrom(0, 0x7fffff, 0xffffff, HARDENED - 8))
    fc.assert(
      fc.property(seed, path, from, fc.nat(8), (seed, path, from, count) => {
        const xpub = HDKey.fromMasterSeed(seed).derive(['m', ...path].join('/')).publicExtendedKey
        const parent = HDKey.fromExtendedKey(xpub)
        const expected = Array.from({ length: count }, (_, i) => ({
          index: from + i,
          publicKey: parent.deriveChild(from + i).publicKey!,
        }))
        const found = hdDerivePublicMany(hdFromXpub(xpub, engine), from, count)
        expect(
          found.map(({ index, publicKey }) => ({ index, publicKey: Uint8Array.from(publicKey) })),
        ).toEqual(expected)
      }),
      { numRuns: 25 },
    )
  })

  it('gives hundreds, in order, of a private node as of its public side', () => {
    const found = hdDerivePublicMany(account(engine), 7, 300)
    expect(found).toHaveLength(300)
    const scure = HDKey.fromMasterSeed(new Uint8Array(32).fill(5)).derive("m/84'/0'/0'")
    for (const at of [0, 1, 63, 64, 127, 128, 255, 256, 299]) {
      expect(found[at]!.index).toBe(7 + at)
      expect(Uint8Array.from(found[at]!.publicKey)).toEqual(scure.deriveChild(7 + at).publicKey)
    }
    expect(new Set(found.map(({ publicKey }) => publicKey.join())).size).toBe(300)
    expect(hdDerivePublicMany(account(engine), 7, 0)).toEqual([])
  })
})

describe('hdDerivePublicMany', () => {
  it('refuses ranges and counts that are none', () => {
    const key = account()
    for (const [from, count] of [
      [-1, 1],
      [0.5, 1],
      [Number.NaN, 1],
      [HARDENED, 1],
      [HARDENED - 1, 2],
      ['0' as unknown as number, 1],
    ] as const)
      expect(() => hdDerivePublicMany(key, from, count)).toThrow(
        expect.objectContaining({ code: 'INVALID_PATH' }),
      )
    for (const count of [-1, 0.5, Number.NaN, 100_001, Number.POSITIVE_INFINITY, '2' as unknown as number])
      expect(() => hdDerivePublicMany(key, 0, count)).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST' }),
      )
    expect(hdDerivePublicMany(key, HARDENED - 1, 1)).toEqual([
      { index: HARDENED - 1, publicKey: hdDerivePublic(key, [HARDENED - 1]).publicKey },
    ])
  })

  it('refuses a wiped node, a copy of one, and one that is as deep as they go', () => {
    const key = account()
    const wrong = expect.objectContaining({ code: 'INVALID_KEY' })
    expect(() => hdDerivePublicMany({ ...key }, 0, 1)).toThrow(wrong)
    hdWipe(key)
    expect(() => hdDerivePublicMany(key, 0, 1)).toThrow(wrong)
    const deep = hdDerivePublic(account(), new Array(252).fill(0))
    expect(deep.depth).toBe(255)
    expect(() => hdDerivePublicMany(deep, 0, 1)).toThrow(expect.objectContaining({ code: 'INVALID_PATH' }))
  })
})
