import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bytesToHex, bytesToNumberBE, concatBytes, numberToBytesBE } from '@noble/curves/utils.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import type { Engine } from '../engine.ts'
import { CofferError } from '../error.ts'
import {
  checkBytes,
  invalidPublicKey,
  invalidSecret,
  invalidSignature,
  looksCompressed,
  recoverable,
} from './guard.ts'
import {
  addFromComb,
  addPoint,
  affine,
  BASE,
  type Comb,
  comb,
  hasX,
  invert,
  lift,
  multiplyOnce,
  N,
  type OddMultiples,
  oddMultiples,
  type Point,
  type Sum,
  zero,
} from './points.ts'
import { recall, remember } from './recovered.ts'

/**
 * The default engine: pure JavaScript.
 *
 * Secrets are handled by noble, whose multiplications are blinded and of constant pattern. Public data (verification,
 * recovery, public derivation) goes through this package's own variable-time tables, which are three to nine times
 * faster; a fault there can only refuse a signature of ours, and every result is held against noble and libsecp256k1
 * in the tests.
 *
 * Nothing is computed on import. Tables grow with use: a public key that was met {@link COMB_AFTER} times gets one of
 * 0.2 MB ({@link COMBS_KEPT} at most), and noble's table for the base point, which all users of the same copy of noble
 * share, is set small on the first use and larger after {@link WIDE_AFTER}.
 *
 * @see https://github.com/paulmillr/noble-curves
 */
export const nobleEngine: Engine = {
  name: 'noble',

  isSecret: (secret) => secp256k1.utils.isValidSecretKey(secret),

  publicKey: (secret) => {
    const scalar = secretNumber(secret)
    countSecretUse()
    return secp256k1.Point.BASE.multiply(scalar).toBytes(true)
  },

  uncompressed: (publicKey) => {
    const { x, y } = knownKey(publicKey).point
    return concatBytes(Uint8Array.of(4), toBytes(x), toBytes(y))
  },

  ecdsaSign: (hash, secret) => {
    checkBytes(hash, 32, 'hash')
    secretNumber(secret)
    countSecretUse()
    const signed = secp256k1.sign(hash, secret, { prehash: false, format: 'recovered' })
    return recoverable(signed.slice(1), signed[0]!)
  },

  ecdsaVerify: (signature, hash, publicKey, recovery) => {
    checkBytes(hash, 32, 'hash')
    const parts = signatureParts(signature)
    const known = findKey(publicKey)
    if (!parts || !known || parts.s > N / 2n) return false
    const { r, s } = parts
    const w = invert(s, N)
    const sum = baseAnd(known, (number(hash) * w) % N, (r * w) % N)
    if (recovery === undefined) return hasX(sum, r)
    const point = affine(sum)
    if (!point || point.x !== r || Number(point.y & 1n) !== recovery) return false
    remember(signature, recovery, hash, publicKey)
    return true
  },

  ecdsaRecover: ({ signature, recovery }, hash) => {
    checkBytes(hash, 32, 'hash')
    const known = recall(signature, recovery, hash)
    if (known) return known
    const parts = signatureParts(signature)
    const point = parts && (recovery === 0 || recovery === 1) ? lift(parts.r, recovery === 1) : undefined
    if (!parts || !point) throw invalidSignature()
    const w = invert(parts.r, N)
    const key = affine(
      multiplyOnce([
        { odd: base().odd, scalar: (number(hash) * (N - w)) % N },
        { odd: oddMultiples(point), scalar: (parts.s * w) % N },
      ]),
    )
    if (!key) throw invalidSignature()
    const publicKey = compress(key)
    remember(signature, recovery, hash, publicKey)
    return publicKey
  },

  schnorrSign: (hash, secret, aux) => {
    checkBytes(hash, 32, 'hash')
    checkBytes(aux, 32, 'auxiliary random value')
    return schnorrSign(hash, secretNumber(secret), aux)
  },

  schnorrVerify: (signature, hash, publicKey) => {
    checkBytes(hash, 32, 'hash')
    if (!isLong(signature, 64) || !isLong(publicKey, 32)) return false
    const known = findKey(concatBytes(Uint8Array.of(2), publicKey))
    const r = number(signature.subarray(0, 32))
    const s = number(signature.subarray(32))
    if (!known || s >= N) return false
    const e = number(tagged('BIP0340/challenge', signature.subarray(0, 32), publicKey, hash)) % N
    const point = affine(baseAnd(known, s, (N - e) % N))
    return point !== undefined && (point.y & 1n) === 0n && point.x === r
  },

  secretAdd: (secret, tweak) => {
    const scalar = secretNumber(secret)
    checkBytes(tweak, 32, 'tweak')
    const added = number(tweak)
    const sum = (scalar + added) % N
    return added >= N || sum === 0n ? undefined : toBytes(sum)
  },

  publicAdd: (publicKey, tweak) => {
    checkBytes(tweak, 32, 'tweak')
    const { point } = knownKey(publicKey)
    const scalar = number(tweak)
    if (scalar >= N) return undefined
    const sum = baseTimes(scalar)
    addPoint(sum, point.x, point.y)
    const key = affine(sum)
    return key && compress(key)
  },

  secretNegate: (secret) => toBytes(N - secretNumber(secret)),
}

// ---- secrets: noble's multiplication only ----

