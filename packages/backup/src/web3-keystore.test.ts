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

/** Of go-ethereum's own tests: as geth writes them, and of keys that begin with zeros. */
const GETH: [object, string, string][] = [
  [
    {
      address: 'f466859ead1932d743d622cb74fc058882e8648a',
      crypto: {
        cipher: 'aes-128-ctr',
        ciphertext: 'cb664472deacb41a2e995fa7f96fe29ce744471deb8d146a0e43c7898c9ddd4d',
        cipherparams: { iv: 'dfd9ee70812add5f4b8f89d0811c9158' },
        kdf: 'scrypt',
        kdfparams: {
          dklen: 32,
          n: 8,
          p: 16,
          r: 8,
          salt: '0d6769bf016d45c479213990d6a08d938469c4adad8a02ce507b4a4e7b7739f1',
        },
        mac: 'bac9af994b15a45dd39669fc66f9aa8a3b9dd8c22cb16e4d8d7ea089d0f1a1a9',
      },
      id: '472e8b3d-afb6-45b5-8111-72c89895099a',
      version: 3,
    },
    'foobar',
    '0xf466859eAD1932D743d622CB74FC058882E8648A',
  ],
  [
    {
      crypto: {
        cipher: 'aes-128-ctr',
        cipherparams: { iv: 'e0c41130a323adc1446fc82f724bca2f' },
        ciphertext: '9517cd5bdbe69076f9bf5057248c6c050141e970efa36ce53692d5d59a3984',
        kdf: 'scrypt',
        kdfparams: {
          dklen: 32,
          n: 2,
          r: 8,
          p: 1,
          salt: '711f816911c92d649fb4c84b047915679933555030b3552c1212609b38208c63',
        },
        mac: 'd5e116151c6aa71470e67a7d42c9620c75c4d23229847dcc127794f0732b0db5',
      },
      id: 'fecfc4ce-e956-48fd-953b-30f8b52ed66c',
      version: 3,
    },
    'foo',
    '00fa7b3db73dc7dfdf8c5fbdb796d741e4488628c41fc4febd9160a866ba0f35',
  ],
  [
    {
      crypto: {
        cipher: 'aes-128-ctr',
        cipherparams: { iv: '3ca92af36ad7c2cd92454c59cea5ef00' },
        ciphertext: '108b7d34f3442fc26ab1ab90ca91476ba6bfa8c00975a49ef9051dc675aa',
        kdf: 'scrypt',
        kdfparams: {
          dklen: 32,
          n: 2,
          r: 8,
          p: 1,
          salt: 'd0769e608fb86cda848065642a9c6fa046845c928175662b8e356c77f914cd3b',
        },
        mac: '75d0e6759f7b3cefa319c3be41680ab6beea7d8328653474bd06706d4cc67420',
      },
      id: 'a37e1559-5955-450d-8075-7b8931b392b2',
      version: 3,
    },
    'foo',
    '000081c29e8142bb6a81bef5a92bda7a8328a5c85bb2f9542e76f9b0f94fc018',
  ],
]

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

  it.each(GETH)('opens what geth has in its tests: %#', async (file, password, expected) => {
    const key = await open(file, password)
    expect([key, new Wallet(key).address]).toContain(expected)
  })

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

  it('G6: is told by its sum alone that it does not open, where it bears no address', async () => {
    const { address: _, ...file } = JSON.parse(ours)
    expect(await open(file)).toBe(KEY)
    await expect(open(file, 'another password')).rejects.toMatchObject({ code: 'UNLOCK_FAILED' })
    for (const part of ['ciphertext', 'mac'] as const)
      for (const at of [0, 31, 63]) {
        const text: string = file.crypto[part]
        const changed = `${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`
        await expect(open({ ...file, crypto: { ...file.crypto, [part]: changed } })).rejects.toMatchObject({
          code: 'UNLOCK_FAILED',
        })
      }
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

  it('is written with no more work than it may be opened with, and opens with a text alone', async () => {
    for (const scrypt of [
      { n: 2 ** 21, r: 8, p: 1 },
      { n: 3, r: 8, p: 1 },
      { n: 2 ** 20, r: 16, p: 1 },
      { n: 2, r: 8, p: 17 },
    ])
      await expect(encryptKeystore(key, { password: PASSWORD, scrypt })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
    await expect(decryptKeystore(ours, { password: undefined as never })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
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
