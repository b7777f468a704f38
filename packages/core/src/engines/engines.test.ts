import * as fc from 'fast-check'
import secp256k1 from 'secp256k1'
import * as tiny from 'tiny-secp256k1'
import { describe, expect, it } from 'vitest'
import type { Engine } from '../engine.ts'
import { engineConformance } from '../testing/engine.ts'
import { nativeEngine } from './native.ts'
import { nobleEngine } from './noble.ts'
import { tinyEngine } from './tiny.ts'

const engines: Engine[] = [nobleEngine, tinyEngine(tiny), nativeEngine(secp256k1)]

for (const engine of engines) engineConformance({ describe, it }, { name: engine.name, make: () => engine })

describe('differential: all engines agree', () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const secret = bytes.filter((candidate) => nobleEngine.isSecret(candidate))
  const agree = <T>(call: (engine: Engine) => T): T => {
    const [first, ...rest] = engines.map((engine) => {
      try {
        return plain(call(engine))
      } catch (error) {
        return (error as { code?: string }).code
      }
    })
    for (const other of rest) expect(other).toEqual(first)
    return first as T
  }
  const run = (property: fc.IProperty<unknown[]> | fc.IProperty<never>, numRuns: number) =>
    fc.assert(property as fc.IProperty<unknown>, { numRuns })

  it('on public keys, signatures, verdicts and recovery', () => {
    run(
      fc.property(secret, bytes, bytes, fc.nat(63), (key, hash, other, at) => {
        const publicKey = agree((engine) => engine.publicKey(key))
        const signed = agree((engine) => engine.ecdsaSign(hash, key))
        const bytesOf = Uint8Array.from(signed.signature)
        const changed = bytesOf.map((byte, i) => (i === at ? byte ^ 0x10 : byte))
        expect(
          agree((engine) => engine.ecdsaVerify(bytesOf, hash, Uint8Array.from(publicKey), signed.recovery)),
        ).toBe(true)
        agree((engine) => engine.ecdsaVerify(changed, hash, Uint8Array.from(publicKey)))
        agree((engine) => engine.ecdsaVerify(bytesOf, other, Uint8Array.from(publicKey), signed.recovery))
        agree((engine) => engine.uncompressed(Uint8Array.from(publicKey)))
      }),
      60,
    )
  })

  it('on recovery, which is asked of the libraries themselves: engines share what they have proven', () => {
    const signature = fc.oneof(
      fc.tuple(bytes, bytes).map((halves) => Uint8Array.from(halves.flatMap((half) => [...half]))),
      fc.tuple(secret, bytes).map(([key, hash]) => tiny.sign(hash, key)),
    )
    run(
      fc.property(signature, bytes, fc.constantFrom(0, 1), (signature, hash, recovery) => {
        const byLibrary = [
          () => tiny.recover(hash, signature, recovery as 0, true) ?? undefined,
          () => secp256k1.ecdsaRecover(signature, recovery, hash, true),
        ].map(orUndefined)
        const byEngine = engines.map((engine) =>
          orUndefined(() => engine.ecdsaRecover({ signature, recovery }, hash)),
        )
        expect([...byLibrary, ...byEngine]).toEqual(
          new Array(5).fill(byLibrary[0] && Uint8Array.from(byLibrary[0])),
        )
      }),
      120,
    )
  })

  it('on tweaks', () => {
    run(
      fc.property(secret, bytes, (key, tweak) => {
        const publicKey = Uint8Array.from(agree((engine) => engine.publicKey(key)))
        agree((engine) => engine.secretAdd(key, tweak))
        agree((engine) => engine.publicAdd(publicKey, tweak))
        agree((engine) => engine.secretNegate(key))
      }),
      100,
    )
  })

  it('on Schnorr signatures', () => {
    run(
      fc.property(secret, bytes, bytes, bytes, fc.nat(63), (key, hash, aux, other, at) => {
        const publicKey = Uint8Array.from(agree((engine) => engine.publicKey(key))).slice(1)
        const signature = Uint8Array.from(agree((engine) => engine.schnorrSign(hash, key, aux)))
        const changed = signature.map((byte, i) => (i === at ? byte ^ 0x10 : byte))
        expect(agree((engine) => engine.schnorrVerify(signature, hash, publicKey))).toBe(true)
        expect(agree((engine) => engine.schnorrVerify(changed, hash, publicKey))).toBe(false)
        expect(agree((engine) => engine.schnorrVerify(signature, other, publicKey))).toBe(false)
      }),
      40,
    )
  })

  it('on keys that are no points, and on points with small and special scalars', () => {
    run(
      fc.property(bytes, bytes, fc.constantFrom(2, 3), (x, tweak, prefix) => {
        const publicKey = Uint8Array.of(prefix, ...x)
        agree((engine) => engine.uncompressed(publicKey))
        agree((engine) => engine.publicAdd(publicKey, tweak))
        agree((engine) => engine.ecdsaVerify(Uint8Array.of(...x, ...tweak), tweak, publicKey))
      }),
      60,
    )
    const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const lambda = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n
    const specials = [
      1n,
      2n,
      3n,
      127n,
      128n,
      129n,
      255n,
      256n,
      1n << 127n,
      1n << 128n,
      (1n << 128n) - 1n,
      lambda,
    ]
    const all = specials.flatMap((k) => [k, n - k, (lambda * k) % n])
    for (const k of all) {
      agree((engine) => engine.publicAdd(nobleEngine.publicKey(toBytes(1n)), toBytes(k)))
      agree((engine) => engine.publicAdd(nobleEngine.publicKey(toBytes(k)), toBytes(k)))
      agree((engine) => engine.publicAdd(nobleEngine.publicKey(toBytes(k)), toBytes(n - k)))
    }
  })
})

