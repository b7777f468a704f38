import { bytesToHex, bytesToNumberBE, concatBytes } from '@noble/curves/utils.js'
import type { Engine, SignatureClaim } from '../engine.ts'
import { isLong } from './bytes.ts'
import { type Equation, ecdsaEquation, schnorrEquation } from './equation.ts'
import { checkBytes, invalidPublicKey } from './guard.ts'
import { base, findKey, isLearnt, type Known, knownKey, learn, pointsOf } from './known.ts'
import { nobleEngine } from './noble.ts'
import { comb, compress, fold, invertAll, modP, N, P, type Point, sumOf } from './points.ts'

/*
 * Apart from the engine, so that apps that need none of it do not carry it. All of it is public data.
 *
 * Two things make it fast. Many sums share their inversions. And a key that was derived here, root + offset·G, needs no
 * table of its own: what is multiplied are the root and G, which have one.
 */

/** So many sums are made together: more are no cheaper, and wait in memory. */
const TOGETHER = 64

/**
 * publicKey + tweak·G for many tweaks: of one key, or of as many keys as there are tweaks. With the engine of pure
 * JavaScript several times faster than a loop. `undefined` where `publicAdd` gives that; throws what it throws.
 *
 * @example
 * publicAddMany(nobleEngine, parent, tweaks)
 */
export function publicAddMany(
  engine: Engine,
  publicKeys: Uint8Array | readonly Uint8Array[],
  tweaks: readonly Uint8Array[],
): readonly (Uint8Array | undefined)[] {
  const keyOf = (i: number) => (publicKeys instanceof Uint8Array ? publicKeys : publicKeys[i]!)
  if (engine !== nobleEngine) return tweaks.map((tweak, i) => engine.publicAdd(keyOf(i), tweak))
  return inChunks(
    tweaks.map((tweak, i) => ({ publicKey: keyOf(i), tweak })),
    addChunk,
  )
}

/**
 * Which of the signatures verify: as `ecdsaVerify` and `schnorrVerify`, and faster in the same way. Throws
 * `INVALID_REQUEST` for a hash of another length.
 *
 * @example
 * verifyMany(nobleEngine, [{ signature, hash, publicKey }]) // [true]
 */
export function verifyMany(engine: Engine, claims: readonly SignatureClaim[]): readonly boolean[] {
  if (engine === nobleEngine) return inChunks(claims, verifyChunk)
  return claims.map(({ signature, hash, publicKey, recovery }) =>
    isLong(publicKey, 32)
      ? engine.schnorrVerify(signature, hash, publicKey)
      : engine.ecdsaVerify(signature, hash, publicKey, recovery),
  )
}

function addChunk(
  sums: readonly { readonly publicKey: Uint8Array; readonly tweak: Uint8Array }[],
): (Uint8Array | undefined)[] {
  useBase(sums.length)
  const terms = sums.map(({ publicKey, tweak }) => {
    checkBytes(tweak, 32, 'tweak')
    mirror(publicKey)
    return { known: knownKey(publicKey), scalar: bytesToNumberBE(tweak) }
  })
  const points = addUp(
    terms.map(({ known, scalar }) => (scalar < N ? [known.point, ...pointsOf([[base(), scalar]])] : [])),
  )
  return points.map((point, i) => {
    if (!point) return undefined
    // A fault of memory or processor must not make an address.
    if (!isOnCurve(point)) throw invalidPublicKey()
    const { known, scalar } = terms[i]!
    const { root, factor, offset } = wayTo(known)
    const publicKey = compress(point)
    remember(known, sums[i]!.tweak, publicKey)
    learn(publicKey, { point, derived: { root, factor, offset: (offset + scalar) % N }, uses: 0 })
    return publicKey
  })
}

function verifyChunk(claims: readonly SignatureClaim[]): boolean[] {
  const equations = claims.map(equationOf)
  const inverses = invertAll(
    equations.map((equation) => equation?.divisor ?? 1n),
    N,
  )
  // Before any is solved: a table that pays for itself serves all of them.
  useBase(equations.length)
  for (const equation of equations) if (equation) wayTo(equation.known).root.uses++
  const points = addUp(
    equations.map((equation, i) => {
      if (!equation) return []
      const { known, a, b } = equation
      const { root, factor, offset } = wayTo(known)
      const scale = (value: bigint) => ((value % N) * inverses[i]!) % N
      return pointsOf([
        [base(), scale(a + b * offset)],
        [root, scale(b * factor)],
      ])
    }),
  )
  return equations.map((equation, i) => {
    const point = points[i]
    return equation !== undefined && point !== undefined && equation.proves(point)
  })
}

