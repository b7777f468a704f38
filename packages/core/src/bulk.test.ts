import * as tiny from 'tiny-secp256k1'
import { describe, expect, it } from 'vitest'
import { createBulk, isBulk } from './bulk.ts'
import type { Engine } from './engine.ts'
import { nobleEngine } from './engines/noble.ts'
import { tinyEngine } from './engines/tiny.ts'

const engines: Engine[] = [nobleEngine, tinyEngine(tiny)]
const claims = Array.from({ length: 150 }, (_, i) => {
  const secret = new Uint8Array(32).fill((i % 200) + 1)
  const hash = new Uint8Array(32).fill(i)
  return { hash, publicKey: nobleEngine.publicKey(secret), ...signedBy(hash, secret) }
})

function signedBy(hash: Uint8Array, secret: Uint8Array) {
  return tinyEngine(tiny).ecdsaSign(hash, secret)
}

describe('createBulk', () => {
  it('gives each its own verdict, whichever engine and however many are asked for in one turn', async () => {
    const bulk = createBulk()
    const asked = claims.flatMap((claim, i) => {
      const engine = engines[i % 40 < 35 ? 0 : 1]!
      const wrong = { ...claim, hash: new Uint8Array(32).fill(255) }
      return [bulk.verify(engine, claim), ...(i % 10 === 0 ? [bulk.verify(engine, wrong)] : [])]
    })
    const expected = claims.flatMap((_, i) => (i % 10 === 0 ? [true, false] : [true]))
    expect(await Promise.all(asked)).toEqual(expected)
    const no: Engine = { ...nobleEngine, ecdsaVerify: () => false }
    const mixed = [nobleEngine, no, no, nobleEngine, no].map((engine, i) => bulk.verify(engine, claims[i]!))
    expect(await Promise.all(mixed)).toEqual([true, false, false, true, false])
    expect(await bulk.verify(nobleEngine, claims[0]!)).toBe(true)
    expect(await bulk.verify(nobleEngine, { ...claims[0]!, hash: new Uint8Array(32).fill(255) })).toBe(false)
  })

  it('fails all that were asked for with one that cannot be verified, and goes on', async () => {
    const bulk = createBulk()
    const asked = [
      bulk.verify(nobleEngine, claims[0]!),
      bulk.verify(nobleEngine, { ...claims[1]!, hash: new Uint8Array(3) }),
    ]
    for (const result of await Promise.allSettled(asked))
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_REQUEST' } })
    expect(await bulk.verify(nobleEngine, claims[2]!)).toBe(true)
  })

  it('is known by its making, not by its looks', () => {
    const bulk = createBulk()
    expect(isBulk(bulk)).toBe(true)
    expect(Object.isFrozen(bulk)).toBe(true)
    for (const other of [undefined, { ...bulk }, { verify: async () => true }, Object.create(bulk)])
      expect(isBulk(other)).toBe(false)
  })
})
