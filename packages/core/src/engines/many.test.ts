import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import * as fc from 'fast-check'
import native from 'secp256k1'
import * as tiny from 'tiny-secp256k1'
import { describe, expect, it } from 'vitest'
import type { Engine, SignatureClaim } from '../engine.ts'
import { publicAddMany, verifyMany } from './many.ts'
import { nativeEngine } from './native.ts'
import { nobleEngine } from './noble.ts'
import { lift, N } from './points.ts'
import { tinyEngine } from './tiny.ts'

const engines: Engine[] = [nobleEngine, tinyEngine(tiny), nativeEngine(native)]
const oracle = tinyEngine(tiny)

/** Pseudo-random bytes of a number. */
const random = (...parts: number[]) =>
  sha256(Uint8Array.from(parts.flatMap((part) => [part & 255, part >> 8])))
const toBytes = (value: bigint) =>
  Uint8Array.from(value.toString(16).padStart(64, '0').match(/../g)!, (pair) => Number.parseInt(pair, 16))
const zeros = new Uint8Array(32)

describe.each(engines)('publicAddMany over $name', (engine) => {
  const parent = nobleEngine.publicKey(random(1))
  const tweaks = Array.from({ length: 150 }, (_, i) => random(2, i))

  it('adds many tweaks to one key', () => {
    const sums = publicAddMany(engine, parent, tweaks)
    expect(sums).toEqual(tweaks.map((tweak) => Uint8Array.from(oracle.publicAdd(parent, tweak)!)))
    expect(publicAddMany(engine, parent, [])).toEqual([])
  })

  it('adds to as many keys, also to those that it derived and to their negatives', () => {
    const derived = publicAddMany(engine, parent, tweaks.slice(0, 70)).map((key) => key!)
    const negated = derived.map((key) => Uint8Array.of(key[0]! ^ 1, ...key.subarray(1)))
    const foreign = Array.from({ length: 30 }, (_, i) => oracle.publicKey(random(3, i)))
    const keys = [...derived, ...negated, ...foreign]
    const twice = keys.map((_, i) => random(4, i))
    const sums = publicAddMany(engine, keys, twice)
    expect(sums).toEqual(keys.map((key, i) => Uint8Array.from(oracle.publicAdd(key, twice[i]!)!)))
  })

  it('gives undefined at infinity and for tweaks that are not below the order', () => {
    const two = toBytes(2n)
    const key = nobleEngine.publicKey(two)
    const odd = [zeros, toBytes(N - 2n), toBytes(N), new Uint8Array(32).fill(255), two]
    const four = nobleEngine.publicKey(toBytes(4n))
    for (let round = 0; round < 3; round++)
      expect(publicAddMany(engine, key, odd)).toEqual([key, undefined, undefined, undefined, four])
  })

  it('throws as publicAdd does', () => {
    for (const wrong of [new Uint8Array(33), random(1), Uint8Array.of(2, ...toBytes(5n))])
      expect(() => publicAddMany(engine, [parent, wrong], [random(5), random(5)])).toThrow(
        expect.objectContaining({ code: 'INVALID_KEY' }),
      )
    expect(() => publicAddMany(engine, [parent], [random(5), random(5)])).toThrow(
      expect.objectContaining({ code: 'INVALID_KEY' }),
    )
    for (const wrong of [random(5).subarray(1), new Uint8Array(33)])
      expect(() => publicAddMany(engine, parent, [random(5), wrong])).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST' }),
      )
  })

  it('gives bytes of their own, also where the sum is known', () => {
    for (const add of [
      (tweak: Uint8Array) => publicAddMany(engine, parent, [tweak])[0]!,
      (tweak: Uint8Array) => engine.publicAdd(parent, tweak)!,
    ]) {
      const expected = Uint8Array.from(oracle.publicAdd(parent, tweaks[0]!)!)
      add(tweaks[0]!).fill(0)
      for (let round = 0; round < 2; round++) {
        const alone = engine.publicAdd(parent, tweaks[0]!)!
        expect(Uint8Array.from(alone)).toEqual(expected)
        alone.fill(0)
      }
    }
  })
})

