import { secp256k1 } from '@noble/curves/secp256k1.js'
import { concatBytes } from '@noble/curves/utils.js'
import type { Engine } from '../engine.ts'
import { CofferError } from '../error.ts'
import { isLong, number, tagged, toBytes } from './bytes.ts'
import { type Equation, ecdsaEquation, schnorrEquation, signatureParts } from './equation.ts'
import { checkBytes, invalidSecret, invalidSignature, recoverable } from './guard.ts'
import { base, knownKey, learnSum, lone, pointsOf, recallSum } from './known.ts'
import { compress, invert, lift, N, type Point, sumOf } from './points.ts'
import { recall, remember } from './recovered.ts'

/**
 * The default engine: pure JavaScript.
 *
 * Secrets are handled by noble, whose multiplications are blinded and of constant pattern. Public data (verification,
 * recovery, public derivation) goes through this package's own variable-time tables, which are three to nine times
 * faster; a fault there can only refuse a signature of ours, and every result is held against noble and libsecp256k1
 * in the tests.
 *
 * Nothing is computed on import. Tables grow with use: our own (`known.ts`), and noble's table for the base point, which
 * all users of the same copy of noble share: it is set small on the first use and larger after many.
 *
 * @see https://github.com/paulmillr/noble-curves
 */
export const nobleEngine: Engine = {
  name: 'noble',

  isSecret: (secret) => secp256k1.utils.isValidSecretKey(secret),

  publicKey: (secret) => {
    const scalar = secretNumber(secret)
    countSecretUse()
    return blinded(() => secp256k1.Point.BASE.multiply(scalar).toBytes(true))
  },

  uncompressed: (publicKey) => {
    const { x, y } = knownKey(publicKey).point
    return concatBytes(Uint8Array.of(4), toBytes(x), toBytes(y))
  },

  ecdsaSign: (hash, secret) => {
    checkBytes(hash, 32, 'hash')
    secretNumber(secret)
    countSecretUse()
    const signed = blinded(() => secp256k1.sign(hash, secret, { prehash: false, format: 'recovered' }))
    return recoverable(signed.slice(1), signed[0]!)
  },

  ecdsaVerify: (signature, hash, publicKey, recovery) =>
    holds(ecdsaEquation({ signature, hash, publicKey, recovery })),

  ecdsaRecover: ({ signature, recovery }, hash) => {
    checkBytes(hash, 32, 'hash')
    const known = recall(signature, recovery, hash)
    if (known) return known
    const parts = signatureParts(signature)
    const point = parts && (recovery === 0 || recovery === 1) ? lift(parts.r, recovery === 1) : undefined
    if (!parts || !point) throw invalidSignature()
    const key = solve({ known: lone(point), a: N - (number(hash) % N), b: parts.s, divisor: parts.r })
    if (!key) throw invalidSignature()
    const publicKey = compress(key)
    remember(signature, recovery, hash, publicKey)
    return publicKey
  },

  schnorrSign: (hash, secret, aux, publicKey) => {
    checkBytes(hash, 32, 'hash')
    checkBytes(aux, 32, 'auxiliary random value')
    return schnorrSign(hash, secretNumber(secret), aux, publicKey)
  },

  schnorrVerify: (signature, hash, publicKey) => holds(schnorrEquation({ signature, hash, publicKey })),

  secretAdd: (secret, tweak) => {
    const scalar = secretNumber(secret)
    checkBytes(tweak, 32, 'tweak')
    const added = number(tweak)
    const sum = (scalar + added) % N
    return added >= N || sum === 0n ? undefined : toBytes(sum)
  },

  publicAdd: (publicKey, tweak) => {
    checkBytes(tweak, 32, 'tweak')
    const parent = knownKey(publicKey)
    const known = recallSum(parent, tweak)
    const scalar = number(tweak)
    if (known || scalar >= N) return known
    base().uses++
    const sum = sumOf([...pointsOf([[base(), scalar]]), parent.point])
    return sum && learnSum(parent, tweak, sum)
  },

  secretNegate: (secret) => toBytes(N - secretNumber(secret)),
}

// ---- secrets: noble's multiplication only ----

/**
 * BIP-340 without its closing verification, which the caller makes from tables. A wrong public key reveals nothing: the
 * nonce depends on it and on its parity.
 */
function schnorrSign(
  hash: Uint8Array,
  secret: bigint,
  aux: Uint8Array,
  publicKey: Uint8Array | undefined,
): Uint8Array {
  const { BASE: G } = secp256k1.Point
  countSecretUse(publicKey ? 1 : 2)
  const own = publicKey ?? blinded(() => G.multiply(secret).toBytes(true))
  const d = own[0] === 3 ? N - secret : secret
  const px = own.subarray(1)
  const t = toBytes(d ^ number(tagged('BIP0340/aux', aux)))
  const nonce = tagged('BIP0340/nonce', t, px, hash)
  const k = number(nonce) % N
  t.fill(0)
  nonce.fill(0)
  if (k === 0n)
    throw new CofferError({
      code: 'SIGNATURE_WRONG',
      message: 'This hash has no signature. Sign another one.',
    })
  const point = blinded(() => G.multiply(k).toAffine())
  const rx = toBytes(point.x)
  const e = number(tagged('BIP0340/challenge', rx, px, hash)) % N
  return concatBytes(rx, toBytes(((point.y & 1n ? N - k : k) + e * d) % N))
}

/** Noble blinds its multiplications with random bytes, and has an error of its own for where there are none. */
function blinded<T>(multiply: () => T): T {
  try {
    return multiply()
  } catch (error) {
    try {
      globalThis.crypto.getRandomValues(new Uint8Array(1))
    } catch (cause) {
      throw new CofferError({
        code: 'NO_RANDOMNESS',
        message:
          'This platform has no crypto.getRandomValues, without which no key is used. Install one (react-native-get-random-values in React Native).',
        cause,
      })
    }
    throw error
  }
}

let secretUses = 0

/**
 * Sets the windows of noble's table for the base point. Noble's own 6 bits cost more to build than a process with a few
 * signatures wins back: 5 bits make the first signature a third cheaper. 8 bits make each later one a fifth cheaper, and
 * are paid back after some 400; 10 bits save another tenth, after some 4,000.
 */
function countSecretUse(times = 1): void {
  for (const [after, bits] of [
    [0, 5],
    [400, 8],
    [4000, 10],
  ] as const)
    if (secretUses <= after && secretUses + times > after) secp256k1.Point.BASE.precompute(bits)
  secretUses += times
}

function secretNumber(secret: Uint8Array): bigint {
  if (!isLong(secret, 32)) throw invalidSecret()
  const scalar = number(secret)
  if (scalar === 0n || scalar >= N) throw invalidSecret()
  return scalar
}

// ---- public data: our own tables ----

function holds(equation: Equation | undefined): boolean {
  const point = equation && solve(equation)
  return point !== undefined && equation!.proves(point)
}

function solve({ known, a, b, divisor }: Omit<Equation, 'proves'>): Point | undefined {
  const { root = known, factor, offset } = known
  const w = invert(divisor, N)
  root.uses++
  base().uses++
  return sumOf(
    pointsOf([
      [base(), ((a + b * offset) * w) % N],
      [root, (b * factor * w) % N],
    ]),
  )
}
