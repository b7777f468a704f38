import { type KeyRing, nobleEngine } from '@coffer/core'
import { verifyMessage as ethersVerify } from 'ethers'
import fc from 'fast-check'
import { hashMessage as viemHash } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { bytesToHex, hexToBytes } from './hex.ts'
import { hashMessage, recoverMessage, signMessage, verifyMessage } from './messages.ts'

const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const SELF = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const ACCOUNT = `[d34db33f/44h/60h/0h/0/0]eip155:1:${SELF}`
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const keys: KeyRing = async () => ({
  publicKey: nobleEngine.publicKey(hexToBytes(KEY)),
  ecdsa: (hash) => nobleEngine.ecdsaSign(hash, hexToBytes(KEY)),
})
const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', '0x1234', 'ß€𝄞', 'a'.repeat(1000)))

describe('EIP-191', () => {
  test('hashes as viem does, text and bytes', () => {
    fc.assert(
      fc.property(text, fc.uint8Array({ maxLength: 200 }), (message, bytes) => {
        expect(bytesToHex(hashMessage(message))).toBe(viemHash(message))
        expect(bytesToHex(hashMessage(bytes))).toBe(viemHash({ raw: bytes }))
      }),
    )
  })

  test('G5: signs as viem does; viem, ethers and we recover the account', async () => {
    const account = privateKeyToAccount(KEY)
    await fc.assert(
      fc.asyncProperty(text, async (message) => {
        const signature = await signMessage({ account: ACCOUNT, message }, keys)
        expect(signature).toBe(await account.signMessage({ message }))
        expect(ethersVerify(message, signature)).toBe(SELF)
        expect(recoverMessage({ message, signature })).toBe(SELF)
        expect(verifyMessage({ address: SELF, message, signature })).toBe(true)
      }),
      { numRuns: 10 },
    )
  })

  test('another account, message or key is not verified or not signed', async () => {
    const signature = await signMessage({ account: ACCOUNT, message: 'hello' }, keys)
    const other = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
    expect(verifyMessage({ address: other, message: 'hello', signature })).toBe(false)
    expect(verifyMessage({ address: SELF, message: 'hello ', signature })).toBe(false)
    expect(
      verifyMessage({ address: SELF.toLowerCase(), message: new TextEncoder().encode('hello'), signature }),
    ).toBe(true)
    await expect(signMessage({ account: `eip155:1:${other}`, message: 'hello' }, keys)).rejects.toThrow(
      expect.objectContaining({ code: 'WRONG_ACCOUNT' }),
    )
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
    const v0 = `${body}0${v - 27}`
    expect(verifyMessage({ address: SELF, message, signature: v0 })).toBe(true)
    expect(
      verifyMessage({ address: SELF, message, signature: signature.toUpperCase().replace('0X', '0x') }),
    ).toBe(true)
    const s = N - BigInt(`0x${signature.slice(66, 130)}`)
    const highS = `${signature.slice(0, 66)}${s.toString(16).padStart(64, '0')}${(55 - v).toString(16)}`
    for (const bad of [
      '',
      '0x',
      body,
      `${signature}00`,
      `${body}02`,
      `${body}1d`,
      `${body}25`,
      `${body}${(55 - v).toString(16)}`,
      highS,
      `0x${'00'.repeat(65)}`,
      `0x${'ff'.repeat(64)}1b`,
      signature.slice(2),
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
