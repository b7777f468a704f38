import { bytesToHex, bytesToNumberBE, concatBytes } from '@noble/curves/utils.js'
import type { Engine, SignatureClaim } from '../engine.ts'
import { addUp } from './add-up.ts'
import { isLong } from './bytes.ts'
import { type Equation, ecdsaEquation, schnorrEquation } from './equation.ts'
import { checkBytes, invalidPublicKey, looksCompressed } from './guard.ts'
import { base, type Known, knownKey, learn, learnSum, pointsOf, recallKey } from './known.ts'
import { nobleEngine } from './noble.ts'
import { comb, fold, invertAll, modP, N, P, type Point } from './points.ts'

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
  const one = publicKeys instanceof Uint8Array ? publicKeys : undefined
  if (engine !== nobleEngine)
    return tweaks.map((tweak, i) => engine.publicAdd(one ?? (publicKeys[i] as Uint8Array), tweak))
  const parent = one && keyOrMirror(one)
  return inChunks(
    tweaks.map((tweak, i) => ({ parent: parent ?? keyOrMirror(publicKeys[i] as Uint8Array), tweak })),
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
  terms: readonly { readonly parent: Known; readonly tweak: Uint8Array }[],
): (Uint8Array | undefined)[] {
  use(base(), terms.length)
  const points = addUp(
    terms.map(({ parent, tweak }) => {
      checkBytes(tweak, 32, 'tweak')
      const scalar = bytesToNumberBE(tweak)
      return scalar < N ? [parent.point, ...pointsOf([[base(), scalar]])] : []
    }),
  )
  return points.map((point, i) => {
    if (!point) return undefined
    // A fault of memory or processor must not make an address.
    if (!isOnCurve(point)) throw invalidPublicKey()
    const { parent, tweak } = terms[i]!
    return learnSum(parent, tweak, point)
  })
}

function verifyChunk(claims: readonly SignatureClaim[]): boolean[] {
  const equations = claims.map(equationOf)
  const inverses = invertAll(
    equations.map((equation) => equation?.divisor ?? 1n),
    N,
  )
  // Before any is solved: a table that pays for itself serves all of them.
  use(base(), equations.length)
  for (const equation of equations) if (equation) use(equation.known.root ?? equation.known, 1)
  const points = addUp(
    equations.map((equation, i) => {
      if (!equation) return []
      const { known, a, b } = equation
      const { root = known, factor, offset } = known
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

function keyOrMirror(publicKey: Uint8Array): Known {
  mirror(publicKey)
  return knownKey(publicKey)
}

/** From so many uses on, tables of more bits pay for themselves: of 0.1, 0.4 and 2 MB. */
const WIDTHS = [
  [3000, 11],
  [200, 8],
  [24, 6],
] as const

function use(known: Known, times: number): void {
  known.uses += times
  const width = WIDTHS.find(([after]) => known.uses > after)?.[1] ?? 0
  if (width > (known.comb?.width ?? 0)) known.comb = comb(known.point, width)
}

/** Learns a key from the one with the same x and the other y, where that one is known. */
function mirror(publicKey: Uint8Array): void {
  if (!looksCompressed(publicKey)) return
  const name = bytesToHex(publicKey)
  const known = recallKey(name) ? undefined : recallKey(`0${publicKey[0]! ^ 1}${name.slice(2)}`)
  if (!known) return
  const { root = known, factor, offset } = known
  const { x, y } = known.point
  learn({ name, point: { x, y: P - y }, root, factor: N - factor, offset: (N - offset) % N, uses: 0 })
}

function isOnCurve({ x, y }: Point): boolean {
  return modP(fold(x * x) * x + 7n - y * y) === 0n
}

function inChunks<T, R>(all: readonly T[], make: (chunk: readonly T[]) => R[]): R[] {
  const made: R[] = []
  for (let i = 0; i < all.length; i += TOGETHER) made.push(...make(all.slice(i, i + TOGETHER)))
  return made
}