function equationOf(claim: SignatureClaim): Equation | undefined {
  if (!isLong(claim.publicKey, 32)) return ecdsaEquation(claim)
  mirror(concatBytes(Uint8Array.of(2), claim.publicKey))
  return schnorrEquation(claim)
}

/** So many uses of the base point pay for a table of 2 MB, which saves a quarter of the additions. */
const WIDE_AFTER = 3000
const WIDE = 11

function useBase(times: number): void {
  const known = base()
  known.uses += times
  if (known.uses > WIDE_AFTER && known.comb?.width !== WIDE) known.comb = comb(known.point, WIDE)
}

const SUMS_KEPT = 4096

/** The next to derive the same key may be a signer, which derives it alone. */
function remember(known: Known, tweak: Uint8Array, sum: Uint8Array): void {
  known.sums ??= new Map()
  if (known.sums.size >= SUMS_KEPT) known.sums.clear()
  known.sums.set(bytesToHex(tweak), sum.slice())
}

const wayTo = (known: Known) => known.derived ?? { root: known, factor: 1n, offset: 0n }

/** Learns a key from the one with the same x and the other y, where that one is known. */
function mirror(publicKey: Uint8Array): void {
  if (!isLong(publicKey, 33) || isLearnt(publicKey)) return
  const twin = concatBytes(Uint8Array.of(publicKey[0]! ^ 1), publicKey.subarray(1))
  const known = isLearnt(twin) && findKey(twin)
  if (!known) return
  const { root, factor, offset } = wayTo(known)
  const { x, y } = known.point
  const derived = { root, factor: N - factor, offset: (N - offset) % N }
  learn(publicKey, { point: { x, y: P - y }, derived, uses: 0 })
}

/**
 * The sum of each list of points; `undefined` at infinity. Neighbours are added in pairs, round after round, and each
 * round of all lists shares one inversion: cheaper than Jacobian additions as soon as there are some pairs.
 */
export function addUp(lists: readonly (readonly Point[])[]): (Point | undefined)[] {
  const pairs: Point[] = []
  for (const list of lists) for (let i = 0; i < list.length - (list.length % 2); i++) pairs.push(list[i]!)
  if (pairs.length === 0) return lists.map(([point]) => point)
  if (lists.length === 1 && pairs.length < 32) {
    return [sumOf(lists[0]!)]
  }
  const sums = addPairs(pairs)
  let next = 0
  return addUp(
    lists.map((list) => {
      const shorter = list.length % 2 === 1 ? [list.at(-1)!] : []
      for (let i = 1; i < list.length; i += 2) {
        const sum = sums[next++]
        if (sum) shorter.push(sum)
      }
      return shorter
    }),
  )
}

/** The sums of the first and the second point, the third and the fourth …, with one inversion; `undefined` at infinity. */
function addPairs(points: readonly Point[]): (Point | undefined)[] {
  const divisors: bigint[] = []
  for (let i = 0; i < points.length; i += 2) {
    const a = points[i]!
    const b = points[i + 1]!
    // No point of the curve has y = 0, so that no divisor is 0.
    divisors.push(a.x !== b.x ? b.x - a.x : a.y === b.y ? 2n * a.y : 1n)
  }
  return invertAll(divisors).map((inverse, i) => {
    const a = points[2 * i]!
    const b = points[2 * i + 1]!
    const same = a.x === b.x
    if (same && a.y !== b.y) return undefined
    const slope = fold((same ? fold(3n * a.x * a.x) : b.y - a.y) * inverse)
    const x = modP(slope * slope - a.x - b.x)
    return { x, y: modP(slope * (a.x - x) - a.y) }
  })
}

function isOnCurve({ x, y }: Point): boolean {
  return modP(fold(x * x) * x + 7n - y * y) === 0n
}

function inChunks<T, R>(all: readonly T[], make: (chunk: readonly T[]) => R[]): R[] {
  const made: R[] = []
  for (let i = 0; i < all.length; i += TOGETHER) made.push(...make(all.slice(i, i + TOGETHER)))
  return made
}
