import { nobleEngine } from '@coffer/core'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { describe, expect, test } from 'vitest'
import { hash160 } from './bytes.ts'
import {
  p2pkhScript,
  p2shScript,
  p2trScript,
  p2wpkhScript,
  p2wshScript,
  pushes,
  sortedMultiScript,
} from './script.ts'
import { makeSighash, SIGHASH, type Sighash } from './sighash.ts'
import { derEncode } from './signature.ts'
import { tapOutputKey, tapTweakHash } from './taproot.ts'
import type { Tx } from './transaction.ts'
import { compressedKey, unlocks } from './unlocks.ts'

const SECRETS = [1, 2, 3].map((n) => new Uint8Array(32).fill(n)) as [Uint8Array, Uint8Array, Uint8Array]
const KEYS = SECRETS.map((secret) => nobleEngine.publicKey(secret)) as [Uint8Array, Uint8Array, Uint8Array]
const [SECRET] = SECRETS
const [KEY] = KEYS
const LONG = nobleEngine.uncompressed(KEY)
const AMOUNT = 5_000n
const NOTHING = new Uint8Array()

const unsigned: Tx = {
  version: 2,
  locktime: 7,
  inputs: [1, 2].map((n) => ({
    txid: `${n}`.repeat(64),
    vout: n,
    sequence: 0xfffffffd,
    scriptSig: NOTHING,
    witness: [],
  })),
  outputs: [{ amount: 900n, script: p2wpkhScript(hash160(KEY)) }],
}

interface Unlock {
  readonly scriptSig?: Uint8Array
  readonly witness?: readonly Uint8Array[]
}

/** Whether the second input unlocks `script` by what `unlock` makes of the hashes to sign. */
function holds(script: Uint8Array, unlock: (sighash: Sighash) => Unlock): boolean {
  const spent = { amount: AMOUNT, script }
  const sighash = makeSighash(unsigned, [{ amount: 1n, script: p2pkhScript(hash160(KEY)) }, spent])
  const input = { ...(unsigned.inputs[1] as Tx['inputs'][number]), ...unlock(sighash) }
  return unlocks(input, 1, spent, sighash, nobleEngine)
}

function item(hash: Uint8Array, secret: Uint8Array = SECRET, type: number = SIGHASH.ALL): Uint8Array {
  return concatBytes(derEncode(nobleEngine.ecdsaSign(hash, secret).signature), Uint8Array.of(type))
}

describe('one key', () => {
  const keyHash = hash160(KEY)
  const segwitItem = (sighash: Sighash, hash = keyHash, secret = SECRET): Uint8Array =>
    item(sighash.segwit(1, p2pkhScript(hash), AMOUNT, SIGHASH.ALL), secret)

  test('P2PKH, of short and of long keys', () => {
    for (const key of [KEY, LONG]) {
      const script = p2pkhScript(hash160(key))
      const sign = (sighash: Sighash): Uint8Array => item(sighash.legacy(1, script, SIGHASH.ALL))
      expect(holds(script, (sighash) => ({ scriptSig: pushes([sign(sighash), key]) }))).toBe(true)
      expect(holds(script, (sighash) => ({ scriptSig: pushes([sign(sighash), key]), witness: [KEY] }))).toBe(
        false,
      )
      expect(holds(script, (sighash) => ({ scriptSig: pushes([NOTHING, sign(sighash), key]) }))).toBe(false)
      expect(holds(script, (sighash) => ({ scriptSig: pushes([sign(sighash), key]).subarray(1) }))).toBe(
        false,
      )
      expect(holds(script, () => ({}))).toBe(false)
    }
  })

  test('a signature of another key is none', () => {
    const script = p2pkhScript(keyHash)
    expect(
      holds(script, (sighash) => ({
        scriptSig: pushes([item(sighash.legacy(1, script, SIGHASH.ALL), SECRETS[1]), KEYS[1]]),
      })),
    ).toBe(false)
    expect(
      holds(p2wpkhScript(keyHash), (sighash) => ({
        witness: [segwitItem(sighash, keyHash, SECRETS[1]), KEYS[1]],
      })),
    ).toBe(false)
  })

  test('P2WPKH, bare and in P2SH; not of long keys', () => {
    const program = p2wpkhScript(keyHash)
    const nested = p2shScript(hash160(program))
    expect(holds(program, (sighash) => ({ witness: [segwitItem(sighash), KEY] }))).toBe(true)
    expect(
      holds(program, (sighash) => ({ witness: [segwitItem(sighash), KEY], scriptSig: pushes([program]) })),
    ).toBe(false)
    const wrapped = (...items: Uint8Array[]): boolean =>
      holds(nested, (sighash) => ({ witness: [segwitItem(sighash), KEY], scriptSig: pushes(items) }))
    expect(wrapped(program)).toBe(true)
    expect(wrapped(NOTHING, program)).toBe(false)
    expect(wrapped(p2wpkhScript(hash160(KEYS[1])))).toBe(false)
    expect(wrapped()).toBe(false)
    const long = hash160(LONG)
    expect(holds(p2wpkhScript(long), (sighash) => ({ witness: [segwitItem(sighash, long), LONG] }))).toBe(
      false,
    )
  })

  test('P2TR by its key, of type DEFAULT or ALL', () => {
    const internal = KEY.slice(1)
    const script = p2trScript(tapOutputKey(internal))
    const even = KEY[0] === 2 ? SECRET : nobleEngine.secretNegate(SECRET)
    const secret = nobleEngine.secretAdd(even, tapTweakHash(internal)) as Uint8Array
    const sign = (sighash: Sighash, type: number): Uint8Array =>
      nobleEngine.schnorrSign(sighash.taproot(1, type), secret, new Uint8Array(32))
    const check = (signed: number, ...written: number[]): boolean =>
      holds(script, (sighash) => ({
        witness: [concatBytes(sign(sighash, signed), Uint8Array.from(written))],
      }))
    expect(check(SIGHASH.DEFAULT)).toBe(true)
    expect(check(SIGHASH.ALL, 1)).toBe(true)
    expect(check(SIGHASH.ALL)).toBe(false)
    expect(check(SIGHASH.ALL, 2)).toBe(false)
    expect(check(SIGHASH.NONE, 2)).toBe(false)
    expect(check(SIGHASH.DEFAULT, 0)).toBe(false)
    expect(check(SIGHASH.ALL, 1, 1)).toBe(false)
    const annex = Uint8Array.of(0x50)
    expect(holds(script, (sighash) => ({ witness: [sign(sighash, SIGHASH.DEFAULT), annex] }))).toBe(false)
  })

  test('signatures of other types are none', () => {
    const script = p2pkhScript(keyHash)
    for (const type of [0, SIGHASH.NONE, SIGHASH.SINGLE, SIGHASH.ALL | SIGHASH.ANYONECANPAY])
      expect(
        holds(script, (sighash) => ({
          scriptSig: pushes([item(sighash.legacy(1, script, type), SECRET, type), KEY]),
        })),
      ).toBe(false)
  })
})

