import { type KeyRing, nobleEngine } from '@coffer/core'
import fc from 'fast-check'
import { TronWeb, utils } from 'tronweb'
import { describe, expect, test } from 'vitest'
import { bytesToHex, hexToBytes } from './hex.ts'
import { accountKey, signHash } from './keys.ts'
import { hashMessage, recoverMessage, signMessage, verifyMessage } from './messages.ts'
import { tronNetwork } from './networks.ts'
import { isCanonical, recoverAddress } from './signature.ts'

const KEY = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const SELF = TronWeb.address.fromPrivateKey(KEY) as string
const OTHER = 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'
const ACCOUNT = `[d34db33f/44h/195h/0h/0/0]tron:0x2b6653dc:${SELF}`
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const keys: KeyRing = async () => ({
  publicKey: nobleEngine.publicKey(hexToBytes(KEY)),
  ecdsa: (hash) => nobleEngine.ecdsaSign(hash, hexToBytes(KEY)),
})
const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', '0x1234', 'ß€𝄞', 'a'.repeat(1000)))

describe('TIP-191', () => {
  // tronweb's test/testcases/src/sign-message.ts
  test.each<[string, string | Uint8Array, string, string]>([
    [
      'hello world',
      'hello world',
      '0000000000000000000000000000000000000000000000000000000000000001',
      'TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC',
    ],
    [
      'bytes',
      hexToBytes('47173285a8d7341e5e972fc677286384f802f8ef42a5ec5f03bbfa254cb01fad'),
      '0000000000000000000000000000000000000000000000000000000000000002',
      TronWeb.address.fromPrivateKey('02'.padStart(64, '0')) as string,
    ],
  ])('%s: signed as tronweb signs it', async (_, message, key, address) => {
    const ring: KeyRing = async () => ({
      publicKey: nobleEngine.publicKey(hexToBytes(key)),
      ecdsa: (hash) => nobleEngine.ecdsaSign(hash, hexToBytes(key)),
    })
    const signature = await signMessage({ account: `tron:0x2b6653dc:${address}`, message }, ring)
    expect(signature).toBe(utils.message.signMessage(message, key))
    expect(utils.message.verifyMessage(message, signature)).toBe(address)
  })

  test('hashes as tronweb does, text and bytes', () => {
    fc.assert(
      fc.property(text, fc.uint8Array({ maxLength: 200 }), (message, bytes) => {
        expect(`0x${bytesToHex(hashMessage(message))}`).toBe(utils.message.hashMessage(message))
        expect(`0x${bytesToHex(hashMessage(bytes))}`).toBe(utils.message.hashMessage(bytes))
      }),
    )
  })

  test('G5: signs as tronweb does; tronweb and we recover the account', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (message) => {
        const signature = await signMessage({ account: ACCOUNT, message }, keys)
        expect(signature).toBe(utils.message.signMessage(message, KEY))
        expect(utils.message.verifyMessage(message, signature)).toBe(SELF)
        expect(recoverMessage({ message, signature })).toBe(SELF)
        expect(verifyMessage({ address: SELF, message, signature })).toBe(true)
      }),
      { numRuns: 10 },
    )
  })

  test('another account, message or key is not verified or not signed', async () => {
    const signature = await signMessage({ account: ACCOUNT, message: 'hello' }, keys)
    expect(verifyMessage({ address: OTHER, message: 'hello', signature })).toBe(false)
    expect(verifyMessage({ address: SELF, message: 'hello ', signature })).toBe(false)
    expect(
      verifyMessage({
        address: TronWeb.address.toHex(SELF),
        message: new TextEncoder().encode('hello'),
        signature,
      }),
    ).toBe(true)
    await expect(
      signMessage({ account: `tron:0x2b6653dc:${OTHER}`, message: 'hello' }, keys),
    ).rejects.toThrow(expect.objectContaining({ code: 'WRONG_ACCOUNT' }))
    const wrong: KeyRing = async (path) => ({
      ...(await keys(path)),
      ecdsa: () => nobleEngine.ecdsaSign(new Uint8Array(32).fill(1), hexToBytes(KEY)),
    })
    await expect(signMessage({ account: ACCOUNT, message: 'hello' }, wrong)).rejects.toThrow(
      expect.objectContaining({ code: 'SIGNATURE_WRONG' }),
    )
  })

  test('v may be 27 and 28 or 0 and 1; the rest is no signature', async () => {
    const message = 'hello'
    const signature = await signMessage({ account: ACCOUNT, message }, keys)
    const [body, v] = [signature.slice(0, -2), Number.parseInt(signature.slice(-2), 16)]
    for (const good of [`${body}0${v - 27}`, signature.slice(2), signature.toUpperCase().replace('0X', '0x')])
      expect(verifyMessage({ address: SELF, message, signature: good })).toBe(true)
    const s = N - BigInt(`0x${signature.slice(66, 130)}`)
    const highS = `${signature.slice(0, 66)}${s.toString(16).padStart(64, '0')}${(55 - v).toString(16)}`
    for (const bad of [
      '',
      '0x',
      body,
      `${signature}00`,
      `0x${signature}`,
      `${body}02`,
      `${body}1d`,
      `${body}25`,
      `${body}${(55 - v).toString(16)}`,
      highS,
      `0x${'00'.repeat(65)}`,
      `0x${'ff'.repeat(64)}1b`,
      undefined,
    ])
      expect(verifyMessage({ address: SELF, message, signature: bad as string })).toBe(false)
    expect(() => recoverMessage({ message, signature: highS })).toThrow(
      expect.objectContaining({ code: 'INVALID_SIGNATURE' }),
    )
  })

  test('text without a UTF-8 form is refused, since two texts would have one signature', () => {
    expect(() => hashMessage('\ud800')).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
    expect(() => hashMessage('a\udc00b')).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})

