import { CofferError, type KeyRing, nobleEngine } from '@coffer/core'
import { describe, expect, it } from 'vitest'
import { addressOf } from './address.ts'
import { bytesToHex } from './hex.ts'
import { accountKey, signerOf, signHash } from './keys.ts'
import { nileNetwork, tronNetwork } from './networks.ts'
import { formatSignature, fromEcdsa, isCanonical, parseSignature, recoverAddress } from './signature.ts'

const secret = Uint8Array.of(...new Uint8Array(31), 1)
const publicKey = nobleEngine.publicKey(secret)
const OWN = addressOf(publicKey)
const hash = new Uint8Array(32).fill(7)
const signature = fromEcdsa(nobleEngine.ecdsaSign(hash, secret))
const hex = bytesToHex(signature)
const code = (code: string): object => expect.objectContaining({ code })
const last = (byte: number): Uint8Array => Uint8Array.of(...signature.slice(0, 64), byte)

describe('a signature', () => {
  it('is 65 bytes of which the last is 27 or 28, and names who made it', () => {
    const bare = { signature: new Uint8Array(64), recovery: 1 as const }
    expect(fromEcdsa(bare)).toEqual(Uint8Array.of(...new Uint8Array(64), 28))
    expect(signature).toHaveLength(65)
    expect([27, 28]).toContain(signature[64])
    for (const byte of [signature[64]!, signature[64]! - 27]) {
      expect(recoverAddress(hash, last(byte))).toBe(OWN)
      expect(signerOf(hash, last(byte))).toBe(OWN)
    }
  })

  it('G5: that nobody can have made is none', () => {
    const never = Uint8Array.of(...new Uint8Array(31), 5, ...new Uint8Array(31), 1, 27)
    expect(isCanonical(never)).toBe(true)
    for (const bad of [last(2), last(29), signature.slice(1), never, new Uint8Array(65)]) {
      expect(() => recoverAddress(hash, bad)).toThrow(code('INVALID_SIGNATURE'))
      expect(signerOf(hash, bad)).toBeUndefined()
    }
    expect(() => recoverAddress(hash, never)).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ message: expect.any(String) }) }),
    )
  })

  it('is written in hex with 0x, and read with it or without', () => {
    expect(formatSignature(signature)).toBe(`0x${hex}`)
    for (const text of [hex, `0x${hex}`, `0x${hex.toUpperCase()}`])
      expect(parseSignature(text)).toEqual(signature)
    for (const text of [
      `0x0x${hex}`,
      `${hex.slice(0, 2)}0x${hex.slice(2)}`,
      `${hex}00`,
      hex.slice(2),
      '',
      5,
      undefined,
    ])
      expect(() => parseSignature(text as string), String(text)).toThrow(code('INVALID_SIGNATURE'))
    expect(() => parseSignature(bytesToHex(last(2)))).toThrow(code('INVALID_SIGNATURE'))
  })
})

describe('the key of an account', () => {
  const keys = { publicKey, ecdsa: () => nobleEngine.ecdsaSign(hash, secret) }
  const ring =
    (has: string, asked: string[] = []): KeyRing =>
    async (path) => {
      asked.push(path)
      if (path === has) return keys
      throw new CofferError({ code: 'INVALID_PATH', message: 'No such path.' })
    }

  it('is the one at its path, or at m where it names none', async () => {
    const account = `tron:0x2b6653dc:${OWN}`
    const asked: string[] = []
    expect(await accountKey(account, ring('m', asked), nobleEngine)).toEqual({ address: OWN, keys })
    const path = 'm/44h/195h/0h/0/3'
    const named = `[d34db33f/44h/195h/0h/0/3]${account}`
    expect(await accountKey(named, ring(path, asked), nobleEngine, tronNetwork)).toEqual({
      address: OWN,
      keys,
    })
    expect(asked).toEqual(['m', path])
    await expect(accountKey(named, ring('m'), nobleEngine)).rejects.toMatchObject(code('INVALID_PATH'))
    await expect(accountKey(account, ring('m'), nobleEngine, nileNetwork)).rejects.toMatchObject(
      code('INVALID_ACCOUNT'),
    )
  })

  it('of another account does not sign', async () => {
    const other = 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'
    await expect(accountKey(`tron:0x2b6653dc:${other}`, ring('m'), nobleEngine)).rejects.toMatchObject({
      code: 'WRONG_ACCOUNT',
      details: { address: other },
    })
  })

  it('G5: signs what was asked for, or the signature is refused', async () => {
    expect(await signHash(hash, { address: OWN, keys }, nobleEngine)).toEqual(signature)
    const elsewhere = signHash(new Uint8Array(32).fill(8), { address: OWN, keys }, nobleEngine)
    await expect(elsewhere).rejects.toMatchObject({ code: 'SIGNATURE_WRONG', details: { address: OWN } })
    const broken = { ...keys, ecdsa: () => ({ signature: new Uint8Array(64), recovery: 0 as const }) }
    await expect(signHash(hash, { address: OWN, keys: broken }, nobleEngine)).rejects.toMatchObject(
      code('SIGNATURE_WRONG'),
    )
  })
})