describe('several keys', () => {
  const sorted = [...SECRETS].sort((a, b) =>
    Buffer.compare(nobleEngine.publicKey(a), nobleEngine.publicKey(b)),
  ) as typeof SECRETS
  const code = sortedMultiScript(2, KEYS)
  const redeem = p2wshScript(sha256(code))

  test.each([
    ['P2WSH', redeem, undefined],
    ['P2WSH in P2SH', p2shScript(hash160(redeem)), redeem],
  ])('%s', (_, script, inner) => {
    const check = (secrets: readonly Uint8Array[], script_ = code, extra = NOTHING): boolean =>
      holds(script, (sighash) => ({
        ...(inner ? { scriptSig: pushes([inner]) } : {}),
        witness: [
          extra,
          ...secrets.map((secret) => item(sighash.segwit(1, script_, AMOUNT, SIGHASH.ALL), secret)),
          script_,
        ],
      }))
    const [a, b, c] = sorted
    for (const pair of [
      [a, b],
      [a, c],
      [b, c],
    ])
      expect(check(pair)).toBe(true)
    for (const some of [[b, a], [a, a], [a], [a, b, c], []]) expect(check(some)).toBe(false)
    expect(check([a, b], code, Uint8Array.of(0))).toBe(false)
    // A script that the attacker's own keys satisfy, and that the output does not name.
    expect(check([a], sortedMultiScript(1, [nobleEngine.publicKey(a)]))).toBe(false)
  })

  test('one of two: no second signature', () => {
    const oneOfTwo = sortedMultiScript(1, KEYS.slice(0, 2))
    const script = p2wshScript(sha256(oneOfTwo))
    const [a, b] = sorted.filter((secret) => secret !== SECRETS[2]) as [Uint8Array, Uint8Array]
    const check = (...secrets: Uint8Array[]): boolean =>
      holds(script, (sighash) => ({
        witness: [
          NOTHING,
          ...secrets.map((secret) => item(sighash.segwit(1, oneOfTwo, AMOUNT, SIGHASH.ALL), secret)),
          oneOfTwo,
        ],
      }))
    expect(check(a)).toBe(true)
    expect(check(b)).toBe(true)
    expect(check(a, b)).toBe(false)
  })

  test('P2SH', () => {
    const script = p2shScript(hash160(code))
    const own = sortedMultiScript(1, [KEY])
    const check = (code_: Uint8Array, secrets: readonly Uint8Array[], witness: Uint8Array[] = []): boolean =>
      holds(script, (sighash) => ({
        witness,
        scriptSig: pushes([
          NOTHING,
          ...secrets.map((secret) => item(sighash.legacy(1, code_, SIGHASH.ALL), secret)),
          code_,
        ]),
      }))
    expect(check(code, sorted.slice(0, 2))).toBe(true)
    expect(check(code, sorted.slice(0, 2), [NOTHING])).toBe(false)
    expect(check(code, sorted.slice(0, 1))).toBe(false)
    expect(check(own, [SECRET])).toBe(false)
  })
})

describe('compressedKey', () => {
  test('takes keys of both forms, and no others', () => {
    expect(compressedKey(KEY, nobleEngine)).toEqual(KEY)
    for (const key of KEYS) expect(compressedKey(nobleEngine.uncompressed(key), nobleEngine)).toEqual(key)
    const off = LONG.slice()
    off[40] = (off[40] as number) ^ 1
    const hybrid = LONG.slice()
    hybrid[0] = 6
    for (const wrong of [
      off,
      hybrid,
      LONG.subarray(1),
      LONG.subarray(0, 64),
      NOTHING,
      new Uint8Array(65).fill(4),
    ])
      expect(compressedKey(wrong, nobleEngine)).toBeUndefined()
  })
})