describe('the signature of a hash', () => {
  test('is what tronweb writes into a transaction', async () => {
    const key = await accountKey(ACCOUNT, keys, nobleEngine, tronNetwork)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), async (hash) => {
        const signature = await signHash(hash, key, nobleEngine)
        const theirs = utils.crypto.ECKeySign([...hash], utils.code.hexStr2byteArray(KEY))
        expect(bytesToHex(signature)).toBe(theirs.toLowerCase())
        expect(isCanonical(signature)).toBe(true)
        expect(recoverAddress(hash, signature)).toBe(SELF)
        expect(recoverAddress(hash, Uint8Array.of(...signature.slice(0, 64), signature[64]! - 27))).toBe(SELF)
      }),
      { numRuns: 10 },
    )
  })

  test('is canonical in one form only', () => {
    const word = (value: bigint): string => value.toString(16).padStart(64, '0')
    const made = (r: bigint, s: bigint, v: string): boolean => isCanonical(hexToBytes(word(r) + word(s) + v))
    for (const v of ['00', '01', '1b', '1c']) expect(made(1n, 1n, v)).toBe(true)
    for (const v of ['02', '1a', '1d', '1e', 'ff']) expect(made(1n, 1n, v)).toBe(false)
    expect([made(N - 1n, N / 2n, '1b'), made(N, 1n, '1b'), made(0n, 1n, '1b')]).toEqual([true, false, false])
    expect([made(1n, N / 2n + 1n, '1b'), made(1n, 0n, '1b')]).toEqual([false, false])
    expect([isCanonical(new Uint8Array(64).fill(1)), isCanonical(new Uint8Array(66).fill(1))]).toEqual([
      false,
      false,
    ])
  })

  test('is of the account of the right chain', async () => {
    await expect(accountKey(`tron:0xcd8690dc:${SELF}`, keys, nobleEngine, tronNetwork)).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_ACCOUNT' }),
    )
  })
})