describe.each(engines)('verifyMany over $name', (engine) => {
  /** Signatures of keys that stand alone and of derived ones, ECDSA and BIP-340 in turn. */
  const parentSecret = random(7)
  const parent = nobleEngine.publicKey(parentSecret)
  const tweaks = Array.from({ length: 60 }, (_, i) => random(8, i))
  publicAddMany(engine, parent, tweaks)
  const secrets = tweaks.flatMap((tweak, i) => [oracle.secretAdd(parentSecret, tweak)!, random(9, i)])
  const claims: SignatureClaim[] = secrets.map((secret, i) => {
    const hash = random(10, i)
    const publicKey = Uint8Array.from(oracle.publicKey(secret))
    return i % 4 < 2
      ? { hash, publicKey, ...oracle.ecdsaSign(hash, secret) }
      : { hash, publicKey: publicKey.slice(1), signature: oracle.schnorrSign(hash, secret, zeros) }
  })
  const bent = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))

  it('finds each that is wrong among many that are right', () => {
    const wrongs: SignatureClaim[] = claims.map((claim, i) => {
      const { signature, hash, recovery } = claim
      const other = claims[(i + 4) % claims.length]!
      switch (i % 7) {
        case 0:
          return { ...claim, signature: bent(signature, i % 64) }
        case 1:
          return { ...claim, hash: bent(hash, i % 32) }
        case 2:
          return { ...claim, publicKey: other.publicKey }
        case 3:
          return recovery === undefined
            ? { ...claim, publicKey: new Uint8Array(32).fill(255) }
            : { ...claim, recovery: 1 - recovery }
        case 4:
          return { ...claim, signature: other.signature }
        case 5:
          return { ...claim, signature: signature.subarray(1) }
        default:
          return { ...claim, publicKey: claim.publicKey.subarray(1) }
      }
    })
    const mixed = claims.flatMap((claim, i) => (i % 3 === 0 ? [claim, wrongs[i]!] : [claim]))
    for (let round = 0; round < 2; round++)
      expect(verifyMany(engine, mixed)).toEqual(mixed.map((claim) => claims.includes(claim)))
    expect(verifyMany(engine, wrongs)).toEqual(wrongs.map(() => false))
    expect(verifyMany(engine, [])).toEqual([])
  })

  it('says the same as one at a time', () => {
    for (const claim of claims.slice(0, 24)) {
      const { signature, hash, publicKey, recovery } = claim
      expect(verifyMany(engine, [claim])).toEqual([true])
      if (recovery === undefined) expect(engine.schnorrVerify(signature, hash, publicKey)).toBe(true)
      else expect(engine.ecdsaVerify(signature, hash, publicKey, recovery)).toBe(true)
    }
  })

  it('takes an r that is the x of its point less the order, where no recovery bit speaks against it', () => {
    let x = N + 1n
    while (!lift(x, false)) x++
    const { y } = lift(x, false)!
    const R = secp256k1.Point.fromAffine({ x, y })
    const r = x - N
    const hash = random(11)
    const z = BigInt(`0x${Buffer.from(hash).toString('hex')}`) % N
    const w = secp256k1.Point.Fn.inv(r)
    for (const s of [5n, 12345n]) {
      const key = R.multiplyUnsafe((s * w) % N).add(secp256k1.Point.BASE.multiplyUnsafe(((N - z) * w) % N))
      const claim = {
        signature: Uint8Array.of(...toBytes(r), ...toBytes(s)),
        hash,
        publicKey: key.toBytes(true),
      }
      expect(tiny.verify(hash, claim.publicKey, claim.signature)).toBe(true)
      const withBits = [claim, { ...claim, recovery: 0 }, { ...claim, recovery: 1 }]
      expect(verifyMany(engine, withBits)).toEqual([true, false, false])
      expect(engine.ecdsaVerify(claim.signature, hash, claim.publicKey)).toBe(true)
    }
  })

  it('refuses high s, and throws for a hash of another length', () => {
    const { signature, ...rest } = claims[0]!
    const high = Uint8Array.of(
      ...signature.subarray(0, 32),
      ...oracle.secretNegate(Uint8Array.from(signature.subarray(32))),
    )
    expect(
      verifyMany(engine, [claims[1]!, { ...rest, signature: high, recovery: 1 - rest.recovery! }]),
    ).toEqual([true, false])
    expect(() => verifyMany(engine, [claims[1]!, { ...rest, signature, hash: zeros.subarray(1) }])).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })
})

describe('keys that were derived', () => {
  it('verify from the tables of their parent, over several steps, and only what is theirs', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((bytes) => nobleEngine.isSecret(bytes)),
        fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (root, tweaks, single) => {
          let secret: Uint8Array = root
          let publicKey = nobleEngine.publicKey(root)
          for (const tweak of tweaks) {
            // As taproot does: from the key with the same x and an even y.
            if (publicKey[0] === 3) secret = nobleEngine.secretNegate(secret)
            const even = Uint8Array.of(2, ...publicKey.subarray(1))
            const [next] = single
              ? [nobleEngine.publicAdd(even, tweak)]
              : publicAddMany(nobleEngine, [even], [tweak])
            const nextSecret = nobleEngine.secretAdd(secret, tweak)
            if (!next || !nextSecret) return
            expect(next).toEqual(Uint8Array.from(oracle.publicKey(nextSecret)))
            secret = nextSecret
            publicKey = next
          }
          const hash = sha256(root)
          const ecdsa = nobleEngine.ecdsaSign(hash, secret)
          const signature = nobleEngine.schnorrSign(hash, secret, zeros)
          const xOnly = publicKey.subarray(1)
          const right = [
            { hash, publicKey, ...ecdsa },
            { hash, publicKey: xOnly, signature },
          ]
          expect(verifyMany(nobleEngine, right)).toEqual([true, true])
          expect(nobleEngine.ecdsaVerify(ecdsa.signature, hash, publicKey, ecdsa.recovery)).toBe(true)
          expect(nobleEngine.schnorrVerify(signature, hash, xOnly)).toBe(true)
          const negative = Uint8Array.of(publicKey[0]! ^ 1, ...xOnly)
          expect(verifyMany(nobleEngine, [{ hash, publicKey: negative, ...ecdsa }])).toEqual([false])
        },
      ),
      { numRuns: 60 },
    )
  })
})
