import { hexToBytes } from '@noble/hashes/utils.js'
import secp256k1 from 'secp256k1'
import * as tiny from 'tiny-secp256k1'
import { describe, expect, it } from 'vitest'
import { BIP340 } from '../testing/engine.ts'
import { verifyMany } from './many.ts'
import { nativeEngine } from './native.ts'
import { nobleEngine } from './noble.ts'
import { tinyEngine } from './tiny.ts'

// https://github.com/bitcoin/bips/blob/master/bip-0340/test-vectors.csv; those with messages of other lengths do not apply.
// The suite of every engine signs and verifies each of them by itself, too.
describe.each([nobleEngine, tinyEngine(tiny), nativeEngine(secp256k1)])('BIP-340 in $name', (engine) => {
  it('verifies the vectors of the standard together as it does one by one', () => {
    expect(BIP340).toHaveLength(15)
    const claims = BIP340.map(({ signature, message, publicKey }) => ({
      signature: hexToBytes(signature),
      hash: hexToBytes(message),
      publicKey: hexToBytes(publicKey),
    }))
    expect(verifyMany(engine, claims)).toEqual(BIP340.map(({ valid }) => valid))
    for (const [i, { signature, hash, publicKey }] of claims.entries())
      expect(engine.schnorrVerify(signature, hash, publicKey)).toBe(BIP340[i]!.valid)
  })

  it('signs those that come with a secret', () => {
    const signed = BIP340.filter(({ secret }) => secret !== '')
    expect(signed).toHaveLength(4)
    for (const { secret, aux, message, signature } of signed)
      expect(engine.schnorrSign(hexToBytes(message), hexToBytes(secret), hexToBytes(aux))).toEqual(
        hexToBytes(signature),
      )
  })
})
