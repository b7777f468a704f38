import { concatBytes } from '@noble/curves/utils.js'
import type { SignatureClaim } from '../engine.ts'
import { isLong, number, tagged } from './bytes.ts'
import { checkBytes } from './guard.ts'
import { findKey, type Known } from './known.ts'
import { N, type Point } from './points.ts'
import { remember } from './recovered.ts'

/** A signature is right when (a·G + b·key) / divisor is a point that `proves` it. */
export interface Equation {
  readonly known: Known
  readonly a: bigint
  readonly b: bigint
  readonly divisor: bigint
  proves(point: Point): boolean
}

/** `undefined` for what no signature can be, and for high s. */
export function ecdsaEquation({
  signature,
  hash,
  publicKey,
  recovery,
}: SignatureClaim): Equation | undefined {
  checkBytes(hash, 32, 'hash')
  const parts = signatureParts(signature)
  const known = findKey(publicKey)
  if (!parts || !known || parts.s > N / 2n) return undefined
  const { r, s } = parts
  const proves = ({ x, y }: Point) => {
    if (recovery === undefined) return x % N === r
    if (x !== r || Number(y & 1n) !== recovery) return false
    remember(signature, recovery, hash, publicKey)
    return true
  }
  return { known, a: number(hash), b: r, divisor: s, proves }
}

/** The same for BIP-340. */
export function schnorrEquation({ signature, hash, publicKey }: SignatureClaim): Equation | undefined {
  checkBytes(hash, 32, 'hash')
  if (!isLong(signature, 64) || !isLong(publicKey, 32)) return undefined
  const known = findKey(concatBytes(Uint8Array.of(2), publicKey))
  const rx = signature.subarray(0, 32)
  const r = number(rx)
  const s = number(signature.subarray(32))
  if (!known || s >= N) return undefined
  const e = number(tagged('BIP0340/challenge', rx, publicKey, hash)) % N
  return { known, a: s, b: N - e, divisor: 1n, proves: ({ x, y }) => x === r && (y & 1n) === 0n }
}

export function signatureParts(signature: Uint8Array): { r: bigint; s: bigint } | undefined {
  if (!isLong(signature, 64)) return undefined
  const r = number(signature.subarray(0, 32))
  const s = number(signature.subarray(32))
  return r > 0n && r < N && s > 0n && s < N ? { r, s } : undefined
}
