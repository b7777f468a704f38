import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { decryptKeystoreJson, encryptKeystoreJson, Wallet } from 'ethers'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { decryptKeystore, encryptKeystore } from './keystore.ts'

const CHEAP = { n: 2, r: 8, p: 1 }
const KEY = '7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d'
const PASSWORD = 'testpassword'
const key = hexToBytes(KEY)

/** The two vectors of the Web3 Secret Storage definition. The second has r = 1 with an n that RFC 7914 forbids for it. */
const PBKDF2 = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '6087dab2f9fdbbfaddc31a909735c1e6' },
    ciphertext: '5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46',
    kdf: 'pbkdf2',
    kdfparams: {
      c: 262144,
      dklen: 32,
      prf: 'hmac-sha256',
      salt: 'ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd',
    },
    mac: '517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2',
  },
  id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
  version: 3,
}
const SCRYPT = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: '83dbcc02d8ccb40e466191a123791e0e' },
    ciphertext: 'd172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c',
    kdf: 'scrypt',
    kdfparams: {
      dklen: 32,
      n: 262144,
      r: 1,
      p: 8,
      salt: 'ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19',
    },
    mac: '2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097',
  },
  id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
  version: 3,
}

const open = async (file: object | string, password = PASSWORD): Promise<string> =>
  bytesToHex(await decryptKeystore(typeof file === 'string' ? file : JSON.stringify(file), { password }))

let ours = ''
beforeAll(async () => {
  ours = await encryptKeystore(key, { password: PASSWORD, scrypt: CHEAP })
})

describe('a keystore of version 3', () => {
  it('opens the vectors of its definition', async () => {
    expect(await open(PBKDF2)).toBe(KEY)
    expect(await open(SCRYPT)).toBe(KEY)
  }, 60_000)

  it('opens what geth and older programs wrote: capitals, 0x, an address', async () => {
    const { crypto, ...rest } = PBKDF2
    const address = new Wallet(KEY).address
    expect(
      await open({ ...rest, Crypto: { ...crypto, KDFParams: crypto.kdfparams, kdfparams: undefined } }),
    ).toBe(KEY)
    expect(await open({ ...PBKDF2, version: '3', address: address.slice(2).toLowerCase() })).toBe(KEY)
    expect(await open({ ...PBKDF2, address })).toBe(KEY)
    await expect(open({ ...PBKDF2, address: `0x${'11'.repeat(20)}` })).rejects.toMatchObject({
      code: 'UNLOCK_FAILED',
    })
  }, 60_000)

  it('goes to ethers and comes from ethers, with any password', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.string({ unit: 'grapheme', minLength: 8, maxLength: 20 }).filter((text) => [...text].length >= 8),
        async (secret, password) => {
          secret[0] = 1
          const text = await encryptKeystore(secret, { password, scrypt: CHEAP })
          expect((await decryptKeystoreJson(text, password)).privateKey).toBe(`0x${bytesToHex(secret)}`)
          const account = {
            privateKey: `0x${bytesToHex(secret)}`,
            address: new Wallet(`0x${bytesToHex(secret)}`).address,
          }
          const theirs = await encryptKeystoreJson(account, password, { scrypt: { N: 2, r: 8, p: 1 } })
          expect(await open(theirs, password)).toBe(bytesToHex(secret))
        },
      ),
      { numRuns: 20 },
    )
  }, 60_000)

  it('is written at the full cost when none is given', async () => {
    const text = await encryptKeystore(key, { password: PASSWORD })
    const { crypto, id, address } = JSON.parse(text)
    expect(crypto.kdfparams).toMatchObject({ n: 131072, r: 8, p: 1, dklen: 32 })
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(address).toBe('008aeeda4d805471df9b2a5b0f38a0c3bcba786b')
    expect((await Wallet.fromEncryptedJson(text, PASSWORD)).privateKey).toBe(`0x${KEY}`)
  }, 60_000)

  it('G6: is refused for every change, or gives the same key', async () => {
    for (let at = 0; at < ours.length; at++) {
      const changed = ours.slice(0, at) + String.fromCharCode(ours.charCodeAt(at) ^ 1) + ours.slice(at + 1)
      const found = await open(changed).catch(({ code }) => code)
      // A letter of the id, or of a name that nobody reads, is no part of the key.
      expect(['UNLOCK_FAILED', 'INVALID_BACKUP', KEY], `at ${at}`).toContain(found)
    }
    for (let length = 0; length < ours.length; length++)
      await expect(open(ours.slice(0, length))).rejects.toMatchObject({ code: 'INVALID_BACKUP' })
    await expect(open(ours, 'another password')).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
  })

  it('G6: does no more work than a keystore needs', async () => {
    const file = JSON.parse(ours)
    for (const change of [
      { n: 2 ** 21 },
      { n: 3 },
      { r: 1024, n: 2 ** 20 },
      { p: 1000 },
      { n: 0 },
      { dklen: 64 },
      { n: '2' },
    ])
      await expect(
        open({ ...file, crypto: { ...file.crypto, kdfparams: { ...file.crypto.kdfparams, ...change } } }),
        JSON.stringify(change),
      ).rejects.toMatchObject({ code: 'INVALID_BACKUP' })
    const kdfparams = { ...PBKDF2.crypto.kdfparams, c: 1e9 }
    await expect(open({ ...PBKDF2, crypto: { ...PBKDF2.crypto, kdfparams } })).rejects.toMatchObject({
      code: 'INVALID_BACKUP',
    })
  })

  it('takes no short password and no key that is none', async () => {
    await expect(encryptKeystore(key, { password: 'short' })).rejects.toMatchObject({ code: 'WEAK_PASSWORD' })
    for (const wrong of [new Uint8Array(32), new Uint8Array(31).fill(1), new Uint8Array(32).fill(255)])
      await expect(encryptKeystore(wrong, { password: PASSWORD })).rejects.toMatchObject({
        code: 'INVALID_KEY',
      })
  })
})