describe('nobleEngine', () => {
  it('forgets nothing that it needs when more keys come than it keeps', () => {
    const secrets = Array.from({ length: 40 }, (_, i) => toBytes(BigInt(i + 1)))
    const hash = new Uint8Array(32).fill(7)
    const signed = secrets.map((secret) => ({
      publicKey: nobleEngine.publicKey(secret),
      ...nobleEngine.ecdsaSign(hash, secret),
    }))
    for (let round = 0; round < 3; round++)
      for (const { publicKey, signature, recovery } of signed) {
        expect(nobleEngine.ecdsaVerify(signature, hash, publicKey, recovery)).toBe(true)
        expect(nobleEngine.ecdsaRecover({ signature, recovery }, hash)).toEqual(publicKey)
      }
  })

  it('hands out copies of what it remembers', () => {
    const hash = new Uint8Array(32).fill(8)
    const signed = nobleEngine.ecdsaSign(hash, toBytes(5n))
    const first = nobleEngine.ecdsaRecover(signed, hash)
    first.fill(0)
    expect(nobleEngine.ecdsaRecover(signed, hash)).toEqual(nobleEngine.publicKey(toBytes(5n)))
  })
})

describe('what engines have proven', () => {
  it('is shared, and holds for exactly that signature, bit and hash', () => {
    const hash = new Uint8Array(32).fill(11)
    const publicKey = nobleEngine.publicKey(toBytes(77n))
    const { signature, recovery } = nobleEngine.ecdsaSign(hash, toBytes(77n))
    const slow = nativeEngine({
      ...secp256k1,
      ecdsaRecover: () => {
        throw new Error('it was not remembered')
      },
    })
    const known = (signature: Uint8Array, recovery: number, hash: Uint8Array) =>
      orUndefined(() => slow.ecdsaRecover({ signature, recovery }, hash))
    expect(known(signature, recovery, hash)).toBeUndefined()
    expect(nobleEngine.ecdsaVerify(signature, hash, publicKey)).toBe(true) // without its recovery bit: nothing is proven
    expect(known(signature, recovery, hash)).toBeUndefined()
    expect(nobleEngine.ecdsaVerify(signature, hash, publicKey, 1 - recovery)).toBe(false)
    expect(known(signature, 1 - recovery, hash)).toBeUndefined()
    expect(tinyEngine(tiny).ecdsaVerify(signature, hash, publicKey, recovery)).toBe(true)
    expect(known(signature, recovery, hash)).toEqual(publicKey)
    expect(known(signature, 1 - recovery, hash)).toBeUndefined()
    expect(known(signature, recovery + 0.5, hash)).toBeUndefined()
    expect(known(signature, recovery, new Uint8Array(32))).toBeUndefined()
    expect(
      known(
        signature.map((byte) => byte ^ 1),
        recovery,
        hash,
      ),
    ).toBeUndefined()
    expect(known(new Uint8Array(1_000_000), recovery, hash)).toBeUndefined()
    for (let i = 1; i <= 64; i++) {
      const one = nobleEngine.ecdsaSign(hash, toBytes(BigInt(i)))
      nobleEngine.ecdsaVerify(one.signature, hash, nobleEngine.publicKey(toBytes(BigInt(i))), one.recovery)
    }
    expect(known(signature, recovery, hash)).toBeUndefined()
  })

  it('is never used to verify', () => {
    const hash = new Uint8Array(32).fill(12)
    const publicKey = nobleEngine.publicKey(toBytes(78n))
    const { signature, recovery } = nobleEngine.ecdsaSign(hash, toBytes(78n))
    expect(nobleEngine.ecdsaVerify(signature, hash, publicKey, recovery)).toBe(true)
    const blind = nativeEngine({
      ...secp256k1,
      ecdsaRecover: () => new Uint8Array(33),
      ecdsaVerify: () => false,
    })
    expect(blind.ecdsaVerify(signature, hash, publicKey, recovery)).toBe(false)
  })
})

describe('an engine whose library returns a large recovery id', () => {
  it('refuses to sign: no chain can carry it', () => {
    const odd = tinyEngine({
      ...tiny,
      signRecoverable: (h, d) => ({ ...tiny.signRecoverable(h, d), recoveryId: 2 }),
    })
    expect(() => odd.ecdsaSign(new Uint8Array(32).fill(1), toBytes(1n))).toThrow(/Sign another one/)
    const odder = nativeEngine({
      ...secp256k1,
      ecdsaSign: (m, k) => ({ ...secp256k1.ecdsaSign(m, k), recid: 3 }),
    })
    expect(() => odder.ecdsaSign(new Uint8Array(32).fill(1), toBytes(1n))).toThrow(/Sign another one/)
  })
})

function orUndefined(call: () => Uint8Array | undefined): Uint8Array | undefined {
  try {
    const bytes = call()
    return bytes && Uint8Array.from(bytes)
  } catch {
    return undefined
  }
}

function toBytes(value: bigint): Uint8Array {
  return Uint8Array.from(value.toString(16).padStart(64, '0').match(/../g)!, (pair) =>
    Number.parseInt(pair, 16),
  )
}

function plain<T>(value: T): T {
  if (value instanceof Uint8Array) return Array.from(value) as T
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)])) as T
  return value
}
