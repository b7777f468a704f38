import { randomBytes } from '@coffer/core'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { areEqual } from './text.ts'

/** A point of the polynomial of each byte. */
export interface Point {
  readonly x: number
  readonly y: Uint8Array
}

/** Where the secret is, and where the digest that tells whether it was found. */
const SECRET = 255
const DIGEST = 254
const DIGEST_LENGTH = 4

/** SplitSecret of SLIP-39: points at 0, 1, … of which any `threshold` give the secret back. */
export function splitSecret(threshold: number, count: number, secret: Uint8Array): readonly Point[] {
  if (threshold === 1) return Array.from({ length: count }, (_, x) => ({ x, y: new Uint8Array(secret) }))
  const random = randomBytes(Math.max(16, secret.length - DIGEST_LENGTH)).subarray(
    0,
    secret.length - DIGEST_LENGTH,
  )
  const digest = Uint8Array.of(...digestOf(random, secret), ...random)
  random.fill(0)
  const free = Array.from({ length: threshold - 2 }, (_, x) => ({ x, y: randomBytes(secret.length) }))
  const base = [...free, { x: DIGEST, y: digest }, { x: SECRET, y: secret }]
  const made = Array.from({ length: count - free.length }, (_, i) => {
    const x = free.length + i
    return { x, y: interpolate(x, base) }
  })
  digest.fill(0)
  return [...free, ...made]
}

/** RecoverSecret of SLIP-39; `undefined` when the points are not those of one secret. */
export function recoverSecret(threshold: number, points: readonly Point[]): Uint8Array | undefined {
  if (threshold === 1) return new Uint8Array(points[0]!.y)
  const secret = interpolate(SECRET, points)
  const digest = interpolate(DIGEST, points)
  const right = digestOf(digest.subarray(DIGEST_LENGTH), secret)
  const isRight = areEqual(right, digest.subarray(0, DIGEST_LENGTH))
  digest.fill(0)
  if (isRight) return secret
  secret.fill(0)
  return undefined
}

function digestOf(random: Uint8Array, secret: Uint8Array): Uint8Array {
  return hmac(sha256, random, secret).subarray(0, DIGEST_LENGTH)
}

/** The value at `x` of the polynomials through the points, byte by byte, in GF(256). */
function interpolate(x: number, points: readonly Point[]): Uint8Array {
  const known = points.find((point) => point.x === x)
  if (known) return new Uint8Array(known.y)
  const { exp, log } = tables()
  const result = new Uint8Array(points[0]!.y.length)
  const product = points.reduce((sum, point) => sum + log[point.x ^ x]!, 0)
  for (const point of points) {
    const below = points.reduce((sum, other) => sum + log[point.x ^ other.x]!, 0)
    const weight = (((product - log[point.x ^ x]! - below) % 255) + 255) % 255
    for (let i = 0; i < result.length; i++) {
      const value = point.y[i]!
      if (value !== 0) result[i]! ^= exp[(log[value]! + weight) % 255]!
    }
  }
  return result
}

let made: { readonly exp: Uint8Array; readonly log: Uint8Array } | undefined

/** Powers of 3 and their logarithms, with the polynomial of AES. The logarithm of 0, of a point with itself, counts as 0. */
function tables(): { readonly exp: Uint8Array; readonly log: Uint8Array } {
  if (made) return made
  const exp = new Uint8Array(255)
  const log = new Uint8Array(256)
  let power = 1
  for (let i = 0; i < 255; i++) {
    exp[i] = power
    log[power] = i
    power ^= power << 1
    if (power & 0x100) power ^= 0x11b
  }
  made = { exp, log }
  return made
}