/** BIP-340 without its closing verification, which the caller makes from tables. */
function schnorrSign(hash: Uint8Array, secret: bigint, aux: Uint8Array): Uint8Array {
  const { BASE: G } = secp256k1.Point
  countSecretUse(2)
  const own = G.multiply(secret).toAffine()
  const d = own.y & 1n ? N - secret : secret
  const px = toBytes(own.x)
  const t = toBytes(d ^ number(tagged('BIP0340/aux', aux)))
  const k = number(tagged('BIP0340/nonce', t, px, hash)) % N
  t.fill(0)
  if (k === 0n)
    throw new CofferError({
      code: 'SIGNATURE_WRONG',
      message: 'This hash has no signature. Sign another one.',
    })
  const point = G.multiply(k).toAffine()
  const rx = toBytes(point.x)
  const e = number(tagged('BIP0340/challenge', rx, px, hash)) % N
  return concatBytes(rx, toBytes(((point.y & 1n ? N - k : k) + e * d) % N))
}

const WIDE_AFTER = 400
let secretUses = 0

/**
 * Sets the windows of noble's table for the base point. Noble's own 6 bits cost more to build than a process with a few
 * signatures wins back: 5 bits make the first signature a third cheaper. 8 bits make each later one a fifth cheaper, and
 * are paid back after some 400.
 */
function countSecretUse(times = 1): void {
  const before = secretUses
  secretUses += times
  if (before === 0) secp256k1.Point.BASE.precompute(5)
  if (before < WIDE_AFTER && secretUses >= WIDE_AFTER) secp256k1.Point.BASE.precompute(8)
}

function secretNumber(secret: Uint8Array): bigint {
  if (!isLong(secret, 32)) throw invalidSecret()
  const scalar = number(secret)
  if (scalar === 0n || scalar >= N) throw invalidSecret()
  return scalar
}

// ---- public data: tables that grow with use ----

const COMB_AFTER = 24
const KEYS_KEPT = 256
const COMBS_KEPT = 16

interface Known {
  readonly point: Point
  uses: number
  odd?: OddMultiples | undefined
  comb?: Comb | undefined
}

const keys = new Map<string, Known>()
/** Those that have a table. */
const combed = new Map<Known, Known>()
let baseTables: (Known & { readonly odd: OddMultiples }) | undefined
const base = () => (baseTables ??= { point: BASE, uses: 0, odd: oddMultiples(BASE) })

/** a·G + b·point */
function baseAnd(known: Known, a: bigint, b: bigint): Sum {
  if (++known.uses <= COMB_AFTER) {
    known.odd ??= oddMultiples(known.point)
    return multiplyOnce([
      { odd: base().odd, scalar: a },
      { odd: known.odd, scalar: b },
    ])
  }
  known.comb ??= comb(known.point)
  const idle = keep(combed, known, known, COMBS_KEPT)
  if (idle) {
    idle.comb = undefined
    // Where more keys take turns than tables are kept, building them over and over would cost more than it saves.
    idle.uses = -20 * COMB_AFTER
  }
  const sum = zero()
  addFromComb(sum, (base().comb ??= comb(BASE)), a)
  addFromComb(sum, known.comb, b)
  return sum
}

/** a·G */
function baseTimes(a: bigint): Sum {
  const known = base()
  if (!known.comb && ++known.uses <= COMB_AFTER) return multiplyOnce([{ odd: known.odd, scalar: a }])
  const sum = zero()
  addFromComb(sum, (known.comb ??= comb(BASE)), a)
  return sum
}

function knownKey(publicKey: Uint8Array): Known {
  const known = findKey(publicKey)
  if (!known) throw invalidPublicKey()
  return known
}

function findKey(publicKey: Uint8Array): Known | undefined {
  if (!looksCompressed(publicKey)) return undefined
  const name = bytesToHex(publicKey)
  const found = keys.get(name)
  const point = found ? undefined : lift(number(publicKey.subarray(1)), publicKey[0] === 3)
  const known = found ?? (point && { point, uses: 0 })
  if (known) keep(keys, name, known, KEYS_KEPT)
  return known
}

/** Makes an entry the newest; returns the oldest one when it had to go. */
function keep<K, V>(map: Map<K, V>, key: K, value: V, most: number): V | undefined {
  map.delete(key)
  map.set(key, value)
  if (map.size <= most) return undefined
  for (const [oldest, gone] of map) {
    map.delete(oldest)
    return gone
  }
  return undefined
}

// ---- bytes ----

function signatureParts(signature: Uint8Array): { r: bigint; s: bigint } | undefined {
  if (!isLong(signature, 64)) return undefined
  const r = number(signature.subarray(0, 32))
  const s = number(signature.subarray(32))
  return r > 0n && r < N && s > 0n && s < N ? { r, s } : undefined
}

function compress({ x, y }: Point): Uint8Array {
  return concatBytes(Uint8Array.of(y & 1n ? 3 : 2), toBytes(x))
}

/** The tagged hash of BIP-340. */
const tagged = (tag: string, ...parts: Uint8Array[]): Uint8Array => {
  const name = sha256(utf8ToBytes(tag))
  return sha256(concatBytes(name, name, ...parts))
}
const number = (bytes: Uint8Array): bigint => bytesToNumberBE(bytes)
const toBytes = (value: bigint): Uint8Array => numberToBytesBE(value, 32)
const isLong = (value: unknown, length: number): value is Uint8Array =>
  value instanceof Uint8Array && value.length === length
