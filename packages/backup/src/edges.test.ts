import { isCofferError, memoryStore } from '@coffer/core'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { describe, expect, it } from 'vitest'
import { CHEAP, fullBackup, MNEMONIC, PASSPHRASE } from './backup.fixture.ts'
import {
  decryptBackup,
  encryptBackup,
  readWalletBackup,
  s3Target,
  storeTarget,
  wordQuiz,
  writeBackup,
  writeWalletBackup,
} from './index.ts'
import { decryptKeystore, encryptKeystore } from './keystore.ts'
import { combineSlip39, splitSlip39 } from './slip39.ts'

const SCRYPT = { n: 2, r: 8, p: 1 }
const keyOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
const plan = { groups: [{ threshold: 2, count: 3 }], iterationExponent: 0 }

describe('bytes of the caller', () => {
  it('stay his when they are shared, also a Buffer, whose slices are no copies', async () => {
    const seed = Buffer.from(keyOf(7))
    const [first, second] = await Promise.all([splitSlip39(seed, plan), splitSlip39(seed, plan)])
    expect(seed).toEqual(Buffer.from(keyOf(7)))
    for (const groups of [first, second])
      expect(await combineSlip39(groups[0]!.slice(0, 2))).toEqual(keyOf(7))
    const sharing = splitSlip39(seed, plan)
    seed.fill(0)
    expect(await combineSlip39((await sharing)[0]!.slice(0, 2))).toEqual(keyOf(7))
  })

  it('may be used for the next key while a keystore is made of the first', async () => {
    const scratch = new Uint8Array(32)
    const making = [1, 2, 3].map((fill) =>
      encryptKeystore(scratch.fill(fill), { password: 'testpassword', scrypt: SCRYPT }),
    )
    scratch.fill(0)
    const texts = await Promise.all(making)
    for (const [i, text] of texts.entries())
      expect(await decryptKeystore(text, { password: 'testpassword' })).toEqual(keyOf(i + 1))
    expect(new Set(texts.map((text) => JSON.parse(text).address)).size).toBe(3)
  })
})

