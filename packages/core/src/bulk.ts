import type { Bulk, Engine, SignatureClaim } from './engine.ts'
import { verifyMany } from './engines/many.ts'

/** Signers believe no other: a chain must not get at a signature that was not verified. */
const genuine = new WeakSet<Bulk>()

/**
 * Makes a `Bulk`, for the time of one call of `sign`.
 *
 * @example
 * const bulk = createBulk()
 * await Promise.all(inputs.map(async ({ path, hash }) => (await keyRing(path, bulk)).ecdsa(hash)))
 */
export function createBulk(): Bulk {
  let next: { engine: Engine; claims: SignatureClaim[]; verdicts: Promise<readonly boolean[]> } | undefined
  let verified = 0
  const bulk: Bulk = {
    verify: async (engine, claim) => {
      if (next?.engine !== engine || next.claims.length === MOST) {
        const claims: SignatureClaim[] = []
        const verdicts = Promise.resolve().then(() => {
          if (next?.claims === claims) next = undefined
          return verifyMany(engine, claims)
        })
        next = { engine, claims, verdicts }
      }
      const at = next.claims.push(claim) - 1
      const right = (await next.verdicts)[at]!
      if (right) verified++
      return right
    },
    verified: () => verified,
  }
  genuine.add(Object.freeze(bulk))
  return bulk
}

/** Whether {@link createBulk} made it. For signers. */
export function isBulk(bulk: Bulk | undefined): bulk is Bulk {
  return genuine.has(bulk as Bulk)
}

/** So many signatures at most: more are no cheaper, and wait in memory. */
const MOST = 64