describe('a passphrase', () => {
  const text = 'Zürich café crème brûlée'
  const forms = ['NFC', 'NFD'] as const

  it.each(forms)('in the form %s opens an age file in the other as well', async (form) => {
    const file = await encryptBackup(fullBackup(), { passphrase: text.normalize(form), workFactor: CHEAP })
    for (const other of forms)
      expect((await decryptBackup(file, { passphrase: text.normalize(other) })).secrets).toHaveLength(3)
    await expect(decryptBackup(file, { passphrase: `${text}!` })).rejects.toMatchObject({
      code: 'UNLOCK_FAILED',
    })
  })

  it.each(forms)('in the form %s opens a keystore of a program that takes it as typed', async (form) => {
    const { ctr } = await import('@noble/ciphers/aes.js')
    const { scrypt } = await import('@noble/hashes/scrypt.js')
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
    const [salt, iv] = [keyOf(1), keyOf(2).subarray(16)]
    const key = scrypt(text.normalize(form), salt, { N: 2, r: 8, p: 1, dkLen: 32 })
    const ciphertext = ctr(key.subarray(0, 16), iv).encrypt(keyOf(5))
    const mac = hex(keccak_256(Uint8Array.of(...key.subarray(16), ...ciphertext)))
    const kdfparams = { dklen: 32, ...SCRYPT, salt: hex(salt) }
    const crypto = { cipher: 'aes-128-ctr', cipherparams: { iv: hex(iv) }, ciphertext: hex(ciphertext) }
    const file = JSON.stringify({ version: 3, crypto: { ...crypto, kdf: 'scrypt', kdfparams, mac } })
    for (const other of forms)
      expect(await decryptKeystore(file, { password: text.normalize(other) })).toEqual(keyOf(5))
  })

  it('and recipients are for two files, and never one of them in silence', async () => {
    const identity = await generateX25519Identity()
    const recipients = [await identityToRecipient(identity)]
    const both = { passphrase: PASSPHRASE, recipients } as never
    await expect(encryptBackup(fullBackup(), both)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    const file = await encryptBackup(fullBackup(), { recipients, passphrase: undefined })
    expect((await decryptBackup(file, { identity, passphrase: undefined })).secrets).toHaveLength(3)
    await expect(decryptBackup(file, { identity, passphrase: PASSPHRASE } as never)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })
})

describe('a keystore', () => {
  it('opens with lists in it that are of no account here, and with a mark of its byte order', async () => {
    const file = JSON.parse(
      await encryptKeystore(keyOf(3), { password: 'testpassword', scrypt: SCRYPT }),
    ) as object
    for (const text of [
      JSON.stringify({ ...file, activeAccounts: [{ address: '0x00', coin: 60 }] }),
      `\uFEFF${JSON.stringify(file)}`,
    ])
      expect(await decryptKeystore(text, { password: 'testpassword' })).toEqual(keyOf(3))
  })
})

describe('words alone', () => {
  it('are a backup of the first format, and beside other things no backup', async () => {
    const first = { v: 1, createdAt: '2025-01-01', mnemonic: MNEMONIC }
    expect(readWalletBackup(JSON.stringify(first)).secrets).toEqual([
      { kind: 'mnemonic', mnemonic: MNEMONIC },
    ])
    for (const more of [{ passphrase: 'TREZOR' }, { secrets: [], accounts: [] }, { labels: {} }])
      expect(() => readWalletBackup(JSON.stringify({ ...first, ...more }))).toThrow(
        expect.objectContaining({ code: 'INVALID_BACKUP' }),
      )
    const whole = { ...fullBackup(), mnemonic: MNEMONIC }
    expect(() => writeWalletBackup(whole)).toThrow(expect.objectContaining({ code: 'INVALID_BACKUP' }))
  })
})

describe('a bucket', () => {
  const options = { bucket: 'b', accessKeyId: 'a', secretAccessKey: 's' }
  const refusal = (more: object): unknown => {
    try {
      s3Target({ ...options, endpoint: 'http://localhost:9000', ...more })
      return 'taken'
    } catch (error) {
      return isCofferError(error) ? error.code : error
    }
  }

  it.each([
    'http://localhost.evil.com',
    'http://127.0.0.1.nip.io',
    'http://127.evil.com',
    'http://example.com',
  ])('is not reached in the clear at %s', (endpoint) => {
    expect(refusal({ endpoint })).toBe('INVALID_REQUEST')
  })

  it.each(['http://localhost:9000', 'http://127.0.0.1', 'http://[::1]:80', 'https://example.com'])(
    'may be at %s',
    (endpoint) => expect(refusal({ endpoint })).toBe('taken'),
  )

  it('is not left by its prefix', () => {
    for (const more of [
      { prefix: '../other/' },
      { prefix: 'a/../../b/' },
      { prefix: './' },
      { bucket: '..' },
    ])
      expect(refusal(more)).toBe('INVALID_REQUEST')
    expect(refusal({ prefix: '..wallets/' })).toBe('taken')
  })

  it('gives no more than a backup has, also where answers are no streams', async () => {
    const fetch = async () => ({
      status: 200,
      headers: new Headers(),
      body: null,
      text: async () => 'x'.repeat(20_000_001),
    })
    const target = s3Target({ ...options, endpoint: 'https://example.com', fetch: fetch as never })
    await expect(target.read('wallet.age')).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })
})

it('writes nothing once nobody waits for it any more', async () => {
  const store = memoryStore()
  await expect(
    writeBackup({
      name: 'wallet.age',
      text: 'text',
      targets: [storeTarget(store)],
      signal: AbortSignal.abort(),
    }),
  ).rejects.toMatchObject({ code: 'ABORTED' })
  expect(await store.keys()).toEqual([])
})

it('asks for no words where there are none, and for one at least', () => {
  for (const call of [() => wordQuiz(''), () => wordQuiz(MNEMONIC, 0), () => wordQuiz(MNEMONIC, Number.NaN)])
    expect(call).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  expect(wordQuiz(MNEMONIC, 99).places).toHaveLength(12)
})
